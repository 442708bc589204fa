"""Tables of multiple allele codes, and lists of all alleles to check names against."""

from __future__ import annotations

from pathlib import Path

from riskscore.errors import HLAFormatError
from riskscore.files.inputs import require_file, text_lines
from riskscore.files.tables import read_rows
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_names import Codes
from riskscore.samples.hla.typed.typing import Typings

_SHOWN = 3
_NMDP = ["CODE", "SUBTYPE"]


def read_codes(path: Path | None) -> Codes:
    """A table (code, alleles) of multiple allele codes, or NMDP's own file; {} without a path.

    NMDP's alpha.v3.txt has the columns ``*``, CODE and SUBTYPE. Raises HLAFormatError for a table
    without a code or without alleles.
    """
    if path is None:
        return {}
    found = text_lines(require_file(path, "table of codes"))
    lines = [line.split("\t") for _, line, _ in found if line.strip()]
    header = [cell.strip().upper() for cell in lines[0]] if lines else []
    if header[-2:] == _NMDP:
        width = len(header)
        return {row[-2].strip().upper(): row[-1].strip() for row in lines[1:] if len(row) == width}
    rows = read_rows(path)
    if not rows or not {"code", "alleles"} <= set(rows[0]):
        raise HLAFormatError(
            "the table of codes needs columns code and alleles",
            where=path.name,
            fix="give them, or NMDP's file with the columns *, CODE and SUBTYPE",
        )
    return {row["code"].upper(): row["alleles"] for row in rows}


def check_names(typings: Typings, path: Path, file: str) -> None:
    """Raise HLAFormatError unless every name is an allele of the list, or the beginning of one."""
    known = _listed(require_file(path, "allele list"))
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


def _listed(path: Path) -> set[str]:
    """The names of an Allelelist.txt with all their beginnings; a null allele stays null."""
    names: set[str] = set()
    for _, line, _ in text_lines(path):
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
            "the allele list holds no allele",
            where=path.name,
            fix="give Allelelist.txt of IPD-IMGT/HLA",
        )
    return names
