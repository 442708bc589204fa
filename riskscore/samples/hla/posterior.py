"""From what is measured of each allele by itself to a posterior over pairs of alleles.

Imputation and records of a VCF speak of one allele at a time: its dosage, the probability of 0, 1
and 2 copies, or a dosage on each chromosome. A person has two alleles in all. The posterior over
pairs is the one that keeps each allele's own probabilities and assumes nothing else:

* two of allele i: what was said of it (from a dosage d the least uncertain, d - 1 above 1);
* one of i and one of j: proportional to w_i w_j, with w such that every allele keeps its
  probability of one copy (conditional Poisson sampling of two; Chen, Dempster and Liu 1994,
  Biometrika 81:457). The mean copies of each allele are then its dosage.
* by chromosome: the product of the two chromosomes' distributions, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAName
from riskscore.samples.hla.calls import GeneCalls

Array = NDArray[np.float64]
# How far a sample's presence dosages may sum from 2 before the gene is not called.
SUM_TOLERANCE = 0.2
_NEGLIGIBLE = 1e-3  # a dosage this close to a whole number is one
_RARE = 1e-5  # pairs less probable than this are left out
_BISECTIONS = 100


@dataclass(frozen=True)
class Evidence:
    """What the records of a gene say, alleles by rows, samples by columns; nan where unknown.

    ``presence`` (alleles, samples) are copies of each allele. ``both`` is the probability of two
    copies, where the file gives it. ``chromosomes`` (2, alleles, samples) are presences on each
    chromosome. ``phase`` (2, samples) are the alleles that a phased genotype puts on each, or -1.
    """

    presence: Array
    both: Array | None = None
    chromosomes: Array | None = None
    phase: NDArray[np.int64] | None = None


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
    """The posterior over pairs. A sample whose dosages do not sum to about 2 has no call."""
    presence = evidence.presence
    whole = np.rint(presence)
    with np.errstate(invalid="ignore"):
        callable_ = np.abs(presence.sum(axis=0) - 2) <= SUM_TOLERANCE
        certain = callable_ & (np.abs(presence - whole) < _NEGLIGIBLE).all(axis=0)
        certain &= whole.sum(axis=0) == 2
        if evidence.both is not None:  # a dosage of 1 may be none and two as well
            twice = (whole == 2).astype(float)
            given = np.where(np.isnan(evidence.both), twice, evidence.both)
            certain &= (np.abs(given - twice) < _NEGLIGIBLE).all(axis=0)
    parts = [_certain(whole, certain, evidence)]
    unsure = np.flatnonzero(callable_ & ~certain)
    by_chromosome = _sound_chromosomes(evidence, unsure)
    parts += [_by_chromosome(int(s), evidence) for s in unsure[by_chromosome]]
    parts += _by_copies(evidence, unsure[~by_chromosome])
    sample, first, second, probability, ordered = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(sample, kind="stable")
    return GeneCalls(
        gene,
        tuple(alleles),
        sample[order].astype(np.int64),
        first[order].astype(np.int64),
        second[order].astype(np.int64),
        probability[order].astype(np.float64),
        source,
        ordered[order].astype(bool),
    )


_Part = tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Array, NDArray[np.bool_]
]  # sample, first, second, probability, ordered


def _certain(whole: Array, certain: NDArray[np.bool_], evidence: Evidence) -> _Part:
    """Samples with whole copies: two slots each, filled in allele order, or in phase."""
    index, sample = np.nonzero((whole * certain) > 0)
    copies = whole[index, sample].astype(np.int64)
    order = np.lexsort((index, sample))
    slots = np.repeat(index[order], copies[order]).reshape(-1, 2)
    people = np.flatnonzero(certain)
    ordered = np.zeros(len(people), dtype=bool)
    chromosomes = _phase(evidence)
    if chromosomes is not None:
        own = chromosomes[:, people].T
        ordered = (np.sort(own, axis=1) == slots).all(axis=1)
        slots = np.where(ordered[:, None], own, slots)
    return people, slots[:, 0], slots[:, 1], np.ones(len(people)), ordered


def _phase(evidence: Evidence) -> NDArray[np.int64] | None:
    """Each chromosome's allele, from haplotype dosages or a phased genotype; None without."""
    if evidence.chromosomes is None:
        return evidence.phase
    known = ~np.isnan(evidence.chromosomes).any(axis=1)
    best = np.argmax(np.nan_to_num(evidence.chromosomes), axis=1)
    return np.where(known, best, -1).astype(np.int64)


def _sound_chromosomes(evidence: Evidence, people: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of these people, whose chromosomes each have about one allele."""
    if evidence.chromosomes is None or not len(people):
        return np.zeros(len(people), dtype=bool)
    sums = evidence.chromosomes[:, :, people].sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(sums - 1) <= SUM_TOLERANCE).all(axis=0))


def _by_chromosome(sample: int, evidence: Evidence) -> _Part:
    assert evidence.chromosomes is not None
    own = np.clip(evidence.chromosomes[:, :, sample], 0, None)
    own = own / own.sum(axis=1, keepdims=True)
    likely = [np.flatnonzero(side > _RARE) for side in own]
    first, second = (grid.ravel() for grid in np.meshgrid(*likely, indexing="ij"))
    probability = own[0][first] * own[1][second]
    return _kept(sample, first, second, probability, np.ones(len(first), dtype=bool))


def _by_copies(evidence: Evidence, people: NDArray[np.int64]) -> list[_Part]:
    """Pairs that keep each allele's probabilities of one and of two copies."""
    if not len(people):
        return []
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
    parts = []
    for column, sample in enumerate(people.tolist()):
        w = weight[:, column]
        likely = np.flatnonzero(d[:, column] > _RARE)
        i, j = (likely[k] for k in np.triu_indices(len(likely)))
        scale = mixed[column] / norm[column] if norm[column] > 0 else 0.0
        probability = np.where(i == j, two[i, column], scale * w[i] * w[j])
        parts.append(_in_phase(_kept(sample, i, j, probability), evidence))
    return parts


def _kept(
    sample: int,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    probability: Array,
    ordered: NDArray[np.bool_] | None = None,
) -> _Part:
    keep = probability > _RARE
    probability = probability[keep] / probability[keep].sum()
    order = ordered[keep] if ordered is not None else np.zeros(len(probability), dtype=bool)
    people = np.full(len(probability), sample, dtype=np.int64)
    return people, first[keep], second[keep], probability, order


def _in_phase(part: _Part, evidence: Evidence) -> _Part:
    """The pair that a phased genotype names, put in its order."""
    people, first, second, probability, ordered = part
    if evidence.phase is None or not len(people):
        return part
    own = evidence.phase[:, people[0]]
    named = ((first == own[0]) & (second == own[1])) | ((first == own[1]) & (second == own[0]))
    return (
        people,
        np.where(named, own[0], first),
        np.where(named, own[1], second),
        probability,
        ordered | named,
    )


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
