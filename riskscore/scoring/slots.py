"""Slots: what each measurement of a person may be, as rows of states with their probabilities.

A measurement is a variant, a typed gene, an allele read from its tag, the called haplotypes, an
exposure. Where it is known it has one state or a posterior; where not, the population's states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from riskscore.scoring.design import Measurements
from riskscore.scoring.link import Array
from riskscore.scoring.slot_blocks import Blocks, Places, Rows, Slot
from riskscore.scoring.systems import OTHER, coded, group_of, haplotype_values, system_of
from riskscore.scoring.tag_copies import single_allele

_NOT_GENES = (VariantFactor, ExposureFactor, HaplotypeFactor, DiplotypeFactor)


class Source(StrEnum):
    """Where the uncertainty of a score comes from."""

    WEIGHTS = "weights"
    GENOTYPES = "genotypes"
    MISSING = "missing"
    EXPOSURES = "exposures"
    BASELINE = "baseline"


KINDS = (Source.GENOTYPES, Source.MISSING, Source.EXPOSURES)  # of what is unknown of a person


# Factors, and rows with a number for each of them; people are in one block of a reading at most.
_Block = tuple[Sequence[Factor], Rows]
_Reading = tuple[list[Factor], list[_Block]]


def slots_of(measured: Measurements, factors: Sequence[Factor], people: Places) -> list[Slot]:
    """The measurements that a component's factors read, in the order of the factors."""
    joint = measured.reference.joint
    by_system: dict[str, list[_Reading]] = {}
    by_group: dict[str, list[Factor]] = {}
    for factor in factors:
        by_group.setdefault(group_of(factor), []).append(factor)
    for group in by_group.values():
        by_system.setdefault(system_of(group[0], joint), []).extend(_read(measured, group, people))
    return [
        slot
        for name, readings in by_system.items()
        for slot in _with_gaps(measured, name, readings, factors, people)
    ]


def _read(measured: Measurements, group: list[Factor], people: Places) -> list[_Reading]:
    """What was measured of a group of factors; a gene by tag SNPs is several measurements."""
    head = group[0]
    match head:
        case VariantFactor(variant=variant):
            dosages = measured.cohort.dosages
            if dosages.match(variant).missing:
                return [(group, [])]
            copies = dosages.of(variant)[measured.span][people]
            return [(group, [(group, _of_copies(group, copies))])]
        case ExposureFactor():
            exposures = [f for f in group if isinstance(f, ExposureFactor)]
            columns = [measured.exposure(factor) for factor in exposures]
            known = np.flatnonzero(columns[0].missing[people] == Missing.NOT_MISSING)
            numbers = np.column_stack([column.first[people] for column in columns])[known]
            return [(group, [(group, Rows(known, numbers, np.ones(len(known))))])]
        case HaplotypeFactor() | DiplotypeFactor():
            return [(group, [(group, _of_haplotypes(measured, group, people))])]
    genes = [factor for factor in group if not isinstance(factor, _NOT_GENES)]
    return _of_alleles(measured, genes, people)


def _of_alleles(measured: Measurements, genes: list[HLAFactor], people: Places) -> list[_Reading]:
    """A gene in typed people; in the others, what tags say of it."""
    calls = measured.cohort.hla.genes.get(genes[0].gene)
    tags = _of_tags(measured, genes, people)
    if calls is None:
        return tags
    typed = calls.called(len(measured.cohort.samples))[measured.span][people]
    block: _Block = (genes, _of_gene(measured, genes, people))
    if typed.all() or not tags[0][1]:  # no tag speaks of anybody
        return [(list(genes), [block])]
    return _beside_tags(block, tags, np.flatnonzero(typed))


def _beside_tags(block: _Block, readings: Sequence[_Reading], typed: Places) -> list[_Reading]:
    """The rows of typed people in the first reading, and what tags say only of the others."""
    known = np.unique(block[1].sample)
    own = [[(f, rows.without(typed)) for f, rows in blocks] for _, blocks in readings]
    own[0].append(block)
    for blocks in own[1:]:
        blocks.append(((), Rows.without_numbers(known)))
    return [(group, blocks) for (group, _), blocks in zip(readings, own, strict=True)]


