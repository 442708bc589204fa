"""A cohort: the people of a VCF with everything the models asked to know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskscore.errors import NothingMatchedError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.models.model import RiskModel, Sex
from riskscore.models.panel import reference_panel
from riskscore.models.rows import OWN_FREQUENCY
from riskscore.samples.exposures import Exposures, read_exposures
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.calls import HaplotypeCalls, HLACalls
from riskscore.samples.hla.records import hla_regions, read_hla_records
from riskscore.samples.hla.tags import (
    invalid_tags,
    read_tags,
    tag_calls,
    tag_variants,
    taggable_alleles,
    untyped_somewhere,
)
from riskscore.samples.loci.builds import choose_build
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages, regions_of
from riskscore.samples.loci.snp_haplotypes import with_snp_haplotypes
from riskscore.samples.part import Part, sums_of

if TYPE_CHECKING:
    from riskscore.models.plain import PlainVariants
    from riskscore.samples.genome_wide.sums import PlainSums
    from riskscore.samples.hla.typed.typing import Typings

# So many variants of a genome-wide score are looked up to confirm the build.
_EVIDENCE = 100

UNKNOWN_POPULATION = "unknown"


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
    haplotype_calls: HaplotypeCalls = HaplotypeCalls.POSTERIOR
    plain: Mapping[str, PlainSums] = field(default_factory=dict)  # genome-wide models, by id
    population_known: bool = True  # of the people; ``population`` is then only the reference

    @cached_property
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
    hla: str | Path | Sequence[str | Path] = (),
    haplotype_calls: HaplotypeCalls | str = HaplotypeCalls.POSTERIOR,
    weak_tags: bool = False,
    part: Part | None = None,
) -> Cohort:
    """Read what the models need, and only that, from VCF or BCF files, PGEN or BGEN.

    Several files (a chromosome, a region or a batch of people each) are one cohort. ``reading``
    says which field and records count, and what an absent record means.
    ``exposures`` is a TSV or CSV file or a pandas frame. ``population`` is the superpopulation
    (AFR, AMR, EAS, EUR, SAS) whose frequencies are the reference, and in which tag SNPs must hold;
    the first that the models have is the reference of people whose population is "unknown".
    ``weak_tags`` lets tags of lower r2 stand in, with the uncertainty that this brings.
    ``hla`` are typed HLA tables of any known format; they come before HLA records of the files.
    ``haplotype_calls`` says how haplotypes of a model's scheme are called: posterior, or published.
    With ``part`` all people are judged together, and the cohort is those of the part: what is held
    of the others is their names. See :func:`riskscore.samples.part.part_of`.

    Raises an InputError, an ExposureError or a PopulationError (see riskscore.errors); in
    particular NothingMatchedError when nothing any model needs is in the file.
    """
    models = tuple(models)
    population, population_known = _reference_population(models, population)
    typings = _read_typings([hla] if isinstance(hla, str | Path) else hla)
    reading, panel = reading or Reading(), reference_panel()
    variants = list(dict.fromkeys(v for model in models for v in model.variants))
    genes = sorted({gene for model in models for gene in model.genes})
    asked = Build(build) if build else None
    with open_source([vcf] if isinstance(vcf, str | Path) else vcf, reading) as source:
        alleles = taggable_alleles(models)
        regions = regions_of(
            [*variants, *tag_variants(alleles, panel, population, weak=weak_tags)],
            asked or source.build,
        )
        regions += [r for one in Build for r in hla_regions(one)] if genes else []
        wide = {model.id: model.plain for model in models if model.plain is not None}
        places, shown = _plain_places(source, wide, asked or source.build)
        source.prepare([*regions, *places])
        chosen = choose_build(source, [*variants, *shown], asked)
        for model in models:
            model.require_build(chosen)
        people = part.rows(len(source.samples)) if part else range(len(source.samples))
        found = _hla(source, typings, people, genes, chosen, population)
        needed = [allele for allele in alleles if allele.gene not in found.genes]
        expected = _expected_frequencies(models, population)
        tags = tag_variants(needed, panel, population, weak=weak_tags)
        wanted = list(dict.fromkeys([*variants, *tags]))
        everyone = range(len(source.samples)) if any(m.snp_haplotypes for m in models) else people
        dosages = with_snp_haplotypes(
            read_dosages(source, wanted, chosen, expected, reading, everyone),
            models, source, chosen, people,
        )  # fmt: skip
        some = untyped_somewhere(alleles, found.genes, people, in_part=part is not None)
        # By themselves: which of them are read must not bear on the strand of any other locus.
        spare = read_tags(source, some, panel, population, chosen, reading, people, weak=weak_tags)
        sums = _plain_sums(source, wide, chosen, reading, people)
        samples, name = source.samples, source.name
        warnings = [*source.warnings, *dosages.warnings]
    tagged = spare | tag_calls(needed, panel, population, dosages, weak=weak_tags)
    met = not all(match.missing for match in dosages.matches) or any(
        one.observed.any() for one in sums.values()
    )
    if not found.genes and not tagged and not met:
        loci = len(variants) + sum(map(len, wide.values()))
        raise _nothing_matched(models, loci, len(genes), dosages, name)
    given = (
        Exposures()
        if exposures is None
        else read_exposures(exposures, samples, models, sex_column, people)
    )
    if given.unused:
        warnings.append(f"columns of the exposures no model uses: {', '.join(given.unused)}")
    return Cohort(
        samples[people.start : people.stop],
        models,
        dosages,
        replace(
            found,
            tags=tagged,
            invalid_tags=invalid_tags([*needed, *some], panel, population) - set(tagged),
        ),
        given,
        population,
        chosen,
        tuple(warnings),
        _calling(haplotype_calls),
        sums,
        population_known,
    )


def _plain_places(
    source: Source, wide: Mapping[str, PlainVariants], build: Build | None
) -> tuple[list[Region], list[Variant]]:
    """Where the variants of genome-wide models stand, and some of them to tell the build by."""
    if not wide:
        return [], []
    from riskscore.samples.genome_wide.sums import plain_regions, some_variants

    regions = [region for one in wide.values() for region in plain_regions(source, one, build)]
    return regions, [v for one in wide.values() for v in some_variants(one, _EVIDENCE)]


def _plain_sums(
    source: Source, wide: Mapping[str, PlainVariants], build: Build, reading: Reading, people: range
) -> dict[str, PlainSums]:
    """The sums of the genome-wide models, by id."""
    if not wide:
        return {}
    from riskscore.samples.genome_wide.sums import read_plain

    return {
        one: sums_of(read_plain(source, plain, build, reading), people)
        for one, plain in wide.items()
    }


def _reference_population(models: Sequence[RiskModel], population: str) -> tuple[str, bool]:
    """The population whose frequencies are the reference, and whether it is that of the people.

    Where theirs is not known, the reference is that of the first model's weights.
    """
    known = population != UNKNOWN_POPULATION
    if not known:
        named = [model.reference_populations[0] for model in models if model.reference_populations]
        population = named[0] if named else "EUR"
    for model in models:
        model.require_population(population)
    return population, known


def _nothing_matched(
    models: Sequence[RiskModel], loci: int, genes: int, dosages: Dosages, file: str
) -> NothingMatchedError:
    reasons = Counter(match.missing.name.lower() for match in dosages.matches)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return NothingMatchedError(
        f"none of the {loci} loci and {genes} HLA genes of "
        f"{', '.join(model.id for model in models)} can be read" + f" ({counted})" * bool(counted),
        where=file,
        fix="check that the file covers them (riskscore check), and its genome build",
    )


def _read_typings(paths: Sequence[str | Path]) -> list[Typings]:
    """The typed tables; their formats are imported where there is one to read."""
    if not paths:
        return []
    from riskscore.samples.hla.typed.formats import read_typings

    return [read_typings(path) for path in paths]


def _hla(
    source: Source,
    typings: Sequence[Typings],
    people: range,
    genes: Sequence[str],
    build: Build,
    population: str,
) -> HLACalls:
    calls, reports = read_hla_records(source, genes, build, people)
    found = HLACalls(dict(sorted(calls.items())), reports=reports)
    if not typings:
        return found
    from riskscore.samples.hla.table import with_typed

    return with_typed(found, typings, source.samples, people, genes, population)


def _calling(name: HaplotypeCalls | str) -> HaplotypeCalls:
    try:
        return HaplotypeCalls(name)
    except ValueError as error:
        raise UsageError(
            f"haplotypes cannot be called {name!r}", fix="choose posterior or published"
        ) from error


def _expected_frequencies(models: Sequence[RiskModel], population: str) -> dict[Variant, float]:
    """Effect-allele frequency of every variant in the population."""
    expected: dict[Variant, float] = {}
    for model in models:
        for variant, by_population in model.frequencies.items():
            if population in by_population or OWN_FREQUENCY in by_population:
                own = by_population.get(OWN_FREQUENCY, 0.0)
                expected[variant] = by_population.get(population, own)
        for haplotype in model.scheme.haplotypes if model.scheme else ():
            if haplotype.tag and population in haplotype.frequency:
                expected[haplotype.tag] = haplotype.frequency[population]
    return expected
