"""HLA calls from the records of a VCF, which together hold two alleles per person and gene.

Names of several resolutions stand side by side in such files, and each copy is counted once, as
finely as a person's own records name it. A call does not depend on the other people in the file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import HLAFormatError, VCFFormatError
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.calls import GeneCalls, HLAReport
from riskscore.samples.hla.cells import CellTable, GeneCells, RecordCells
from riskscore.samples.hla.dialects import (
    PREFIXES,
    HLARecord,
    named_alleles,
    names_no_allele,
    quality_of,
    read_hla_record,
)
from riskscore.samples.hla.evidence import Evidence
from riskscore.samples.hla.posterior import SUM_TOLERANCE, calls_from_evidence
from riskscore.samples.hla.same import SamePeople

SOURCE = "HLA records of the VCF"
# The MHC with a margin, in either build; HLA records have invented positions inside it.
MHC = (28_000_000, 34_500_000)
# Where HLA records are looked for: in the MHC, and at the position 0 that some tools write.
HLA_REGIONS = (Region("6", *MHC, prefixes=PREFIXES), Region("6", 0, 1, prefixes=PREFIXES))
_SHOWN = 20  # the most names in an error
_PREFERRED = (2, 3, 4, 1)  # two fields first: what models are written in
_COMMON = 0.01
_GOOD_QUALITY = 0.7
# Panels whose names are first members of G groups.
_G_GROUP_NOTE = (
    "if the panel was typed by G groups, a name stands for its group: "
    "DQB1*02:01 also for 02:02, DQA1*03:01 for 03:02 and 03:03, DQA1*05:01 for 05:05"
)


def read_hla_records(
    vcf: Source,
    genes: Iterable[str],
    people: range | None = None,
    *,
    min_r2: float | None = None,
) -> tuple[dict[str, GeneCalls], tuple[HLAReport, ...]]:
    """Calls by gene from the HLA records of a file, and a report on each gene.

    Records imputed worse than ``min_r2`` are left out. With ``people`` they alone are called,
    counted from 0; the sums and frequencies of reports are of all people.
    """
    wanted, least = set(genes), -np.inf if min_r2 is None else min_r2
    people = range(len(vcf.samples)) if people is None else people
    calls, reports = {}, []
    found = _read_genes(vcf, wanted, least)
    for gene in sorted(found):
        own = found.pop(gene)  # its cells are freed before the next gene is called
        if not own.records:
            continue
        calls[gene], report = _call(own, people)
        if own.poor:
            left = f"{own.poor} records of HLA-{gene} imputed worse than {least:g} are left out"
            report = replace(report, notes=(*report.notes, left))
        reports.append(report)
    return calls, tuple(reports)


@dataclass
class _Gene:
    """One gene's records, and those that repeat one; how many were left out as ``poor``."""

    records: dict[HLAAllele, HLARecord] = field(default_factory=dict)
    repeated: list[HLARecord] = field(default_factory=list)
    cells: GeneCells = field(default_factory=GeneCells)
    poor: int = 0


def _read_genes(vcf: Source, wanted: set[str], least: float) -> dict[str, _Gene]:
    """The records of each gene's alleles, without those imputed worse than ``least``.

    Raises HLAFormatError for names that no allele has.
    """
    found: dict[str, _Gene] = defaultdict(_Gene)
    wrong: list[str] = []
    for region in HLA_REGIONS if wanted else ():
        for record in vcf.fetch(region):
            for allele, alt in named_alleles(record):
                if allele.gene not in wanted:
                    continue
                gene = found[allele.gene]
                if quality_of(record, alt) < least:
                    gene.poor += 1
                    continue
                own = read_hla_record(record, allele, alt, into=gene.cells)
                if allele in gene.records:
                    gene.repeated.append(own)
                else:
                    gene.records[allele] = own
            if name := names_no_allele(record, wanted):
                wrong.append(name)
        if wrong or any(gene.records for gene in found.values()):
            break
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise HLAFormatError(
            f"{len(wrong)} HLA records name no allele there is: {', '.join(wrong[:_SHOWN])}{more}",
            where=vcf.name,
            fix="mend the names, or take these records out",
        )
    return found


def _no_contradiction(gene: _Gene, tables: Sequence[CellTable]) -> None:
    """Raise an error for two records of one name that differ; equal ones count once."""
    for other in gene.repeated:
        one = gene.records[other.allele]
        own, others = (r.cells.by_sample(tables[r.cells.table].copies) for r in (one, other))
        if not np.array_equal(own, others, equal_nan=True):
            raise VCFFormatError(
                f"two records are named {other.allele} and differ, "
                f"the second at {other.cells.place}",
                fix="keep one of them",
            )


def _call(gene: _Gene, people: range) -> tuple[GeneCalls, HLAReport]:
    tables = gene.cells.tables()
    _no_contradiction(gene, tables)
    sums = _sums(gene, tables)
    resolution = _one_resolution(sums)
    everything = sorted(gene.records)
    alleles = _cut(tuple(everything), resolution)
    records = [gene.records[allele] for allele in alleles]
    name = everything[0].gene
    same, evidence = _evidence([gene.records[allele] for allele in everything], tables, people)
    calls = same.calls_of_everybody(calls_from_evidence(name, everything, evidence, SOURCE))
    with np.errstate(invalid="ignore"):
        known = sums[resolution][~np.isnan(sums[resolution])]
        refused = int((np.abs(known - 2) > SUM_TOLERANCE).sum())
    called = int(calls.called(len(people)).sum())
    dialects = Counter(record.dialect for record in gene.records.values())
    quality, low = _quality(records, tables)
    report = HLAReport(
        name,
        SOURCE,
        Counter(allele.resolution for allele in gene.records),
        resolution,
        called,
        len(people) - called,
        float(known.mean()) if known.size else float("nan"),
        dialect=", ".join(name for name, _ in dialects.most_common()),
        fields=tuple(dict.fromkeys(name for record in records for name in record.fields)),
        flipped=sum(record.flipped for record in gene.records.values()),
        sum_low=float(known.min()) if known.size else float("nan"),
        sum_high=float(known.max()) if known.size else float("nan"),
        sum_refused=refused,
        quality=quality,
        quality_low=low,
        notes=(_G_GROUP_NOTE,) if _may_be_groups(name, alleles, dialects) else (),
    )
    return calls, report


