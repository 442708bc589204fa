"""Haplotypes of DRB1~DQA1~DQB1 from genotypes gene by gene, by the population's haplotypes.

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
from riskscore.models.model import HaplotypeScheme
from riskscore.models.panel import DRDQ, ReferencePanel
from riskscore.scoring.link import Array
from riskscore.scoring.systems import classify

# The weight of a haplotype the panel has never seen, against those it has.
UNSEEN = 1e-6
_NEGLIGIBLE = 1e-9
_UNTOLD = 1e-6  # the probability that may fall on haplotypes of which no class can be told
_ROUNDS = 100
_SETTLED = 1e-10

Genotype = tuple[HLAName, HLAName, float, bool]  # two alleles, probability, in order of chromosome
Haplotype = tuple[HLAName, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class _Gene:
    """The possible pairs of one gene as arrays: the places of their alleles on each chromosome.

    ``first`` and ``second`` are as written and turned round; ``arrangements`` is 1 where that is
    an arrangement of its own, and 0 for homozygotes and pairs of known order turned round.
    """

    names: tuple[HLAName, ...]
    first: tuple[NDArray[np.int64], NDArray[np.int64]]
    second: tuple[NDArray[np.int64], NDArray[np.int64]]
    arrangements: tuple[Array, Array]

    @classmethod
    def of(cls, rows: Sequence[Genotype]) -> _Gene:
        names = tuple(dict.fromkeys(name for a, b, _, _ in rows for name in (a, b)))
        place = {name: number for number, name in enumerate(names)}
        one = np.array([place[a] for a, _, _, _ in rows], dtype=np.int64)
        other = np.array([place[b] for _, b, _, _ in rows], dtype=np.int64)
        ordered = np.array([order for *_, order in rows], dtype=bool)
        turned = np.where(ordered | (one == other), 0.0, 1.0)
        return cls(names, (one, other), (other, one), (np.ones(len(rows)), turned))


@dataclass(frozen=True)
class _Table:
    """Share of the population and possible classes (place, probability) of each haplotype."""

    share: Array
    classes: tuple[tuple[NDArray[np.int64], Array], ...]


class Phaser:
    """Weighs the phases of genotypes of a scheme's genes; remembers the haplotypes it has seen."""

    def __init__(self, scheme: HaplotypeScheme, panel: ReferencePanel, population: str) -> None:
        self.scheme, self.panel, self.population = scheme, panel, population
        self.genes = scheme.genes
        listed = panel.drdq.get(population, ())
        named = [dict(zip(DRDQ, alleles, strict=True)) for alleles, _ in listed]
        self._shares = np.array([share for _, share in listed])
        self._alleles = [[by_gene[gene] for by_gene in named] for gene in self.genes]
        classes = [classify(scheme, by_gene) for by_gene in named]
        self._class = np.array([-1 if place is None else place for place in classes])
        self._fitting: dict[tuple[int, HLAName], NDArray[np.bool_]] = {}
        self._known: dict[Haplotype, tuple[float, dict[int, float]]] = {}
        self._tables: dict[tuple[tuple[HLAName, ...], ...], _Table] = {}

    def posterior(self, genotypes: Sequence[Sequence[Genotype]]) -> dict[Pair, float] | None:
        """Probability of each unordered pair of classes, in order; None if a class cannot be told.

        ``genotypes`` has for each gene its possible pairs. Every phase of every combination of
        them is looked at: genes whose alleles are in the order of the chromosomes keep it.
        """
        people = [_Gene.of(rows) for rows in genotypes]
        table = self._table(tuple(gene.names for gene in people))
        shares = {
            turned: _outer(
                gene.arrangements[turn] for gene, turn in zip(people, turned, strict=True)
            )
            * table.share[np.ix_(*(g.first[t] for g, t in zip(people, turned, strict=True)))]
            * table.share[np.ix_(*(g.second[t] for g, t in zip(people, turned, strict=True)))]
            for turned in product((0, 1), repeat=len(people))
        }
        prior = np.sum(list(shares.values()), axis=0)
        weights = joint_weights(genotypes, prior.ravel()).reshape(prior.shape) / prior
        size = len(self.scheme.haplotypes) + 1
        total = np.zeros((size + 1, size + 1))  # the last place: no class can be told
        for turned, share in shares.items():
            one = np.ix_(*(g.first[t] for g, t in zip(people, turned, strict=True)))
            other = np.ix_(*(g.second[t] for g, t in zip(people, turned, strict=True)))
            for (a, p), (b, q) in product(table.classes, repeat=2):
                mass = (weights * share * p[one] * q[other]).ravel()
                key = (a[one] * (size + 1) + b[other]).ravel()
                total += np.bincount(key, mass, total.size).reshape(total.shape)
        lost = float(total[-1].sum() + total[:-1, -1].sum())
        if lost > _UNTOLD:
            return None
        result = {
            (i, j): float(total[i, j] + (total[j, i] if i != j else 0.0)) / (1 - lost)
            for i in range(size)
            for j in range(i, size)
        }
        return {pair: p for pair, p in result.items() if p > _NEGLIGIBLE}

    def _table(self, names: tuple[tuple[HLAName, ...], ...]) -> _Table:
        """Share and classes of every haplotype that these alleles of each gene can make."""
        if names not in self._tables:
            shape = tuple(len(alleles) for alleles in names)
            found = [self._look_up(haplotype) for haplotype in product(*names)]
            untold = len(self.scheme.haplotypes) + 1
            layers = max(len(classes) for _, classes in found) or 1
            listed = [
                (list(classes.items()) or [(untold, 1.0)]) + [(untold, 0.0)] * layers
                for _, classes in found
            ]
            self._tables[names] = _Table(
                np.array([share for share, _ in found]).reshape(shape),
                tuple(
                    (
                        np.array([row[k][0] for row in listed], dtype=np.int64).reshape(shape),
                        np.array([row[k][1] for row in listed]).reshape(shape),
                    )
                    for k in range(layers)
                ),
            )
        return self._tables[names]

    def _look_up(self, haplotype: Haplotype) -> tuple[float, dict[int, float]]:
        if haplotype not in self._known:
            fits = [self._fits(place, name) for place, name in enumerate(haplotype)]
            matching = np.flatnonzero(np.logical_and.reduce(fits))
            own = classify(self.scheme, dict(zip(self.genes, haplotype, strict=True)))
            classes: dict[int, float] = {} if own is None else {own: 1.0}
            if own is None:
                for listed in matching[self._class[matching] >= 0].tolist():
                    place = int(self._class[listed])
                    classes[place] = classes.get(place, 0.0) + float(self._shares[listed])
                total = sum(classes.values())
                classes = {place: share / total for place, share in sorted(classes.items())}
            share = sum(self._shares[matching].tolist())
            self._known[haplotype] = (share + UNSEEN, classes)
        return self._known[haplotype]

    def _fits(self, place: int, name: HLAName) -> NDArray[np.bool_]:
        """Which of the panel's haplotypes have an allele that this name may stand for."""
        key = (place, name)
        if key not in self._fitting:
            self._fitting[key] = np.array(
                [
                    self.panel.may_be_listed(name, allele, self.population)
                    for allele in self._alleles[place]
                ],
                dtype=bool,
            )
        return self._fitting[key]


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
    for _ in range(_ROUNDS):
        change = 0.0
        for axis, p in enumerate(own):
            others = tuple(k for k in range(len(shape)) if k != axis)
            factor = p / weights.sum(axis=others)
            weights = weights * _along(factor, axis, len(shape))
            change = max(change, float(np.abs(factor - 1).max()))
        if change < _SETTLED:
            break
    return np.asarray((weights / weights.sum()).ravel())


def _outer(columns: Iterable[Array]) -> Array:
    return reduce(np.multiply.outer, columns)


def _along(values: Array, axis: int, dimensions: int) -> Array:
    shape = [1] * dimensions
    shape[axis] = -1
    return values.reshape(shape)
