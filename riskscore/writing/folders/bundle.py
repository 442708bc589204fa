"""The folder of a run: scores, match report, coverage, provenance; complete or not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.files import require_unchanged
from riskscore.outputs import new_folder, write_file
from riskscore.scoring.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_report,
    plain_report,
    tally_scores,
)
from riskscore.scoring.score import Scores
from riskscore.scoring.tally import Tally
from riskscore.writing.provenance import Inputs, hash_inputs, provenance, sealed, to_json
from riskscore.writing.tables.write import to_tsv, tsv_parts

FILES = frozenset({"scores.tsv", "match_report.tsv", "coverage.tsv", "provenance.json"})


def write_bundle(
    scores: Scores,
    folder: str | Path,
    *,
    inputs: Inputs | None = None,
    replace: bool = False,
) -> Path:
    """Write scores.tsv, match_report.tsv, coverage.tsv and provenance.json into a new folder.

    ``inputs`` are the files the scores were made from, by role (``vcf``): the provenance tells
    their checksums. Exposures and HLA tables are known, where they were read from files.
    The files are made beside the folder and moved in together. Raises OutputError when the folder
    holds anything already (unless it is an earlier bundle and ``replace`` is set), or the disk
    refuses; nothing partial is left.

    >>> import riskscore as rs
    >>> from tempfile import TemporaryDirectory
    >>> scores = rs.score(rs.person([rs.load_model("ms")], hla={"DRB1": "15:01 03:01"}))
    >>> with TemporaryDirectory() as folder:
    ...     sorted(path.name for path in write_bundle(scores, f"{folder}/results").iterdir())
    ['coverage.tsv', 'match_report.tsv', 'provenance.json', 'scores.tsv']
    """
    told = provenance(scores, hash_inputs({**(inputs or {}), **scores.cohort.question.input_files}))
    require_unchanged(scores.cohort.marks)  # the checksums are of the files that were read
    table = tsv_parts(scores.blocks(), scores.columns)
    plain = plain_lines(scores)
    return write_tables(
        Path(folder), table, tally_scores(scores), told, plain=plain, replace=replace
    )


def plain_lines(scores: Scores) -> str:
    """The match report's lines of genome-wide models, which no tally holds: they are of all."""
    rows = (row.as_row() for row in plain_report(scores))
    return to_tsv(rows, MATCH_COLUMNS).partition("\n")[2]


def write_tables(
    folder: Path,
    table: Iterable[str | bytes],
    tallies: Sequence[Tally],
    told: Mapping[str, Any],
    *,
    plain: str = "",
    replace: bool = False,
) -> Path:
    """A bundle from the text of its score table, its tallies and its provenance.

    ``plain`` are the match report's lines of genome-wide models (:func:`plain_lines`).
    """
    report = (row.as_row() for row in match_report(tallies))
    contents: dict[str, Iterable[str | bytes]] = {
        "scores.tsv": table,
        "match_report.tsv": [to_tsv(report, MATCH_COLUMNS), plain],
        "coverage.tsv": [to_tsv(coverage_table(tallies), COVERAGE_COLUMNS)],
    }
    return write_folder(folder, contents, "provenance.json", told, replace=replace)


def write_folder(
    folder: Path,
    contents: Mapping[str, Iterable[str | bytes]],
    record: str,
    told: Mapping[str, Any],
    *,
    replace: bool = False,
) -> Path:
    """A folder of files, and last the ``record`` that tells their checksums, and its own.

    It appears whole, written through to the disk, or not at all.
    """
    with new_folder(folder, replacing=FILES if replace else ()) as staging:
        outputs = {name: write_file(staging / name, parts) for name, parts in contents.items()}
        write_file(staging / record, [to_json(sealed({**told, "outputs": outputs}))])
    return folder
