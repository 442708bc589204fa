"""Simulated people as a cohort in memory: true genotypes, HLA types and exposures, no file."""

from __future__ import annotations

import numpy as np

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.loci.dosages import Dosages, LocusMatch
from riskscore.samples.question import Question
from riskscore.studies.simulation.people import COPIES, PoolPlaces
from riskscore.studies.simulation.plan import locus_key
from riskscore.studies.simulation.simulated import SimulatedPeople

SOURCE = "simulated"


def as_cohort(simulation: SimulatedPeople) -> Cohort:
    """All variants, HLA genes and exposures that the models need, of every person."""
    settings, people = simulation.settings, simulation.people
    loci = simulation.drawer.loci
    rows = {locus_key(locus.variant, settings.build): row for row, locus in enumerate(loci)}
    variants = list(dict.fromkeys(v for model in settings.models for v in model.variants))
    values = np.empty((len(variants), len(people)), dtype=np.float32)
    matches = []
    for place, variant in enumerate(variants):
        row = rows[locus_key(variant, settings.build)]
        copies = COPIES[people.codes[row]]
        same = loci[row].variant.effect_allele == variant.effect_allele
        values[place] = copies if same else 2 - copies
        frequency = float(values[place].mean(dtype=np.float64)) / 2
        matches.append(LocusMatch(variant, Missing.NOT_MISSING, SOURCE, frequency=frequency))
    genes = {
        gene: _calls(gene, simulation.drawer.pool.alleles[gene], people.hla[gene])
        for gene in sorted({gene for model in settings.models for gene in model.genes})
    }
    given = Exposures(
        columns={
            e.id: tuple(simulation.exposures.cells(e)) for e in simulation.exposures.exposures
        },
        sex=simulation.sex,
    )
    return Cohort(
        samples=simulation.samples,
        models=settings.models,
        dosages=Dosages(tuple(matches), values),
        hla=HLACalls(genes),
        exposures=given,
        population=settings.population,
        build=settings.build,
        question=Question(settings.models, population=settings.population, build=settings.build),
    )


def _calls(gene: str, alleles: tuple[HLAAllele, ...], places: PoolPlaces) -> GeneCalls:
    """Certain calls of everyone, the first allele on the first chromosome."""
    pairs = places.astype(np.int64)
    count = len(pairs)
    return GeneCalls(
        gene,
        alleles,
        np.arange(count),
        pairs[:, 0],
        pairs[:, 1],
        np.ones(count),
        SOURCE,
        np.ones(count, dtype=bool),
    )
