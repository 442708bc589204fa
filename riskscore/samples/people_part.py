"""A part of a cohort's people: a contiguous range of them, read with the whole and scored alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from riskscore.errors import UsageError


@dataclass(frozen=True, slots=True)
class PeoplePart:
    """The ``index``-th of ``count`` parts of nearly the same size, counted from 1.

    >>> [list(PeoplePart(index, 3).rows(7)) for index in (1, 2, 3)]
    [[0, 1], [2, 3], [4, 5, 6]]
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``i/k``; raises UsageError when i is not within 1 to k.

        >>> PeoplePart.parse("2/4")
        PeoplePart(index=2, count=4)
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
        part = cls(int(match[1]), int(match[2])) if match else None
        if part is None or not 1 <= part.index <= part.count:
            raise UsageError(
                f"{text!r} is not a shard", fix="write i/k with i from 1 to k, for example 1/4"
            )
        return part

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def rows(self, samples: int) -> range:
        """The places of this part's people among ``samples``; empty when there are too few."""
        return range(samples * (self.index - 1) // self.count, samples * self.index // self.count)
