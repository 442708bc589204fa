"""The options and arguments that several verbs share, and reading with them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.errors import plain
from riskscore.genetics.build import Build
from riskscore.models.scoring_files.weight_type import WeightType
from riskscore.samples.files.reading import Absent, GenotypeField, Palindromes, Reading

if TYPE_CHECKING:
    from riskscore.samples.people_part import PeoplePart
    from riskscore.samples.question import Question
    from riskscore.scoring.score import Scores

    Ask = Callable[[], Question]

# The groups in which --help lists the options.
inputs = partial(typer.Option, rich_help_panel="Inputs")
genotypes = partial(typer.Option, rich_help_panel="Reading genotypes")
of_hla = partial(typer.Option, rich_help_panel="HLA")
of_risk = partial(typer.Option, rich_help_panel="Population and risk")


def build_name(text: str) -> Build:
    """A build by any of its usual names, such as hg38."""
    try:
        return Build(text)
    except ValueError:
        raise typer.BadParameter("choose GRCh37 (hg19) or GRCh38 (hg38)") from None


VCFArgument = Annotated[
    list[Path],
    typer.Argument(
        help="VCF or BCF, PGEN or BGEN; several files are one cohort; - is standard input.",
        metavar="VCF...",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="File for the table: .tsv, .csv or .parquet; - is standard output."
    ),
]
# Options that verbs which do not score have too.
ModelOption = Annotated[
    list[str],
    typer.Option(
        "-m",
        "--model",
        help="A model's id (riskscore models list), its folder, or a PGS Catalog scoring file; "
        "repeat for several.",
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Use a scoring file although many rows contradict the published tables."
    ),
]
ExposuresOption = Annotated[
    Path | None, inputs(help="TSV or CSV of exposures, with a column 'sample'.")
]
SexOption = Annotated[str, inputs(help="The column of the exposures that gives sex.")]
PopulationOption = Annotated[
    str, of_risk(help="Reference superpopulation: AFR, AMR, EAS, EUR, SAS, or unknown.")
]
BuildOption = Annotated[
    Build | None,
    genotypes(
        help="Genome build, if the file is silent.", parser=build_name, metavar="GRCh37|GRCh38"
    ),
]

PanelOption = Annotated[
    Path | None,
    of_hla(
        help="Panel of phased haplotypes to impute HLA by, from riskscore panel build (default: "
        "the 1000 Genomes people)."
    ),
]


MinR2Option = Annotated[
    float | None,
    genotypes("--min-r2", help="Leave out records imputed worse (R2, DR2, INFO or AR2)."),
]
CodesOption = Annotated[
    Path | None,
    inputs(help="Table of multiple allele codes in typed HLA (code, alleles; or NMDP's own)."),
]
AlleleListOption = Annotated[
    Path | None, inputs(help="IPD-IMGT/HLA's Allelelist.txt, to check typed names against.")
]
WeightTypeOption = Annotated[
    WeightType | None,
    typer.Option(help="What the weights of a scoring file are that does not say it."),
]


def question_of(
    model: ModelOption,
    force: ForceOption = False,
    weight_type: WeightTypeOption = None,
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    hla: Annotated[
        list[Path] | None,
        inputs(
            "--hla",
            help="Typed HLA table of any known format; repeat for several. The word imputed: "
            "whoever is not typed is imputed from the SNPs around the genes.",
        ),
    ] = None,
    codes: CodesOption = None,
    allele_list: AlleleListOption = None,
    build: BuildOption = None,
    field: Annotated[
        GenotypeField,
        genotypes(help="Genotype field; auto: the first of DS, HDS, GP, GT in a cell."),
    ] = GenotypeField.AUTO,
    min_r2: MinR2Option = None,
    filters: Annotated[
        str | None,
        genotypes("--filter", help="FILTER values to accept, such as PASS,. (default: any)."),
    ] = None,
    absent: Annotated[
        Absent, genotypes(help="A locus without a record is missing, at its frequency, or hom-ref.")
    ] = Absent.MISSING,
    palindromes: Annotated[
        Palindromes,
        genotypes(
            help="A/T and C/G variants: by frequency, else as written where other variants prove "
            "the strand; as written; or left out."
        ),
    ] = Palindromes.STRAND,
    require_index: Annotated[
        bool, genotypes("--require-index", help="Refuse a file without an index.")
    ] = False,
    haplotype_calls: Annotated[
        str,
        of_hla(
            help="Haplotypes of a scheme: posterior (uncertainty kept), or published (tags rounded "
            "and ranked as the paper's software does)."
        ),
    ] = "posterior",
    weak_tags: Annotated[
        bool,
        of_hla(
            "--allow-weak-tags", help="Let tag SNPs of r2 below 0.8 stand for untyped HLA alleles."
        ),
    ] = False,
    switch_error: Annotated[
        float,
        of_hla(
            help="How often a file's phase is wrong from one HLA gene to the next: 0 to believe "
            "it, 0.5 to forget it."
        ),
    ] = 0.02,
    panel: PanelOption = None,
    population: Annotated[
        str,
        of_risk(
            help="Reference superpopulation: AFR, AMR, EAS, EUR, SAS, a mixture of them "
            "(EUR=0.7,AFR=0.3), or unknown. auto: EUR, and percentiles among people of each one's "
            "own ancestry, where the file's SNPs show it."
        ),
    ] = "auto",
    prevalence: Annotated[
        str | None,
        of_risk(
            help="Baseline risk in place of the models' own: 0.01 (the models' ratio of the sexes "
            "is kept), or female=0.01,male=0.004."
        ),
    ] = None,
    horizon: Annotated[
        str | None, of_risk(help="Horizon of the risk, of those the models have.")
    ] = None,
    age_column: Annotated[
        str | None,
        of_risk(
            help="The column of the exposures with each person's age: the risk from then on of "
            "those still free of the disease."
        ),
    ] = None,
    from_age: Annotated[
        float | None, of_risk(help="Everybody's age at which the risk begins.")
    ] = None,
    to_age: Annotated[
        float | None,
        of_risk(help="The age at which the risk ends (default: the end of the model's horizon)."),
    ] = None,
    incidence: Annotated[
        Path | None,
        of_risk(
            help="Rates by age and sex in place of the models' tables: a TSV or CSV with sex, "
            "age_from, age_to, rate_per_100000."
        ),
    ] = None,
    family: Annotated[
        Path | None,
        of_risk(help="Relatives, a row each: a TSV or CSV with sample, relation, affected, age."),
    ] = None,
) -> Question:
    """The Question that the options of a verb make; every verb that scores has these options.

    Raises UsageError, or an error of a model that cannot be read.
    """
    from riskscore.models.catalog import as_models, load_model
    from riskscore.samples.question import Question

    accepted = frozenset(filters.split(",")) if filters else None
    return Question.of(
        as_models([load_model(name, force=force, weight_type=weight_type) for name in model]),
        exposures=exposures,
        sex_column=sex_column,
        hla=hla or (),
        codes=codes,
        allele_list=allele_list,
        build=build,
        reading=Reading(
            field, min_r2, accepted, absent, require_index, palindromes, usable_processes()
        ),
        haplotype_calls=haplotype_calls,
        weak_tags=weak_tags,
        switch_error=switch_error,
        weight_type=weight_type,
        panel=panel,
        population=population,
        prevalence=prevalence,
        horizon=horizon,
        age_column=age_column,
        from_age=from_age,
        to_age=to_age,
        incidence=incidence,
        family=family,
    )


def with_question(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of :func:`question_of`, in the place of its argument ``ask``.

    ``ask()`` makes the Question, so that a verb may check its other options before a model is read.
    """
    options = inspect.signature(question_of, eval_str=True, locals={"Question": Any}).parameters
    own = inspect.signature(verb, eval_str=True, locals={"Ask": Any}).parameters
    merged = {**{name: own[name] for name in own if name != "ask"}, **options}

    @wraps(verb)
    def with_options(**given: Any) -> None:
        asked = {name: given.pop(name) for name in options}
        verb(ask=partial(question_of, **asked), **given)

    keyword = [one.replace(kind=one.KEYWORD_ONLY) for one in merged.values()]
    vars(with_options)["__signature__"] = inspect.Signature(keyword)
    with_options.__annotations__ = {one.name: one.annotation for one in keyword}
    return with_options


def say(lines: Iterable[str]) -> None:
    """Write messages to standard error."""
    for line in lines:
        typer.echo(plain(line), err=True)


def usable_processes() -> int:
    """The number of processes that may read a large file: two, or one on a single processor."""
    return min(2, len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 1


def read_and_score(
    vcf: list[Path],
    question: Question,
    part: PeoplePart | None = None,
    tell: Callable[[str], None] = lambda stage: None,
) -> Scores:
    """Score a cohort; warnings go to standard error, and ``tell`` is called with each stage."""
    from riskscore.run import score
    from riskscore.samples.read import read_cohort

    tell(f"reading {vcf[0].name}" + f" and {len(vcf) - 1} more" * (len(vcf) > 1))
    cohort = read_cohort(vcf, question, part=part)
    tell(f"scoring {len(cohort.samples):,} people")
    scores = score(cohort)
    say(f"riskscore: warning: {warning}" for warning in scores.cohort.warnings)
    if scores.placement is not None and scores.placement.outside.any():
        outside, people = int(scores.placement.outside.sum()), len(scores.cohort.samples)
        say(
            [
                f"riskscore: warning: {outside} of {people} people lie outside the reference "
                "people, and have no percentile"
            ]
        )
    return scores
