"""The values that the template of one person's report shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.files.tables import UNKNOWN
from riskscore.models.model import RiskModel
from riskscore.samples.cohort import Cohort
from riskscore.scoring.account.ledger import ledger, uncertainty_rows
from riskscore.scoring.kinds.exposure import reported, reported_cell
from riskscore.scoring.link import expit, logit
from riskscore.scoring.population.likeness import likeness
from riskscore.scoring.risk.curve import age_curve
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.adjusted import projection_of, shares_text
from riskscore.scoring.scores.scored import ModelScores
from riskscore.writing.measurements import SNPS, Measurement, by_measurement
from riskscore.writing.plain_words import (
    in_thousand,
    natural,
    percentile_words,
    ratio_words,
)
from riskscore.writing.report.charts import (
    Spec,
    age_chart,
    ancestry_chart,
    uncertainty_chart,
    waterfall_chart,
)
from riskscore.writing.report.risk_drawings import icon_array, interval_bar
from riskscore.writing.words import outcome_words

_STEPS = 12
_UNSEEN = 10
_ANOTHER = 0.1  # an average that differs by more is of something else, as living with the disease
_LIKE = 0.8  # below this probability, a person is not said to be like one superpopulation
_Z95 = 1.96
_ANCESTRY = "chart-ancestry"


@dataclass(frozen=True)
class Similarity:
    """How alike a person's genotypes are to the reference population of the percentile."""

    reference: str
    most_similar: str
    probability: float
    loci: int
    shares: str = ""  # of superpopulations, where the percentile is among people of the same
    outside: bool = False

    @property
    def shown(self) -> bool:
        """Whether a percentile means anything for the person."""
        return not self.outside if self.shares else self.alike

    @property
    def alike(self) -> bool:
        """Whether the person is like the reference as far as the loci tell."""
        if self.shares:
            return self.most_similar == self.reference and self.probability >= _LIKE
        if self.loci == 0 or self.probability < _LIKE:
            return True  # they tell too little to say otherwise
        return self.most_similar == self.reference

    @property
    def words(self) -> str:
        if self.outside:
            return "This person lies outside the reference people."
        if self.shares:
            return (
                f"By {self.loci:,} SNPs spread over the genome, this person's shares of "
                f"superpopulations are {self.shares}."
            )
        if self.loci == 0:
            return "No locus was read by which populations could be told apart."
        if self.probability < _LIKE:
            return (
                f"By {self.loci} loci this person is like several superpopulations (most "
                f"{self.most_similar}, probability {self.probability:.2f})."
            )
        return (
            f"By {self.loci} loci this person's genotypes are most like {self.most_similar} "
            f"(probability {self.probability:.2f})."
        )


def individual_context(
    scores: Scores, sample: str, *, percentile: bool | None = None
) -> dict[str, Any]:
    """Everything the template shows of one person.

    ``percentile`` shows or hides the place in the reference population; None shows it to those
    whose genotypes are like it. Raises UsageError for an unknown sample.
    """
    if sample not in scores.cohort.samples:
        raise UsageError("no such sample in the results")
    place = scores.cohort.samples.index(sample)
    similarity = _similarity(scores, place)
    charts: dict[str, Spec] = {}
    if similarity.shares:
        charts[_ANCESTRY] = ancestry_chart(_components(scores, place))
    models = [_model(scores, table, sample, charts) for table in scores.tables]
    return {
        "sample": sample,
        "sex": str(scores.cohort.sex[place] or "unknown"),
        "age": _age(scores.cohort, place),
        "by_age": scores.cohort.question.by_age,
        "family": scores.cohort.question.family is not None,
        "exposures": _exposures(scores, place),
        "similarity": similarity,
        "percentiles": similarity.shown if percentile is None else percentile,
        "models": models,
        "charts": charts,
        "ancestry": _ANCESTRY if _ANCESTRY in charts else "",
    }


def _components(scores: Scores, place: int) -> Array:
    """The components of one person who could be projected, shape (1, components)."""
    assert scores.cohort.projection is not None
    return projection_of(scores.cohort.projection.of_people(range(place, place + 1))).components


