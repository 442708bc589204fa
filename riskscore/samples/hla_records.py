"""HLA alleles that stand in a VCF as records of their own, one a name, present or absent.

The layout of HLA-TAPAS and its kin: ``HLA_DRB1*15:01  A  T``, where one letter means the allele is
there and the other that it is not. Which is which is read from the letters of every record, since
tools disagree and PLINK swaps them by frequency. Names of several resolutions stand side by side
and are never added up: one resolution is used for each gene.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import HLAFormatError, VCFFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.genotypes import allele_copies
from riskscore.samples.hla_calls import SUM_TOLERANCE, GeneCalls, HLAReport, calls_from_dosages
from riskscore.samples.vcf import Record, VCFFile

SOURCE = "HLA records of the VCF"
# The MHC with room to spare; HLA records may have invented positions inside it.
MHC = {Build.GRCh37: (28_000_000, 34_500_000), Build.GRCh38: (28_000_000, 34_500_000)}
_ID = re.compile(r"^HLA[_-]")
# REF and ALT letters -> whether ALT means present.
_POLARITY: dict[tuple[str, ...], bool] = {
    ("A", "T"): True,
    ("T", "A"): False,
    ("A", "P"): True,
    ("P", "A"): False,
}
_PREFERRED = (2, 3, 4, 1)  # two fields first: what models are written in


def read_hla_records(
    vcf: VCFFile, genes: Iterable[str], build: Build
) -> tuple[dict[str, GeneCalls], tuple[HLAReport, ...]]:
    """Calls by gene from the HLA records of a file, and what was seen of each gene."""
    wanted = set(genes)
    rows: dict[str, dict[HLAAllele, NDArray[np.float64]]] = defaultdict(dict)
    start, end = MHC[build]
    for line in vcf.fetch("6", start, end) if wanted else ():
        if not _ID.match(line.split("\t", 3)[2]):
            continue
        record = vcf.parse(line)
        try:
            allele = HLAAllele.parse(record.id)
        except HLAFormatError:
            continue  # HLA_ names that are not alleles: bare genes, intergenic markers
        if allele.gene not in wanted:
            continue
        if allele in rows[allele.gene]:
            raise VCFFormatError(f"two records are named {record.id}", where=vcf.path.name)
        rows[allele.gene][allele] = presence(record)
    calls, reports = {}, []
    for gene, alleles in sorted(rows.items()):
        chosen = _resolution(alleles)
        names = [allele for allele in alleles if allele.resolution == chosen]
        dosages = np.array([alleles[name] for name in names])
        calls[gene] = calls_from_dosages(gene, names, dosages, SOURCE)
        called = int(calls[gene].called(len(vcf.samples)).sum())
        reports.append(
            HLAReport(
                gene,
                SOURCE,
                Counter(allele.resolution for allele in alleles),
                chosen,
                called,
                len(vcf.samples) - called,
                float(np.nanmean(dosages.sum(axis=0))) if dosages.size else float("nan"),
            )
        )
    return calls, tuple(reports)


def presence(record: Record) -> NDArray[np.float64]:
    """Copies of the allele the record is named after, shape (samples,).

    Raises VCFFormatError when the letters do not say which one means present.
    """
    letters = (record.ref.upper(), *(alt.upper() for alt in record.alts))
    alt_is_present = _POLARITY.get(letters)
    if alt_is_present is None:
        raise VCFFormatError(
            f"the letters {record.ref}>{','.join(record.alts)} of {record.id} do not say "
            "which one means present",
            fix="use A/T (absent/present) or A/P, as HLA-TAPAS does",
        )
    copies: NDArray[np.float64] = allele_copies(record)[0].astype(np.float64)
    return copies if alt_is_present else np.asarray(2 - copies)


def _resolution(alleles: dict[HLAAllele, NDArray[np.float64]]) -> int:
    """The number of fields whose records account best for two alleles a person."""
    sums: dict[int, float] = {}
    for fields in {allele.resolution for allele in alleles}:
        total = sum(dosage for allele, dosage in alleles.items() if allele.resolution == fields)
        with np.errstate(invalid="ignore"):
            sums[fields] = float(np.mean(np.abs(total - 2) <= SUM_TOLERANCE))
    best = max(sums.values())
    return next(fields for fields in _PREFERRED if sums.get(fields, -1.0) >= best - 0.05)
