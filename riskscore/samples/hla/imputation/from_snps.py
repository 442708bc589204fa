"""HLA calls from the SNPs that a source has around the genes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.genetics.build import Build
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.calls import (
    IMPUTED,
    GeneCalls,
    HaplotypePosterior,
    HLACalls,
    HLAReport,
)
from riskscore.samples.hla.imputation.blocks import PARTS
from riskscore.samples.hla.imputation.diplotypes import Pairs
from riskscore.samples.hla.imputation.imputer import MISSING, Imputer, Posteriors
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.panel_file import read_panel, shipped_panel
from riskscore.samples.loci.loci import regions_of
from riskscore.samples.loci.matching import find

# A SNP that fewer people than this share are called at is left out.
_CALL_RATE = 0.5


@dataclass(frozen=True)
class PanelGenotypes:
    """What a source has of a panel's SNPs: ``snps`` are their places in the panel, rising.

    ``parts`` (people, SNPs) are copies of the alternate letter in PARTS of one, or MISSING.
    """

    snps: NDArray[np.int64]
    parts: NDArray[np.uint8]


def panel_of(path: Path | None) -> PhasedPanel:
    """The panel of a file, or the shipped one; raises PanelFormatError."""
    return shipped_panel() if path is None else _read_panel(path)


@lru_cache(maxsize=1)
def _read_panel(path: Path) -> PhasedPanel:
    return read_panel(path)


def panel_regions(panel: PhasedPanel, build: Build | None) -> list[Region]:
    """Where records of the panel's SNPs can stand."""
    return regions_of(panel.variants, build)


def read_panel_genotypes(
    source: Source, panel: PhasedPanel, build: Build, reading: Reading, people: range
) -> PanelGenotypes:
    """Find the panel's SNPs in a source, by place and letters on either strand.

    The genotypes are those of some people; which SNPs are used is decided on all.
    """
    columns, rows = [], []
    for place, variant in enumerate(panel.variants):
        values = find(source, variant, build, reading).values
        if values is None or np.isnan(values).mean() > _CALL_RATE:
            continue
        own = values[people.start : people.stop]
        called = np.rint(PARTS * np.nan_to_num(own)).astype(np.uint8)
        columns.append(place)
        rows.append(np.where(np.isnan(own), np.uint8(MISSING), called))
    parts = np.stack(rows, axis=1) if rows else np.zeros((len(people), 0), dtype=np.uint8)
    return PanelGenotypes(np.array(columns, dtype=np.int64), parts)


def with_imputed(
    known: HLACalls,
    source: Source,
    genes: Sequence[str],
    build: Build,
    reading: Reading,
    people: range,
    path: Path | None,
) -> HLACalls:
    """Calls that are known, and of people whose gene is not called those that their SNPs tell.

    ``known`` are calls of ``people`` alone. Genes that cannot be imputed are named in the warnings.
    """
    panel = panel_of(path)
    found = read_panel_genotypes(source, panel, build, reading, people)
    imputer = fitted(path, found.snps.tobytes(), tuple(sorted(genes)))
    wanted = [gene for gene in imputer.genes if gene in genes]
    told = imputer.posteriors(found.parts) if wanted else Posteriors({}, {})
    calls, imputed = dict(known.genes), dict(known.imputed)
    reports = list(known.reports)
    for gene in wanted:
        own = calls_of(gene, told.genes[gene], panel)
        typed = calls[gene].called(len(people)) if gene in calls else np.zeros(len(people), bool)
        calls[gene] = calls[gene].filled_from(own) if gene in calls else own
        imputed[gene] = own.called(len(people)) & ~typed
        reports.append(_report(imputer, gene, imputed[gene], int(typed.sum())))
    refused = [
        f"HLA-{gene} cannot be imputed: {why}"
        for gene, why in imputer.refused.items()
        if gene in genes
    ]
    return replace(
        known,
        genes=dict(sorted(calls.items())),
        imputed=imputed,
        haplotypes=haplotypes_of(imputer, told),
        reports=tuple(reports),
        warnings=(*known.warnings, *refused),
    )


@lru_cache(maxsize=1)
def fitted(path: Path | None, snps: bytes, genes: tuple[str, ...]) -> Imputer:
    """The panel fitted to SNPs (their places as bytes of int64), kept for the next sample set."""
    return Imputer.of(panel_of(path), np.frombuffer(snps, dtype=np.int64), genes)


def calls_of(gene: str, pairs: Pairs, panel: PhasedPanel) -> GeneCalls:
    """The posterior of a gene as calls."""
    return GeneCalls(
        gene,
        panel.names(gene),
        pairs.person,
        pairs.first,
        pairs.second,
        pairs.probability,
        IMPUTED,
        imputed=True,
    )


def haplotypes_of(imputer: Imputer, told: Posteriors) -> tuple[HaplotypePosterior, ...]:
    """The posteriors of haplotypes, with alleles by their names."""
    return tuple(
        HaplotypePosterior(
            genes,
            tuple(imputer.panel.names(gene) for gene in genes),
            imputer.labels(genes),
            pairs.person,
            pairs.first,
            pairs.second,
            pairs.probability,
        )
        for genes, pairs in told.haplotypes.items()
    )


def _report(imputer: Imputer, gene: str, imputed: Mask, typed: int) -> HLAReport:
    quality = imputer.quality[gene]
    return HLAReport(
        gene,
        IMPUTED,
        {2: len(imputer.panel.names(gene))},
        2,
        int(imputed.sum()),
        len(imputed) - int(imputed.sum()) - typed,
        accuracy={"all": quality.accuracy, **quality.by_population},
        notes=(
            f"from {len(imputer.snps)} SNPs of the panel",
            *([f"{typed} are typed"] if typed else []),
            f"{quality.people} panel people left out of it",
        ),
    )
