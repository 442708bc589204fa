"""Read a cohort: everything that the models need about the people of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from riskscore.errors import NothingMatchedError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import GENES
from riskscore.genetics.variant import Variant
from riskscore.models.catalog import Models
from riskscore.models.model import RiskModel
from riskscore.models.reference.haplotypes import in_mixture
from riskscore.models.reference.panel import reference_panel
from riskscore.models.scoring_files.rows import OWN_FREQUENCY
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposure_table import read_exposures
from riskscore.samples.exposure_words import unit_doubts, unused_columns
from riskscore.samples.exposures import Exposures
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.second_process import return_freed
from riskscore.samples.files.source import Region, Source
from riskscore.samples.hla.calls import HLACalls
from riskscore.samples.hla.records import HLA_REGIONS, read_hla_records
from riskscore.samples.hla.tags import (
    invalid_tags,
    read_tags,
    tag_calls,
    tag_variants,
    taggable_alleles,
    untyped_somewhere,
)
from riskscore.samples.loci.builds import choose_build, hg18_regions
from riskscore.samples.loci.loci import read_dosages, regions_of
from riskscore.samples.loci.region import as_region, to_prepare, with_regions
from riskscore.samples.loci.snp_haplotypes import with_snp_haplotypes
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import Question, QuestionOptions, takes_options

if TYPE_CHECKING:
    from riskscore.models.plain import PlainVariants
    from riskscore.samples.ancestry.sums import ProjectionSums
    from riskscore.samples.genome_wide.plain_sums import PlainSums
    from riskscore.samples.hla.typed.typing import Typings

# So many variants of a genome-wide score are looked up to confirm the build.
_EVIDENCE = 100
# The number of people from which memory freed after reading HLA is returned to the system.
_MANY = 65_536


@takes_options
def read_cohort(
    vcf: str | Path | Sequence[str | Path],
    models: Models | Question,
    *,
    part: PeoplePart | None = None,
    genes: str | Sequence[str] = (),
    regions: str | Sequence[str | Region] = (),
    **options: Unpack[QuestionOptions],
) -> Cohort:
    """Read what the models need, and only that, from VCF or BCF files, PGEN or BGEN.

    Several files (a chromosome, a region or a batch of people each) are one cohort. The options are
    the fields of :class:`Question`.
    With ``part`` all people are judged together, and the cohort is those of the part: what is held
    of the others is their names. See :meth:`Cohort.of_part`.

    A study may read more than its models need, or have none (``models=()``): HLA ``genes`` by name
    or "all", and every variant of ``regions`` ("6:32400000-32700000", both ends in it, in the
    file's build).

    Raises an InputError, an ExposureError or a PopulationError (see riskscore.errors); in
    particular NothingMatchedError when nothing any model needs is in the file.

    >>> from riskscore.files.inputs import reference_root
    >>> file = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    >>> read_cohort(file, "ms").hla
    HLACalls(genes A, B, DQA1, DQB1, DRB1)
    """
    asked = _named_genes(genes)
    places = [as_region(r) for r in ([regions] if isinstance(regions, str) else regions)]
    alone = not models and bool(asked or places)
    question = Question.of(Question() if alone else models, **options)
    cohort, name = read_any_cohort(vcf, question, part, asked, places)
    problem = nothing_matched(cohort, name)
    if problem is not None:
        raise problem
    return cohort


def read_any_cohort(
    vcf: str | Path | Sequence[str | Path],
    question: Question,
    part: PeoplePart | None,
    more_genes: Sequence[str] = (),
    whole: Sequence[Region] = (),
) -> tuple[Cohort, str]:
    """The cohort of :func:`read_cohort`, though nothing may match, and the file's name."""
    named, reading, weak_tags = question.models, question.reading, question.weak_tags
    population = question.reference_population()
    typings, panel = _read_typings(question), reference_panel()
    variants = list(dict.fromkeys(v for model in named for v in model.variants))
    genes = sorted({gene for model in named for gene in model.genes} | set(more_genes))
    wide = {model.id: model.plain for model in named if model.plain is not None}
    alleles = taggable_alleles(named)
    possible = tag_variants(alleles, panel, population, weak=weak_tags)
    with open_source([vcf] if isinstance(vcf, str | Path) else vcf, reading) as source:
        chosen = _prepared(source, question, variants, possible, genes, wide, whole)
        people = part.rows(len(source.samples)) if part else range(len(source.samples))
        found = _hla(source, typings, people, genes, chosen, question)
        needed = [allele for allele in alleles if allele.gene not in found.genes]
        expected = _expected_frequencies(named, population)
        tags = tag_variants(needed, panel, population, weak=weak_tags)
        wanted = list(dict.fromkeys([*variants, *tags]))
        everyone = range(len(source.samples)) if any(m.snp_haplotypes for m in named) else people
        dosages = with_snp_haplotypes(
            read_dosages(
                source, wanted, chosen, expected, reading, everyone,
                [model.variants for model in named],
            ),
            named, source, chosen, people,
        )  # fmt: skip
        if whole:
            dosages = with_regions(dosages, source, whole, chosen, reading, people)
        some = untyped_somewhere(alleles, found.genes, people, in_part=part is not None)
        # By themselves: which of them are read must not bear on the strand of any other locus.
        spare = read_tags(source, some, panel, population, chosen, reading, people, weak=weak_tags)
        sums = _plain_sums(source, wide, chosen, reading, people)
        projection = _projection(source, question, chosen, people)
        samples, name, marks, caution = source.samples, source.name, source.marks, source.caution
        warnings = [
            *source.warnings, *_warnings_of(named), *stand_in_notes(named, population),
            *_warnings_of(sums.values()), *dosages.warnings, *found.warnings,
        ]  # fmt: skip
    tagged = spare | tag_calls(needed, panel, population, dosages, weak=weak_tags)
    invalid = invalid_tags([*needed, *some], panel, population) - set(tagged)
    exposures, doubts = _exposures(question, samples, people)
    cohort = Cohort(
        samples=samples[people.start : people.stop],
        models=named,
        dosages=dosages,
        hla=replace(found, tags=tagged, invalid_tags=invalid),
        exposures=exposures,
        population=population,
        build=chosen,
        warnings=(*warnings, *doubts),
        haplotype_calls=question.haplotype_calls,
        plain=sums,
        question=question,
        marks=marks,
        caution=caution,
        projection=projection,
    )
    return cohort, name


def _prepared(
    source: Source,
    question: Question,
    variants: Sequence[Variant],
    tags: Iterable[Variant],
    genes: Sequence[str],
    wide: Mapping[str, PlainVariants],
    whole: Sequence[Region],
) -> Build:
    """Prepare a source for all regions that are read, and return the build of the file.

    ``wide`` has the variants of genome-wide scores by model.
    """
    build = question.build or source.build
    regions = regions_of([*variants, *tags], build)
    regions += hg18_regions(variants)  # a file of hg18 has the variants there
    regions += _hla_regions(question, build) if genes else []
    places, shown = _plain_places(source, wide, build)
    regions += [*to_prepare(whole), *_ancestry_regions(question, build)]
    source.prepare([*regions, *places])
    chosen = choose_build(source, [*variants, *shown], question.build)
    for model in question.models:
        model.require_build(chosen)
    return chosen


def _exposures(
    question: Question, samples: tuple[str, ...], people: range
) -> tuple[Exposures, list[str]]:
    """The exposures of some of the samples, and what is doubtful about their table."""
    table, models = question.exposures, question.models
    if table is None:
        return Exposures(), []
    given = read_exposures(table, samples, models, question.sex_column, people, question.age_column)
    doubts = [*given.notes, *unused_columns(given.unused, models, given.columns)]
    doubts += unit_doubts(given, models)
    if given.joined is not None and not given.joined.whole:
        doubts.append(str(given.joined))
    return given, doubts


def _named_genes(genes: str | Sequence[str]) -> Sequence[str]:
    """HLA genes by name, or all; raises UsageError for a name that no gene has."""
    named = GENES if genes == "all" else [genes] if isinstance(genes, str) else genes
    if unknown := sorted(set(named) - set(GENES)):
        raise UsageError(f"{unknown[0]!r} is no HLA gene", fix=f"use all, or {', '.join(GENES)}")
    return named


def _ancestry_regions(question: Question, build: Build | None) -> list[Region]:
    """The regions of the ancestry SNPs, if ancestry is asked for."""
    if not question.by_ancestry:
        return []
    from riskscore.samples.ancestry.table import scoring_table

    return regions_of(scoring_table().variants, build)


def _projection(
    source: Source, question: Question, build: Build, people: range
) -> ProjectionSums | None:
    """The sums over ancestry SNPs of some people; None if not asked for, or not in the file."""
    if not question.by_ancestry:
        return None
    from riskscore.samples.ancestry.sums import covers, read_sums
    from riskscore.samples.ancestry.table import scoring_table

    table = scoring_table()
    if not covers(source, table, build):
        return None
    return read_sums(source, table, build, question.reading, people)


def stand_in_notes(models: Iterable[RiskModel], population: str) -> Iterator[str]:
    """Notes of models on frequencies that they take from another population."""
    yield from filter(None, (model.about_stand_ins(population) for model in models))


def _warnings_of(things: Iterable[RiskModel | PlainSums]) -> Iterator[str]:
    """The warnings of models, or of the sums of genome-wide models."""
    for one in things:
        yield from one.warnings


def _plain_places(
    source: Source, wide: Mapping[str, PlainVariants], build: Build | None
) -> tuple[list[Region], list[Variant]]:
    """The regions of genome-wide models' variants, and some variants to check the build by."""
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
        one: read_plain(source, plain, build, reading).of_people(people)
        for one, plain in wide.items()
    }


