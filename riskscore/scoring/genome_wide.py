"""A genome-wide score's plain variants, added to what its other terms make of a person.

They have no terms of their own: the file was summed as it passed (samples/genome_wide/sums.py). No
percentile and no probability go with them, since neighbouring variants are inherited together and
the spread of their sum in a population does not follow from frequencies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskscore.genetics.missing import Missing
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.rows import OWN_FREQUENCY
from riskscore.models.terms import CODINGS
from riskscore.samples.genome_wide.sums import PlainSums
from riskscore.scoring.centre import Basis
from riskscore.scoring.link import Array
from riskscore.scoring.people_scores import RISKS

if TYPE_CHECKING:
    from riskscore.scoring.people_scores import ModelScores

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
    own = sums.total - centre
    for name in ("genetic_score", "log_odds"):
        numbers[name] = own if alone else numbers[name] + own
    for name in ("exposure_score", "interaction_score"):
        numbers[name] = np.zeros(len(own)) if alone else numbers[name]
    centred = ground.basis is not Basis.NOTHING
    numbers["odds_ratio"] = np.exp(numbers["log_odds"]) if centred else np.full(len(own), np.nan)
    for name in ("percentile", *RISKS, "risk_ratio"):
        numbers[name] = np.full(len(own), np.nan)
    rest = numbers["published_score"]
    numbers["published_score"] = sums.total if alone else rest + sums.total
    others = float(table.reference.expected_variance(None).sum())
    joint = (share * expected.sum() + np.nan_to_num(numbers["coverage"]) * others) / (
        expected.sum() + others or 1.0
    )
    numbers["coverage"] = joint
    unseen = not seen.any()
    if unseen and alone:
        numbers = {name: np.full(len(own), np.nan) for name in numbers}
    marks = ";".join([*(["not_scored"] if unseen and alone else []), *plain_flags(sums, ground)])
    flags = tuple(marks if alone or not flag else f"{flag};{marks}" for flag in table.flags)
    return replace(
        table,
        numbers=numbers,
        flags=flags,
        component_coverage={**table.component_coverage, COMPONENT: share},
    )


def plain_flags(sums: PlainSums, ground: PlainReference) -> list[str]:
    """How many variants were lost and why, and what the sum is centred on."""
    counts = Counter(sums.missing.tolist())
    lost = [
        f"{Missing(reason).name.lower()}={COMPONENT}({count})"
        for reason, count in sorted(counts.items())
        if reason != Missing.NOT_MISSING
    ]
    names = {Basis.FILE: ["centred_on=file"], Basis.COHORT: ["centred_on=cohort"]}
    return lost + (names | {Basis.NOTHING: ["not_centred"]}).get(ground.basis, [])
