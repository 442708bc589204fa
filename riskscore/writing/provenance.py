"""Provenance: what made a result, in a form that another run can be compared with.

Versions, checksums of inputs and models, parameters; no host, no user, no path, no time.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from riskscore.files import sha256
from riskscore.scoring.score import Scores

SCHEMA = "riskscore-provenance-1"
_LIBRARIES = ("riskscore", "numpy", "pysam")


def provenance(
    scores: Scores, inputs: Mapping[str, Path | None], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The provenance of a run as plain data; ``inputs`` are named by their role."""
    return {
        "schema": SCHEMA,
        "notice": "illustrative, not diagnostic",
        "software": {"python": platform.python_version()}
        | {library: version(library) for library in _LIBRARIES},
        "models": [
            {
                "id": table.model.id,
                "version": table.model.version,
                "edition": table.model.edition,
                "ancestry": table.model.card.ancestry,
                "sha256": table.model.checksum,
            }
            for table in scores.tables
        ],
        "inputs": {
            role: {"name": path.name, "sha256": sha256(path)}
            for role, path in inputs.items()
            if path is not None
        },
        "parameters": dict(parameters),
        "cohort": {
            "samples": len(scores.cohort.samples),
            "build": str(scores.cohort.build),
            "population": scores.cohort.population,
            "not_scored": {t.model.id: t.unscored for t in scores.tables},
        },
    }


def to_json(content: Mapping[str, Any]) -> str:
    """Plain data as indented JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
