"""Scores computed again from the inputs of a run, for what its folder does not keep."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from riskscore.errors import InputError, UsageError
from riskscore.files import read_text, require_file, sha256
from riskscore.run import score
from riskscore.scoring.score import Scores


def score_again(folder: Path, vcf: Path | None, exposures: Path | None) -> Scores:
    """Score the inputs of a run with its own models and parameters.

    Raises UsageError when an input is not given, InputError when it is not the one of the run.
    """
    path = require_file(folder / "provenance.json", "provenance in the results folder")
    record = json.loads(read_text(path))
    given = {"vcf": vcf, "exposures": exposures}
    for role, entry in record["inputs"].items():
        file = given.get(role)
        if file is None:
            raise UsageError(
                "one person's report needs the inputs of the run", fix=f"give --{role} as well"
            )
        if sha256(require_file(file, role)) != entry["sha256"]:
            raise InputError(
                f"this is not the {role} the results were made from",
                where=file.name,
                fix=f"give {entry['name']} as it was, or score again",
            )
    if vcf is None:
        raise UsageError("the results do not say which VCF they came from", fix="score again")
    known = inspect.signature(score).parameters
    parameters = {
        name: value
        for name, value in record["parameters"].items()
        if name in known and name not in {"source", "models", "exposures"}
    }
    return score(vcf, record["parameters"]["models"], exposures=exposures, **parameters)