def _may_be_groups(gene: str, alleles: Sequence[HLAAllele], dialects: Counter[str]) -> bool:
    """DQA1 and DQB1 of an HLA-TAPAS panel without the alleles that G groups swallow."""
    names = {str(allele.reduced(2)) for allele in alleles}
    swallowed = {"DQB1": {"DQB1*02:02"}, "DQA1": {"DQA1*05:05", "DQA1*03:03"}}.get(gene, set())
    return bool(swallowed) and not swallowed & names and any("TAPAS" in d for d in dialects)


def _sums(gene: _Gene, tables: Sequence[CellTable]) -> dict[int, Array]:
    """For each number of fields the copies of all names of it, by sample."""
    alleles = tuple(gene.records)
    sums = {}
    for fields in sorted({allele.resolution for allele in alleles}):
        sums[fields] = total = np.zeros(gene.records[alleles[0]].cells.samples)
        for allele in _cut(alleles, fields):
            cells = gene.records[allele].cells
            copies = tables[cells.table].copies
            if copies[cells.usual] == 0:
                total[cells.rows] += copies[cells.cell]
            else:
                total += cells.by_sample(copies)
    return sums


def _evidence(
    records: Sequence[HLARecord], tables: Sequence[CellTable], people: range
) -> tuple[SamePeople, Evidence]:
    """The groups of people with the same records of a gene, and the evidence on each group."""
    sample, cell, allele = [], [], []
    start = np.cumsum([0, *(len(table.copies) for table in tables)])
    for number, record in enumerate(records):
        cells, table = record.cells, tables[record.cells.table]
        rows, own = cells.rows.astype(np.int64), cells.cell
        if not table.absent[cells.usual]:
            rows, own = np.arange(cells.samples), cells.of_everybody
        held = ~table.absent[own] & (rows >= people.start) & (rows < people.stop)
        sample.append(rows[held] - people.start)
        cell.append(own[held] + start[cells.table])
        allele.append(np.full(len(sample[-1]), number))
    who = np.concatenate(sample)
    order = np.argsort(who, kind="stable")
    who, of_row, name = who[order], np.concatenate(cell)[order], np.concatenate(allele)[order]
    same = SamePeople.of_rows(who, name * start[-1] + of_row, len(people))
    kind = np.full(len(people), -1, dtype=np.int64)
    kind[same.first] = np.arange(len(same.first))
    kept = kind[who] >= 0
    decoded = CellTable.joined(tables).take(of_row[kept])
    return same, Evidence(len(same.first), kind[who[kept]], name[kept], *decoded.columns)


def _one_resolution(sums: Mapping[int, Array]) -> int:
    """The number of fields by which most people have two alleles, for the report."""
    shares: dict[int, float] = {}
    for fields, total in sums.items():
        known = total[~np.isnan(total)]
        shares[fields] = float(np.mean(np.abs(known - 2) <= SUM_TOLERANCE)) if known.size else 0.0
    best = max(shares.values())
    return next(f for f in (*_PREFERRED, 0) if shares.get(f, -1.0) >= best - 0.05)


def _cut(alleles: tuple[HLAAllele, ...], fields: int) -> tuple[HLAAllele, ...]:
    """Names with ``fields`` fields, and names that neither begin one of them nor are begun by one.

    Absent genes are no names of an allele and always stay.
    """
    names = {(allele.fields, allele.suffix == "N") for allele in alleles}
    beginnings = {(own[:size], null) for own, null in names for size in range(len(own))}

    def stays(allele: HLAAllele) -> bool:
        size, null = allele.resolution, allele.suffix == "N"
        if allele.is_absent or size == fields:
            return True
        if size < fields:
            return (allele.fields, null) not in beginnings
        return not any((allele.fields[:k], null) in names for k in range(fields, size))

    return tuple(sorted(allele for allele in alleles if stays(allele)))


def _quality(records: Sequence[HLARecord], tables: Sequence[CellTable]) -> tuple[float, int]:
    """Mean imputation quality weighted by frequency, and how many common alleles fall short."""
    rated = [record for record in records if not np.isnan(record.quality)]
    quality = np.array([record.quality for record in rated])
    frequency = np.array([_frequency(record.cells, tables) for record in rated])
    known = frequency > 0
    if not known.any():
        return float("nan"), 0
    mean = float(np.average(quality[known], weights=frequency[known]))
    return mean, int(((quality < _GOOD_QUALITY) & (frequency >= _COMMON)).sum())


def _frequency(cells: RecordCells, tables: Sequence[CellTable]) -> float:
    """The allele's frequency in the people of the file who have a call; nan where none has."""
    copies = cells.by_sample(tables[cells.table].copies)
    known = copies[~np.isnan(copies)]
    return float(known.mean() / 2) if known.size else float("nan")
