"""The sample columns of a VCF record as arrays, where all of them have the usual form.

Usual is one cell a sample with every field of FORMAT in it; a GT of two single-digit alleles
(``0/1``, ``1|1``, ``./.``); numbers that are plain decimals with one digit before the point. For
anything else the functions return None, and the cells have to be read one by one.

A decimal is an integer over a power of ten. Both are exact in binary64, so their quotient is the
binary64 nearest to the text, as ``float(text)`` is (Clinger 1990): the bits are the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Text = NDArray[np.uint8]
Places = NDArray[np.intp]

_TAB, _COLON, _COMMA, _POINT, _ZERO, _SLASH, _BAR = (ord(letter) for letter in "\t:,.0/|")
_NO_CALL = -1  # as in samples/files/record.py
_DECIMALS = 7  # with more, the digits would not fit in 32 bits


class Columns:
    """The cells of one record: their bytes, each cell ended by a tab, and where fields begin."""

    def __init__(self, text: Text, starts: Places, colons: Places) -> None:
        self._text, self._starts, self._colons = text, starts, colons

    @classmethod
    def split(cls, body: bytes, samples: int, fields: int) -> Columns | None:
        """Split the text after FORMAT; None unless every cell has exactly ``fields`` fields."""
        text = np.frombuffer(body + b"\t", dtype=np.uint8)
        tabs = np.flatnonzero(text == _TAB)
        if tabs.size != samples or not samples:
            return None
        starts = np.empty(samples, dtype=np.intp)
        starts[0] = 0
        np.add(tabs[:-1], 1, out=starts[1:])
        every = np.flatnonzero(text == _COLON)
        if every.size != samples * (fields - 1):
            return None
        colons = every.reshape(samples, fields - 1)
        if fields > 1 and not ((colons[:, 0] >= starts) & (colons[:, -1] < tabs)).all():
            return None
        return cls(text, starts, colons)

    def _begins(self, field: int) -> Places:
        return self._colons[:, field - 1] + 1 if field else self._starts

    def genotypes(self, field: int, alts: int) -> NDArray[np.int16] | None:
        """The alleles of the GT that is the ``field``-th of FORMAT, shape (samples, 2)."""
        starts = self._begins(field)
        pairs = np.empty((starts.size, 2), dtype=np.int16)
        for k, place in enumerate((starts, starts + 2)):
            letters = self._text.take(place, mode="clip")
            alleles = letters - np.uint8(_ZERO)  # what is below "0" wraps round to above 9
            bad = alleles > min(alts, 9)
            if bad.any():
                if (letters[bad] != _POINT).any():
                    return None
                pairs[:, k] = np.where(bad, np.int16(_NO_CALL), alleles)
            else:
                pairs[:, k] = alleles
        middle = self._text.take(starts + 1, mode="clip")
        behind = self._text.take(starts + 3, mode="clip")
        apart = (middle == _SLASH) | (middle == _BAR)
        ended = (behind == _TAB) | (behind == _COLON)
        return pairs if (apart & ended).all() else None

    def numbers(self, field: int) -> NDArray[np.float32] | None:
        """The values of the ``field``-th field, shape (samples, values of each cell)."""
        starts, found = self._begins(field), []
        while True:
            decimals = self._decimals(starts)
            if decimals is None:
                return None
            values, ends = decimals
            found.append(values)
            commas = self._text.take(ends) == _COMMA
            if not commas.any():
                return found[0][:, None] if len(found) == 1 else np.stack(found, axis=1)
            if not commas.all():
                return None
            starts = ends + 1

    def _decimals(self, starts: Places) -> tuple[NDArray[np.float32], Places] | None:
        """Decimals that begin at ``starts``, and the places of the letters that end them."""
        whole = self._text.take(starts, mode="clip") - np.uint8(_ZERO)
        ends = starts + 1
        behind = self._text.take(ends, mode="clip")
        point = behind == _POINT
        if not ((whole <= 9) & (point | _separates(behind))).all():
            return None
        values = whole.astype(np.float32)
        broken = np.flatnonzero(point)
        if not broken.size:
            return values, ends
        number, place = whole[broken].astype(np.uint32), ends[broken] + 1
        for places in range(_DECIMALS + 1):
            letters = self._text.take(place, mode="clip")
            ended = _separates(letters)
            if ended.all():
                values[broken], ends[broken] = number / float(10**places), place
                return values, ends
            digits = letters - np.uint8(_ZERO)
            if not (ended | (digits <= 9)).all():
                return None
            number *= 10
            number += np.where(ended, np.uint8(0), digits)
            place += ~ended
        return None


def _separates(letters: Text) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (letters == _TAB) | (letters == _COLON) | (letters == _COMMA)
    return found