def nothing_matched(cohort: Cohort, file: str) -> NothingMatchedError | None:
    """The error to raise where no model can read anything of a cohort; else None."""
    hla, matches = cohort.hla, cohort.dosages.matches
    seen = any(one.observed.any() for one in cohort.plain.values())
    if hla.genes or hla.tags or seen or not all(match.missing for match in matches):
        return None
    variants = {variant for model in cohort.models for variant in model.variants}
    loci = len(variants) + sum(len(m.plain) for m in cohort.models if m.plain is not None)
    genes = {gene for model in cohort.models for gene in model.genes}
    if not cohort.models:
        return NothingMatchedError("no HLA gene can be read", where=file, fix="name a region")
    reasons = Counter(match.missing.name.lower() for match in matches)
    counted = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return NothingMatchedError(
        f"none of the {loci} loci and {len(genes)} HLA genes of "
        f"{', '.join(model.id for model in cohort.models)} can be read"
        + f" ({counted})"
        * bool(counted),
        where=file,
        fix="check that the file covers them (riskscore check), and its genome build",
    )


def _read_typings(question: Question) -> list[Typings]:
    """The typed tables; their formats are imported where there is one to read."""
    if not question.hla:
        return []
    from riskscore.samples.hla.typed.formats import read_typings

    codes, listed = question.codes, question.allele_list
    return [read_typings(path, codes=codes, allele_list=listed) for path in question.hla]


