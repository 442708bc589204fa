"""A genome-wide score's plain variants, added to what its other terms make of a person.

They have no terms of their own: the file was summed as it passed (samples/genome_wide/sums.py). No
percentile and no probability go with them, since neighbouring variants are inherited together and
the spread of their sum in a population does not follow from frequencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.genetics.missing import Missing
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.scoring_files.rows import OWN_FREQUENCY
from riskscore.models.terms import CODINGS
from riskscore.samples.genome_wide.plain_sums import PlainSums
from riskscore.scoring.link import odds_ratio
from riskscore.scoring.population.reference import Basis
from riskscore.scoring.scores.columns import RISKS
from riskscore.scoring.scores.scored import ModelScores

COMPONENT = "genome_wide"
_WIDEST = 0.5  # the frequency at which an unobserved variant's share of the variance is largest


@dataclass(frozen=True)
class PlainReference:
    """Mean and variance of each plain variant's coded copies, and whose average that is."""

    mean: Array
    variance: Array
    basis: Basis


def plain_reference(plain: PlainVariants, sums: PlainSums, population: str) -> PlainReference:
    """From the population's frequencies, the scoring file's, or those of the people scored.

    Hardy-Weinberg proportions. A variant of which no frequency is known counts as one of 0.5 in
    the coverage, which makes the loss larger and not smaller than it is.
    """
    unknown = np.full(len(plain), np.nan)
    sources = (
        (Basis.POPULATION, plain.frequency.get(population, unknown)),
        (Basis.FILE, plain.frequency.get(OWN_FREQUENCY, unknown)),
        (Basis.COHORT, sums.frequency),
    )
    frequency, basis = unknown, Basis.POPULATION
    for name, theirs in sources:
        gaps = np.isnan(frequency) & ~np.isnan(theirs)
        if (gaps & sums.observed).any():
            basis = name
        frequency = np.where(gaps, theirs, frequency)
    if np.isnan(frequency[sums.observed]).any():
        basis = Basis.NOTHING
    f = np.where(np.isnan(frequency), _WIDEST, frequency)
    shares = np.stack([(1 - f) ** 2, 2 * f * (1 - f), f**2])
    values = np.array([CODINGS[name].values for name in PLAIN_CODINGS])[plain.coding]
    mean = np.einsum("ij,ji->i", values, shares)
    square = np.einsum("ij,ji->i", values**2, shares)
    return PlainReference(mean, np.maximum(0.0, square - mean**2), basis)


def with_plain(
    table: ModelScores, plain: PlainVariants, sums: PlainSums, population: str
) -> ModelScores:
    """A model's scores with those of its plain variants."""
    ground = plain_reference(plain, sums, population)
    weight, seen = plain.weight, sums.observed
    centre = 0.0 if ground.basis is Basis.NOTHING else float((weight * ground.mean)[seen].sum())
    expected = weight**2 * ground.variance
    share = np.clip((expected[seen].sum() - sums.no_calls) / (expected.sum() or 1.0), 0.0, 1.0)
    numbers, alone = dict(table.numbers), not table.model.terms
    own, variants = sums.total - centre, int(seen.sum())
    unseen = sums.uncalled >= variants  # people of whom no plain variant was read
    nothing = unseen if alone else unseen & np.isnan(numbers["log_odds"])
    rest = {name: np.nan_to_num(numbers[name]) for name in _PARTS}
    for name in ("genetic_score", "log_odds"):
        numbers[name] = own if alone else rest[name] + np.where(unseen, 0.0, own)
    for name in ("exposure_score", "interaction_score"):
        numbers[name] = np.zeros(len(own)) if alone else rest[name]
    centred = ground.basis is not Basis.NOTHING
    unknown = np.full(len(own), np.nan)
    numbers["odds_ratio"] = odds_ratio(numbers["log_odds"]) if centred else unknown
    for name in ("percentile", *RISKS, "risk_ratio"):
        numbers[name] = np.full(len(own), np.nan)
    published = sums.total if alone else numbers["published_score"] + sums.total
    numbers["published_score"] = published
    others = float(table.reference.expected_variance(None).sum())
    joint = (share * expected.sum() + np.nan_to_num(numbers["coverage"]) * others) / (
        expected.sum() + others or 1.0
    )
    numbers["coverage"] = joint
    if nothing.any():
        numbers = {name: np.where(nothing, np.nan, values) for name, values in numbers.items()}
    return replace(
        table,
        numbers=numbers,
        flags=_with_marks(table.flags if not alone else (), nothing, sums, ground),
        component_coverage={**table.component_coverage, COMPONENT: share},
    )


_PARTS = ("genetic_score", "log_odds", "exposure_score", "interaction_score")
_NOT_SCORED = "not_scored"


def _with_marks(
    flags: Sequence[str], nothing: Mask, sums: PlainSums, ground: PlainReference
) -> tuple[str, ...]:
    """Flags of the terms, if there are any, with those of the plain variants behind them.

    Who has no call of some variants is told how many.
    """
    marks = plain_flags(sums, ground)
    lost = {n: f"no_call={COMPONENT}({n})" for n in np.unique(sums.uncalled).tolist() if n}
    by_count = {n: ";".join(filter(None, [lost.get(n, ""), *marks])) for n in [0, *lost]}
    told = []
    people = zip(sums.uncalled.tolist(), nothing.tolist(), strict=True)
    for place, (count, unscored) in enumerate(people):
        terms = [part for part in flags[place].split(";") if part != _NOT_SCORED] if flags else []
        told.append(
            ";".join(filter(None, [_NOT_SCORED if unscored else "", *terms, by_count[count]]))
        )
    return tuple(told)


def plain_flags(sums: PlainSums, ground: PlainReference) -> list[str]:
    """How many variants were lost and why, and what the sum is centred on."""
    counts = Counter(sums.missing.tolist())
    lost = [
        f"{Missing(reason).name.lower()}={COMPONENT}({count})"
        for reason, count in sorted(counts.items())
        if reason != Missing.NOT_MISSING
    ]
    if sums.palindromes:
        lost.append(f"palindromes=as_written({sums.palindromes})")
    names = {Basis.FILE: ["centred_on=file"], Basis.COHORT: ["centred_on=cohort"]}
    return lost + (names | {Basis.NOTHING: ["not_centred"]}).get(ground.basis, [])
