"""What people read on the terminal: the preflight check, risks, reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from riskscore.models.model import RiskModel
from riskscore.samples.hla.words import report_words
from riskscore.samples.question import Question
from riskscore.scoring.coverage import MatchRow, coverage_table, match_report
from riskscore.scoring.people_scores import ModelScores
from riskscore.scoring.score import Scores

NOTICE = "Illustrative, not diagnostic."
_SHOWN = 8
_PLAINLY = 0.5  # a locus less observed than this needs a reason


# The codes of match reports and flags, as a reader without their list understands them.
_PLAIN_WORDS = {
    "found": "found",
    "swapped": "found, counted by its other allele",
    "flipped": "found, written on the other strand",
    "absent": "not in the file",
    "no_call": "in the file, without a genotype for the person",
    "alleles_differ": "in the file with other alleles",
    "ambiguous_strand": "not used: nothing tells its strand",
    "duplicate_record": "not used: two records claim it",
    "outside_index": "on a chromosome that the file does not hold",
    "no_chromosome": "on a chromosome that the file does not hold",
    "low_imputation_quality": "not used: imputed too poorly",
    "filtered": "not used: its FILTER is not accepted",
    "low_resolution": "typed, but not finely enough",
    "ambiguous": "typed with more than one reading",
    "tag_not_valid": "not used: its tag SNP does not stand for it in this population",
    "not_given": "not given",
    "not_applicable": "does not concern the person",
    "at_frequency": "not in the file: the population's mean was taken, as asked",
    "no_position": "without a position in the file's build",
    "not_phased": "not known which alleles share a chromosome",
    "not_scored": "no score",
    "stand_in": "read from a tag SNP in place of an untyped gene",
    "tag": "read from a tag SNP",
    "weights_from": "the weights come from people of other ancestry",
    "from_typed_allele": "read from the typed HLA allele that the variant marks",
    "frequencies_from": "some SNPs take their frequencies from another population",
    "population": "the population is not known",
    "ancestry": "the percentile is among people of this ancestry",
    "haplotype_tags_missing": "some tag SNPs of haplotypes are not in the file",
    "more_than_two_haplotypes": "tag SNPs tell of more than two haplotypes",
}


def plain_code(code: str) -> str:
    """A code of the match report or of the flags in plain words.

    >>> plain_code("outside_index")
    'on a chromosome that the file does not hold'
    """
    return _PLAIN_WORDS.get(code, code.replace("_", " "))


def natural(probability: float) -> str:
    """A risk as people in 1,000, or in 100,000 when rare.

    >>> natural(0.0031), natural(0.00004)
    ('3.1 in 1,000', '4 in 100,000')
    """
    if probability >= 0.0005:
        return f"{1000 * probability:.3g} in 1,000"
    return f"{100_000 * probability:.2g} in 100,000"


def in_thousand(probability: float, unsure: float = 1.0) -> str:
    """A risk in 1,000 people, rounded to what it can bear.

    ``unsure`` is the upper end of its interval over the lower: where they are more than twice
    apart, numbers below ten have one digit that counts, larger ones two.

    >>> in_thousand(0.00834, 12.0), in_thousand(0.0254, 12.0), in_thousand(0.00834)
    ('8', '25', '8.34')
    >>> in_thousand(0.00004, 3.0)
    '0.04'
    """
    value = 1000 * probability
    digits = 3 if unsure < 1.2 else 2
    if unsure > 2 and value < 9.5:
        digits = 1
    if value >= 100:
        digits = max(digits, 3 if unsure < 2 else 2)
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 and digits < 3 else f"{rounded:.6g}"


def risk_words(numbers: Mapping[str, float]) -> str:
    """A person's risk with its interval beside the average, or that there is none.

    >>> risk_words({"probability": 0.01, "probability_low": 0.002, "probability_high": 0.04,
    ...             "average_risk": 0.005, "risk_ratio": 2.0})
    '10 in 1,000 (2 in 1,000 to 40 in 1,000), 2 times the average of 5 in 1,000'
    >>> risk_words({"probability": float("nan")})
    'no probability'
    """
    if math.isnan(numbers["probability"]):
        return "no probability"
    low, high = natural(numbers["probability_low"]), natural(numbers["probability_high"])
    return (
        f"{natural(numbers['probability'])} ({low} to {high}), {numbers['risk_ratio']:.2g} times "
        f"the average of {natural(numbers['average_risk'])}"
    )


def beside_words(scores: Scores, model: str) -> Iterator[str]:
    """The risks by the model that is set beside ``model``: of one person, or of many in a line.

    Nothing where there is no such model, or it scores none of these people.
    """
    table, other = scores.of(model), scores.beside(model)
    if other is None or table.model.beside is None:
        return
    ratios = other.numbers["risk_ratio"] / table.numbers["risk_ratio"]
    known = ~np.isnan(ratios)
    if not known.any():
        return
    beside = table.model.beside
    yield f"beside {model}, {beside.model.id} ({beside.model.card.outcome}): {beside.reason}"
    if len(ratios) == 1:
        yield f"  {model}: {risk_words(_first(table))}"
        yield f"  {other.model.id}: {risk_words(_first(other))}"
        return
    low, middle, high = np.percentile(ratios[known], (5, 50, 95))
    yield (
        f"  of {known.sum():,} people the risk over the average is by {other.model.id} "
        f"{middle:.2g} times that by {model} in the median, {low:.2g} (5%) to {high:.2g} (95%)"
    )


def _first(table: ModelScores) -> dict[str, float]:
    return {name: float(values[0]) for name, values in table.numbers.items()}


def doubt_words(row: Mapping[str, Any]) -> str:
    """One source of uncertainty with its share, or with why there is none to tell.

    >>> doubt_words({"source": "genotypes", "variance": 0.5, "share": 0.25, "note": ""})
    'genotypes 25%'
    >>> doubt_words({"source": "weights", "variance": 0.0, "share": 0.0, "note": "error unknown"})
    'weights: error unknown'
    """
    if row["note"] and not row["variance"]:
        return f"{row['source']}: {row['note']}"
    note = f" ({row['note']})" if row["note"] else ""
    return f"{row['source']} {row['share']:.0%}{note}"


def outcome_words(model: RiskModel, question: Question) -> str:
    """What the probability is of: the model's outcome, or the disease between the ages asked.

    >>> from riskscore.models.catalog import load_model
    >>> outcome_words(load_model("ms"), Question())
    'multiple sclerosis, lifetime'
    >>> outcome_words(load_model("ms"), Question.of("ms", horizon=(35, 60)))
    'multiple sclerosis from age 35 to 60, in those free of it at 35'
    """
    if not question.by_age:
        return model.card.outcome
    name = model.card.disease["name"]
    end = question.to_age or (model.rates.to_age if model.rates else None)
    until = "" if end is None else f" to {end:g}"
    if question.from_age is None:
        return f"{name} from the person's age{until}, in those free of it"
    start = f"{question.from_age:g}"
    return f"{name} from age {start}{until}, in those free of it at {start}"


def check_words(scores: Scores) -> Iterator[str]:
    """The preflight report: what was found for each model, what is lost, and what would help."""
    cohort = scores.cohort
    yield f"{len(cohort.samples)} samples, {cohort.build}, reference population {cohort.population}"
    yield from report_words(cohort.hla.reports)
    for allele, call in cohort.hla.tags.items():
        held = ", ".join(f"{p} {r2:.2f}" for p, r2 in sorted(call.tag.r2.items()))
        yield f"HLA-{allele}: by tag SNP {call.tag.variant.name} (r2 {held})"
    rows = match_report(scores)
    for table in scores.tables:
        mine = [row for row in rows if row.model == table.model.id]
        lost = sorted((r for r in mine if r.lost_share > 1e-9), key=lambda r: -r.lost_share)
        yield ""
        yield f"{table.model.id} {table.model.version}: {table.model.name} ({table.model.edition})"
        yield from coverage_words(scores, table.model.id, mine)
        for row in lost[:_SHOWN]:
            advice = f"; {row.advice}" if row.advice else ""
            yield (
                f"  lost {row.lost_share:6.1%} of variance: "
                f"{row.kind} {row.name}: {row.code}{advice}"
            )
        if len(lost) > _SHOWN:
            rest = sum(row.lost_share for row in lost[_SHOWN:])
            yield f"  lost {rest:6.1%} of variance: {len(lost) - _SHOWN} others"


def coverage_words(scores: Scores, model: str, matches: Sequence[MatchRow]) -> Iterator[str]:
    """Coverage by component, with the reasons of what was not observed."""
    for row in coverage_table(scores):
        if row["model"] == model:
            codes = Counter(
                match.code.replace("_", " ")
                for match in matches
                if match.component == row["component"] and match.observed < _PLAINLY
            )
            why = ", ".join(f"{count} {code}" for code, count in codes.most_common())
            yield (
                f"  {row['component']:<18} carries {row['variance_share']:6.1%} of the expected "
                f"variance; {row['coverage_mean']:6.1%} of it was observed"
                + (f" ({why})" if why else "")
            )
