"""One shard to be scored: its inputs, its fingerprint, and its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from riskscore.batches.sample_sets import SampleSet
from riskscore.errors import RiskscoreError
from riskscore.samples.people_part import PeoplePart
from riskscore.samples.question import Question
from riskscore.writing.folders.failures import Failure
from riskscore.writing.provenance import Inputs, hash_inputs, method_record


@dataclass(frozen=True, slots=True)
class Task:
    """One part of one sample set.

    ``hashed`` are the names and checksums of its inputs. ``fingerprint`` is a hash of everything
    the shard depends on: a finished shard with the same one is not scored again.
    """

    sample_set: SampleSet
    part: PeoplePart
    hashed: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.sample_set.name}.{self.part.index}-of-{self.part.count}"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read for it."""
        one = self.sample_set
        exposures = (one.exposures,) if one.exposures else ()
        return (*one.files, *one.companions, *exposures, *one.hla)

    def question(self, question: Question) -> Question:
        """The batch's question with this sample set's exposures and HLA tables, in one process.

        A batch runs several tasks at once already.
        """
        one, reading = self.sample_set, replace(question.reading, processes=1)
        return replace(question, exposures=one.exposures, hla=one.hla, reading=reading)

    def inputs(self, question: Question) -> Inputs:
        """The sample set's files by their role, and those of the batch's own question."""
        return {"vcf": self.sample_set.files, **self.question(question).input_files}

    def of_inputs(self, question: Question, checksum: Callable[[Path], str]) -> Task:
        """The task with the checksums of its inputs; raises what ``checksum`` does."""
        hashed = hash_inputs(self.inputs(question), checksum)
        depends = {
            "method": method_record(question),
            "inputs": hashed,
            "companions": [checksum(path) for path in self.sample_set.companions],
            "sample_set": self.sample_set.name,
            "part": str(self.part),
        }
        digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
        return replace(self, hashed=hashed, fingerprint=digest)

    def failure(self, error: Exception) -> Failure:
        """An error as a row of ``failed.tsv``.

        The text of an unforeseen one is left out, as it may quote data.
        """
        known = isinstance(error, RiskscoreError)
        files = self.sample_set.files
        return Failure(
            sample_set=self.sample_set.name,
            file=files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more",
            part=str(self.part),
            error=type(error).__name__,
            exit_code=error.exit_code if isinstance(error, RiskscoreError) else 1,
            message=str(error) if known else "unforeseen; riskscore score on this file shows more",
        )


@dataclass(frozen=True, slots=True)
class Done:
    """A shard that was scored; ``unscored`` counts rows without a score."""

    people: int
    unscored: int
    warnings: tuple[str, ...]
