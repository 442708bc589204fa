"""BGZF by offset: a window of the file at a time, single blocks inflated with libdeflate."""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct

from deflate import gzip_decompress

from riskscore.errors import VCFFormatError

VirtualOffset = tuple[int, int]  # offset of a block in the file, offset inside the inflated block

# gzip with one extra field of 6 bytes: "BC", its length 2, and the size of the block minus one.
_MAGIC = b"\x1f\x8b\x08\x04"
_EXTRA = b"\x06\x00BC\x02\x00"  # at byte 10
_HEAD = Struct("<4s6x6sH").unpack_from
_HEADER = 18
_SHORTEST = _HEADER + 8  # and the trailer: checksum and length
_EMPTY = _SHORTEST + 2  # as bgzip writes one
_U16, _U32 = Struct("<H").unpack_from, Struct("<I").unpack_from
_WINDOW = 1 << 18  # bytes read at a time
_LARGEST = 1 << 16  # no block is larger, packed or unpacked
# Bytes of a line, a record or a header; one of a million people has some hundred million.
MOST_AT_ONCE = 1 << 28


def require_length(count: int, file: str) -> None:
    """Raise VCFFormatError for more bytes at once than a file of people has: a small file may."""
    if count > MOST_AT_ONCE:
        raise VCFFormatError(
            f"a line or a record of more than {MOST_AT_ONCE >> 20} MB",
            where=file,
            fix="make the file anew from its source",
        )


class Fallback(Exception):
    """What reading by blocks does not take, and pysam is to read: no fault of the file.

    It never reaches a user.
    """


class Blocks:
    """The blocks of a BGZF file. Memory holds one window of the file and one inflated block.

    Raises Fallback for a header that is not bgzip's own, and for a block that does not inflate to
    the length and checksum it promises; VCFFormatError where more than MOST_AT_ONCE bytes would be
    held at once.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._file = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self._file).st_size
        self._start, self._window = 0, memoryview(b"")
        self._offset = self._after = -1  # of the block that is kept, and of the next
        self._data: bytes | bytearray = b""
        self.inflated = 0  # blocks so far: what a search has cost
        self.usual = 0  # packed length of the last block that was inflated

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _at(self, offset: int, count: int) -> int:
        """Where in the window the bytes offset..offset+count stand, once they are there."""
        place = offset - self._start
        if place < 0 or place + count > len(self._window):
            self._start, place = offset, 0
            self._window = memoryview(os.pread(self._file, max(_WINDOW, count), offset))
            if len(self._window) < count:
                raise Fallback("the file ends inside a block")
        return place

    def packed(self, offset: int) -> memoryview:
        """The packed block at an offset, header and trailer included."""
        place = self._at(offset, _HEADER)
        magic, extra, length = _HEAD(self._window, place)
        if magic != _MAGIC or extra != _EXTRA:
            raise Fallback("not a block of bgzip's own making")
        if length + 1 < _SHORTEST:
            raise Fallback("a block shorter than its own header and trailer")
        if place + length >= len(self._window):
            place = self._at(offset, length + 1)
        return self._window[place : place + length + 1]

    def after(self, offset: int) -> int:
        """The offset of the next block; the size of the file behind the last."""
        return self._after if offset == self._offset else offset + len(self.packed(offset))

    def length(self, offset: int) -> int:
        """The inflated length of a block, as its trailer says."""
        block = self.packed(offset)
        return int(_U32(block, len(block) - 4)[0])

    def block(self, offset: int) -> bytes | bytearray:
        """A block inflated and checked; the last one asked for is kept."""
        if offset != self._offset:
            packed = self.packed(offset)
            self._data, self.usual = self._checked(packed), len(packed)
            self._offset, self._after = offset, offset + len(packed)
            self.inflated += 1
        return self._data

    def _checked(self, block: memoryview) -> bytes | bytearray:
        size = _U32(block, len(block) - 4)[0]
        if not size and len(block) > _EMPTY:
            raise Fallback("a block that says it is empty, and is not")
        if size > _LARGEST:
            raise Fallback("a block longer than a block can be")
        try:
            data = gzip_decompress(block, size) if size else b""
        except Exception as error:  # DeflateError, which is no name of the package
            raise Fallback("a block that does not inflate") from error
        if len(data) != size:
            raise Fallback("a block of another length than it says")
        return data

    def advance(self, place: VirtualOffset, count: int) -> VirtualOffset:
        """The place ``count`` bytes on, found from trailers alone; nothing is inflated."""
        offset, within = place
        while offset < self.size:
            length = self.length(offset)
            if within + count < length:
                return offset, within + count
            count -= length - within
            offset, within = self.after(offset), 0
        return offset, 0

    def read(self, place: VirtualOffset, count: int) -> bytes | bytearray:
        """``count`` bytes from a place on; fewer only at the end of the file."""
        require_length(count, self.name)
        offset, within = place
        parts = []
        while count > 0 and offset < self.size:
            part = self.block(offset)[within : within + count]
            parts.append(part)
            count -= len(part)
            offset, within = self.after(offset), 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line(self, place: VirtualOffset) -> tuple[bytes, VirtualOffset]:
        """The line that starts at a place, without its newline, and where the next one starts."""
        offset, within = place
        parts, length = [], 0
        while offset < self.size:
            data = self.block(offset)
            newline = data.find(b"\n", within)
            if newline >= 0:
                parts.append(data[within:newline])
                return b"".join(parts), self.behind(offset, newline + 1, data)
            parts.append(data[within:])
            length += len(data) - within
            require_length(length, self.name)
            offset, within = self.after(offset), 0
        return b"".join(parts), (offset, 0)

    def behind(self, offset: int, within: int, data: bytes | bytearray) -> VirtualOffset:
        """A place in a block, or the start of the next block when this one ends there."""
        return (offset, within) if within < len(data) else (self.after(offset), 0)

    def find(self, offset: int, limit: int) -> int:
        """The first block that starts in offset..limit-1; ``limit`` when none does.

        A start is a whole header whose length leads to another header, or to the file's end.
        """
        while offset < min(limit, self.size):
            near = os.pread(self._file, 2 * _LARGEST, offset)
            self._start, self._window = offset, memoryview(near)  # what is found is read next
            place = near.find(_MAGIC)
            while 0 <= place <= len(near) - _HEADER and offset + place < limit:
                if near[place + 10 : place + 16] == _EXTRA:
                    behind = place + _U16(near, place + 16)[0] + 1
                    if offset + behind == self.size or near[behind : behind + 4] == _MAGIC:
                        return offset + place
                place = near.find(_MAGIC, place + 1)
            offset += _LARGEST  # any block that starts in the first half lies in the whole
        return limit
