"""Cells that all have one form: as many letters, with digits and separators at the same places.

Imputation writes such records where it rounds to a fixed number of decimals. Their numbers are one
matrix product: digits, (samples, letters), times the powers of ten that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Letters

_STRETCH = 1 << 16  # letters read at a time: what is made of them then stays in the cache
_ZERO, _TAB, _DIGITS = ord("0"), ord("\t"), bytes.maketrans(b"123456789", b"000000000")
_DECIMAL = re.compile(rb"0(?:\.(0{0,6}))?")  # so many digits that float32 holds their number
_ALONE = 1 << 18  # multiplications at a time: so few that BLAS wakes no threads for them


@dataclass(frozen=True)
class Numbers:
    """A numeric field of the cells: values (samples, width), nan where missing or not written.

    ``counts`` (samples,) says how many values each cell wrote: a haploid call writes fewer.
    """

    values: NDArray[np.float32]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Form:
    """The form of the cells of a record: one of them, its digits as zeros, a tab behind it.

    ``names`` are the fields of FORMAT.
    """

    cell: bytes
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """Letters of a cell, its tab included."""
        return len(self.cell)

    @cached_property
    def colons(self) -> NDArray[np.intp]:
        """The places of the colons in a cell."""
        return np.flatnonzero(np.frombuffer(self.cell, dtype=np.uint8) == ord(":"))

    def letters(self, body: bytes, name: str) -> tuple[Letters, Letters, Letters] | None:
        """The three letters of a field in each cell, of cells that fit; None if it is no pair."""
        place = self.names.index(name)
        at = int(self.colons[place - 1]) + 1 if place else 0
        if self.cell[:-1].split(b":")[place] not in (b"0|0", b"0/0"):
            return None
        text = np.frombuffer(body, dtype=np.uint8)
        return text[at :: self.width], text[at + 1 :: self.width], text[at + 2 :: self.width]

    def read(self, body: bytes) -> dict[str, Numbers] | None:
        """The fields that are lists of decimals, of cells apart by tabs; None if they do not fit.

        A quotient of whole numbers that float32 holds is the float32 nearest to it, and so is the
        nearest to the nearest float64: between that and the quotient there is no float32.
        """
        samples = (len(body) + 1) // self.width
        powers, scale = self._powers
        some = max(1, min(_STRETCH // self.width, _ALONE // max(1, powers.size)))
        form, most = (_repeated(letters, some) for letters in (self.cell, self._most))
        values = np.empty((samples, powers.shape[1]), dtype=np.float32)
        text = np.frombuffer(body, dtype=np.uint8)
        for first in range(0, samples, some):
            part = text[first * self.width : (first + some) * self.width]
            if first + some >= samples:
                part = np.append(part, np.uint8(_TAB))
            digits = part ^ form[: part.size]  # as numbers; what else fits is 0
            if (digits > most[: part.size]).any():
                return None
            if powers.size:
                numbers = digits.reshape(-1, self.width).astype(np.float32) @ powers
                np.divide(numbers, scale, out=values[first : first + some])
        return {
            name: Numbers(values[:, columns], np.full(samples, columns.stop - columns.start))
            for name, columns in self._columns.items()
        }

    @cached_property
    def _most(self) -> bytes:
        """What a letter of a cell may differ from the form: a digit by 9, another by nothing."""
        return bytes(9 * (letter == _ZERO) for letter in self.cell)

    @cached_property
    def _decimals(self) -> dict[str, list[tuple[int, int]]]:
        """Of each field of decimals where each begins, and how many digits follow its point."""
        found = {}
        at = 0
        for name, field in zip(self.names, self.cell[:-1].split(b":"), strict=True):
            parts = [_DECIMAL.fullmatch(part) for part in field.split(b",")]
            places = list(_places(field, at))
            if all(parts):
                decimals = [len(part[1] or b"") for part in parts if part]
                found[name] = list(zip(places, decimals, strict=True))
            at += len(field) + 1
        return found

    @cached_property
    def _columns(self) -> dict[str, slice]:
        """The columns of each field of decimals among all of them."""
        columns, at = {}, 0
        for name, numbers in self._decimals.items():
            columns[name] = slice(at, at + len(numbers))
            at += len(numbers)
        return columns

    @cached_property
    def _powers(self) -> tuple[NDArray[np.float32], np.float32]:
        """What each digit counts in each number, (letters, numbers), and what that is over."""
        every = [number for numbers in self._decimals.values() for number in numbers]
        most = max((decimals for _, decimals in every), default=0)
        powers = np.zeros((self.width, len(every)), dtype=np.float32)
        for column, (place, decimals) in enumerate(every):
            powers[place, column] = 10.0**most
            for i in range(decimals):
                powers[place + 2 + i, column] = 10.0 ** (most - 1 - i)
        return powers, np.float32(10.0**most)


def _places(field: bytes, at: int) -> Iterator[int]:
    """Where each number of a list begins."""
    for part in field.split(b","):
        yield at
        at += len(part) + 1


@lru_cache(maxsize=16)
def _form(cell: bytes, names: tuple[str, ...]) -> Form:
    return Form(cell, names)


def form_of(cell: bytes, names: tuple[str, ...]) -> Form | None:
    """The form of a cell with these fields; None where it has more or fewer, or is two cells."""
    if b"\t" in cell or cell.count(b":") != len(names) - 1:
        return None
    return _form(cell.translate(_DIGITS) + b"\t", names)


@lru_cache(maxsize=32)
def _repeated(letters: bytes, times: int) -> Letters:
    return np.frombuffer(letters * times, dtype=np.uint8)
