"""A cohort of one, written down by hand: for teaching, and for the examples of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from riskscore.errors import HLAFormatError, UsageError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.genetics.sex import Sex
from riskscore.models.catalog import Models, as_models
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import exposures_of_columns
from riskscore.samples.hla.calls import HLACalls
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.samples.loci.dosages import Dosages, LocusMatch
from riskscore.samples.loci.snp_haplotypes import with_snp_haplotypes
from riskscore.samples.question import Question


def person(
    models: Models,
    *,
    hla: Mapping[str, str] | None = None,
    variants: Mapping[str, float] | None = None,
    exposures: Mapping[str, str] | None = None,
    sex: str | None = None,
    population: str = "EUR",
    name: str = "person",
) -> Cohort:
    """One person: ``hla`` gives two alleles a gene, ``variants`` copies of the effect allele.

    ``models`` are ids of shipped models, folders, scoring files, or RiskModel.
    Whatever is not given is missing. The name of a dose may say its unit, ``vitamin_d [ng/mL]``.
    Raises HLAFormatError, ExposureError, or UsageError for a variant or an exposure that none of
    the models has.

    >>> one = person("ms", hla={"DRB1": "15:01 03:01"}, sex="female")
    >>> one.hla.genes["DRB1"].best(0)
    (HLAAllele('DRB1*03:01'), HLAAllele('DRB1*15:01'), 1.0)
    """
    models, given = as_models(models), dict(variants or {})
    known = list(dict.fromkeys(variant for model in models for variant in model.variants))
    unknown = set(given) - {variant.name for variant in known}
    if unknown:
        raise UsageError(f"no model given here has the variant {sorted(unknown)[0]}")
    cells = {name: (str(cell),) for name, cell in (exposures or {}).items()}
    reported = exposures_of_columns(cells, models, where="the person")
    if reported.unused:
        raise UsageError(f"no model given here has the exposure {reported.unused[0]}")
    matches = tuple(
        LocusMatch(v, Missing.NOT_MISSING, "given") if v.name in given
        else LocusMatch(v, Missing.ABSENT)
        for v in known
    )  # fmt: skip
    copies = [[given.get(variant.name, np.nan)] for variant in known]
    genes = {}
    for gene, text in (hla or {}).items():
        names = text.split()
        if len(names) != 2:
            raise HLAFormatError(f"{gene} has {len(names)} alleles", fix="write two, with a space")
        pair = [HLAAllele.parse(n if "*" in n else f"{gene}*{n}") for n in names]
        alleles = sorted(set(pair))
        presence = np.array([[float(pair.count(allele))] for allele in alleles])
        genes[gene] = calls_from_dosages(gene, alleles, presence, "given")
    return Cohort(
        samples=(name,),
        models=models,
        dosages=with_snp_haplotypes(
            Dosages(matches, np.array(copies, dtype=np.float32).reshape(len(known), 1)),
            models,
        ),
        hla=HLACalls(genes),
        exposures=replace(reported, sex=(Sex(sex) if sex else None,)),
        population=population,
        question=Question(models, population=population),
    )
