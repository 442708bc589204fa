"""The record index of a file (FILE.records): where each record stands, so that none is searched.

The layout, all numbers little-endian: a header; rows of 20 bytes, one a record, in the order of the
file; a table of the pages these rows are in, at most 1,024 of one contig; the names of the contigs
and the prefixes of IDs that were looked for. The header has a checksum of itself, of what follows
the rows, of both ends of the data file and of its .tbi or .csi; each page has one of its rows.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.samples.files.blocks.bgzf import Place
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.source import Region

Found = TypeVar("Found")
ENDING = ".records"
MAGIC, VERSION = b"RSrecord", 1
# Magic, version; size of the data file, checksums of its ends and of its index; where the rows end,
# how many pages there are, lengths of both texts, checksum of all that follows the rows.
HEADER = Struct("<8sIQIIQIIII")
CHECKSUM = Struct("<I")  # of the header, behind it
ROWS = HEADER.size + CHECKSUM.size
PAGE_ROWS = 1024
ROW = np.dtype([("offset", "<u8"), ("position", "<u4"), ("end", "<u4"), ("flags", "<u4")])
# Of a page: positions of its first and last record, how far its blocks reach, and how many of its
# records have one of the prefixes.
_NUMBERS = ("contig", "rows", "first", "last", "reach", "named", "checksum")
PAGE = np.dtype([(name, "<u4") for name in _NUMBERS])
BLOCK, NAMED = 1, 2  # flags: no ALT that is a sequence; an ID with one of the prefixes
_ENDS = 1 << 16  # bytes at each end of the data file that are checked


class Entry(NamedTuple):
    """What a record index is told of a record."""

    contig: str
    position: int
    end: int  # the last position it speaks of
    id: str
    is_block: bool
    place: Place


class Unfit(Unusual):
    """A record index that is not to be believed, and why: a sentence's end."""


class Fingerprint(NamedTuple):
    """What tells a data file and its index from others: a size and two checksums."""

    size: int
    ends: int
    beside: int


def fingerprint(path: Path, index: Path) -> Fingerprint:
    """The fingerprint of a data file and its .tbi or .csi, as they are now."""
    with open(path, "rb") as stream:
        ends = zlib.crc32(stream.read(_ENDS))
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _ENDS))
        ends = zlib.crc32(stream.read(), ends)
    return Fingerprint(size, ends, zlib.crc32(index.read_bytes()))


class _Contig:
    """The pages of a contig, and where in it each begins and ends."""

    def __init__(self, table: NDArray[np.void], start: int) -> None:
        self.start = start
        self._firsts, self._lasts = table["first"].tolist(), table["last"].tolist()
        self._reach, self._named = table["reach"], table["named"]
        self._farthest = int(self._reach.max())

    def pages(self, first: int, last: int, *, named: bool) -> list[int]:
        """Pages with a record in first..last, or a block that reaches over ``first``."""
        begin, end = bisect_left(self._lasts, first), bisect_right(self._firsts, last)
        found = list(range(begin, end))
        if self._farthest >= first:
            found[:0] = np.flatnonzero(self._reach[:begin] >= first).tolist()
        return [self.start + i for i in found if not named or self._named[i]]


