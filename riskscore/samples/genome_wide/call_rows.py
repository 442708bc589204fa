"""Rows of called genotypes, as files have them, held until they are summed together.

A row is usual when every sample has two called alleles, 0 or 1. The copies of usual rows are
multiplied with the weights by BLAS, in float32 as long as that is exact.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Copies, Mask
from riskscore.samples.genome_wide.exact_sums import ExactSums

Usual = NDArray[np.bool_]  # by row

_ROWS, _CELLS = 64, 1 << 17  # so many records are held at a time, or so many cells
_DIGIT = 12  # bits of a weight in one product
_DIGITS = 4
_SHIFTS = _DIGIT * np.arange(_DIGITS)[:, None]
_EXACT = 2048  # so many products of two copies and a digit have a sum that float32 holds
_ALONE = 1 << 18  # multiplications at a time: so few that BLAS wakes no threads for them
# Cells as words: "0|0" or "0/0" and a tab; and the bits in which 0 and 1 differ.
_CALLED = (np.uint32(0x0930_7C30), np.uint32(0x0930_2F30))
_ALLELES = np.uint32(0x0001_0001)
_ADDING = np.uint32(1 << 14 | 1 << 30)  # times a cell: its alleles, added in the highest bits
_TAB = ord("\t")
# Of two alleles as BCF packs them, (allele + 1) << 1 and a bit that says whether they are phased.
_UNPHASED, _BOTH_REF = np.uint16(0xFEFE), np.uint16(0x0202)


class CallRows(ABC):
    """Rows of genotypes, summed together once there are enough.

    Whoever adds a row keeps what it stands for; :meth:`flush` tells which rows were not usual, and
    does not sum them. ``width`` is the length of a row in bytes.
    """

    def __init__(self, sums: ExactSums, width: int) -> None:
        kinds, samples = sums.sums.shape
        self._sums, self._width = sums, width
        rows = max(1, min(_ROWS, _CELLS // samples))
        self._cells = np.full((rows, width), _TAB, dtype=np.uint8)
        self._bytes = memoryview(self._cells.data).cast("B")
        self._copies = np.empty((rows, samples), dtype=np.float32)
        self._ones = np.ones(samples, dtype=np.float32)
        digits = sums.weights >> _SHIFTS  # twelve bits of each weight at a time
        digits[:-1] &= 2**_DIGIT - 1
        self._digits = digits.astype(np.float32)
        self._parts = np.zeros((kinds, _DIGITS, samples), dtype=np.float32)
        self._multiplied = 0
        self._unusual: dict[int, bytes] = {}
        self.held = 0

    def put(self, text: bytes | bytearray, start: int, end: int) -> bool:
        """Take the cells of a record; whether the rows are now to be flushed."""
        at = self.held * self._width
        self._bytes[at : at + end - start] = memoryview(text)[start:end]
        self.held += 1
        return self.held == len(self._cells)

    def flush(
        self, kinds: NDArray[np.intp], variants: NDArray[np.intp], turned: Mask
    ) -> tuple[Usual, NDArray[np.int64]]:
        """Sum the rows; which of them were usual, and the copies of ALT in each.

        ``kinds``, ``variants`` and ``turned`` (the effect allele is REF) have an entry a row. Of a
        turned row the copies of ALT are taken away: the two that they are taken from are not added.
        """
        copies = self._copies[: self.held]
        usual = self._count(self._cells[: self.held], copies)
        if not usual.all():
            copies[~usual] = 0
        digits = self._digits[:, variants] * np.where(turned, np.float32(-1), np.float32(1))
        for kind in set(kinds.tolist()):
            self._multiply(kind, digits * (kinds == kind), copies)
        self._multiplied += self.held
        if self._multiplied > _EXACT - len(self._cells):
            self.settle()
        self.held = 0
        return usual, (copies @ self._ones).astype(np.int64)

    @abstractmethod
    def _count(self, cells: NDArray[np.uint8], copies: Copies) -> Usual:
        """Put the copies of ALT in usual rows into ``copies``, and keep the cells of others."""

    def _multiply(self, kind: int, digits: Copies, copies: Copies) -> None:
        """Add weights times copies (0, 1 or 2), twelve bits of the weights at a time."""
        parts, columns = self._parts[kind], max(1, _ALONE // digits.size)
        for start in range(0, copies.shape[1], columns):
            some = slice(start, start + columns)
            parts[:, some] += digits @ copies[:, some]

    def settle(self) -> None:
        """Carry what was multiplied over into the sums."""
        for kind, parts in enumerate(self._parts):
            self._sums.sums[kind] += (parts.astype(np.int64) << _SHIFTS).sum(axis=0)
        self._parts[:] = 0
        self._multiplied = 0

    def unusual(self, row: int) -> bytes:
        """The cells of an unusual row as they were, after the flush."""
        return self._unusual[row]


class TextRows(CallRows):
    """Rows of four-letter cells, ``0|1`` and a tab, but for the last of them."""

    def __init__(self, sums: ExactSums) -> None:
        super().__init__(sums, 4 * sums.sums.shape[1])

    def _count(self, cells: NDArray[np.uint8], copies: Copies) -> Usual:
        words = cells.view("<u4")
        both = np.bitwise_and.reduce(words, axis=1) & ~_ALLELES
        either = np.bitwise_or.reduce(words, axis=1) & ~_ALLELES
        usual = np.asarray((both == either) & ((both == _CALLED[0]) | (both == _CALLED[1])))
        if not usual.all():
            for row in np.flatnonzero(~usual):
                usual[row] = _is_called(words[row])
            odd = np.flatnonzero(~usual).tolist()
            self._unusual = {row: cells[row, :-1].tobytes() for row in odd}
        words *= _ADDING
        words >>= 30
        copies[:] = words.view(np.int32)
        cells[:, -1] = _TAB  # no cell's tab is put there
        return usual


class BinaryRows(CallRows):
    """Rows of two alleles a sample, as BCF has them in 8 bits each."""

    def __init__(self, sums: ExactSums) -> None:
        super().__init__(sums, 2 * sums.sums.shape[1])
        self._words = np.empty(self._copies.shape, dtype=np.uint16)

    def _count(self, cells: NDArray[np.uint8], copies: Copies) -> Usual:
        words = np.bitwise_and(cells.view("<u2"), _UNPHASED, out=self._words[: len(cells)])
        words -= _BOTH_REF  # 0 or 2 for either allele, and nothing else for one that is called
        usual = np.asarray(np.bitwise_or.reduce(words, axis=1) & ~_BOTH_REF == 0)
        self._unusual = {row: cells[row].tobytes() for row in np.flatnonzero(~usual).tolist()}
        words *= np.uint16(0x0101)  # adds the lower to the upper
        words >>= 9
        copies[:] = words
        return usual


def _is_called(words: NDArray[np.uint32]) -> bool:
    """Whether all cells of a row are called, with separators of either kind."""
    cells = words & ~_ALLELES
    return bool(((cells == _CALLED[0]) | (cells == _CALLED[1])).all())
