"""A change to the reference sequence, and when two spellings of it are surely the same.

An insertion or deletion in a repeat can be written at several places. Without the reference
sequence two spellings are known to be one change only where their own letters prove it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskscore.genetics.build import Build
from riskscore.genetics.variant import AlleleMatch, Variant

_LETTERS = frozenset("ACGTN")


@dataclass(frozen=True, slots=True)
class Change:
    """``ref`` at ``position`` (1-based) is replaced by ``alt``; either may be empty.

    >>> Change(9, "CTT", "CT").trimmed
    Change(position=10, ref='T', alt='')
    """

    position: int
    ref: str
    alt: str

    @property
    def trimmed(self) -> Change:
        """Without the letters that both begin or end with, the end first."""
        position, ref, alt = self.position, self.ref, self.alt
        while ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        while ref and alt and ref[0] == alt[0]:
            position, ref, alt = position + 1, ref[1:], alt[1:]
        return Change(position, ref, alt)

    def touches(self, other: Change) -> bool:
        """Whether a chromosome with this change can no longer be plain reference at the other.

        Both are trimmed. Two insertions touch at one place; an insertion and a deletion also where
        they meet, since in a repeat both change the count.

        >>> snp = Change(9, "A", "G")
        >>> Change(9, "AC", "A").trimmed.touches(snp), Change(9, "AC", "GG").touches(snp)
        (False, True)
        """
        if not self.ref and not other.ref:
            return self.position == other.position
        start, end = other.position, other.position + len(other.ref)
        if self.ref and other.ref:
            return self.position < end and start < self.position + len(self.ref)
        if not other.ref:
            return other.touches(self)
        slack = 0 if other.alt else 1
        return start - slack < self.position < end + slack


def is_sequence(allele: str) -> bool:
    """Whether an allele is written out in bases: not ``*``, not ``<DEL>``."""
    return bool(allele) and set(allele) <= _LETTERS


def same_change(one: Change, two: Change) -> bool:
    """Whether two changes surely make the same sequence; False also where that is not known.

    Each REF says what the reference is where it stands. Where both together cover the stretch
    between them without a gap, the two changed sequences are compared.

    >>> same_change(Change(100, "G", "GC"), Change(101, "C", "CC"))
    True
    >>> same_change(Change(100, "G", "GC"), Change(103, "C", "CC"))
    False
    """
    reference: dict[int, str] = {}
    for change in (one, two):
        for offset, base in enumerate(change.ref):
            if reference.setdefault(change.position + offset, base) != base:
                return False
    start, end = min(reference, default=0), max(reference, default=0)
    if len(reference) != end - start + 1:
        return False
    sequence = "".join(reference[place] for place in range(start, end + 1))
    made = []
    for change in (one, two):
        place = change.position - start
        made.append(sequence[:place] + change.alt + sequence[place + len(change.ref) :])
    return made[0] == made[1]


def match_change(
    variant: Variant, build: Build, position: int, ref: str, alts: Sequence[str]
) -> AlleleMatch | None:
    """Match a variant to a record that writes it differently: padded, or shifted in a repeat.

    Only on the forward strand. None when the two are not surely the same change.

    >>> v = Variant("rs1", "6", 100, 90, "GC", "G")
    >>> match_change(v, Build.GRCh38, 101, "C", ["CCC", "CC"])
    AlleleMatch(effect_index=2, flipped=False, ambiguous=False, other_index=0)
    """
    ref, letters = ref.upper(), [alt.upper() for alt in alts]
    if not is_sequence(ref):
        return None
    found = set()
    if not variant.other_allele:
        return None
    for reference in dict.fromkeys(
        [variant.reference_allele or variant.other_allele]
        + [variant.effect_allele] * (not variant.reference_allele)
    ):
        is_effect = reference == variant.effect_allele
        alternative = variant.other_allele if is_effect else variant.effect_allele
        wanted = Change(variant.position(build), reference, alternative)
        for index, alt in enumerate(letters, start=1):
            if is_sequence(alt) and same_change(wanted, Change(position, ref, alt)):
                found.add((0, index) if is_effect else (index, 0))
    if len(found) != 1:
        return None
    effect, other = found.pop()
    return AlleleMatch(effect, False, False, other)
