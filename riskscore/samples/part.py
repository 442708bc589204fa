"""A part of a cohort: a contiguous range of its people, read with the whole and scored alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from riskscore.errors import UsageError

if TYPE_CHECKING:
    from riskscore.samples.cohort import Cohort
    from riskscore.samples.genome_wide.sums import PlainSums


@dataclass(frozen=True, slots=True)
class Part:
    """The ``index``-th of ``count`` parts of nearly the same size, counted from 1.

    >>> [list(Part(index, 3).rows(7)) for index in (1, 2, 3)]
    [[0, 1], [2, 3], [4, 5, 6]]
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``i/k``; raises UsageError when i is not within 1 to k.

        >>> Part.parse("2/4")
        Part(index=2, count=4)
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
        part = cls(int(match[1]), int(match[2])) if match else None
        if part is None or not 1 <= part.index <= part.count:
            raise UsageError(
                f"{text!r} is not a shard", fix="write i/k with i from 1 to k, for example 1/4"
            )
        return part

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def rows(self, samples: int) -> range:
        """The places of this part's people among ``samples``; empty when there are too few."""
        return range(samples * (self.index - 1) // self.count, samples * self.index // self.count)


def part_of(cohort: Cohort, part: Part) -> Cohort:
    """The people of one part, with every decision about loci as it was made for the whole.

    Strands, resolutions and allele frequencies are judged on all people of the files, so that the
    scores of the parts are, row by row, those of the whole. ``read_cohort`` with a part brings the
    same people without ever holding the others.
    """
    people = part.rows(len(cohort.samples))
    span = slice(people.start, people.stop)
    hla = replace(
        cohort.hla,
        genes={gene: calls.of_people(people) for gene, calls in cohort.hla.genes.items()},
        tags={
            allele: replace(tag, copies=tag.copies[span]) for allele, tag in cohort.hla.tags.items()
        },
    )
    exposures = replace(
        cohort.exposures,
        columns={name: cells[span] for name, cells in cohort.exposures.columns.items()},
        sex=cohort.exposures.sex[span],
    )
    return replace(
        cohort,
        samples=cohort.samples[span],
        dosages=replace(cohort.dosages, values=cohort.dosages.values[:, span]),
        hla=hla,
        exposures=exposures,
        plain={model: sums_of(sums, people) for model, sums in cohort.plain.items()},
    )


def sums_of(sums: PlainSums, people: range) -> PlainSums:
    """The sums of some people; what was found of the variants is that of all."""
    span = slice(people.start, people.stop)
    return replace(sums, total=sums.total[span].copy(), no_calls=sums.no_calls[span].copy())
