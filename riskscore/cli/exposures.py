"""The verb exposures: a table to fill in, with the columns that models read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import OutputOption, say


def exposures(
    model: Annotated[
        list[str], typer.Argument(help="Models by id, folder or scoring file.", metavar="MODEL...")
    ],
    vcf: Annotated[
        list[Path] | None,
        typer.Option(help="Genotype file whose samples get a row each; repeat for several."),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Write an empty table of exposures for --exposures: cells left empty are unknown.

    What each column may hold is told by: riskscore models show MODEL --exposures.
    """
    from riskscore.models.catalog import as_models
    from riskscore.samples.files.opening import open_source
    from riskscore.writing.exposure_guide import template
    from riskscore.writing.tables.write import check_ending, write_table

    check_ending(output)
    models = as_models(model)
    samples: tuple[str, ...] = ()
    if vcf:
        with open_source(vcf) as source:
            samples = source.samples
    rows, columns = template(models, samples)
    write_table(rows, columns, output)
    say([f"riskscore: what a cell may hold: riskscore models show {models[0].id} --exposures"])
