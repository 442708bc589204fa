"""HLA alleles, the ambiguity between them, and the residues they carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from riskscore.errors import HLAFormatError

GENES = ("A", "B", "C", "DRA", "DRB1", "DRB3", "DRB4", "DRB5", "DQA1", "DQB1", "DPA1", "DPB1")

_NAME = re.compile(
    r"^(?:HLA[-_])?(?P<gene>[A-Z]+[0-9]*)[*_](?P<fields>\d{2,4}(?::\d{2,4}){0,3}|\d{6}|\d{8})"
    r"(?P<suffix>[NLSCAQ]?)$"
)


@dataclass(frozen=True, slots=True, order=True)
class HLAAllele:
    """An HLA allele at one to four fields, or a pattern that stands for all it begins.

    >>> HLAAllele.parse("HLA-DRB1*15:01")
    HLAAllele('DRB1*15:01')
    >>> HLAAllele.parse("DRB1*15").covers(HLAAllele.parse("HLA_DRB1_1501"))
    True
    """

    gene: str
    fields: tuple[str, ...]
    suffix: str = ""

    @classmethod
    def parse(cls, name: str) -> HLAAllele:
        """Read a name; raises HLAFormatError when it is not an HLA allele name.

        Four digits without a colon are two fields, except where a colon shows otherwise
        (``DPB1*104:01``).
        """
        match = _NAME.match(name.strip())
        if not match:
            raise HLAFormatError(f"{name!r} is not an HLA allele name", fix="write DRB1*15:01")
        digits = match["fields"]
        if ":" in digits:
            fields = tuple(digits.split(":"))
        elif len(digits) == 3:
            fields = (digits,)
        else:
            fields = tuple(digits[i : i + 2] for i in range(0, len(digits), 2))
        return cls(match["gene"], fields, match["suffix"])

    @property
    def resolution(self) -> int:
        """How many fields the name has."""
        return len(self.fields)

    def covers(self, allele: HLAAllele) -> bool:
        """Whether ``allele`` is this allele, or a finer name of it.

        A null allele is not covered by its expressed sibling.
        """
        return (
            self.gene == allele.gene
            and allele.fields[: len(self.fields)] == self.fields
            and (self.suffix == "N") == (allele.suffix == "N")
        )

    def __str__(self) -> str:
        return f"{self.gene}*{':'.join(self.fields)}{self.suffix}"

    def __repr__(self) -> str:
        return f"HLAAllele('{self}')"


def covered(patterns: Iterable[HLAAllele], allele: HLAAllele) -> bool | None:
    """Whether any pattern covers the allele; None when the allele's name is too short to tell.

    >>> fine, coarse = HLAAllele.parse("DRB1*15:01"), HLAAllele.parse("DRB1*15")
    >>> covered([fine], fine), covered([fine], HLAAllele.parse("DRB1*03")), covered([fine], coarse)
    (True, False, None)
    """
    unsure = False
    for pattern in patterns:
        if pattern.covers(allele):
            return True
        unsure |= len(allele.fields) < len(pattern.fields) and allele.covers(pattern)
    return None if unsure else False


@dataclass(frozen=True)
class ResidueTable:
    """Amino acids by gene, position and allele; the longest name that covers an allele speaks.

    Built from IPD-IMGT/HLA alignments (reference/hla/residues.tsv).
    """

    residues: Mapping[tuple[str, int], Mapping[str, str]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, str]]) -> ResidueTable:
        table: dict[tuple[str, int], dict[str, str]] = {}
        for row in rows:
            key = (row["gene"], int(row["position"]))
            table.setdefault(key, {})[row["allele"]] = row["residue"]
        return cls(table)

    def residue(self, allele: HLAAllele, position: int) -> str | None:
        """The residue of an allele at a position; None when the table cannot say.

        >>> rows = [{"gene": "B", "position": "9", "allele": a, "residue": r}
        ...         for a, r in (("B*", "other"), ("B*08", "D"))]
        >>> ResidueTable.of(rows).residue(HLAAllele.parse("B*08:01"), 9)
        'D'
        """
        names = self.residues.get((allele.gene, position), {})
        for length in range(len(allele.fields), -1, -1):
            residue = names.get(f"{allele.gene}*{':'.join(allele.fields[:length])}")
            if residue is not None:
                return residue
        # A coarse name still tells when every finer allele it begins agrees.
        prefix = f"{allele.gene}*{':'.join(allele.fields)}:"
        finer = {residue for name, residue in names.items() if name.startswith(prefix)}
        return finer.pop() if len(finer) == 1 else None
