"""The columns of a table of scores."""

from __future__ import annotations

NUMBERS = (
    "probability", "probability_low", "probability_high", "average_risk", "risk_ratio",
    "percentile", "odds_ratio", "log_odds", "genetic_score", "exposure_score",
    "interaction_score", "published_score", "coverage",
)  # fmt: skip
RISKS = ("probability", "probability_low", "probability_high", "average_risk")
Z_ADJUSTED = "z_adjusted"  # where the ancestry of each person is asked for
COLUMNS = ("sample", "model", "model_version", *NUMBERS, "flags")
