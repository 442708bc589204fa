"""One shard to be scored: what it is made from, how, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from riskscore.batch.sample_sets import SampleSet
from riskscore.errors import RiskscoreError
from riskscore.models.model import RiskModel
from riskscore.samples.part import Part
from riskscore.writing.failures import Failure
from riskscore.writing.provenance import NOTICE, hash_inputs, software


@dataclass(frozen=True)
class Method:
    """How all shards of a batch are scored.

    ``names`` are the models as they were named; ``options`` go to :func:`riskscore.run.score`, and
    ``parameters`` are what the provenance says of them.
    """

    names: tuple[str, ...]
    checksums: Mapping[str, str]
    options: Mapping[str, Any]
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One part of one sample set.

    ``hashed`` are its inputs, named and with their checksums. ``fingerprint`` stands for
    everything the shard depends on: what has the same one need not be scored again.
    """

    sample_set: SampleSet
    part: Part
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

    def of_inputs(self, method: Method, checksum: Callable[[Path], str]) -> Task:
        """The task with the checksums of its inputs; raises what ``checksum`` does."""
        hashed = hash_inputs(self.sample_set.inputs, checksum)
        depends = {
            "software": software(),
            "models": method.checksums,
            "parameters": method.parameters,
            "inputs": hashed,
            "companions": [checksum(path) for path in self.sample_set.companions],
            "sample_set": self.sample_set.name,
            "part": str(self.part),
        }
        digest = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
        return replace(self, hashed=hashed, fingerprint=digest)

    def failure(self, error: Exception) -> Failure:
        """How ``failed.tsv`` tells of an error: nothing of what an unforeseen one may quote."""
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
    warnings: tuple[str, ...] = ()


def run_facts(models: Sequence[RiskModel], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What all shards of the batch will say of themselves alike."""
    return {
        "notice": NOTICE,
        "software": software(),
        "models": [
            {
                "id": model.id,
                "version": model.version,
                "edition": model.edition,
                "ancestry": model.card.ancestry,
                "sha256": model.checksum,
            }
            for model in models
        ],
        "parameters": dict(parameters),
    }
