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

_ROWS, _CELLS = 128, 1 << 20  # so many records are multiplied at a time, or so many cells
_DIGIT = 12  # bits of a weight in one product: 128 x 2 x 4095 is exact in float32
_DIGITS = 4
_SHIFTS = _DIGIT * np.arange(_DIGITS)[:, None]
_ALONE = 500  # samples multiplied at a time
_CALLED = np.uint32(0x0930_0030)  # "0?0" and a tab, whatever separates the two alleles
_CALL_MASK = np.uint32(0xFFFE_00FE)  # all but the separator and the last bit of the alleles
_ALLELES = np.uint32(0x0001_0001)
_BAR, _SLASH = np.uint32(0x7C00), np.uint32(0x2F00)
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

    def add_constant(self, kind: int, variant: int, copies: float) -> None:
        """Add a variant's weight times the same number of copies to every sample."""
        self.sums[kind] += int(np.rint(float(self.weights[variant]) * copies))

    def values(self) -> NDArray[np.float64]:
        """The sums as numbers, shape (kinds, samples)."""
        return np.ldexp(self.sums.astype(np.float64), -self.bits)


class CallRows:
    """Rows of four-letter cells (``0|1`` and a tab), summed together once there are enough.

    Whoever adds a row keeps what it stands for; :meth:`flush` gives the rows back that hold
    anything but called alleles 0 and 1, unsummed.
    """

    def __init__(self, sums: ExactSums) -> None:
        samples = sums.sums.shape[1]
        self._sums = sums
        rows = max(1, min(_ROWS, _CELLS // samples))
        self._text = np.empty((rows, 4 * samples), dtype=np.uint8)
        self._text[:, -1] = ord("\t")
        self._words = np.empty((rows, samples), dtype=np.uint32)
        self._copies = np.empty((rows, samples), dtype=np.float32)
        self.held = 0

    def put(self, line: bytes) -> bool:
        """Take the cells at the end of a line; whether the rows are now to be flushed."""
        width = self._text.shape[1] - 1
        self._text[self.held, :-1] = np.frombuffer(line, np.uint8, width, len(line) - width)
        self.held += 1
        return self.held == len(self._text)

    def flush(
        self, kinds: NDArray[np.intp], variants: NDArray[np.intp], turned: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Sum the rows; which of them were usual, and the copies of ALT in each.

        ``kinds``, ``variants`` and ``turned`` (the effect allele is REF) have an entry a row.
        """
        text = self._text[: self.held].view("<u4")
        words, copies = self._words[: self.held], self._copies[: self.held]
        np.bitwise_and(text, _CALL_MASK, out=words)
        usual = (words == _CALLED).all(axis=1)
        np.bitwise_and(text, _SEPARATOR, out=words)
        usual &= ((words == _BAR) | (words == _SLASH)).all(axis=1)
        np.bitwise_and(text, _ALLELES, out=words)
        words *= _ALLELES  # the two last bits are added in the upper half
        words >>= np.uint32(16)
        np.copyto(copies, words, casting="unsafe")
        copies[~usual] = 0
        weights = self._sums.weights[variants] * np.where(turned, -1, 1)
        for kind in np.unique(kinds):
            own = (kinds == kind) & usual
            self._sums.sums[kind] += _product(np.where(own, weights, 0), copies)
            self._sums.sums[kind] -= 2 * int(weights[own & turned].sum())
        counts = copies.sum(axis=1, dtype=np.float64)
        self.held = 0
        return usual, counts

    def line(self, row: int) -> bytes:
        """The cells of a row as text."""
        return self._text[row, :-1].tobytes()


def _product(weights: Sums, copies: Copies) -> Sums:
    """Weights times copies (0, 1 or 2), exact: twelve bits of the weights at a time."""
    digits = np.stack(
        [
            (weights >> (_DIGIT * i)) & (2**_DIGIT - 1)
            if i < _DIGITS - 1
            else weights >> (_DIGIT * i)
            for i in range(_DIGITS)
        ]
    ).astype(np.float32)
    total = np.empty(copies.shape[1], dtype=np.int64)
    for start in range(0, len(total), _ALONE):  # so few that BLAS wakes no threads for them
        part = slice(start, start + _ALONE)
        parts = (digits @ copies[:, part]).astype(np.int64)
        total[part] = (parts << _SHIFTS).sum(axis=0)
    return total
