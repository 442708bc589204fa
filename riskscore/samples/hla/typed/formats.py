"""Reading a typed HLA table whatever its format: the format is found from the content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from riskscore.errors import HLAFormatError
from riskscore.files import read_text, require_file
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_names import Codes
from riskscore.samples.hla.typed.sheets import SAMPLE_COLUMNS, Sheet, gene_of, read_sheet
from riskscore.samples.hla.typed.tables import (
    read_gl_table,
    read_hibag,
    read_long,
    read_ped,
    read_ukb,
    read_wide,
    ukb_alleles,
    wide_columns,
)
from riskscore.samples.hla.typed.typers import (
    read_hla_hd,
    read_hla_la,
    read_json,
    read_optitype,
    read_t1k,
)
from riskscore.samples.hla.typed.typing import Typings, renamed
from riskscore.tables import read_rows

_PARTS = re.compile(r"[._]")
_SHOWN = 3


def read_typings(
    path: str | Path,
    *,
    codes: str | Path | None = None,
    allele_list: str | Path | None = None,
) -> Typings:
    """Read a typed HLA table.

    ``codes`` is a table (code, alleles) of what multiple allele codes stand for. ``allele_list`` is
    IPD-IMGT/HLA's Allelelist.txt: a name that it does not have is then an error.

    Raises HLAFormatError, saying what cannot be read and in which line.
    """
    path = require_file(Path(path), "HLA table")
    table = _read_codes(Path(codes)) if codes else {}
    text = read_text(path)
    if text.lstrip()[:1] in {"{", "["}:
        typings = read_json(text, path.name, table)
    else:
        typings = read_table(read_sheet(text, path.name, table))
    if not typings.genes:
        raise HLAFormatError(f"the {typings.format} table types nobody", where=path.name)
    if allele_list:
        _check_names(typings, Path(allele_list), path.name)
    return renamed(typings, _PARTS.split(path.name)[0]) if "" in typings.people else typings


def read_table(sheet: Sheet) -> Typings:
    """A delimited table, its format found from its header or its first row."""
    return _reader(sheet)(sheet)


def _reader(sheet: Sheet) -> Callable[[Sheet], Typings]:
    header = {cell.lower() for cell in sheet.header}
    named = bool(header & set(SAMPLE_COLUMNS))
    pair = {"allele_1", "allele_2"} <= header or {"allele1", "allele2"} <= header
    gene = next((gene_of(row[0]) for row in sheet.rows if gene_of(row[0])), "")
    first = sheet.header
    fits: tuple[tuple[bool, Callable[[Sheet], Typings]], ...] = (
        ({"locus", "chromosome", "allele"} <= header, read_hla_la),
        ({"a1", "a2", "b1", "b2", "c1", "c2", "reads", "objective"} <= header, read_optitype),
        (named and bool(header & {"gl_string", "glstring", "gl", "gl string"}), read_gl_table),
        (named and {"allele1", "allele2", "prob"} <= header, read_hibag),
        (named and bool(header & {"gene", "locus"}) and (pair or "allele" in header), read_long),
        (bool(ukb_alleles(sheet)), read_ukb),
        (named and bool(wide_columns(sheet)), read_wide),
        (not named and bool(gene) and len(first) >= 8 and first[1].isdigit(), read_t1k),
        (not named and bool(gene) and len(first) in {2, 3, 4}, read_hla_hd),
        (not named and len(first) == 22, read_ped),
    )
    reader = next((reader for fit, reader in fits if fit), None)
    if reader is None:
        raise sheet.error(
            "the HLA table is of no format known here",
            fix="give columns sample, DRB1_1, DRB1_2, ... (or sample, gene, allele_1, allele_2)",
        )
    return reader


def _read_codes(path: Path) -> Codes:
    rows = read_rows(require_file(path, "table of codes"))
    if not rows or not {"code", "alleles"} <= set(rows[0]):
        raise HLAFormatError("the table of codes needs columns code and alleles", where=path.name)
    return {row["code"].upper(): row["alleles"] for row in rows}


def _check_names(typings: Typings, path: Path, file: str) -> None:
    """Every name must be an allele of the list, or the beginning of one."""
    known = _listed(read_text(require_file(path, "allele list")), path.name)
    absent = sorted(
        {
            str(member)
            for name in typings.names()
            for member in name.members
            if member.fields and not member.is_absent and _plain(member) not in known
        }
    )
    if absent:
        shown = ", ".join(absent[:_SHOWN])
        more = f" and {len(absent) - _SHOWN} others" if len(absent) > _SHOWN else ""
        raise HLAFormatError(
            f"{shown}{more}: no such allele in {path.name}",
            where=file,
            fix="mend the names, or give the list of the release they were typed with",
        )


def _plain(allele: HLAAllele) -> str:
    suffix = "" if allele.is_group else allele.suffix
    return f"{allele.gene}*{':'.join(allele.fields)}{suffix}"


def _listed(text: str, file: str) -> set[str]:
    """The names of an Allelelist.txt with all their beginnings; a null allele stays null."""
    names: set[str] = set()
    for line in text.splitlines():
        cells = line.split(",")
        if line.startswith("#") or len(cells) < 2 or "*" not in cells[1]:
            continue
        gene, _, rest = cells[1].strip().partition("*")
        fields, suffix = rest.rstrip("NLSCAQ").split(":"), rest[-1:]
        suffix = suffix if suffix.isalpha() else ""
        for length in range(1, len(fields) + 1):
            stem = f"{gene}*{':'.join(fields[:length])}"
            names.add(f"{stem}{suffix}")
            if suffix != "N" or length == 1:
                names.add(stem)
    if not names:
        raise HLAFormatError(
            "the allele list holds no allele", where=file, fix="give Allelelist.txt of IPD-IMGT/HLA"
        )
    return names


def merged(files: Sequence[Typings]) -> Mapping[str, Typings]:
    """Typings by format, so that files of one person each become one table."""
    by_format: dict[str, Typings] = {}
    for typings in files:
        known = by_format.get(typings.format)
        if known is None:
            by_format[typings.format] = typings
            continue
        people = {name: dict(genes) for name, genes in known.people.items()}
        for name, genes in typings.people.items():
            own = people.setdefault(name, {})
            twice = set(own) & set(genes)
            if twice:
                raise HLAFormatError(
                    f"two {typings.format} tables give HLA-{sorted(twice)[0]} of one sample"
                )
            own.update(genes)
        notes = tuple(dict.fromkeys((*known.notes, *typings.notes)))
        by_format[typings.format] = Typings(typings.format, people, notes)
    return by_format
