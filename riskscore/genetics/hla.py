"""HLA alleles: their names as values, what covers what, and the ambiguity between them.

How names are read in the many ways people write them stands in hla_names.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla_fields import check_fields, readings

GENES = (
    "A", "B", "C", "E", "F", "G", "DRA", "DRB1", "DRB3", "DRB4", "DRB5",
    "DQA1", "DQB1", "DPA1", "DPB1",
)  # fmt: skip
# Genes that some chromosomes do not have. To lack one is a finding, and not a missing value.
DISPENSABLE = frozenset({"DRB3", "DRB4", "DRB5"})
ABSENT = "NNNN"  # in place of the fields: the chromosome has no such gene
# The same in digits; of DPB1, which all chromosomes have, 99 and 99:01 are alleles.
ABSENT_DIGITS = frozenset({"99", "9901", "9999", "00", "0000", "000000", "00000000"})

_GENE = "|".join(sorted((*GENES, "CW"), key=len, reverse=True))
_FIELDS = r"\d{1,4}(?::\d{2,4}){1,3}|\d{2,8}"
_NAME = re.compile(
    rf"(?:HLA[-_ ]?)?(?P<gene>{_GENE})(?P<joint>[*_-]?)"
    rf"(?:(?P<fields>{_FIELDS})(?P<suffix>[NLSCAQGP]?)|(?P<absent>NNNN|NG|ABSENT))$"
)


@dataclass(frozen=True, slots=True, order=True)
class HLAAllele:
    """An HLA allele at one to four fields, or a pattern that stands for all it begins.

    ``suffix`` is how the allele is expressed (N for null), or G or P for a group of alleles with
    the same sequence in the part that binds peptide. Without any field it is some allele of the
    gene, not known which; with the field NNNN it says that the chromosome lacks the gene.

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
        """Read a name; raises HLAFormatError when the gene has no allele of that name.

        Without colons two digits make a field, except that three digits are one of DPB1
        (DPB1*104), and five are DPB1*104:01 but A*02:101. A zero that a spreadsheet took from the
        front is put back where nothing else is meant (DRB1*301). ``00:00``, ``99`` and ``99:99``
        of a gene that not all chromosomes have say that it is absent.

        >>> HLAAllele.parse("HLA-DPB1*10401"), HLAAllele.parse("C*0702")
        (HLAAllele('DPB1*104:01'), HLAAllele('C*07:02'))
        """
        match = _NAME.match(name.strip().upper())
        if not match:
            raise HLAFormatError(f"{name!r} is not an HLA allele name", fix="write DRB1*15:01")
        gene = match["gene"].replace("CW", "C")
        digits = match["fields"] or ""
        plain = digits.replace(":", "")
        none = gene in DISPENSABLE and plain in ABSENT_DIGITS
        if match["absent"] or plain == "9999" or none:
            return cls.absent(gene)
        if not match["joint"] and ":" not in digits and len(digits) < 4:
            raise HLAFormatError(f"{name!r} is not an HLA allele name", fix="write DRB1*15:01")
        return cls(gene, _fields(gene, digits, name), match["suffix"])

    @classmethod
    def absent(cls, gene: str) -> HLAAllele:
        """The absence of a gene from a chromosome; raises HLAFormatError where that cannot be.

        >>> HLAAllele.absent("DRB4").is_absent
        True
        """
        if gene not in DISPENSABLE:
            raise HLAFormatError(
                f"HLA-{gene} cannot be absent from a chromosome",
                fix=f"leave the cell empty if HLA-{gene} was not typed",
            )
        return cls(gene, (ABSENT,))

    @property
    def is_absent(self) -> bool:
        """Whether it says that the chromosome lacks the gene."""
        return self.fields == (ABSENT,)

    @property
    def is_group(self) -> bool:
        """Whether it names a G or P group: one of several alleles, not known which."""
        return self.suffix in {"G", "P"}

    @property
    def resolution(self) -> int:
        """How many fields the name has; 0 for an absent gene and for an unknown allele."""
        return 0 if self.is_absent else len(self.fields)

    @property
    def members(self) -> tuple[HLAAllele, ...]:
        """The alleles it may be: itself alone."""
        return (self,)

    def covers(self, allele: HLAAllele) -> bool:
        """Whether ``allele`` is this allele, or a finer name of it.

        A null allele is not covered by its expressed sibling, nor is an absent gene by any allele.
        """
        return (
            self.gene == allele.gene
            and allele.fields[: len(self.fields)] == self.fields
            and (self.suffix == "N") == (allele.suffix == "N")
            and (self.is_absent or not allele.is_absent)
        )

    def reduced(self, fields: int) -> HLAAllele:
        """The name cut to so many fields. A null allele stays null; a group stays a group.

        >>> HLAAllele.parse("A*24:09:01:02N").reduced(2)
        HLAAllele('A*24:09N')
        """
        if self.resolution <= fields:
            return self
        kept = self.suffix if self.suffix in {"N", "G", "P"} else ""
        return HLAAllele(self.gene, self.fields[:fields], kept)

    def __str__(self) -> str:
        return f"{self.gene}*{':'.join(self.fields)}{self.suffix}"

    def __repr__(self) -> str:
        return f"HLAAllele('{self}')"


