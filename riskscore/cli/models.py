"""The verbs about models: list, show, check, schema."""

from __future__ import annotations

from typing import Annotated

import typer

models_app = typer.Typer(help="The models: list, show, check, schema.", no_args_is_help=True)


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
