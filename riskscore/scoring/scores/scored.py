"""Scores as values: a table a model, beside the cohort they were computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.cohort import Cohort
from riskscore.scoring.observed.uncertainty import VarianceSource
from riskscore.scoring.population.reference import Reference


@dataclass(frozen=True)
class ModelScores:
    """One model's scores; every array of shape (samples,), nan where there is no score.

    ``probability`` is the risk over the model's horizon, or between the ages that were asked about;
    ``average_risk`` that of all people of the same sex and ages, and ``risk_ratio`` the first over
    the second. ``log_odds`` is the centred sum, the log of ``odds_ratio``: the odds against those
    of a person of average score, who is not the average person.

    ``component_coverage`` is by component the share of expected variance observed, shape
    (samples,); ``term_seen`` is its sum over samples by term, exact (see :func:`exact_sum` of
    tally.py), and ``term_reasons`` counts the samples with each reason for a gap, shape (terms,
    reasons).
    ``variance`` is of the log odds, by source of uncertainty.
    """

    model: RiskModel
    reference: Reference
    numbers: dict[str, Array]
    flags: tuple[str, ...]
    component_coverage: dict[str, Array]
    term_seen: NDArray[np.int64]
    term_reasons: NDArray[np.int64]
    variance: dict[VarianceSource, Array]

    def __repr__(self) -> str:
        return f"ModelScores({self.model.id!r}, {len(self.flags):,} people)"

    @property
    def unscored(self) -> int:
        """How many samples have no score."""
        return int(np.isnan(self.numbers["log_odds"]).sum())


@dataclass(frozen=True)
class ScoredCohort:
    """A cohort with its scores, a table a model, and the panel they were computed with."""

    cohort: Cohort
    panel: ReferencePanel
    tables: tuple[ModelScores, ...]
