"""A model's risk between two ages: the table's rates, shared out over people by their log odds.

The model says a risk over its own horizon, expit(alpha + lp), were nobody to die of other causes.
A person's relative hazard is the cumulated hazard that this stands for, -log(1 - risk), which is
log(1 + exp(alpha + lp)): for a rare disease as good as proportional to the odds, and over the
model's own horizon the model's own risk. How it changes with age is the table's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskscore.arrays import Array
from riskscore.scoring.population.distribution import Distribution
from riskscore.scoring.population.spectrum import Spectrum
from riskscore.scoring.risk.absolute import AbsoluteRisk, Rates, absolute_risk
from riskscore.scoring.risk.smooth import POINTS, Smooth, smooth

_JOINED = 8  # values of the score, 1/512 apart, that are taken as one
_BOUND = 15.0  # log odds from here on count alike; the risk is 1 to six digits


def relative_hazard(log_odds: Array) -> Array:
    """The cumulated hazard of which a risk is the outcome: -log(1 - expit(x)).

    >>> relative_hazard(np.array([0.0])).round(6).tolist()  # log 2
    [0.693147]
    """
    return np.logaddexp(0.0, log_odds)


@dataclass(frozen=True)
class RiskByAge:
    """The risks by age of people of one sex, made by :func:`risk_by_age`.

    ``alpha`` is the model's intercept over its horizon, with nobody dying of other causes.
    """

    alpha: float
    risks: AbsoluteRisk

    @property
    def rates(self) -> Rates:
        return self.risks.rates

    def of(self, log_odds: Array, start: float, end: float) -> Array:
        """The risk at known log odds (centred, shape (n,)), free of the disease at the start."""
        return self.risks.risk(relative_hazard(self.alpha + log_odds), start, end)

    def mean(self, log_odds: Array, unknown: Spectrum, start: float, end: float) -> Array:
        """The mean risk over what is not known of people, given that they are free at the start.

        ``unknown`` has the characteristic function of the rest of each person's log odds.
        """
        falling_ill, free = self._smooth(start, end)
        center = self.alpha + log_odds
        return np.clip(falling_ill.mean(center, unknown) / free.mean(center, unknown), 0.0, 1.0)

    def _smooth(self, start: float, end: float) -> tuple[Smooth, Smooth]:
        """By log odds the chance of being free at the start, with and without falling ill after."""
        free = self.risks.free(self._relative, start)
        return smooth(free * self.risks.risk(self._relative, start, end)), smooth(free)

    @cached_property
    def _relative(self) -> Array:
        return relative_hazard(POINTS - relative_hazard(POINTS - _BOUND))


def risk_by_age(distribution: Distribution, rates: Rates, ages: tuple[float, float]) -> RiskByAge:
    """The risks by age of a population of that distribution of log odds, with those rates.

    ``ages`` are the first and last of the horizon over which the model's odds ratios hold.
    """
    first, last = (float(np.interp(age, rates.ages, rates.cumulated)) for age in ages)
    alpha = distribution.intercept(-math.expm1(first - last))
    log_odds, probability = _coarser(*distribution.density)
    return RiskByAge(alpha, absolute_risk(rates, relative_hazard(alpha + log_odds), probability))


def _coarser(values: Array, probability: Array) -> tuple[Array, Array]:
    """Neighbouring values joined at their mean; what is lost changes a risk by 1e-5 of itself."""
    first = np.arange(0, len(values), _JOINED)
    total = np.add.reduceat(probability, first)
    mean = np.add.reduceat(probability * values, first)
    held = total > 0
    return mean[held] / total[held], total[held]
