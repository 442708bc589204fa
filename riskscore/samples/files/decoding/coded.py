"""Usual cells as small whole numbers: GT alone, or GT:DS with at most three decimals, one ALT.

Nearly every cell of a large file is one of some thousand texts. A record whose cells all are is
kept as numbers of a table, and what is computed of it is computed of the table. For any other cell
the functions return None, and the record is read by samples/loci/genotypes.py, to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask, Offsets

Values = NDArray[np.float32]
Small = NDArray[np.uint8]

_TAB, _COLON, _POINT, _ZERO, _SLASH, _BAR = (np.uint8(ord(letter)) for letter in "\t:.0/|")
_STRETCH = 1 << 16  # letters read at a time: what is made of them then stays in the cache
_PADDING = bytes(8)  # so that every letter of a cell may be asked for, be it there or not
_THOUSANDTHS = 1000
_LARGEST = 2010  # a dosage above it is an error, and the complete path says so
_CODES = 2048
_SHORTEST, _LONGEST = len("0|0:0"), len("0|0:0.123")
TOLERANCE = 0.01  # imputation writes dosages with two or three decimals


def _dosages() -> Values:
    """Copies by thousandths. The quotient is the double nearest to the text, as float() gives."""
    return np.clip(np.arange(_CODES) / _THOUSANDTHS, 0, 2).astype(np.float32)


def contradicted(called: Values, copies: Values) -> Mask:
    """Whether no reading of a dosage agrees with the copies that GT names, elementwise.

    A most probable homozygote is within one copy of its dosage, a heterozygote in half.
    """
    reach = np.where(called == 1, 0.5, 1.0) + TOLERANCE
    with np.errstate(invalid="ignore"):
        found: Mask = np.abs(called - copies) > reach
    return found


_DOSAGES = _dosages()
_CALLS = np.arange(3, dtype=np.float32)
_CONTRADICTED = contradicted(_CALLS[:, None], _DOSAGES).ravel()  # by copies called, and code


@dataclass(frozen=True)
class CodedCopies:
    """Copies of the ALT of each sample, as places in a table.

    ``codes`` has shape (samples,), ``table`` the copies that each code stands for; 0 is no copy.
    ``conflicts`` counts the cells whose GT no reading of their dosage can agree with.
    """

    codes: NDArray[np.unsignedinteger]
    table: Values
    conflicts: int = 0

    @cached_property
    def values(self) -> Values:
        """The copies, shape (samples,)."""
        return self.table.take(self.codes, mode="clip")

    def through(self, function: Callable[[Values], Values]) -> Values:
        """An elementwise function of the copies, shape (samples,)."""
        return function(self.table).take(self.codes, mode="clip")

    @property
    def any_without(self) -> bool:
        """Whether anybody has no copy at all."""
        return int(self.codes.min(initial=1)) == 0


def coded_text(body: bytes, samples: int, names: tuple[str, ...]) -> CodedCopies | None:
    r"""The cells of a VCF line, given the names of FORMAT; None where any is not as usual.

    >>> coded_text(b"0|0:0.25\t1|1:2", 2, ("GT", "DS")).values.tolist()
    [0.25, 2.0]
    """
    if not samples:
        return None
    if names == ("GT",):
        return _coded_calls(body, samples)
    return _coded_dosages(body, samples) if names == ("GT", "DS") else None


def coded_numbers(calls: Small, dosages: NDArray[np.float32] | None) -> CodedCopies | None:
    """The numbers of a BCF record: GT as stored in 8 bits, (samples, 2), and DS if it has it."""
    alleles = (calls >> 1) - np.uint8(1)  # packed as (allele + 1) << 1 | phase
    if not alleles.size or alleles.max() > 1:
        return None
    called = alleles[:, 0] + alleles[:, 1]
    if dosages is None:
        return CodedCopies(called, _CALLS)
    if not 0 <= dosages.min() <= dosages.max() <= _LARGEST / _THOUSANDTHS:  # nan is not either
        return None
    codes = np.rint(dosages * np.float32(_THOUSANDTHS)).astype(np.uint16)
    if (_DOSAGES.take(codes) != dosages).any():
        return None
    return _with_calls(codes, called)


def _with_calls(codes: NDArray[np.uint16], called: Small) -> CodedCopies:
    both = codes + called * np.uint16(_CODES)
    return CodedCopies(codes, _DOSAGES, int(np.count_nonzero(_CONTRADICTED.take(both))))


def _coded_calls(body: bytes, samples: int) -> CodedCopies | None:
    """Cells of three letters each, ``0|1``."""
    if len(body) != 4 * samples - 1:
        return None
    letters = np.frombuffer(body + b"\t", dtype=np.uint8).reshape(samples, 4)
    first, second = letters[:, 0] - _ZERO, letters[:, 2] - _ZERO
    if (first | second).max() > 1 or (letters[:, 3] != _TAB).any():
        return None
    if not _separated(letters[:, 1]):
        return None
    return CodedCopies(first + second, _CALLS)


def _separated(letters: Small) -> bool:
    return bool(((letters == _BAR) | (letters == _SLASH)).all())


def _coded_dosages(body: bytes, samples: int) -> CodedCopies | None:
    """Cells such as ``0|1:1`` and ``1/1:1.97``."""
    text = np.frombuffer(body, dtype=np.uint8)
    codes, called = np.empty(samples, dtype=np.uint16), np.empty(samples, dtype=np.uint8)
    done = start = 0
    while start <= len(body):
        stretch = text[start : start + _STRETCH + len(_PADDING)]
        if start + stretch.size >= len(body):  # the last one, for which there is no tab
            ended = b"".join((memoryview(body)[start:], b"\t", _PADDING))
            stretch = np.frombuffer(ended, dtype=np.uint8)
        tabs = (stretch[: -len(_PADDING)] == _TAB).nonzero()[0]
        stop = done + tabs.size
        if not tabs.size or stop > samples:
            return None
        if not _read_stretch(stretch, tabs, codes[done:stop], called[done:stop]):
            return None
        done, start = stop, start + int(tabs[-1]) + 1
    return _with_calls(codes, called) if done == samples and codes.max() <= _LARGEST else None


def _letters(text: Small, starts: Offsets) -> Callable[[int], Small]:
    """Of each cell the letter at a place, a byte a cell."""
    return lambda place: text[place:].take(starts, mode="clip")


def _read_stretch(text: Small, tabs: Offsets, codes: NDArray[np.uint16], called: Small) -> bool:
    """Read the cells that end at ``tabs`` into the other two; False for an unusual one.

    Letters are taken column by column, a byte a cell.
    """
    starts = np.empty_like(tabs)
    starts[0] = 0
    np.add(tabs[:-1], 1, out=starts[1:])
    lengths = tabs - starts
    if lengths.min() < _SHORTEST or lengths.max() > _LONGEST:
        return False
    letter = _letters(text, starts)
    first, second, whole = letter(0) - _ZERO, letter(2) - _ZERO, letter(4) - _ZERO
    if (first | second).max() > 1 or whole.max() > 2:
        return False
    if not _separated(letter(1)) or (letter(3) != _COLON).any():
        return False
    np.add(first, second, out=called)
    np.multiply(whole, np.uint16(_THOUSANDTHS), out=codes, dtype=np.uint16)
    longer = (lengths > _SHORTEST).nonzero()[0]
    if not longer.size:
        return True
    decimals = _decimals(text, starts.take(longer), lengths.take(longer).astype(np.uint8))
    if decimals is None:
        return False
    codes[longer] += decimals
    return True


def _decimals(text: Small, starts: Offsets, length: Small) -> NDArray[np.uint16] | None:
    """The thousandths that follow the point of cells; None where it is none, or no digits do."""
    letter = _letters(text, starts)
    if (letter(_SHORTEST) != _POINT).any():
        return None
    total = np.zeros(length.size, dtype=np.uint16)
    for place, unit in ((6, 100), (7, 10), (8, 1)):
        digits = (letter(place) - _ZERO) * (length > place)
        if digits.max() > 9:
            return None
        total += digits * np.uint16(unit)
    return total
