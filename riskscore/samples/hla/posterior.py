"""The posterior over pairs of alleles, from measurements of each allele by itself.

Imputation and records of a VCF speak of one allele at a time: its dosage, the probability of 0, 1
and 2 copies, or a dosage on each chromosome. A person has two alleles in all (evidence.py deals
with missing and repeated ones). The posterior over pairs is the one that keeps each allele's own
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

from riskscore.arrays import Array, Mask, PhaseSets, Places, spread
from riskscore.genetics.hla import HLAName
from riskscore.samples.hla.calls import GeneCalls
from riskscore.samples.hla.evidence import NEGLIGIBLE, Evidence, counted_once

# How far a sample's presence dosages may sum from 2 before a report says so.
SUM_TOLERANCE = 0.2
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
    return calls_from_evidence(gene, alleles, Evidence.of_copies(presence), source)


def calls_from_evidence(
    gene: str, alleles: Sequence[HLAName], evidence: Evidence, source: str
) -> GeneCalls:
    """The posterior over pairs, from records that may name an allele at several resolutions.

    What records do not claim of a person's two copies is an unknown allele. A sample of whom they
    claim none has no call.
    """
    names, own, called = counted_once(alleles, evidence)
    whole = np.rint(own.copies)
    twice = (whole == 2).astype(float)
    # A dosage of 1 may be none and two as well.
    odd = np.abs(np.where(np.isnan(own.both), twice, own.both) - twice) >= NEGLIGIBLE
    odd |= np.abs(own.copies - whole) >= NEGLIGIBLE
    certain = called & ~own.any(odd) & (own.total(whole) == 2)
    by_chromosome = called & ~own.any(own.one_sided)
    phase, phase_set = _phase(own)
    parts = [
        _certain(own.take(certain[own.sample] & (whole > 0)), phase),
        _by_chromosome(own.take((by_chromosome & ~certain)[own.sample])),
        _by_copies(own.take((called & ~by_chromosome & ~certain)[own.sample]), phase),
    ]
    sample, first, second, probability, ordered = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.argsort(sample, kind="stable")
    sample = sample[order]
    used = np.zeros(len(names), dtype=bool)
    used[first] = used[second] = True
    place = np.cumsum(used) - 1
    return GeneCalls(
        gene,
        tuple(name for name, wanted in zip(names, used.tolist(), strict=True) if wanted),
        sample,
        place[first[order]],
        place[second[order]],
        probability[order],
        source,
        ordered[order],
        phase_set[sample],
        imputed=True,
    )


def _phase(evidence: Evidence) -> tuple[Places, PhaseSets]:
    """Each chromosome's allele, shape (2, people), -1 where it is unknown; and the phase sets.

    From a phased genotype that puts one allele on the chromosome; in people without one from
    haplotype dosages.
    """
    phase = np.full((2, evidence.people), -1, dtype=np.int64)
    sets = np.zeros(evidence.people, dtype=np.int32)
    held = evidence.carried[0] | evidence.carried[1]
    phased = evidence.any(held)
    for side in (0, 1):
        here = evidence.carried[side]
        one = evidence.total(here) == 1
        place = evidence.total(np.where(here, evidence.allele, 0)).astype(np.int64)
        phase[side, one] = place[one]
    rows = np.flatnonzero(held)
    if evidence.phase_set[rows].any():
        own, of_row = evidence.sample[rows], evidence.phase_set[rows]
        np.maximum.at(sets, own, of_row)
        phase[:, evidence.any(held & (evidence.phase_set != sets[evidence.sample]))] = -1
    rest = ~phased & ~evidence.any(evidence.one_sided)
    rows = np.flatnonzero(rest[evidence.sample])
    if len(rows):
        for_rest = evidence.take(rows)
        for side in (0, 1):
            phase[side, rest] = _likeliest(for_rest, for_rest.chromosomes[side])[rest]
    return phase, sets


def _likeliest(evidence: Evidence, values: Array) -> Places:
    """By person the first allele of the highest value; -1 without a row."""
    order = np.lexsort((-np.nan_to_num(values), evidence.sample))
    sample = evidence.sample[order]
    found = np.full(evidence.people, -1, dtype=np.int64)
    first = _starts(sample)
    found[sample[first]] = evidence.allele[order][first]
    return found


def _certain(own: Evidence, phase: Places) -> _Part:
    """People with whole copies: two slots each, filled in allele order, or in phase."""
    slots = np.repeat(own.allele, np.rint(own.copies).astype(np.int64)).reshape(-1, 2)
    people = own.sample[_starts(own.sample)]
    placed = phase[:, people].T
    for side in (0, 1):  # the allele not on the one chromosome is on the other
        other = np.where(placed[:, 1 - side] == slots[:, 0], slots[:, 1], slots[:, 0])
        open_side = (placed[:, side] < 0) & (placed[:, 1 - side] >= 0)
        placed[:, side] = np.where(open_side, other, placed[:, side])
    ordered = (np.sort(placed, axis=1) == slots).all(axis=1)
    slots = np.where(ordered[:, None], placed, slots)
    return people, slots[:, 0], slots[:, 1], np.ones(len(people)), ordered


def _by_chromosome(own: Evidence) -> _Part:
    """The product of the distributions of the two chromosomes."""
    sides = np.clip(own.chromosomes, 0, None)
    for side in (0, 1):
        total = own.total(sides[side])[own.sample]
        np.divide(sides[side], total, out=sides[side], where=total > 0)
    one, other = (np.flatnonzero(side > _RARE) for side in sides)
    first, second = _choices(own, one, other)
    ordered = np.ones(len(first), dtype=bool)
    return _kept(own, first, second, sides[0, first] * sides[1, second], ordered)


def _choices(own: Evidence, one: Places, other: Places) -> tuple[Places, Places]:
    """Every choice, in each person, of a row among some and of one among others."""
    count = np.bincount(own.sample[other], minlength=own.people)
    start = np.cumsum(count) - count
    owner = own.sample[one]
    row, place = spread(start[owner], count[owner])
    return one[row], other[place]


def pairs_of_copies(own: Evidence) -> tuple[Places, Places, Places, Array]:
    """Pairs that keep how probable one and two copies of each allele are, which sum to 2.

    Rows (person, allele, allele, probability). Alleles may as well be haplotypes.

    >>> rows = pairs_of_copies(Evidence.of_copies(np.array([[1.0], [0.75], [0.25]])))
    >>> [column.round(3).tolist() for column in rows[1:]]
    [[0, 0], [1, 2], [0.75, 0.25]]
    """
    return _by_copies(own, np.full((2, own.people), -1, dtype=np.int64))[:4]


def _by_copies(own: Evidence, phase: Places) -> _Part:
    """Pairs that keep each allele's probabilities of one and of two copies."""
    d = np.clip(own.copies, 0, 2)
    two = np.clip(d - 1, 0, 1)
    two = np.where(np.isnan(own.both), two, np.minimum(np.nan_to_num(own.both), d / 2))
    one = d - 2 * two
    owner = np.cumsum(np.diff(own.sample, prepend=-1) > 0) - 1
    half = (np.bincount(owner, d) / 2)[owner]
    two, one = two / half, one / half
    mixed = np.bincount(owner, one) / 2  # the probability of two different alleles
    weight, norm = pair_weights(one, owner)
    scale = np.divide(mixed, norm, out=np.zeros_like(mixed), where=norm > 0)
    likely = np.flatnonzero(d > _RARE)
    i, j = _choices(own, likely, likely)
    i, j = i[i <= j], j[i <= j]
    sample, first, second = own.sample[i], own.allele[i], own.allele[j]
    probability = np.where(i == j, two[i], scale[owner[i]] * weight[i] * weight[j])
    # The pair that a phased genotype names is put in its order.
    a, b = phase[0, sample], phase[1, sample]
    straight = (first == a) & (second == b)
    turned = (first == b) & (second == a) & ~straight
    return _kept(
        own, np.where(turned, j, i), np.where(turned, i, j), probability, straight | turned
    )


