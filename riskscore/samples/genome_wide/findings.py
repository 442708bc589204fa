"""What is found in a file of each variant of a genome-wide score."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, Variant, complement
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.terms import ADDITIVE, CODINGS, Coding
from riskscore.samples.loci.frequency import MINIMUM_SAMPLES
from riskscore.samples.loci.loci import CONFLICTS

Told = tuple[NDArray[Any], ...]  # by variant, all that is found of it
HOW = tuple(Strand)
_SEVERAL = -1  # the code of an allele of several letters


class Findings:
    """What is found of each variant, by passes that read some of them each."""

    def __init__(self, plain: PlainVariants, build: Build, people: int) -> None:
        self.plain, self.build, self.people, count = plain, build, people, len(plain)
        self.positions = plain.positions(build)
        effect, other = _letters(plain.effect_allele), _letters(plain.other_allele)
        self.single = (effect > 0) & (other != _SEVERAL)  # a letter, and another or none
        self.letters = (effect << 8 | other).tolist()
        self.additive = (plain.coding == PLAIN_CODINGS.index("additive")).tolist()
        self.missing = np.full(count, Missing.ABSENT, dtype=np.uint8)
        self.strand = np.zeros(count, dtype=np.uint8)
        self.palindromic = np.zeros(count, dtype=bool)
        self.frequency, self.mean, self.variance = np.full((3, count), np.nan)
        self.called = np.ones(count)  # the share of people with a call, of variants that are read
        self.conflicts = {name: np.zeros(count, dtype=np.int64) for name in CONFLICTS}

    @property
    def _arrays(self) -> Told:
        described = (self.frequency, self.mean, self.variance)
        counted = (self.called, *self.conflicts.values())
        return (self.missing, self.strand, self.palindromic, *described, *counted)

    def told(self, variants: NDArray[np.intp]) -> Told:
        """What was found of some variants, for another process."""
        return tuple(array[variants] for array in self._arrays)

    def put(self, variants: NDArray[np.intp], told: Told) -> None:
        """What another process found of some variants."""
        for own, theirs in zip(self._arrays, told, strict=True):
            own[variants] = theirs

    def describe(
        self,
        variants: NDArray[np.intp],
        copies: Array,
        mean: Array,
        variance: Array,
    ) -> None:
        """Keep what the people have of variants: mean copies, coded mean and variance."""
        enough = self.people >= MINIMUM_SAMPLES
        self.frequency[variants] = copies / 2 if enough else np.nan
        self.mean[variants], self.variance[variants] = mean, variance

    def describe_called(
        self,
        variants: NDArray[np.intp],
        strand: NDArray[np.intp],
        palindromic: Mask,
        copies: Array,
    ) -> None:
        """Keep what was found of additive variants that everybody has a call of."""
        self.missing[variants], self.strand[variants] = Missing.NOT_MISSING, strand
        self.palindromic[variants] = palindromic
        self.describe(variants, copies, copies, hardy_weinberg_variance(copies / 2, ADDITIVE))

    def coding(self, i: int) -> Coding:
        """How the copies of a variant count."""
        return CODINGS[PLAIN_CODINGS[self.plain.coding[i]]]


def _letters(alleles: NDArray[np.object_]) -> NDArray[np.int32]:
    """Each allele's letter as a number, 0 for none."""
    listed = alleles.tolist()
    codes = {allele: _letter(str(allele).encode()) for allele in set(listed)}
    return np.fromiter(map(codes.__getitem__, listed), np.int32, len(listed))


def _letter(allele: bytes) -> int:
    return int.from_bytes(allele, "big") if len(allele) < 2 else _SEVERAL


def meeting(letters: int, seen: int) -> tuple[Strand, bool] | None:
    """How a variant's letters meet those of a record, and whether its effect allele is REF.

    Both are two letters as one number: effect and other allele, ALT and REF.

    >>> meeting(0x4147, 0x6167), meeting(0x4147, 0x4354)  # A and G, met with a and g, C and T
    ((<Strand.FOUND: 'found'>, False), (<Strand.FLIPPED: 'flipped'>, True))
    """
    own = divmod(letters, 256)
    alt, ref = seen.to_bytes(2, "big").upper()
    if not own[1]:
        return None  # one letter is not enough here
    if own == (alt, ref):
        return Strand.FOUND, False
    if own == (ref, alt):
        return Strand.SWAPPED, True
    opposite = (_COMPLEMENT.get(own[0]), _COMPLEMENT.get(own[1]))
    if opposite == (alt, ref):
        return Strand.FLIPPED, False
    return (Strand.FLIPPED, True) if opposite == (ref, alt) else None


def is_palindrome(letters: int) -> bool:
    """Whether a variant's two letters are each other's complements.

    >>> is_palindrome(0x4154), is_palindrome(0x4147)  # A and T, A and G
    (True, False)
    """
    effect, other = divmod(letters, 256)
    return _COMPLEMENT.get(effect) == other


def variant_of(plain: PlainVariants, i: int) -> Variant:
    """One of the plain variants as a variant of its own."""
    return Variant(
        str(plain.name[i]) or f"{plain.chromosome[i]}:{plain.line[i]}",
        str(plain.chromosome[i]),
        int(plain.position_grch38[i]) or None,
        int(plain.position_grch37[i]) or None,
        str(plain.effect_allele[i]),
        str(plain.other_allele[i]),
    )


def hardy_weinberg_variance(frequency: Array, coding: Coding) -> Array:
    """The variance of coded copies in Hardy-Weinberg proportions.

    >>> hardy_weinberg_variance(np.array([0.5]), ADDITIVE)
    array([0.5])
    """
    p, q = frequency, 1 - frequency
    shares = np.stack([q * q, 2 * p * q, p * p])
    values = np.array(coding.values)
    first, second = values @ shares, values**2 @ shares
    return np.asarray(second - first**2, dtype=np.float64)


_COMPLEMENT = {ord(letter): ord(complement(letter)) for letter in "ACGT"}
