"""Unordered pairs of haplotypes of people, told apart by what models read of their alleles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Places, spread
from riskscore.scoring.mhc.ragged import Weighted, distinct_rows


@dataclass(frozen=True)
class CodePairs:
    """Unordered pairs of haplotypes as codes (chromosomes.py), one row each, in order of owner."""

    owner: Places
    one: Places
    other: Places
    weight: Array

    @classmethod
    def merged(
        cls, owner: Places, first: Places, second: Places, weight: Array, owners: int
    ) -> CodePairs:
        """Rows of any order; those alike of one owner, whichever stands first, are added up."""
        pairs, pair = distinct_rows(np.sort(np.column_stack([first, second]), axis=1))
        lists = Weighted.merged(owner, pair, weight, owners)
        return cls(lists.owner, pairs[lists.code, 0], pairs[lists.code, 1], lists.weight)

    def times(self, block: CodePairs, owners: int) -> CodePairs:
        """Every choice of a pair here and one in another block, of the same owner."""
        count = np.bincount(block.owner, minlength=owners)
        start = np.cumsum(count) - count
        source, row = spread(start[self.owner], count[self.owner])
        return CodePairs(
            self.owner[source], self.one[source] + block.one[row],
            self.other[source] + block.other[row], self.weight[source] * block.weight[row],
        )  # fmt: skip

    def above(self, least: float, owners: int) -> CodePairs:
        """Without those of less than a share of their owner's weight, which then sums to 1."""
        total = np.bincount(self.owner, self.weight, owners)
        kept = np.flatnonzero(self.weight >= least * total[self.owner])
        owner, weight = self.owner[kept], self.weight[kept]
        share = weight / np.bincount(owner, weight, owners)[owner]
        return CodePairs(owner, self.one[kept], self.other[kept], share)
