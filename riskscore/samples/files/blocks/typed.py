"""The typed values of BCF 2.2 (hts-specs, VCFv4.3, chapter 6): a small cursor over one record."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.cell_form import Numbers

INT8, INT16, INT32, FLOAT, CHAR = 1, 2, 3, 5, 7
WIDTH = {INT8: 1, INT16: 2, INT32: 4, FLOAT: 4, CHAR: 1}
_LAYOUT = {INT8: "<i1", INT16: "<i2", INT32: "<i4", FLOAT: "<f4", CHAR: "S1"}
_MISSING = {INT8: -128, INT16: -32768, INT32: -2147483648}  # one more ends a vector
_FLOAT_MISSING, _FLOAT_END = 0x7F800001, 0x7F800002


class Cursor:
    """Reads typed values one after another from the bytes of a record."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def descriptor(self) -> tuple[int, int]:
        """The type and the number of values that follow."""
        if self.at >= len(self._data):
            raise Unusual("a record that is cut short")
        byte = self._data[self.at]
        self.at += 1
        kind, count = byte & 15, byte >> 4
        return kind, self.integer() if count == 15 else count

    def integer(self) -> int:
        """One typed integer."""
        kind, count = self.descriptor()
        if count != 1 or kind not in _MISSING:
            raise Unusual("a typed value where one integer was due")
        return int(self.values(kind, 1)[0])

    def skip(self, kind: int, count: int) -> None:
        """Pass over values."""
        self.at += WIDTH[kind] * count
        if self.at > len(self._data):
            raise Unusual("a record that is cut short")

    def values(self, kind: int, count: int) -> NDArray[Any]:
        """``count`` values of a type; a view of the record's bytes."""
        if kind not in WIDTH:
            raise Unusual("a value of no known type")
        start = self.at
        self.skip(kind, count)
        return np.frombuffer(self._data, _LAYOUT[kind], count, start)

    def text(self) -> str:
        """A typed string; without letters it is the missing value, a dot."""
        kind, count = self.descriptor()
        if count and kind != CHAR:
            raise Unusual("a typed value where a string was due")
        start = self.at
        self.skip(CHAR, count)
        letters = self._data[start : self.at]
        if b"\0" in letters:
            raise Unusual("a string with a NUL, where pysam ends it")
        try:
            return letters.decode() or "."
        except UnicodeDecodeError as error:
            raise Unusual("a string that is not UTF-8") from error

    def info(self) -> str | None:
        """A value of INFO as VCF writes it; None for a flag."""
        kind, count = self.descriptor()
        if not count:
            return None
        values = self.values(kind, count)
        if kind == CHAR:
            return values.tobytes().rstrip(b"\0").decode("utf-8", "replace")
        if kind == FLOAT:
            bits = values.view(np.uint32).tolist()
            ended = _FLOAT_END in bits
            pairs = zip(values.tolist(), bits, strict=True)
            words = ["." if b == _FLOAT_MISSING else f"{v:g}" for v, b in pairs]
        else:
            missing = _MISSING[kind]
            ended = missing + 1 in values.tolist()
            words = ["." if v == missing else str(v) for v in values.tolist()]
        if ended:  # what ends the shorter vectors of FORMAT
            raise Unusual("a vector of INFO with an end")
        return ",".join(words)


def floats(data: bytes, kind: int, count: int, samples: int, place: int) -> Numbers:
    """A FORMAT field of floats as a text record gives it; raises Unusual for another type."""
    if kind != FLOAT or not count:
        raise Unusual("a field that is not of floats")
    values = np.frombuffer(data, "<f4", samples * count, place).reshape(samples, count)
    gaps = np.isnan(values)
    if not gaps.any():
        return Numbers(values.astype(np.float32), np.full(samples, count, dtype=np.int64))
    bits = values.view(np.uint32)
    ended = bits == _FLOAT_END
    if (gaps & ~ended & (bits != _FLOAT_MISSING)).any():
        raise Unusual("a nan that is written as a number")
    if (ended[:, :-1] & ~ended[:, 1:]).any():
        raise Unusual("a value behind the end of its vector")
    counts = np.where(gaps.all(axis=1), 0, count - ended.sum(axis=1))
    width = int(counts.max(initial=0))
    known = np.where(gaps | (counts == 0)[:, None], np.float32(np.nan), values)
    return Numbers(known[:, :width].astype(np.float32), counts.astype(np.int64))
