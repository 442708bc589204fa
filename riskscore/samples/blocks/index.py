"""Tabix and CSI indexes (.tbi, .csi): where in the file the records of a position can be.

The formats are those of the SAM/BAM, tabix and CSI specifications of the hts-specs: bins of a
hierarchy whose smallest ones span 2^min_shift bases, each level's bins eight times as wide.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from struct import error as StructError

from riskscore.samples.blocks.bgzf import Place
from riskscore.samples.blocks.unusual import Unusual

_TBI_SHIFT, _TBI_DEPTH = 14, 5
_TBI_BIN, _CSI_BIN = Struct("<Ii"), Struct("<IQi")
_INT, _PAIR, _LONG = Struct("<i"), Struct("<QQ"), Struct("<Q")


@dataclass(frozen=True)
class _Contig:
    bins: dict[int, tuple[int, int, int]]  # bin -> lowest offset, where its chunks stand, how many
    linear: tuple[int, int]  # where the linear index stands, how many windows; (0, 0) in CSI

    def span(self, raw: bytes, bins: int) -> tuple[int, int] | None:
        """Where the contig's records begin and end; bins above the last hold something else."""
        chunks = [
            _PAIR.unpack_from(raw, at + 16 * i)
            for number, (_, at, count) in self.bins.items()
            if number < bins
            for i in range(count)
        ]
        return (min(a for a, _ in chunks), max(b for _, b in chunks)) if chunks else None


@dataclass(frozen=True)
class FileIndex:
    """A parsed index; ``names`` gives the contigs in its order, empty for the CSI of a BCF."""

    names: tuple[str, ...]
    shift: int
    depth: int
    contigs: tuple[_Contig, ...]
    raw: bytes

    def chunks(self, contig: int, first: int, last: int) -> list[tuple[Place, Place]]:
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

    def rest(self, contig: int, position: int) -> tuple[Place, Place] | None:
        """The stretch of the file from before a position (1-based) to the end of its contig."""
        if not 0 <= contig < len(self.contigs):
            return None
        table = self.contigs[contig]
        whole = table.span(self.raw, ((1 << 3 * self.depth + 3) - 1) // 7)
        if whole is None:
            return None
        begin, end = max(whole[0], self._lowest(table, position - 1)), whole[1]
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


def read_index(path: Path) -> FileIndex:
    """Read a .tbi or .csi file; raises Unusual when it is neither, or cut short."""
    try:
        with gzip.open(path) as stream:
            raw = stream.read()
        if raw[:4] == b"TBI\1":
            return _read_tbi(raw)
        if raw[:4] == b"CSI\1":
            return _read_csi(raw)
    except (OSError, EOFError, zlib.error, StructError, ValueError) as error:
        raise Unusual("an index that cannot be read") from error
    raise Unusual("not an index")


def _names(text: bytes) -> tuple[str, ...]:
    return tuple(name.decode() for name in text.split(b"\0")[:-1])


def _read_tbi(raw: bytes) -> FileIndex:
    contigs, length = _INT.unpack_from(raw, 4)[0], _INT.unpack_from(raw, 32)[0]
    at, tables = 36 + length, []
    for _ in range(contigs):
        bins, at = _read_bins(raw, at, csi=False)
        count = _INT.unpack_from(raw, at)[0]
        tables.append(_Contig(bins, (at + 4, count)))
        at += 4 + 8 * count
    _require(raw, at)
    return FileIndex(_names(raw[36 : 36 + length]), _TBI_SHIFT, _TBI_DEPTH, tuple(tables), raw)


def _read_csi(raw: bytes) -> FileIndex:
    shift, depth, extra = (_INT.unpack_from(raw, at)[0] for at in (4, 8, 12))
    at, names = 16 + extra, b""
    if extra >= 28:  # the columns and names of a tabix index, absent for BCF
        names = raw[44 : 44 + _INT.unpack_from(raw, 40)[0]]
    contigs = _INT.unpack_from(raw, at)[0]
    at, tables = at + 4, []
    for _ in range(contigs):
        bins, at = _read_bins(raw, at, csi=True)
        tables.append(_Contig(bins, (0, 0)))
    _require(raw, at)
    return FileIndex(_names(names), shift, depth, tuple(tables), raw)


def _read_bins(raw: bytes, at: int, *, csi: bool) -> tuple[dict[int, tuple[int, int, int]], int]:
    """The bins of a contig, and where in the index they end; chunks are unpacked when asked for."""
    count = _INT.unpack_from(raw, at)[0]
    at += _INT.size
    bins: dict[int, tuple[int, int, int]] = {}
    layout = _CSI_BIN if csi else _TBI_BIN
    for _ in range(count):
        number, *lowest, chunks = layout.unpack_from(raw, at)
        at += layout.size
        bins[number] = (lowest[0] if lowest else 0, at, chunks)
        at += 16 * chunks
    return bins, at


def _require(raw: bytes, end: int) -> None:
    if end > len(raw):
        raise Unusual("an index that is cut short")
