"""The rows of a slot: possible states person by person, people alike sharing theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.scoring.link import Array

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Possible states: ``sample`` is the owner of each row, ``numbers`` has a column a factor."""

    sample: Places
    numbers: Array
    probability: Array

    @classmethod
    def without_numbers(cls, people: Places) -> Rows:
        """One certain state of each, in which no factor has a number."""
        return cls(people, np.zeros((len(people), 0)), np.ones(len(people)))

    def without(self, people: Places) -> Rows:
        kept = ~np.isin(self.sample, people)
        return Rows(self.sample[kept], self.numbers[kept], self.probability[kept])


@dataclass(frozen=True)
class Slot:
    """A measurement: the places of its factors in the component, and each person's states.

    ``numbers`` and ``probability`` are rows in blocks; person i has the ``count[i]`` rows from
    ``start[i]`` on, and people alike share theirs. A number stands only in the columns of the
    slot's own factors; the others are 0, so that the slots of a component can be added.
    """

    numbers: Array
    probability: Array
    start: Places
    count: Places
    source: NDArray[np.int8]  # by person: which of KINDS


class Blocks:
    """Gathers the blocks of a slot."""

    def __init__(self, width: int, people: int) -> None:
        self.width = width
        self.numbers: list[Array] = []
        self.probability: list[Array] = []
        self.start = np.zeros(people, dtype=np.int64)
        self.count = np.zeros(people, dtype=np.int64)
        self.length = 0

    def measured(self, rows: Rows, places: Sequence[int]) -> None:
        """Rows in order of sample; people with one and the same certain state share a row."""
        count = np.bincount(rows.sample, minlength=len(self.count))
        start = np.cumsum(count) - count
        known = np.flatnonzero(count)
        sure = known[count[known] == 1]
        alike = np.column_stack([rows.numbers, rows.probability])[start[sure]]
        _, first, inverse = np.unique(alike, axis=0, return_index=True, return_inverse=True)
        start[sure] = start[sure][first][inverse.ravel()]
        self.start[known], self.count[known] = start[known] + self.length, count[known]
        self._add(rows.numbers, rows.probability, places)

    def shared(
        self, people: Places, numbers: Array, probability: Array, places: Sequence[int]
    ) -> None:
        """One block for all of ``people``."""
        self.start[people], self.count[people] = self.length, len(probability)
        self._add(numbers, probability, places)

    def _add(self, numbers: Array, probability: Array, places: Sequence[int]) -> None:
        wide = np.zeros((len(probability), self.width))
        wide[:, list(places)] = numbers
        self.numbers.append(wide)
        self.probability.append(probability)
        self.length += len(probability)

    def done(self, source: NDArray[np.int8]) -> Slot:
        return Slot(
            np.concatenate(self.numbers),
            np.concatenate(self.probability),
            self.start,
            self.count,
            source,
        )
