"""One shard to be scored: what it is made from, how, and what came of it."""

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
from riskscore.writing.provenance import Inputs, hash_inputs, method_told


@dataclass(frozen=True, slots=True)
class Task:
    """One part of one sample set.

    ``hashed`` are its inputs, named and with their checksums. ``fingerprint`` stands for
    everything the shard depends on: what has the same one need not be scored again.
    """

    sample_set: SampleSet
    part: PeoplePart
    hashed: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def name(self) -> str:
        """Its folder's name."""
        return f"{self.sample_set.name}.{self.part.index}-of-{self.part.count}"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read for it."""
        one = self.sample_set
        exposures = (one.exposures,) if one.exposures else ()
        return (*one.files, *one.companions, *exposures, *one.hla)

    def question(self, question: Question) -> Question:
        """A batch's question about this sample set: its exposures and HLA tables, in one process.

        The processes of a batch score a sample set each.
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
            "method": method_told(question),
            "inputs": hashed,
            "companions": [checksum(path) for path in self.sample_set.companions],
            "sample_set": self.sample_set.name,
            "part": str(self.part),
        }
        digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
        return replace(self, hashed=hashed, fingerprint=digest)

    def failure(self, error: Exception) -> Failure:
        """An error as a row of ``failed.tsv``; no text of unforeseen ones (it may quote data)."""
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
