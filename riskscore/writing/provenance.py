"""Provenance: what a result was made from and by, so that another run can be compared with it.

Versions, checksums of inputs, models and outputs, parameters; no host, no user, no path, no time.
Its schema is reference/schemas/provenance.schema.json.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from riskscore.distribution import version_of
from riskscore.errors import InputError
from riskscore.files.inputs import read_json, reference_root, require_file, sha256
from riskscore.samples.cohort import Cohort
from riskscore.samples.question import AUTO_POPULATION, Question
from riskscore.scoring.scores.scored import ScoredCohort

SCHEMA = "riskscore-provenance-1"
SEAL = "record_sha256"
OWN_ANCESTRY = "each person's own ancestry"
NOTICE = "illustrative, not diagnostic"
_LIBRARIES = ("riskscore", "numpy", "pysam")

Inputs = Mapping[str, Path | Sequence[Path] | None]


def software() -> dict[str, str]:
    """The versions of Python and of the packages that compute the scores."""
    return {"python": platform.python_version()} | {name: version_of(name) for name in _LIBRARIES}


@cache
def reference_tables() -> dict[str, str]:
    """Checksums of the tables that all models share: frequencies, residues, incidence, ancestry.

    One checksum for each folder, of the names and checksums of its files.
    """
    found = {}
    for name in ("ancestry", "hla", "populations"):
        files = sorted(path for path in (reference_root() / name).rglob("*") if path.is_file())
        listed = [[path.name, sha256(path)] for path in files]
        found[name] = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    return found


def hash_inputs(inputs: Inputs, checksum: Callable[[Path], str] = sha256) -> dict[str, Any]:
    """Name and checksum of each input by its role, a list where a role has several files.

    ``checksum`` computes a file's SHA-256; callers that have checksums already pass their own.
    """
    hashed: dict[str, Any] = {}
    for role, given in inputs.items():
        entries = [{"name": path.name, "sha256": checksum(path)} for path in files_of(given)]
        if entries:
            hashed[role] = entries[0] if len(entries) == 1 else entries
    return hashed


def recorded_inputs(record: Mapping[str, Any]) -> dict[str, list[Mapping[str, str]]]:
    """Name and checksum of each input in a provenance: a list for each role."""
    return {
        role: given if isinstance(given, list) else [given]
        for role, given in record["inputs"].items()
    }


def files_of(given: Path | Sequence[Path] | None) -> Sequence[Path]:
    """The files of one role: one, several or none."""
    return [given] if isinstance(given, Path) else given or ()


def method_record(question: Question) -> dict[str, Any]:
    """The part of a provenance that one question fixes: software, reference, models, parameters."""
    return {
        "notice": NOTICE,
        "software": software(),
        "reference": reference_tables(),
        "models": [
            {
                "id": model.id,
                "version": model.version,
                "edition": model.edition,
                "ancestry": model.card.ancestry,
                "sha256": model.checksum,
            }
            for model in question.models
        ],
        "parameters": question.recorded(),
    }


def provenance(scores: ScoredCohort, hashed: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance of a run as plain data; ``hashed`` comes from :func:`hash_inputs`."""
    scored = tuple(table.model for table in scores.tables)
    return {
        "schema": SCHEMA,
        **method_record(replace(scores.cohort.question, models=scored)),
        "inputs": dict(hashed),
        "cohort": {
            "samples": len(scores.cohort.samples),
            "build": str(scores.cohort.build),
            "population": scores.cohort.population,
            **_percentiles(scores.cohort),
            "not_scored": {t.model.id: t.unscored for t in scores.tables},
            "warnings": list(scores.cohort.warnings),
            **({"caution": scores.cohort.caution} if scores.cohort.caution else {}),
            "hla": {
                report.gene: f"{report.dialect}, {report.resolution} field(s)"
                for report in scores.cohort.hla.reports
            },
        },
    }


def _percentiles(cohort: Cohort) -> dict[str, str]:
    """The population of percentiles, where those by people's own ancestry were asked for."""
    if not cohort.question.by_ancestry:
        return {}
    return {"percentiles": cohort.population if cohort.projection is None else OWN_ANCESTRY}


def asks_ancestry(record: Mapping[str, Any]) -> bool:
    """Whether a run's provenance says that percentiles are by the ancestry of each person."""
    return bool(record["parameters"].get("population") == AUTO_POPULATION)


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with a checksum of its own content added.

    >>> is_sealed(sealed({"people": 3})), is_sealed(sealed({"people": 3}) | {"people": 2})
    (True, False)
    """
    return {**record, SEAL: _own_checksum(record)}


def is_sealed(record: Mapping[str, Any]) -> bool:
    """Whether a record still has the content its own checksum was computed from."""
    return record.get(SEAL) == _own_checksum(record)


def read_provenance(folder: Path) -> dict[str, Any]:
    """The provenance of a results folder, as it was written.

    Raises FileMissingError where there is none, and InputError for any other content.
    """
    path = require_file(folder / "provenance.json", "provenance in the results folder")
    try:
        record = read_json(path)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not is_sealed(record):
        raise InputError(
            f"{path.name} is not the file that was written", where=folder.name,
            fix="score the files anew",
        )  # fmt: skip
    return record


def require_written(folder: Path, record: Mapping[str, Any], name: str) -> Path:
    """A file of a results folder, as it was written; raises FileMissingError or InputError."""
    path = require_file(folder / name, "results table")
    if sha256(path) != record["outputs"].get(name):
        raise InputError(
            f"{name} is not the file that was written", where=folder.name,
            fix="score the files anew, and change a copy",
        )  # fmt: skip
    return path


def _own_checksum(record: Mapping[str, Any]) -> str:
    content = {name: value for name, value in record.items() if name != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def to_json(content: Mapping[str, Any]) -> str:
    """Plain data as indented JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
