"""A stretch of a bgzipped VCF in which a line is looked for, and where to look next."""

from __future__ import annotations

from dataclasses import dataclass

from riskscore.samples.files.blocks.bgzf import Place

_AIM = 1.5  # records before the wanted line at which a probe is aimed: it finds the next newline
_WORTH = 1.0  # records between its aim and the line before it that make a probe worth while
_SHORT = 1.5  # records that are not halved


@dataclass(slots=True)
class Stretch:
    """A stretch of the file in which a line is looked for, and what positions it runs through."""

    low: Place  # the start of a line that comes before
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

    def narrow(self, position: int, middle: int, start: Place, here: int | None) -> None:
        """Take into account the line that a search from ``middle`` on found, if there is one."""
        if here is not None and here < position:
            self.low, self.below = start, here
        else:
            self.high = middle
            self.above = self.above if here is None else (here, start[0])
