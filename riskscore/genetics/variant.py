"""A variant as a model names it, and how its letters meet a VCF record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from riskscore.errors import BuildMismatchError
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
    """A variant with its two letters and its place in each build (1-based; None where unknown).

    ``other_allele`` is empty where a model does not say it. ``reference_allele`` is the letter of
    the reference genome on the forward strand, where known.

    >>> Variant("rs1", "6", 100, None, "A", "T").palindromic
    True
    """

    name: str
    chromosome: str
    position_grch38: int | None
    position_grch37: int | None
    effect_allele: str
    other_allele: str
    reference_allele: str = ""

    def known_in(self, build: Build) -> bool:
        """Whether the variant's place in this build is known."""
        return self._place(build) is not None

    def position(self, build: Build) -> int:
        """The place in a build; raises BuildMismatchError where only the other one is known."""
        place = self._place(build)
        if place is None:
            raise BuildMismatchError(
                f"the model does not say where {self.name} lies in {build}",
                fix="use a file in the model's build, or a model with positions in both "
                "(for the PGS Catalog: the harmonised scoring file)",
            )
        return place

    def _place(self, build: Build) -> int | None:
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
    """Which allele of a record (0 = REF) is the effect allele, and on which strand.

    ``ambiguous`` when the letters alone fit both strands.
    """

    effect_index: int
    flipped: bool
    ambiguous: bool = False

    @property
    def strand(self) -> Strand:
        if self.flipped:
            return Strand.FLIPPED
        return Strand.FOUND if self.effect_index else Strand.SWAPPED


def match_alleles(variant: Variant, ref: str, alts: Sequence[str]) -> AlleleMatch | None:
    """Meet a variant's letters with a record's; None when they are not the same two alleles.

    Both letters must be there, on one strand. A palindrome is returned as read, on the forward
    strand, and marked ambiguous: whether that strand can be believed is for the caller to decide
    from frequencies. Where the model does not say the other allele, the effect allele alone is
    looked for, which cannot tell a strand apart if the record has the complement as well, nor
    notice that the record is of another variant with the same letter.

    >>> v = Variant("rs1", "6", 100, 90, "A", "G")
    >>> match_alleles(v, "A", ["G"]).strand, match_alleles(v, "C", ["A", "T"]).strand
    (<Strand.SWAPPED: 'swapped'>, <Strand.FLIPPED: 'flipped'>)
    >>> match_alleles(v, "A", ["T"]) is None
    True
    >>> match_alleles(Variant("rs2", "6", 100, 90, "A", ""), "C", ["T"]).strand
    <Strand.FLIPPED: 'flipped'>
    """
    alleles = [ref.upper(), *(alt.upper() for alt in alts)]
    if not variant.other_allele:
        return _match_effect(variant.effect_allele, alleles)
    for flipped in (False, True):
        effect, other = variant.effect_allele, variant.other_allele
        if flipped:
            effect, other = complement(effect), complement(other)
        if effect in alleles and other in alleles:
            return AlleleMatch(alleles.index(effect), flipped, variant.palindromic)
    return None


def _match_effect(effect: str, alleles: Sequence[str]) -> AlleleMatch | None:
    """Find the effect allele, or its complement, without knowing the other allele."""
    forward, backward = effect in alleles, complement(effect) in alleles
    if forward:
        return AlleleMatch(alleles.index(effect), False, backward)
    return AlleleMatch(alleles.index(complement(effect)), True) if backward else None
