"""A phased panel from a phased VCF and a table of what HLA alleles stand on each chromosome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import PanelFormatError
from riskscore.files.tables import read_rows
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.imputation.panel import UNKNOWN, PhasedPanel
from riskscore.samples.hla.imputation.regions import GENES, SPAN
from riskscore.samples.loci.matching import is_marker

_BASES = frozenset("ACGT")
_COMPLEMENTS = ({"A", "T"}, {"C", "G"})
_FEWEST = 20  # SNPs below which there is nothing to impute from
_UNTYPED = frozenset(("", ".", "NA"))


def build_panel(vcf: Path, types: Path, build: Build | None = None) -> PhasedPanel:
    """The panel of the people who are in both files.

    ``vcf`` has phased genotypes without gaps around the HLA genes. ``types`` has two rows a person,
    of chromosome 1 (the first allele of GT) and 2, with the columns sample, superpopulation,
    chromosome, and genes (A, C, B, DRB1, DQA1, DQB1, DPB1, as many as are typed), each with two
    fields; an empty cell is not typed. Palindromes, indels and HLA records are left out, and SNPs
    that do not vary.

    Raises PanelFormatError for genotypes or types that cannot become a panel, and an InputError
    for files that cannot be read.
    """
    table = _types(types)
    with open_source([vcf]) as source:
        chosen = build or source.build
        if chosen is None:
            raise PanelFormatError("the VCF does not tell its genome build", where=vcf.name,
                                   fix="say --build GRCh38 or --build GRCh37")  # fmt: skip
        source.prepare([Region("6", *SPAN)])
        people = [i for i, name in enumerate(source.samples) if name in table]
        if not people:
            raise PanelFormatError("nobody of the VCF is in the table of types", where=types.name)
        snps = list(_snps(source, np.array(people)))
        typed = [table[source.samples[i]] for i in people]
    if len(snps) < _FEWEST:
        raise PanelFormatError(
            f"the VCF has {len(snps)} usable SNPs around the HLA genes, fewer than {_FEWEST}",
            where=vcf.name,
        )
    populations = tuple(sorted({pair[0]["superpopulation"] for pair in typed}))
    genes = tuple(gene for gene in GENES if gene in typed[0][0])
    alleles, codes = _codes([row for pair in typed for row in pair], genes, types.name)
    return PhasedPanel(
        chosen,
        np.array([record.position for record, _ in snps]),
        tuple(record.ref.upper() for record, _ in snps),
        tuple(record.alts[0].upper() for record, _ in snps),
        np.stack([row for _, row in snps], axis=1),
        populations,
        np.array([populations.index(p[0]["superpopulation"]) for p in typed], dtype=np.uint8),
        genes,
        alleles,
        codes,
    )


def _types(path: Path) -> dict[str, tuple[Mapping[str, str], Mapping[str, str]]]:
    """The rows of each person's first and second chromosome."""
    rows = read_rows(path)
    needed = {"sample", "superpopulation", "chromosome"}
    if not rows or not needed <= set(rows[0]) or not set(GENES) & set(rows[0]):
        raise PanelFormatError(
            "the table of types has not the columns sample, superpopulation, chromosome and a gene",
            where=path.name,
            fix=f"genes are {', '.join(GENES)}",
        )
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        key = row["sample"], row["chromosome"]
        if key in found or key[1] not in {"1", "2"} or not row["superpopulation"]:
            raise PanelFormatError(
                f"row {number} of the types repeats a chromosome, names neither 1 nor 2, or no "
                "superpopulation",
                where=path.name,
            )
        found[key] = row
    people = {sample for sample, _ in found}
    if len(found) < 2 * len(people):
        raise PanelFormatError("a person has one row of the types and not two", where=path.name)
    return {sample: (found[sample, "1"], found[sample, "2"]) for sample in people}


def _snps(source: Source, people: NDArray[np.int64]) -> Iterator[tuple[Record, NDArray[np.uint8]]]:
    """The usable SNPs, and the ALT letter on each chromosome of the people; one a position."""
    last = 0
    for record in source.fetch(Region("6", *SPAN)):
        if not _usable(record) or record.position == last:
            continue
        calls = record.genotypes()
        if calls is None:
            raise record.error("FORMAT", "there is no GT")
        own = calls[people]
        if (own < 0).any() or not (record.phased()[people] | (own[:, 0] == own[:, 1])).all():
            raise PanelFormatError(
                f"a genotype at {record.place} is missing or not phased",
                where=source.name,
                fix="phase and fill in the genotypes first, with Beagle or SHAPEIT",
            )
        row = own.ravel().astype(np.uint8)
        if 0 < row.sum() < len(row):
            last = record.position
            yield record, row


def _usable(record: Record) -> bool:
    letters = {record.ref.upper(), *(alt.upper() for alt in record.alts)}
    snp = len(record.alts) == 1 and len(letters) == 2 and letters <= _BASES
    return snp and letters not in _COMPLEMENTS and not is_marker(record.id)


def _codes(
    rows: Sequence[Mapping[str, str]], genes: Sequence[str], where: str
) -> tuple[tuple[tuple[str, ...], ...], NDArray[np.int16]]:
    """The alleles of each gene in order of name, and which of them each row has."""
    alleles, columns = [], []
    for gene in genes:
        names = [_two_fields(gene, row[gene], where) for row in rows]
        known = tuple(sorted(set(names) - {""}))
        places = {name: place for place, name in enumerate(known)} | {"": UNKNOWN}
        alleles.append(known)
        columns.append([places[name] for name in names])
    return tuple(alleles), np.array(columns, dtype=np.int16).T


def _two_fields(gene: str, cell: str, where: str) -> str:
    """The two fields of a cell, empty where it is not typed."""
    if cell in _UNTYPED:
        return ""
    name = cell.rpartition("*")[2]
    allele = HLAAllele.parse(f"{gene}*{name}").reduced(2)
    if allele.resolution < 2:
        raise PanelFormatError(f"{gene}*{name} has fewer than two fields", where=where)
    return str(allele).rpartition("*")[2]
