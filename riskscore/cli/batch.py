"""The verbs of many files: batch, merge, verify."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskscore.cli.options import say, with_question
from riskscore.cli.progress import watching
from riskscore.errors import EXIT_SOME_NOT_SCORED, UsageError

if TYPE_CHECKING:
    from riskscore.cli.options import Ask
    from riskscore.samples.people_part import PeoplePart
    from riskscore.samples.question import Question

OutOption = Annotated[Path, typer.Option(help="Folder for the results.")]
TSVOption = Annotated[
    bool, typer.Option("--tsv", help="Write scores and HLA calls as TSV too, beside Parquet.")
]


@with_question
def batch(
    source: Annotated[
        str,
        typer.Argument(
            help="A manifest (TSV: sample_set, vcf, exposures, hla), a folder, or a quoted "
            "pattern such as 'data/*.vcf.gz'. Files on this machine: nothing is fetched.",
            metavar="MANIFEST|FOLDER|PATTERN",
        ),
    ],
    out: OutOption,
    ask: Ask,
    shards: Annotated[
        int, typer.Option(min=1, help="Parts each sample set is scored in; bounds the memory.")
    ] = 1,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", min=0, help="Processes; 0: one a processor.")
    ] = 0,
    tsv: TSVOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the shards, and score nothing.")
    ] = False,
    json_progress: Annotated[
        bool, typer.Option("--json-progress", help="Progress as JSON lines on standard error.")
    ] = False,
) -> None:
    """Score many files into one folder; run again to go on where an earlier run ended.

    A file that cannot be scored is listed in failed.tsv, the others go on, and the exit code is 3.
    """
    from riskscore.batches.run import run_batch
    from riskscore.batches.sample_sets import PLAN_COLUMNS, find_sample_sets, plan_rows
    from riskscore.writing.tables.write import write_table

    question = ask()
    sample_sets = find_sample_sets(source, exposures=_file(question.exposures), hla=question.hla)
    if dry_run:
        write_table(plan_rows(sample_sets, shards), PLAN_COLUMNS, None)
        return
    with watching(as_json=json_progress) as watch:
        outcome = run_batch(
            sample_sets,
            question,
            out,
            shards=shards,
            jobs=jobs or _processors(),
            tsv=tsv,
            watch=watch,
        )
    progress = outcome.progress
    say(
        [
            f"riskscore: {len(sample_sets)} sample sets in {progress.shards} shards: "
            f"{progress.done - progress.reused} scored, {progress.reused} from an earlier run, "
            f"{progress.failed} failed"
        ]
    )
    if outcome.warnings:
        say([f"riskscore: {outcome.warnings} sample sets with warnings: see summary.json"])
    if outcome.failures:
        say([f"riskscore: {out.name}/failed.tsv says why; run again to try them again"])
    _end(outcome.unscored, failed=bool(outcome.failures))


def merge(
    shards: Annotated[
        list[Path], typer.Argument(help="Folders of score --shard.", metavar="SHARD...")
    ],
    out: OutOption,
    tsv: TSVOption = False,
) -> None:
    """Merge shards: of one cohort to what score --out writes, of sample sets to what batch does.

    A sample set that could not be scored is listed in failed.tsv, and the exit code is 3.
    """
    from riskscore.writing.folders.merge import merge as merge_shards

    merged = merge_shards(shards, out, tsv=tsv)
    if merged.failures:
        left_out = len({failure.sample_set for failure in merged.failures})
        say([f"riskscore: {left_out} sample sets failed; {out.name}/failed.tsv says why"])
    _end(merged.unscored, failed=bool(merged.failures))


def score_for_batch(
    name: str, vcf: list[Path], part: PeoplePart | None, question: Question, out: Path | None
) -> None:
    """Score a shard for a batch, or write the error in its place (``score --sample-set``)."""
    from riskscore.batches.sample_sets import SampleSet
    from riskscore.batches.tasks import Done, Task
    from riskscore.batches.workers import score_one

    if part is None or out is None:
        raise UsageError(
            "--sample-set is the name of a shard's cohort", fix="add --shard and --out"
        )
    one = SampleSet(name, tuple(vcf), _file(question.exposures), question.hla)
    outcome = score_one(Task(one, part), question, out)
    if isinstance(outcome, Done):
        say(f"riskscore: warning: {warning}" for warning in outcome.warnings)
        _end(outcome.unscored)
    else:
        say([f"riskscore: {outcome.error}: {outcome.message}"])
        _end(0, failed=True)


def verify(
    folder: Annotated[Path, typer.Argument(help="A folder of score --out, merge or batch.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Option(help="File or folder in which to look for the inputs; repeat for several."),
    ] = None,
) -> None:
    """Hash inputs and outputs again, and list the files that are not as the provenance says."""
    from riskscore.batches.verify import require_same
    from riskscore.batches.verify import verify as compare

    findings = compare(folder, inputs or [])
    for finding in findings:
        typer.echo(f"{finding.state}\t{finding.what}")
    if any(finding.state == "unchecked" for finding in findings):
        say(["riskscore: what is unchecked was not found; say where it is with --inputs"])
    require_same(findings)


def _file(exposures: Any) -> Path | None:
    """The path of the exposures; on the command line they are always a file."""
    return None if exposures is None else Path(exposures)


def _processors() -> int:
    """The number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end(unscored: int, *, failed: bool = False) -> None:
    """End with exit code 3 if not everything was scored."""
    if unscored:
        say([f"riskscore: rows without a score: {unscored}; their flags say why"])
    if unscored or failed:
        raise typer.Exit(EXIT_SOME_NOT_SCORED)
