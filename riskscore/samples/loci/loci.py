"""Variants read from a source: matched on place and both letters, strands judged, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Spreads
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.samples.files.reading import Absent, Reading
from riskscore.samples.files.second_process import in_two, shared_table, to_read_beside
from riskscore.samples.files.source import Region, Source
from riskscore.samples.loci.dosages import NOT_TOLD, Dosages
from riskscore.samples.loci.matching import ASSUMED, find, region_of
from riskscore.samples.loci.strand import Found, judge_strands

# So many cells are worth a second process.
_WORTH_A_PROCESS = 1_000_000
# So many loci without a single hom-ref genotype are no chance.
_FEW = 3


def regions_of(variants: Sequence[Variant], build: Build | None) -> list[Region]:
    """Where the records of variants can stand, in one build or, while it is unknown, in both."""
    builds = [build] if build else list(Build)
    return [
        region_of(variant, one) for variant in variants for one in builds if variant.known_in(one)
    ]


def read_dosages(
    source: Source,
    variants: Sequence[Variant],
    build: Build,
    frequencies: Mapping[Variant, float],
    reading: Reading | None = None,
    people: range | None = None,
    scores: Sequence[Collection[Variant]] = (),
) -> Dosages:
    """Find each variant in a source.

    ``frequencies`` are the effect-allele frequencies expected in the people of the source: they
    decide the strand of palindromes. With ``people`` the dosages are those of a part of the
    source's people, in as many columns; all of them are judged, each record as it is read.
    ``scores`` are the variants of each model, by which its palindromes without a frequency may be
    judged.
    """
    reading = reading or Reading()
    people = range(len(source.samples)) if people is None else people
    rows, long = range(len(variants)), len(variants) * len(source.samples) > _WORTH_A_PROCESS
    beside = to_read_beside(source, reading) if long else None
    shape = (len(variants), len(people))
    # Memory of a table in which nothing is written is never taken.
    values = shared_table(*shape, np.float32) if beside else np.zeros(shape, dtype=np.float32)
    variances = shared_table(*shape, np.uint8) if beside else np.zeros(shape, dtype=np.uint8)

    def read(own: Source, rows: range) -> list[Found]:
        return [
            _kept(
                find(own, variants[i], build, reading, variances=True),
                people,
                values[i],
                variances[i],
            )
            for i in rows
        ]

    found = (
        _in_two(source, beside, rows, read, (values, variances)) if beside else read(source, rows)
    )
    judged = judge_strands(found, frequencies, scores, reading.palindromes)
    told = any(one.variance is not None for one in judged)
    for row, (before, one) in enumerate(zip(found, judged, strict=True)):
        if one.values is None:
            values[row] = np.nan
        elif one is not before:
            values[row] = one.values
        if told and one.variance is None:
            variances[row] = NOT_TOLD
    warnings = tuple(_warnings(judged, reading))
    return Dosages(
        tuple(one.match for one in judged), values, warnings, variances if told else None
    )


def _kept(one: Found, people: range, row: NDArray[np.float32], variances: Spreads) -> Found:
    """What was found, its copies in some of the people and their variances stored in rows."""
    if one.values is None:
        return one
    if len(people) < len(one.values):
        one = one.of_people(people)
    row[:] = one.values
    if one.variance is not None:
        variances[:] = one.variance
        one = replace(one, variance=variances)
    return replace(one, values=row)


def _in_two(
    source: Source,
    beside: Callable[[], Source],
    rows: range,
    read: Callable[[Source, range], list[Found]],
    tables: tuple[NDArray[np.float32], Spreads],
) -> list[Found]:
    """Read half of the loci in a second process, which leaves numbers where both see them."""
    middle = len(rows) // 2

    def rest() -> list[tuple[Found, bool, bool]]:
        with beside() as own:
            found = read(own, rows[middle:])
        # the copies and variances themselves are in the shared rows
        return [
            (
                replace(one, values=None, variance=None),
                one.values is not None,
                one.variance is not None,
            )
            for one in found
        ]

    mine, theirs = in_two(lambda: read(source, rows[:middle]), rest)
    values, variances = tables
    there = (
        replace(one, values=values[i] if seen else None, variance=variances[i] if told else None)
        for i, (one, seen, told) in zip(rows[middle:], theirs, strict=True)
    )
    return [*mine, *there]


def _warnings(found: Sequence[Found], reading: Reading) -> Iterator[str]:
    """What the user should know of the loci together."""
    lettered = [one for one in found if one.lettered]
    absent = sum(one.match.missing is Missing.ABSENT for one in found)
    if absent and len(lettered) >= _FEW and not any(one.hom_ref for one in lettered):
        yield (
            "nobody is homozygous for the reference anywhere: the file seems to list variants "
            f"only, as whole-genome calling does, and {absent} loci have no record. They count as "
            "missing; if you know that absent means reference, say --absent homref, or give a gVCF"
        )
    assumed = sum(one.match.how == ASSUMED for one in found)
    if assumed and reading.absent is Absent.HOMREF:
        yield f"{assumed} loci have no record and are taken as homozygous reference, as you asked"
    for name, words in CONFLICTS.items():
        counts = [count for one in found if (count := noted(one.match.note, name))]
        if counts:
            yield f"{words} in {sum(counts)} cells of {len(counts)} loci (see the match report)"


CONFLICTS = {
    "ds_gt_conflict": "the dosage contradicts GT",
    "dosage_conflict": "DS contradicts HDS or GP",
}


def noted(note: str, name: str) -> int:
    """The number that a match's note gives under a name; 0 if it gives none."""
    for part in note.split("; "):
        key, equals, count = part.partition("=")
        if equals and key == name:
            return int(count)
    return 0
