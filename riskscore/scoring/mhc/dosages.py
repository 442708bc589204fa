"""Haplotypes of a block from what an imputation says of each of its genes.

An imputation takes a chromosome for a mixture of haplotypes, and a gene's dosages are the weights
of those that carry each allele. The weights are the same for all genes, so they are taken apart
again: the haplotype that may have the greatest weight is found first, which is the least of the
dosages of its alleles, then that of what is left of them, and so on. Every allele then has the
dosage that the imputation gave it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskscore.arrays import Array, Mask, Places

ROUNDING = 0.005  # of dosages written with two decimals: a lesser weight is not looked for
_TIES = 0.2  # of two haplotypes with about the same weight the one more frequent to this power


def haplotype_weights(dosages: Sequence[Array], told: Mask, codes: Places, share: Array) -> Array:
    """The weights of a block's haplotypes whose mixtures have some dosages, (rows, haplotypes).

    ``dosages`` have by gene shape (rows, alleles) and sum to 1 where the gene is ``told`` (rows,
    genes). ``share`` (rows, haplotypes), or one row for all, is how frequent each haplotype is, and
    0 for one that cannot be. Haplotypes with the same told alleles share their weight so.

    Nothing is told of the second gene:

    >>> dosages = [np.array([[0.75, 0.25]]), np.zeros((1, 2))]
    >>> codes, share = np.array([[0, 0], [0, 1], [1, 0]]), np.array([[0.4, 0.2, 0.4]])
    >>> haplotype_weights(dosages, np.array([[True, False]]), codes, share).round(3).tolist()
    [[0.5, 0.25, 0.25]]
    """
    weight = np.empty((len(told), len(codes)))
    patterns, which = np.unique(told, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = np.flatnonzero(which.ravel() == number)
        own = share if len(share) == 1 else share[rows]
        chosen = [table[rows] for table, known in zip(dosages, pattern, strict=True) if known]
        if not chosen:
            weight[rows] = own / own.sum(axis=1, keepdims=True)
            continue
        if pattern.all():
            weight[rows] = unmixed(chosen, codes, own)
            continue
        alleles, same = np.unique(codes[:, pattern], axis=0, return_inverse=True)
        order = np.argsort(same.ravel(), kind="stable")
        starts = np.searchsorted(same.ravel()[order], np.arange(len(alleles)))
        frequency = np.add.reduceat(own[:, order], starts, axis=1)
        found = unmixed(chosen, alleles, frequency)
        np.divide(found, frequency, out=found, where=frequency > 0)
        weight[rows] = found[:, same.ravel()] * own
    return weight


def unmixed(dosages: Sequence[Array], codes: Places, frequency: Array) -> Array:
    """The weights of a block's haplotypes in mixtures of them, shape (rows, haplotypes).

    ``dosages`` have by gene shape (rows, alleles) and sum to 1. ``codes`` (haplotypes, genes) are
    places of alleles, and ``frequency`` (rows, haplotypes), or one row for all, is that of each
    haplotype; those of 0 have no weight. What the sum lacks of 1 is what no mixture explains.

    A mixture of 0.7 of one haplotype and 0.3 of another, which share their second allele:

    >>> dosages = [np.array([[0.7, 0.3]]), np.array([[1.0, 0.0]]), np.array([[0.7, 0.3]])]
    >>> codes = np.array([[0, 0, 0], [1, 0, 1], [1, 0, 0], [0, 1, 0]])
    >>> unmixed(dosages, codes, np.array([[0.1, 0.2, 0.6, 0.1]])).round(3).tolist()
    [[0.7, 0.3, 0.0, 0.0]]
    """
    if len(dosages) == 1:
        return dosages[0][:, codes[:, 0]] * (frequency > 0)
    left = [own.copy() for own in dosages]
    weight = np.zeros((len(left[0]), len(codes)))
    preferred = (frequency / frequency.max()) ** _TIES
    rows = np.arange(len(weight))
    while len(rows):
        most = left[0][rows][:, codes[:, 0]]
        for own, alleles in zip(left[1:], codes.T[1:], strict=True):
            np.minimum(most, own[rows][:, alleles], out=most)
        best = (most * (preferred if len(preferred) == 1 else preferred[rows])).argmax(axis=1)
        found = most[np.arange(len(rows)), best]
        kept = found > ROUNDING
        rows, best, found = rows[kept], best[kept], found[kept]
        weight[rows, best] += found
        for own, alleles in zip(left, codes.T, strict=True):
            own[rows, alleles[best]] -= found
    return weight
