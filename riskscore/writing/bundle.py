"""The folder of a run: scores, match report, coverage, provenance; complete or not there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from riskscore.errors import OutputError
from riskscore.scoring.coverage import (
    COVERAGE_COLUMNS,
    MATCH_COLUMNS,
    coverage_table,
    match_report,
)
from riskscore.scoring.score import COLUMNS, Scores
from riskscore.writing.provenance import provenance, to_json
from riskscore.writing.tables import to_tsv, tsv_parts

FILES = frozenset({"scores.tsv", "match_report.tsv", "coverage.tsv", "provenance.json"})


def write_bundle(
    scores: Scores,
    folder: str | Path,
    *,
    inputs: Mapping[str, Path | None] | None = None,
    parameters: Mapping[str, Any] | None = None,
    replace: bool = False,
) -> Path:
    """Write scores.tsv, match_report.tsv, coverage.tsv and provenance.json into a new folder.

    The files are made beside the folder and moved in together. Raises OutputError when the folder
    holds anything already (unless it is an earlier bundle and ``replace`` is set), or the disk
    refuses; nothing partial is left.
    """
    folder = Path(folder)
    check_folder(folder, replace=replace)
    contents: dict[str, Iterable[str]] = {
        "scores.tsv": tsv_parts(scores.blocks(), COLUMNS),
        "match_report.tsv": [to_tsv((r.as_row() for r in match_report(scores)), MATCH_COLUMNS)],
        "coverage.tsv": [to_tsv(coverage_table(scores), COVERAGE_COLUMNS)],
        "provenance.json": [to_json(provenance(scores, inputs or {}, parameters or {}))],
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"could not write: {error.strerror}", where=folder.name) from error
    try:
        for name, parts in contents.items():
            with open(staging / name, "w", encoding="utf-8") as stream:
                stream.writelines(parts)
        staging.chmod(0o755)
        if folder.is_dir():
            for name in contents:
                (folder / name).unlink(missing_ok=True)
        staging.replace(folder)
    except OSError as error:
        raise OutputError(f"could not write: {error.strerror}", where=folder.name) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def check_folder(folder: Path, *, replace: bool = False) -> None:
    """Refuse a folder that holds something already, before any work is done."""
    if not folder.exists():
        return
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else {folder.name}
    if held - (FILES if replace else set()):
        raise OutputError(
            "the output folder is not empty", where=folder.name, fix="choose a new one with --out"
        )
