"""A shard: the scores of one part of a cohort, in a folder of its own.

It holds scores.parquet and hla_calls.parquet, with numbers in full precision, and shard.json:
provenance, tallies, and checksums of the files and of itself. The first part of a cohort holds the
lines of the match report about genome-wide models, which are the same in all parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from riskscore.errors import ShardError
from riskscore.files.inputs import read_json, sha256
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.scores.tally import Tally
from riskscore.writing.provenance import asks_ancestry, is_sealed
from riskscore.writing.tables.parquet import scores_schema

RECORD, PLAIN = "shard.json", "plain_report.tsv"
SCORES, CALLS = "scores.parquet", "hla_calls.parquet"
SCHEMA = "riskscore-shard-3"
_SAME = ("software", "reference", "models", "parameters")


@dataclass(frozen=True)
class Shard:
    """A shard by its record; ``provenance`` is that of its people.

    Tables and tallies are read from the disk when asked for, since a batch has many shards.
    """

    folder: Path
    sample_set: str
    part: PeoplePart
    provenance: Mapping[str, Any]
    fingerprint: str

    def tallies(self) -> tuple[Tally, ...]:
        """The sums over its people, one tally for each model."""
        data = read_json(self.folder / RECORD)
        return tuple(Tally.from_data(row) for row in data["tallies"])

    @property
    def people(self) -> int:
        return int(self.provenance["cohort"]["samples"])

    @property
    def unscored(self) -> int:
        """Rows without a score, over all models."""
        return sum(self.provenance["cohort"]["not_scored"].values())

    def scores(self, model: int) -> Any:
        """The score table of the model at that place, as an Arrow table."""
        import pyarrow.parquet as pq

        if not self.people:
            return scores_schema(by_ancestry=asks_ancestry(self.provenance)).empty_table()
        return pq.ParquetFile(self.folder / SCORES).read_row_group(model)

    def hla_calls(self) -> Any:
        """The HLA table, as an Arrow table."""
        import pyarrow.parquet as pq

        return pq.read_table(self.folder / CALLS)


def read_shard(folder: Path) -> Shard:
    """Read a shard; raises ShardError unless its files have the checksums of its record."""
    record = folder / RECORD
    if not record.is_file():
        raise ShardError(f"no {RECORD}", where=folder.name, fix="give folders of score --shard")
    try:
        data = read_json(record)
        if data["schema"] != SCHEMA:
            raise ShardError("the shard is of another format", where=folder.name)
        if not is_sealed(data):
            raise ShardError(
                f"{RECORD} is not the file that was written",
                where=folder.name,
                fix="score the shard anew",
            )
        for name, checksum in data["outputs"].items():
            if not (folder / name).is_file() or sha256(folder / name) != checksum:
                raise ShardError(
                    f"{name} is not the file that was written",
                    where=folder.name,
                    fix="score the shard anew",
                )
        return Shard(
            folder,
            data["sample_set"],
            PeoplePart.parse(data["part"]),
            data["provenance"],
            data["fingerprint"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShardError(f"{RECORD} cannot be read", where=folder.name) from error


@dataclass(frozen=True)
class ShardedCohort:
    """All parts of one cohort, in order."""

    sample_set: str
    shards: tuple[Shard, ...]

    @property
    def people(self) -> int:
        return sum(shard.people for shard in self.shards)

    def tallies(self) -> list[Tally]:
        """The tallies of all people, one for each model."""
        return [
            reduce(add, parts) for parts in zip(*(s.tallies() for s in self.shards), strict=True)
        ]

    def provenance(self) -> dict[str, Any]:
        """The provenance of the unsharded run."""
        first = self.shards[0].provenance
        counts = [shard.provenance["cohort"]["not_scored"] for shard in self.shards]
        missing = {model: sum(count[model] for count in counts) for model in counts[0]}
        return {
            **first,
            "cohort": {**first["cohort"], "samples": self.people, "not_scored": missing},
        }

    def plain_lines(self) -> str:
        """The lines of the match report about genome-wide models."""
        path = self.shards[0].folder / PLAIN
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def scores(self) -> Iterator[Any]:
        """The score table shard by shard, all people of the first model before the second."""
        for model in range(len(self.shards[0].provenance["models"])):
            for shard in self.shards:
                yield shard.scores(model)


def assemble(shards: Sequence[Shard]) -> list[ShardedCohort]:
    """Group shards by sample set; raises ShardError unless all parts are there and agree."""
    by_set: dict[str, list[Shard]] = {}
    for shard in shards:
        by_set.setdefault(shard.sample_set, []).append(shard)
    cohorts = []
    for name, parts in sorted(by_set.items()):
        where = f"sample set {name}" if name else parts[0].folder.name
        found = sorted((shard.part.count, shard.part.index) for shard in parts)
        count = found[0][0]
        if found != [(count, index) for index in range(1, count + 1)]:
            have = ", ".join(f"{i}/{k}" for k, i in found[:8])
            raise ShardError(
                f"not each of {count} parts is there once: {have}",
                where=where,
                fix="give every shard of the cohort, once",
            )
        for shard in parts:
            _require_same(parts[0], shard, (*_SAME, "inputs"), where)
        cohorts.append(
            ShardedCohort(name, tuple(sorted(parts, key=lambda shard: shard.part.index)))
        )
    for cohort in cohorts:
        _require_same(cohorts[0].shards[0], cohort.shards[0], _SAME, "the shards given")
    return cohorts


def _require_same(one: Shard, other: Shard, names: Sequence[str], where: str) -> None:
    for name in names:
        if one.provenance[name] != other.provenance[name]:
            raise ShardError(
                f"the shards differ in their {name}", where=where, fix="score them in one way"
            )
