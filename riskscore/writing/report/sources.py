"""The results for a report: from scores, or from the folder of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from riskscore.errors import InputError, ModelNotFoundError
from riskscore.files.inputs import require_file
from riskscore.files.tables import read_rows
from riskscore.models.catalog import load_model
from riskscore.models.model import RiskModel
from riskscore.scoring.account.coverage import coverage_table, match_report, tally_scores
from riskscore.scoring.score import Scores
from riskscore.writing.provenance import provenance, read_provenance, require_written
from riskscore.writing.report.batches import (
    batch_scores,
    batch_table,
    is_batch,
    merged_coverage,
    merged_matches,
    merged_provenance,
)
from riskscore.writing.report.results import Results

_TEXT = frozenset(
    (
        "sample sample_set model model_version flags component kind name code record advice note"
    ).split()
)


def results_of_scores(scores: Scores, groups: Mapping[str, str] | None = None) -> Results:
    """Results from scores."""
    return Results(
        tuple(scores.rows()),
        tuple(map(asdict, match_report(scores))),
        tuple(coverage_table(tally_scores(scores))),
        provenance(scores, {}),
        tuple(table.model for table in scores.tables),
        groups or {},
    )


def results_of_folder(
    folder: Path,
    groups: Mapping[str, str] | None,
    models: Sequence[str | Path],
) -> Results:
    """Results from the folder that ``score --out`` or ``batch`` left.

    ``models`` are the folders or files of those that are not shipped. Raises FileMissingError when
    a file is not there, and InputError when a model has changed since, so that no result is shown
    under a card that does not belong to it.
    """
    record = read_provenance(folder)
    used = models_of(record, models)
    if is_batch(record):
        return _results_of_batch(folder, record, used, groups)
    tables = {
        name: tuple(_typed(row) for row in read_rows(require_written(folder, record, name)))
        for name in ("scores.tsv", "match_report.tsv", "coverage.tsv")
    }
    return Results(
        tables["scores.tsv"],
        tables["match_report.tsv"],
        tables["coverage.tsv"],
        record,
        used,
        groups or {},
    )


def models_of(record: Mapping[str, Any], given: Sequence[str | Path]) -> tuple[RiskModel, ...]:
    """The models of a run; those that are not shipped are read from the paths ``given``.

    Raises InputError for a model that is not the one of the run.
    """
    read = partial(load_model, force=True, weight_type=record["parameters"].get("weight_type"))
    own = {model.id: model for model in map(read, given)}
    models = []
    for entry in record["models"]:
        model = own.get(entry["id"])
        with suppress(ModelNotFoundError):
            model = model or load_model(entry["id"])
        if model is None or model.checksum != entry["sha256"]:
            what = (
                "is not there" if model is None else "is not the one these results were made with"
            )
            raise InputError(
                f"model {entry['id']} {what}",
                where="provenance.json",
                fix="give its folder or scoring file as it was (-m), score again, or use the "
                "version of riskscore that provenance.json names",
            )
        models.append(model)
    return tuple(models)


def _results_of_batch(
    folder: Path,
    record: Mapping[str, Any],
    models: tuple[RiskModel, ...],
    groups: Mapping[str, str] | None,
) -> Results:
    """The sample sets of a batch as one cohort."""
    people = {name: held["cohort"]["samples"] for name, held in record["sample_sets"].items()}
    matches, coverage = (
        [_typed(row) for row in batch_table(folder, record, name)]
        for name in ("match_report.tsv", "coverage.tsv")
    )
    return Results(
        tuple(batch_scores(folder, record)),
        tuple(merged_matches(matches, people)),
        tuple(merged_coverage(coverage, people)),
        merged_provenance(record),
        models,
        groups or {},
    )


def read_groups(path: Path, column: str) -> dict[str, str]:
    """Labels by sample from a table with a column ``sample``; raises InputError without them."""
    rows = read_rows(require_file(path, "groups file"))
    if not rows or not {"sample", column} <= set(rows[0]):
        raise InputError(f"the table needs the columns sample and {column}", where=path.name)
    return {row["sample"]: row[column] for row in rows}


def _typed(row: Mapping[str, str]) -> dict[str, Any]:
    """Text columns as text, all others as numbers."""
    return {
        name: value if name in _TEXT else float(value) if value else math.nan
        for name, value in row.items()
    }
