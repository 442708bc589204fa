"""Write the folder of a run, or of one shard of it: scores, coverage, provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from riskscore.files.inputs import require_unchanged
from riskscore.samples.hla.table import HLA_COLUMNS, hla_rows
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.account.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_rows,
    plain_report,
    tally_scores,
)
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.tally import Tally
from riskscore.writing.folders.aggregated import (
    AGGREGATED,
    aggregated_blocks,
    aggregated_parts,
)
from riskscore.writing.folders.sealed import write_folder
from riskscore.writing.folders.set_names import recorded_set_name
from riskscore.writing.folders.shards import CALLS, PLAIN, RECORD, SCHEMA, SCORES
from riskscore.writing.folders.summary import MULTIQC, multiqc
from riskscore.writing.provenance import Inputs, hash_inputs, provenance, to_json
from riskscore.writing.tables.parquet import as_table, hla_schema, parquet_bytes, scores_schema
from riskscore.writing.tables.text_columns import Block
from riskscore.writing.tables.write import as_block, to_tsv, tsv_parts

FILES = frozenset(
    {"scores.tsv", AGGREGATED, "match_report.tsv", "coverage.tsv", MULTIQC, "provenance.json"}
)


def write_bundle(
    scores: Scores,
    folder: str | Path,
    *,
    inputs: Inputs | None = None,
    replace: bool = False,
) -> Path:
    """Write the score table, what was matched, coverage and provenance into a new folder.

    The folder also has the scores in the columns of the PGS Catalog Calculator, and a table for
    MultiQC. ``inputs`` are the genotype files by role (``vcf``), whose checksums the provenance
    records; those of exposures and HLA tables that were read from files are recorded in any case.
    The files are made beside the folder and moved in together. Raises OutputError when the folder
    holds anything already (unless it is an earlier bundle and ``replace`` is set), or the disk
    refuses; nothing partial is left.

    >>> import riskscore as rs
    >>> from tempfile import TemporaryDirectory
    >>> scores = rs.score(rs.person([rs.load_model("ms")], hla={"DRB1": "15:01 03:01"}))
    >>> with TemporaryDirectory() as folder:
    ...     held = sorted(path.name for path in write_bundle(scores, f"{folder}/results").iterdir())
    >>> held[:4]
    ['aggregated_scores.txt.gz', 'coverage.tsv', 'match_report.tsv', 'provenance.json']
    >>> held[4:]
    ['riskscore_mqc.json', 'scores.tsv']
    """
    record = provenance(
        scores, hash_inputs({**(inputs or {}), **scores.cohort.question.input_files})
    )
    require_unchanged(scores.cohort.marks)  # the checksums are of the files that were read
    return write_tables(
        Path(folder),
        scores.blocks,
        scores.columns,
        tally_scores(scores),
        record,
        plain=plain_lines(scores),
        replace=replace,
    )


def write_shard(
    scores: Scores,
    folder: Path,
    part: PeoplePart,
    *,
    sample_set: str = "",
    hashed: Mapping[str, Any],
    fingerprint: str = "",
) -> Path:
    """Write the scores of one part into a new folder; after an error nothing is left of it.

    ``hashed`` is as in :func:`riskscore.writing.provenance.provenance`; ``fingerprint`` is a
    hash of everything the shard was made from.
    """
    record = {
        "schema": SCHEMA,
        "sample_set": sample_set,
        "part": str(part),
        "fingerprint": fingerprint,
        "provenance": provenance(scores, hashed),
        "tallies": [tally.as_data() for tally in tally_scores(scores)],
    }
    people = max(1, len(scores.cohort.samples))  # rows of a group: one a model
    schema = scores_schema(by_ancestry=scores.cohort.question.by_ancestry)
    table = (as_table(block, schema) for block in scores.blocks())
    rows = as_block(hla_rows(scores.cohort.samples, scores.cohort.hla), HLA_COLUMNS)
    calls = (as_table(block, hla_schema()) for block in rows)
    contents: dict[str, Iterable[str | bytes]] = {
        SCORES: [parquet_bytes(table, schema, people)],
        CALLS: [parquet_bytes(calls, hla_schema(), people)],
    }
    if part.index == 1 and not sample_set and (plain := plain_lines(scores)):
        contents[PLAIN] = [plain]
    return write_folder(folder, contents, RECORD, record)


def plain_lines(scores: Scores) -> str:
    """The match report's lines of genome-wide models; they are the same in every shard."""
    rows = map(asdict, plain_report(scores))
    return to_tsv(rows, MATCH_COLUMNS).partition("\n")[2]


def write_tables(
    folder: Path,
    blocks: Callable[[], Iterable[Block]],
    columns: Sequence[str],
    tallies: Sequence[Tally],
    record: Mapping[str, Any],
    *,
    plain: str,
    replace: bool = False,
) -> Path:
    """A bundle from the blocks of its score table, its tallies and its provenance, ``record``.

    ``plain`` are the match report's lines of genome-wide models (:func:`plain_lines`).
    """
    report = map(asdict, match_rows(tallies))
    name, models = recorded_set_name(record), [tally.model for tally in tallies]
    contents: dict[str, Iterable[str | bytes]] = {
        "scores.tsv": tsv_parts(blocks(), columns),
        AGGREGATED: aggregated_parts(aggregated_blocks(name, blocks(), tallies)),
        "match_report.tsv": [to_tsv(report, MATCH_COLUMNS), plain],
        "coverage.tsv": [to_tsv(coverage_table(tallies), COVERAGE_COLUMNS)],
        MULTIQC: [to_json(multiqc({name: tallies}, models))],
    }
    return write_folder(
        folder, contents, "provenance.json", record, replacing=FILES if replace else ()
    )
