"""The options and arguments that several verbs share, and reading with them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from riskscore.scoring.score import Scores


class BuildName(StrEnum):
    """The builds --build takes."""

    GRCh37 = "GRCh37"
    GRCh38 = "GRCh38"


VCFArgument = Annotated[Path, typer.Argument(help="A bgzipped and indexed VCF.", metavar="VCF")]
ModelOption = Annotated[
    list[str], typer.Option("-m", "--model", help="A model's id or folder; repeat for several.")
]
ExposuresOption = Annotated[
    Path | None, typer.Option(help="TSV or CSV of exposures, with a column 'sample'.")
]
SexOption = Annotated[str, typer.Option(help="The column of the exposures that gives sex.")]
PopulationOption = Annotated[
    str, typer.Option(help="Reference superpopulation: AFR, AMR, EAS, EUR or SAS.")
]
BuildOption = Annotated[BuildName | None, typer.Option(help="Genome build, if the file is silent.")]
OutputOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="File for the table: .tsv or .parquet.")
]


def say(lines: Iterable[str]) -> None:
    """Messages to standard error."""
    for line in lines:
        typer.echo(line, err=True)


def read_and_score(
    vcf: Path,
    model: list[str],
    exposures: Path | None,
    sex_column: str,
    population: str,
    build: BuildName | None,
    prevalence: float | None = None,
) -> Scores:
    """Score a VCF as the shared options say; warnings go to standard error."""
    from riskscore.run import score

    scores = score(
        vcf,
        model,
        exposures=exposures,
        sex_column=sex_column,
        population=population,
        build=build.value if build else None,
        prevalence=prevalence,
    )
    say(f"riskscore: warning: {warning}" for warning in scores.cohort.warnings)
    return scores
