"""People drawn block by block: ancestry, HLA haplotypes, the alleles of each locus, families."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, GenotypeCodes, Mask
from riskscore.models.model import HaplotypeScheme
from riskscore.models.reference.panel import ReferencePanel
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import answers, class_questions
from riskscore.studies.simulation.plan import HLAPool, Locus, Settings, chromosome_order

BLOCK = 6144  # people or, of three persons each, 2048 families; the draws depend on it
MHC = (28_000_000, 34_500_000)  # inherited as a whole, in either build
MORGAN = 100_000_000  # base pairs, at one centimorgan a megabase

# One stream of random numbers for each block and purpose, so that they do not affect each other.
PEOPLE, ALLELES, EXPOSURES, DISEASE, NOISE, ORDER = range(6)

PoolPlaces = NDArray[np.int16]
COPIES = np.array([0, 1, 1, 2], dtype=np.uint8)


def stream(seed: int, purpose: int, number: int = 0) -> np.random.Generator:
    """The random numbers of one purpose and block."""
    return np.random.default_rng([seed, purpose, number])


@dataclass(frozen=True)
class People:
    """Simulated people. ``codes`` has shape (loci, people): 2 x first + second haplotype's allele,
    1 being the effect allele. ``hla`` gives by gene the places of both alleles in the pool, shape
    (people, 2), the first of all genes on one chromosome. ``ancestry`` is each person's share of
    haplotypes from each population of the mixture; ``family`` has number and role (0 father,
    1 mother, 2 child), -1 outside families.
    """

    female: Mask
    codes: GenotypeCodes
    hla: Mapping[str, PoolPlaces]
    ancestry: NDArray[np.float32]
    family: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.female)

    def take(self, rows: NDArray[np.int64]) -> People:
        """Some of the people, in the order of ``rows``."""
        return People(
            self.female[rows],
            self.codes[:, rows],
            {gene: places[rows] for gene, places in self.hla.items()},
            self.ancestry[rows],
            self.family[rows],
        )


def joined(parts: Sequence[People]) -> People:
    """The people of several blocks."""
    return People(
        np.concatenate([p.female for p in parts]),
        np.concatenate([p.codes for p in parts], axis=1),
        {gene: np.concatenate([p.hla[gene] for p in parts]) for gene in parts[0].hla},
        np.concatenate([p.ancestry for p in parts]),
        np.concatenate([p.family for p in parts]),
    )


class Drawer:
    """Draws blocks of people for a plan."""

    def __init__(
        self, settings: Settings, pool: HLAPool, loci: Sequence[Locus], panel: ReferencePanel
    ) -> None:
        self.settings, self.pool, self.loci = settings, pool, tuple(loci)
        self.panel = panel
        self.populations = tuple(settings.mixture)
        self.chromosomes = sorted(
            {locus.variant.chromosome for locus in loci} | {"6"}, key=chromosome_order
        )
        self.mixture = np.cumsum([settings.mixture[name] for name in self.populations])[:-1]
        self.schemes = [model.scheme for model in settings.models if model.scheme]
        self._classed = [class_tables(scheme, pool, panel) for scheme in self.schemes]
        self.thresholds = [self._threshold(locus) for locus in loci]

    def block(self, number: int, size: int) -> People:
        """``size`` people (or families) of a block, the same for the same seed and number."""
        if not self.settings.trios:
            return self._founders(number, size, stream(self.settings.seed, PEOPLE, number))
        rng = stream(self.settings.seed, PEOPLE, number)
        parents = self._founders(number, 2 * size, rng)
        return self._families(parents, size, rng)

    def _founders(self, number: int, size: int, rng: np.random.Generator) -> People:
        female = rng.random(size) < 0.5
        origin = {
            name: np.searchsorted(self.mixture, rng.random((size, 2)), side="right")
            for name in self.chromosomes
        }
        hla = self._haplotypes(origin["6"], rng) | {
            gene: self._places(gene, origin["6"], rng)
            for gene in self.pool.alleles
            if gene not in self.pool.priors[self.populations[0]].genes
        }
        draws = stream(self.settings.seed, ALLELES, number)
        codes = np.empty((len(self.loci), size), dtype=np.uint8)
        classes = {id(scheme): self.classes(scheme, hla) for scheme in self.schemes}
        for row, (locus, (system, table)) in enumerate(
            zip(self.loci, self.thresholds, strict=True)
        ):
            places: NDArray[np.int64] | PoolPlaces | int = 0
            if isinstance(system, HaplotypeScheme):
                places = classes[id(system)]
            elif system:
                places = hla[system]
            threshold = table[origin[locus.variant.chromosome], places]
            allele = draws.random((size, 2), dtype=np.float32) < threshold
            codes[row] = 2 * allele[:, 0] + allele[:, 1]
        everywhere = np.concatenate([origin[name] for name in self.chromosomes], axis=1)
        ancestry = np.stack(
            [(everywhere == i).mean(axis=1) for i in range(len(self.populations))], axis=1
        ).astype(np.float32)
        family = np.full((size, 2), -1, dtype=np.int64)
        return People(female, codes, hla, ancestry, family)

    def _haplotypes(
        self, origin: NDArray[np.int64], rng: np.random.Generator
    ) -> dict[str, PoolPlaces]:
        """Whole haplotypes, each from the prior of its own population."""
        genes = self.pool.priors[self.populations[0]].genes
        drawn = np.zeros((*origin.shape, len(genes)), dtype=np.int16)
        for i, name in enumerate(self.populations):
            mine = origin == i
            drawn[mine] = self.pool.priors[name].drawn(int(mine.sum()), rng)
        return {gene: drawn[..., place] for place, gene in enumerate(genes)}

    def _places(self, gene: str, origin: NDArray[np.int64], rng: np.random.Generator) -> PoolPlaces:
        """Alleles of a gene drawn by itself, by the shares of each haplotype's population."""
        draws = rng.random(origin.shape)
        places = np.zeros(origin.shape, dtype=np.int16)
        for i, name in enumerate(self.populations):
            bounds = np.cumsum(self.pool.shares[name, gene])[:-1]
            mine = origin == i
            places[mine] = np.searchsorted(bounds, draws[mine], side="right")
        return places

    def classes(self, scheme: HaplotypeScheme, hla: Mapping[str, PoolPlaces]) -> NDArray[np.int64]:
        """The class in a scheme of each of people's haplotypes, shape (people, 2)."""
        tables = self._classed[[id(own) for own in self.schemes].index(id(scheme))]
        first = next(iter(tables))
        found = np.full(hla[first].shape, len(scheme.haplotypes), dtype=np.int64)
        for number in reversed(range(len(scheme.haplotypes))):
            inside = np.logical_and.reduce(
                [table[hla[gene], number] for gene, table in tables.items()]
            )
            found[inside] = number
        return found

    def _threshold(self, locus: Locus) -> tuple[str | HaplotypeScheme, NDArray[np.float32]]:
        """P(effect allele) by population and by allele, or class, of what the locus goes with."""
        if locus.haplotype is not None:
            scheme = next(s for s in self.schemes if locus.haplotype in s.haplotypes)
            is_own = np.zeros(len(scheme.haplotypes) + 1, dtype=np.float32)
            is_own[scheme.haplotypes.index(locus.haplotype)] = 1
            return scheme, np.repeat(is_own[None, :], len(self.populations), axis=0)
        if not locus.tag:
            shares = [[locus.frequency[name]] for name in self.populations]
            return "", np.array(shares, dtype=np.float32)
        gene = locus.tag[self.populations[0]].allele.gene
        table = []
        for name in self.populations:
            link = locus.tag[name]
            carried = np.array([link.allele.covers(a) for a in self.pool.alleles[gene]])
            share = float(self.pool.allele_shares(name, gene)[carried].sum())
            with_allele, without = link.conditional(share)
            table.append(np.where(carried, with_allele, without))
        return gene, np.array(table, dtype=np.float32)

    def expected_frequency(self, row: int) -> float:
        """A locus's effect-allele frequency in the first population, as it is drawn."""
        system, table = self.thresholds[row]
        name = self.populations[0]
        if isinstance(system, HaplotypeScheme):
            shares = self._class_shares(system, name)
        elif system:
            shares = self.pool.allele_shares(name, system)
        else:
            return float(table[0, 0])
        return float(shares @ table[0].astype(np.float64))

    def _class_shares(self, scheme: HaplotypeScheme, population: str) -> Array:
        """How frequent the classes of a scheme are, over every combination of its alleles."""
        genes = [gene for gene in self.pool.alleles if gene in scheme.genes]
        sizes = [len(self.pool.alleles[gene]) for gene in genes]
        places = np.indices(sizes).reshape(len(genes), -1)
        prior = HaplotypePrior.of(self.panel.haplotypes, population, genes)
        codes = np.column_stack([places[genes.index(gene)] for gene in prior.genes])
        classes = self.classes(scheme, dict(zip(genes, places, strict=True)))
        size = len(scheme.haplotypes) + 1
        return np.bincount(classes, prior.probability(codes), size).astype(np.float64)

    def _families(self, parents: People, size: int, rng: np.random.Generator) -> People:
        """Father, mother and child, family by family; the child by recombination of both."""
        fathers, mothers = np.arange(size), np.arange(size, 2 * size)
        codes = np.zeros((len(self.loci), size), dtype=np.uint8)
        hla = {gene: np.empty((size, 2), dtype=np.int16) for gene in self.pool.alleles}
        for side, parent in enumerate((fathers, mothers)):
            second, at_mhc = self._transmitted(size, rng)
            bits = (parents.codes[:, parent] >> np.where(second, 0, 1).astype(np.uint8)) & 1
            codes |= bits << np.uint8(1 - side)
            for gene, places in hla.items():
                places[:, side] = parents.hla[gene][parent, at_mhc.astype(int)]
        # A child's ancestry is given as its parents' mean, the expectation.
        ancestry = (parents.ancestry[fathers] + parents.ancestry[mothers]) / np.float32(2)
        children = People(rng.random(size) < 0.5, codes, hla, ancestry, parents.family[:size])
        female = np.concatenate([np.repeat([False, True], size), children.female])
        everyone = replace(joined([parents, children]), female=female)
        order = np.arange(3 * size).reshape(3, size).T.ravel()
        family = np.stack([np.repeat(np.arange(size), 3), np.tile([0, 1, 2], size)], axis=1)
        return replace(everyone.take(order), family=family)

    def _transmitted(self, size: int, rng: np.random.Generator) -> tuple[Mask, Mask]:
        """Whether a parent's second haplotype is passed on, at each locus and at the HLA genes.

        Crossing over between neighbours follows Haldane, (1 - exp(-2d)) / 2 for d morgans.
        """
        stops = [(chromosome_order("6"), _map_position("6", MHC[0]), -1)] + [
            (
                chromosome_order(locus.variant.chromosome),
                _map_position(
                    locus.variant.chromosome, locus.variant.position(self.settings.build)
                ),
                row,
            )
            for row, locus in enumerate(self.loci)
        ]
        second = np.empty((len(self.loci), size), dtype=bool)
        at_mhc = current = np.empty(0, dtype=bool)
        before = (-1, 0)
        for number, position, row in sorted(stops):
            if number != before[0]:
                current = rng.random(size) < 0.5
            else:
                crossing = (1 - math.exp(-2 * (position - before[1]) / MORGAN)) / 2
                if crossing:
                    current = current ^ (rng.random(size) < crossing)
            before = (number, position)
            if row < 0:
                at_mhc = current
            else:
                second[row] = current
        return second, at_mhc


def _map_position(name: str, position: int) -> int:
    """A genetic position in which the whole MHC is one point."""
    if name != "6" or position <= MHC[0]:
        return position
    return max(MHC[0], position - (MHC[1] - MHC[0]))


def class_tables(scheme: HaplotypeScheme, pool: HLAPool, panel: ReferencePanel) -> dict[str, Mask]:
    """By gene of a scheme, which alleles of the pool fit each class, shape (alleles, classes)."""
    asked = class_questions(scheme)
    return {
        gene: answers([own[k] for own in asked], pool.alleles[gene], panel, panel.populations[0])
        == 1
        for k, gene in enumerate(scheme.genes)
    }
