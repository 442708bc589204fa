"""The verb progression: what followed once autoantibodies were there, by cohort."""

from __future__ import annotations

from typing import Annotated

import typer

from riskscore.cli.options import OutputOption, say


def progression(
    autoantibodies: Annotated[
        str,
        typer.Option(
            "-a", "--autoantibodies", help="How many kinds of antibody: 0, 1, 2, 3 or 2+; else all."
        ),
    ] = "",
    years: Annotated[
        float | None,
        typer.Option(
            "-y", "--years", help="The risk by so many years of the clock; else each year's."
        ),
    ] = None,
    clock: Annotated[
        str, typer.Option(help="Only curves of one clock, such as seroconversion or screening.")
    ] = "",
    output: OutputOption = None,
) -> None:
    """Print published progression to type 1 diabetes by islet autoantibodies, a curve a cohort.

    It stands apart from the genetic scores (riskscore models show t1d-autoantibodies) and must not
    be multiplied by them: the cohorts were chosen by HLA type or family.
    """
    from riskscore.models.reference.progression import (
        PROGRESSION_COLUMNS,
        progression_rows,
        with_autoantibodies,
    )
    from riskscore.writing.plain_words import NOTICE
    from riskscore.writing.tables.write import check_ending, write_table

    check_ending(output)
    curves = with_autoantibodies(autoantibodies, clock)
    rows = progression_rows(curves, years)
    write_table(rows, PROGRESSION_COLUMNS, output)
    shorter = [c for c in curves if years is not None and c.followed < years]
    say(f"riskscore: {c.group} ({c.cohort}): followed {c.followed:g} years" for c in shorter)
    say([f"Each curve is of its own cohort, apart from any genetic score. {NOTICE}"])
