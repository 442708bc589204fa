"""From what is measured of each allele by itself to a posterior over pairs of alleles.

Imputation and records of a VCF speak of one allele at a time: its dosage, the probability of 0, 1
and 2 copies, or a dosage on each chromosome. A person has two alleles in all (evidence.py says of
what is missing or written twice). The posterior over pairs is the one that keeps each allele's own
probabilities and assumes nothing else:

* two of allele i: what was said of it (from a dosage d the least uncertain, d - 1 above 1);
* one of i and one of j: proportional to w_i w_j, with w such that every allele keeps its
  probability of one copy (conditional Poisson sampling of two; Chen, Dempster and Liu 1994,
  Biometrika 81:457). The mean copies of each allele are then its dosage.
* by chromosome: the product of the two chromosomes' distributions, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskscore.arrays import Array, Mask, Places
from riskscore.genetics.hla import HLAName
from riskscore.samples.hla.calls import GeneCalls
from riskscore.samples.hla.evidence import Evidence, counted_once

# How far a sample's presence dosages may sum from 2 before a report says so.
SUM_TOLERANCE = 0.2
_NEGLIGIBLE = 1e-3  # a dosage this close to a whole number is one
_RARE = 1e-5  # pairs less probable than this are left out
_BISECTIONS = 100
_Part = tuple[Places, Places, Places, Array, Mask]  # sample, first, second, probability, ordered


def calls_from_dosages(
    gene: str, alleles: Sequence[HLAName], presence: Array, source: str
) -> GeneCalls:
    """Pairs from presence dosages alone, shape (alleles, samples).

    >>> from riskscore.genetics.hla import HLAAllele
    >>> a, b = HLAAllele.parse("A*01:01"), HLAAllele.parse("A*02:01")
    >>> calls_from_dosages("A", [a, b], np.array([[1.0, 0.0], [1.0, 2.0]]), "").second
    array([1, 1])
    """
    return calls_from_evidence(gene, alleles, Evidence(presence), source)


def calls_from_evidence(
    gene: str, alleles: Sequence[HLAName], evidence: Evidence, source: str
) -> GeneCalls:
    """The posterior over pairs, from records that may name an allele at several resolutions.

    What records do not claim of a person's two copies is an unknown allele. A sample of whom they
    claim none has no call.
    """
    names, own, called = counted_once(alleles, evidence)
    whole = np.rint(own.presence)
    certain = called & (np.abs(own.presence - whole) < _NEGLIGIBLE).all(axis=0)
    certain &= whole.sum(axis=0) == 2
    if own.both is not None:  # a dosage of 1 may be none and two as well
        twice = (whole == 2).astype(float)
        given = np.where(np.isnan(own.both), twice, own.both)
        certain &= (np.abs(given - twice) < _NEGLIGIBLE).all(axis=0)
    unsure = np.flatnonzero(called & ~certain)
    by_chromosome: Mask = np.zeros(len(unsure), dtype=bool)
    if own.chromosomes is not None:
        by_chromosome = np.asarray(~np.isnan(own.chromosomes[:, :, unsure]).any(axis=(0, 1)))
    phase, phase_set = _phase(own)
    parts = [
        _certain(whole, certain, phase),
        _by_chromosome(own, unsure[by_chromosome]),
        _by_copies(own, unsure[~by_chromosome], phase),
    ]
    sample, first, second, probability, ordered = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(sample, kind="stable")
    return GeneCalls(
        gene,
        names,
        sample[order].astype(np.int64),
        first[order].astype(np.int64),
        second[order].astype(np.int64),
        probability[order].astype(np.float64),
        source,
        ordered[order].astype(bool),
        phase_set[sample[order]],
        imputed=True,
    )


def _phase(evidence: Evidence) -> tuple[Places, Places]:
    """Each chromosome's allele, shape (2, samples), -1 where not told; and the phase sets.

    From haplotype dosages, or from a phased genotype that puts one allele on the chromosome.
    """
    samples = evidence.presence.shape[1]
    sets = np.zeros(samples, dtype=np.int64)
    if not len(evidence.presence):
        return np.full((2, samples), -1, dtype=np.int64), sets
    if evidence.carried is None:
        if evidence.chromosomes is None:
            return np.full((2, samples), -1, dtype=np.int64), sets
        known = ~np.isnan(evidence.chromosomes).any(axis=1)
        best = np.argmax(np.nan_to_num(evidence.chromosomes), axis=1)
        return np.where(known, best, -1).astype(np.int64), sets
    place = evidence.carried.argmax(axis=1)
    phase = np.where(evidence.carried.sum(axis=1) == 1, place, -1).astype(np.int64)
    if evidence.phase_set is not None:
        held = evidence.carried.any(axis=0)
        lowest = np.where(held, evidence.phase_set, np.iinfo(np.int64).max).min(axis=0)
        sets = np.where(held, evidence.phase_set, 0).max(axis=0)
        phase[:, held.any(axis=0) & (lowest != sets)] = -1  # the two alleles in two phase sets
    return phase, sets


def _certain(whole: Array, certain: Mask, phase: Places) -> _Part:
    """Samples with whole copies: two slots each, filled in allele order, or in phase."""
    index, sample = np.nonzero((whole * certain) > 0)
    copies = whole[index, sample].astype(np.int64)
    order = np.lexsort((index, sample))
    slots = np.repeat(index[order], copies[order]).reshape(-1, 2)
    people = np.flatnonzero(certain)
    own = phase[:, people].T
    for side in (0, 1):  # what is not told of one chromosome is what the other does not have
        other = np.where(own[:, 1 - side] == slots[:, 0], slots[:, 1], slots[:, 0])
        own[:, side] = np.where((own[:, side] < 0) & (own[:, 1 - side] >= 0), other, own[:, side])
    ordered = (np.sort(own, axis=1) == slots).all(axis=1)
    slots = np.where(ordered[:, None], own, slots)
    return people, slots[:, 0], slots[:, 1], np.ones(len(people)), ordered


def _by_chromosome(evidence: Evidence, people: Places) -> _Part:
    """The product of the distributions of the two chromosomes."""
    if evidence.chromosomes is None or not len(people):
        return _nobody()
    own = np.clip(evidence.chromosomes[:, :, people], 0, None)
    total = own.sum(axis=1, keepdims=True)
    own = np.divide(own, total, out=np.zeros_like(own), where=total > 0)
    owner, first, second = _choices(own[0] > _RARE, own[1] > _RARE)
    probability = own[0][first, owner] * own[1][second, owner]
    ordered = np.ones(len(owner), dtype=bool)
    return _kept(people, owner, first, second, probability, ordered)


def _choices(one: Mask, other: Mask) -> tuple[Places, Places, Places]:
    """Every choice of a row from each of two tables (rows, owners): owner, row, other row."""
    owner, first = np.nonzero(one.T)
    mate, second = np.nonzero(other.T)
    count = np.bincount(mate, minlength=one.shape[1])
    start = np.cumsum(count) - count
    times = count[owner]
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    row = np.repeat(start[owner], times) + within
    return np.repeat(owner, times), np.repeat(first, times), second[row]


def _by_copies(evidence: Evidence, people: Places, phase: Places) -> _Part:
    """Pairs that keep each allele's probabilities of one and of two copies."""
    if not len(people):
        return _nobody()
    d = np.clip(evidence.presence[:, people], 0, 2)
    two = np.clip(d - 1, 0, 1)
    if evidence.both is not None:
        given = evidence.both[:, people]
        two = np.where(np.isnan(given), two, np.minimum(np.nan_to_num(given), d / 2))
    one = d - 2 * two
    total = d.sum(axis=0) / 2
    two, one = two / total, one / total
    mixed = one.sum(axis=0) / 2  # the probability of two different alleles
    weight, norm = pair_weights(one)
    scale = np.divide(mixed, norm, out=np.zeros_like(mixed), where=norm > 0)
    owner, i, j = _choices(d > _RARE, d > _RARE)
    ahead = i <= j
    owner, i, j = owner[ahead], i[ahead], j[ahead]
    apart = scale[owner] * weight[i, owner] * weight[j, owner]
    probability = np.where(i == j, two[i, owner], apart)
    sample = people[owner]
    # The pair that a phased genotype names is put in its order.
    a, b = phase[0, sample], phase[1, sample]
    named = ((i == a) & (j == b)) | ((i == b) & (j == a))
    first, second = np.where(named, a, i), np.where(named, b, j)
    return _kept(people, owner, first, second, probability, named)


