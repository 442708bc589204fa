"""Distributions of scores by group of people, which are not differences of risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.errors import StudyTableError
from riskscore.genetics.superpopulations import SUPERPOPULATIONS
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.scored import ModelScores
from riskscore.studies.people import aligned

if TYPE_CHECKING:
    import pandas

    from riskscore.studies.people import BySample

_SHIFT = 0.5  # SDs of the reference population by which a group's mean may differ unremarked


@dataclass(frozen=True)
class GroupScores:
    """``table`` has a row by model and group; ``warnings`` say where scores are not comparable."""

    table: pandas.DataFrame
    warnings: tuple[str, ...]

    def to_frame(self) -> pandas.DataFrame:
        """The table: model, group, n, mean, sd, quartiles, shift, coverage."""
        return self.table


def compare_groups(scores: Scores, groups: BySample) -> GroupScores:
    """The distribution of each score by group, such as superpopulation.

    ``shift`` is the group's mean log odds in SDs of the model's reference population. Frequencies
    and linkage differ between populations, so that a group's mean says little of its risk; a
    warning is given where a group is of another superpopulation than the weights, or its mean is
    more than half an SD away from the reference.

    ``groups`` is a Series or mapping by sample, or a list. Raises StudyTableError when none of the
    samples has a group.

    >>> from riskscore.models.catalog import load_model
    >>> from riskscore.run import score
    >>> from riskscore.samples.person import person
    >>> one = person([load_model("ms")], hla={"DRB1": "15:01 15:01"})
    >>> print(compare_groups(score(one), ["AFR"]).warnings[0])
    ms: the weights come from EUR; in AFR the score is not validated, and its level not comparable
    """
    import pandas as pd

    found = pd.Series(aligned(groups, scores.cohort.samples, "the groups"), dtype=object)
    labels = ["" if gone else str(v) for v, gone in zip(found, found.isna(), strict=True)]
    if not any(labels):
        raise StudyTableError("none of the samples has a group")
    rows, warnings = [], []
    for table in scores.tables:
        for group in sorted(set(labels) - {""}):
            own = np.array([label == group for label in labels])
            row = _row(table, group, own)
            rows.append(row)
            warnings += _warnings(table, group, row)
    return GroupScores(pd.DataFrame(rows), tuple(warnings))


def _row(table: ModelScores, group: str, own: Any) -> dict[str, Any]:
    values = table.numbers["log_odds"][own]
    known = values[~np.isnan(values)]
    spread = table.reference.by_sex[None].distribution.variance ** 0.5
    nothing = float("nan")
    quartiles = np.quantile(known, (0.25, 0.5, 0.75)) if known.size else (nothing,) * 3
    coverage = table.numbers["coverage"][own]
    return {
        "model": table.model.id,
        "group": group,
        "n": int(known.size),
        "unscored": int(values.size - known.size),
        "mean": float(known.mean()) if known.size else nothing,
        "sd": float(known.std(ddof=1)) if known.size > 1 else nothing,
        "quartile_1": float(quartiles[0]),
        "median": float(quartiles[1]),
        "quartile_3": float(quartiles[2]),
        "shift": float(known.mean()) / spread if known.size and spread else nothing,
        "coverage": float(np.nanmean(coverage)) if known.size else nothing,
    }


def _warnings(table: ModelScores, group: str, row: dict[str, Any]) -> list[str]:
    name, ancestry = table.model.id, table.model.card.ancestry
    if group in SUPERPOPULATIONS and group not in ancestry:
        return [
            f"{name}: the weights come from {ancestry}; in {group} the score is not validated, "
            "and its level not comparable"
        ]
    if abs(row["shift"]) > _SHIFT:
        return [
            f"{name}: the mean of {group} is {row['shift']:+.1f} SD from the reference population "
            f"{table.reference.population}; look at coverage and frequencies before risks"
        ]
    return []
