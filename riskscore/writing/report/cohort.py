"""The values that the template of a cohort's report shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.terms import Part, Status
from riskscore.samples.question import Question
from riskscore.writing.plain_words import natural, plain_code
from riskscore.writing.provenance import recorded_inputs
from riskscore.writing.report.batches import Row
from riskscore.writing.report.charts import (
    Spec,
    coverage_chart,
    distribution_chart,
    risk_chart,
)
from riskscore.writing.report.results import Results
from riskscore.writing.words import outcome_words

_SHOWN = 25
_PLURAL = {Sex.FEMALE: "women", Sex.MALE: "men"}


def cohort_context(results: Results) -> dict[str, Any]:
    """Everything the cohort's part of the template shows."""
    charts: dict[str, Spec] = {}
    if results.coverage:  # of a batch whose files all failed there is none
        charts["chart-coverage"] = coverage_chart(results)
    models = [model_context(results, model, charts) for model in results.models]
    cohort = results.provenance["cohort"]
    return {
        "people": cohort["samples"],
        "build": cohort["build"],
        "population": cohort["population"],
        "percentiles": cohort.get("percentiles", cohort["population"]),
        "hla": _hla_words(cohort["hla"]),
        "coverage": results.coverage,
        "models": models,
        "charts": charts,
        "provenance": results.provenance,
    }


def model_context(results: Results, model: RiskModel, charts: dict[str, Spec]) -> dict[str, Any]:
    """One model's part; its charts are added to ``charts``."""
    rows = results.of(model.id)
    risks = np.array([row["probability"] for row in rows], dtype=float)
    mean = float(np.nanmean(risks)) if (~np.isnan(risks)).any() else None
    averages = _averages(model, rows)
    marks = [(f"average of {who}", risk) for who, risk in averages]
    if mean is not None:
        marks.insert(0, ("mean of these people", mean))
    asked = results.provenance["parameters"]
    question = Question(**{name: asked.get(name) for name in ("age_column", "from_age", "to_age")})
    horizon = "between the ages asked" if question.by_age else model.horizon
    drawn = {
        f"chart-groups-{model.id}": distribution_chart(results, model),
        f"chart-risk-{model.id}": risk_chart(results, model, marks, horizon),
    }
    charts.update({name: chart for name, chart in drawn.items() if chart is not None})
    matches = [row for row in results.matches if row["model"] == model.id]
    lost = sorted((r for r in matches if r["lost_share"] > 1e-6), key=lambda r: -r["lost_share"])
    return {
        "model": model,
        "scored": sum(not math.isnan(row["log_odds"]) for row in rows),
        "outcome": outcome_words(model, question),
        "mean_risk": natural(mean) if mean is not None else None,
        "reach": _reach(rows) if mean is not None else None,
        "averages": [(who, natural(risk)) for who, risk in averages],
        "baselines": [(r.sex.value, natural(r.value), r) for r in model.baseline],
        "group_chart": f"chart-groups-{model.id}" if drawn[f"chart-groups-{model.id}"] else None,
        "risk_chart": f"chart-risk-{model.id}" if drawn[f"chart-risk-{model.id}"] else None,
        "groups": group_table(results, model),
        "codes": Counter(str(row["code"]) for row in matches if row["kind"] == "variant"),
        "genes": [row for row in matches if row["kind"] in {"gene", "haplotypes"}],
        "exposures": _exposure_words(model, matches),
        "lost": lost[:_SHOWN],
        "lost_more": len(lost) - _SHOWN,
        "flags": flag_counts(rows),
        "terms": Counter(term.part for term in model.terms),
        "parts": list(Part),
        "recalled": sum(term.status is Status.RECALLED for term in model.terms),
        "sexes": list(Sex),
    }


def _reach(rows: list[Row]) -> tuple[str, str]:
    """How far the 95% intervals reach, in the median: the lower and the upper end over the risk."""
    told = [row for row in rows if row["probability"] > 0]
    low, high = (
        float(np.median([row[f"probability_{end}"] / row["probability"] for row in told]))
        for end in ("low", "high")
    )
    return f"{low:.2g}", f"{high:.2g}"


def _averages(model: RiskModel, rows: list[Row]) -> list[tuple[str, float]]:
    """The average risks that people were compared with, each after the group it is of."""
    compared = sorted({float(row["average_risk"]) for row in rows if row["average_risk"] > 0})
    known = [
        (_PLURAL[risk.sex], risk.value)
        for risk in model.baseline
        if any(math.isclose(risk.value, average, rel_tol=1e-9) for average in compared)
    ]
    if known or not compared:
        return known
    ends = dict.fromkeys((compared[0], compared[-1]))
    names = ("all",) if len(ends) == 1 else ("the lowest", "the highest")
    return list(zip(names, ends, strict=True))


def _hla_words(hla: Mapping[str, str]) -> list[tuple[str, str]]:
    """The ways in which HLA records are written, each with its genes."""
    genes: dict[str, list[str]] = {}
    for gene, how in hla.items():
        genes.setdefault(how.replace("field(s)", "fields"), []).append(f"HLA-{gene}")
    return [(how, ", ".join(named)) for how, named in genes.items()]


def _exposure_words(model: RiskModel, matches: list[Row]) -> list[tuple[str, str]]:
    """The exposures of a model, by whether they were given."""
    labels: dict[str, list[str]] = {}
    for row in matches:
        if row["kind"] == "exposure":
            words = plain_code(str(row["code"]))
            labels.setdefault("given" if words == "found" else words, []).append(
                model.exposure(str(row["name"])).label
            )
    return [(words, "; ".join(named)) for words, named in sorted(labels.items())]


def group_table(results: Results, model: RiskModel) -> list[dict[str, Any]]:
    """Log odds and risk by group: the table behind the distribution's chart."""
    values: dict[str, list[Row]] = {}
    for row in results.of(model.id):
        if not math.isnan(row["log_odds"]):
            values.setdefault(results.label(row), []).append(row)
    table = []
    for label, rows in sorted(values.items()):
        odds = np.array([row["log_odds"] for row in rows])
        low, middle, high = np.percentile(odds, (5, 50, 95))
        risk = float(np.mean([row["probability"] for row in rows]))
        table.append(
            {
                "group": label,
                "n": len(rows),
                "mean": float(odds.mean()),
                "low": float(low),
                "median": float(middle),
                "high": float(high),
                "risk": "" if math.isnan(risk) else natural(risk),
            }
        )
    return table


def flag_counts(rows: list[Row]) -> list[tuple[str, int]]:
    """How many people carry each kind of flag, the most frequent first."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update({part.partition("=")[0] for part in str(row["flags"]).split(";") if part})
    return sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))


def provenance_rows(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Provenance as pairs of words for a table."""
    rows = [(name, version) for name, version in provenance["software"].items()]
    for role, files in recorded_inputs(provenance).items():
        rows += [(f"input: {role}", f"{f['name']}, SHA-256 {f['sha256']}") for f in files]
    rows += [
        (f"model: {m['id']} {m['version']}", f"{m['edition']}, SHA-256 {m['sha256']}")
        for m in provenance["models"]
    ]
    for name, value in provenance["parameters"].items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        rows.append((f"parameter: {name}", "not given" if value is None else text))
    return rows