def gene_in_name(text: str) -> str:
    """The gene of what is written as an allele's name, though no allele may have it; else empty.

    >>> gene_in_name("HLA_DRB1*77:01"), gene_in_name("HLA_DRB1"), gene_in_name("rs3135388")
    ('DRB1', '', '')
    """
    match = _NAME.match(text.strip().upper())
    return match["gene"].replace("CW", "C") if match else ""


def _fields(gene: str, digits: str, name: str) -> tuple[str, ...]:
    """The fields of a name, with colons or without."""
    if ":" in digits:
        first, *others = digits.split(":")
        fields = (first.zfill(2), *others)
        check_fields(gene, fields, name)
        return fields
    if len(digits) % 2 == 0:
        fields = tuple(digits[i : i + 2] for i in range(0, len(digits), 2))
        check_fields(gene, fields, name)
        return fields
    found = readings(gene, digits)
    if not found or (len(digits) > 5 and len(found) > 1):
        raise HLAFormatError(
            f"{name!r} has {len(digits)} digits, which can be cut in "
            + ("more than one way" if found else "no way that makes an allele"),
            fix="write the colons, as in DPB1*104:01",
        )
    return found[0]


@dataclass(frozen=True, slots=True)
class AlleleList:
    """One allele out of several: what a typing that could not decide wrote as A*02:01/A*02:09."""

    members: tuple[HLAAllele, ...]

    @classmethod
    def of(cls, members: Iterable[HLAAllele]) -> HLAName:
        """The list of the members, in order and once each; the allele itself if it is alone.

        Raises HLAFormatError for alleles of several genes.
        """
        alleles = tuple(sorted(set(members)))
        if len({allele.gene for allele in alleles}) != 1:
            raise HLAFormatError(
                f"{'/'.join(map(str, alleles))!r} is not a list of alleles of one gene"
            )
        return alleles[0] if len(alleles) == 1 else cls(alleles)

    @property
    def gene(self) -> str:
        return self.members[0].gene

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that all members begin with."""
        together = zip(*(member.fields for member in self.members), strict=False)
        shared = []
        for names in together:
            if len(set(names)) > 1:
                break
            shared.append(names[0])
        return tuple(shared)

    @property
    def resolution(self) -> int:
        """How many fields are the same in all members."""
        return len(self.fields)

    @property
    def is_absent(self) -> bool:
        return False

    @property
    def is_group(self) -> bool:
        return True

    def __str__(self) -> str:
        return "/".join(map(str, self.members))


@dataclass(frozen=True, slots=True)
class OtherAllele:
    """An allele that ``base`` begins and that is none of ``measured``: nothing measures it.

    What imputed or filtered records leave of a person's two alleles is such a one. It is written
    as its base.

    >>> other = OtherAllele(HLAAllele.parse("DRB1*15"), (HLAAllele.parse("DRB1*15:01"),))
    >>> str(other), covered([HLAAllele.parse("DRB1*15:01")], other)
    ('DRB1*15', False)
    """

    base: HLAAllele
    measured: tuple[HLAAllele, ...]

    @property
    def gene(self) -> str:
        return self.base.gene

    @property
    def fields(self) -> tuple[str, ...]:
        return self.base.fields

    @property
    def resolution(self) -> int:
        return self.base.resolution

    @property
    def members(self) -> tuple[HLAAllele, ...]:
        return (self.base,)

    @property
    def is_absent(self) -> bool:
        return False

    @property
    def is_group(self) -> bool:
        return True

    def may_be(self, allele: HLAAllele) -> bool:
        """Whether it can be this allele."""
        return self.base.covers(allele) and not any(m.covers(allele) for m in self.measured)

    def __str__(self) -> str:
        return str(self.base)


HLAName = HLAAllele | AlleleList | OtherAllele


def covered(patterns: Iterable[HLAAllele], allele: HLAName) -> bool | None:
    """Whether any pattern covers the allele; None when the allele's name is too short to tell.

    A group is told apart no finer than its first field. A list is covered if every member is.

    >>> fine, coarse = HLAAllele.parse("DRB1*15:01"), HLAAllele.parse("DRB1*15")
    >>> covered([fine], fine), covered([fine], HLAAllele.parse("DRB1*03")), covered([fine], coarse)
    (True, False, None)
    >>> covered([fine], HLAAllele.parse("DRB1*15:01:01G")) is None
    True
    """
    patterns = tuple(patterns)
    if isinstance(allele, OtherAllele):
        known = allele.measured
        patterns = tuple(p for p in patterns if not any(m.covers(p) for m in known))
    verdicts = {_covered(patterns, member) for member in allele.members}
    return verdicts.pop() if len(verdicts) == 1 else None


def _covered(patterns: tuple[HLAAllele, ...], allele: HLAAllele) -> bool | None:
    unsure = False
    for pattern in patterns:
        if pattern == allele:
            return True
        if pattern.covers(allele) and (not allele.is_group or len(pattern.fields) <= 1):
            return True
        if pattern.gene == allele.gene and not allele.is_absent:
            shared = min(len(pattern.fields), len(allele.fields))
            if allele.is_group:
                shared = min(shared, 1)  # members may differ from the second field on
            coarser = len(allele.fields) < len(pattern.fields) or allele.is_group
            unsure |= coarser and allele.fields[:shared] == pattern.fields[:shared]
    return None if unsure else False
