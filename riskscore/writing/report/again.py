"""Score the inputs of a run again, for what its folder does not keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import InputError, UsageError
from riskscore.files.inputs import reference_root, require_file, sha256
from riskscore.run import score
from riskscore.samples.question import Question
from riskscore.scoring.score import Scores
from riskscore.writing.provenance import read_provenance, recorded_inputs
from riskscore.writing.report.batches import is_batch
from riskscore.writing.report.sources import models_of

_GIVEN = ("vcf", "exposures", "hla")  # roles for which the command has options


def score_again(
    folder: Path, given: Mapping[str, Sequence[Path]], models: Sequence[str | Path] = ()
) -> tuple[Scores, list[Path]]:
    """Score the inputs of a run with its own models and parameters; returns the VCF files too.

    ``given`` are the files by role: vcf, exposures, hla. Those not given are looked for by name and
    content in the working folder, beside the results, beside files that are given, and among the
    shipped examples. ``models`` are the paths of those that are not shipped. Raises UsageError when
    an input is not found or the results are of a batch, InputError when it is not that of the run.
    """
    record = read_provenance(folder)
    if is_batch(record):
        raise UsageError(
            "one person's report needs the results of one cohort",
            fix="score the person's sample set with riskscore score --out, and report that",
        )
    beside = [file.parent for files in given.values() for file in files]
    examples = reference_root() / "examples"
    places = dict.fromkeys([Path(), folder.resolve().parent, *beside, examples])
    files: dict[str, list[Path]] = {}
    for role, entries in recorded_inputs(record).items():
        files[role] = list(given.get(role, ())) or _found(entries, list(places))
        _check_same(role, files[role], entries)
    if not files.get("vcf"):
        raise UsageError("the results do not say which VCF they came from", fix="score again")
    inputs: dict[str, Any] = {
        role: found if role == "hla" else found[0]
        for role, found in files.items()
        if role != "vcf" and found
    }
    question = Question.from_record(
        {**record["parameters"], "models": models_of(record, models)}, **inputs
    )
    return score(files["vcf"], question), files["vcf"]


def _found(entries: Sequence[Mapping[str, str]], places: Sequence[Path]) -> list[Path]:
    """The inputs of a run that are in one of these folders, by name and content."""
    found = []
    for entry in entries:
        held = [place / entry["name"] for place in places]
        same = [file for file in held if file.is_file() and sha256(file) == entry["sha256"]]
        found += same[:1]
    return found


def _check_same(role: str, files: Sequence[Path], entries: Sequence[Mapping[str, str]]) -> None:
    """Raise an error for files that do not have the checksums of the run's inputs."""
    if len(files) != len(entries):
        raise UsageError(
            "one person's report needs the inputs of the run",
            where=", ".join(entry["name"] for entry in entries),
            fix=(f"give --{role} as well, or " if role in _GIVEN else "")
            + "run it where the files are",
        )
    for file, entry in zip(files, entries, strict=True):
        if sha256(require_file(file, role)) != entry["sha256"]:
            raise InputError(
                f"this is not the {role} the results were made from",
                where=file.name,
                fix=f"give {entry['name']} as it was, or score again",
            )
