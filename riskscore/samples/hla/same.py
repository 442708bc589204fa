"""People of whom the records of a gene say the same, and who are worked on once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Places, Words64, mixed, spread
from riskscore.samples.hla.calls import GeneCalls


@dataclass(frozen=True)
class SamePeople:
    """Which people are the first of their kind, in order, and the kind of everybody (people,)."""

    first: Places
    kind: Places

    @classmethod
    def of_rows(cls, sample: Places, said: Places, people: int) -> SamePeople:
        """People with the same rows, in the same order.

        ``sample`` (rows,) is whose each row is, rising, and ``said`` (rows,) the number of what it
        says. Everybody is a kind of their own where few are alike, as with imputed dosages.

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
        """Calls of the kinds, given to each person of the kind."""
        if len(self.first) == len(self.kind):
            return calls
        rows = np.bincount(calls.sample, minlength=len(self.first))
        starts = np.cumsum(rows) - rows
        sample, taken = spread(starts[self.kind], rows[self.kind])
        return replace(calls.take(taken), sample=sample)


def _key(said: Places, within: Places) -> Words64:
    """A hash of what each row says and its place in a person's rows."""
    word = (said + (within << 40) + 1).astype(np.uint64)
    return mixed(word * np.uint64(0x9E3779B97F4A7C15))
