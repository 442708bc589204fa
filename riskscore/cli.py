"""The command line, one verb a job. Data to standard output or --out, messages to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.errors import EXIT_SOME_NOT_SCORED, RiskscoreError

if TYPE_CHECKING:
    from riskscore.scoring.score import Scores

app = typer.Typer(
    name="riskscore",
    help="Genetic risk scores of autoimmune disease from VCF, HLA and exposures. "
    "Illustrative, not diagnostic.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
models_app = typer.Typer(help="The models: list, show, check, schema.", no_args_is_help=True)
app.add_typer(models_app, name="models")


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


def main() -> None:
    """Run the command line; every riskscore error becomes its message and its exit code."""
    try:
        app()
    except RiskscoreError as error:
        typer.echo(f"riskscore: {type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line, err=True)


def _scores(
    vcf: Path,
    model: list[str],
    exposures: Path | None,
    sex_column: str,
    population: str,
    build: BuildName | None,
    prevalence: float | None = None,
) -> Scores:
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
    _say(f"riskscore: warning: {warning}" for warning in scores.cohort.warnings)
    return scores


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"riskscore {version('riskscore')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Genetic risk scores of autoimmune disease. Illustrative, not diagnostic."""


@app.command()
def score(
    vcf: VCFArgument,
    model: ModelOption,
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    prevalence: Annotated[
        float | None, typer.Option(help="Baseline risk to use in place of the models' own.")
    ] = None,
    output: OutputOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for scores, match report, coverage, provenance.")
    ] = None,
) -> None:
    """Score every sample of a VCF with one or several models."""
    from riskscore.scoring.score import COLUMNS
    from riskscore.writing.bundle import check_folder, write_bundle
    from riskscore.writing.tables import check_ending, write_table

    check_ending(output)
    if out is not None:
        check_folder(out)
    scores = _scores(vcf, model, exposures, sex_column, population, build, prevalence)
    if out is not None:
        inputs = {"vcf": vcf, "exposures": exposures}
        parameters: dict[str, Any] = {
            "models": [table.model.id for table in scores.tables],
            "population": population,
            "build": build.value if build else None,
            "sex_column": sex_column,
            "prevalence": prevalence,
        }
        write_bundle(scores, out, inputs=inputs, parameters=parameters)
    if output is not None or out is None:
        write_table(scores.rows(), COLUMNS, output)
    unscored = sum(table.unscored for table in scores.tables)
    if unscored:
        _say([f"riskscore: {unscored} rows have no score; their flags say why"])
        raise typer.Exit(EXIT_SOME_NOT_SCORED)


@app.command()
def explain(
    vcf: VCFArgument,
    model: ModelOption,
    sample: Annotated[str, typer.Option("-s", "--sample", help="The sample to explain.")],
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    output: OutputOption = None,
) -> None:
    """Print one person's ledger: each term, what was found, and what it adds to log_odds."""
    from riskscore.scoring.ledger import LEDGER_COLUMNS, ledger
    from riskscore.writing.tables import check_ending, write_table
    from riskscore.writing.words import NOTICE, natural

    check_ending(output)
    scores = _scores(vcf, model, exposures, sex_column, population, build)
    columns = ("model", *LEDGER_COLUMNS)
    rows = [
        {"model": table.model.id, **entry.as_row()}
        for table in scores.tables
        for entry in ledger(scores.cohort, table.reference, scores.panel, sample)
    ]
    write_table(rows, columns, output)
    place = scores.cohort.samples.index(sample)
    for table in scores.tables:
        numbers = {name: values[place] for name, values in table.numbers.items()}
        _say(
            [
                f"{table.model.id}: log odds {numbers['log_odds']:+.4f}, odds ratio "
                f"{numbers['odds_ratio']:.3g} against the average; {table.model.card.outcome}: "
                f"{natural(numbers['probability'])} ({natural(numbers['probability_low'])} to "
                f"{natural(numbers['probability_high'])}); "
                f"coverage {numbers['coverage']:.0%}. {NOTICE}"
            ]
        )


