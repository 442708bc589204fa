"""Scores computed again from the inputs of a run, for what its folder does not keep."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import InputError, UsageError
from riskscore.files import read_text, require_file, sha256
from riskscore.run import score
from riskscore.samples.files.reading import Reading
from riskscore.scoring.score import Scores
from riskscore.writing.report.batches import is_batch


def score_again(folder: Path, given: Mapping[str, Sequence[Path]]) -> Scores:
    """Score the inputs of a run with its own models and parameters.

    ``given`` are the files by role: vcf, exposures, hla. Raises UsageError when an input is not
    given or the results are of a batch, InputError when it is not the one of the run.
    """
    path = require_file(folder / "provenance.json", "provenance in the results folder")
    record = json.loads(read_text(path))
    if is_batch(record):
        raise UsageError(
            "one person's report needs the results of one cohort",
            fix="score the person's sample set with riskscore score --out, and report that",
        )
    for role, told in record["inputs"].items():
        entries = told if isinstance(told, list) else [told]
        _check_same(role, given.get(role, ()), entries)
    if not given.get("vcf"):
        raise UsageError("the results do not say which VCF they came from", fix="score again")
    told = record["parameters"]
    known = inspect.signature(score).parameters
    inputs = {"source", "models", "exposures", "hla", "reading"}
    parameters = {n: v for n, v in told.items() if n in known and n not in inputs}
    return score(
        list(given["vcf"]),
        told["models"],
        exposures=next(iter(given.get("exposures", ())), None),
        hla=list(given.get("hla", ())),
        reading=_reading(told),
        **parameters,
    )


def _check_same(role: str, files: Sequence[Path], entries: Sequence[Mapping[str, str]]) -> None:
    """Refuse files that are not, by content, the ones the run read."""
    if len(files) != len(entries):
        raise UsageError(
            "one person's report needs the inputs of the run", fix=f"give --{role} as well"
        )
    for file, entry in zip(files, entries, strict=True):
        if sha256(require_file(file, role)) != entry["sha256"]:
            raise InputError(
                f"this is not the {role} the results were made from",
                where=file.name,
                fix=f"give {entry['name']} as it was, or score again",
            )


def _reading(told: Mapping[str, Any]) -> Reading:
    """How the run read genotypes, as its provenance tells."""
    filters = told.get("filter")
    return Reading(
        field=told.get("field") or "auto",
        min_r2=told.get("min_r2"),
        filters=frozenset(filters.split(",")) if filters else None,
        absent=told.get("absent") or "missing",
    )
