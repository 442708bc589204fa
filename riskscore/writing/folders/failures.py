"""Failures: the rows of failed.tsv, and the folder written in place of a shard that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from riskscore.errors import ShardError
from riskscore.files.inputs import read_json
from riskscore.writing.folders.sealed import write_folder

RECORD = "failed.json"
FAILED_COLUMNS = ("sample_set", "file", "part", "error", "exit_code", "message")


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample set, or one file of it, that could not be scored."""

    sample_set: str
    file: str
    part: str
    error: str
    exit_code: int
    message: str


@dataclass(frozen=True, slots=True)
class FailedShard:
    """The failure of a shard; ``run`` is the part of the provenance that all shards share."""

    failure: Failure
    run: Mapping[str, Any]


def failed_rows(failures: Sequence[Failure]) -> Iterator[dict[str, Any]]:
    """One row for each sample set and cause, with the parts that failed for it."""
    parts: dict[Failure, list[str]] = {}
    for failure in failures:
        parts.setdefault(replace(failure, part=""), []).append(failure.part)
    for failure, failed in parts.items():
        yield asdict(failure) | {"part": ",".join(failed)}


def write_failed_shard(folder: Path, failure: Failure, run: Mapping[str, Any]) -> Path:
    """Write the error of a shard into a new folder, in the place of the shard."""
    return write_folder(folder, {}, RECORD, {"failure": asdict(failure), "run": dict(run)})


def is_failed_shard(folder: Path) -> bool:
    """Whether a folder holds the error of a shard instead of its results."""
    return (folder / RECORD).is_file()


def read_failed_shard(folder: Path) -> FailedShard:
    """The failure recorded in a folder; raises ShardError when it cannot be read."""
    record = folder / RECORD
    try:
        data = read_json(record)
        return FailedShard(Failure(**data["failure"]), data["run"])
    except (ValueError, KeyError, TypeError) as error:
        raise ShardError(f"{RECORD} cannot be read", where=folder.name) from error
