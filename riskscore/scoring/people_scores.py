"""The scores of some of a cohort's people by one model: a chunk of them after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.models.model import MissingPolicy
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import Part
from riskscore.samples.cohort import Cohort
from riskscore.scoring.centre import Basis
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.flags import flags_of
from riskscore.scoring.in_use import PeopleBySex
from riskscore.scoring.link import Array, expit
from riskscore.scoring.observed import (
    ObservedShare,
    component_coverage,
    covered,
    reason_counts,
    weighted,
)
from riskscore.scoring.reference import Reference
from riskscore.scoring.slots import Source
from riskscore.scoring.tally import exact_sum
from riskscore.scoring.uncertainty import Uncertainty, uncertainty

NUMBERS = (
    "genetic_score", "exposure_score", "interaction_score", "log_odds", "odds_ratio",
    "probability", "probability_low", "probability_high", "percentile", "published_score",
    "coverage",
)  # fmt: skip
_WORTH_HALVING = 4_000_000  # so many people times terms are worth a second process
Made = TypeVar("Made")
Key = TypeVar("Key")


class Halves(Protocol):
    """How two halves of a work are done: one after the other, or in two processes."""

    def __call__(
        self, mine: Callable[[], Made], theirs: Callable[[], Made], /
    ) -> tuple[Made, Made]: ...


@dataclass(frozen=True, eq=False)
class PeopleScores:
    """What :class:`riskscore.scoring.score.ModelScores` holds, of some people in their order."""

    numbers: dict[str, Array]
    flags: list[str]
    coverage: dict[str, Array]
    seen: NDArray[np.int64]
    reasons: NDArray[np.int64]
    variance: dict[Source, Array]


def score_people(
    cohort: Cohort, reference: Reference, panel: ReferencePanel, chunk: int, halves: Halves | None
) -> PeopleScores:
    """Score everybody; with ``halves`` each half of many people by itself, to the same bits."""
    count = len(cohort.samples)
    if halves is None or count * len(reference.model.terms) < _WORTH_HALVING:
        return _score_range(cohort, reference, panel, range(count), chunk)
    middle = count // 2
    first, second = halves(
        lambda: _score_range(cohort, reference, panel, range(middle), chunk),
        lambda: _score_range(cohort, reference, panel, range(middle, count), chunk),
    )
    return PeopleScores(
        _in_order(first.numbers, second.numbers),
        first.flags + second.flags,
        _in_order(first.coverage, second.coverage),
        first.seen + second.seen,
        first.reasons + second.reasons,
        _in_order(first.variance, second.variance),
    )


def _in_order(first: dict[Key, Array], second: dict[Key, Array]) -> dict[Key, Array]:
    return {key: np.concatenate([values, second[key]]) for key, values in first.items()}


def _score_range(
    cohort: Cohort, reference: Reference, panel: ReferencePanel, people: range, chunk: int
) -> PeopleScores:
    count, terms = len(people), reference.model.terms
    components = tuple(dict.fromkeys(term.component for term in terms))
    numbers = {name: np.full(count, np.nan) for name in NUMBERS}
    coverage = {name: np.full(count, np.nan) for name in components}
    variance = {source: np.full(count, np.nan) for source in Source}
    flags: list[str] = []
    seen = np.zeros(len(terms), dtype=np.int64)
    reasons = np.zeros((len(terms), len(Missing)), dtype=np.int64)
    for start in range(0, count, chunk):
        rows = people[start : start + chunk]
        place = slice(start, start + len(rows))
        measured = Measurements(cohort, reference, panel, rows)
        design = measured.design()
        by_sex = measured.by_sex
        spread = uncertainty(measured, design, reference)
        observed = ObservedShare(design, reference)
        part = _score_rows(design, reference, by_sex, spread, observed)
        for name, values in part.items():
            numbers[name][place] = values
        for name, values in component_coverage(observed, reference, by_sex).items():
            coverage[name][place] = values
        for source, values in spread.variance.items():
            variance[source][place] = values
        flags += flags_of(design, cohort, np.isnan(part["log_odds"]), reference.basis)
        seen += exact_sum(observed.shares)
        reasons += reason_counts(design)
    return PeopleScores(numbers, flags, coverage, seen, reasons, variance)


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
    out["odds_ratio"] = np.exp(out["log_odds"])
    for name in NUMBERS[5:9]:  # probability and its limits, percentile
        out[name] = np.full(len(design.samples), np.nan)
    out["coverage"] = covered(observed, np.ones(len(model.terms)), reference, by_sex, 1.0)
    for key, people in by_sex.items():
        own = reference.by_sex[key]
        lp = out["log_odds"][people]
        out["percentile"][people] = own.distribution.percentile(lp)
        if own.alpha is not None:
            spectrum = spread.spectrum.take(people)
            out["probability"][people] = spectrum.mean_risk(own.alpha + lp)
            out["probability_low"][people] = expit(own.alpha + lp + low[people])
            out["probability_high"][people] = expit(own.alpha + lp + high[people])
    if reference.basis is Basis.NOTHING:  # a sum, with no average to compare it with
        for name in ("odds_ratio", "percentile"):
            out[name] = np.full(len(design.samples), np.nan)
    out["published_score"] = _published(design, reference, observed)
    return _refused(out, design, reference)


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
