"""The scores of a cohort's people by one model: a chunk of them after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.genetics.missing import Missing
from riskscore.models.model import MissingPolicy
from riskscore.models.terms import Part
from riskscore.samples.cohort import Cohort
from riskscore.scoring.design import DesignMatrix, Measurements, PeopleBySex
from riskscore.scoring.link import expit, odds_ratio
from riskscore.scoring.observed.percentile import ObservedPercentiles
from riskscore.scoring.observed.share import (
    ObservedShare,
    component_coverage,
    covered,
    reason_counts,
    weighted,
)
from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.observed.variance import uncertainty
from riskscore.scoring.population.reference import Basis, Reference
from riskscore.scoring.risk.asked_ages import AskedAges, asked_ages, rates_by_sex
from riskscore.scoring.risk.family_history import FamilyHistories, family_histories
from riskscore.scoring.scores.columns import NUMBERS, RISKS
from riskscore.scoring.scores.flags import flags_of
from riskscore.scoring.scores.scored import ModelScores
from riskscore.scoring.scores.tally import exact_sum

_WORTH_HALVING = 4_000_000  # so many people times terms are worth a second process
_FIRST = 16  # people who are scored before the others are halved
_CHUNKS = 8  # of people whose measurements are read at once
Made = TypeVar("Made")


class Halves(Protocol):
    """How two halves of a work are done: one after the other, or in two processes."""

    def both(self, mine: Callable[[], Made], theirs: Callable[[], Made]) -> tuple[Made, Made]:
        """What both make."""

    def table(self, rows: int, columns: int) -> Array:
        """A table that both write into."""


# What is written into: numbers, coverage by component, and variance by source, by name.
Columns = tuple[dict[str, Array], dict[str, Array], dict[VarianceSource, Array]]
Told = tuple[list[str], NDArray[np.int64], NDArray[np.int64]]  # flags, seen, reasons


def score_people(
    cohort: Cohort, reference: Reference, chunk: int, halves: Halves | None
) -> ModelScores:
    """Score everybody; with ``halves`` each half of many people by itself, to the same bits."""
    count, terms = len(cohort.samples), reference.model.terms
    components = tuple(dict.fromkeys(term.component for term in terms))
    shape = (len(NUMBERS) + len(components) + len(VarianceSource), count)
    if halves is not None and count * len(terms) < _WORTH_HALVING:
        halves = None
    table = np.empty(shape) if halves is None else halves.table(*shape)
    numbers, coverage, variance = np.split(table, [len(NUMBERS), len(NUMBERS) + len(components)])
    columns = (
        dict(zip(NUMBERS, numbers, strict=True)),
        dict(zip(components, coverage, strict=True)),
        dict(zip(VarianceSource, variance, strict=True)),
    )

    ages = asked_ages(cohort, reference)
    families = None
    if cohort.question.family is not None:
        tables = rates_by_sex(cohort, reference.model)
        families = family_histories(cohort, reference, tables)

    percentiles = ObservedPercentiles(reference)

    def score(people: range) -> Told:
        return _score_range(cohort, reference, people, chunk, columns, ages, families, percentiles)

    if halves is None:
        parts = [score(range(count))]
    else:
        # What the first people need is worked out once, and is there for both halves of the others.
        first = min(_FIRST, count)
        middle = (first + count) // 2
        parts = [
            score(range(first)),
            *halves.both(lambda: score(range(first, middle)), lambda: score(range(middle, count))),
        ]
    flags = [text for part in parts for text in part[0]]
    seen = np.sum([part[1] for part in parts], axis=0)
    reasons = np.sum([part[2] for part in parts], axis=0)
    return ModelScores(
        reference.model, reference, columns[0], tuple(flags), columns[1], seen, reasons, columns[2]
    )


def _score_range(
    cohort: Cohort,
    reference: Reference,
    people: range,
    chunk: int,
    columns: Columns,
    ages: AskedAges | None,
    families: FamilyHistories | None,
    percentiles: ObservedPercentiles,
) -> Told:
    """Score a range of people into the columns of all; their flags, and sums over them."""
    terms = len(reference.model.terms)
    flags: list[str] = []
    seen = np.zeros(terms, dtype=np.int64)
    reasons = np.zeros((terms, len(Missing)), dtype=np.int64)
    for measured in _measured(cohort, reference, people, chunk):
        own = _score_chunk(measured, columns, ages, families, percentiles)
        flags += own[0]
        seen += own[1]
        reasons += own[2]
    return flags, seen, reasons


def _score_chunk(
    measured: Measurements,
    columns: Columns,
    ages: AskedAges | None,
    families: FamilyHistories | None,
    percentiles: ObservedPercentiles,
) -> Told:
    """As :func:`_score_range`, of people whose matrices are held at once, and no longer."""
    numbers, coverage, variance = columns
    cohort, reference, rows = measured.cohort, measured.reference, measured.rows
    place, by_sex = slice(rows.start, rows.stop), measured.by_sex
    design = measured.design()
    spread = uncertainty(measured, design, reference)
    observed = ObservedShare(design, reference)
    part = _score_rows(design, reference, by_sex, spread, observed)
    if reference.basis is not Basis.NOTHING:
        part["percentile"] = percentiles.percentile(measured, design, spread, part["log_odds"])
    if ages is not None:
        _risks_by_age(part, ages, rows, by_sex, spread)
    if families is not None:
        families.apply(part, rows, list(cohort.sex[place]))
    part["risk_ratio"] = _ratio(part["probability"], part["average_risk"])
    part = _refused(part, design, reference)
    for name, values in part.items():
        numbers[name][place] = values
    for name, values in component_coverage(observed, reference, by_sex).items():
        coverage[name][place] = values
    for source, column in variance.items():
        column[place] = spread.variance.get(source, np.nan)
    flags = flags_of(design, cohort, rows, np.isnan(part["log_odds"]), reference.basis)
    flags = flags if ages is None else ages.flagged(flags, rows)
    flags = flags if families is None else families.flagged(flags, rows)
    return flags, exact_sum(observed.shares), reason_counts(design)


def _measured(
    cohort: Cohort, reference: Reference, people: range, chunk: int
) -> Iterator[Measurements]:
    """What was measured of people, a chunk of them after the other.

    Kinds are read of several chunks at once, which are all that is held at a time.
    """
    for begin in range(0, len(people), chunk * _CHUNKS):
        several = people[begin : begin + chunk * _CHUNKS]
        measured = Measurements(cohort, reference, several)
        for start in range(0, len(several), chunk):
            yield measured.of(several[start : start + chunk])


def _score_rows(
    design: DesignMatrix,
    reference: Reference,
    by_sex: PeopleBySex,
    spread: Uncertainty,
    observed: ObservedShare,
) -> dict[str, Array]:
    """All the numbers of a chunk of samples."""
    model, weights = reference.model, reference.weights
    parts, centre = reference.parts, reference.centre
    out = {
        f"{part}_score": weighted(design.expected, np.where(parts == part, weights, 0.0), centre)
        for part in Part
    }
    out["log_odds"] = out["genetic_score"] + out["exposure_score"] + out["interaction_score"]
    low, high = spread.limits()
    out["odds_ratio"] = odds_ratio(out["log_odds"])
    for name in (*RISKS, "percentile"):
        out[name] = np.full(len(design.samples), np.nan)
    out["coverage"] = covered(observed, np.ones(len(model.terms)), reference, by_sex, 1.0)
    alpha = np.full(len(design.samples), np.nan)
    for key, people in by_sex.items():
        own = reference.by_sex[key]
        if own.alpha is not None:
            alpha[people], out["average_risk"][people] = own.alpha, own.prevalence
    told = np.flatnonzero(~np.isnan(alpha))
    if len(told):
        everybody = len(told) == len(alpha)
        center = (alpha + out["log_odds"])[told]
        spectrum = spread.spectrum if everybody else spread.spectrum.take(told)
        out["probability"][told] = spectrum.mean_risk(center)
        out["probability_low"][told] = expit(center + low[told])
        out["probability_high"][told] = expit(center + high[told])
    if reference.basis is Basis.NOTHING:  # a sum, with no average to compare it with
        out["odds_ratio"] = np.full(len(design.samples), np.nan)
    out["published_score"] = _published(design, reference, observed)
    return out


def _ratio(risk: Array, average: Array) -> Array:
    """The risk over the average; nan where nobody falls ill at these ages, or no risk is known."""
    ratio = np.full(len(risk), np.nan)
    np.divide(risk, average, out=ratio, where=average > 0)
    return ratio


def _risks_by_age(
    numbers: dict[str, Array],
    ages: AskedAges,
    rows: range,
    by_sex: PeopleBySex,
    spread: Uncertainty,
) -> None:
    """The risks between ages in the place of those over the model's horizon."""
    limits = spread.limits()
    for name in RISKS:
        numbers[name] = np.full(len(rows), np.nan)
    for sex, people in by_sex.items():
        ages.fill(numbers, rows, sex, people, spread.spectrum, limits)


