"""HLA calls: for each gene a posterior over unordered pairs of alleles, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAAllele
from riskscore.models.panel import Tag

# How far a sample's presence dosages may sum from 2 before the gene is not called.
SUM_TOLERANCE = 0.2
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class GeneCalls:
    """Genotypes of one gene, one row a possible pair of a sample, rows in order of sample.

    ``sample``, ``first`` and ``second`` index the cohort's samples and ``alleles``; the
    ``probability`` of a sample's rows sums to 1. A sample without rows has no call.
    """

    gene: str
    alleles: tuple[HLAAllele, ...]
    sample: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    probability: NDArray[np.float64]
    source: str = ""

    def rows(self, start: int, stop: int) -> slice:
        """The rows of the samples start..stop-1."""
        low, high = np.searchsorted(self.sample, (start, stop))
        return slice(int(low), int(high))

    def called(self, samples: int) -> NDArray[np.bool_]:
        """Which samples have a call, shape (samples,)."""
        mask = np.zeros(samples, dtype=bool)
        mask[self.sample] = True
        return mask

    def best(self, sample: int) -> tuple[HLAAllele, HLAAllele, float] | None:
        """A sample's most probable pair and its probability; None without a call."""
        rows = self.rows(sample, sample + 1)
        if rows.start == rows.stop:
            return None
        row = rows.start + int(np.argmax(self.probability[rows]))
        pair = (self.alleles[self.first[row]], self.alleles[self.second[row]])
        return *pair, float(self.probability[row])


@dataclass(frozen=True)
class TagCalls:
    """Copies of an HLA allele by a tag SNP, shape (samples,), where the gene is not typed."""

    tag: Tag
    copies: NDArray[np.float32]


@dataclass(frozen=True)
class HLAReport:
    """What was seen of one gene: records by resolution, the one used, and how many were refused."""

    gene: str
    source: str
    records: Mapping[int, int]  # fields -> records
    resolution: int
    called: int
    not_called: int
    sum_mean: float


@dataclass(frozen=True)
class HLACalls:
    """All that is known of the HLA genes of a cohort."""

    genes: Mapping[str, GeneCalls] = field(default_factory=dict)
    tags: Mapping[HLAAllele, TagCalls] = field(default_factory=dict)
    invalid_tags: frozenset[HLAAllele] = frozenset()  # tagged only by SNPs that do not hold here
    reports: tuple[HLAReport, ...] = ()


def calls_from_dosages(
    gene: str, alleles: Sequence[HLAAllele], presence: NDArray[np.float64], source: str
) -> GeneCalls:
    """Unordered genotypes from presence dosages, shape (alleles, samples).

    Dosages that are whole numbers summing to 2 are a certain call. Others give a posterior: the
    copies of each allele have the least uncertain distribution with that mean (d between 0 and 1:
    P(1) = d; between 1 and 2: P(2) = d - 1), and a pair's weight is the product over alleles,
    conditioned on two alleles in all. A sample whose dosages do not sum to about 2, or with a
    missing one, has no call.

    >>> a, b = HLAAllele.parse("A*01:01"), HLAAllele.parse("A*02:01")
    >>> calls_from_dosages("A", [a, b], np.array([[1.0, 0.0], [1.0, 2.0]]), "").second
    array([1, 1])
    """
    total = presence.sum(axis=0)
    whole = np.rint(presence)
    with np.errstate(invalid="ignore"):
        callable_ = np.abs(total - 2) <= SUM_TOLERANCE
        certain = callable_ & (np.abs(presence - whole) < _NEGLIGIBLE).all(axis=0)
    # Two slots a sample, filled in allele order: a homozygote fills both with one allele.
    index, sample = np.nonzero((whole * certain) > 0)
    copies = whole[index, sample].astype(np.int64)
    order = np.lexsort((index, sample))
    slots = np.repeat(index[order], copies[order]).reshape(-1, 2)
    rows = [
        (np.flatnonzero(certain), slots[:, 0], slots[:, 1], np.ones(len(slots))),
        *(_posterior(int(s), presence[:, s]) for s in np.flatnonzero(callable_ & ~certain)),
    ]
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return GeneCalls(
        gene,
        tuple(alleles),
        columns[0][order].astype(np.int64),
        columns[1][order].astype(np.int64),
        columns[2][order].astype(np.int64),
        columns[3][order].astype(np.float64),
        source,
    )


def _posterior(
    sample: int, presence: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The possible pairs of one sample and their probabilities."""
    possible = np.flatnonzero(presence > _NEGLIGIBLE)
    d = np.clip(presence[possible], 0, 2)
    none = np.clip(1 - d, 0, 1)
    two = np.clip(d - 1, 0, 1)
    one = 1 - none - two
    first, second = np.triu_indices(len(possible))
    weight = np.empty(len(first))
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        parts = none.copy()
        if i == j:
            parts[i] = two[i]
        else:
            parts[i], parts[j] = one[i], one[j]
        weight[k] = parts.prod()
    keep = weight > 0
    weight = weight[keep] / weight[keep].sum() if keep.any() else weight[keep]
    count = len(weight)
    return (
        np.full(count, sample, dtype=np.int64),
        possible[first[keep]],
        possible[second[keep]],
        weight,
    )
