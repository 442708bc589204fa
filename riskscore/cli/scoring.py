"""The verbs of the main job: score, explain, check, demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskscore.cli.options import OutputOption, VCFArgument, asks, read_and_score, say
from riskscore.errors import EXIT_SOME_NOT_SCORED

if TYPE_CHECKING:
    from riskscore.cli.options import Ask


@asks
def score(
    vcf: VCFArgument,
    ask: Ask,
    output: OutputOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for scores, match report, coverage, provenance.")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(help="Score the i-th of k parts of the people, as i/k; see merge."),
    ] = None,
    sample_set: Annotated[
        str,
        typer.Option(
            help="With --shard and --out: the name of the cohort among those of a batch. If it "
            "cannot be scored, --out says why, for merge to tell in failed.tsv; exit code 3."
        ),
    ] = "",
) -> None:
    """Score every sample of a VCF with one or several models."""
    from riskscore.samples.people_part import PeoplePart
    from riskscore.scoring.score import COLUMNS
    from riskscore.writing.tables import check_ending, write_blocks

    check_ending(output)
    part = PeoplePart.parse(shard) if shard else None
    if out is not None:
        from riskscore.outputs import require_new_folder

        require_new_folder(out)
    if sample_set:
        from riskscore.cli.batch import score_for_batch

        score_for_batch(sample_set, vcf, part, ask(), out)
        return
    scores = read_and_score(vcf, ask(), part)
    if out is not None:
        files = [path for path in vcf if str(path) != "-"]
        if part is None:
            from riskscore.writing.bundle import write_bundle

            write_bundle(scores, out, inputs={"vcf": files})
        else:
            from riskscore.writing.provenance import hash_inputs
            from riskscore.writing.shards import write_shard

            hashed = hash_inputs({"vcf": files, **scores.cohort.question.input_files})
            write_shard(scores, out, part, hashed=hashed)
    if output is not None or out is None:
        write_blocks(scores.blocks(), COLUMNS, output)
    unscored = sum(table.unscored for table in scores.tables)
    if unscored:
        say([f"riskscore: {unscored} rows have no score; their flags say why"])
        raise typer.Exit(EXIT_SOME_NOT_SCORED)


@asks
def explain(
    vcf: VCFArgument,
    ask: Ask,
    sample: Annotated[str, typer.Option("-s", "--sample", help="The sample to explain.")],
    unsure: Annotated[
        bool, typer.Option("--uncertainty", help="Print what makes the score unsure, by source.")
    ] = False,
    output: OutputOption = None,
) -> None:
    """Print one person's ledger: each term, what was found, and what it adds to log_odds."""
    from riskscore.scoring.ledger import (
        LEDGER_COLUMNS,
        UNCERTAINTY_COLUMNS,
        ledger,
        uncertainty_rows,
    )
    from riskscore.writing.tables import check_ending, write_table
    from riskscore.writing.words import NOTICE, outcome_words, risk_words

    check_ending(output)
    scores = read_and_score(vcf, ask())
    sources = {table.model.id: uncertainty_rows(scores, table, sample) for table in scores.tables}
    columns: tuple[str, ...] = ("model", *(UNCERTAINTY_COLUMNS if unsure else LEDGER_COLUMNS))
    if unsure:
        rows = [{"model": model, **row} for model, table in sources.items() for row in table]
    else:
        rows = [
            {"model": table.model.id, **entry.as_row()}
            for table in scores.tables
            for entry in ledger(scores.cohort, table.reference, scores.panel, sample)
        ]
    write_table(rows, columns, output)
    place = scores.cohort.samples.index(sample)
    for table in scores.tables:
        numbers = {name: values[place] for name, values in table.numbers.items()}
        say(
            [
                f"{table.model.id}: {outcome_words(table.model, scores.cohort.question)}: "
                f"{risk_words(numbers)}; odds against a person of average score "
                f"{numbers['odds_ratio']:.3g} (log odds {numbers['log_odds']:+.4f}); "
                f"coverage {numbers['coverage']:.0%}. {NOTICE}",
                "  unsure because of "
                + ", ".join(
                    f"{row['source']} {row['share']:.0%}"
                    + (f" ({row['note']})" if row["note"] else "")
                    for row in sources[table.model.id][:-1]
                ),
            ]
        )


@asks
def check(
    vcf: VCFArgument,
    ask: Ask,
    shard: Annotated[
        str | None,
        typer.Option(help="Count the i-th of k parts of the people, as i/k; bounds the memory."),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Before a long run: the build, what matches, what will be missing, and the fix.

    Prints words, then the match report, one row a locus (with -o into a file).
    """
    from riskscore.samples.people_part import PeoplePart
    from riskscore.scoring.coverage import MATCH_COLUMNS, match_report
    from riskscore.writing.tables import check_ending, write_table
    from riskscore.writing.words import check_words

    check_ending(output)
    scores = read_and_score(vcf, ask(), PeoplePart.parse(shard) if shard else None)
    for line in check_words(scores):
        typer.echo(line)
    typer.echo()
    write_table([row.as_row() for row in match_report(scores)], MATCH_COLUMNS, output)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo-results"),
) -> None:
    """Score 2,504 real people of the 1000 Genomes Project with three models."""
    from riskscore.files import reference_root, require_file
    from riskscore.outputs import require_new_folder
    from riskscore.run import score as run_score
    from riskscore.tables import read_rows
    from riskscore.writing.bundle import FILES, write_bundle
    from riskscore.writing.words import summary_words

    examples = reference_root() / "examples"
    vcf = require_file(
        examples / "1000G_MHC_HLA.GRCh38.vcf.gz", "example VCF (it is in a checkout)"
    )
    people = {row["sample"]: row for row in read_rows(examples / "1000G_samples.tsv")}
    require_new_folder(out, replacing=FILES)
    models = ["t1d", "ra", "ms"]
    scores = run_score(vcf, models, exposures=examples / "1000G_samples.tsv")
    groups = [people[sample]["superpopulation"] for sample in scores.cohort.samples]
    shown = {"HG00096": "t1d", "NA12878": "ms", "NA19238": "ra", "HG00403": "t1d", "HG03713": "ms"}
    for line in summary_words(scores, groups, shown):
        typer.echo(line)
    write_bundle(scores, out, inputs={"vcf": vcf}, replace=True)
    typer.echo(f"\nThe whole table: {out}/scores.tsv")
