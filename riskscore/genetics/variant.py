"""A variant as a model names it, and how its letters meet a VCF record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from riskscore.genetics.build import Build

_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def complement(allele: str) -> str:
    """The allele read on the other strand.

    >>> complement("AG")
    'CT'
    """
    return allele.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant with its two letters and its place in both builds (1-based).

    ``reference_allele`` is the letter of the reference genome on the forward strand, where known.

    >>> Variant("rs1", "6", 100, 90, "A", "T").palindromic
    True
    """

    name: str
    chromosome: str
    position_grch38: int
    position_grch37: int
    effect_allele: str
    other_allele: str
    reference_allele: str = ""

    def position(self, build: Build) -> int:
        return self.position_grch38 if build is Build.GRCh38 else self.position_grch37

    @property
    def palindromic(self) -> bool:
        """The two letters are each other's complement, so letters alone do not tell the strand."""
        return complement(self.effect_allele) == self.other_allele


class Strand(StrEnum):
    """How a record's letters stand to the model's."""

    FOUND = "found"  # the effect allele is an ALT
    SWAPPED = "swapped"  # the effect allele is the REF
    FLIPPED = "flipped"  # found on the other strand


@dataclass(frozen=True, slots=True)
class AlleleMatch:
    """Which allele of a record (0 = REF) is the effect allele, and on which strand."""

    effect_index: int
    flipped: bool

    @property
    def strand(self) -> Strand:
        if self.flipped:
            return Strand.FLIPPED
        return Strand.FOUND if self.effect_index else Strand.SWAPPED


def match_alleles(variant: Variant, ref: str, alts: Sequence[str]) -> AlleleMatch | None:
    """Meet a variant's letters with a record's; None when they are not the same two alleles.

    Both letters must be there, on one strand. A palindrome is returned as read, on the forward
    strand: whether that strand can be believed is for the caller to decide from frequencies.

    >>> v = Variant("rs1", "6", 100, 90, "A", "G")
    >>> match_alleles(v, "A", ["G"]).strand, match_alleles(v, "C", ["A", "T"]).strand
    (<Strand.SWAPPED: 'swapped'>, <Strand.FLIPPED: 'flipped'>)
    >>> match_alleles(v, "A", ["T"]) is None
    True
    """
    alleles = [ref.upper(), *(alt.upper() for alt in alts)]
    for flipped in (False, True):
        effect, other = variant.effect_allele, variant.other_allele
        if flipped:
            effect, other = complement(effect), complement(other)
        if effect in alleles and other in alleles:
            return AlleleMatch(alleles.index(effect), flipped)
    return None
