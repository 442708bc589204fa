"""A variant as a model names it, and how its alleles match those of a VCF record."""

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
    the reference genome on the forward strand, where known. A haplotype of SNPs is a variant whose
    ``members`` are the SNPs, and whose effect allele is all of theirs on one chromosome.

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
    members: tuple[Variant, ...] = ()

    @classmethod
    def haplotype(cls, members: Sequence[Variant]) -> Variant:
        """The SNPs of one haplotype as a variant; its place is that of the first.

        >>> snps = [Variant("rs1", "6", 9, 8, "A", "G"), Variant("rs2", "6", 20, 19, "C", "T")]
        >>> Variant.haplotype(snps).name, Variant.haplotype(snps).effect_allele
        ('rs1:A;rs2:C', 'A;C')
        """
        first = members[0]
        return cls(
            ";".join(f"{m.name}:{m.effect_allele}" for m in members),
            first.chromosome,
            first.position_grch38,
            first.position_grch37,
            ";".join(m.effect_allele for m in members),
            ";".join(m.other_allele for m in members),
            members=tuple(members),
        )

    def known_in(self, build: Build) -> bool:
        """Whether the variant's place in this build is known."""
        return build in self.places

    def position(self, build: Build) -> int:
        """The place in a build; raises BuildMismatchError where only the other one is known."""
        place = self.places.get(build)
        if place is None:
            raise BuildMismatchError(
                f"the model does not say where {self.name} lies in {build}",
                fix="use a file in the model's build, or a model with positions in both "
                "(for the PGS Catalog: the harmonised scoring file)",
            )
        return place

    @property
    def places(self) -> dict[Build, int]:
        """Its place by build, where that is known."""
        places = {Build.GRCh38: self.position_grch38, Build.GRCh37: self.position_grch37}
        return {build: place for build, place in places.items() if place is not None}

    @property
    def palindromic(self) -> bool:
        """The two alleles are complementary bases, so the alleles alone do not tell the strand."""
        return not self.members and complement(self.effect_allele) == self.other_allele


class Strand(StrEnum):
    """Which strand a record's alleles are on, compared with the model's."""

    FOUND = "found"  # the effect allele is an ALT
    SWAPPED = "swapped"  # the effect allele is the REF
    FLIPPED = "flipped"  # found on the other strand


@dataclass(frozen=True, slots=True)
class AlleleMatch:
    """Which allele of a record (0 = REF) is the effect allele, and on which strand.

    ``ambiguous`` when the letters alone fit both strands. ``other_index`` is the other allele's.
    """

    effect_index: int
    flipped: bool
    ambiguous: bool
    other_index: int

    @property
    def strand(self) -> Strand:
        if self.flipped:
            return Strand.FLIPPED
        return Strand.FOUND if self.effect_index else Strand.SWAPPED


def match_alleles(variant: Variant, ref: str, alts: Sequence[str]) -> AlleleMatch | None:
    """Match a variant's alleles to those of a record at its position; None when they differ.

    Both letters must be there, on one strand; on the other strand one of them must be REF. A
    palindrome is returned as read, on the forward strand, and marked ambiguous: whether that strand
    can be believed is for the caller to decide from frequencies. Where the model does not say the
    other allele, the effect allele alone is looked for, which cannot tell a strand apart if the
    record has the complement as well, nor notice that the record is of another variant with the
    same letter.

    >>> v = Variant("rs1", "6", 100, 90, "A", "G")
    >>> match_alleles(v, "A", ["G"]).strand, match_alleles(v, "c", ["a", "T"]).strand
    (<Strand.SWAPPED: 'swapped'>, <Strand.FLIPPED: 'flipped'>)
    >>> match_alleles(v, "A", ["T"]) is None
    True
    >>> match_alleles(Variant("rs2", "6", 100, 90, "A", ""), "C", ["T"]).strand
    <Strand.FLIPPED: 'flipped'>
    """
    alleles = [ref.upper(), *(alt.upper() for alt in alts)]
    if not variant.other_allele:
        return _match_effect(variant.effect_allele, alleles)
    effect, other = variant.effect_allele, variant.other_allele
    # What an indel's letters mean depends on REF: two ALTs of a longer REF may be other indels.
    comparable = len(effect) == len(other) or alleles[0] in (effect, other)
    if comparable and effect in alleles and other in alleles:
        places = alleles.index(effect), alleles.index(other)
        return AlleleMatch(places[0], False, variant.palindromic, places[1])
    effect, other = complement(effect), complement(other)
    # An indel is anchored at another base on the other strand: its letters do not carry over.
    turned = len(effect) == len(other) and alleles[0] in (effect, other)
    if turned and effect in alleles and other in alleles:
        return AlleleMatch(alleles.index(effect), True, False, alleles.index(other))
    return None


def _match_effect(effect: str, alleles: Sequence[str]) -> AlleleMatch | None:
    """Find the effect allele, or its complement, without knowing the other allele."""
    turned = complement(effect)
    backward = turned in alleles and max(map(len, alleles)) == 1
    found = effect if effect in alleles else turned if backward else None
    if found is None:
        return None
    index = alleles.index(found)
    if found == effect and backward:
        return AlleleMatch(index, False, True, alleles.index(turned))
    return AlleleMatch(index, found != effect, False, 0 if index else 1)
