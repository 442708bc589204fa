"""People with the same records of a gene, whose genotypes are computed once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Places, Words64, mixed, spread
from riskscore.samples.hla.calls import GeneCalls


@dataclass(frozen=True)
class SamePeople:
    """Groups of people with the same rows: the first person of each group, and everybody's group.

    ``first`` (groups,) are people in order, ``kind`` (people,) the number of the group.
    """

    first: Places
    kind: Places

    @classmethod
    def of_rows(cls, sample: Places, said: Places, people: int) -> SamePeople:
        """People with the same rows, in the same order.

        ``sample`` (rows,) is the person of each row, in rising order, and ``said`` (rows,) a number
        for its content. Where few people are alike, as with imputed dosages, each
        is a group of one.

        >>> sample, said = np.array([0, 0, 1, 2, 2, 3]), np.array([5, 7, 5, 5, 7, 5])
        >>> same = SamePeople.of_rows(sample, said, 4)
        >>> same.first.tolist(), same.kind.tolist()
        ([0, 1], [0, 1, 0, 1])
        """
        alone = cls(np.arange(people), np.arange(people))
        rows = np.bincount(sample, minlength=people)
        starts = np.cumsum(rows) - rows
        within = np.arange(len(sample)) - starts[sample]
        key = np.zeros(people, dtype=np.uint64)
        if len(sample):
            key[rows > 0] = np.add.reduceat(_key(said, within), starts[rows > 0])
        keys, first, kind = np.unique(key, return_index=True, return_inverse=True)
        if len(keys) > people // 2:
            return alone
        example = first[kind]
        at_first = np.minimum(starts[example][sample] + within, max(len(sample) - 1, 0))
        if (rows != rows[example]).any() or (said != said[at_first]).any():
            return alone  # two kinds have one key
        order = np.argsort(first)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        return cls(first[order].astype(np.int64), place[kind])

    def calls_of_everybody(self, calls: GeneCalls) -> GeneCalls:
        """The calls of the groups, repeated for each person of the group."""
        if len(self.first) == len(self.kind):
            return calls
        rows = np.bincount(calls.sample, minlength=len(self.first))
        starts = np.cumsum(rows) - rows
        sample, taken = spread(starts[self.kind], rows[self.kind])
        return replace(calls.take(taken), sample=sample)


def _key(said: Places, within: Places) -> Words64:
    """A hash of the content of each row and of its place among the person's rows."""
    word = (said + (within << 40) + 1).astype(np.uint64)
    return mixed(word * np.uint64(0x9E3779B97F4A7C15))
