"""Lists of different length, one for each owner, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Places


def spread(start: Places, count: Places) -> tuple[Places, Places]:
    """For each owner its stretch of rows: the owner of every row, and the row's place.

    >>> owner, row = spread(np.array([5, 0]), np.array([2, 1]))
    >>> owner.tolist(), row.tolist()
    ([0, 0, 1], [5, 6, 0])
    """
    owner = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return owner, np.repeat(start, count) + within


@dataclass(frozen=True)
class Weighted:
    """For each owner some codes with weights; ``start`` and ``count`` say which rows are whose."""

    start: Places
    count: Places
    code: Places
    weight: Array

    @classmethod
    def merged(cls, owner: Places, code: Places, weight: Array, owners: int) -> Weighted:
        """Rows of any order; equal codes of one owner are added up, in the order of the rows.

        >>> lists = Weighted.merged(np.array([1, 0, 1]), np.array([7, 3, 7]),
        ...                         np.array([0.25, 1.0, 0.5]), 2)
        >>> lists.code.tolist(), lists.weight.tolist(), lists.count.tolist()
        ([3, 7], [1.0, 0.75], [1, 1])
        """
        if len(owner) > 1 and not _ascending(owner, code):
            order = np.lexsort((code, owner))
            owner, code, weight = owner[order], code[order], weight[order]
        new = np.ones(len(owner), dtype=bool)
        new[1:] = (owner[1:] != owner[:-1]) | (code[1:] != code[:-1])
        if not new.all():
            place = np.cumsum(new) - 1
            weight = np.bincount(place, weight, int(new.sum())).astype(np.float64)
            owner, code = owner[new], code[new]
        count = np.bincount(owner, minlength=owners).astype(np.int64)
        return cls(np.cumsum(count) - count, count, code, weight)

    @property
    def owner(self) -> Places:
        return np.repeat(np.arange(len(self.count)), self.count)

    @property
    def total(self) -> Array:
        """The sum of each owner's weights."""
        return np.bincount(self.owner, self.weight, len(self.count)).astype(np.float64)

    def of(self, owners: Places) -> Weighted:
        """The lists of some owners, who may come more than once."""
        _, row = spread(self.start[owners], self.count[owners])
        count = self.count[owners]
        return Weighted(np.cumsum(count) - count, count, self.code[row], self.weight[row])

    def above(self, share: float) -> Weighted:
        """Without rows of less than this share of their owner's total."""
        owner = self.owner
        kept = self.weight >= share * self.total[owner]
        if kept.all():
            return self
        return Weighted.merged(owner[kept], self.code[kept], self.weight[kept], len(self.count))


def together(lists: Sequence[Weighted]) -> tuple[Places, Places, Array]:
    """Every choice of one row from each of some lists of the same owners.

    Returns the owner, the sum of the codes and the product of the weights.
    """
    head = lists[0]
    owner, code, weight = head.owner, head.code, head.weight
    for other in lists[1:]:
        source, row = spread(other.start[owner], other.count[owner])
        owner, code = owner[source], code[source] + other.code[row]
        weight = weight[source] * other.weight[row]
    return owner, code, weight


def _ascending(owner: Places, code: Places) -> bool:
    same = owner[1:] == owner[:-1]
    return bool(((owner[1:] > owner[:-1]) | (same & (code[1:] >= code[:-1]))).all())
