"""Phases of some genes against every orientation of each, one after the other."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from riskscore.scoring.mhc.evidence import GeneEvidence, GeneNames
from riskscore.scoring.mhc.phases import Phases, block_phases

SWITCH = 0.1
UNKNOWN = 9
NONE = np.zeros(0)
NAMES = GeneNames(
    NONE, NONE, NONE.astype(int), NONE.astype(int), NONE, NONE.astype(int), UNKNOWN, UNKNOWN
)
Haplotypes = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Row:
    """Two names of a person with a weight; in which phase set, if phased."""

    first: int
    second: int
    weight: float
    phase_set: int | None = None
    soft: bool = False
    unsure: bool = False


def gene(people: Sequence[Sequence[Row]]) -> GeneEvidence:
    rows = [(number, row) for number, own in enumerate(people) for row in own]
    return GeneEvidence(
        NAMES,
        np.array([number for number, _ in rows], dtype=np.int64),
        np.array([row.first for _, row in rows], dtype=np.int64),
        np.array([row.second for _, row in rows], dtype=np.int64),
        np.array([row.weight for _, row in rows], dtype=np.float64),
        np.array([row.weight for _, row in rows], dtype=np.float64),
        np.array([row.phase_set is not None for _, row in rows], dtype=bool),
        np.array([row.soft for _, row in rows], dtype=bool),
        np.array([row.unsure for _, row in rows], dtype=bool),
        np.array([row.phase_set or 0 for _, row in rows], dtype=np.int64),
    )


def by_hand(genes: Sequence[Sequence[Row]]) -> dict[Haplotypes, float]:
    """Both orders of the two chromosomes are one: the probability of each, summing to 1."""
    found: dict[Haplotypes, float] = defaultdict(float)
    for rows in product(*genes):
        mixed = [row.first != row.second for row in rows]
        for turned in product(*((False, True) if m else (False,) for m in mixed)):
            soft = {t for t, row in zip(turned, rows, strict=True) if row.soft}
            if len(soft) > 1:
                continue  # the chromosomes of one imputation are those of every gene
            weight, last, known_soft = 1.0, None, False
            for t, row, m in zip(turned, rows, mixed, strict=True):
                weight *= row.weight * (2 if m else 1)
                if row.phase_set is None:
                    weight *= 0.5 if m else 1.0
                elif last is None or last[1] != row.phase_set:
                    weight *= 0.5
                elif not (row.soft and known_soft):
                    weight *= 1 - SWITCH if t == last[0] else SWITCH
                if row.phase_set is not None:
                    last = (t, row.phase_set)
                known_soft |= row.soft
            one, two = (
                tuple(
                    row.second if t != other else row.first
                    for t, row in zip(turned, rows, strict=True)
                )
                for other in (False, True)
            )
            found[min(one, two), max(one, two)] += weight
    total = sum(found.values())
    return {pair: weight / total for pair, weight in found.items()}


def told(phases: Phases, person: int) -> dict[Haplotypes, float]:
    found: dict[Haplotypes, float] = defaultdict(float)
    for row in np.flatnonzero(phases.owner == person).tolist():
        one, two = tuple(phases.first[row].tolist()), tuple(phases.second[row].tolist())
        found[min(one, two), max(one, two)] += float(phases.weight[row])
    total = sum(found.values())
    return {pair: weight / total for pair, weight in found.items()}


def drawn(rng: random.Random) -> list[Row]:
    """A gene of a person: unphased rows, or one in a phase set."""
    if rng.random() < 0.5:
        return [Row(*rng.sample(range(4), 2), 1.0, rng.choice((0, 0, 7)))]
    count = rng.choice((1, 1, 2))
    pairs = [tuple(sorted(rng.choices(range(4), k=2))) for _ in range(count)]
    return [Row(*pair, rng.uniform(0.2, 1)) for pair in pairs]


@pytest.mark.parametrize("seed", range(4))
def test_blocks_joined_to_blocks(seed: int) -> None:
    """Blocks of some genes one after the other: as every orientation of every gene has it."""
    rng = random.Random(seed)
    blocks = (((0, 1), (2, 3), (4,)), ((0,), (1, 2, 3), (4, 5)))[seed % 2]
    count = blocks[-1][-1] + 1
    people = [[drawn(rng) for _ in range(count)] for _ in range(12)]
    genes = [gene([person[k] for person in people]) for k in range(count)]
    phases = Phases.none(len(people))
    for block in blocks:
        own = block_phases([genes[k] for k in block], len(people), SWITCH, 0.0)
        phases = phases.joined(own, len(people), SWITCH)
    for number, person in enumerate(people):
        assert told(phases, number) == pytest.approx(by_hand(person))


SOFT = [[Row(k, k + 4, 1.0, 0, soft=True)] for k in (0, 1, 2)]
HARD, PHASED = [Row(1, 2, 1.0)], [Row(1, 2, 1.0, 0)]


@pytest.mark.parametrize(
    "person",
    [
        [SOFT[0], SOFT[1], SOFT[2]],
        [SOFT[0], HARD, SOFT[1]],
        [HARD, SOFT[0], SOFT[1]],
        [SOFT[0], PHASED, SOFT[1]],
        [PHASED, SOFT[0], SOFT[1]],
    ],
    ids=["all", "but the middle", "but the first", "the middle phased", "the first phased"],
)
@pytest.mark.parametrize("blocks", [((0, 1), (2,)), ((0,), (1, 2)), ((0, 1, 2),)])
def test_chromosomes_of_one_imputation_stay_together(
    person: list[list[Row]], blocks: tuple[tuple[int, ...], ...]
) -> None:
    phases = Phases.none(1)
    for block in blocks:
        own = block_phases([gene([person[k]]) for k in block], 1, SWITCH, 0.0)
        phases = phases.joined(own, 1, SWITCH)
    assert told(phases, 0) == pytest.approx(by_hand(person))


def test_unsure_genes_of_a_person_are_one_evidence() -> None:
    """The geometric mean of those that are unsure, times what is sure; homozygotes alone."""
    unsure = [
        [Row(k, k, p, unsure=True) for k, p in enumerate(shares)]
        for shares in ((0.3, 0.7), (0.4, 0.6), (0.2, 0.8))
    ]
    sure = [Row(5, 5, 0.25), Row(6, 6, 0.75)]
    people = [[unsure[0], unsure[1], sure], unsure, [unsure[2], sure, sure], [sure, sure, sure]]
    genes = [gene([person[k] for person in people]) for k in range(3)]
    phases = block_phases(genes, len(people), SWITCH, 0.0)
    for number, person in enumerate(people):
        count = max(1, sum(rows[0].unsure for rows in person))
        wanted: dict[Haplotypes, float] = {}
        for rows in product(*person):
            names = tuple(row.first for row in rows)
            weight = 1.0
            for row in rows:
                weight *= row.weight ** (1 / count if row.unsure else 1)
            wanted[names, names] = weight
        total = sum(wanted.values())
        assert told(phases, number) == pytest.approx({k: w / total for k, w in wanted.items()})


def test_what_is_unlikely_beside_the_likeliest_is_left_out() -> None:
    """Person by person, and gene after gene; at the share itself it stays."""
    people = [
        [[Row(0, 0, 1.0), Row(1, 1, 0.25)], [Row(2, 2, 1.0), Row(3, 3, 0.5)]],
        [[Row(0, 0, 0.1), Row(1, 1, 0.1)], [Row(2, 2, 0.1), Row(3, 3, 0.024)]],
    ]
    genes = [gene([person[k] for person in people]) for k in range(2)]
    phases = block_phases(genes, 2, SWITCH, 0.25)
    found = [sorted(pair[0] for pair in told(phases, number)) for number in (0, 1)]
    assert found == [[(0, 2), (0, 3), (1, 2)], [(0, 2), (1, 2)]]
    assert phases.likely.tolist() == pytest.approx([1, 0.5, 0.25, 0.01, 0.01])
