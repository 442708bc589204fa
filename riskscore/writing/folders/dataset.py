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
from riskscore.writing.folders.shards import Whole
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
    wholes: Sequence[Whole],
    failures: Sequence[Failure],
    run: Mapping[str, Any],
    folder: Path,
    *,
    tsv: bool = False,
) -> Path:
    """Write the dataset, or write it anew over an earlier one.

    ``run`` is what all shards share of their provenance (:func:`run_of`). Raises OutputError when
    the disk refuses; what is then in ``folder`` is an earlier result, or has no provenance.json.
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
            outputs = dict(_write_all(wholes, models, failures, staging, tsv, schema))
            _move_in(staging, folder, outputs)
            record = sealed(_told(wholes, failures, run, outputs))
            write_file(staging / RECORD, [to_json(record)])
            (staging / RECORD).replace(folder / RECORD)
            sync_folder(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return folder


def require_own_folder(folder: Path, *also: str) -> None:
    """Refuse a folder that no batch or merge has made; ``also`` are names that are its own."""
    if not folder.exists():
        return
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if not held & {RECORD, *also} and not held <= FILES:
        raise OutputError(
            "the output folder holds other things", where=folder.name, fix="choose a new one"
        )


def run_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """What is the same in the provenance of every shard of a run."""
    names = ("notice", "software", "reference", "models", "parameters")
    return {name: told[name] for name in names}


def _write_all(
    wholes: Sequence[Whole],
    models: Sequence[str],
    failures: Sequence[Failure],
    staging: Path,
    tsv: bool,
    schema: Any,
) -> Iterator[tuple[str, str]]:
    """Write every file but the record; gives their names and checksums.

    ``schema`` is that of the scores.
    """
    for place, model in enumerate(models):
        name = f"{PARTITIONS}/model={model}/scores.parquet"
        (staging / name).parent.mkdir(parents=True)
        tables = (
            _of_set(whole.sample_set, shard.scores(place).drop_columns("model"))
            for whole in wholes
            for shard in whole.shards
        )
        yield name, _write(staging / name, tables, schema, leave_out="model")
    name = "hla_calls.parquet"
    yield name, _write(staging / name, _calls(wholes), hla_schema())
    texts: dict[str, Iterable[str | bytes]] = {
        "match_report.tsv": _report(wholes),
        "coverage.tsv": _coverage(wholes),
        "failed.tsv": [to_tsv(failed_rows(failures), FAILED_COLUMNS)],
        "summary.json": [to_json(summary(wholes, models, len({f.sample_set for f in failures})))],
        MULTIQC: [to_json(multiqc({w.sample_set: w.tallies() for w in wholes}, models))],
        AGGREGATED: aggregated_parts(_aggregated(wholes)),
        "versions.yml": [versions()],
    }
    if tsv:
        rows = (_of_set(w.sample_set, table) for w in wholes for table in w.scores())
        texts["scores.tsv"] = _tsv(rows, schema.names)
        texts["hla_calls.tsv"] = _tsv(_calls(wholes), HLA_COLUMNS)
    for name, parts in texts.items():
        yield name, write_file(staging / name, parts)


def _move_in(staging: Path, folder: Path, outputs: Mapping[str, str]) -> None:
    """Put new files in the place of the old, and take away those that are no more."""
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


def _told(
    wholes: Sequence[Whole],
    failures: Sequence[Failure],
    run: Mapping[str, Any],
    outputs: Mapping[str, str],
) -> dict[str, Any]:
    """The provenance of the whole dataset."""
    told = [whole.told() for whole in wholes]
    return {
        "schema": SCHEMA,
        **run,
        "sample_sets": {
            whole.sample_set: {"inputs": one["inputs"], "cohort": one["cohort"]}
            for whole, one in zip(wholes, told, strict=True)
        },
        "failed": len({failure.sample_set for failure in failures}),
        "outputs": dict(sorted(outputs.items())),
    }


def _report(wholes: Sequence[Whole]) -> Iterator[str]:
    yield to_tsv([], ("sample_set", *MATCH_COLUMNS))
    for whole in wholes:
        rows = map(asdict, match_rows(whole.tallies()))
        yield _body(whole.sample_set, to_tsv(rows, MATCH_COLUMNS))


def _coverage(wholes: Sequence[Whole]) -> Iterator[str]:
    yield to_tsv([], ("sample_set", *COVERAGE_COLUMNS))
    for whole in wholes:
        yield _body(whole.sample_set, to_tsv(coverage_table(whole.tallies()), COVERAGE_COLUMNS))


def _body(sample_set: str, text: str) -> str:
    return "".join(f"{sample_set}\t{line}\n" for line in text.split("\n")[1:-1])


def _aggregated(wholes: Sequence[Whole]) -> Iterator[Block]:
    for whole in wholes:
        blocks = (block_of(table) for table in whole.scores())
        yield from aggregated_blocks(whole.sample_set, blocks, whole.tallies())


def _calls(wholes: Sequence[Whole]) -> Iterator[Any]:
    return (_of_set(w.sample_set, shard.hla_calls()) for w in wholes for shard in w.shards)


def _of_set(sample_set: str, table: Any) -> Any:
    """An Arrow table with its sample set in front."""
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
