"""Scores computed again from the inputs of a run, for what its folder does not keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from riskscore.errors import InputError, UsageError
from riskscore.files import read_text, require_file, sha256
from riskscore.run import score
from riskscore.samples.question import Question
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
    question = Question.from_record(
        record["parameters"],
        exposures=next(iter(given.get("exposures", ())), None),
        hla=list(given.get("hla", ())),
    )
    return score(list(given["vcf"]), question)


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
