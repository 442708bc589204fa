"""A walk along a bgzipped VCF past many positions, a block at a time, stretches left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskscore.samples.blocks.bgzf import Blocks, Place
from riskscore.samples.blocks.lines import Lines
from riskscore.samples.blocks.unusual import Unusual

_WORTH_A_SEARCH = 1 << 20  # packed bytes to the next position, above which it is searched for
_BEHIND = 1 << 62

# A line where it stands, ``text[start:end]`` and then its newline; ``tab`` is the one behind POS.
# No class of its own: a genome has millions of them.
Line = tuple[bytes | bytearray, int, int, int]  # text, start, tab, end
Group = tuple[int, list[Line]]  # a position, and its lines


def walk(
    blocks: Blocks, lines: Lines, contig: str, positions: Sequence[int]
) -> Iterator[list[Group]]:
    """The lines at each of the positions (sorted, 1-based) that has any, in order, some at a time.

    Raises Unusual where a line does not begin with a contig and a position.
    """
    start = lines.before(contig, positions[0]) if positions else None
    if start is not None:
        yield from _Walk(blocks, lines, contig, positions).groups(start)


class _Walk:
    """Lines read one after another, but for stretches whose end is worth a search."""

    def __init__(self, blocks: Blocks, lines: Lines, contig: str, positions: Sequence[int]) -> None:
        self._blocks, self._lines = blocks, lines
        self._contig, self._prefix = contig, contig.encode() + b"\t"
        self._positions, self._done = positions, 0
        self._group: list[Line] = []
        self._ended = False  # no line that follows can be wanted
        self._first = self._here = 0  # positions of the first line of a stretch and of the last
        self._sought = 0  # the position last searched for

    def groups(self, start: Place) -> Iterator[list[Group]]:
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
                if end:
                    self._read(b"".join(rest), 0, found)
                    rest, passed = [], False
            if not (rest or passed or self._ended):
                at = self._read(text, at, found)
                passed = self._is_before(text, at)
                rest = [] if passed or at == len(text) else [text[at:]]
            if found:
                yield found
            offset, at = self._blocks.after(offset), 0
            farther = self._beyond(offset, begun)
            if farther is not None:
                (offset, at), begun, self._first = farther, farther[0], 0
                rest, passed = [], False
        if self._group:
            yield [(self._positions[self._done], self._group)]

    def _read(self, text: bytes | bytearray, at: int, found: list[Group]) -> int:
        """Add the groups that end in the whole lines of a text; where the last line begins."""
        prefix, width, find = self._prefix, len(self._prefix), text.find
        wanted, here = self._positions[self._done], self._here
        while (newline := find(b"\n", at)) >= 0:
            tab = find(b"\t", at + width)
            if not text.startswith(prefix, at):
                here = _BEHIND  # another contig: behind every position of this one
            else:
                digits = text[at + width : tab]
                if not digits.isdigit():
                    raise Unusual("a line without a position")
                here = int(digits)
            if here > wanted:
                if self._group:
                    found.append((wanted, self._group))
                    self._group = []
                wanted = self._advance(here)
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

    def _advance(self, here: int) -> int:
        """Pass the positions before ``here``: the next; the walk has ended where none is left."""
        positions, done = self._positions, self._done
        while positions[done] < here:
            done += 1
            if done == len(positions):
                self._ended = True
                return 0
        self._done = done
        return positions[done]

    def _beyond(self, offset: int, begun: int) -> Place | None:
        """A line before the next position that is farther on than ``offset``, if one is worth it.

        It is where the way there, as dense as the file was since ``begun``, is long.
        """
        if self._ended or self._group or self._here <= self._first or not self._first:
            return None
        wanted = self._positions[self._done]
        density = (offset - begun) / (self._here - self._first)
        if wanted == self._sought or (wanted - self._here) * density < _WORTH_A_SEARCH:
            return None
        self._sought = wanted
        found = self._lines.before(self._contig, wanted)
        return found if found is not None and found > (offset, 0) else None
