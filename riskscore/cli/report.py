"""The verbs that write HTML pages: report, explore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import PopulationOption, say


def report(
    folder: Annotated[Path, typer.Argument(help="The folder that score --out or batch left.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write.")],
    individual: Annotated[
        str | None, typer.Option(help="A report of this one sample, from the inputs of the run.")
    ] = None,
    vcf: Annotated[
        list[Path] | None,
        typer.Option(help="The VCF of the run, if it is neither here nor beside the results."),
    ] = None,
    exposures: Annotated[
        Path | None, typer.Option(help="The exposures of the run, likewise.")
    ] = None,
    hla: Annotated[
        list[Path] | None, typer.Option(help="The typed HLA tables of the run, likewise.")
    ] = None,
    percentile: Annotated[
        bool | None,
        typer.Option(
            "--percentile/--no-percentile",
            help="With --individual: show the place in the reference population; as a rule it is "
            "shown to those whose genotypes are like it.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", help="Folder or file of a model that is not a shipped one."),
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="A table with a column 'sample', to label samples by group.")
    ] = None,
    group_column: Annotated[
        str, typer.Option(help="The column of --groups with the labels.")
    ] = "population",
) -> None:
    """Write a report of results: one HTML file that needs no network."""
    from riskscore.writing.report.again import score_again
    from riskscore.writing.report.sources import read_groups
    from riskscore.writing.report.write import write_report

    labels = read_groups(groups, group_column) if groups else None
    if individual is None:
        write_report(folder, output, groups=labels, models=model or ())
    else:
        given = {
            "vcf": vcf or [],
            "exposures": [exposures] if exposures else [],
            "hla": hla or [],
        }
        scores, files = score_again(folder, given, model or ())
        write_report(
            scores,
            output,
            individual=individual,
            groups=labels,
            percentile=percentile,
            inputs={"vcf": files},
        )
    say([f"riskscore: wrote {output.name}. Illustrative, not diagnostic."])


def explore(
    name: Annotated[str, typer.Argument(help="A model's id or folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The HTML file to write.")],
    population: PopulationOption = "EUR",
) -> None:
    """Write a page on which one chooses a genotype, exposures and a baseline, and sees the risk."""
    from riskscore.models.catalog import load_model
    from riskscore.writing.explorer.write import write_explorer

    write_explorer(load_model(name), output, population=population)
    say([f"riskscore: wrote {output.name}. Illustrative, not diagnostic."])
