"""The verbs about models: list, show, check and so on; their table of exposures; progression."""

from __future__ import annotations

import gzip
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from riskscore.cli.options import ForceOption, OutputOption, WeightTypeOption, say
from riskscore.cli.streams import keeping_inputs
from riskscore.errors import UsageError

models = typer.Typer(
    help="The models: list, show, check, import-pgs, export-pgs, schema.", no_args_is_help=True
)
_WHICH = "A model's id or folder, or a PGS Catalog scoring file."


@models.command("list")
def models_list() -> None:
    """The shipped models, one a line."""
    from riskscore.models.catalog import list_models, load_model
    from riskscore.writing.tables.write import write_table

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


@models.command("show")
def models_show(
    name: Annotated[str, typer.Argument(help=_WHICH)],
    sources: Annotated[
        bool, typer.Option("--sources", help="A table of every number and where it comes from.")
    ] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="A table of every term, its weight and its share.")
    ] = False,
    joint: Annotated[
        bool,
        typer.Option("--joint", help="A table of genes and exposures together: odds ratios, RERI."),
    ] = False,
    exposures: Annotated[
        bool,
        typer.Option(
            "--exposures", help="A table of the exposures: column, levels, unit, range, default."
        ),
    ] = False,
    force: ForceOption = False,
    weight_type: WeightTypeOption = None,
) -> None:
    """The card of a model, or t1d-autoantibodies; with --sources, every number with its source."""
    from riskscore.models.catalog import load_model
    from riskscore.models.reference.panel import reference_panel
    from riskscore.models.reference.progression import PROGRESSION
    from riskscore.models.sources import SOURCE_COLUMNS, source_rows
    from riskscore.scoring.population.joint import JOINT_COLUMNS, joint_tables
    from riskscore.writing.card import WEIGHT_COLUMNS, card_words, progression_words, weight_rows
    from riskscore.writing.exposure_guide import EXPOSURE_COLUMNS, exposure_rows
    from riskscore.writing.tables.write import write_table

    if sources + weights + joint + exposures > 1:
        raise UsageError(
            "--sources, --weights, --joint and --exposures are tables of their own; ask for one"
        )
    if name == PROGRESSION and not (sources or weights or joint or exposures):
        for line in progression_words():
            typer.echo(line)
        return
    model, panel = load_model(name, force=force, weight_type=weight_type), reference_panel()
    if sources:
        write_table(source_rows(model), SOURCE_COLUMNS, None)
    elif joint:
        write_table(map(asdict, joint_tables(model, panel)), JOINT_COLUMNS, None)
    elif exposures:
        write_table(exposure_rows(model), EXPOSURE_COLUMNS, None)
    elif weights:
        write_table(weight_rows(model, panel), WEIGHT_COLUMNS, None)
    else:
        for line in card_words(model, panel):
            typer.echo(line)


@models.command("check")
def models_check(
    name: Annotated[str, typer.Argument(help=_WHICH)], weight_type: WeightTypeOption = None
) -> None:
    """Read a model strictly, work through its examples, and compare it with the published tables.

    To standard output goes a table of the rows that contradict the tables of the same disease.
    """
    from riskscore.models.catalog import load_model, shipped_models
    from riskscore.models.provenance import FINDING_COLUMNS, compare, require_trust
    from riskscore.scoring.examples import check_examples
    from riskscore.writing.tables.write import write_table

    model = load_model(name, force=True, weight_type=weight_type)
    count = check_examples(model)
    plain = f", {len(model.plain)} plain variants" if model.plain is not None else ""
    typer.echo(
        f"{model.id} {model.version}: {len(model.terms)} terms{plain}, {count} examples agree",
        err=True,
    )
    for limit in model.card.limits:
        if limit.startswith("On reading:"):
            typer.echo(limit, err=True)
    catalog = shipped_models(model.card.disease["mondo"])
    comparison = compare(model, catalog)
    typer.echo(
        f"{comparison.compared} rows compared with the published tables of the disease: "
        f"{len(comparison.findings)} contradict them",
        err=True,
    )
    rows = [{c: getattr(f, c) for c in FINDING_COLUMNS} for f in comparison.findings]
    write_table(rows, FINDING_COLUMNS, None)
    require_trust(model, catalog)


@models.command("export-pgs")
@keeping_inputs
def models_export(
    name: Annotated[str, typer.Argument(help=_WHICH)],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write; - for stdout.")],
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Write what the format can say, and name the rest.")
    ] = False,
) -> None:
    """Write a model's genetic part as a scoring file of the PGS Catalog, format 2.0."""
    from riskscore.files.outputs import atomic_write
    from riskscore.models.catalog import load_model
    from riskscore.models.scoring_files.export import export_pgs

    export = export_pgs(load_model(name), lossy=lossy)
    for loss in export.losses:
        typer.echo(f"not in the file: {loss}", err=True)
    for note in export.notes:
        typer.echo(note, err=True)
    if str(out) == "-":
        typer.echo(export.text, nl=False)
        return
    with atomic_write(out) as stream:
        text = export.text.encode()
        stream.write(gzip.compress(text, mtime=0) if out.suffix == ".gz" else text)


@models.command("import-pgs")
@keeping_inputs
def models_import(
    file: Annotated[Path, typer.Argument(help="A scoring file of the PGS Catalog.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to make.")],
    force: ForceOption = False,
    weight_type: WeightTypeOption = None,
) -> None:
    """Make a model folder of a scoring file, to be completed by hand."""
    from riskscore.files.inputs import require_file
    from riskscore.files.outputs import new_folder
    from riskscore.models.catalog import load_model
    from riskscore.models.folders.skeleton import folder_files

    require_file(file, "scoring file")
    files = folder_files(load_model(file, force=force, weight_type=weight_type))
    with new_folder(out) as folder:
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    typer.echo(f"wrote {', '.join(files)}; complete model.yaml", err=True)


@models.command("schema")
def models_schema() -> None:
    """The JSON Schema of model.yaml, for an editor."""
    import json

    from riskscore.models.folders.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


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

    For what each column may hold see: riskscore models show MODEL --exposures.
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
    """Print published progression to type 1 diabetes by islet autoantibodies, one curve per cohort.

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
