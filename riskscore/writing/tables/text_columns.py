"""Columns as text, all rows at once: cells of equal width, padded with NUL.

Numbers have twelve decimals, without the zeros at their end: finer than any measurement, and a
fifth of the time that the shortest text with the same bits takes. Numbers that this does not serve
(of four digits before the point or more, or below a millionth) have twelve significant digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Letters

Block = Mapping[str, Sequence[Any] | np.ndarray[Any, Any]]  # some rows of a table, by column

UNDECODABLE = "backslashreplace"  # bytes of file names that are no text are written as escapes
_DECIMALS = 12
_LEAST, _MOST = 1e-6, 1e3  # between these numbers are written with decimals
_WORDS = 5  # a number in four-letter words: sign, whole part and point, three of decimals
_GROUP = 10**4  # decimals are looked up four at a time


@cache
def _fours() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The four digits of 0 to 9999 as words, and the same without the zeros at their end."""
    digits = np.arange(_GROUP)[:, None] // np.array([1000, 100, 10, 1]) % 10
    letters = (digits + ord("0")).astype(np.uint8)
    ends = np.cumsum(digits[:, ::-1], axis=1)[:, ::-1] == 0
    bare = np.where(ends, np.uint8(0), letters)
    return letters.view(np.uint32).ravel(), bare.view(np.uint32).ravel()


@cache
def _wholes() -> NDArray[np.uint32]:
    """0 to 999 and a point as words, NUL before shorter ones."""
    texts = [f"{number}.".rjust(4, "\0").encode() for number in range(int(_MOST))]
    return np.frombuffer(b"".join(texts), dtype=np.uint32)


def number_letters(values: Array) -> Letters:
    """Numbers as text, one in each row; nothing for nan.

    >>> [text.tobytes().replace(bytes(1), b"") for text in number_letters(np.array([-0.25, 2e9]))]
    [b'-0.25', b'2000000000.0']
    """
    if len(values) > 1 and _alike(values):
        first = number_letters(values[:1])
        own = first[:, first[0] != 0]
        return np.broadcast_to(own, (len(values), own.shape[1]))
    size = np.abs(values)
    gaps = np.isnan(size)
    usual = ((size >= _LEAST) & (size < _MOST - 0.5)) | (size == 0)
    units = np.rint(np.where(usual, size, 0.0) * 10.0**_DECIMALS).astype(np.int64)
    whole = units // 10**_DECIMALS
    units -= whole * 10**_DECIMALS
    words = np.empty((len(values), _WORDS), dtype=np.uint32)
    letters = words.view(np.uint8)
    words[:, 0] = 0
    letters[:, 3] = np.where((values < 0) & ((units > 0) | (whole > 0)), ord("-"), 0)
    words[:, 1] = _wholes().take(whole)
    _put_decimals(words, units)
    letters[gaps] = 0
    for row in np.flatnonzero(~(usual | gaps)).tolist():
        text = _odd(float(values[row]))
        letters[row] = np.frombuffer(text.encode().ljust(letters.shape[1], b"\0"), np.uint8)
    return letters


def cell(value: Any) -> str:
    r"""A value as text: numbers with twelve decimals at most, nothing for what is missing.

    >>> [cell(v) for v in (0.1, 1 / 3, float("nan"), None, 3, "a\tb")]
    ['0.1', '0.333333333333', '', '', '3', 'a b']
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return number_letters(np.array([value])).tobytes().replace(b"\0", b"").decode()
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", " ")


def _alike(values: Array) -> bool:
    """Whether all values are the same number, or all nan, so that one text is enough."""
    first = values[0]
    return bool((np.isnan(values) if np.isnan(first) else values == first).all())


def _put_decimals(words: NDArray[np.uint32], units: NDArray[np.int64]) -> None:
    """Twelve decimals into the last three words, at least one of them, without zeros at the end."""
    full, bare = _fours()
    first = units // _GROUP**2
    rest = units - first * _GROUP**2
    second = rest // _GROUP
    third = rest - second * _GROUP
    words[:, 2], words[:, 3], words[:, 4] = full.take(first), full.take(second), bare.take(third)
    ended = third == 0
    if ended.any():
        words[ended, 3] = bare.take(second[ended])
        ended &= second == 0
        words[ended, 2] = bare.take(first[ended])
        ended &= first == 0
        words.view(np.uint8)[ended, 8] = ord("0")


def _odd(value: float) -> str:
    """A number that is very large or very small."""
    text = f"{value:.{_DECIMALS}g}"
    return text if "e" in text or "." in text or "inf" in text else f"{text}.0"


def text_letters(values: Sequence[str]) -> Letters | None:
    """Texts as rows of bytes; None where one has a letter that a table cannot hold as it is."""
    alike = bool(values) and values.count(values[0]) == len(values)
    distinct = values[:1] if alike else values
    together = "".join(distinct)
    if any(control in together for control in "\t\n\r\0"):
        return None
    packed = _packed(distinct, together)
    letters = packed.view(np.uint8).reshape(len(distinct), -1)
    return np.broadcast_to(letters, (len(values), letters.shape[1])) if alike else letters


def _packed(texts: Sequence[str], together: str) -> NDArray[np.bytes_]:
    if together.isascii():  # a letter is a byte, so that numpy need not look for the longest
        return np.array(texts, dtype=f"S{max(1, *map(len, texts))}")
    return np.array([text.encode(errors=UNDECODABLE) for text in texts], dtype=np.bytes_)


def joined(columns: Sequence[Letters]) -> bytes:
    r"""Rows of columns as lines, tabs between.

    >>> joined([text_letters(["a", "bcd"]), number_letters(np.array([0.5, np.nan]))])
    b'a\t0.5\nbcd\t\n'
    """
    rows = len(columns[0])
    lines = np.empty((rows, sum(column.shape[1] + 1 for column in columns)), dtype=np.uint8)
    at = 0
    for column in columns:
        end = at + column.shape[1]
        lines[:, at:end] = column
        lines[:, end] = ord("\t")
        at = end + 1
    lines[:, -1] = ord("\n")
    return lines.tobytes().translate(None, b"\0")
