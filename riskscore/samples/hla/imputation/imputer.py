"""A panel fitted to the SNPs that a file has, and what it makes of people's genotypes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from riskscore.arrays import Mask, Places
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
class Posteriors:
    """What people's SNPs tell, each person's probabilities summing to 1.

    ``genes`` are pairs of alleles of each gene, as codes of the panel, first <= second.
    ``haplotypes`` are pairs of haplotypes of genes that are inherited together, as places among
    the region's labels; a region of one gene has none.
    """

    genes: dict[str, Pairs]
    haplotypes: dict[tuple[str, ...], Pairs]


@dataclass(frozen=True)
class Imputer:
    """A panel fitted to some of its SNPs: ``snps`` are their places in the panel, rising.

    ``quality`` has, for each gene that can be imputed and for the haplotypes of regions of several
    (their names in a tuple), what came of it in panel people who were left out; ``refused`` the
    genes that cannot, and why.
    """

    panel: PhasedPanel
    snps: Places
    blocks: tuple[SNPBlock, ...]
    regions: tuple[tuple[tuple[str, ...], FittedRegion], ...]
    quality: Mapping[str | tuple[str, ...], GeneQuality]
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
        fitted = cls(panel, snps, *_fitted(regions, panel, snps), {}, refused)
        return replace(fitted, quality=_quality(trial, fitted, trial.posteriors(parts), tested))

    @property
    def genes(self) -> tuple[str, ...]:
        """The genes that are imputed, those asked for and their neighbours, in their order."""
        return tuple(gene for genes, _ in self.regions for gene in genes)

    def labels(self, genes: tuple[str, ...]) -> Places:
        """The haplotypes of a region, (haplotypes, genes), as codes of the panel."""
        return dict(self.regions)[genes].labels

    def posteriors(self, parts: NDArray[np.uint8]) -> Posteriors:
        """What genotypes tell of each person; it depends on nobody else.

        ``parts`` (people, SNPs) are copies of the alternate letter in PARTS of one, or MISSING.
        Who has too few SNPs called near a gene has no pairs there.
        """
        chunks = range(0, len(parts), _PEOPLE)
        with threadpool_limits(1), ThreadPoolExecutor(_threads()) as pool:
            found = list(pool.map(lambda start: self._chunk(parts, start), chunks))
        regions = [genes for genes, _ in self.regions if len(genes) > 1]
        return Posteriors(
            {gene: _together([one.genes[gene] for one in found]) for gene in self.genes if found},
            {key: _together([one.haplotypes[key] for one in found]) for key in regions if found},
        )

    def _chunk(self, parts: NDArray[np.uint8], start: int) -> Posteriors:
        own = np.full((_PEOPLE, parts.shape[1]), MISSING, dtype=np.uint8)
        few = parts[start : start + _PEOPLE]
        own[: len(few)] = few  # always as many rows: results have the same bits in any company
        copies = np.where(own == MISSING, np.nan, own / PARTS).astype(np.float32)
        called = own != MISSING
        genotypes, told = cleaned(self.blocks, copies)
        likely = ancestry(told)
        positions = self.panel.positions[self.snps]
        found = Posteriors({}, {})
        for genes, region in self.regions:
            joint, alone = pairs_of(region, genotypes, likely)
            enough = {
                gene: called[:, _near(positions, gene)].sum(axis=1) >= FEWEST for gene in genes
            }
            for gene, pairs in zip(genes, alone, strict=True):
                found.genes[gene] = self._told(gene, pairs, enough[gene], start)
            if len(genes) > 1:
                every = np.all(list(enough.values()), axis=0)
                found.haplotypes[genes] = self._told(genes, joint, every, start)
        return found

    def _told(self, key: str | tuple[str, ...], pairs: Pairs, enough: Mask, start: int) -> Pairs:
        """Calibrated pairs, without the rarest, of people who have enough SNPs."""
        if key in self.quality:
            pairs = calibrated(pairs, self.quality[key])
        real = enough[pairs.person] & (pairs.probability >= _LEAST)
        probability, person = pairs.probability[real], pairs.person[real]
        probability /= np.bincount(person, probability)[person]
        return Pairs(person + start, pairs.first[real], pairs.second[real], probability)


def _together(chunks: Sequence[Pairs]) -> Pairs:
    """The pairs of all chunks, in order."""
    columns = zip(*((p.person, p.first, p.second, p.probability) for p in chunks), strict=True)
    return Pairs(*(np.concatenate(column) for column in columns))


def _quality(
    trial: Imputer, fitted: Imputer, found: Posteriors, tested: PhasedPanel
) -> dict[str | tuple[str, ...], GeneQuality]:
    """The quality of each gene and region by what a trial found of people left out of it."""
    quality: dict[str | tuple[str, ...], GeneQuality] = {}
    panel = fitted.panel
    for (genes, region), (_, whole) in zip(trial.regions, fitted.regions, strict=True):
        columns = [panel.genes.index(gene) for gene in genes]
        true, known = (people.codes[:, columns].astype(np.int64) for people in (tested, panel))
        for k, gene in enumerate(genes):
            truth = true[:, k].reshape(-1, 2)
            quality[gene] = quality_of(found.genes[gene], truth, tested, known[:, k])
        if len(genes) > 1:
            truth, known = region.labelled(true).reshape(-1, 2), whole.labelled(known)
            quality[genes] = quality_of(found.haplotypes[genes], truth, tested, known)
    return quality


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


def _threads() -> int:
    """Two at most: as many as the processes that read a large file."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return min(2, usable)
