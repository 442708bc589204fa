"""Genotypes cleaned, gaps filled, and ancestry read, from short blocks of neighbouring SNPs.

In a block of SNPs panel haplotypes are few. A person's genotypes g there come from two of them, h
and k, and are misread now and then: the weight of a pair is

    f_h f_k exp(-MISREAD sum_s (g_s - h_s - k_s)^2)      over the SNPs s that are called,

f being the haplotypes' frequencies. The expected genotype fills what is missing, and takes the
place of a call that is far from it. The weights summed with each superpopulation's frequencies are
what the block says of ancestry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Array32

BLOCK = 48  # SNPs
# The misfit of one allele in one SNP: such a call is e^-3, 5%, as likely as a right one.
MISREAD = 3.0
# A call this far from what the pairs expect is taken for misread.
FAR = 0.75
_CANDIDATES = 48
# Genotypes are counted in these parts, so that sums are exact in any order.
PARTS = 64
# Neighbouring blocks tell the same of ancestry: what each says counts for so much.
_INDEPENDENT = 0.1
_RARE = 0.02  # share of the whole panel's frequency in each superpopulation's


@dataclass(frozen=True)
class SNPBlock:
    """Neighbouring SNPs: the panel's distinct haplotypes there, and their frequencies.

    ``haplotypes`` (haplotypes, SNPs); ``frequency`` (haplotypes, populations), each column summing
    to 1; ``overall`` (haplotypes,).
    """

    start: int
    haplotypes: Array32
    frequency: Array32
    overall: Array32

    @property
    def snps(self) -> slice:
        return slice(self.start, self.start + self.haplotypes.shape[1])


def blocks_of(
    haplotypes: NDArray[np.uint8], population: NDArray[np.uint8], populations: int
) -> tuple[SNPBlock, ...]:
    """The blocks of a panel: haplotypes (chromosomes, SNPs), population (chromosomes,)."""
    people = np.maximum(np.bincount(population, minlength=populations), 1)
    found = []
    for start in range(0, haplotypes.shape[1], BLOCK):
        first, group = distinct_rows(haplotypes[:, start : start + BLOCK])
        counts = np.zeros((len(first), populations))
        np.add.at(counts, (group, population), 1)
        overall = counts.sum(axis=1) / counts.sum()
        frequency = (1 - _RARE) * counts / people + _RARE * overall[:, None]
        rows = haplotypes[first, start : start + BLOCK].astype(np.float32)
        found.append(
            SNPBlock(start, rows, frequency.astype(np.float32), overall.astype(np.float32))
        )
    return tuple(found)


def distinct_rows(table: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each kind, and the kind of every row.

    >>> first, group = distinct_rows(np.array([[1, 0], [0, 0], [1, 0]], np.uint8))
    >>> first[group].tolist()
    [0, 1, 0]
    """
    rows = np.ascontiguousarray(table)
    whole = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    return first.astype(np.int64), group.ravel().astype(np.int64)


def cleaned(blocks: tuple[SNPBlock, ...], genotypes: Array32) -> tuple[Array32, Array]:
    """Genotypes without gaps, (people, SNPs), and log likelihoods by superpopulation.

    ``genotypes`` are copies from 0 to 2 in whole PARTS, nan where missing.
    """
    out = np.empty_like(genotypes)
    told = np.zeros((len(genotypes), blocks[0].frequency.shape[1]))
    for block in blocks:
        own = genotypes[:, block.snps]
        expected, likelihood = _block(block, own)
        known = np.abs(own - expected) < FAR
        out[:, block.snps] = np.where(known, own, expected)
        told += np.log(likelihood)
    return out, told * _INDEPENDENT


def _block(block: SNPBlock, genotypes: Array32) -> tuple[Array32, Array]:
    """Expected genotypes, and the likelihood of what is called by superpopulation."""
    called = ~np.isnan(genotypes)
    copies = np.where(called, genotypes, 1).astype(np.float32)
    rows = block.haplotypes
    # What each haplotype costs beside the best imaginable partner, and by itself.
    against = np.where(called, (copies < 0.5) * 1.0, 0).astype(np.float32) @ rows.T
    against += np.where(called, (copies > 1.5) * 1.0, 0).astype(np.float32) @ (1 - rows).T
    near = min(_CANDIDATES, len(rows))
    merit = MISREAD * against - np.log(block.overall)
    chosen = np.argpartition(merit, near - 1, axis=1)[:, :near]
    x = rows[chosen]
    seen = x * called[:, None, :]
    alone = (seen @ (1 - 2 * copies)[:, :, None])[:, :, 0]
    both = seen @ x.transpose(0, 2, 1)
    cost = MISREAD * (alone[:, :, None] + alone[:, None, :] + 2 * both)
    cost -= cost.min(axis=(1, 2), keepdims=True)
    weight = np.exp(-cost)
    frequency = block.frequency[chosen]
    # Of each superpopulation: sum over pairs of f_h f_k weight.
    likelihood = ((weight @ frequency) * frequency).sum(axis=1, dtype=np.float64)
    share = block.overall[chosen]
    marginal = (weight @ share[:, :, None])[:, :, 0] * share
    marginal /= marginal.sum(axis=1, keepdims=True)
    expected = 2 * (marginal[:, None, :] @ x)[:, 0, :]
    return np.rint(expected * PARTS) / np.float32(PARTS), likelihood + 1e-300


def ancestry(told: Array) -> Array:
    """Probability of each superpopulation, (people, populations), all the same before."""
    weight = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
