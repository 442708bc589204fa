"""Slots: what each measurement of a person may be, as rows of states with their probabilities.

A measurement is a variant, a typed gene, an allele read from its tag, the called haplotypes, an
exposure. Where it is known it has one state or a posterior; where not, the population's states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.terms import (
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAFactor,
    VariantFactor,
)
from riskscore.scoring.design import Measurements, single_allele
from riskscore.scoring.link import Array
from riskscore.scoring.systems import OTHER, coded, group_of, haplotype_values, system_of

Places = NDArray[np.int64]


_NOT_GENES = (VariantFactor, ExposureFactor, HaplotypeFactor, DiplotypeFactor)


class Source(StrEnum):
    """Where the uncertainty of a score comes from."""

    WEIGHTS = "weights"
    GENOTYPES = "genotypes"
    MISSING = "missing"
    EXPOSURES = "exposures"
    BASELINE = "baseline"


KINDS = (Source.GENOTYPES, Source.MISSING, Source.EXPOSURES)  # of what is unknown of a person


@dataclass(frozen=True)
class _Rows:
    """Possible states: ``sample`` is the owner of each row, ``numbers`` has a column a factor."""

    sample: Places
    numbers: Array
    probability: Array


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


def slots_of(measured: Measurements, factors: Sequence[Factor], people: Places) -> list[Slot]:
    """The measurements that a component's factors read, in the order of the factors."""
    joint = measured.reference.joint
    by_system: dict[str, list[tuple[list[Factor], _Rows | None]]] = {}
    by_group: dict[str, list[Factor]] = {}
    for factor in factors:
        by_group.setdefault(group_of(factor), []).append(factor)
    for group in by_group.values():
        by_system.setdefault(system_of(group[0], joint), []).extend(_read(measured, group, people))
    return [
        slot
        for name, readings in by_system.items()
        for slot in _with_gaps(measured, name, readings, factors, len(people))
    ]


def _read(
    measured: Measurements, group: list[Factor], people: Places
) -> list[tuple[list[Factor], _Rows | None]]:
    """What was measured of a group of factors; a gene by tag SNPs is several measurements."""
    head = group[0]
    match head:
        case VariantFactor():
            if measured.cohort.dosages.match(head.variant).missing:
                return [(group, None)]
            copies = measured.cohort.dosages.of(head.variant)[measured.span][people]
            return [(group, _of_copies(group, copies))]
        case ExposureFactor():
            exposures = [f for f in group if isinstance(f, ExposureFactor)]
            columns = [measured.exposure(factor) for factor in exposures]
            known = np.flatnonzero(columns[0].missing[people] == Missing.NOT_MISSING)
            numbers = np.column_stack([column.first[people] for column in columns])[known]
            return [(group, _Rows(known, numbers, np.ones(len(known))))]
        case HaplotypeFactor() | DiplotypeFactor():
            return [(group, _of_haplotypes(measured, group, people))]
    genes = [factor for factor in group if not isinstance(factor, _NOT_GENES)]
    if head.gene in measured.cohort.hla.genes:
        return [(group, _of_gene(measured, genes, people))]
    return _of_tags(measured, genes, people)


def _of_copies(group: Sequence[Factor], copies: NDArray[np.float32]) -> _Rows:
    """A dosage as copies: a whole number, or the two around it with the dosage as their mean."""
    d = copies.astype(np.float64)
    known = np.flatnonzero(~np.isnan(d))
    low = np.minimum(np.floor(d[known]), 1)
    share = d[known] - low
    sample = np.repeat(known, 2)
    state = np.column_stack([low, low + 1]).ravel()
    probability = np.column_stack([1 - share, share]).ravel()
    kept = probability > 0
    numbers = [
        coded(f, state[kept])
        for f in group
        if not isinstance(f, ExposureFactor | HaplotypeFactor | DiplotypeFactor)
    ]
    return _Rows(sample[kept], np.column_stack(numbers), probability[kept])


def _of_chances(group: Sequence[Factor], chances: Array) -> _Rows:
    """The probabilities of 0, 1 and 2 copies, shape (people, 3), nan where there is no call."""
    known = np.flatnonzero(~np.isnan(chances).any(axis=1))
    sample, state = np.repeat(known, 3), np.tile([0.0, 1.0, 2.0], len(known))
    probability = chances[known].ravel()
    kept = probability > 0
    numbers = [
        coded(f, state[kept])
        for f in group
        if not isinstance(f, ExposureFactor | HaplotypeFactor | DiplotypeFactor)
    ]
    return _Rows(sample[kept], np.column_stack(numbers), probability[kept])


def _of_haplotypes(measured: Measurements, group: Sequence[Factor], people: Places) -> _Rows:
    calls, scheme = measured.haplotypes, measured.model.scheme
    assert calls is not None
    assert scheme is not None
    names = (*scheme.names, OTHER)
    rows, sample = _rows_of(calls.sample, people, measured.count)
    first, second = calls.first[rows], calls.second[rows]
    numbers = [
        haplotype_values(f, names, first, second, measured.pairs)
        for f in group
        if isinstance(f, HaplotypeFactor | DiplotypeFactor)
    ]
    return _Rows(sample, np.column_stack(numbers), calls.probability[rows])


