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
INPUTS, GENOTYPES, HLA, RISK = "Inputs", "Reading genotypes", "HLA", "Population and risk"


def build_name(text: str) -> Build:
    """A build by any of its usual names, hg38 among them."""
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
# Of the verbs that do not score, but read or write with one of these choices.
ModelOption = Annotated[
    list[str],
    typer.Option(
        "-m",
        "--model",
        help="A model's id or folder, or a PGS Catalog scoring file; repeat for several.",
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Use a scoring file although many rows contradict the published tables."
    ),
]
ExposuresOption = Annotated[
    Path | None,
    typer.Option(help="TSV or CSV of exposures, with a column 'sample'.", rich_help_panel=INPUTS),
]
SexOption = Annotated[
    str,
    typer.Option(help="The column of the exposures that gives sex.", rich_help_panel=INPUTS),
]
PopulationOption = Annotated[
    str,
    typer.Option(
        help="Reference superpopulation: AFR, AMR, EAS, EUR, SAS, or unknown.",
        rich_help_panel=RISK,
    ),
]
BuildOption = Annotated[
    Build | None,
    typer.Option(
        help="Genome build, if the file is silent.",
        parser=build_name,
        metavar="GRCh37|GRCh38",
        rich_help_panel=GENOTYPES,
    ),
]

PanelOption = Annotated[
    Path | None,
    typer.Option(
        help="Panel of phased haplotypes to impute HLA by, from riskscore panel build (default: "
        "the 1000 Genomes people).",
        rich_help_panel=HLA,
    ),
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
        typer.Option(
            "--hla",
            help="Typed HLA table of any known format; repeat for several. The word imputed: "
            "whoever is not typed is imputed from the SNPs around the genes.",
            rich_help_panel=INPUTS,
        ),
    ] = None,
    codes: Annotated[
        Path | None,
        typer.Option(
            help="Table of multiple allele codes in typed HLA (code, alleles; or NMDP's own).",
            rich_help_panel=INPUTS,
        ),
    ] = None,
    allele_list: Annotated[
        Path | None,
        typer.Option(
            help="IPD-IMGT/HLA's Allelelist.txt, to check typed names against.",
            rich_help_panel=INPUTS,
        ),
    ] = None,
    build: BuildOption = None,
    field: Annotated[
        GenotypeField,
        typer.Option(
            help="Genotype field; auto: the first of DS, HDS, GP, GT in a cell.",
            rich_help_panel=GENOTYPES,
        ),
    ] = GenotypeField.AUTO,
    min_r2: Annotated[
        float | None,
        typer.Option(
            "--min-r2",
            help="Leave out records imputed worse (R2, DR2, INFO or AR2).",
            rich_help_panel=GENOTYPES,
        ),
    ] = None,
    filters: Annotated[
        str | None,
        typer.Option(
            "--filter",
            help="FILTER values to accept, such as PASS,. (default: any).",
            rich_help_panel=GENOTYPES,
        ),
    ] = None,
    absent: Annotated[
        Absent,
        typer.Option(
            help="A locus without a record is missing, at its frequency, or hom-ref.",
            rich_help_panel=GENOTYPES,
        ),
    ] = Absent.MISSING,
    palindromes: Annotated[
        Palindromes,
        typer.Option(
            help="A/T and C/G variants: by frequency, else as written where other variants prove "
            "the strand; as written; or left out.",
            rich_help_panel=GENOTYPES,
        ),
    ] = Palindromes.STRAND,
    require_index: Annotated[
        bool,
        typer.Option(
            "--require-index", help="Refuse a file without an index.", rich_help_panel=GENOTYPES
        ),
    ] = False,
    haplotype_calls: Annotated[
        str,
        typer.Option(
            help="Haplotypes of a scheme: posterior (uncertainty kept), or published (tags rounded "
            "and ranked as the paper's software does).",
            rich_help_panel=HLA,
        ),
    ] = "posterior",
    weak_tags: Annotated[
        bool,
        typer.Option(
            "--allow-weak-tags",
            help="Let tag SNPs of r2 below 0.8 stand for untyped HLA alleles.",
            rich_help_panel=HLA,
        ),
    ] = False,
    switch_error: Annotated[
        float,
        typer.Option(
            help="How often a file's phase is wrong from one HLA gene to the next: 0 to believe "
            "it, 0.5 to forget it.",
            rich_help_panel=HLA,
        ),
    ] = 0.02,
    panel: PanelOption = None,
    population: Annotated[
        str,
        typer.Option(
            help="Reference superpopulation: AFR, AMR, EAS, EUR, SAS, a mixture of them "
            "(EUR=0.7,AFR=0.3), or unknown. auto: EUR, and percentiles among people of each one's "
            "own ancestry, where the file's SNPs tell it.",
            rich_help_panel=RISK,
        ),
    ] = "auto",
    prevalence: Annotated[
        str | None,
        typer.Option(
            help="Baseline risk in place of the models' own: 0.01 (the models' ratio of the sexes "
            "is kept), or female=0.01,male=0.004.",
            rich_help_panel=RISK,
        ),
    ] = None,
    horizon: Annotated[
        str | None,
        typer.Option(help="Horizon of the risk, of those the models have.", rich_help_panel=RISK),
    ] = None,
    age_column: Annotated[
        str | None,
        typer.Option(
            help="The column of the exposures with each person's age: the risk from then on of "
            "those still free of the disease.",
            rich_help_panel=RISK,
        ),
    ] = None,
    from_age: Annotated[
        float | None,
        typer.Option(help="Everybody's age at which the risk begins.", rich_help_panel=RISK),
    ] = None,
    to_age: Annotated[
        float | None,
        typer.Option(
            help="The age at which the risk ends (default: the end of the model's horizon).",
            rich_help_panel=RISK,
        ),
    ] = None,
    incidence: Annotated[
        Path | None,
        typer.Option(
            help="Rates by age and sex in place of the models' tables: a TSV or CSV with sex, "
            "age_from, age_to, rate_per_100000.",
            rich_help_panel=RISK,
        ),
    ] = None,
    family: Annotated[
        Path | None,
        typer.Option(
            help="Relatives, a row each: a TSV or CSV with sample, relation, affected, age.",
            rich_help_panel=RISK,
        ),
    ] = None,
) -> Question:
    """The question that the options of a verb ask; these are the options of every verb that scores.

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


def asks(verb: Callable[..., None]) -> Callable[..., None]:
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
    """Messages to standard error."""
    for line in lines:
        typer.echo(plain(line), err=True)


def usable_processes() -> int:
    """How many processes may read a large file: two, if this one may use as many processors."""
    return min(2, len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 1


def read_and_score(
    vcf: list[Path],
    question: Question,
    part: PeoplePart | None = None,
    tell: Callable[[str], None] = lambda stage: None,
) -> Scores:
    """Score a cohort; warnings go to standard error, and to ``tell`` what is being done."""
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
