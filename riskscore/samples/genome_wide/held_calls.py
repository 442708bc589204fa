"""Calls of SNPs held as they are met along a file, and summed together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.variant import Strand, complement
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Spot
from riskscore.samples.genome_wide.called import Called, Site
from riskscore.samples.genome_wide.exact_sums import ExactSums
from riskscore.samples.genome_wide.findings import HOW, Findings, is_palindrome, meeting

SURE, PALINDROME = 0, 1  # kinds of sums
# How a variant was met, as one number: the strand's place in HOW, and two flags.
_TURNED, _PALINDROMIC, _STRAND = 4, 8, 3
_OTHER = -1  # met in no way that is summed here


class HeldCalls:
    """The calls of additive variants of two letters, weighed and added once there are enough."""

    def __init__(self, found: Findings, exact: ExactSums, called: Called) -> None:
        self._found, self._exact, self._called = found, exact, called
        self._rows = called.rows(exact)
        self._waiting: list[tuple[int, int]] = []  # a variant, and how it was met
        # Of what was summed: both, the copies of ALT, and whether it was.
        self._summed: list[tuple[NDArray[Any], ...]] = []
        self._meetings: dict[int, int] = {}  # how letters meet, as it was found before
        self.full = False

    def take(self, i: int, spot: Spot) -> bool:
        """Hold the calls of a variant; False when they are not usual, or not of its letters."""
        calls = self._called.snp(spot)
        if calls is None:
            return False
        seen, start, end = calls
        both = self._found.letters[i] << 16 | seen
        how = self._meetings.get(both)
        if how is None:
            how = self._meetings[both] = _how(self._found.letters[i], seen)
        if how == _OTHER:
            return False
        self._waiting.append((i, how))
        self.full = self._rows.put(spot[0], start, end)
        return True

    def flush(self) -> Iterator[tuple[int, Record]]:
        """Sum what is held; the variants, and their records, that have any other call."""
        if not self._waiting:
            return
        variants, hows = np.array(self._waiting, dtype=np.intp).T
        self._waiting, self.full = [], False
        kinds = np.where(hows & _PALINDROMIC, PALINDROME, SURE)
        usual, counts = self._rows.flush(kinds, variants, hows & _TURNED != 0)
        self._summed.append((variants, hows, counts, usual))
        for row in np.flatnonzero(~usual).tolist():
            i = int(variants[row])
            site = self._site(i, int(hows[row]))
            yield i, self._called.record(site, self._rows.unusual(row))

    def settle(self) -> None:
        """Carry all over into the sums, and keep what was found of the variants in them."""
        self._rows.settle()
        if not self._summed:
            return
        columns = [np.concatenate(column) for column in zip(*self._summed, strict=True)]
        variants, hows, counts = (column[columns[-1]] for column in columns[:-1])
        self._summed = []
        turned, palindromic = hows & _TURNED != 0, hows & _PALINDROMIC != 0
        self._exact.add_two(SURE, variants[turned & ~palindromic])
        self._exact.add_two(PALINDROME, variants[turned & palindromic])
        people = self._found.people
        copies = np.where(turned, 2 * people - counts, counts) / people
        self._found.describe_called(variants, hows & _STRAND, palindromic, copies)

    def _site(self, i: int, how: int) -> Site:
        """Where a variant was met, with the letters it was met with."""
        plain = self._found.plain
        effect, other = str(plain.effect_allele[i]), str(plain.other_allele[i])
        if HOW[how & _STRAND] is Strand.FLIPPED:
            effect, other = complement(effect), complement(other)
        ref, alt = (effect, other) if how & _TURNED else (other, effect)
        return Site(str(plain.chromosome[i]), int(self._found.positions[i]), ref, alt)


def _how(letters: int, seen: int) -> int:
    """How a variant's letters meet those of a record, as one number."""
    met = meeting(letters, seen)
    if met is None:
        return _OTHER
    return HOW.index(met[0]) | _TURNED * met[1] | _PALINDROMIC * is_palindrome(letters)
