"""A walk along a file past many positions, a block at a time, stretches left out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from riskscore.samples.files.blocks.bgzf import Blocks, Fallback, VirtualOffset, require_length
from riskscore.samples.files.blocks.binary import FIXED, LENGTHS, Cursor, require_position
from riskscore.samples.files.blocks.index import FileIndex
from riskscore.samples.files.blocks.lines import Lines
from riskscore.samples.files.record import no_sequence
from riskscore.samples.files.source import Group, Spot

_WORTH_A_SEARCH = 1 << 20  # packed bytes to the next position, above which it is searched for
BEHIND = 1 << 62  # as a position: that of a record on another contig


class Walk(ABC):
    """Records read one after another, but for stretches whose end is worth a search.

    A record is told by a spot, and by no object of its own: a genome has millions of them.
    """

    def __init__(self, blocks: Blocks, positions: Sequence[int]) -> None:
        self._blocks, self._positions, self._done = blocks, positions, 0
        self._group: list[Spot] = []  # the records so far at the next position
        self._ended = False  # no record that follows can be wanted
        self._first = self._here = 0  # positions of the first of a stretch and of the last
        self._sought = 0  # the position last searched for

    @abstractmethod
    def groups(self, start: VirtualOffset) -> Iterator[list[Group]]:
        """The wanted records from a place on."""

    @abstractmethod
    def before(self, position: int) -> VirtualOffset | None:
        """Where a record begins behind which all of a position are; None if there is none."""

    def all(self) -> Iterator[list[Group]]:
        """The records at each of the positions that has any, in order, some at a time."""
        start = self.before(self._positions[0]) if self._positions else None
        if start is not None:
            yield from self.groups(start)
        if self._group:
            yield [(self._positions[self._done], self._group)]

    def _past(self, here: int, found: list[Group]) -> int:
        """Add the group that ends at ``here``, and pass the positions before it: the next.

        The walk has ended where none is left.
        """
        positions, done = self._positions, self._done
        if self._group:
            found.append((positions[done], self._group))
            self._group = []
        while positions[done] < here:
            done += 1
            if done == len(positions):
                self._ended = True
                return 0
        self._done = done
        return positions[done]

    def _beyond(self, place: VirtualOffset, begun: int) -> VirtualOffset | None:
        """A place before the next position that is farther on, if one is worth a search.

        It is where the way there, as dense as the file was since ``begun``, is long.
        """
        if self._ended or self._group or self._here <= self._first or not self._first:
            return None
        wanted = self._positions[self._done]
        density = (place[0] - begun) / (self._here - self._first)
        if wanted == self._sought or (wanted - self._here) * density < _WORTH_A_SEARCH:
            return None
        self._sought = wanted
        found = self.before(wanted)
        return found if found is not None and found > place else None


class LineWalk(Walk):
    """The lines at many positions of a contig (sorted, 1-based).

    The spot of a line: a text, where in it the line begins, the tab behind POS, and the newline.
    Raises Fallback where a line does not begin with a contig and a position.
    """

    def __init__(self, blocks: Blocks, lines: Lines, contig: str, positions: Sequence[int]) -> None:
        super().__init__(blocks, positions)
        self._lines, self._contig, self._prefix = lines, contig, contig.encode() + b"\t"
        self._held = 0  # bytes of the line that began in the blocks before

    def before(self, position: int) -> VirtualOffset | None:
        return self._lines.before(self._contig, position)

    def groups(self, start: VirtualOffset) -> Iterator[list[Group]]:
        """The wanted lines from a place on."""
        offset, at = start
        rest: list[bytes | bytearray] = []  # of the line that began in the blocks before
        passed = False  # it began there, and is not wanted
        begun = offset
        while offset < self._blocks.size and not self._ended:
            text, found = self._blocks.block(offset), list[Group]()
            if rest or passed:
                end = text.find(b"\n") + 1
                at = end or len(text)
                if rest:
                    rest.append(text[:at])
                    self._held += at
                    require_length(self._held, self._blocks.name)
                if end:
                    self._read(b"".join(rest), 0, found)
                    rest, passed = [], False
            if not (rest or passed or self._ended):
                at = self._read(text, at, found)
                passed = self._is_before(text, at)
                rest = [] if passed or at == len(text) else [text[at:]]
                self._held = len(text) - at
            if found:
                yield found
            offset, at = self._blocks.after(offset), 0
            farther = self._beyond((offset, 0), begun)
            if farther is not None:
                (offset, at), begun, self._first = farther, farther[0], 0
                rest, passed = [], False

    def _read(self, text: bytes | bytearray, at: int, found: list[Group]) -> int:
        """Add the groups that end in the whole lines of a text; where the last line begins."""
        prefix, width, find = self._prefix, len(self._prefix), text.find
        wanted, here = self._positions[self._done], self._here
        while (newline := find(b"\n", at)) >= 0:
            tab = find(b"\t", at + width)
            if not text.startswith(prefix, at):
                here = BEHIND  # another contig: behind every position of this one
            else:
                digits = text[at + width : tab]
                if not digits.isdigit():
                    raise Fallback("a line without a position")
                here = int(digits)
            if here > wanted:
                wanted = self._past(here, found)
                if self._ended:
                    break
            if here == wanted:
                self._group.append((text, at, tab, newline))
            at = newline + 1
            if not self._first:
                self._first = here
        self._here = here
        return at

    def _is_before(self, text: bytes | bytearray, at: int) -> bool:
        """Whether a line that ends in another block stands before the next position."""
        width = len(self._prefix)
        digits = text[at + width : max(0, text.find(b"\t", at + width))]
        before = digits.isdigit() and int(digits) < self._positions[self._done]
        return before and text.startswith(self._prefix, at)


class BinaryWalk(Walk):
    """The records at many positions (sorted, 1-based) of the contig of a number.

    The spot of a record: data, where in it the record begins, its samples' part, and its end.
    Raises Fallback where a block of a gVCF reaches over a position.
    """

    def __init__(
        self, blocks: Blocks, index: FileIndex, contig: int, positions: Sequence[int]
    ) -> None:
        super().__init__(blocks, positions)
        self._index, self._contig = index, contig

    def before(self, position: int) -> VirtualOffset | None:
        """Where the first record begins that can reach to a position."""
        stretch = self._index.rest(self._contig, position)
        return stretch[0] if stretch else None

    def groups(self, start: VirtualOffset) -> Iterator[list[Group]]:
        """The wanted records from a place on."""
        place, begun = start, start[0]
        while place[0] < self._blocks.size and not self._ended:
            (offset, at), found = place, list[Group]()
            data = self._blocks.block(offset)
            at = self._read(data, at, found)
            place = (self._blocks.after(offset), 0)
            if at < len(data) and not self._ended:
                place = self._across((offset, at), found)
            if found:
                yield found
            farther = self._beyond(place, begun)
            if farther is not None:
                place, begun, self._first = farther, farther[0], 0

    def _across(self, place: VirtualOffset, found: list[Group]) -> VirtualOffset:
        """Read a record that goes on in the next block, if need be; where the following begins."""
        head = self._blocks.read(place, FIXED.size)
        if len(head) < FIXED.size:
            raise Fallback("the file ends inside a record")
        shared, own, contig, start, length, *_ = FIXED.unpack_from(head, 0)
        whole = LENGTHS + shared + own
        before = max(start + 1, start + length) < self._positions[self._done]
        if contig != self._contig or not before:
            data = self._blocks.read(place, whole)
            if self._read(data, 0, found) < whole and not self._ended:
                raise Fallback("the file ends inside a record")
        return self._blocks.advance(place, whole)

    def _read(self, data: bytes | bytearray, at: int, found: list[Group]) -> int:
        """Add the groups that end in the whole records of data; where the last record begins."""
        unpack, last = FIXED.unpack_from, len(data) - FIXED.size
        wanted, here = self._positions[self._done], self._here
        while at <= last:
            shared, own, contig, start, length, _, alleles, _ = unpack(data, at)
            samples = at + LENGTHS + shared
            end = samples + own
            if end > len(data):
                break
            require_position(start)
            here = start + 1 if contig == self._contig else BEHIND
            if here > wanted:
                wanted = self._past(here, found)
                if self._ended:
                    break
            if length > 1 and self._reaches(here, start + length):
                _refuse_block(bytes(data[at:samples]), alleles >> 16)
            if here == wanted:
                self._group.append((data, at, samples, end))
            at = end
            if not self._first:
                self._first = here
        self._here = here
        return at

    def _reaches(self, here: int, last: int) -> bool:
        """Whether a record that begins here and has a last base reaches over a position."""
        following = self._done + (self._positions[self._done] == here)
        return following < len(self._positions) and self._positions[following] <= last


def _refuse_block(shared: bytes, alleles: int) -> None:
    """Raise Fallback for a record without an ALT that is a sequence."""
    cursor = Cursor(shared, FIXED.size)
    texts = [cursor.text() for _ in range(1 + alleles)]  # ID, REF, and the ALTs
    if no_sequence(texts[2:]):
        raise Fallback("a block that reaches over the position")
