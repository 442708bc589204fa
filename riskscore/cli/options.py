"""The options and arguments that several verbs share, and reading with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from riskscore.samples.files.reading import Reading
    from riskscore.samples.part import Part
    from riskscore.scoring.score import Scores


class BuildName(StrEnum):
    """The builds --build takes."""

    GRCh37 = "GRCh37"
    GRCh38 = "GRCh38"


class FieldName(StrEnum):
    """The genotype fields --field takes."""

    auto = "auto"
    GT = "GT"
    DS = "DS"
    HDS = "HDS"
    GP = "GP"


class AbsentName(StrEnum):
    """What --absent takes."""

    missing = "missing"
    frequency = "frequency"
    homref = "homref"


VCFArgument = Annotated[
    list[Path],
    typer.Argument(
        help="VCF or BCF, PGEN or BGEN; several files are one cohort; - is standard input.",
        metavar="VCF...",
    ),
]
FieldOption = Annotated[
    FieldName, typer.Option(help="Genotype field; auto: the first of DS, HDS, GP, GT in a cell.")
]
MinR2Option = Annotated[
    float | None,
    typer.Option("--min-r2", help="Leave out records imputed worse (R2, DR2, INFO or AR2)."),
]
FilterOption = Annotated[
    str | None,
    typer.Option("--filter", help="FILTER values to accept, such as PASS,. (default: any)."),
]
AbsentOption = Annotated[
    AbsentName,
    typer.Option(help="A locus without a record is missing, at its frequency, or hom-ref."),
]
RequireIndexOption = Annotated[
    bool, typer.Option("--require-index", help="Refuse a file without an index.")
]
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
    Path | None, typer.Option(help="TSV or CSV of exposures, with a column 'sample'.")
]
SexOption = Annotated[str, typer.Option(help="The column of the exposures that gives sex.")]
PopulationOption = Annotated[
    str, typer.Option(help="Reference superpopulation: AFR, AMR, EAS, EUR, SAS, or unknown.")
]
BuildOption = Annotated[BuildName | None, typer.Option(help="Genome build, if the file is silent.")]
HLAOption = Annotated[
    list[Path] | None,
    typer.Option("--hla", help="Typed HLA table of any known format; repeat for several."),
]
HaplotypeCallsOption = Annotated[
    str,
    typer.Option(
        help="Haplotypes of a scheme: posterior (uncertainty kept), or published (tags rounded "
        "and ranked as the paper's software does)."
    ),
]
WeakTagsOption = Annotated[
    bool,
    typer.Option(
        "--allow-weak-tags", help="Let tag SNPs of r2 below 0.8 stand for untyped HLA alleles."
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="File for the table: .tsv or .parquet.")
]


def say(lines: Iterable[str]) -> None:
    """Messages to standard error."""
    for line in lines:
        typer.echo(line, err=True)


def reading_of(
    field: FieldName,
    min_r2: float | None,
    filters: str | None,
    absent: AbsentName,
    require_index: bool,
) -> Reading:
    """How genotypes are to be read, as the options say."""
    from riskscore.samples.files.reading import Reading

    accepted = frozenset(filters.split(",")) if filters else None
    return Reading(field.value, min_r2, accepted, absent.value, require_index)


def usable_processes() -> int:
    """How many processes may read a large file: two, if this one may use as many processors."""
    return min(2, len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 1


def parameters_of(models: Iterable[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """What the provenance says of the options that decide the scores.

    ``options`` are those of :func:`riskscore.run.score` that are not inputs.
    """
    plain = {name: value for name, value in options.items() if name != "reading"}
    reading: Reading = options["reading"]
    return {
        "models": list(models),
        **dict(sorted(plain.items())),
        "field": str(reading.field),
        "min_r2": reading.min_r2,
        "filter": ",".join(sorted(reading.filters)) if reading.filters else None,
        "absent": str(reading.absent),
    }


def read_and_score(
    vcf: Path | list[Path],
    model: list[str],
    exposures: Path | None,
    sex_column: str,
    population: str,
    build: BuildName | None,
    prevalence: float | None = None,
    reading: Reading | None = None,
    part: Part | None = None,
    hla: list[Path] | None = None,
    haplotype_calls: str = "posterior",
    weak_tags: bool = False,
    horizon: str | None = None,
    force: bool = False,
) -> Scores:
    """Score a VCF as the shared options say; warnings go to standard error."""
    from riskscore.models.catalog import load_model
    from riskscore.run import score
    from riskscore.samples.files.reading import Reading

    scores = score(
        vcf,
        [load_model(name, force=force) for name in model],
        exposures=exposures,
        sex_column=sex_column,
        population=population,
        build=build.value if build else None,
        prevalence=prevalence,
        reading=replace(reading or Reading(), processes=usable_processes()),
        part=part,
        hla=hla or (),
        haplotype_calls=haplotype_calls,
        weak_tags=weak_tags,
        horizon=horizon,
    )
    say(f"riskscore: warning: {warning}" for warning in scores.cohort.warnings)
    return scores
