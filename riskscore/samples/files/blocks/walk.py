"""A walk along a file past many positions, a block at a time, stretches left out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from riskscore.samples.files.blocks.bgzf import Blocks, Place

_WORTH_A_SEARCH = 1 << 20  # packed bytes to the next position, above which it is searched for
BEHIND = 1 << 62  # as a position: that of a record on another contig

Spot = tuple[bytes | bytearray, int, int, int]  # a text, and places in it
Group = tuple[int, list[Spot]]  # a position, and the records at it


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
    def groups(self, start: Place) -> Iterator[list[Group]]:
        """The wanted records from a place on."""

    @abstractmethod
    def before(self, position: int) -> Place | None:
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

    def _beyond(self, place: Place, begun: int) -> Place | None:
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
