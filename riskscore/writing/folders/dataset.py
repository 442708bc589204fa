"""The results of many cohorts in one folder: a Parquet dataset, reports, checksums of everything.

Files are made beside the old ones and moved in one by one; provenance.json, taken away first and
put back last, says that the folder is complete.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from riskscore.errors import OutputError
from riskscore.files.inputs import sha256
from riskscore.files.outputs import as_output_errors, open_permissions, sync_folder, write_file
from riskscore.samples.hla.table import HLA_COLUMNS
from riskscore.scoring.account.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_rows,
)
from riskscore.writing.folders.aggregated import (
    AGGREGATED,
    aggregated_blocks,
    aggregated_parts,
)
from riskscore.writing.folders.failures import FAILED_COLUMNS, Failure, failed_rows
from riskscore.writing.folders.shards import ShardedCohort
from riskscore.writing.folders.summary import MULTIQC, multiqc, summary, versions
from riskscore.writing.provenance import SCHEMA, asks_ancestry, sealed, to_json
from riskscore.writing.tables.parquet import block_of, hla_schema, scores_schema, write_parquet
from riskscore.writing.tables.text_columns import Block
from riskscore.writing.tables.write import to_tsv, tsv_parts

RECORD = "provenance.json"
PARTITIONS = "scores"
FILES = frozenset(
    {PARTITIONS, RECORD, "scores.tsv", "hla_calls.tsv", "hla_calls.parquet", "match_report.tsv",
     "coverage.tsv", "failed.tsv", "summary.json", MULTIQC, AGGREGATED, "versions.yml"}
)  # fmt: skip
_ROWS = 100_000  # of a Parquet row group: the same however the cohort was split
_STAGING = ".next-"


def write_dataset(
    cohorts: Sequence[ShardedCohort],
    failures: Sequence[Failure],
    run: Mapping[str, Any],
    folder: Path,
    *,
    tsv: bool = False,
) -> Path:
    """Write the dataset, over an earlier one if there is one.

    ``run`` is what all shards share of their provenance (:func:`run_of`). Raises OutputError when
    the disk refuses; ``folder`` then holds an earlier result, or has no provenance.json.
    """
    models = [str(model["id"]) for model in run["models"]]
    odd = [name for name in models if Path(name).name != name]
    if odd:
        raise OutputError(f"the model id {odd[0]!r} is no name for a folder", where=folder.name)
    schema = scores_schema(by_ancestry=asks_ancestry(run))
    with as_output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder))
        try:
            outputs = dict(_write_all(cohorts, models, failures, staging, tsv, schema))
            _move_in(staging, folder, outputs)
            record = sealed(_dataset_record(cohorts, failures, run, outputs))
            write_file(staging / RECORD, [to_json(record)])
            (staging / RECORD).replace(folder / RECORD)
            sync_folder(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return folder


def require_own_folder(folder: Path, *also: str) -> None:
    """Raise OutputError for a folder with files that no batch or merge wrote.

    ``also`` are names that may be there too.
    """
    if not folder.exists():
        return
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if not held & {RECORD, *also} and not held <= FILES:
        raise OutputError(
            "the output folder holds other things", where=folder.name, fix="choose a new one"
        )


def run_of(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a provenance that all shards of a run have in common."""
    names = ("notice", "software", "reference", "models", "parameters")
    return {name: provenance[name] for name in names}


def _write_all(
    cohorts: Sequence[ShardedCohort],
    models: Sequence[str],
    failures: Sequence[Failure],
    staging: Path,
    tsv: bool,
    schema: Any,
) -> Iterator[tuple[str, str]]:
    """Write every file but the record; yields their names and checksums.

    ``schema`` is the Arrow schema of the scores.
    """
    for place, model in enumerate(models):
        name = f"{PARTITIONS}/model={model}/scores.parquet"
        (staging / name).parent.mkdir(parents=True)
        tables = (
            _of_set(cohort.sample_set, shard.scores(place).drop_columns("model"))
            for cohort in cohorts
            for shard in cohort.shards
        )
        yield name, _write(staging / name, tables, schema, leave_out="model")
    name = "hla_calls.parquet"
    yield name, _write(staging / name, _calls(cohorts), hla_schema())
    texts: dict[str, Iterable[str | bytes]] = {
        "match_report.tsv": _report(cohorts),
        "coverage.tsv": _coverage(cohorts),
        "failed.tsv": [to_tsv(failed_rows(failures), FAILED_COLUMNS)],
        "summary.json": [to_json(summary(cohorts, models, len({f.sample_set for f in failures})))],
        MULTIQC: [to_json(multiqc({w.sample_set: w.tallies() for w in cohorts}, models))],
        AGGREGATED: aggregated_parts(_aggregated(cohorts)),
        "versions.yml": [versions()],
    }
    if tsv:
        rows = (_of_set(w.sample_set, table) for w in cohorts for table in w.scores())
        texts["scores.tsv"] = _tsv(rows, schema.names)
        texts["hla_calls.tsv"] = _tsv(_calls(cohorts), HLA_COLUMNS)
    for name, parts in texts.items():
        yield name, write_file(staging / name, parts)