def _similarity(scores: Scores, place: int) -> Similarity:
    placement = scores.placement
    if placement is not None and not np.isnan(placement.distance[place]):
        assert scores.cohort.projection is not None
        shares = dict(zip(placement.populations, placement.shares[place].tolist(), strict=True))
        most = max(shares, key=lambda name: shares[name])
        return Similarity(
            scores.cohort.population,
            most,
            shares[most],
            int(scores.cohort.projection.loci[place]),
            shares_text(shares),
            bool(placement.outside[place]),
        )
    row = likeness(scores.cohort, scores.panel).rows(scores.cohort.samples)[place]
    return Similarity(scores.cohort.population, row["most_similar"], row["posterior"], row["loci"])


def _age(cohort: Cohort, place: int) -> float | None:
    """The age of one person at which the risk that was asked begins; None without one."""
    if cohort.question.from_age is not None:
        return cohort.question.from_age
    age = cohort.exposures.age[place] if cohort.exposures.age else math.nan
    return None if math.isnan(age) else age


def _exposures(scores: Scores, place: int) -> list[tuple[str, str]]:
    """The exposures of the models: what is known of the person, by label; "" where nothing is."""
    known: dict[str, str] = {}
    for table in scores.tables:
        for exposure in table.model.exposures:
            cell = reported_cell(exposure, scores.cohort, place)
            read = reported(exposure, scores.cohort, slice(place, place + 1))[0]
            if not read and cell.lower() in UNKNOWN:
                cell = ""
            elif not read:
                cell += f" (no level of {table.model.id}: not used there)"
            known[exposure.label] = cell.replace("_", " ")
    return sorted(known.items(), key=lambda item: (not item[1], item[0]))


def _model(
    scores: Scores, table: ModelScores, sample: str, charts: dict[str, Spec]
) -> dict[str, Any]:
    place = scores.cohort.samples.index(sample)
    numbers = {name: float(values[place]) for name, values in table.numbers.items()}
    lines = by_measurement(table.model, ledger(scores.cohort, table.reference, sample))
    steps = waterfall_steps(lines)
    chart = f"chart-ledger-{table.model.id}"
    charts[chart] = waterfall_chart(steps)
    sources = [row for row in uncertainty_rows(scores, table, sample) if row["source"] != "total"]
    doubt = f"chart-doubt-{table.model.id}"
    charts[doubt] = uncertainty_chart(sources)
    average = numbers["average_risk"]
    curve, lifelong = "", 0.0
    if table.model.rates is not None and not math.isnan(numbers["probability"]):
        curve = f"chart-age-{table.model.id}"
        rows = age_curve(scores.cohort, table.reference, sample)
        charts[curve] = age_chart(rows)
        if abs(rows[-1]["average_risk"] / average - 1) > _ANOTHER:
            lifelong = rows[-1]["average_risk"]
    return {
        "model": table.model,
        "numbers": numbers,
        "scored": not math.isnan(numbers["log_odds"]),
        "percentile": percentile_words(numbers["percentile"]) if numbers["percentile"] >= 0 else "",
        "no_risk": _no_risk(scores, table, place),
        "flags": table.flags[place],
        "codes": [part.partition("=")[0] for part in table.flags[place].split(";") if part],
        "risk": _risk(numbers, average),
        "average": _average_words(scores, table.model, place, average),
        "outcome": outcome_words(table.model, scores.cohort.question, _age(scores.cohort, place)),
        "beside": _beside(scores, table.model, place),
        "curve": curve,
        "lifelong": lifelong,
        "chart": chart,
        "doubt": doubt,
        "sources": sources,
        "lines": lines,
        "unseen": _unseen(lines, numbers["probability"]),
    }


def _no_risk(scores: Scores, table: ModelScores, place: int) -> str:
    """Why there is no risk of one person, as a sentence."""
    flags, age = table.flags[place].split(";"), _age(scores.cohort, place)
    question, rates = scores.cohort.question, table.model.rates
    if "not_scored" in flags:
        return "No score: too little was seen of what this model looks at."
    if "age=unknown" in flags:
        return "No risk: the person's age is not known."
    if "age=outside_table" in flags:
        return "No risk: the rates of new disease are not known at the ages asked."
    end = question.to_age or (rates.to_age if rates else None)
    if "age=beyond_horizon" in flags and age is not None and end is not None:
        return f"No risk: the person is {age:g}, and the risk by this model ends at age {end:g}."
    return "This model gives no risk."


