"""The columns of a table of scores."""

from __future__ import annotations

NUMBERS = (
    "probability", "probability_low", "probability_high", "average_risk", "risk_ratio",
    "percentile", "odds_ratio", "log_odds", "genetic_score", "exposure_score",
    "interaction_score", "published_score", "coverage",
)  # fmt: skip
RISKS = ("probability", "probability_low", "probability_high", "average_risk")
Z_ADJUSTED = "z_adjusted"  # where percentiles are by the ancestry of each person
COLUMNS = ("sample", "model", "model_version", *NUMBERS, "flags")


def columns_of(*, by_ancestry: bool) -> tuple[str, ...]:
    """The columns of a table: COLUMNS, and ``z_adjusted`` where percentiles are by ancestry.

    >>> columns_of(by_ancestry=True)[-2:]
    ('z_adjusted', 'flags')
    """
    return (*COLUMNS[:-1], Z_ADJUSTED, COLUMNS[-1]) if by_ancestry else COLUMNS