class RecordIndex:
    """An open record index. Memory holds its table of pages and one page.

    Raises Unfit when it is not of this file, or damaged: when opened, or when a page is read.
    """

    def __init__(self, path: Path, current: Fingerprint) -> None:
        self._file = os.open(path, os.O_RDONLY)
        try:
            self._table, names, self.prefixes = self._read_tables(current)
        except BaseException:
            self.close()
            raise
        ends = np.cumsum(self._table["rows"], dtype=np.int64)
        self._starts = ends - self._table["rows"]
        turns = np.flatnonzero(np.diff(self._table["contig"], prepend=-1)).tolist()
        self._spans = dict(
            zip(names, zip(turns, [*turns[1:], len(ends)], strict=True), strict=False)
        )
        self._contigs: dict[str, _Contig] = {}
        self._page: tuple[int, NDArray[np.void]] = (-1, np.empty(0, ROW))

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read_tables(
        self, current: Fingerprint
    ) -> tuple[NDArray[np.void], tuple[str, ...], tuple[str, ...]]:
        """The table of pages, the contigs in its order, and the prefixes."""
        head = os.pread(self._file, ROWS, 0)
        if len(head) != ROWS or head[: len(MAGIC)] != MAGIC:
            raise Unfit("is damaged")
        _, version, size, ends, index, end, pages, names, prefixes, tail = HEADER.unpack_from(head)
        if version != VERSION:  # of which nothing else is known
            raise Unfit("is of another version")
        if CHECKSUM.unpack_from(head, HEADER.size)[0] != zlib.crc32(head[: HEADER.size]):
            raise Unfit("is damaged")
        if Fingerprint(size, ends, index) != current:
            raise Unfit("is not of the file and its index as they are now")
        length = pages * PAGE.itemsize + names + prefixes
        text = os.pread(self._file, length, end)
        if len(text) != length or zlib.crc32(text) != tail:
            raise Unfit("is damaged")
        table = np.frombuffer(text, PAGE, pages)
        at = pages * PAGE.itemsize
        return table, _words(text[at : at + names]), _words(text[at + names :])

    def knows(self, prefixes: tuple[str, ...]) -> bool:
        """Whether all IDs that begin with these were marked when the index was made."""
        return all(prefix.startswith(self.prefixes) for prefix in prefixes)

    def find(
        self, contig: str, first: int, last: int, *, named: bool
    ) -> Iterator[tuple[int, Place]]:
        """Records with POS first..last (1-based) and blocks that reach over ``first``, in order.

        Of each its POS and where it starts. ``named`` leaves out those with none of the prefixes.
        """
        if contig not in self._spans:
            return
        if contig not in self._contigs:
            begin, end = self._spans[contig]
            self._contigs[contig] = _Contig(self._table[begin:end], begin)
        for number in self._contigs[contig].pages(first, last, named=named):
            rows = self._rows(number)
            positions = rows["position"]
            begin = int(positions.searchsorted(first))
            chosen = rows[begin : int(positions.searchsorted(last, "right"))]
            if self._table["reach"][number] >= first:
                before = rows[:begin]
                reaches = (before["flags"] & BLOCK != 0) & (before["end"] >= first)
                chosen = np.concatenate([before[reaches], chosen])
            if named:
                chosen = chosen[chosen["flags"] & NAMED != 0]
            for offset, position, *_ in chosen.tolist():
                yield position, (offset >> 16, offset & 0xFFFF)

    def _rows(self, number: int) -> NDArray[np.void]:
        """The rows of a page; the last one asked for is kept."""
        if self._page[0] != number:
            length = int(self._table["rows"][number]) * ROW.itemsize
            start = ROWS + int(self._starts[number]) * ROW.itemsize
            data = os.pread(self._file, length, start)
            if len(data) != length or zlib.crc32(data) != self._table["checksum"][number]:
                raise Unfit("is damaged")
            self._page = number, np.frombuffer(data, ROW)
        return self._page[1]


class Listing:
    """The record index beside a file, if there is one, for as long as it is believed."""

    def __init__(self, path: Path, index: Path) -> None:
        self.warnings: tuple[str, ...] = ()
        self._name = path.name
        self._records: RecordIndex | None = None
        beside = Path(f"{path}{ENDING}")
        if beside.is_file():
            try:
                self._records = RecordIndex(beside, fingerprint(path, index))
            except Unfit as error:
                self._give_up(str(error))
            except OSError:
                self._give_up("cannot be read")

    def close(self) -> None:
        """Close the record index."""
        if self._records is not None:
            self._records.close()
            self._records = None

    def covers(self, prefixes: tuple[str, ...]) -> bool:
        """Whether the records of a region, or those with these prefixes, are told by it."""
        return self._records is not None and self._records.knows(prefixes)

    def read(
        self, contig: str, region: Region, at: Callable[[str, int, Place], Found]
    ) -> Iterator[Found]:
        """What ``at`` reads of each record of a region, given its contig, POS and place.

        Raises Unfit, and is not believed from then on, when ``at`` does or a page is damaged.
        """
        assert self._records is not None
        named = bool(region.prefixes)
        try:
            for position, place in self._records.find(
                contig, region.start, region.end, named=named
            ):
                yield at(contig, position, place)
        except Unfit as error:
            self.close()
            self._give_up(str(error))
            raise

    def _give_up(self, why: str) -> None:
        self.warnings = (
            f"{self._name}{ENDING} {why} and is not used; "
            f"make it anew: riskscore index {self._name}",
        )


def _words(text: bytes) -> tuple[str, ...]:
    return tuple(text.decode().split("\0")) if text else ()
