"""Tabix and CSI indexes (.tbi, .csi): where in the file the records of a position can be.

The formats are those of the SAM/BAM, tabix and CSI specifications of the hts-specs: bins of a
hierarchy whose smallest ones span 2^min_shift bases, each level's bins eight times as wide.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import Struct
from struct import error as StructError

import numpy as np
from numpy.typing import NDArray

from riskscore.samples.files.blocks.bgzf import Blocks, Fallback, VirtualOffset

_TBI_SHIFT, _TBI_DEPTH = 14, 5
# Before its chunks a bin has its number, in CSI the lowest offset of its records, their count.
_TBI_BIN, _CSI_BIN = 8, 16
_CHUNK = 16  # two offsets
_MOST_SHIFT, _MOST_DEPTH = 30, 10  # of a CSI, for htslib too
_LARGEST = (1 << 28) - 1  # bytes of an index; one of a genome has a few million
_INT, _PAIR, _LONG = Struct("<i"), Struct("<QQ"), Struct("<Q")


@dataclass(frozen=True)
class _Contig:
    """A contig's part of an index: where the chunks of each of its bins stand, and how many."""

    raw: bytes
    places: NDArray[np.int64]
    counts: NDArray[np.int64]
    head: int  # bytes before the chunks of a bin
    linear: tuple[int, int]  # where the linear index stands, how many windows; (0, 0) in CSI
    last: int  # a bin above it holds something else

    @cached_property
    def bins(self) -> dict[int, tuple[int, int, int]]:
        """By number: the lowest offset, 0 where it is not told, and the place and the count."""
        if self.head == _CSI_BIN:
            lowest = self._read("<u8", self.places - 12)
        else:
            lowest = np.zeros(len(self.places), dtype=np.uint64)
        numbers = self._read("<u4", self.places - self.head)
        columns = (numbers, lowest, self.places, self.counts)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return {number: (low, place, count) for number, low, place, count in rows}

    @cached_property
    def _known(self) -> NDArray[np.bool_]:
        """The bins that hold records."""
        return np.asarray(self._read("<u4", self.places - self.head) <= self.last)

    def out_of_order(self, shift: int, depth: int) -> bool:
        """Whether a chunk's bin ends before that of a chunk before it in the file begins.

        Records are sorted, and the first of each chunk lies within the chunk's bin.
        """
        begins, _ = self.chunks
        numbers = self._read("<u4", self.places - self.head)[self._known].astype(np.int64)
        of_chunk = np.repeat(numbers, self.counts[self._known])[np.argsort(begins, kind="stable")]
        offsets = np.array([((1 << 3 * level) - 1) // 7 for level in range(depth + 1)])
        level = np.searchsorted(offsets, of_chunk, side="right") - 1
        width = np.int64(1) << (shift + 3 * (depth - level))
        start = (of_chunk - offsets[level]) * width
        furthest = np.maximum.accumulate(start)
        return bool((furthest[:-1] >= (start + width)[1:]).any())

    @cached_property
    def chunks(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Where the chunks of all bins begin and end."""
        known = self._known
        counts = self.counts[known]
        first = np.repeat(self.places[known] - _CHUNK * (np.cumsum(counts) - counts), counts)
        places = first + _CHUNK * np.arange(len(first))
        return self._read("<u8", places), self._read("<u8", places + 8)

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """Where the contig's records begin and end."""
        begins, ends = self.chunks
        return (int(begins.min()), int(ends.max())) if len(begins) else None

    def _read(self, kind: str, places: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The numbers at some places, all the same distance from a multiple of their length."""
        size = np.dtype(kind).itemsize
        shift = int(places[0]) % size if len(places) else 0
        whole = np.frombuffer(self.raw, kind, (len(self.raw) - shift) // size, shift)
        found: NDArray[np.uint64] = whole[(places - shift) // size]
        return found


@dataclass(frozen=True)
class FileIndex:
    """A parsed index; ``names`` gives the contigs in its order, empty for the CSI of a BCF."""

    names: tuple[str, ...]
    shift: int
    depth: int
    contigs: tuple[_Contig, ...]
    raw: bytes

    @cached_property
    def _stretches(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Where the chunks begin, in order, and the last end of those up to each."""
        chunks = [table.chunks for table in self.contigs]
        none = np.zeros(0, dtype=np.uint64)
        begins = np.concatenate([none, *(begins for begins, _ in chunks)])
        ends = np.concatenate([none, *(ends for _, ends in chunks)])
        order = np.argsort(begins, kind="stable")
        return begins[order], np.maximum.accumulate(ends[order])

    @property
    def end(self) -> VirtualOffset:
        """Where the last record ends that the index knows."""
        _, ends = self._stretches
        return _place(ends[-1]) if len(ends) else (0, 0)

    def leaves_out(self, blocks: Blocks) -> bool:
        """Whether a part of a file between two chunks is in none, or a chunk ends behind the file.

        An indexer goes through all records, so that each chunk begins where another ended.
        """
        begins, ends = self._stretches
        gaps = np.flatnonzero(begins[1:] > ends[:-1])
        if self.end[0] > blocks.size:
            return True
        try:
            return any(blocks.advance(_place(ends[i]), 0) < _place(begins[i + 1]) for i in gaps)
        except Fallback:
            return False  # what is wrong with the file shows when it is read

    @property
    def out_of_order(self) -> bool:
        """Whether bins stand in another order than a sorted file has them in."""
        return any(table.out_of_order(self.shift, self.depth) for table in self.contigs)

    def chunks(
        self, contig: int, first: int, last: int
    ) -> list[tuple[VirtualOffset, VirtualOffset]]:
        """The stretches of the file in which records of first..last (1-based) can be, in order.

        Stretches that touch or share a block are one.
        """
        if not 0 <= contig < len(self.contigs) or first > last:
            return []
        table, start = self.contigs[contig], max(0, first - 1)
        lowest = self._lowest(table, start)
        found = []
        for number in self._bins(start, last - 1):
            if number in table.bins:
                _, at, count = table.bins[number]
                pairs = (_PAIR.unpack_from(self.raw, at + 16 * i) for i in range(count))
                found += [(max(begin, lowest), end) for begin, end in pairs if end > lowest]
        merged: list[tuple[int, int]] = []
        for begin, end in sorted(found):
            if merged and begin >> 16 <= merged[-1][1] >> 16:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((begin, end))
        return [((a >> 16, a & 0xFFFF), (b >> 16, b & 0xFFFF)) for a, b in merged]

    def rest(self, contig: int, position: int) -> tuple[VirtualOffset, VirtualOffset] | None:
        """The stretch of the file from before a position (1-based) to the end of its contig."""
        if not 0 <= contig < len(self.contigs):
            return None
        table = self.contigs[contig]
        if table.span is None:
            return None
        begin, end = max(table.span[0], self._lowest(table, position - 1)), table.span[1]
        return (begin >> 16, begin & 0xFFFF), (end >> 16, end & 0xFFFF)

    def _bins(self, start: int, stop: int) -> Iterator[int]:
        """The bins that overlap the bases start..stop (0-based), the smallest first."""
        for level in range(self.depth, -1, -1):
            offset, shift = ((1 << 3 * level) - 1) // 7, self.shift + 3 * (self.depth - level)
            yield from range(offset + (start >> shift), offset + (stop >> shift) + 1)

    def _lowest(self, table: _Contig, start: int) -> int:
        """No record that overlaps this base's smallest bin starts before this offset."""
        at, count = table.linear
        if count:
            window = min(start >> self.shift, count - 1)
            return int(_LONG.unpack_from(self.raw, at + 8 * window)[0])
        for number in self._bins(start, start):
            if number in table.bins:
                return table.bins[number][0]
        return 0


def _place(offset: np.uint64) -> VirtualOffset:
    return int(offset) >> 16, int(offset) & 0xFFFF


def read_index(path: Path) -> FileIndex:
    """Read a .tbi or .csi file.

    Raises Fallback when it is neither, is cut short or larger than any, or counts less than
    nothing: htslib 1.24 crashes, or does not end, on some of these.
    """
    try:
        raw = _unpacked(path)
        if raw[:4] == b"TBI\1":
            return _read_tbi(raw)
        if raw[:4] == b"CSI\1":
            return _read_csi(raw)
    except (OSError, EOFError, zlib.error, StructError, ValueError, IndexError) as error:
        raise Fallback("an index that cannot be read") from error
    raise Fallback("not an index")


def _unpacked(path: Path) -> bytes:
    """The bytes of an index, which bgzip packed, or gzip."""
    try:
        with closing(Blocks(path)) as blocks:
            raw = bytes(blocks.read((0, 0), _LARGEST + 1))
    except Fallback:
        with gzip.open(path) as stream:
            raw = stream.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise Fallback("an index larger than any")
    return raw


def _names(text: bytes) -> tuple[str, ...]:
    return tuple(name.decode() for name in text.split(b"\0")[:-1])


def _read_tbi(raw: bytes) -> FileIndex:
    contigs, length = _count(raw, 4), _count(raw, 32)
    at, tables, words = 36 + length, [], _words(raw, 36 + length)
    for _ in range(contigs):
        places, counts, at = _read_bins(words, at, _TBI_BIN, _TBI_DEPTH)
        linear = (at + 4, _count(raw, at))
        tables.append(_Contig(raw, places, counts, _TBI_BIN, linear, _last_bin(_TBI_DEPTH)))
        at += 4 + 8 * linear[1]
    _require(raw, at)
    names = _names(raw[36 : 36 + length])
    if len(names) != contigs:
        raise Fallback("an index of other contigs than it names")
    return FileIndex(names, _TBI_SHIFT, _TBI_DEPTH, tuple(tables), raw)


def _read_csi(raw: bytes) -> FileIndex:
    shift, depth, extra = (_count(raw, at) for at in (4, 8, 12))
    if shift > _MOST_SHIFT or depth > _MOST_DEPTH:
        raise Fallback("an index of bins that no chromosome fills")
    at, names = 16 + extra, b""
    if extra >= 28:  # the columns and names of a tabix index, absent for BCF
        names = raw[44 : 44 + _count(raw, 40)]
    contigs = _count(raw, at)
    at, tables, words = at + 4, [], _words(raw, at)
    for _ in range(contigs):
        places, counts, at = _read_bins(words, at, _CSI_BIN, depth)
        tables.append(_Contig(raw, places, counts, _CSI_BIN, (0, 0), _last_bin(depth)))
    _require(raw, at)
    return FileIndex(_names(names), shift, depth, tuple(tables), raw)


def _count(raw: bytes, at: int) -> int:
    """A number that counts something."""
    count = int(_INT.unpack_from(raw, at)[0])
    if count < 0:
        raise Fallback("an index that counts less than nothing")
    return count


def _last_bin(depth: int) -> int:
    return ((1 << 3 * depth + 3) - 1) // 7 - 1


def _words(raw: bytes, at: int) -> NDArray[np.int32]:
    """An index as 32-bit numbers, of which one begins at a place; of any number of places."""
    return np.frombuffer(raw, "<i4", (len(raw) - at % 4) // 4, at % 4).astype(np.int32)


def _read_bins(
    words: NDArray[np.int32], at: int, head: int, depth: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Where the chunks of a contig's bins stand, how many each has, and where the bins end."""
    bins, word = int(words[at // 4]), at // 4 + head // 4
    if not 0 <= bins <= len(words):
        raise Fallback("an index of more bins than it has room for")
    counts, places = words.data, []
    for _ in range(bins):  # each says how far it is to the next
        places.append(word)
        word += head // 4 + _CHUNK // 4 * counts[word]
    found = np.array(places, dtype=np.int64)
    chunks = words[found].astype(np.int64)
    if (chunks < 0).any():
        raise Fallback("an index with a bin of less than no chunks")
    numbers = words[found - head // 4 + 1]
    # Two behind the last is what htslib counts records in; of any other it finds no end.
    if (numbers < 0).any() or (numbers > _last_bin(depth) + 2).any():
        raise Fallback("an index with a bin that its levels do not have")
    return 4 * (found + 1) + at % 4, chunks, 4 * (word + 1) + at % 4 - head


def _require(raw: bytes, end: int) -> None:
    if end > len(raw):
        raise Fallback("an index that is cut short")
