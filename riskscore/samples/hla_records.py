"""HLA calls from the records of a VCF: one resolution a gene, presence summing to two alleles.

Names of several resolutions stand side by side in such files and are never added up. Where the
presence dosages of a person do not sum to about 2 the gene is reported and not called.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from riskscore.errors import VCFFormatError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.hla_calls import GeneCalls, HLAReport
from riskscore.samples.hla_dialects import (
    PREFIXES,
    Array,
    HLARecord,
    allele_of,
    phase_of,
    read_hla_record,
)
from riskscore.samples.hla_posterior import SUM_TOLERANCE, Evidence, calls_from_evidence
from riskscore.samples.source import Region, Source

SOURCE = "HLA records of the VCF"
# The MHC with room to spare, in either build; HLA records have invented positions inside it.
MHC = (28_000_000, 34_500_000)
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
    vcf: Source, genes: Iterable[str], build: Build, people: range | None = None
) -> tuple[dict[str, GeneCalls], tuple[HLAReport, ...]]:
    """Calls by gene from the HLA records of a file, and what was seen of each gene.

    With ``people`` only they are called, and only what that takes is held of the others: which
    names to use is decided on all.
    """
    wanted = set(genes)
    people = range(len(vcf.samples)) if people is None else people
    found: dict[str, dict[HLAAllele, HLARecord]] = defaultdict(dict)
    for region in hla_regions(build) if wanted else ():
        for record in vcf.fetch(region):
            allele = allele_of(record.id)
            if allele is None or allele.gene not in wanted:
                continue
            own = read_hla_record(record, allele)
            if allele in found[allele.gene]:
                _same(found[allele.gene][allele], own, record.place)
                continue
            found[allele.gene][allele] = own.of_people(people)
        if found:
            break
    calls, reports = {}, []
    for gene, records in sorted(found.items()):
        calls[gene], report = _call(gene, records, people)
        reports.append(report)
    return calls, tuple(reports)


def _same(one: HLARecord, other: HLARecord, place: str) -> None:
    """A name may stand twice if both records say the same; otherwise nothing tells which holds."""
    if not np.array_equal(one.copies, other.copies, equal_nan=True):
        raise VCFFormatError(
            f"two records are named {one.allele} and differ, the second at {place}",
            fix="keep one of them",
        )


def _call(
    gene: str, found: dict[HLAAllele, HLARecord], people: range
) -> tuple[GeneCalls, HLAReport]:
    resolution, alleles = _one_resolution(found)
    records = [found[allele] for allele in alleles]
    presence = np.array([record.copies for record in records])
    mine = presence[:, people.start : people.stop]
    calls = calls_from_evidence(gene, alleles, _evidence(records, mine), SOURCE)
    calls = replace(calls, sample=calls.sample + people.start)
    sums = presence.sum(axis=0)
    with np.errstate(invalid="ignore"):
        known = sums[~np.isnan(sums)]
        refused = int((np.abs(known - 2) > SUM_TOLERANCE).sum())
    called = len(np.unique(calls.sample))
    dialects = Counter(record.dialect for record in found.values())
    quality, low = _quality(records)
    report = HLAReport(
        gene,
        SOURCE,
        Counter(allele.resolution for allele in found),
        resolution,
        called,
        len(people) - called,
        float(known.mean()) if known.size else float("nan"),
        dialect=", ".join(name for name, _ in dialects.most_common()),
        fields=tuple(dict.fromkeys(name for record in records for name in record.fields)),
        flipped=sum(record.flipped for record in found.values()),
        sum_low=float(known.min()) if known.size else float("nan"),
        sum_high=float(known.max()) if known.size else float("nan"),
        sum_refused=refused,
        quality=quality,
        quality_low=low,
        notes=(_G_GROUP_NOTE,) if _may_be_groups(gene, alleles, dialects) else (),
    )
    return calls, report


def _may_be_groups(gene: str, alleles: Sequence[HLAAllele], dialects: Counter[str]) -> bool:
    """DQA1 and DQB1 of an HLA-TAPAS panel without the alleles that G groups swallow."""
    names = {str(allele.reduced(2)) for allele in alleles}
    swallowed = {"DQB1": {"DQB1*02:02"}, "DQA1": {"DQA1*05:05", "DQA1*03:03"}}.get(gene, set())
    return bool(swallowed) and not swallowed & names and any("TAPAS" in d for d in dialects)


def _evidence(records: Sequence[HLARecord], presence: Array) -> Evidence:
    both = [record.both for record in records if record.both is not None]
    sides = [record.chromosomes for record in records if record.chromosomes is not None]
    complete = len(records)
    return Evidence(
        presence,
        np.array(both) if len(both) == complete else None,
        np.stack(sides, axis=1) if len(sides) == complete else None,
        phase_of(records),
    )


def _one_resolution(
    found: dict[HLAAllele, HLARecord],
) -> tuple[int, tuple[HLAAllele, ...]]:
    """The names to use: those of one number of fields, by which most people have two alleles.

    A name without any finer or coarser one of that length stands for itself, so that no person's
    allele is lost because it was written otherwise.
    """
    shares: dict[int, float] = {}
    chosen: dict[int, tuple[HLAAllele, ...]] = {}
    for fields in sorted({allele.resolution for allele in found}):
        names = _cut(tuple(found), fields)
        total = np.sum([found[name].copies for name in names], axis=0)
        known = total[~np.isnan(total)]
        shares[fields] = float(np.mean(np.abs(known - 2) <= SUM_TOLERANCE)) if known.size else 0.0
        chosen[fields] = names
    best = max(shares.values())
    used = next(f for f in (*_PREFERRED, 0) if shares.get(f, -1.0) >= best - 0.05)
    return used, chosen[used]


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
    frequency = np.array([np.nanmean(r.copies) / 2 if r.copies.size else 0 for r in records])
    quality = np.array([record.quality for record in records])
    known = ~np.isnan(quality) & (frequency > 0)
    if not known.any():
        return float("nan"), 0
    mean = float(np.average(quality[known], weights=frequency[known]))
    return mean, int(((quality < _GOOD_QUALITY) & (frequency >= _COMMON)).sum())
