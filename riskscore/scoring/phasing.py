"""Haplotypes of DRB1~DQA1~DQB1 from genotypes gene by gene, by the population's haplotypes.

Of uncertain genotypes the joint distribution is that of linkage.py, and each phase of a
combination has its share of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAName
from riskscore.models.model import HaplotypeScheme
from riskscore.models.panel import ReferencePanel
from riskscore.scoring.kinds.scheme import classify
from riskscore.scoring.link import Array
from riskscore.scoring.linkage import (
    UNSEEN,
    GenePairs,
    Genotype,
    ListedHaplotypes,
    joint_weights,
    phase_shares,
)

_NEGLIGIBLE = 1e-9
_UNTOLD = 1e-6  # the probability that may fall on haplotypes of which no class can be told

Haplotype = tuple[HLAName, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class _Table:
    """Share of the population and possible classes (place, probability) of each haplotype."""

    share: Array
    classes: tuple[tuple[NDArray[np.int64], Array], ...]


class Phaser:
    """Weighs the phases of genotypes of a scheme's genes; remembers the haplotypes it has seen."""

    def __init__(self, scheme: HaplotypeScheme, panel: ReferencePanel, population: str) -> None:
        self.scheme = scheme
        self.genes = scheme.genes
        self._listed = ListedHaplotypes(panel, population, scheme.genes)
        classes = [classify(scheme, by_gene) for by_gene in self._listed.by_gene]
        self._class = np.array([-1 if place is None else place for place in classes])
        self._known: dict[Haplotype, tuple[float, dict[int, float]]] = {}
        self._tables: dict[tuple[tuple[HLAName, ...], ...], _Table] = {}

    def posterior(self, genotypes: Sequence[Sequence[Genotype]]) -> dict[Pair, float] | None:
        """Probability of each unordered pair of classes, in order; None if a class cannot be told.

        ``genotypes`` has for each gene its possible pairs. Every phase of every combination of
        them is looked at: genes whose alleles are in the order of the chromosomes keep it.
        """
        people = [GenePairs.of(rows) for rows in genotypes]
        table = self._table(tuple(gene.names for gene in people))
        shares = phase_shares(people, table.share)
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
            fits = [self._listed.fits(place, name) for place, name in enumerate(haplotype)]
            matching = np.flatnonzero(np.logical_and.reduce(fits))
            own = classify(self.scheme, dict(zip(self.genes, haplotype, strict=True)))
            classes: dict[int, float] = {} if own is None else {own: 1.0}
            if own is None:
                for listed in matching[self._class[matching] >= 0].tolist():
                    place = int(self._class[listed])
                    classes[place] = classes.get(place, 0.0) + float(self._listed.shares[listed])
                total = sum(classes.values())
                classes = {place: share / total for place, share in sorted(classes.items())}
            share = sum(self._listed.shares[matching].tolist())
            self._known[haplotype] = (share + UNSEEN, classes)
        return self._known[haplotype]