def _average_words(scores: Scores, model: RiskModel, place: int, average: float) -> str:
    """The average risk and its source; empty without a risk."""
    if math.isnan(average):
        return ""
    question, sex = scores.cohort.question, scores.cohort.sex[place]
    of = [risk for risk in model.baseline if risk.sex is sex and risk.value == average]
    if question.by_age:
        source = f"by the rates of {'the file given' if question.incidence else 'its table'}"
    elif of:
        source = _plain_source(of[0].source, model)
        if not source.startswith(of[0].status.value):
            source += f" ({of[0].status.value})"
    else:
        source = "as given for this run" if question.prevalence else "mean of women and men"
    return f"{natural(average)}, {source}"


def _plain_source(source: str, model: RiskModel) -> str:
    """The source of a baseline, without the id of the table that the model's rates are in."""
    return source.replace(model.rates.table, "its table of new cases") if model.rates else source


def _beside(scores: Scores, model: RiskModel, place: int) -> dict[str, Any] | None:
    """The risk by the model that is set beside this one, and why; None without one."""
    other = scores.beside(model.id)
    if model.beside is None or other is None:
        return None
    numbers = {name: float(values[place]) for name, values in other.numbers.items()}
    risk = _risk(numbers, numbers["average_risk"])
    return risk and {"model": other.model, "reason": model.beside.reason, "risk": risk}


def _risk(numbers: dict[str, float], average: float) -> dict[str, Any] | None:
    """The risk and the average in words and as drawings; None without a risk."""
    risk, low, high = (numbers[n] for n in ("probability", "probability_low", "probability_high"))
    if math.isnan(risk):
        return None
    unsure = high / low if low > 0 else math.inf
    return {
        "words": in_thousand(risk, unsure),
        "low": in_thousand(low, unsure),
        "high": in_thousand(high, unsure),
        "average": in_thousand(average),
        "ratio": ratio_words(risk / average),
        "icons": icon_array(risk),
        "average_icons": icon_array(average),
        "bar": interval_bar(risk, low, high, average),
    }


def _unseen(lines: list[Measurement], risk: float) -> list[dict[str, str]]:
    """What was not observed, the largest first, and the range of risks that it leaves open."""
    unknown = sorted((e for e in lines if e.variance > 0), key=lambda e: -e.variance)
    found = []
    for line in unknown[:_UNSEEN]:
        reach = _Z95 * math.sqrt(line.variance)
        low, high = (
            ("", "")
            if math.isnan(risk)
            else (in_thousand(_moved(risk, step), 3.0) for step in (-reach, reach))
        )
        why = line.missing or (f"only {line.found}" if line.name == SNPS else "not known exactly")
        found.append({"name": line.name, "found": line.found, "why": why, "low": low, "high": high})
    return found


def _moved(risk: float, step: float) -> float:
    """A risk after a step in log odds."""
    return float(expit(np.array(logit(risk) + step)))


def waterfall_steps(lines: list[Measurement]) -> list[dict[str, Any]]:
    """The largest contributions one by one, the sum of the others, and the total."""
    ranked = sorted(lines, key=lambda line: -abs(line.contribution))
    shown = [(line.name, line.contribution) for line in ranked[:_STEPS] if line.contribution]
    rest = ranked[_STEPS:]
    if any(line.contribution for line in rest):
        shown.append((f"{len(rest)} others", math.fsum(line.contribution for line in rest)))
    steps, reached = [], 0.0
    for label, contribution in shown:
        steps.append(
            {
                "label": label,
                "start": reached,
                "end": reached + contribution,
                "contribution": contribution,
                "direction": "raises" if contribution > 0 else "lowers",
            }
        )
        reached += contribution
    total = math.fsum(line.contribution for line in lines)
    whole = {"label": "all together", "start": 0.0, "end": total, "contribution": total}
    return [*steps, {**whole, "direction": "sum"}]
