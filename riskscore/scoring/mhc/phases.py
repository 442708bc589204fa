"""How the names of a person's genes may stand on two chromosomes.

Genotypes say which two names a gene has, and not, or not for certain, which of them lie on one
chromosome. Within a block, and then from block to block, every phase is looked at. Without any
word on phase both are equally likely. A file's phase is evidence: from one phased gene to the next
it is wrong with the rate of switch errors, and between phase sets it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Places, spread
from riskscore.scoring.mhc.evidence import GeneEvidence

_NONE = -1


@dataclass(frozen=True)
class Phases:
    """Possible phases, one row each, in order of ``owner``.

    ``first`` and ``second`` (rows, columns) are what stands on the two chromosomes. ``weight`` is
    the row's evidence. ``mixed`` says that the chromosomes differ so far. The phase of the file
    at the first and the last phased gene: ``turn`` is 1 where the file's first chromosome is the
    second here, and ``phase_set`` is below 0 where no gene is phased. ``soft`` is the turn of the
    chromosomes of one imputation, which hold for all of its genes; below 0 where there are none.
    """

    owner: Places
    first: Places
    second: Places
    weight: Array
    likely: Array
    mixed: Mask
    turn: tuple[Places, Places]
    phase_set: tuple[Places, Places]
    soft: Places

    @classmethod
    def none(cls, owners: int) -> Phases:
        """Nothing yet on the chromosomes of some owners."""
        empty, zero = np.zeros((owners, 0), dtype=np.int64), np.zeros(owners, dtype=np.int64)
        unset = np.full(owners, _NONE, dtype=np.int64)
        return cls(
            np.arange(owners), empty, empty, np.ones(owners), np.ones(owners),
            np.zeros(owners, dtype=bool), (zero, zero), (unset, unset), unset,
        )  # fmt: skip

    @classmethod
    def of_gene(cls, gene: GeneEvidence, people: int) -> Phases:
        """The rows of one gene; people without any have one of two unknown alleles."""
        untyped = np.flatnonzero(np.bincount(gene.sample, minlength=people) == 0)
        owner = np.concatenate([gene.sample, untyped])
        order = np.argsort(owner, kind="stable")
        none = np.full(len(untyped), gene.names.unknown, dtype=np.int64)
        one, no = np.ones(len(untyped)), np.zeros(len(untyped), dtype=bool)
        first, second, weight, likely, ordered, soft, sets = (
            np.concatenate(columns)[order]
            for columns in (
                (gene.first, none), (gene.second, none), (gene.weight, one), (gene.likely, one),
                (gene.ordered, no), (gene.soft, no), (gene.phase_set, none),
            )
        )  # fmt: skip
        turn, phase_set = np.zeros(len(owner), dtype=np.int64), np.where(ordered, sets, _NONE)
        return cls(
            owner[order], first[:, None], second[:, None], weight, likely, first != second,
            (turn, turn), (phase_set, phase_set), np.where(soft, 0, _NONE),
        )  # fmt: skip

    def take(self, rows: Places | Mask) -> Phases:
        """Some of the rows."""
        return Phases(
            self.owner[rows], self.first[rows], self.second[rows], self.weight[rows],
            self.likely[rows], self.mixed[rows], (self.turn[0][rows], self.turn[1][rows]),
            (self.phase_set[0][rows], self.phase_set[1][rows]), self.soft[rows],
        )  # fmt: skip

    def renamed(self, first: Places, second: Places) -> Phases:
        """The rows with one column, of other names for what stands on each chromosome."""
        return replace(
            self, first=first[:, None], second=second[:, None], likely=np.ones(len(first))
        )

    def joined(self, other: Phases, owners: int, switch_error: float) -> Phases:
        """Each row with each row of ``other`` of the same owner, as it is and turned round."""
        count = np.bincount(other.owner, minlength=owners)
        start = np.cumsum(count) - count
        if (count == 1).all() and np.array_equal(self.owner, other.owner):
            a, b = self, other  # one row of each owner in both
        else:
            left, right = spread(start[self.owner], count[self.owner])
            a, b = self.take(left), other.take(right)
        kept = (a.soft >= 0) & (b.soft >= 0)
        told = (a.phase_set[1] >= 0) & (a.phase_set[1] == b.phase_set[0])
        turned = np.flatnonzero(a.mixed & b.mixed & ~kept)
        rows = len(a.owner)
        straight = a._beside(b, np.where(kept, a.soft ^ b.soft, 0), told, switch_error)
        if not len(turned):
            return straight
        other_way = a.take(turned)._beside(
            b.take(turned), np.ones(len(turned), dtype=np.int64), told[turned], switch_error
        )
        place = np.concatenate([np.arange(rows), turned])
        order = np.argsort(place, kind="stable")
        return _stacked(straight, other_way).take(order)

    def _beside(self, other: Phases, turn: Places, told: Mask, switch_error: float) -> Phases:
        swap = turn[:, None] == 1
        new = turn ^ other.turn[0], turn ^ other.turn[1]
        same = new[0] == self.turn[1]
        phase = np.where(told, np.where(same, 1 - switch_error, switch_error), 0.5)
        free = ~(self.mixed & other.mixed) | ((self.soft >= 0) & (other.soft >= 0))
        begun, ended = self.phase_set[0] >= 0, other.phase_set[0] >= 0
        soft = np.where(other.soft >= 0, other.soft ^ turn, _NONE)
        return replace(
            self,
            first=np.hstack([self.first, np.where(swap, other.second, other.first)]),
            second=np.hstack([self.second, np.where(swap, other.first, other.second)]),
            weight=self.weight * other.weight * np.where(free, 1.0, phase),
            likely=self.likely * other.likely,
            mixed=self.mixed | other.mixed,
            turn=(np.where(begun, self.turn[0], new[0]), np.where(ended, new[1], self.turn[1])),
            phase_set=(
                np.where(begun, self.phase_set[0], other.phase_set[0]),
                np.where(ended, other.phase_set[1], self.phase_set[1]),
            ),
            soft=np.where(self.soft >= 0, self.soft, soft),
        )

    def above(self, share: float, values: Array) -> Phases:
        """The rows whose value is at least this share of the greatest of their owner."""
        greatest = np.zeros(int(self.owner[-1]) + 1)
        np.maximum.at(greatest, self.owner, values)
        kept = values >= share * greatest[self.owner]
        return self if kept.all() else self.take(kept)


def _stacked(one: Phases, other: Phases) -> Phases:
    def both(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([a, b])

    return Phases(
        both(one.owner, other.owner), both(one.first, other.first),
        both(one.second, other.second), both(one.weight, other.weight),
        both(one.likely, other.likely), both(one.mixed, other.mixed),
        (both(one.turn[0], other.turn[0]), both(one.turn[1], other.turn[1])),
        (both(one.phase_set[0], other.phase_set[0]), both(one.phase_set[1], other.phase_set[1])),
        both(one.soft, other.soft),
    )  # fmt: skip


def block_phases(
    genes: Sequence[GeneEvidence], people: int, switch_error: float, least: float
) -> Phases:
    """The phases of a block's genes in each of some people, before any haplotype is weighed.

    Genes of one imputation share its errors: where several are unsure they are one evidence, the
    geometric mean of what each says. Two different names can stand in two ways, of which one row
    is written: it counts twice.
    """
    phases = Phases.none(people)
    unsure = [np.bincount(gene.sample, gene.unsure, people) > 0 for gene in genes]
    several = np.maximum(np.sum(unsure, axis=0), 1)
    for gene in genes:
        power = np.where(gene.unsure, 1 / several[gene.sample], 1.0)
        ways = np.where(gene.first != gene.second, 2.0, 1.0)
        own = Phases.of_gene(replace(gene, weight=ways * gene.weight**power), people)
        phases = phases.joined(own, people, switch_error)
        phases = phases.above(least, phases.likely)
    return phases
