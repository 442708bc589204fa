"""The strand of palindromes, A/T and C/G: decided by frequency, or by proof that REF is forward."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Spreads
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, Variant
from riskscore.samples.files.reading import Palindromes
from riskscore.samples.loci.dosages import LocusMatch

# A palindrome's frequency decides its strand only this far from one half, on both sides of it.
FREQUENCY_MARGIN = 0.1
# This many other loci must read REF = reference base before a file counts as on the forward strand.
MINIMUM_FORWARD = 10
# So many variants that are no palindromes must have been read without turning a letter, before the
# file and the score are taken to be on one strand; in a small score fewer, if the file has no other
# letters at the place of any.
MINIMUM_ON_STRAND = 100
_FEW_ON_STRAND = 20
AS_WRITTEN = "strand=as_written"  # the note of a palindrome that is believed as it is written


@dataclass(frozen=True)
class Found:
    """What was found at one variant: the match, copies of the effect allele (samples,), or None.

    ``turned`` are the copies if the record is on the other strand, where its letters fit both
    (``ambiguous``). ``ref`` is REF of a record at the variant's own place. ``batches`` are the
    effect allele's frequencies in each file's people, where several files were joined. ``variance``
    is that of the copies, in whichever strand, where the file tells it.
    """

    match: LocusMatch
    values: NDArray[np.float32] | None = None
    turned: NDArray[np.float32] | None = None
    ref: str = ""
    batches: tuple[float, ...] = ()
    ambiguous: bool = False
    lettered: bool = False  # matched by letters, not by a block or an assumption
    forward: bool = False  # the file states that its letters are of the forward strand
    hom_ref: bool = False  # whether anybody is homozygous for REF
    variance: Spreads | None = None

    def of_people(self, people: range) -> Found:
        """The copies of some people, without those of the others; what was judged on all stays."""
        span = slice(people.start, people.stop)
        return replace(
            self,
            values=None if self.values is None else self.values[span].copy(),
            turned=None if self.turned is None else self.turned[span].copy(),
            variance=None if self.variance is None else self.variance[span].copy(),
        )


def judge_strands(
    found: Sequence[Found],
    expected: Mapping[Variant, float],
    scores: Sequence[Collection[Variant]],
    palindromes: Palindromes | str,
) -> list[Found]:
    """Decide the strand of every palindrome, or say that nothing decides it.

    ``expected`` are effect-allele frequencies in the population that the people come from.
    ``scores`` are the variants of each model: those of one model may prove the strand of its
    palindromes whose frequency is not known.
    """
    if palindromes == Palindromes.DROP:
        return [_undecided(one) if one.ambiguous else one for one in found]
    forward = _is_forward(found)
    any_flipped = any(one.match.how == Strand.FLIPPED for one in found)
    proven = _proven(found, scores)
    judged = []
    for one in found:
        if one.values is None or not one.ambiguous:
            judged.append(one)
            continue
        variant = one.match.variant
        if one.forward:
            judged.append(_as_written(one))
            continue
        new = _judge(one, expected.get(variant), forward, any_flipped)
        if new.match.missing and (
            palindromes == Palindromes.KEEP or (variant not in expected and variant in proven)
        ):
            new = _as_written(one)
        judged.append(new)
    return judged


def proves_strand(others: int, flipped: bool, whole: bool) -> bool:
    """Whether variants that are no palindromes prove that a file and a score are on one strand.

    ``others`` of them were read by their letters. None may be ``flipped``; a hundred prove it, or
    twenty where they are ``whole``: all that the file has at their places.

    >>> proves_strand(100, False, False), proves_strand(20, False, True)
    (True, True)
    """
    return not flipped and (others >= MINIMUM_ON_STRAND or (whole and others >= _FEW_ON_STRAND))


def _proven(found: Sequence[Found], scores: Sequence[Collection[Variant]]) -> set[Variant]:
    """The variants of the models whose other variants prove one strand."""
    by_variant = {one.match.variant: one for one in found}
    proven: set[Variant] = set()
    for variants in scores:
        own = [by_variant[v] for v in variants if v in by_variant and not by_variant[v].ambiguous]
        read = [one for one in own if one.lettered and one.values is not None]
        flipped = any(one.match.how == Strand.FLIPPED for one in read)
        whole = all(one.match.missing != Missing.ALLELES_DIFFER for one in own)
        if proves_strand(len(read), flipped, whole):
            proven.update(variants)
    return proven


def _as_written(one: Found) -> Found:
    """A palindrome that is believed as it is written, and says so."""
    note = f"{one.match.note}; {AS_WRITTEN}" if one.match.note else AS_WRITTEN
    return replace(one, match=replace(one.match, note=note))


def _is_forward(found: Sequence[Found]) -> bool:
    """Whether REF is the reference base at every locus where that base is known."""
    known = [
        one for one in found if one.ref and one.match.variant.reference_allele and not one.ambiguous
    ]
    right = sum(one.ref == one.match.variant.reference_allele for one in known)
    return right >= MINIMUM_FORWARD and right == len(known)


def _judge(one: Found, expected: float | None, forward: bool, any_flipped: bool) -> Found:
    assert one.values is not None
    observed = one.match.frequency
    sides = {frequency > 0.5 for frequency in (*one.batches, observed) if _telling(frequency)}
    if expected is not None and _telling(expected) and _telling(observed):
        if sides == {expected > 0.5}:
            return one
        if any_flipped and len(sides) == 1 and one.turned is not None:
            match = replace(one.match, how=Strand.FLIPPED, frequency=1 - observed)
            return replace(one, match=match, values=one.turned)
    elif forward and len(sides) < 2 and one.ref == one.match.variant.reference_allele:
        return one
    return _undecided(one)


def _undecided(one: Found) -> Found:
    if one.values is None:
        return one
    return replace(
        one, match=replace(one.match, missing=Missing.AMBIGUOUS_STRAND, how=""), values=None
    )


def _telling(frequency: float) -> bool:
    """Whether a frequency is far enough from one half to tell one strand from the other."""
    return abs(frequency - 0.5) >= FREQUENCY_MARGIN  # False for nan