def _of_copies(group: Sequence[Factor], copies: NDArray[np.float32]) -> Rows:
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
    return Rows(sample[kept], np.column_stack(numbers), probability[kept])


def _of_chances(group: Sequence[Factor], chances: Array) -> Rows:
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
    return Rows(sample[kept], np.column_stack(numbers), probability[kept])


def _of_haplotypes(measured: Measurements, group: Sequence[Factor], people: Places) -> Rows:
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
    return Rows(sample, np.column_stack(numbers), calls.probability[rows])


def _of_gene(measured: Measurements, group: Sequence[HLAFactor], people: Places) -> Rows:
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
    return Rows(sample[kept], numbers[kept], probability[kept])


def _of_tags(measured: Measurements, group: Sequence[HLAFactor], people: Places) -> list[_Reading]:
    """A gene that is not typed: a measurement for each tagged allele, and the rest unknown."""
    tagged: dict[HLAAllele, list[Factor]] = {}
    rest: list[Factor] = []
    for factor in group:
        allele = single_allele([factor])
        if allele is not None and allele in measured.cohort.hla.tags:
            tagged.setdefault(allele, []).append(factor)
        else:
            rest.append(factor)
    readings: list[_Reading] = []
    for allele, members in tagged.items():
        chances = measured.tagged_copies(allele)[people]
        readings.append((members, [(members, _of_chances(members, chances))]))
    return [*readings, (rest, [])] if rest else readings


def _rows_of(owner: Places, people: Places, count: int) -> tuple[Places, Places]:
    """The rows that belong to ``people``, and the place among them of each row's owner."""
    place = np.full(count, -1, dtype=np.int64)
    place[people] = np.arange(len(people))
    rows = np.flatnonzero(place[owner] >= 0)
    return rows, place[owner[rows]]


def _with_gaps(
    measured: Measurements,
    name: str,
    readings: Sequence[_Reading],
    factors: Sequence[Factor],
    people: Places,
) -> Iterator[Slot]:
    """The slots of one system; what is unknown of it in a person is one draw from the population.

    The first unknown measurement takes the population's states for all the unknown ones, and the
    first of several linked genes the joint states of them all.
    """
    system, count = measured.reference.systems[name], len(people)
    readings = _linked(measured, readings, people)
    unknown = np.ones((count, len(readings)), dtype=bool)
    for k, (_, blocks) in enumerate(readings):
        for _, rows in blocks:
            unknown[rows.sample, k] = False
    patterns, which = np.unique(unknown, axis=0, return_inverse=True)
    for k, (group, blocks) in enumerate(readings):
        slot = Blocks(len(factors), count)
        for read, rows in blocks:
            slot.measured(rows, [factors.index(f) for f in read])
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


def _linked(
    measured: Measurements, readings: Sequence[_Reading], people: Places
) -> Sequence[_Reading]:
    """The readings with people's linked genes taken out of each and put together.

    Their joint states stand at the first of the genes; at the others they have one without numbers.
    """
    for linked in measured.linked:
        rows, sample = _rows_of(linked.sample, people, measured.count)
        members = np.unique(sample)
        joint: list[_Block] = [
            (linked.factors, Rows(sample, linked.numbers[rows], linked.probability[rows]))
        ]
        changed: list[_Reading] = []
        for group, blocks in readings:
            kept = [(f, own.without(members) if f else own) for f, own in blocks]
            if len(members) and any(
                f and f[0] in linked.factors and len(old.sample) > len(new.sample)
                for (f, old), (_, new) in zip(blocks, kept, strict=True)
            ):
                changed.append((group, [*kept, *joint]))
                joint = [((), Rows.without_numbers(members))]
            else:
                changed.append((group, blocks))
        readings = changed
    return readings
