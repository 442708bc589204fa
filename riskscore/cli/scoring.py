"""The verbs of the main job: score, explain, check, demo."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.cli.options import OutputOption, VCFArgument, read_and_score, say, with_question
from riskscore.cli.terminal import end_words, ledger_lines, stages
from riskscore.errors import EXIT_SOME_NOT_SCORED, plain

if TYPE_CHECKING:
    from riskscore.cli.options import Ask
    from riskscore.samples.people_part import PeoplePart
    from riskscore.scoring.score import Scores
    from riskscore.scoring.scores.scored import ModelScores

QuietOption = Annotated[
    bool, typer.Option("-q", "--quiet", help="No progress, and no lines at the end.")
]


@with_question
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
            "cannot be scored, --out says why, for merge to list in failed.tsv; exit code 3."
        ),
    ] = "",
    quiet: QuietOption = False,
) -> None:
    """Score every sample of a VCF with one or several models."""
    from riskscore.samples.people_part import PeoplePart
    from riskscore.writing.tables.write import check_ending, write_blocks

    check_ending(output)
    part = PeoplePart.parse(shard) if shard else None
    if out is not None:
        from riskscore.files.outputs import require_new_folder

        require_new_folder(out)
    if sample_set:
        from riskscore.cli.batch import score_for_batch

        score_for_batch(sample_set, vcf, part, ask(), out)
        return
    with stages(quiet=quiet) as tell:
        scores = read_and_score(vcf, ask(), part, tell)
        tell("writing")
        if out is not None:
            _write_folder(scores, [path for path in vcf if str(path) != "-"], part, out)
        if output is not None or out is None:
            write_blocks(scores.blocks(), scores.columns, output)
    if not quiet:
        say(end_words(scores, output, out))
        _say_beside(scores)
    _say_typed_alone(scores)
    unscored = sum(table.unscored for table in scores.tables)
    if unscored:
        say([f"riskscore: rows without a score: {unscored}; their flags say why"])
        raise typer.Exit(EXIT_SOME_NOT_SCORED)


def _say_beside(scores: Scores) -> None:
    """Compare risks with those of the model that a model names to be read beside it."""
    named = [table.model.id for table in scores.tables if table.model.beside]
    if named:
        from riskscore.writing.words import beside_words

        for model in named:
            say(f"riskscore: {line}" for line in beside_words(scores, model))


def _say_typed_alone(scores: Scores) -> None:
    """Name the model to use instead of one that needs SNPs which the file lacks."""
    if any(table.model.typed_alone for table in scores.tables):
        from riskscore.writing.words import typed_alone_words

        say(f"riskscore: note: {line}" for line in typed_alone_words(scores))


def _write_folder(scores: Scores, vcf: list[Path], part: PeoplePart | None, out: Path) -> None:
    """Write the results of a cohort as a bundle, or of a part of it as a shard."""
    if part is None:
        from riskscore.writing.folders.bundle import write_bundle

        write_bundle(scores, out, inputs={"vcf": vcf})
        return
    from riskscore.writing.folders.bundle import write_shard
    from riskscore.writing.provenance import hash_inputs

    hashed = hash_inputs({"vcf": vcf, **scores.cohort.question.input_files})
    write_shard(scores, out, part, hashed=hashed)


@with_question
def explain(
    vcf: VCFArgument,
    ask: Ask,
    sample: Annotated[str, typer.Option("-s", "--sample", help="The sample to explain.")],
    unsure: Annotated[
        bool, typer.Option("--uncertainty", help="Print what makes the score unsure, by source.")
    ] = False,
    terms: Annotated[
        bool, typer.Option("--terms", help="Every term, on a terminal too: a table.")
    ] = False,
    output: OutputOption = None,
) -> None:
    """Print what one person's score is made of; the lines sum to log_odds.

    On a terminal: the largest measurements, in words. Into a pipe or a file (-o): every term, what
    was found, and what it adds, the largest first.
    """
    from riskscore.scoring.account.ledger import (
        LEDGER_COLUMNS,
        UNCERTAINTY_COLUMNS,
        ledger,
        uncertainty_rows,
    )
    from riskscore.writing.tables.write import check_ending, write_table

    check_ending(output)
    scores = read_and_score(vcf, ask())
    sources = {table.model.id: uncertainty_rows(scores, table, sample) for table in scores.tables}
    ledgers = [
        (table.model, ledger(scores.cohort, table.reference, sample)) for table in scores.tables
    ]
    if unsure:
        rows = [{"model": model, **row} for model, table in sources.items() for row in table]
        write_table(rows, ("model", *UNCERTAINTY_COLUMNS), output)
    elif terms or output is not None or not sys.stdout.isatty():
        rows = [
            {"model": model.id, **asdict(entry)}
            for model, entries in ledgers
            for entry in sorted(entries, key=lambda entry: -abs(entry.contribution))
        ]
        write_table(rows, ("model", *LEDGER_COLUMNS), output)
    else:
        for model, entries in ledgers:
            for line in ledger_lines(model, entries):
                typer.echo(plain(line))
    place = scores.cohort.samples.index(sample)
    for table in scores.tables:
        say(_risk_lines(scores, table, place, sources[table.model.id]))


def _risk_lines(
    scores: Scores, table: ModelScores, place: int, sources: list[dict[str, Any]]
) -> list[str]:
    """One person's risk by a model, the sources of its uncertainty, and the model beside it."""
    from riskscore.writing.plain_words import NOTICE, risk_words
    from riskscore.writing.words import doubt_words, outcome_words

    numbers = {name: values[place] for name, values in table.numbers.items()}
    return [
        f"{table.model.id}: {outcome_words(table.model, scores.cohort.question)}: "
        f"{risk_words(numbers)}; odds against a person of average score "
        f"{numbers['odds_ratio']:.3g} (log odds {numbers['log_odds']:+.4f}); "
        f"coverage {numbers['coverage']:.0%}. {NOTICE}",
        f"  unsure because of {', '.join(map(doubt_words, sources[:-1]))}",
        *_beside(scores, table.model.id, place),
    ]


