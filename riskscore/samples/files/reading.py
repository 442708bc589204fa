"""How genotypes are to be read: which field, which records, and what an absent record means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from riskscore.errors import UsageError


class GenotypeField(StrEnum):
    """The field dosages come from. ``auto`` takes, cell by cell, the first of DS, HDS, GP, GT."""

    AUTO = "auto"
    GT = "GT"
    DS = "DS"
    HDS = "HDS"
    GP = "GP"


class Absent(StrEnum):
    """What a locus without a record means."""

    MISSING = "missing"  # nothing is known: the model's policy decides
    FREQUENCY = "frequency"  # the population's mean, even in a model that refuses gaps
    HOMREF = "homref"  # everybody is homozygous for the reference allele


class Palindromes(StrEnum):
    """What becomes of A/T and C/G variants, whose letters are the same on both strands."""

    STRAND = "strand"  # by frequency; without one, as written where other variants prove the strand
    KEEP = "keep"  # as written, where no frequency says otherwise
    DROP = "drop"  # left out, all of them


@dataclass(frozen=True, slots=True)
class Reading:
    """The choices of whoever reads genotypes; the defaults assume nothing.

    ``min_r2`` leaves out records of lower imputation quality (INFO R2, DR2, INFO or AR2).
    ``filters`` are the FILTER values that are accepted, ``.`` for none; without it FILTER is not
    looked at. ``require_index`` refuses to read a file from end to end for want of an index.
    ``palindromes`` says how A/T and C/G variants are read, whose strand their letters do not tell.
    ``processes`` is how many may read a large file; what is read does not depend on it.

    >>> Reading(field="DS", min_r2=0.3).field
    <GenotypeField.DS: 'DS'>
    """

    field: GenotypeField | str = GenotypeField.AUTO
    min_r2: float | None = None
    filters: frozenset[str] | None = None
    absent: Absent | str = Absent.MISSING
    require_index: bool = False
    palindromes: Palindromes | str = Palindromes.STRAND
    processes: int = 1

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "field", GenotypeField(self.field))
            object.__setattr__(self, "absent", Absent(self.absent))
            object.__setattr__(self, "palindromes", Palindromes(self.palindromes))
        except ValueError as error:
            raise UsageError(str(error)) from error
        if self.min_r2 is not None and not 0 <= self.min_r2 <= 1:
            raise UsageError(f"an imputation quality of {self.min_r2:g} is not between 0 and 1")