@app.command()
def check(
    vcf: VCFArgument,
    model: ModelOption,
    exposures: ExposuresOption = None,
    sex_column: SexOption = "sex",
    population: PopulationOption = "EUR",
    build: BuildOption = None,
    output: OutputOption = None,
) -> None:
    """Before a long run: the build, what matches, what will be missing, and the fix.

    Prints words; with -o also writes the match report, one row a locus.
    """
    from riskscore.scoring.coverage import MATCH_COLUMNS, match_report
    from riskscore.writing.tables import check_ending, write_table
    from riskscore.writing.words import check_words

    check_ending(output)
    scores = _scores(vcf, model, exposures, sex_column, population, build)
    for line in check_words(scores):
        typer.echo(line)
    if output is not None:
        write_table([row.as_row() for row in match_report(scores)], MATCH_COLUMNS, output)


@app.command()
def hla(vcf: VCFArgument, build: BuildOption = None, output: OutputOption = None) -> None:
    """Print the HLA genotypes of a VCF: two alleles a sample and gene, and their probability."""
    from riskscore.samples.hla_table import HLA_COLUMNS, hla_rows, read_hla
    from riskscore.writing.tables import check_ending, write_table

    check_ending(output)
    samples, calls = read_hla(vcf, build=build.value if build else None)
    write_table(hla_rows(samples, calls), HLA_COLUMNS, output)


@models_app.command("list")
def models_list() -> None:
    """The shipped models, one a line."""
    from riskscore.models.catalog import list_models, load_model
    from riskscore.writing.tables import write_table

    columns = ("id", "version", "edition", "disease", "mondo", "ancestry", "terms")
    rows = []
    for name in list_models():
        model = load_model(name)
        disease = model.card.disease
        values = (
            model.id, model.version, model.edition, disease["name"], disease["mondo"],
            model.card.ancestry, len(model.terms),
        )  # fmt: skip
        rows.append(dict(zip(columns, values, strict=True)))
    write_table(rows, columns, None)


@models_app.command("show")
def models_show(
    name: Annotated[str, typer.Argument(help="A model's id or folder.")],
    sources: Annotated[
        bool, typer.Option("--sources", help="A table of every number and where it comes from.")
    ] = False,
) -> None:
    """The card of a model; with --sources, every number with its source."""
    from riskscore.models.catalog import load_model
    from riskscore.models.sources import SOURCE_COLUMNS, source_rows
    from riskscore.writing.tables import write_table
    from riskscore.writing.words import card_words

    model = load_model(name)
    if sources:
        write_table(source_rows(model), SOURCE_COLUMNS, None)
        return
    for line in card_words(model):
        typer.echo(line)


@models_app.command("check")
def models_check(
    name: Annotated[str, typer.Argument(help="A model's id or folder.")],
) -> None:
    """Read a model strictly, and work through its examples."""
    from riskscore.models.catalog import load_model
    from riskscore.scoring.examples import check_examples

    model = load_model(name)
    count = check_examples(model)
    typer.echo(f"{model.id} {model.version}: {len(model.terms)} terms, {count} examples agree")


@models_app.command("schema")
def models_schema() -> None:
    """The JSON Schema of model.yaml, for an editor."""
    import json

    from riskscore.models.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo-results"),
) -> None:
    """Score 2,504 real people of the 1000 Genomes Project with three models."""
    from riskscore.files import read_rows, reference_root, require_file
    from riskscore.writing.bundle import check_folder, write_bundle
    from riskscore.writing.words import summary_words

    examples = reference_root() / "examples"
    vcf = require_file(
        examples / "1000G_MHC_HLA.GRCh38.vcf.gz", "example VCF (it is in a checkout)"
    )
    people = {row["sample"]: row for row in read_rows(examples / "1000G_samples.tsv")}
    check_folder(out, replace=True)
    models = ["t1d", "ra", "ms"]
    scores = _scores(vcf, models, examples / "1000G_samples.tsv", "sex", "EUR", None)
    groups = [people[sample]["superpopulation"] for sample in scores.cohort.samples]
    shown = {"HG00096": "t1d", "NA12878": "ms", "NA19240": "ra", "HG00403": "t1d", "HG03713": "ms"}
    shown = {sample: model for sample, model in shown.items() if sample in people}
    for line in summary_words(scores, groups, shown):
        typer.echo(line)
    write_bundle(scores, out, inputs={"vcf": vcf}, parameters={"models": models}, replace=True)
    typer.echo(f"\nThe whole table: {out}/scores.tsv")


if __name__ == "__main__":
    main()
