"""The sample columns of a VCF record as arrays: cells of usual text at once, others one by one.

Usual are a GT of one or two single-digit alleles (``0/1``, ``1|1``, ``./.``, ``1``) and numbers
that are plain decimals with one digit before the point (``1``, ``0.25``, ``.``), of any mixture of
lengths. Each other text is read by Python, once for all cells that have it.

A decimal is an integer over a power of ten. Both are exact in binary64, so their quotient is the
binary64 nearest to the text, as ``float(text)`` is (Clinger 1990): the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Letters, Mask, Offsets, Words64
from riskscore.files.tables import number_of
from riskscore.samples.files.decoding.cell_form import Form, Numbers, form_of

NO_CALL = -1  # an allele written as a dot
NO_ALLELE = -2  # the second allele of a haploid call
LAST_ALLELE = np.iinfo(np.int16).max  # the largest number of an allele that is read

Fail = Callable[[str, str], NoReturn]

_TAB, _COLON, _COMMA, _POINT, _ZERO, _SLASH, _BAR = (ord(letter) for letter in "\t:,.0/|")
_PADDING = bytes(32)  # so that the letters behind the last cell can be asked for
_LONG_NUMBER = 9  # digits of an allele's number; no record has so many alleles
_MOST_NUMBERS = 16  # numbers of a cell that are read at once; a cell with more is read by itself
_ZEROS, _LOW_BITS = np.uint64(0x3030303030303030), np.uint64(0x7F7F7F7F7F7F7F7F)
_ABOVE_NINE, _HIGH_BITS = np.uint64(0x7676767676767676), np.uint64(0x8080808080808080)
_FIRST_TWO_HIGH_BITS, _SECOND_HIGH_BIT = np.uint64(0x8080), np.uint64(0x8000)
_ONES, _FIRST, _BEHIND_TWO = np.uint64(0x0101010101010101), np.uint64(0xFF), ~np.uint64(0xFFFF)
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_ONE, _SEVEN = np.uint64(1), np.uint64(7)
_BYTE, _TWO_BYTES, _FOUR_BYTES, _SEVEN_BYTES = map(np.uint64, (8, 16, 32, 56))
_LOWER_HALF = np.uint64(0xFFFFFFFF)


class Cells:
    """The cells of one record, split at tabs and colons.

    ``body`` is the text after FORMAT without the end of line, ``names`` the fields of FORMAT.
    ``fail`` raises the error of a record, given a field and what is wrong with it. Without ``fast``
    each different text is read by Python, however usual it is.

    Raises that error for a field that FORMAT names twice, and for a cell with more fields.
    """

    def __init__(
        self, body: bytes, samples: int, names: tuple[str, ...], fail: Fail, *, fast: bool
    ) -> None:
        self._body, self._names, self._fail, self._fast = body, names, fail, fast
        found = body.count(b"\t") + 1 if body or samples == 1 else 0
        if found != samples:
            fail("", f"has {9 + found} columns, the header {9 + samples}")
        if len(set(names)) < len(names):
            fail("FORMAT", f"{':'.join(names)!r} names a field twice")
        self._samples = samples
        self._numbers: dict[str, Numbers] = {}

    @cached_property
    def _text(self) -> Letters:
        return np.frombuffer(b"".join((self._body, b"\t", _PADDING)), dtype=np.uint8)

    @cached_property
    def _form(self) -> Form | None:
        """The one form of all cells, if they have one; their numbers are then read."""
        width = (len(self._body) + 1) // self._samples
        if not self._fast or width * self._samples != len(self._body) + 1:
            return None
        form = form_of(self._body[: width - 1], self._names)
        numbers = form.read(self._body) if form else None
        if numbers is None:
            return None
        self._numbers |= numbers
        return form

    @cached_property
    def _starts(self) -> Offsets:
        """Where the cells begin."""
        if self._form:
            return self._form.width * np.arange(self._samples)
        starts = np.zeros(self._samples, dtype=np.intp)
        np.add(self._tabs[:-1], 1, out=starts[1:])
        return starts

    @cached_property
    def _tabs(self) -> Offsets:
        """Where the cells end."""
        if self._form:
            return self._starts + (self._form.width - 1)
        return np.flatnonzero(self._text[: len(self._body) + 1] == _TAB)

    @cached_property
    def _colons(self) -> Offsets:
        return np.flatnonzero(self._text[: len(self._body)] == _COLON)

    @cached_property
    def _table(self) -> Offsets | None:
        """Where the colons of each cell stand, (samples, fields - 1), if all cells have all."""
        samples, colons = self._samples, len(self._names) - 1
        if self._form:
            return self._starts[:, None] + self._form.colons
        if self._colons.size != samples * colons:
            return None
        table = self._colons.reshape(samples, colons)
        if colons and not ((table[:, 0] >= self._starts) & (table[:, -1] < self._tabs)).all():
            return None
        return table

    @cached_property
    def _ragged(self) -> tuple[Offsets, Offsets]:
        """Of each cell which colon is its first, and how many it has."""
        first = self._colons.searchsorted(self._starts)
        counts = self._colons.searchsorted(self._tabs) - first
        if counts.max(initial=0) >= len(self._names):
            self._fail("FORMAT", "a cell has more fields than FORMAT names")
        return first, counts

    def _field(self, name: str) -> tuple[Offsets, Offsets]:
        """Where the text of a field begins and ends in each cell; empty where it is left out."""
        k, table = self._names.index(name), self._table
        if table is not None:
            begins = table[:, k - 1] + 1 if k else self._starts
            return begins, table[:, k] if k < table.shape[1] else self._tabs
        first, counts = self._ragged
        colons = np.append(self._colons, 0)  # one to take where there is none
        begins = self._starts
        if k:
            begins = np.where(counts >= k, colons.take(first + k - 1, mode="clip") + 1, self._tabs)
        return begins, np.where(counts > k, colons.take(first + k, mode="clip"), self._tabs)

    def _distinct(
        self, begins: Offsets, ends: Offsets, rows: Offsets
    ) -> tuple[list[bytes], Offsets]:
        """The different texts of some rows, a dot where there is none; and which each row has."""
        codes: dict[bytes, int] = {}
        spans = zip(begins[rows].tolist(), ends[rows].tolist(), strict=True)
        texts = (self._body[begin:end] or b"." for begin, end in spans)
        each = [codes.setdefault(text, len(codes)) for text in texts]
        return list(codes), np.array(each, dtype=np.intp)

    @cached_property
    def _calls(self) -> _Calls:
        """The letters of GT, and in which cells they are a usual pair, or one usual allele."""
        letters = self._form.letters(self._body, "GT") if self._form else None
        if letters:
            every = np.ones(self._samples, dtype=bool)
            return _Calls(*letters, every, ~every)
        begins, ends = self._field("GT")
        first, middle, last = (self._text.take(begins + k) for k in range(3))
        lengths = ends - begins
        pair = (lengths == 3) & ((middle == _SLASH) | (middle == _BAR))
        pair &= _is_allele(first) & _is_allele(last)
        single = (lengths == 1) & _is_allele(first)
        if not self._fast:
            pair &= False
            single &= False
        return _Calls(first, middle, last, pair, single)

    def genotypes(self, alts: int) -> NDArray[np.int16]:
        """GT as allele numbers, shape (samples, 2), of a record with so many ALTs.

        Raises the record's error for a text that is no genotype of one or two of its alleles.
        """
        calls = self._calls
        pairs = np.empty((self._samples, 2), dtype=np.int16)
        usual = calls.pair | calls.single
        for k, letters in enumerate((calls.first, calls.last)):
            dots = letters == _POINT
            pairs[:, k] = np.where(dots, np.int16(NO_CALL), letters - np.uint8(_ZERO))
            beyond = (pairs[:, k] > alts) & (calls.pair if k else usual)
            if beyond.any():
                usual &= ~beyond  # an error, which names the text
        pairs[calls.single, 1] = NO_ALLELE
        if not usual.all():
            rows = np.flatnonzero(~usual)
            texts, which = self._distinct(*self._field("GT"), rows)
            read = [self._genotype(text, alts) for text in texts]
            pairs[rows] = np.array(read, dtype=np.int16)[which]
        return pairs

    def _genotype(self, text: bytes, alts: int) -> tuple[int, int]:
        # VCF 4.4 writes the phase of the first allele before it.
        calls = text[text[:1] in (b"|", b"/") :].replace(b"|", b"/").split(b"/")
        if len(calls) > 2:
            self._fail("GT", f"{_shown(text)} has {len(calls)} alleles")
        alleles = [self._allele(call, text, alts) for call in calls]
        return (alleles[0], alleles[1] if len(alleles) == 2 else NO_ALLELE)

    def _allele(self, call: bytes, text: bytes, alts: int) -> int:
        if call == b".":
            return NO_CALL
        if not call.isdigit():
            self._fail("GT", f"{_shown(text)} is not a genotype")
        shorter = call.lstrip(b"0")[:_LONG_NUMBER]
        number = int(shorter or b"0")
        if number > alts:
            self._fail("GT", f"{_shown(text)} names an allele beyond ALT")
        if number > LAST_ALLELE:
            self._fail("GT", f"{_shown(text)} names an allele beyond the {LAST_ALLELE:,}th")
        return number

    def phased(self) -> Mask:
        """Which genotypes are phased, shape (samples,): alleles apart by | and not by /."""
        calls = self._calls
        found = calls.pair & (calls.middle == _BAR)
        rows = np.flatnonzero(~(calls.pair | calls.single))
        if rows.size:
            texts, which = self._distinct(*self._field("GT"), rows)
            read = np.array([b"|" in text and b"/" not in text for text in texts], dtype=bool)
            found[rows] = read[which]
        return np.asarray(found)

    def texts(self, name: str) -> NDArray[np.bytes_]:
        """A field as text, a dot where a cell leaves it out, shape (samples,)."""
        texts, which = self._distinct(*self._field(name), np.arange(self._samples))
        return np.asarray(np.array(texts, dtype=np.bytes_)[which])

    def numbers(self, name: str) -> Numbers:
        """A numeric field; read once.

        Raises the record's error for a text that is not a list of finite numbers and dots.
        """
        if self._form is None or name not in self._numbers:
            self._numbers[name] = self._numbers.get(name) or self._read_numbers(name)
        return self._numbers[name]

    def _read_numbers(self, name: str) -> Numbers:
        begins, ends = self._field(name)
        columns, counts, odd = self._decimals(begins, ends)
        table = np.stack(columns, axis=1) if columns else np.empty((len(odd), 0), dtype=np.float32)
        if not odd.any():
            return Numbers(table, counts)
        rows = np.flatnonzero(odd)
        texts, which = self._distinct(begins, ends, rows)
        lists = [self._floats(name, text) for text in texts]
        lengths = np.array([len(values) for values in lists], dtype=np.int64)
        counts[rows] = lengths[which]
        read = np.full((len(lists), int(counts.max())), np.nan, dtype=np.float32)
        for row, numbers in zip(read, lists, strict=True):
            row[: len(numbers)] = numbers
        values = np.full((len(odd), read.shape[1]), np.nan, dtype=np.float32)
        values[:, : table.shape[1]] = table[:, : read.shape[1]]
        values[rows] = read[which]
        return Numbers(values, counts)

    def _decimals(
        self, begins: Offsets, ends: Offsets
    ) -> tuple[list[NDArray[np.float32]], NDArray[np.int64], Mask]:
        """The first numbers of the cells, the second, and so on; how many; and the odd cells.

        Odd are those with a text that is no usual decimal.
        """
        count = begins.size
        columns: list[NDArray[np.float32]] = []
        counts, odd = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
        if not self._fast:
            return columns, counts, ~odd
        lengths = ends - begins
        written = (lengths > 1) | ((lengths == 1) & (self._text.take(begins) != _POINT))
        rows = np.arange(count) if written.all() else np.flatnonzero(written)
        begins, ends = begins[rows], ends[rows]
        while rows.size:
            values, stops, good = _read_decimals(self._text, begins)
            more = good & (self._text.take(stops) == _COMMA)
            good &= (stops == ends) | more
            if len(columns) == _MOST_NUMBERS:
                good[:] = False
            odd[rows[~good]] = True
            column = values if rows.size == count else np.full(count, np.nan, dtype=np.float32)
            if column is not values:
                column[rows] = values
            columns.append(column)
            counts[rows] += 1
            more &= good
            if more.all():
                begins = stops + 1
            else:
                rows, begins, ends = rows[more], stops[more] + 1, ends[more]
        return columns, counts, odd

    def _floats(self, name: str, text: bytes) -> list[float]:
        if text == b".":
            return []
        values = []
        for part in text.split(b","):
            try:
                value = float("nan") if part == b"." else number_of(part.decode("latin-1"))
            except ValueError:
                self._fail(name, f"{_shown(text)} is not a number")
            if part != b"." and not np.isfinite(value):
                self._fail(name, f"{_shown(text)} is not a finite number")
            values.append(value)
        return values


@dataclass(frozen=True)
class _Calls:
    """GT of each cell: its first three letters, and whether it is a usual pair or one allele."""

    first: Letters
    middle: Letters
    last: Letters
    pair: Mask
    single: Mask


def _is_allele(letters: Letters) -> Mask:
    """Whether letters are a digit or a dot; what is below "0" wraps round to above 9."""
    found: Mask = (letters - np.uint8(_ZERO) <= 9) | (letters == _POINT)
    return found


def _read_decimals(text: Letters, starts: Offsets) -> tuple[NDArray[np.float32], Offsets, Mask]:
    """Decimals that begin at ``starts``, where each ends, and whether it is one.

    A dot is nan. Eight letters are read as one integer: digits are its bytes, which two
    products and shifts at a time add up to the number of millionths.
    """
    words = _words(text, starts)
    digits = words ^ _ZEROS
    others = (((digits & _LOW_BITS) + _ABOVE_NINE) | digits) & _HIGH_BITS  # letters but digits
    pointed = (words >> _BYTE) & _FIRST == _POINT
    behind = np.where(pointed, others & _BEHIND_TWO, _SECOND_HIGH_BIT)
    end = behind & (~behind + _ONE)  # the lowest bit: of the letter that ends the number
    within = (end >> _SEVEN) - _ONE  # all bits of the letters before it; all, if there is none
    values = _millionths(digits, within) / 1e6
    lengths = ((within & _ONES) * _ONES) >> _SEVEN_BYTES
    good = (others & _FIRST_TWO_HIGH_BITS) == _SECOND_HIGH_BIT  # a digit, and something else
    if not end.all():
        _read_on(text, starts, np.flatnonzero(end == 0), values, lengths)
    if not good.all():
        dots = words & _FIRST == _POINT
        values[dots], lengths[dots] = np.nan, 1
        good |= dots
    good &= lengths > 0
    return values.astype(np.float32), starts + lengths.astype(np.intp), good


def _read_on(
    text: Letters, starts: Offsets, rows: Offsets, values: Array, lengths: Words64
) -> None:
    """Read eight letters more of numbers that are longer; one that still goes on has length 0."""
    digits = _words(text, starts[rows] + 8) ^ _ZEROS
    others = (((digits & _LOW_BITS) + _ABOVE_NINE) | digits) & _HIGH_BITS
    end = others & (~others + _ONE)
    within = (end >> _SEVEN) - _ONE
    whole = np.rint(values[rows] * 1e6) * 1e8
    whole += _eight_digits(digits & within)
    values[rows] = whole / 1e14
    lengths[rows] = np.where(end != 0, 8 + (((within & _ONES) * _ONES) >> _SEVEN_BYTES), 0)


def _words(text: Letters, starts: Offsets) -> Words64:
    """The eight letters from each place on."""
    step = int(starts[1] - starts[0]) if starts.size > 1 else 0
    if step > 0 and (np.diff(starts) == step).all():  # cells of one length
        regular = np.ndarray((starts.size,), "<u8", text.data, int(starts[0]), (step,))
        return regular.astype(np.uint64)
    every = np.ndarray((text.size - 7,), "<u8", text.data, 0, (1,))
    return every[starts].astype(np.uint64, copy=False)


def _millionths(digits: Words64, within: Words64) -> Array:
    """A digit, a point and up to six digits more as one number."""
    whole = (digits & _FIRST) << _BYTE  # to where the point stands
    return _eight_digits((digits & within & _BEHIND_TWO) | whole)


def _eight_digits(digits: Words64) -> Array:
    """Eight digits, a byte each, as one number."""
    pairs = (digits * np.uint64(10) + (digits >> _BYTE)) & _PAIRS
    fours = (pairs * np.uint64(100) + (pairs >> _TWO_BYTES)) & _FOURS
    eights = (fours * np.uint64(10_000) + (fours >> _FOUR_BYTES)) & _LOWER_HALF
    return eights.astype(np.float64)


def _shown(text: bytes) -> str:
    return repr(text.decode("utf-8", "replace")[:40])
