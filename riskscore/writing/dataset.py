"""The results of many cohorts in one folder: a Parquet dataset, reports, checksums of everything.

Files are made beside the old ones and moved in one by one; provenance.json, taken away first and
put back last, says that the folder is complete.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import OutputError
from riskscore.files import open_permissions, sha256, sync_folder, write_file
from riskscore.samples.hla.table import HLA_COLUMNS
from riskscore.scoring.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_report,
)
from riskscore.scoring.score import COLUMNS
from riskscore.writing.failures import FAILED_COLUMNS, Failure, failed_rows
from riskscore.writing.provenance import SCHEMA, to_json
from riskscore.writing.shards import Whole
from riskscore.writing.summary import multiqc, summary, versions
from riskscore.writing.tables import to_tsv

RECORD = "provenance.json"
PARTITIONS = "scores"
FILES = frozenset(
    {PARTITIONS, RECORD, "scores.tsv", "hla_calls.tsv", "hla_calls.parquet", "match_report.tsv",
     "coverage.tsv", "failed.tsv", "summary.json", "riskscore_mqc.json", "versions.yml"}
)  # fmt: skip
_ROWS = 100_000  # of a Parquet row group: the same however the cohort was split
_TEXT = frozenset({"sample_set", "sample", "model", "model_version", "flags"})
_HLA_NUMBERS = frozenset({"posterior"})
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_STAGING}*"):
            shutil.rmtree(left, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=folder))
        try:
            models = [model["id"] for model in run["models"]]
            outputs = dict(_write_all(wholes, models, failures, staging, tsv))
            _move_in(staging, folder, outputs)
            write_file(staging / RECORD, [to_json(_told(wholes, failures, run, outputs))])
            (staging / RECORD).replace(folder / RECORD)
            sync_folder(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"could not write: {error.strerror}", where=folder.name) from error
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
    return {name: told[name] for name in ("notice", "software", "models", "parameters")}


def _write_all(
    wholes: Sequence[Whole],
    models: Sequence[str],
    failures: Sequence[Failure],
    staging: Path,
    tsv: bool,
) -> Iterator[tuple[str, str]]:
    """Write every file but the record; gives their names and checksums."""
    for place, model in enumerate(models):
        name = f"{PARTITIONS}/model={model}/scores.parquet"
        (staging / name).parent.mkdir(parents=True)
        blocks = (
            (whole.sample_set, shard.score_lines(place))
            for whole in wholes
            for shard in whole.shards
        )
        yield name, _write_parquet(staging / name, blocks, COLUMNS, leave_out="model")
    calls = ((whole.sample_set, s.hla_lines()) for whole in wholes for s in whole.shards)
    yield (
        "hla_calls.parquet",
        _write_parquet(staging / "hla_calls.parquet", calls, HLA_COLUMNS, numbers=_HLA_NUMBERS),
    )
    texts: dict[str, Iterable[str | bytes]] = {
        "match_report.tsv": _report(wholes),
        "coverage.tsv": _coverage(wholes),
        "failed.tsv": [to_tsv(failed_rows(failures), FAILED_COLUMNS)],
        "summary.json": [to_json(summary(wholes, models, len({f.sample_set for f in failures})))],
        "riskscore_mqc.json": [to_json(multiqc(wholes, models))],
        "versions.yml": [versions()],
    }
    if tsv:
        texts["scores.tsv"] = _prefixed(
            ((w.sample_set, lines) for w in wholes for lines in w.score_lines()), COLUMNS
        )
        calls = ((whole.sample_set, s.hla_lines()) for whole in wholes for s in whole.shards)
        texts["hla_calls.tsv"] = _prefixed(calls, HLA_COLUMNS)
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
        rows = (row.as_row() for row in match_report(whole.tallies()))
        yield _body(whole.sample_set, to_tsv(rows, MATCH_COLUMNS))


def _coverage(wholes: Sequence[Whole]) -> Iterator[str]:
    yield to_tsv([], ("sample_set", *COVERAGE_COLUMNS))
    for whole in wholes:
        yield _body(whole.sample_set, to_tsv(coverage_table(whole.tallies()), COVERAGE_COLUMNS))


def _body(sample_set: str, text: str) -> str:
    return "".join(f"{sample_set}\t{line}\n" for line in text.split("\n")[1:-1])


def _prefixed(
    blocks: Iterable[tuple[str, list[bytes]]], columns: Sequence[str]
) -> Iterator[str | bytes]:
    yield to_tsv([], ("sample_set", *columns))
    for sample_set, lines in blocks:
        prefix = sample_set.encode() + b"\t"
        yield b"".join(prefix + line + b"\n" for line in lines)


def _write_parquet(
    path: Path,
    blocks: Iterable[tuple[str, list[bytes]]],
    columns: Sequence[str],
    *,
    numbers: frozenset[str] | None = None,
    leave_out: str = "",
) -> str:
    """Lines of TSV, by sample set, as one Parquet file; its checksum."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wide = ("sample_set", *columns)
    number = frozenset(wide) - _TEXT if numbers is None else numbers
    types = {name: pa.float64() if name in number else pa.string() for name in wide}
    schema = pa.schema([(name, kind) for name, kind in types.items() if name != leave_out])
    with open(path, "xb") as stream:
        with pq.ParquetWriter(stream, schema) as writer:
            for table in _tables(blocks, types, schema):
                writer.write_table(table, row_group_size=_ROWS)
        stream.flush()
        os.fsync(stream.fileno())
    open_permissions(path)
    return sha256(path)


def _tables(
    blocks: Iterable[tuple[str, list[bytes]]], types: Mapping[str, Any], schema: Any
) -> Iterator[Any]:
    """The lines as Arrow tables of the schema's columns, of _ROWS rows each but for the last."""
    from pyarrow import csv

    for lines in _groups(blocks):
        yield csv.read_csv(
            io.BytesIO(b"\n".join(lines) + b"\n"),
            # one block, and so one chunk
            read_options=csv.ReadOptions(
                column_names=list(types),
                use_threads=False,
                block_size=2 * sum(map(len, lines)) + 2 * len(lines) + 1024,
            ),
            parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=csv.ConvertOptions(
                column_types=dict(types),
                null_values=[""],
                strings_can_be_null=False,
                include_columns=schema.names,
            ),
        )


def _groups(blocks: Iterable[tuple[str, list[bytes]]]) -> Iterator[list[bytes]]:
    """Lines, each with its sample set before it, _ROWS at a time however they come."""
    held: list[bytes] = []
    for sample_set, lines in blocks:
        prefix = sample_set.encode() + b"\t"
        held += [prefix + line for line in lines]
        while len(held) >= _ROWS:
            yield held[:_ROWS]
            held = held[_ROWS:]
    if held:
        yield held