def _move_in(staging: Path, folder: Path, outputs: Mapping[str, str]) -> None:
    """Move the new files in, and remove old ones that have no successor."""
    (folder / RECORD).unlink(missing_ok=True)
    sync_folder(folder)
    for old in [*folder.glob(f"{PARTITIONS}/**/*.parquet"), *(folder / name for name in FILES)]:
        if old.is_file() and old.relative_to(folder).as_posix() not in outputs:
            old.unlink()
    for name in outputs:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(target)
        sync_folder(target.parent)
    for partition in (folder / PARTITIONS).glob("*/"):
        if not any(partition.iterdir()):
            partition.rmdir()


def _dataset_record(
    cohorts: Sequence[ShardedCohort],
    failures: Sequence[Failure],
    run: Mapping[str, Any],
    outputs: Mapping[str, str],
) -> dict[str, Any]:
    """The provenance of the whole dataset."""
    return {
        "schema": SCHEMA,
        **run,
        "sample_sets": {
            cohort.sample_set: {name: cohort.provenance()[name] for name in ("inputs", "cohort")}
            for cohort in cohorts
        },
        "failed": len({failure.sample_set for failure in failures}),
        "outputs": dict(sorted(outputs.items())),
    }


def _report(cohorts: Sequence[ShardedCohort]) -> Iterator[str]:
    yield to_tsv([], ("sample_set", *MATCH_COLUMNS))
    for cohort in cohorts:
        rows = map(asdict, match_rows(cohort.tallies()))
        yield _body(cohort.sample_set, to_tsv(rows, MATCH_COLUMNS))


def _coverage(cohorts: Sequence[ShardedCohort]) -> Iterator[str]:
    yield to_tsv([], ("sample_set", *COVERAGE_COLUMNS))
    for cohort in cohorts:
        yield _body(cohort.sample_set, to_tsv(coverage_table(cohort.tallies()), COVERAGE_COLUMNS))


def _body(sample_set: str, text: str) -> str:
    return "".join(f"{sample_set}\t{line}\n" for line in text.split("\n")[1:-1])


def _aggregated(cohorts: Sequence[ShardedCohort]) -> Iterator[Block]:
    for cohort in cohorts:
        blocks = (block_of(table) for table in cohort.scores())
        yield from aggregated_blocks(cohort.sample_set, blocks, cohort.tallies())


def _calls(cohorts: Sequence[ShardedCohort]) -> Iterator[Any]:
    return (_of_set(w.sample_set, shard.hla_calls()) for w in cohorts for shard in w.shards)


def _of_set(sample_set: str, table: Any) -> Any:
    """An Arrow table with the column ``sample_set`` before the others."""
    import pyarrow as pa

    return table.add_column(0, "sample_set", pa.array([sample_set] * len(table), pa.string()))


def _tsv(tables: Iterable[Any], columns: Sequence[str]) -> Iterator[str | bytes]:
    return tsv_parts((block_of(table) for table in tables), ("sample_set", *columns))


def _write(path: Path, tables: Iterable[Any], own: Any, *, leave_out: str = "") -> str:
    """Arrow tables as one Parquet file, with ``sample_set`` before the columns of ``own``."""
    import pyarrow as pa

    schema = pa.schema([("sample_set", pa.string()), *(f for f in own if f.name != leave_out)])
    with open(path, "xb") as stream:
        write_parquet(stream, tables, schema, _ROWS)
        stream.flush()
        os.fsync(stream.fileno())
    open_permissions(path)
    return sha256(path)
