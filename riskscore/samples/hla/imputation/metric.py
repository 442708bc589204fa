"""What differences between haplotypes tell their HLA alleles apart: linear discriminants.

Each SNP is weighted by its nearness to the genes. The directions are those in which the alleles'
means lie far apart for the spread of the haplotypes that share an allele: eigenvectors of the
scatter between alleles in the metric of the scatter within them (Fisher 1936, Annals of Eugenics
7:179; Rao 1948), with a ridge that is larger for SNPs farther away, and with the means of rare
alleles shrunk towards that of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, solve_triangular

from riskscore.arrays import Array
from riskscore.samples.hla.imputation.regions import View

_DIRECTIONS = 96
_RIDGE = 0.1
_SHRINKAGE = 20.0  # chromosomes that the mean of all counts for in each allele's
_LEAST = 1e-3  # of a far SNP's weight, where the ridge divides by it
_LEAST_APART = 1e-9  # of the scatter in a direction, by which its vector is divided
# Numbers are cut to these steps, so that sums are exact in any order.
_STEP, _WEIGHT_STEP = 2.0**-14, 2.0**-6


@dataclass(frozen=True)
class Metric:
    """A view fitted to a panel: ``snps`` (S,) are columns of the SNPs at hand.

    ``projection`` (S, directions) takes copies to the plane where distances are measured, and
    ``centre`` (directions,) is where a haplotype of mean frequencies lies. ``weights`` (S,) say how
    much a SNP tells of the alleles by itself.
    """

    snps: NDArray[np.int64]
    projection: Array
    centre: Array
    weights: NDArray[np.float32]

    def of(self, copies: NDArray[np.generic], chromosomes: int) -> NDArray[np.float32]:
        """Places of haplotypes (one chromosome) or genotypes (two), shape (rows, directions)."""
        own = copies[:, self.snps].astype(np.float64) @ self.projection
        return (own - chromosomes * self.centre).astype(np.float32)


def snps_of(view: View, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """The SNPs of a view's window, in order, and their distances from the genes."""
    low, high = view.stretch
    distance = np.maximum(0, np.maximum(low - positions, positions - high))
    near = np.flatnonzero(distance <= view.window.reach)
    nearest = near[np.argsort(distance[near], kind="stable")[: view.window.most]]
    snps = np.sort(nearest)
    return snps, distance[snps].astype(np.float64)


def fit_metric(
    view: View,
    positions: NDArray[np.int64],
    haplotypes: NDArray[np.uint8],
    labels: NDArray[np.int64],
) -> Metric:
    """The metric of a view, from haplotypes (chromosomes, SNPs) and what each carries (labels)."""
    snps, distance = snps_of(view, positions)
    nearness = np.exp(-distance / view.window.decay)
    x = haplotypes[:, snps].astype(np.float32)
    mean = x.mean(axis=0, dtype=np.float64)
    x = (x - mean.astype(np.float32)) * np.sqrt(nearness).astype(np.float32)
    count = np.bincount(labels).astype(np.float64)
    sums = _sums(x, labels, len(count))
    means = sums / (count + _SHRINKAGE)[:, None]
    rest = x - means.astype(np.float32)[labels]
    within = (rest.T @ rest).astype(np.float64) / len(x)
    ridge = _RIDGE * np.diag(within).mean() / np.maximum(nearness, _LEAST)
    within[np.diag_indices(len(snps))] += ridge
    apart = means.T * np.sqrt(count / len(x))
    # The alleles' means are about the mean of all: one of them follows from the others.
    most = min(_DIRECTIONS, len(snps), max(1, len(count) - 1))
    directions = _discriminants(apart, within, most)
    projection = np.rint(np.sqrt(nearness)[:, None] * directions / _STEP) * _STEP
    # The share of a SNP's variance that lies between the alleles, squared: tagging SNPs count most.
    variance = np.maximum((x.astype(np.float64) ** 2).sum(axis=0), 1e-9)
    share = (sums**2 / count[:, None]).sum(axis=0) / variance
    weights = nearness * share**2 / max(float((share**2).mean()), 1e-9)
    steps = np.rint(weights / _WEIGHT_STEP)
    return Metric(snps, projection, mean @ projection, steps.astype(np.float32))


def _sums(x: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> Array:
    carries = np.zeros((count, len(x)), dtype=np.float32)
    carries[labels, np.arange(len(x))] = 1
    return (carries @ x).astype(np.float64)


def _discriminants(apart: Array, within: Array, count: int) -> Array:
    """The leading generalised eigenvectors of M M' and ``within``, (SNPs, count), M = ``apart``.

    They are scaled to variance 1 within.
    """
    lower = np.linalg.cholesky(within)
    half = solve_triangular(lower, apart, lower=True, check_finite=False)
    snps, labels = half.shape
    small = half @ half.T if snps <= labels else half.T @ half
    last = len(small) - 1
    chosen = (last + 1 - count, last)
    values, vectors = eigh(small, subset_by_index=chosen, check_finite=False)
    if labels < snps:
        vectors = half @ vectors / np.sqrt(np.maximum(values, _LEAST_APART))
    return np.asarray(solve_triangular(lower, vectors, trans="T", lower=True, check_finite=False))
