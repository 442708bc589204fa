"""Weighted sums over many variants, exact: whole numbers of a fixed unit, in whatever order.

A weight is rounded once, to a multiple of the unit, which is a power of two chosen so that no sum
can overflow 64 bits. From there on all is integer arithmetic, so that the order of the variants,
the way a file was split, or the way its genotypes were read cannot change a bit of a sum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.int64]
Copies = NDArray[np.float32]

_ROWS, _CELLS = 64, 1 << 17  # so many records are held at a time, or so many cells
_DIGIT = 12  # bits of a weight in one product
_DIGITS = 4
_SHIFTS = _DIGIT * np.arange(_DIGITS)[:, None]
_EXACT = 2048  # so many products of two copies and a digit have a sum that float32 holds
_ALONE = 1 << 18  # multiplications at a time: so few that BLAS wakes no threads for them
_CALLED = {ord("|"): np.uint32(0x0930_7C30), ord("/"): np.uint32(0x0930_2F30)}  # "0|0" and a tab
_ALLELES = np.uint32(0x0001_0001)  # the bits in which 0 and 1 differ
_TAB = ord("\t")
_EITHER = np.uint32(0xFFFE_00FE)  # all but these, and the separator
_SEPARATOR = np.uint32(0xFF00)


class ExactSums:
    """Sums over variants, shape (kinds, samples), in whole units of 2**-``bits``.

    ``kinds`` keeps apart what may later be left out.
    """

    def __init__(self, weights: NDArray[np.float64], samples: int, kinds: int = 1) -> None:
        largest = float(np.abs(weights).max(initial=0.0)) or 1.0
        total = 2 * float(np.abs(weights).sum()) or 1.0
        bits = min(46 - math.ceil(math.log2(largest)), 61 - math.ceil(math.log2(total)))
        self.bits = max(0, min(bits, 200))
        self.weights: Sums = np.rint(np.ldexp(weights, self.bits)).astype(np.int64)
        self.sums: Sums = np.zeros((kinds, samples), dtype=np.int64)

    def add(self, kind: int, variant: int, copies: Copies) -> None:
        """Add a variant's weight times the copies of each sample; none may be nan."""
        products = np.rint(float(self.weights[variant]) * copies.astype(np.float64))
        self.sums[kind] += products.astype(np.int64)

    def add_two(self, kind: int, variants: NDArray[np.intp]) -> None:
        """Add two copies of each of some variants to every sample."""
        self.sums[kind] += 2 * self.weights[variants].sum()

    def values(self) -> NDArray[np.float64]:
        """The sums as numbers, shape (kinds, samples)."""
        return np.ldexp(self.sums.astype(np.float64), -self.bits)


class CallRows:
    """Rows of four-letter cells (``0|1`` and a tab), summed together once there are enough.

    Whoever adds a row keeps what it stands for; :meth:`flush` gives the rows back that hold
    anything but called alleles 0 and 1, unsummed. Copies are summed in float32 as long as that is
    exact.
    """

    def __init__(self, sums: ExactSums) -> None:
        kinds, samples = sums.sums.shape
        self._sums, self._width = sums, 4 * samples
        rows = max(1, min(_ROWS, _CELLS // samples))
        self._text = np.full((rows, self._width), _TAB, dtype=np.uint8)
        self._bytes = memoryview(self._text.data).cast("B")
        self._copies = np.empty((rows, samples), dtype=np.float32)
        self._ones = np.ones(samples, dtype=np.float32)
        digits = sums.weights >> _SHIFTS  # twelve bits of each weight at a time
        digits[:-1] &= 2**_DIGIT - 1
        self._digits = digits.astype(np.float32)
        self._parts = np.zeros((kinds, _DIGITS, samples), dtype=np.float32)
        self._multiplied = 0
        self._unusual: dict[int, NDArray[np.uint32]] = {}
        self.held = 0

    def put(self, text: bytes | bytearray, start: int) -> bool:
        """Take the cells of a line, from the first on; whether the rows are now to be flushed."""
        at, length = self.held * self._width, self._width - 1  # the last cell's tab stands there
        self._bytes[at : at + length] = memoryview(text)[start : start + length]
        self.held += 1
        return self.held == len(self._text)

    def flush(
        self, kinds: NDArray[np.intp], variants: NDArray[np.intp], turned: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Sum the rows; which of them were usual, and the copies of ALT in each.

        ``kinds``, ``variants`` and ``turned`` (the effect allele is REF) have an entry a row. Of a
        turned row the copies of ALT are taken away: the two that they are taken from are not added.
        """
        words = self._text[: self.held].view("<u4")
        called = _CALLED.get(int(self._text[0, 1]), _CALLED[ord("|")])
        words ^= called
        usual = words.view("<u2").max(axis=1) <= 1
        all_usual = usual.all()
        if not all_usual:
            for row in np.flatnonzero(~usual):
                usual[row] = _without_separators(words[row], called)
            odd = np.flatnonzero(~usual).tolist()
            self._unusual = {row: words[row] ^ called for row in odd}
        # The alleles are the halves of a word: the lower is added to the upper, then both shifted.
        words *= _ALLELES
        words >>= 16
        copies = self._copies[: self.held]
        copies[:] = words.view(np.int32)
        signs = np.where(turned, np.float32(-1), np.float32(1))
        if not all_usual:
            copies[~usual] = 0
        digits = self._digits[:, variants] * signs
        for kind in set(kinds.tolist()):
            self._multiply(kind, digits * (kinds == kind), copies)
        self._multiplied += self.held
        if self._multiplied > _EXACT - len(self._text):
            self.settle()
        self._text[:, -1] = _TAB
        self.held = 0
        return usual, (copies @ self._ones).astype(np.int64)

    def _multiply(self, kind: int, digits: Copies, copies: Copies) -> None:
        """Add weights times copies (0, 1 or 2), twelve bits of the weights at a time."""
        parts, columns = self._parts[kind], _ALONE // digits.size
        for start in range(0, copies.shape[1], columns):
            some = slice(start, start + columns)
            parts[:, some] += digits @ copies[:, some]

    def settle(self) -> None:
        """Carry what was multiplied over into the sums."""
        for kind, parts in enumerate(self._parts):
            self._sums.sums[kind] += (parts.astype(np.int64) << _SHIFTS).sum(axis=0)
        self._parts[:] = 0
        self._multiplied = 0

    def line(self, row: int) -> bytes:
        """The cells of an unusual row as text, after the flush."""
        return self._unusual[row].tobytes()[:-1]


def _without_separators(words: NDArray[np.uint32], called: np.uint32) -> bool:
    """Take the separators, of either kind, out of a row; False, and nothing, if more is unusual."""
    apart = {int(one ^ called) for one in _CALLED.values()}  # what the separators may differ by
    separators = words & _SEPARATOR
    known = np.isin(separators, np.array(sorted(apart), dtype=np.uint32))
    if not known.all() or (words & _EITHER).any():
        return False
    words &= _ALLELES
    return True
