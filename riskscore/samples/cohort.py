"""A cohort: the people of a VCF with everything the models asked to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riskscore.errors import NothingMatchedError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.model import RiskModel, Sex
from riskscore.models.panel import ReferencePanel, reference_panel
from riskscore.models.terms import HLAAlleleFactor
from riskscore.samples.builds import choose_build
from riskscore.samples.dosages import Dosages
from riskscore.samples.exposures import Exposures, read_exposures
from riskscore.samples.hla_calls import HLACalls, TagCalls
from riskscore.samples.hla_records import hla_regions, read_hla_records
from riskscore.samples.loci import read_dosages, regions_of
from riskscore.samples.opening import open_source
from riskscore.samples.reading import Reading


@dataclass(frozen=True)
class Cohort:
    """People, in the order of the file, and what was read of them for ``models``."""

    samples: tuple[str, ...]
    models: tuple[RiskModel, ...]
    dosages: Dosages
    hla: HLACalls
    exposures: Exposures
    population: str = "EUR"
    build: Build = Build.GRCh38
    warnings: tuple[str, ...] = field(default=())

    @property
    def sex(self) -> tuple[Sex | None, ...]:
        return self.exposures.sex or (None,) * len(self.samples)


def read_cohort(
    vcf: str | Path | Sequence[str | Path],
    models: Sequence[RiskModel],
    *,
    reading: Reading | None = None,
    exposures: str | Path | Any = None,
    sex_column: str = "sex",
    population: str = "EUR",
    build: Build | str | None = None,
) -> Cohort:
    """Read what the models need, and only that, from VCF or BCF files, PGEN or BGEN.

    Several files (a chromosome, a region or a batch of people each) are one cohort. ``reading``
    says which field and records count, and what an absent record means.
    ``exposures`` is a TSV or CSV file or a pandas frame. ``population`` is the superpopulation
    (AFR, AMR, EAS, EUR, SAS) whose frequencies are the reference, and in which tag SNPs must hold.

    Raises an InputError, an ExposureError or a PopulationError (see riskscore.errors); in
    particular NothingMatchedError when nothing any model needs is in the file.
    """
    models = tuple(models)
    for model in models:
        model.require_population(population)
    reading, panel = reading or Reading(), reference_panel()
    variants = list(dict.fromkeys(v for model in models for v in model.variants))
    genes = sorted({gene for model in models for gene in model.genes})
    asked = Build(build) if build else None
    with open_source([vcf] if isinstance(vcf, str | Path) else vcf, reading) as source:
        every_tag = _usable_tags(_untyped_alleles(models, set()), panel, population)[0]
        mhc = [r for one in Build for r in hla_regions(one)] if genes else []
        source.prepare([*regions_of([*variants, *every_tag], asked or source.build), *mhc])
        chosen = choose_build(source, variants, asked)
        calls, reports = read_hla_records(source, genes, chosen)
        needed = _untyped_alleles(models, set(calls))
        tags, invalid = _usable_tags(needed, panel, population)
        expected = _expected_frequencies(models, population)
        wanted = list(dict.fromkeys([*variants, *tags]))
        dosages = read_dosages(source, wanted, chosen, expected, reading)
        samples, name = source.samples, source.name
        warnings = [*source.warnings, *dosages.warnings]
    tagged = _tag_calls(needed, panel, population, dosages)
    if not calls and not tagged and all(match.missing for match in dosages.matches):
        raise NothingMatchedError(
            f"none of the {len(variants)} loci and {len(genes)} HLA genes of "
            f"{', '.join(model.id for model in models)} is in the file",
            where=name,
            fix="check that the file covers them (riskscore check), and its genome build",
        )
    given = Exposures()
    if exposures is not None:
        given = read_exposures(exposures, samples, models, sex_column)
        if given.unused:
            warnings.append(f"columns of the exposures no model uses: {', '.join(given.unused)}")
    still_untyped = frozenset(allele for allele in invalid if allele not in tagged)
    hla = HLACalls(calls, tagged, still_untyped, reports)
    return Cohort(samples, models, dosages, hla, given, population, chosen, tuple(warnings))


def _untyped_alleles(models: Sequence[RiskModel], typed: set[str]) -> tuple[HLAAllele, ...]:
    """Single alleles the models count in genes the file does not type."""
    return tuple(
        dict.fromkeys(
            factor.alleles[0]
            for model in models
            for factor in model.factors
            if isinstance(factor, HLAAlleleFactor)
            and len(factor.alleles) == 1
            and factor.gene not in typed
        )
    )


def _usable_tags(
    alleles: Sequence[HLAAllele], panel: ReferencePanel, population: str
) -> tuple[dict[Variant, None], set[HLAAllele]]:
    """Tag variants that hold in the population, and the alleles that have only others."""
    variants: dict[Variant, None] = {}
    invalid = set()
    for allele in alleles:
        tags = panel.tags_of(allele, population)
        variants |= dict.fromkeys(tag.variant for tag in tags if tag.holds(population))
        if tags and not any(tag.holds(population) for tag in tags):
            invalid.add(allele)
    return variants, invalid


def _tag_calls(
    alleles: Sequence[HLAAllele], panel: ReferencePanel, population: str, dosages: Dosages
) -> dict[HLAAllele, TagCalls]:
    """For each allele the best tag that holds in the population and is in the file."""
    calls = {}
    for allele in alleles:
        for tag in panel.tags_of(allele, population):
            found = dosages.match(tag.variant).missing is Missing.NOT_MISSING
            if tag.holds(population) and found:
                calls[allele] = TagCalls(tag, dosages.of(tag.variant))
                break
    return calls


def _expected_frequencies(models: Sequence[RiskModel], population: str) -> dict[Variant, float]:
    """Effect-allele frequency of every variant in the population."""
    expected: dict[Variant, float] = {}
    for model in models:
        for variant, by_population in model.frequencies.items():
            expected[variant] = by_population[population]
        for haplotype in model.scheme.haplotypes if model.scheme else ():
            if haplotype.tag and population in haplotype.frequency:
                expected[haplotype.tag] = haplotype.frequency[population]
    return expected