def _hla_regions(question: Question, build: Build | None) -> list[Region]:
    """The regions of HLA records, and of the SNPs to impute HLA from if that is asked for."""
    regions = [*HLA_REGIONS]
    if question.impute_hla:
        from riskscore.samples.hla.imputation.from_snps import panel_of, panel_regions

        regions += panel_regions(panel_of(question.panel), build)
    return regions


def _hla(
    source: Source,
    typings: Sequence[Typings],
    people: range,
    genes: Sequence[str],
    build: Build,
    question: Question,
) -> HLACalls:
    """The calls of typed tables; then of HLA records; then, if that is asked, from SNPs."""
    calls, reports = read_hla_records(source, genes, people, min_r2=question.reading.min_r2)
    if len(people) >= _MANY:
        return_freed()
    found = HLACalls(dict(sorted(calls.items())), reports=reports)
    if typings:
        from riskscore.samples.hla.table import with_typed

        population = question.reference_population()
        found = with_typed(found, typings, source.samples, people, genes, population)
    if question.impute_hla and genes:
        from riskscore.samples.hla.imputation.from_snps import with_imputed

        reading = question.reading
        found = with_imputed(found, source, genes, build, reading, people, question.panel)
    return found


def _expected_frequencies(models: Sequence[RiskModel], population: str) -> dict[Variant, float]:
    """Effect-allele frequency of every variant in the population."""
    expected: dict[Variant, float] = {}
    for model in models:
        for variant, by_population in model.frequencies.items():
            own = in_mixture(by_population, population)
            own = by_population.get(OWN_FREQUENCY) if own is None else own
            if own is not None:
                expected[variant] = own
        for haplotype in model.scheme.haplotypes if model.scheme else ():
            own = in_mixture(haplotype.frequency, population)
            if haplotype.tag and own is not None:
                expected[haplotype.tag] = own
    return expected