def _beside(scores: Scores, model: str, place: int) -> list[str]:
    """One person's risk by the model that is shown beside the one explained."""
    from riskscore.writing.plain_words import risk_words
    from riskscore.writing.words import outcome_words

    own, other = scores.of(model).model.beside, scores.beside(model)
    if own is None or other is None:
        return []
    numbers = {name: values[place] for name, values in other.numbers.items()}
    what = outcome_words(own.model, scores.cohort.question)
    return [f"  beside it {own.model.id} ({own.reason}): {what}: {risk_words(numbers)}"]


@with_question
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

    Prints words, then the match report with a row for each locus (with -o into a file). Where
    nothing matches it prints them too, and fails.
    """
    from riskscore.run import score as run_score
    from riskscore.samples.people_part import PeoplePart
    from riskscore.samples.read import nothing_matched, read_any_cohort
    from riskscore.scoring.account.coverage import MATCH_COLUMNS, match_report
    from riskscore.writing.tables.write import check_ending, write_table
    from riskscore.writing.words import check_words

    check_ending(output)
    part = PeoplePart.parse(shard) if shard else None
    cohort, name = read_any_cohort(vcf, ask(), part)
    say(f"riskscore: warning: {warning}" for warning in cohort.warnings)
    scores = run_score(cohort)
    for line in check_words(scores):
        typer.echo(line)
    typer.echo()
    write_table(map(asdict, match_report(scores)), MATCH_COLUMNS, output)
    problem = nothing_matched(cohort, name)
    if problem is not None:
        raise problem


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("demo-results"),
) -> None:
    """Score 2,504 real people of the 1000 Genomes Project with three models."""
    from riskscore.files.inputs import reference_root, require_file
    from riskscore.files.outputs import require_new_folder
    from riskscore.files.tables import read_rows
    from riskscore.run import score as run_score
    from riskscore.writing.demo import summary_words
    from riskscore.writing.folders.bundle import FILES, write_bundle

    examples = reference_root() / "examples"
    vcf = require_file(examples / "1000G_MHC_HLA.GRCh38.vcf.gz", "example VCF")
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
