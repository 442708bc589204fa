"""Genes inherited together: how probable the genotypes of several genes are with one another.

For one set of genotypes every phase that it allows is weighed by the Hardy-Weinberg share of its
two haplotypes. Where the genotypes themselves are uncertain, their joint distribution is the one
nearest to the population's that leaves each gene its own posterior (iterative proportional
fitting; Deming and Stephan 1940, Ann Math Stat 11:427): imputation gives the genes one by one, and
genes of one haplotype are not independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAName
from riskscore.models.panel import DRDQ, ReferencePanel
from riskscore.scoring.link import Array

# The weight of a haplotype the panel has never seen, against those it has.
UNSEEN = 1e-6
# Fitting: how near to a gene's own posterior is near enough, and what Newton's steps may do.
_SETTLED = 1e-12
_STEPS, _HALVINGS = 200, 30
_FARTHEST, _DAMPING, _ROUNDING = 2.0, 1e-13, 1e-14

Genotype = tuple[HLAName, HLAName, float, bool]  # two alleles, probability, in order of chromosome
Turned = tuple[int, ...]  # by gene: 0 as its pairs are written, 1 turned round


@dataclass(frozen=True)
class GenePairs:
    """The possible pairs of one gene as arrays: the places of their alleles on each chromosome.

    ``first`` and ``second`` are as written and turned round; ``arrangements`` is 1 where that is
    an arrangement of its own, and 0 for homozygotes and pairs of known order turned round.
    """

    names: tuple[HLAName, ...]
    first: tuple[NDArray[np.int64], NDArray[np.int64]]
    second: tuple[NDArray[np.int64], NDArray[np.int64]]
    arrangements: tuple[Array, Array]

    @classmethod
    def of(cls, rows: Sequence[Genotype]) -> GenePairs:
        names = tuple(dict.fromkeys(name for a, b, _, _ in rows for name in (a, b)))
        place = {name: number for number, name in enumerate(names)}
        one = np.array([place[a] for a, _, _, _ in rows], dtype=np.int64)
        other = np.array([place[b] for _, b, _, _ in rows], dtype=np.int64)
        ordered = np.array([order for *_, order in rows], dtype=bool)
        turned = np.where(ordered | (one == other), 0.0, 1.0)
        return cls(names, (one, other), (other, one), (np.ones(len(rows)), turned))


class ListedHaplotypes:
    """The panel's haplotypes of some of the DR-DQ genes, and which of them a name may stand for."""

    def __init__(self, panel: ReferencePanel, population: str, genes: Sequence[str]) -> None:
        self._panel, self._population = panel, population
        self.genes = tuple(genes)
        listed = panel.drdq.get(population, ())
        self.shares = np.array([share for _, share in listed])
        self.by_gene = [dict(zip(DRDQ, alleles, strict=True)) for alleles, _ in listed]
        self._alleles = [[by_gene[gene] for by_gene in self.by_gene] for gene in self.genes]
        self._fitting: dict[tuple[int, HLAName], NDArray[np.bool_]] = {}

    def fits(self, place: int, name: HLAName) -> NDArray[np.bool_]:
        """Which haplotypes have an allele that this name of the gene at ``place`` may stand for."""
        key = (place, name)
        if key not in self._fitting:
            self._fitting[key] = np.array(
                [
                    self._panel.may_be_listed(name, allele, self._population)
                    for allele in self._alleles[place]
                ],
                dtype=bool,
            )
        return self._fitting[key]

    def table(self, names: Sequence[Sequence[HLAName]]) -> Array:
        """The share of every haplotype that these alleles can make, by gene along each axis."""
        total = self.shares
        for place, alleles in enumerate(names):
            fits = np.array([self.fits(place, name) for name in alleles], dtype=float)
            total = total[..., None, :] * fits
        return np.asarray(total.sum(axis=-1) + UNSEEN)