def _published(design: DesignMatrix, reference: Reference, observed: ObservedShare) -> Array:
    """The score on its paper's own scale, not centred; nan where too little of it was read."""
    model = reference.model
    if not model.published_score:
        return np.full(len(design.samples), np.nan)
    fallback = np.array([bool(term.fallback_for) for term in model.terms], dtype=bool)
    genetic = (reference.parts == Part.GENETIC) & ~fallback
    seen = design.published
    if reference.left_out.any():
        seen = seen - reference.left_out
    total = weighted(seen, np.where(genetic, reference.weights, 0.0))
    expected = np.where(genetic, reference.weights**2 * reference.variance, 0.0)
    found = observed.weighted(expected)
    if design.ruled.any():
        found = weighted(np.where(design.ruled, 1.0, observed.shares), expected)
    enough = found >= model.published_minimum_coverage * expected.sum()
    return np.where(enough, total, np.nan)


def _refused(out: dict[str, Array], design: DesignMatrix, reference: Reference) -> dict[str, Array]:
    """No numbers for people of whom nothing genetic was read, or whom the policy refuses."""
    genetic = np.flatnonzero(reference.parts == Part.GENETIC)
    refused = np.ones(len(design.samples), dtype=bool)
    for j in genetic:
        refused &= design.missing[:, j] != Missing.NOT_MISSING
        if not refused.any():
            break
    if reference.model.missing is MissingPolicy.REFUSE:
        no_gap = (Missing.NOT_MISSING, Missing.NOT_APPLICABLE, Missing.AT_FREQUENCY)
        refused |= ~np.isin(design.missing[:, genetic], no_gap).all(axis=1)
    if not refused.any():
        return out
    return {name: np.where(refused, np.nan, values) for name, values in out.items()}
