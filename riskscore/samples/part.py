"""One part of a cohort that was read whole."""

from __future__ import annotations

from dataclasses import replace

from riskscore.samples.cohort import Cohort
from riskscore.samples.people_part import PeoplePart


def part_of(cohort: Cohort, part: PeoplePart) -> Cohort:
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
        imputed={gene: who[span] for gene, who in cohort.hla.imputed.items()},
    )
    exposures = replace(
        cohort.exposures,
        columns={name: cells[span] for name, cells in cohort.exposures.columns.items()},
        sex=cohort.exposures.sex[span],
        age=cohort.exposures.age[span],
    )
    return replace(
        cohort,
        samples=cohort.samples[span],
        dosages=replace(cohort.dosages, values=cohort.dosages.values[:, span]),
        hla=hla,
        exposures=exposures,
        plain={model: sums.of_people(people) for model, sums in cohort.plain.items()},
        projection=None if cohort.projection is None else cohort.projection.of_people(people),
    )
