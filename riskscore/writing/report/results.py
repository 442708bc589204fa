"""The results a report is made from, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskscore.models.model import RiskModel
from riskscore.writing.report.batches import Row


@dataclass(frozen=True)
class Results:
    """Rows as the bundle holds them, numbers as floats (nan where empty), and the models.

    ``groups`` maps a sample to the label of its group (a superpopulation, say); it may be empty.
    """

    scores: tuple[Row, ...]
    matches: tuple[Row, ...]
    coverage: tuple[Row, ...]
    provenance: Mapping[str, Any]
    models: tuple[RiskModel, ...]
    groups: Mapping[str, str]

    def label(self, row: Row) -> str:
        """The group of a score row: as labelled, else its sample set, else all."""
        return self.groups.get(str(row["sample"]), str(row.get("sample_set", "all")))

    def of(self, model: str) -> list[Row]:
        """The score rows of one model."""
        return [row for row in self.scores if row["model"] == model]
