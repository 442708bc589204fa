"""HLA calls from the records of a VCF, whose presences are of two alleles a person and gene.

Names of several resolutions stand side by side in such files, and each copy is counted once, as
finely as a person's own records name it. Nothing depends on who else is in the file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.errors import HLAFormatError, VCFFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.calls import GeneCalls, HLAReport
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

SOURCE = "HLA records of the VCF"
# The MHC with room to spare, in either build; HLA records have invented positions inside it.
MHC = (28_000_000, 34_500_000)
# Records this near to each other are fetched together.
_STRETCH = 1000
_SHOWN = 20  # names that an error tells
_PREFERRED = (2, 3, 4, 1)  # two fields first: what models are written in
_COMMON = 0.01
_GOOD_QUALITY = 0.7
# Panels whose names are first members of G groups.
_G_GROUP_NOTE = (
    "if the panel was typed by G groups, a name stands for its group: "
    "DQB1*02:01 also for 02:02, DQA1*03:01 for 03:02 and 03:03, DQA1*05:01 for 05:05"
)


def hla_regions(_build: Build) -> tuple[Region, ...]:
    """Where HLA records are looked for: in the MHC, and at the position 0 that some tools write."""
    return (Region("6", *MHC, prefixes=PREFIXES), Region("6", 0, 1, prefixes=PREFIXES))


def read_hla_records(
    vcf: Source,
    genes: Iterable[str],
    build: Build,
    people: range | None = None,
    *,
    min_r2: float | None = None,
) -> tuple[dict[str, GeneCalls], tuple[HLAReport, ...]]:
    """Calls by gene from the HLA records of a file, and what was seen of each gene.

    Records imputed worse than ``min_r2`` are left out. With ``people`` they alone are called,
    counted from 0, and only their dosages are held; reports are of all people, whose dosages are
    added up as the records pass.
    """
    wanted, kept = set(genes), -np.inf if min_r2 is None else min_r2
    people = range(len(vcf.samples)) if people is None else people
    calls, reports = {}, []
    found, poor = _places(vcf, wanted, build, kept)
    for gene, places in sorted(found.items()):
        calls[gene], report = _call(_read_gene(vcf, places, people, kept))
        if poor[gene]:
            left = f"{poor[gene]} records of HLA-{gene} imputed worse than {kept:g} are left out"
            report = replace(report, notes=(*report.notes, left))
        reports.append(report)
    return calls, tuple(reports)


def _places(
    vcf: Source, wanted: set[str], build: Build, least: float
) -> tuple[dict[str, dict[HLAAllele, list[int]]], Counter[str]]:
    """Where the records of each gene's alleles stand, from their names alone.

    Those imputed worse than ``least`` are left out and counted by gene. Raises HLAFormatError for
    names that no allele has.
    """
    poor: Counter[str] = Counter()
    found: dict[str, dict[HLAAllele, list[int]]] = defaultdict(lambda: defaultdict(list))
    wrong: list[str] = []
    for region in hla_regions(build) if wanted else ():
        for record in vcf.fetch(region):
            for allele, alt in named_alleles(record):
                if allele.gene in wanted and quality_of(record, alt) < least:
                    poor[allele.gene] += 1
                elif allele.gene in wanted:
                    found[allele.gene][allele].append(record.position)
            if name := names_no_allele(record, wanted):
                wrong.append(name)
        if found or wrong:
            break
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise HLAFormatError(
            f"{len(wrong)} HLA records name no allele there is: {', '.join(wrong[:_SHOWN])}{more}",
            where=vcf.name,
            fix="mend the names, or take these records out",
        )
    return found, poor


@dataclass(frozen=True)
class _Gene:
    """One gene's records, and the sums over all people of the names of each resolution.

    ``records`` hold the dosages of some people. ``names`` are the alleles to add up at so many
    fields, and ``sums`` (samples,) what they came to in everybody.
    """

    records: dict[HLAAllele, HLARecord]
    names: dict[int, tuple[HLAAllele, ...]]
    sums: dict[int, Array]


def _read_gene(
    vcf: Source, places: Mapping[HLAAllele, Sequence[int]], people: range, least: float
) -> _Gene:
    """Read the records again that stand at these places, one at a time."""
    alleles = tuple(places)
    names = {fields: _cut(alleles, fields) for fields in sorted({a.resolution for a in alleles})}
    sums = {fields: np.zeros(len(vcf.samples)) for fields in names}
    records: dict[HLAAllele, HLARecord] = {}
    first: dict[HLAAllele, Array] = {}  # everybody's dosages, of names that stand twice
    for record in _records_at(vcf, {place for several in places.values() for place in several}):
        for allele, alt in named_alleles(record):
            if allele not in places or quality_of(record, alt) < least:
                continue
            own = read_hla_record(record, allele, alt)
            if allele in records:
                _same(allele, first[allele], own.presence, record.place)
                continue
            if len(places[allele]) > 1:
                first[allele] = own.presence
            for fields, several in names.items():
                if allele in several:
                    sums[fields] += own.presence
            records[allele] = own.of_people(people)
    return _Gene(records, names, sums)


def _records_at(vcf: Source, places: Iterable[int]) -> Iterator[Record]:
    """HLA records at these places, fetched a stretch at a time."""
    stretches: list[tuple[int, int]] = []
    for place in sorted(places):
        if stretches and place - stretches[-1][1] < _STRETCH:
            stretches[-1] = (stretches[-1][0], place)
        else:
            stretches.append((place, place))
    for start, end in stretches:
        for record in vcf.fetch(Region("6", start, max(1, end), prefixes=PREFIXES)):
            if start <= record.position <= end:
                yield record


def _same(allele: HLAAllele, one: Array, other: Array, place: str) -> None:
    """A name may stand twice if both records say the same; otherwise nothing tells which holds."""
    if not np.array_equal(one, other, equal_nan=True):
        raise VCFFormatError(
            f"two records are named {allele} and differ, the second at {place}",
            fix="keep one of them",
        )


def _call(gene: _Gene) -> tuple[GeneCalls, HLAReport]:
    resolution = _one_resolution(gene.sums)
    alleles, sums = gene.names[resolution], gene.sums[resolution]
    records = [gene.records[allele] for allele in alleles]
    name = alleles[0].gene
    everything = sorted(gene.records)
    every = [gene.records[allele] for allele in everything]
    first, kind = _people_alike(every)
    calls = calls_from_evidence(name, everything, _evidence(every, first), SOURCE).to_people(kind)
    with np.errstate(invalid="ignore"):
        known = sums[~np.isnan(sums)]
        refused = int((np.abs(known - 2) > SUM_TOLERANCE).sum())
    called = len(np.unique(calls.sample))
    dialects = Counter(record.dialect for record in gene.records.values())
    quality, low = _quality(records)
    report = HLAReport(
        name,
        SOURCE,
        Counter(allele.resolution for allele in gene.records),
        resolution,
        called,
        len(kind) - called,
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


def _people_alike(records: Sequence[HLARecord]) -> tuple[Places, Places]:
    """People with the same cells in all records: one of each kind, and everybody's kind.

    Compared are the cells that are not a record's most frequent one.
    """
    owners, cells, before = [], [], 1
    for record in records:
        rare = np.flatnonzero(record.cell != np.bincount(record.cell, minlength=1).argmax())
        owners.append(rare)
        cells.append(before + record.cell[rare])
        before += len(record.copies)
    owner, cell = np.concatenate(owners), np.concatenate(cells)
    order = np.argsort(owner, kind="stable")
    owner, people = owner[order], len(records[0].cell)
    count = np.bincount(owner, minlength=people)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    table = np.zeros((people, int(count.max(initial=0)) + 1), dtype=np.int32)
    table[owner, within] = cell[order]
    rows = table.view(np.dtype((np.void, table.itemsize * table.shape[1]))).ravel()
    _, first, kind = np.unique(rows, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.ravel().astype(np.int64)


def _evidence(records: Sequence[HLARecord], people: Places) -> Evidence:
    """What the records of a gene say of some people; a field counts where all of them have it."""
    cells = [record.cell[people] for record in records]
    own = list(zip(records, cells, strict=True))
    both = [record.both[cell] for record, cell in own if record.both is not None]
    sides = [r.chromosomes[:, cell] for r, cell in own if r.chromosomes is not None]
    carried = [record.carried[:, cell] for record, cell in own if record.carried is not None]
    complete = len(records)
    return Evidence(
        np.array([record.copies[cell] for record, cell in own]),
        np.array(both) if len(both) == complete else None,
        np.stack(sides, axis=1) if len(sides) == complete else None,
        np.stack(carried, axis=1) if len(carried) == complete else None,
        np.array([record.phase_set[cell] for record, cell in own]),
    )


def _one_resolution(sums: Mapping[int, Array]) -> int:
    """The number of fields by which most people have two alleles, for the report."""
    shares: dict[int, float] = {}
    for fields, total in sums.items():
        known = total[~np.isnan(total)]
        shares[fields] = float(np.mean(np.abs(known - 2) <= SUM_TOLERANCE)) if known.size else 0.0
    best = max(shares.values())
    return next(f for f in (*_PREFERRED, 0) if shares.get(f, -1.0) >= best - 0.05)


def _cut(alleles: tuple[HLAAllele, ...], fields: int) -> tuple[HLAAllele, ...]:
    """Of nested names, those of so many fields, and others that have none of these above or below.

    Absent genes are no names of an allele and always stay.
    """
    level = [a for a in alleles if a.resolution == fields or a.is_absent]
    coarser = [a for a in alleles if a.resolution < fields and not a.is_absent]
    finer = [a for a in alleles if a.resolution > fields]
    alone = [
        a
        for a in finer
        if not any(b.covers(a) for b in level)
        and not any(b.covers(a) for b in finer if b.resolution < a.resolution)
    ]
    childless = [
        a for a in coarser if not any(a.covers(b) for b in alleles if b.resolution > a.resolution)
    ]
    return tuple(sorted((*level, *alone, *childless)))


def _quality(records: Sequence[HLARecord]) -> tuple[float, int]:
    """Mean imputation quality weighted by frequency, and how many common alleles fall short."""
    frequency = np.array([record.frequency for record in records])
    quality = np.array([record.quality for record in records])
    known = ~np.isnan(quality) & (frequency > 0)
    if not known.any():
        return float("nan"), 0
    mean = float(np.average(quality[known], weights=frequency[known]))
    return mean, int(((quality < _GOOD_QUALITY) & (frequency >= _COMMON)).sum())
