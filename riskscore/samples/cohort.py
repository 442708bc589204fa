"""A cohort: people with everything that the models need about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from riskscore.files.inputs import FileMark
from riskscore.genetics.build import Build
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.samples.exposures import Exposures
from riskscore.samples.genome_wide.plain_sums import PlainSums
from riskscore.samples.hla.calls import HaplotypeCalls, HLACalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.question import Question

if TYPE_CHECKING:
    from riskscore.samples.ancestry.sums import ProjectionSums
    from riskscore.samples.people_part import PeoplePart


@dataclass(frozen=True)
class Cohort:
    """People, in the order of the file, and what was read of them for ``models``.

    >>> from riskscore.models.catalog import load_model
    >>> from riskscore.samples.person import person
    >>> person([load_model("ms")], hla={"DRB1": "15:01 03:01"}).hla
    HLACalls(genes DRB1)
    """

    samples: tuple[str, ...]
    models: tuple[RiskModel, ...]
    dosages: Dosages
    hla: HLACalls
    exposures: Exposures
    population: str = "EUR"
    build: Build = Build.GRCh38
    warnings: tuple[str, ...] = field(default=())
    haplotype_calls: HaplotypeCalls = HaplotypeCalls.POSTERIOR
    plain: Mapping[str, PlainSums] = field(default_factory=dict)  # genome-wide models, by id
    question: Question = field(default_factory=Question)
    marks: tuple[FileMark, ...] = ()  # of the genotype files, as they were read
    caution: str = ""  # on genotypes that are raw data of a consumer array
    projection: ProjectionSums | None = None  # where people's own ancestry is asked for

    def __repr__(self) -> str:
        loci = self.dosages.matches
        found = sum(not match.missing for match in loci)
        return (
            f"Cohort of {len(self.samples):,} people ({self.build}, reference population "
            f"{self.population}) for {', '.join(model.id for model in self.models) or 'no model'}: "
            f"{found} of {len(loci)} loci; HLA genes {', '.join(self.hla.genes) or 'none'}; "
            f"exposures {', '.join(self.exposures.columns) or 'none'}"
        )

    @cached_property
    def sex(self) -> tuple[Sex | None, ...]:
        """The sex of each sample, None where it is not known."""
        return self.exposures.sex or (None,) * len(self.samples)

    def of_part(self, part: PeoplePart) -> Cohort:
        """The people of one part, with every decision about loci as it was made for the whole.

        Strands, resolutions and allele frequencies are judged on all people of the files, so that
        the scores of the parts are, row by row, those of the whole. ``read_cohort`` with a part
        brings the same people without ever holding the others.
        """
        people = part.rows(len(self.samples))
        span = slice(people.start, people.stop)
        hla = replace(
            self.hla,
            genes={gene: calls.of_people(people) for gene, calls in self.hla.genes.items()},
            tags={
                allele: replace(tag, copies=tag.copies[span])
                for allele, tag in self.hla.tags.items()
            },
            imputed={gene: who[span] for gene, who in self.hla.imputed.items()},
            haplotypes=tuple(own.of_people(people) for own in self.hla.haplotypes),
        )
        exposures = replace(
            self.exposures,
            columns={name: cells[span] for name, cells in self.exposures.columns.items()},
            sex=self.exposures.sex[span],
            age=self.exposures.age[span],
        )
        return replace(
            self,
            samples=self.samples[span],
            dosages=self.dosages.of_people(people),
            hla=hla,
            exposures=exposures,
            plain={model: sums.of_people(people) for model, sums in self.plain.items()},
            projection=None if self.projection is None else self.projection.of_people(people),
        )
