"""A walk along a bgzipped VCF past many positions: blocks inflated ahead, stretches left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from riskscore.samples.blocks.bgzf import Blocks, Place
from riskscore.samples.blocks.lines import Lines
from riskscore.samples.blocks.unusual import Unusual

_TOGETHER = 16  # blocks inflated as one piece of work
_AHEAD = 4  # pieces at a time
_BEHIND = 1 << 62
_WORTH_A_SEARCH = 1 << 20  # packed bytes to the next position, above which it is searched for


def inflated(blocks: Blocks, offset: int, pool: ThreadPoolExecutor) -> Iterator[tuple[int, bytes]]:
    """The text from a block on, some blocks at a time, each with the offset behind its last.

    libdeflate lets other threads run, so the next pieces are inflated while this one is read.
    """
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    while offset < blocks.size or waiting:
        while offset < blocks.size and len(waiting) < _AHEAD:
            packed: list[memoryview] = []
            while offset < blocks.size and len(packed) < _TOGETHER:
                packed.append(blocks.packed(offset))
                offset += len(packed[-1])
            waiting.append((offset, pool.submit(blocks.inflate, packed)))
        end, piece = waiting.popleft()
        yield end, piece.result()


def walk(
    blocks: Blocks, lines: Lines, contig: str, positions: Sequence[int], pool: ThreadPoolExecutor
) -> Iterator[tuple[int, list[bytes]]]:
    """The lines at each of the positions (sorted, 1-based) that has any, in order.

    Raises Unusual where a line does not begin with a contig and a position.
    """
    done, searched = 0, (-1, 0)
    while done < len(positions):
        start = lines.before(contig, positions[done])
        if start is None:
            return
        # A search that ends where the last one did brings nobody nearer: then it is read through.
        stretch = _Stretch(blocks, contig, positions, done, may_leave=start > searched)
        searched = start
        yield from stretch.lines(start, pool)
        done = stretch.done


class _Stretch:
    """Lines read one after another, until the next position is worth a search of its own."""

    def __init__(
        self, blocks: Blocks, contig: str, positions: Sequence[int], done: int, *, may_leave: bool
    ) -> None:
        self._blocks, self._prefix = blocks, contig.encode() + b"\t"
        self._positions, self.done = positions, done
        self._stays_until = done if may_leave else done + 1  # so many positions are behind

    def lines(self, start: Place, pool: ThreadPoolExecutor) -> Iterator[tuple[int, list[bytes]]]:
        """The wanted lines from a place on; ``done`` then says which position to go on with."""
        rest, skip, offset = b"", start[1], start[0]
        group: list[bytes] = []
        first = here = 0
        for end, piece in inflated(self._blocks, offset, pool):
            text, at, skip = rest + piece[skip:], 0, 0
            while (newline := text.find(b"\n", at)) >= 0:
                wanted, here = self._positions[self.done], self._position(text, at)
                first = first or here
                if here != wanted and group:
                    yield wanted, group
                    group = []
                if not self._advance(here):
                    return
                if here == self._positions[self.done]:
                    group.append(text[at:newline])
                at = newline + 1
            rest = text[at:]
            known = here > first and self.done >= self._stays_until
            if known and not group and self._far(here, (end - offset) / (here - first)):
                return
        if group:
            yield self._positions[self.done], group
        self.done = len(self._positions)

    def _position(self, text: bytes, at: int) -> int:
        """POS of a line; on another contig, behind every position."""
        begin = at + len(self._prefix)
        if text[at:begin] != self._prefix:
            return _BEHIND
        digits = text[begin : text.find(b"\t", begin)]
        if not digits.isdigit():
            raise Unusual("a line without a position")
        return int(digits)

    def _advance(self, here: int) -> bool:
        """Pass the positions before ``here``; whether any is left."""
        positions, done = self._positions, self.done
        while done < len(positions) and positions[done] < here:
            done += 1
        self.done = done
        return done < len(positions)

    def _far(self, here: int, density: float) -> bool:
        """Whether the next position is farther than a search costs, at so many bytes a base."""
        return (self._positions[self.done] - here) * density > _WORTH_A_SEARCH