def phase_shares(genes: Sequence[GenePairs], share: Array) -> dict[Turned, Array]:
    """By phase the Hardy-Weinberg share of every combination of the genes' pairs.

    ``share`` has those of the haplotypes, by gene along each axis. Which gene is turned round
    says the phase; its pairs of known order are not.
    """
    return {
        turned: _outer(gene.arrangements[turn] for gene, turn in zip(genes, turned, strict=True))
        * share[np.ix_(*(g.first[t] for g, t in zip(genes, turned, strict=True)))]
        * share[np.ix_(*(g.second[t] for g, t in zip(genes, turned, strict=True)))]
        for turned in product((0, 1), repeat=len(genes))
    }


def joint_weights(genotypes: Sequence[Sequence[Genotype]], prior: Array) -> Array:
    """Probabilities of the combinations of genotypes, in the order of their product.

    ``prior`` are the combinations' shares of the population. Each gene keeps its own posterior.
    """
    shape = tuple(len(rows) for rows in genotypes)
    own = [np.array([p for _, _, p, _ in rows]) for rows in genotypes]
    own = [p / p.sum() for p in own]
    if sum(n > 1 for n in shape) <= 1:  # nothing to fit: one gene at most is uncertain
        weights = np.ones(shape)
        for axis, p in enumerate(own):
            weights = weights * _along(p, axis, len(shape))
        return np.asarray(weights.ravel())
    weights = (prior / prior.sum()).reshape(shape)
    for axis, p in enumerate(own):
        weights = weights * _along(p / weights.sum(axis=_others(axis, shape)), axis, len(shape))
    return np.asarray(_fitted(weights, own).ravel())


def _fitted(weights: Array, own: Sequence[Array]) -> Array:
    """Weights times a factor for each genotype of each gene, so that every gene keeps its own.

    Fitting gene after gene gets there, but where a gene says what few haplotypes bear out it takes
    thousands of rounds. The logs of the factors minimise a convex function, the sum of the weights
    less each gene's probabilities times its logs, so that Newton's steps find the same point.
    """
    shape, wanted = weights.shape, np.concatenate(own)
    cuts = np.cumsum(shape)[:-1]
    for _ in range(_STEPS):
        curvature, margins = _pairwise(weights)
        gap = wanted - margins
        if np.abs(gap / wanted).max() < _SETTLED:
            break
        # Two genes' factors may be traded for each other, a direction without curvature.
        curvature[np.diag_indices_from(curvature)] *= 1 + _DAMPING
        step = np.linalg.solve(curvature, gap)
        step *= min(1.0, _FARTHEST / np.abs(step).max())
        for _ in range(_HALVINGS):
            moved = weights
            for axis, part in enumerate(np.split(np.exp(step), cuts)):
                moved = moved * _along(part, axis, len(shape))
            if moved.sum() - wanted @ step <= weights.sum() + _ROUNDING:
                break
            step = step / 2
        weights = moved
    return np.asarray(weights / weights.sum())


def _pairwise(weights: Array) -> tuple[Array, Array]:
    """The genes' margins, one after the other, and those of every two genes as a matrix."""
    shape = weights.shape
    margins = [weights.sum(axis=_others(axis, shape)) for axis in range(len(shape))]
    blocks = [
        [
            np.diag(margins[i])
            if i == j
            else weights.sum(axis=tuple(k for k in range(len(shape)) if k not in (i, j)))
            for j in range(i, len(shape))
        ]
        for i in range(len(shape))
    ]
    rows = [
        [blocks[min(i, j)][abs(i - j)].T if j < i else blocks[i][j - i] for j in range(len(shape))]
        for i in range(len(shape))
    ]
    return np.block(rows), np.concatenate(margins)


def _others(axis: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(k for k in range(len(shape)) if k != axis)


def _outer(columns: Iterable[Array]) -> Array:
    return reduce(np.multiply.outer, columns)


def _along(values: Array, axis: int, dimensions: int) -> Array:
    shape = [1] * dimensions
    shape[axis] = -1
    return values.reshape(shape)
