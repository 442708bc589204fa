"""The command line, one verb a job. Data to standard output or --out, messages to stderr."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from riskscore.cli import report, scoring, studies
from riskscore.cli.batch import batch, merge, verify
from riskscore.cli.hla import hla
from riskscore.cli.models import models_app
from riskscore.cli.population import population
from riskscore.cli.simulate import simulate
from riskscore.errors import RiskscoreError

app = typer.Typer(
    name="riskscore",
    help="Genetic risk scores of autoimmune disease from VCF, HLA and exposures. "
    "Illustrative, not diagnostic.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for verb in (scoring.score, scoring.explain, scoring.check, hla, scoring.demo):
    app.command()(verb)
app.command()(population)
app.command()(simulate)
app.command()(studies.fit)
app.command()(studies.evaluate)
app.command()(studies.interaction)
for job in (batch, merge, verify):
    app.command()(job)
app.command()(report.report)
app.command()(report.explore)
app.add_typer(models_app, name="models")


def main() -> None:
    """Run the command line; every riskscore error becomes its message and its exit code."""
    try:
        app()
    except RiskscoreError as error:
        typer.echo(f"riskscore: {type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)


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
