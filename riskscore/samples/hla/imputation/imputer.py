"""A panel fitted to the SNPs that a file has, and what it makes of people's genotypes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from riskscore.arrays import Array, Mask, Places
from riskscore.errors import PanelFormatError
from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.blocks import PARTS, SNPBlock, ancestry, blocks_of, cleaned
from riskscore.samples.hla.imputation.diplotypes import FittedRegion, Pairs, fit_region, pairs_of
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.quality import GeneQuality, calibrated, held_out, quality_of
from riskscore.samples.hla.imputation.regions import GENES, MIDDLE, REGIONS

MISSING = 255  # in genotypes by PARTS
# A gene needs so many SNPs so near to it.
FEWEST, NEAR = 10, 250_000
_PEOPLE = 32  # worked on at a time, whatever their number
_LEAST = 1e-3  # less probable genotypes are left out


@dataclass(frozen=True)
class Imputer:
    """A panel fitted to some of its SNPs: ``snps`` are their places in the panel, rising.

    ``quality`` has, for each gene that can be imputed, what came of it in panel people who were
    left out; ``refused`` the genes that cannot, and why.
    """

    panel: PhasedPanel
    snps: Places
    blocks: tuple[SNPBlock, ...]
    regions: tuple[tuple[tuple[str, ...], FittedRegion], ...]
    quality: Mapping[str, GeneQuality]
    refused: Mapping[str, str]

    @classmethod
    def of(cls, panel: PhasedPanel, snps: Places, genes: Sequence[str] = GENES) -> Imputer:
        """Fit a panel: once without some of its people, to learn how well it does, then whole.

        ``genes`` are those asked for; others that are inherited with them are imputed as well.

        Raises PanelFormatError for a panel of another build than the genes' places are given in.
        """
        if panel.build is not Build.GRCh38:
            raise PanelFormatError(
                f"the panel's positions are {panel.build}, and HLA imputation needs GRCh38",
                fix="lift the phased VCF over, and build the panel again",
            )
        refused = _refused(panel, snps)
        # Whatever genes are asked for, those of a region are fitted together.
        regions = _regions([gene for gene in GENES if gene not in refused], genes)
        if not regions:
            return cls(panel, snps, (), (), {}, refused)
        out = held_out(panel.population)
        rest = np.setdiff1d(np.arange(panel.people), out)
        trial = cls(panel, snps, *_fitted(regions, panel.of_people(rest), snps), {}, refused)
        tested = panel.of_people(out)
        parts = (PARTS * tested.genotypes()[:, snps]).astype(np.uint8)
        quality = {
            gene: quality_of(gene, pairs, tested, panel)
            for gene, pairs in trial.posteriors(parts).items()
        }
        return cls(panel, snps, *_fitted(regions, panel, snps), quality, refused)

    @property
    def genes(self) -> tuple[str, ...]:
        """The genes that are imputed, those asked for and their neighbours, in their order."""
        return tuple(gene for genes, _ in self.regions for gene in genes)

    def posteriors(self, parts: NDArray[np.uint8]) -> dict[str, Pairs]:
        """Each gene's pairs of alleles, as codes of the panel, first <= second.

        ``parts`` (people, SNPs) are copies of the alternate letter in PARTS of one, or MISSING.
        What comes of a person depends on nobody else. Who has too few SNPs called near a gene has
        no pairs there.
        """
        chunks = range(0, len(parts), _PEOPLE)
        with threadpool_limits(1), ThreadPoolExecutor(_threads()) as pool:
            found = list(pool.map(lambda start: self._chunk(parts, start), chunks))
        return {
            gene: Pairs(*(np.concatenate(column) for column in zip(*columns, strict=True)))
            for gene, columns in ((g, [one[g] for one in found]) for g in self.genes)
            if columns
        }

    def _chunk(
        self, parts: NDArray[np.uint8], start: int
    ) -> dict[str, tuple[Places, Places, Places, Array]]:
        own = np.full((_PEOPLE, parts.shape[1]), MISSING, dtype=np.uint8)
        few = parts[start : start + _PEOPLE]
        own[: len(few)] = few  # always as many rows: results have the same bits in any company
        copies = np.where(own == MISSING, np.nan, own / PARTS).astype(np.float32)
        called = own != MISSING
        genotypes, told = cleaned(self.blocks, copies)
        likely = ancestry(told)
        found = {}
        for genes, region in self.regions:
            joint = pairs_of(region, genotypes, likely)
            for column, gene in enumerate(genes):
                pairs = _of_gene(joint, region.labels[:, column])
                if gene in self.quality:
                    pairs = calibrated(pairs, self.quality[gene])
                enough = (
                    called[:, _near(self.panel.positions[self.snps], gene)].sum(axis=1) >= FEWEST
                )
                real = enough[pairs.person] & (pairs.probability >= _LEAST)
                probability = pairs.probability[real]
                person = pairs.person[real]
                probability /= np.bincount(person, probability)[person]
                found[gene] = (
                    person + start, pairs.first[real], pairs.second[real], probability
                )  # fmt: skip
        return found


def _refused(panel: PhasedPanel, snps: Places) -> dict[str, str]:
    """Why genes cannot be imputed, of those that cannot."""
    found = {}
    positions = panel.positions[snps]
    for gene in GENES:
        if gene not in panel.genes:
            found[gene] = "the panel is not typed there"
            continue
        near = int(_near(positions, gene).sum())
        if near < FEWEST:
            found[gene] = (
                f"the file has {near} SNPs of the panel within {NEAR // 1000} kb, "
                f"and {FEWEST} are needed"
            )
    return found


def _near(positions: Places, gene: str) -> Mask:
    return np.asarray(np.abs(positions - MIDDLE[gene]) <= NEAR)


def _regions(usable: Sequence[str], asked: Sequence[str]) -> list[tuple[tuple[str, ...], int]]:
    """The usable genes of each region that has one of those asked for, and which region it is."""
    found = []
    for place, region in enumerate(REGIONS):
        genes = tuple(gene for gene in region.genes if gene in usable)
        if set(genes) & set(asked):
            found.append((genes, place))
    return found


def _fitted(
    regions: Sequence[tuple[tuple[str, ...], int]], panel: PhasedPanel, snps: Places
) -> tuple[tuple[SNPBlock, ...], tuple[tuple[tuple[str, ...], FittedRegion], ...]]:
    with threadpool_limits(1), ThreadPoolExecutor(_threads()) as pool:
        fits = pool.map(lambda one: fit_region(REGIONS[one[1]], panel, snps, one[0]), regions)
        chromosomes = np.repeat(panel.population, 2)
        blocks = blocks_of(panel.haplotypes[:, snps], chromosomes, len(panel.populations))
        return blocks, tuple((genes, fit) for (genes, _), fit in zip(regions, fits, strict=True))


def _of_gene(joint: Pairs, codes: Places) -> Pairs:
    """The pairs of one gene's alleles, from those of a region's haplotypes."""
    first, second = codes[joint.first], codes[joint.second]
    low, high = np.minimum(first, second), np.maximum(first, second)
    size = int(codes.max()) + 1
    whole, group = np.unique((joint.person * size + low) * size + high, return_inverse=True)
    probability = np.bincount(group.ravel(), joint.probability).astype(np.float64)
    person, key = np.divmod(whole, size * size)
    return Pairs(person, key // size, key % size, probability)


def _threads() -> int:
    """Two at most: as many as the processes that read a large file."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(2, usable)