def _of_gene(measured: Measurements, group: Sequence[HLAFactor], people: Places) -> _Rows:
    """The posterior of a typed gene; none for people whose types are too coarse for a factor."""
    calls = measured.cohort.hla.genes[group[0].gene]
    span = calls.rows(measured.rows.start, measured.rows.stop)
    rows, sample = _rows_of(calls.sample[span] - measured.rows.start, people, measured.count)
    # Alleles that no factor tells apart are one, so that few of the pairs are left.
    carried = np.column_stack([measured.carriage_of(factor, calls) for factor in group])
    kinds, kind = np.unique(carried, axis=0, return_inverse=True)
    pair = np.sort(kind.ravel()[np.column_stack([calls.first[span], calls.second[span]])[rows]])
    keys, key = np.unique(
        (sample * len(kinds) + pair[:, 0]) * len(kinds) + pair[:, 1], return_inverse=True
    )
    probability = np.bincount(key, calls.probability[span][rows], len(keys)).astype(np.float64)
    sample, pairs = np.divmod(keys, len(kinds) ** 2)
    copies = kinds[pairs // len(kinds)] + kinds[pairs % len(kinds)]
    numbers = np.column_stack([coded(factor, copies[:, i]) for i, factor in enumerate(group)])
    coarse = np.zeros(len(people), dtype=bool)
    coarse[sample[np.isnan(numbers).any(axis=1)]] = True
    kept = ~coarse[sample]
    return _Rows(sample[kept], numbers[kept], probability[kept])


def _of_tags(
    measured: Measurements, group: Sequence[HLAFactor], people: Places
) -> list[tuple[list[Factor], _Rows | None]]:
    """A gene that is not typed: a measurement for each tagged allele, and the rest unknown."""
    tagged: dict[HLAAllele, list[Factor]] = {}
    rest: list[Factor] = []
    for factor in group:
        allele = single_allele([factor])
        if allele is not None and allele in measured.cohort.hla.tags:
            tagged.setdefault(allele, []).append(factor)
        else:
            rest.append(factor)
    readings: list[tuple[list[Factor], _Rows | None]] = []
    for allele, members in tagged.items():
        chances = measured.tagged_copies(allele)[people]
        readings.append((members, _of_chances(members, chances)))
    return [*readings, (rest, None)] if rest else readings


def _rows_of(owner: Places, people: Places, count: int) -> tuple[Places, Places]:
    """The rows that belong to ``people``, and the place among them of each row's owner."""
    place = np.full(count, -1, dtype=np.int64)
    place[people] = np.arange(len(people))
    rows = np.flatnonzero(place[owner] >= 0)
    return rows, place[owner[rows]]


def _with_gaps(
    measured: Measurements,
    name: str,
    readings: Sequence[tuple[list[Factor], _Rows | None]],
    factors: Sequence[Factor],
    count: int,
) -> Iterator[Slot]:
    """The slots of one system; what is unknown of it in a person is one draw from the population.

    The first unknown measurement takes the population's states for all the unknown ones.
    """
    system = measured.reference.systems[name]
    unknown = np.ones((count, len(readings)), dtype=bool)
    for k, (_, rows) in enumerate(readings):
        if rows is not None:
            unknown[rows.sample, k] = False
    patterns, which = np.unique(unknown, axis=0, return_inverse=True)
    for k, (group, rows) in enumerate(readings):
        slot = _Blocks(len(factors), count)
        if rows is not None:
            slot.measured(rows, [factors.index(f) for f in group])
        for number, gaps in enumerate(patterns):
            if not gaps[k]:
                continue
            concerned = np.flatnonzero(which.ravel() == number)
            if np.flatnonzero(gaps)[0] == k:
                lost = [f for (own, _), gap in zip(readings, gaps, strict=True) if gap for f in own]
                numbers = np.column_stack([system.numbers[f] for f in lost])
                places = [factors.index(f) for f in lost]
                slot.shared(concerned, numbers, system.probabilities, places)
            else:
                slot.shared(concerned, np.zeros((1, 0)), np.ones(1), [])
        exposed = isinstance(group[0], ExposureFactor)
        gap_kind = KINDS.index(Source.EXPOSURES if exposed else Source.MISSING)
        source = np.where(unknown[:, k], gap_kind, KINDS.index(Source.GENOTYPES))
        yield slot.done(source.astype(np.int8))


class _Blocks:
    """Gathers the blocks of a slot."""

    def __init__(self, width: int, people: int) -> None:
        self.width = width
        self.numbers: list[Array] = []
        self.probability: list[Array] = []
        self.start = np.zeros(people, dtype=np.int64)
        self.count = np.zeros(people, dtype=np.int64)
        self.length = 0

    def measured(self, rows: _Rows, places: Sequence[int]) -> None:
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
