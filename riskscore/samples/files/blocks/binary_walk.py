"""A walk along the records of a BCF, each of which says how long it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskscore.samples.files.blocks.bgzf import Blocks, Place
from riskscore.samples.files.blocks.binary import FIXED, LENGTHS, require_position
from riskscore.samples.files.blocks.index import FileIndex
from riskscore.samples.files.blocks.typed import Cursor
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.blocks.walk import BEHIND, Group, Walk
from riskscore.samples.files.record import no_sequence


class BinaryWalk(Walk):
    """The records at many positions (sorted, 1-based) of the contig of a number.

    The spot of a record: data, where in it the record begins, its samples' part, and its end.
    Raises Unusual where a block of a gVCF reaches over a position.
    """

    def __init__(
        self, blocks: Blocks, index: FileIndex, contig: int, positions: Sequence[int]
    ) -> None:
        super().__init__(blocks, positions)
        self._index, self._contig = index, contig

    def before(self, position: int) -> Place | None:
        """Where the first record begins that can reach to a position."""
        stretch = self._index.rest(self._contig, position)
        return stretch[0] if stretch else None

    def groups(self, start: Place) -> Iterator[list[Group]]:
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

    def _across(self, place: Place, found: list[Group]) -> Place:
        """Read a record that goes on in the next block, if need be; where the following begins."""
        head = self._blocks.read(place, FIXED.size)
        if len(head) < FIXED.size:
            raise Unusual("the file ends inside a record")
        shared, own, contig, start, length, *_ = FIXED.unpack_from(head, 0)
        whole = LENGTHS + shared + own
        before = max(start + 1, start + length) < self._positions[self._done]
        if contig != self._contig or not before:
            data = self._blocks.read(place, whole)
            if self._read(data, 0, found) < whole and not self._ended:
                raise Unusual("the file ends inside a record")
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
    """Raise Unusual for a record without an ALT that is a sequence."""
    cursor = Cursor(shared, FIXED.size)
    texts = [cursor.text() for _ in range(1 + alleles)]  # ID, REF, and the ALTs
    if no_sequence(texts[2:]):
        raise Unusual("a block that reaches over the position")
