"""Haplotypes of DRB1~DQA1~DQB1 from genotypes gene by gene, by the population's haplotypes.

For one set of genotypes every phase that it allows is weighed by the Hardy-Weinberg share of its
two haplotypes. Where the genotypes themselves are uncertain, their joint distribution is the one
nearest to the population's that leaves each gene its own posterior (iterative proportional
fitting; Deming and Stephan 1940, Ann Math Stat 11:427): imputation gives the genes one by one, and
genes of one haplotype are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_ROUNDS = 2000
_SETTLED = 1e-14

Genotype = tuple[HLAName, HLAName, float, bool]  # two alleles, probability, in order of chromosome
Haplotype = tuple[HLAName, ...]
Pair = tuple[int, int]


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

    def posterior(self, genotypes: Sequence[Sequence[Genotype]]) -> dict[Pair, float] | None:
        """Probability of each unordered pair of classes, in order; None if a class cannot be told.

        ``genotypes`` has for each gene its possible pairs.
        """
        combinations = list(product(*genotypes))
        phased = [self._phases(combination) for combination in combinations]
        weights = joint_weights(genotypes, np.array([sum(shares.values()) for shares in phased]))
        result: dict[Pair, float] = {}
        for weight, shares in zip(weights.tolist(), phased, strict=True):
            total = sum(shares.values())
            for (one, other), share in shares.items():
                first, second = self._classes(one), self._classes(other)
                if not first or not second:
                    return None
                for (i, p), (j, q) in product(first.items(), second.items()):
                    pair = (i, j) if i <= j else (j, i)
                    result[pair] = result.get(pair, 0.0) + weight * share / total * p * q
        return dict(sorted((pair, p) for pair, p in result.items() if p > _NEGLIGIBLE))

    def _phases(self, combination: Sequence[Genotype]) -> dict[tuple[Haplotype, Haplotype], float]:
        """Every different phase of one set of genotypes, and its share of the population.

        Genes whose alleles are in the order of the chromosomes move together.
        """
        together = [ordered for _, _, _, ordered in combination]
        swaps = [(0,) if ordered else (0, 1) for ordered in together]
        shares: dict[tuple[Haplotype, Haplotype], float] = {}
        for turned in product(*swaps):
            sides = [
                (g[1], g[0]) if swap else (g[0], g[1])
                for g, swap in zip(combination, turned, strict=True)
            ]
            one: Haplotype = tuple(side[0] for side in sides)
            other: Haplotype = tuple(side[1] for side in sides)
            if (one, other) in shares or (other, one) in shares:
                continue
            share = self._share(one) * self._share(other)
            shares[one, other] = share if one == other else 2 * share
        return shares

    def _share(self, haplotype: Haplotype) -> float:
        return self._look_up(haplotype)[0]

    def _classes(self, haplotype: Haplotype) -> dict[int, float]:
        """The probability of each class a named haplotype may be of; empty if nothing tells."""
        return self._look_up(haplotype)[1]

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


def _along(values: Array, axis: int, dimensions: int) -> Array:
    shape = [1] * dimensions
    shape[axis] = -1
    return values.reshape(shape)