def _kept(
    people: Places, owner: Places, first: Places, second: Places, probability: Array, ordered: Mask
) -> _Part:
    """The rows that are not too rare, with probabilities that sum to 1 in each person."""
    keep = probability > _RARE
    owner, probability = owner[keep], probability[keep]
    total = np.bincount(owner, probability, len(people))
    return people[owner], first[keep], second[keep], probability / total[owner], ordered[keep]


def _nobody() -> _Part:
    none = np.zeros(0, dtype=np.int64)
    return none, none, none, np.zeros(0), np.zeros(0, dtype=bool)


def pair_weights(one: Array) -> tuple[Array, Array]:
    """Weights w (alleles, samples), and by sample the sum over pairs i < j of w_i w_j.

    Drawing a pair of different alleles in proportion to w_i w_j, allele i is in it with the share
    one_i / (sum of one / 2). With weights that sum to 1 that is w_i (1 - w_i) = z share_i, so that
    w follows from the one number z by which the weights sum to 1: from the smaller root for all
    alleles, or from the larger one for the most frequent.
    """
    # Rounded dosages can give an allele more than all others have to go with it.
    one = np.minimum(one, one.sum(axis=0) - one)
    total = one.sum(axis=0)
    share = np.divide(2 * one, total, out=np.zeros_like(one), where=total > 0)
    share = np.minimum(share, 1 - 1e-9)  # an allele in every pair would weigh infinitely more
    columns = np.arange(one.shape[1])
    top = share.argmax(axis=0)
    highest = share[top, columns]
    limit = np.divide(0.25, highest, out=np.zeros_like(highest), where=highest > 0)

    def smaller(z: Array) -> Array:
        """The smaller root, divided by z; exact where z is small."""
        return np.asarray(2 * share / (1 + np.sqrt(np.clip(1 - 4 * z * share, 0, 1))))

    larger = (limit * smaller(limit)).sum(axis=0) < 1
    low, high = np.zeros(len(columns)), limit
    for _ in range(_BISECTIONS):
        z = (low + high) / 2
        root = smaller(z)
        # With the larger root of the top allele, 1 less its smaller one, the 1 drops out.
        excess = np.where(larger, 2 * root[top, columns] - root.sum(axis=0), 0.0)
        excess = np.where(larger, excess, z * root.sum(axis=0) - 1)
        low, high = np.where(excess < 0, z, low), np.where(excess < 0, high, z)
    w = high * smaller(high)
    w[top, columns] = np.where(larger, 1 - w[top, columns], w[top, columns])
    norm = (w.sum(axis=0) ** 2 - (w**2).sum(axis=0)) / 2
    return w, norm