def _kept(own: Evidence, first: Places, second: Places, probability: Array, ordered: Mask) -> _Part:
    """The choices that are not too rare, with probabilities that sum to 1 in each person."""
    keep = probability > _RARE
    first, second, probability = first[keep], second[keep], probability[keep]
    sample = own.sample[first]
    total = np.bincount(sample, probability, own.people)
    share = probability / total[sample]
    return sample, own.allele[first], own.allele[second], share, ordered[keep]


def pair_weights(one: Array, owner: Places) -> tuple[Array, Array]:
    """Weights w of the alleles of each owner, and by owner the sum over pairs i < j of w_i w_j.

    ``one`` (rows,) are probabilities of one copy and ``owner`` (rows,) whose, rising by one from 0.
    Drawing a pair of different alleles in proportion to w_i w_j, allele i is in it with the share
    one_i / (sum of one / 2). With weights that sum to 1 that is w_i (1 - w_i) = z share_i, so that
    w follows from the one number z by which the weights sum to 1: from the smaller root for all
    alleles, or from the larger one for the most frequent.
    """

    def total(values: Array) -> Array:
        return np.bincount(owner, values).astype(np.float64, copy=False)

    # Rounded dosages can give an allele more than all others have to go with it.
    one = np.minimum(one, total(one)[owner] - one)
    sums = total(one)[owner]
    share = np.divide(2 * one, sums, out=np.zeros_like(one), where=sums > 0)
    share = np.minimum(share, 1 - 1e-9)  # an allele in every pair would weigh infinitely more
    top = np.lexsort((-share, owner))[_starts(owner)]
    highest = share[top]
    limit = np.divide(0.25, highest, out=np.zeros_like(highest), where=highest > 0)

    def smaller(z: Array) -> Array:
        """The smaller root, divided by z; exact where z is small."""
        return np.asarray(2 * share / (1 + np.sqrt(np.clip(1 - 4 * z[owner] * share, 0, 1))))

    larger = total(limit[owner] * smaller(limit)) < 1
    low, high = np.zeros(len(top)), limit
    for _ in range(_BISECTIONS):
        z = (low + high) / 2
        root = smaller(z)
        # With the larger root of the top allele, 1 less its smaller one, the 1 drops out.
        excess = np.where(larger, 2 * root[top] - total(root), z * total(root) - 1)
        low, high = np.where(excess < 0, z, low), np.where(excess < 0, high, z)
    w = high[owner] * smaller(high)
    w[top] = np.where(larger, 1 - w[top], w[top])
    return w, (total(w) ** 2 - total(w**2)) / 2


def _starts(owner: Places) -> Places:
    """The first row of each owner, of rows in order of owner."""
    return np.flatnonzero(np.diff(owner, prepend=-1))
