"""A walk along the lines of a bgzipped VCF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskscore.samples.files.blocks.bgzf import Blocks, Place
from riskscore.samples.files.blocks.lines import Lines
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.blocks.walk import BEHIND, Group, Walk


class LineWalk(Walk):
    """The lines at many positions of a contig (sorted, 1-based).

    The spot of a line: a text, where in it the line begins, the tab behind POS, and the newline.
    Raises Unusual where a line does not begin with a contig and a position.
    """

    def __init__(self, blocks: Blocks, lines: Lines, contig: str, positions: Sequence[int]) -> None:
        super().__init__(blocks, positions)
        self._lines, self._contig, self._prefix = lines, contig, contig.encode() + b"\t"

    def before(self, position: int) -> Place | None:
        """As :meth:`riskscore.samples.files.blocks.lines.Lines.before`."""
        return self._lines.before(self._contig, position)

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
                    raise Unusual("a line without a position")
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
