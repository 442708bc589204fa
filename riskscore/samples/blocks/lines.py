"""The lines of a bgzipped VCF at a position, found by bisection inside what the index names."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from riskscore.samples.blocks.bgzf import Blocks, Place
from riskscore.samples.blocks.index import FileIndex
from riskscore.samples.blocks.unusual import Unusual

# Bisection stops when the stretch left is this long, or a record and a half, whichever is more.
_SHORT = 40_000
_HEAD = 5  # columns up to ALT
# So many bases before a position a REF without a variant may begin that reaches over it, in a file
# whose header says nothing of blocks.
_REACH = 64


class Lines:
    """Finds lines in a sorted, bgzipped and indexed VCF; the file's order is what the index proves.

    Raises Unusual where a line does not begin with its contig and a position.
    """

    def __init__(self, blocks: Blocks, index: FileIndex) -> None:
        self._blocks, self._index = blocks, index
        self._numbers = {name: number for number, name in enumerate(index.names)}
        self._packed = 0  # packed length of the last line read
        self._known: tuple[str, int, Place] = ("", 0, (0, 0))  # a line, and where it starts

    def between(self, contig: str, first: int, last: int) -> list[bytes] | None:
        """Every line with POS first..last (1-based), whole, without its newline.

        None when a line shortly before them is a block of a gVCF, or a site without a variant,
        which may reach over their places.
        """
        found: list[bytes] = []
        name, near = contig.encode(), max(1, first - _REACH)
        for begin, end in self._index.chunks(self._number(contig), first, last):
            place = self._from_known(contig, near, begin, end)
            place = self._bisect(name, near, place, end)
            while place < end:
                here = self._position(place, name)
                if here > last:
                    return found
                if here >= first:
                    line, following = self._line(place)
                    self._packed = following[0] - place[0]
                    found.append(line)
                else:
                    if _is_block(self._head(place)):
                        return None
                    self._known = (contig, here, place)
                    following = self._next(place)
                place = following
        return found

    def before(self, contig: str, position: int) -> Place | None:
        """The start of a line before or at a position, and not far before; None if there is none.

        From there on the position's lines are met, if it has any, and later ones.
        """
        rest = self._index.rest(self._number(contig), position)
        return self._bisect(contig.encode(), position, *rest) if rest else None

    def scan(
        self, contig: str, first: int, last: int, wanted: Callable[[list[bytes]], bool]
    ) -> Iterator[bytes]:
        """Lines that may concern first..last, chosen by their columns up to ALT, in order."""
        name = contig.encode()
        for begin, end in self._index.chunks(self._number(contig), first, last):
            place = begin
            while place < end:
                if self._position(place, name) > last:
                    return
                if wanted(self._head(place)):
                    line, place = self._line(place)
                    yield line
                else:
                    place = self._next(place)

    def _number(self, contig: str) -> int:
        return self._numbers.get(contig, -1)

    def _from_known(self, contig: str, position: int, begin: Place, end: Place) -> Place:
        """Where to search from: the stretch's begin, or a later line known to come before."""
        known_contig, known_position, place = self._known
        usable = known_contig == contig and known_position < position and begin <= place < end
        return place if usable else begin

    def _bisect(self, contig: bytes, position: int, begin: Place, end: Place) -> Place:
        """The start of a line before every line at the position, and not far before."""
        blocks, low, high = self._blocks, begin, end[0]
        while high - low[0] > max(_SHORT, self._packed * 3 // 2):
            middle = blocks.find((low[0] + high) // 2, high)
            if middle >= high:
                break
            start = self._next((middle, 0))
            if start < end and self._position(start, contig) < position:
                low = start
            else:
                high = middle
        return low

    def _position(self, place: Place, contig: bytes) -> int:
        """POS of the line that starts at a place."""
        offset, within = place
        data = self._blocks.block(offset)
        stop = within + len(contig)
        second = data.find(b"\t", stop + 1)
        if second < 0:  # the next block has the rest
            data = self._blocks.read(place, len(contig) + 32)
            within, stop = 0, len(contig)
            second = data.find(b"\t", stop + 1)
        digits = data[stop + 1 : second]
        if data[within : stop + 1] != contig + b"\t" or not digits.isdigit():
            raise Unusual("a line that does not begin with its contig and a position")
        return int(digits)

    def _head(self, place: Place) -> list[bytes]:
        """The columns of a line up to ALT."""
        length = 256
        while True:
            head = bytes(self._blocks.read(place, length))
            columns = head.split(b"\t", _HEAD)
            if len(columns) > _HEAD:
                return columns[:_HEAD]
            if len(head) < length or b"\n" in head:
                raise Unusual("a line without its first columns")
            length *= 4

    def _next(self, place: Place) -> Place:
        """Where the line after the next newline starts."""
        offset, within = place
        while offset < self._blocks.size:
            data = self._blocks.block(offset)
            newline = data.find(b"\n", within)
            if newline >= 0:
                return self._behind(offset, newline + 1, data)
            offset, within = self._blocks.after(offset), 0
        return offset, 0

    def _line(self, place: Place) -> tuple[bytes, Place]:
        """The line that starts at a place, and where the next one does."""
        offset, within = place
        parts = []
        while offset < self._blocks.size:
            data = self._blocks.block(offset)
            newline = data.find(b"\n", within)
            if newline >= 0:
                parts.append(data[within:newline])
                return b"".join(parts), self._behind(offset, newline + 1, data)
            parts.append(data[within:])
            offset, within = self._blocks.after(offset), 0
        return b"".join(parts), (offset, 0)

    def _behind(self, offset: int, within: int, data: bytes | bytearray) -> Place:
        return (offset, within) if within < len(data) else (self._blocks.after(offset), 0)


def _is_block(head: list[bytes]) -> bool:
    """Whether ALT is no sequence: a block of a gVCF, or a site without a variant."""
    return head[4].startswith((b".", b"<"))
