"""The lines of a bgzipped VCF at a position, searched for inside what the index names.

A probe inflates half a record on the way to the next newline, a line that is passed a whole one.
Positions are near uniform in the window of an index, so where a line stands is guessed from those
of lines that are known; where that does not lead there, the stretch is halved.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from riskscore.samples.files.blocks.bgzf import Blocks, Fallback, VirtualOffset
from riskscore.samples.files.blocks.index import FileIndex

_AIM = 1.5  # records before the wanted line at which a probe is aimed: it finds the next newline
_WORTH = 1.0  # records between its aim and the line before it that make a probe worth while
_SHORT = 1.5  # records that are not halved
_GUESSES = 5  # probes by interpolation, after which the stretch is halved
_STEPS = 8  # lines read one after another, after which they are searched again
_FEW = 2_000  # inflated bytes in which lines are read one after another
_HEAD = 5  # columns up to ALT
# So many bases before a position a REF without a variant may begin that reaches over it, in a file
# whose header says nothing of blocks.
_REACH = 64


@dataclass(slots=True)
class SearchWindow:
    """A stretch of the file in which a line is looked for, and what positions it runs through."""

    low: VirtualOffset  # the start of a line that comes before
    high: int  # no line comes before that a search from here on finds
    below: int  # the position at the low end, or one that is expected there
    above: tuple[int, int]  # one at or behind the high end, and its offset

    def aim(self, position: int, record: int, guess: bool) -> int | None:
        """The offset from which to search next; None when that is not worth it.

        ``record`` is the packed length of a record, or of a block if that is longer.
        """
        begin, length = self.low[0], self.high - self.low[0]
        if not guess:
            return begin + length // 2 if length > _SHORT * record else None
        (above, end), below = self.above, self.below
        share = min(max((position - below) / max(above - below, 1), 0.0), 1.0)
        ahead = int(share * (end - begin) - _AIM * record)
        return begin + min(ahead, length - 1) if ahead >= _WORTH * record else None

    def narrow(self, position: int, middle: int, start: VirtualOffset, here: int | None) -> None:
        """Take into account the line that a search from ``middle`` on found, if there is one."""
        if here is not None and here < position:
            self.low, self.below = start, here
        else:
            self.high = middle
            self.above = self.above if here is None else (here, start[0])


class Lines:
    """Finds lines in a sorted, bgzipped and indexed VCF; the file's order is what the index proves.

    Raises Fallback where a line does not begin with its contig and a position.
    """

    def __init__(self, blocks: Blocks, index: FileIndex) -> None:
        self._blocks, self._index = blocks, index
        self._numbers = {name: number for number, name in enumerate(index.names)}
        self._packed = 0  # packed length of the last line read
        self._seen_of = b""  # a contig, of which these lines are known: positions and starts
        self._seen: list[tuple[int, VirtualOffset]] = []

    def between(self, contig: str, first: int, last: int) -> list[bytes] | None:
        """Every line with POS first..last (1-based), whole, without its newline.

        None when a line shortly before them is a block of a gVCF, or a site without a variant,
        which may reach over their places.
        """
        found: list[bytes] = []
        name, near = contig.encode(), max(1, first - _REACH)
        for begin, end in self._index.chunks(self._number(contig), first, last):
            place = self._first(name, near, begin, end)
            while place < end:
                here = self._position(place, name)
                self._remember(here, place)
                if here > last:
                    return found
                if here >= first:
                    line, following = self._blocks.line(place)
                    found.append(line)
                elif _is_block(self._head(place)):
                    return None
                else:
                    following = self._next(place)
                self._packed = following[0] - place[0]
                place = following
        return found

    def before(self, contig: str, position: int) -> VirtualOffset | None:
        """The start of a line before or at a position, and not far before; None if there is none.

        From there on the position's lines are met, if it has any, and later ones.
        """
        rest = self._index.rest(self._number(contig), position)
        return self._search(contig.encode(), position, *rest) if rest else None

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
                    line, place = self._blocks.line(place)
                    yield line
                else:
                    place = self._next(place)

    def _number(self, contig: str) -> int:
        return self._numbers.get(contig, -1)

    def _remember(self, position: int, place: VirtualOffset) -> None:
        insort(self._seen, (position, place))

    def _first(
        self, contig: bytes, position: int, begin: VirtualOffset, end: VirtualOffset
    ) -> VirtualOffset:
        """The start of the first line at a position or behind it; the end, if none is before it."""
        span = 1 << self._index.shift
        window = (position - 1) // span * span + 1
        place = self._search(contig, position, begin, end, (window, window + span))
        steps = 0
        while place < end:
            here = self._position(place, contig)
            if here >= position:
                return place
            self._remember(here, place)
            if steps == _STEPS:  # the file is denser than it seemed
                place, steps = self._search(contig, position, place, end), 0
            place = self._next(self._last_in_block(contig, position, place, end))
            steps += 1
        return end

    def _search(
        self,
        contig: bytes,
        position: int,
        begin: VirtualOffset,
        end: VirtualOffset,
        expected: tuple[int, int] | None = None,
    ) -> VirtualOffset:
        """The start of a line before every line at the position, and not far before.

        ``expected`` is what positions the stretch is thought to begin and to end with.
        """
        stretch = self._stretch(contig, position, begin, end, expected)
        guesses = _GUESSES if expected else 0
        blocks = self._blocks
        while True:
            aim = stretch.aim(position, max(self._packed, blocks.usual), guesses > 0)
            if aim is None:
                return stretch.low
            middle = blocks.find(aim, stretch.high)
            if middle >= stretch.high:
                return stretch.low
            start = self._next((middle, 0))
            here = self._position(start, contig) if start < end else None
            if here is not None:
                self._remember(here, start)
            stretch.narrow(position, middle, start, here)
            guesses -= 1

    def _stretch(
        self,
        contig: bytes,
        position: int,
        begin: VirtualOffset,
        end: VirtualOffset,
        expected: tuple[int, int] | None,
    ) -> SearchWindow:
        """What is left to search, when the lines that are known are taken into account."""
        if contig != self._seen_of:
            self._seen_of, self._seen = contig, []
        below, above = expected or (0, 0)
        at = bisect_left(self._seen, (position,))
        behind = self._seen[at] if at < len(self._seen) else None
        if at and begin <= self._seen[at - 1][1] < end:
            below, begin = self._seen[at - 1]
        if behind is not None and begin < behind[1] < end:
            above, end = behind
        del self._seen[: max(0, at - 1)]  # loci come in order
        return SearchWindow(begin, end[0], below, (above, end[0]))

    def _last_in_block(
        self, contig: bytes, position: int, place: VirtualOffset, end: VirtualOffset
    ) -> VirtualOffset:
        """The last line found to come before a position in the block of one that does."""
        offset, low = place
        data = self._blocks.block(offset)
        high = end[1] if end[0] == offset else len(data)
        while high - low > _FEW:
            newline = data.find(b"\n", (low + high) // 2, high)
            start = (offset, newline + 1)
            if 0 <= newline < high - 1 and self._position(start, contig) < position:
                low = newline + 1
            else:
                high = (low + high) // 2
        return offset, low

    def _position(self, place: VirtualOffset, contig: bytes) -> int:
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
            raise Fallback("a line that does not begin with its contig and a position")
        return int(digits)

    def _head(self, place: VirtualOffset) -> list[bytes]:
        """The columns of a line up to ALT."""
        length = 256
        while True:
            head = bytes(self._blocks.read(place, length))
            columns = head.split(b"\t", _HEAD)
            if len(columns) > _HEAD:
                return columns[:_HEAD]
            if len(head) < length or b"\n" in head:
                raise Fallback("a line without its first columns")
            length *= 4

    def _next(self, place: VirtualOffset) -> VirtualOffset:
        """Where the line after the next newline starts."""
        offset, within = place
        while offset < self._blocks.size:
            data = self._blocks.block(offset)
            newline = data.find(b"\n", within)
            if newline >= 0:
                return self._blocks.behind(offset, newline + 1, data)
            offset, within = self._blocks.after(offset), 0
        return offset, 0


def _is_block(head: list[bytes]) -> bool:
    """Whether ALT is no sequence: a block of a gVCF, or a site without a variant."""
    return head[4].startswith((b".", b"<"))
