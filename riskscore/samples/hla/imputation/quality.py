"""How well a panel imputes, by people of its own who were left out; and calibration by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Places
from riskscore.samples.hla.imputation.diplotypes import Pairs
from riskscore.samples.hla.imputation.panel import UNKNOWN, PhasedPanel

_EVERY = 6  # one person of so many of each superpopulation is left out
_SHARPNESS = np.exp(np.linspace(-0.9, 0.9, 19))  # exponents that are tried
_DOUBTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08)
_COMMON = 8  # alleles between which the doubt is shared out


@dataclass(frozen=True)
class GeneQuality:
    """What came of a gene in ``people`` of the panel who were left out of it.

    Or of a region's haplotypes, in place of a gene's alleles. ``accuracy`` is the share of their
    alleles that the most probable genotype has right, in all and ``by_population``. ``sharpness``
    and ``doubt`` calibrate posteriors: see :func:`calibrated`. ``common`` are the gene's commonest
    alleles, and ``shares`` theirs among each other.
    """

    people: int
    accuracy: float
    by_population: Mapping[str, float]
    sharpness: float
    doubt: float
    common: Places
    shares: Array


def held_out(population: NDArray[np.uint8]) -> Places:
    """The places of the people who are left out: the same share of each superpopulation.

    >>> held_out(np.array([0] * 9 + [1] * 16, np.uint8)).tolist()
    [5, 14, 20]
    """
    own = [np.flatnonzero(population == place) for place in np.unique(population)]
    return np.sort(np.concatenate([places[_EVERY - 1 :: _EVERY] for places in own]))


def sharpened(pairs: Pairs, sharpness: float) -> Pairs:
    """Probabilities raised to a power and brought to sum to 1 again."""
    weight = pairs.probability**sharpness
    return replace(pairs, probability=weight / np.bincount(pairs.person, weight)[pairs.person])


def calibrated(pairs: Pairs, quality: GeneQuality) -> Pairs:
    """Sharpened, and with the share ``doubt`` on genotypes that the haplotypes did not show.

    These have one allele of the most probable genotype, and another by its frequency.
    """
    plain = sharpened(pairs, quality.sharpness)
    if not quality.doubt:
        return plain
    best = _best(plain)
    count, few = len(best), len(quality.common)
    kept = np.stack([plain.first[best], plain.second[best]], axis=1)
    kept = np.repeat(kept, few, axis=1).ravel()
    other = np.tile(quality.common, 2 * count)
    weight = quality.doubt / 2 * np.tile(quality.shares, 2 * count)
    person = np.concatenate([plain.person, np.repeat(plain.person[best], 2 * few)])
    low = np.concatenate([plain.first, np.minimum(kept, other)])
    high = np.concatenate([plain.second, np.maximum(kept, other)])
    size = int(high.max()) + 1
    whole, group = np.unique((person * size + low) * size + high, return_inverse=True)
    weight = np.concatenate([(1 - quality.doubt) * plain.probability, weight])
    person, key = np.divmod(whole, size * size)
    probability = np.bincount(group.ravel(), weight).astype(np.float64)
    return Pairs(person, key // size, key % size, probability)


def _best(pairs: Pairs) -> Places:
    """The row of each person's most probable pair."""
    order = np.lexsort((-pairs.probability, pairs.person))
    return np.asarray(order[np.flatnonzero(np.diff(pairs.person[order], prepend=-1))])


def right_alleles(pairs: Pairs, truth: Places) -> tuple[Places, Array]:
    """How many alleles of each person the most probable pair has right, and its probability.

    ``truth`` (people, 2) are the codes of the alleles; everybody has pairs.
    """
    best = _best(pairs)
    first, second = pairs.first[best], pairs.second[best]
    one, other = truth.T
    straight = (first == one).astype(np.int64) + (second == other)
    crossed = (first == other).astype(np.int64) + (second == one)
    return np.maximum(straight, crossed), pairs.probability[best]


def quality_of(pairs: Pairs, truth: Places, tested: PhasedPanel, known: Places) -> GeneQuality:
    """The quality of a gene by people whose alleles are known; ``pairs`` are not yet calibrated.

    Sharpness and doubt are those by which the probability of the most probable genotype is
    nearest to its being right (mean square, the Brier score). ``truth`` (people, 2) are the alleles
    of the ``tested``, and ``known`` (chromosomes,) those of the panel, which give frequencies.
    """
    typed = (truth != UNKNOWN).all(axis=1)
    called = np.unique(pairs.person)
    scores = {}
    for sharpness in _SHARPNESS.tolist():
        right, sure = right_alleles(sharpened(pairs, sharpness), truth[called])
        whole = (right == 2)[typed[called]]
        for doubt in _DOUBTS:
            error = (1 - doubt) * sure[typed[called]] - whole
            scores[sharpness, doubt] = float((error**2).mean()) if len(whole) else 0.0
    sharpness, doubt = min(scores, key=lambda one: (scores[one], abs(np.log(one[0]))))
    alleles = np.zeros(len(truth))
    alleles[called] = right_alleles(pairs, truth[called])[0]
    shares = {
        name: float(alleles[own].mean() / 2)
        for place, name in enumerate(tested.populations)
        if (own := typed & (tested.population == place)).any()
    }
    accuracy = float(alleles[typed].mean() / 2) if typed.any() else float("nan")
    counts = np.bincount(known[known >= 0], minlength=1)
    common = np.argsort(-counts, kind="stable")[:_COMMON]
    frequency = counts[common] / counts[common].sum()
    return GeneQuality(int(typed.sum()), accuracy, shares, sharpness, doubt, common, frequency)
