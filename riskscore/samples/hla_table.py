"""The HLA genotypes of a VCF as a table: a row a sample and gene, with what else it could be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import NothingMatchedError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import GENES
from riskscore.samples.hla_calls import GeneCalls, HLACalls
from riskscore.samples.hla_records import hla_regions, read_hla_records
from riskscore.samples.opening import open_source

HLA_COLUMNS = (
    "sample", "gene", "allele_1", "allele_2", "posterior", "alternatives", "resolution", "source",
)  # fmt: skip
_ALTERNATIVES = 3


def read_hla(
    vcf: str | Path, *, build: Build | str | None = None
) -> tuple[tuple[str, ...], HLACalls]:
    """Samples and HLA calls of a VCF; raises NothingMatchedError when it has no HLA records."""
    path = Path(vcf)
    with open_source([path]) as source:
        chosen = Build(build) if build else source.build or Build.GRCh38
        source.prepare(hla_regions(chosen))
        calls, reports = read_hla_records(source, GENES, chosen)
        samples = source.samples
    if not calls:
        raise NothingMatchedError(
            "the VCF has no HLA records",
            where=path.name,
            fix="impute HLA alleles; the ordinary imputation workflows leave them out",
        )
    return samples, HLACalls(calls, reports=reports)


def hla_rows(samples: Sequence[str], calls: HLACalls) -> list[dict[str, Any]]:
    """One row a sample and gene; a sample without a call has empty alleles."""
    return [
        _row(sample, place, gene_calls)
        for place, sample in enumerate(samples)
        for gene_calls in calls.genes.values()
    ]


def _row(sample: str, place: int, calls: GeneCalls) -> dict[str, Any]:
    best = calls.best(place)
    row: dict[str, Any] = dict.fromkeys(HLA_COLUMNS)
    row |= {"sample": sample, "gene": calls.gene, "source": calls.source}
    if best is None:
        return row
    span = calls.rows(place, place + 1)
    others = sorted(
        (
            (float(p), f"{calls.alleles[i]}+{calls.alleles[j]}")
            for i, j, p in zip(
                calls.first[span], calls.second[span], calls.probability[span], strict=True
            )
        ),
        reverse=True,
    )[1 : 1 + _ALTERNATIVES]
    return row | {
        "allele_1": str(best[0]),
        "allele_2": str(best[1]),
        "posterior": best[2],
        "alternatives": ",".join(f"{pair}:{p:.3g}" for p, pair in others),
        "resolution": min(best[0].resolution, best[1].resolution),
    }
