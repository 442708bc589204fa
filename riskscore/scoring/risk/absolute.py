"""Absolute risk between two ages, death counted, of a person free of the disease at the first.

The table gives the population's hazard at each age. A person's hazard is the baseline hazard times
the person's relative hazard; the baseline is scaled so that the mean over those still free of the
disease is the table's. As those at high risk fall ill first, the survivors' mean falls with age;
with G the cumulated baseline hazard, L the table's, and the relative hazard R over the population,

    E[exp(-G(t) R)] = exp(-L(t))

is solved for G at every age of the grid, between which the baseline hazard is constant. Gail and
others, J Natl Cancer Inst 81:1879 (1989), and Pal Choudhury and others, PLoS One 15:e0228198
(2020), have the form; its integrals over a step are closed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.models.reference.incidence import AgeRates

_NEAR = 1e-7  # a step of a logarithm, over which slopes are taken
_PEOPLE = 512  # whose hazards at all ages are held at once


@dataclass(frozen=True)
class Rates:
    """The population's hazards on a grid of ages: of the disease and of death from all else.

    ``ages`` has shape (steps + 1,), ``incidence`` and ``mortality`` (steps,), per person-year.
    """

    ages: Array
    incidence: Array
    mortality: Array

    @staticmethod
    def on_grid(incidence: AgeRates, mortality: AgeRates, factor: float = 1.0) -> Rates:
        """Over the ages of the incidence, in steps of a quarter year at most; ``factor`` scales it.

        Above the last age of the mortality its last rate holds.
        """
        start, end = incidence.ages[0], incidence.ages[-1]
        quarters = np.arange(np.ceil(4 * start), np.floor(4 * end) + 1) / 4
        ages = np.unique(np.concatenate([incidence.ages, mortality.ages, quarters]))
        ages = ages[(ages >= start) & (ages <= end)]
        return Rates(ages, factor * _at(incidence, ages[:-1]), _at(mortality, ages[:-1]))

    @cached_property
    def cumulated(self) -> Array:
        """The cumulated incidence rate at each age of the grid."""
        return _cumulated(self.incidence * np.diff(self.ages))

    def holds(self, age: float) -> bool:
        """Whether the table says anything of that age."""
        return bool(self.ages[0] <= age <= self.ages[-1])

    def risk(self, start: float, end: float) -> float:
        """The population's risk between two ages, of those free of the disease at the first.

        >>> rates = Rates(np.array([0.0, 10.0]), np.array([0.01]), np.array([0.0]))
        >>> round(rates.risk(0, 10), 6)  # 1 - exp(-0.1)
        0.095163
        """
        width, step = _steps(self.ages, start, end)
        hazard, death = self.incidence[step], self.mortality[step]
        both = (hazard + death) * width
        alive = np.exp(-_cumulated(both)[:-1])
        return float(alive @ (hazard * width * _mean_survival(both)))

    def free(self, start: float, end: float) -> float:
        """The share free of the disease at the second age of those at the first, but for death."""
        width, step = _steps(self.ages, start, end)
        return math.exp(-float(self.incidence[step] @ width))

    def alive(self, start: float, end: float) -> float:
        """The share that other causes leave alive at the second age of those at the first.

        >>> rates = Rates(np.array([0.0, 10.0]), np.array([0.01]), np.array([0.02]))
        >>> round(rates.alive(0, 5), 6)  # exp(-0.1)
        0.904837
        """
        width, step = _steps(self.ages, start, end)
        return math.exp(-float(self.mortality[step] @ width))


@dataclass(frozen=True)
class AbsoluteRisk:
    """Absolute risks by relative hazard, made by :func:`absolute_risk`.

    ``baseline`` is the cumulated baseline hazard at each age of the grid, shape (steps + 1,).
    """

    rates: Rates
    baseline: Array

    def at(self, age: float) -> float:
        """The cumulated baseline hazard at an age."""
        return float(np.interp(age, self.rates.ages, self.baseline))

    def free(self, relative: Array, age: float) -> Array:
        """The chance of no disease by an age, were there no death, by relative hazard."""
        return np.exp(-self.at(age) * relative)

    def risk(self, relative: Array, start: float, end: float) -> Array:
        """The risk between two ages of people free of the disease at the first, elementwise.

        ``relative`` are relative hazards, shape (n,).
        """
        width, step = _steps(self.rates.ages, start, end)
        slope = (np.diff(self.baseline) / np.diff(self.rates.ages))[step] * width
        death = (self.rates.mortality[step] * width)[:, None]
        found = np.empty(len(relative))
        for first in range(0, len(relative), _PEOPLE):
            hazard = np.multiply.outer(slope, relative[first : first + _PEOPLE])
            both = hazard + death
            alive = np.exp(both - np.cumsum(both, axis=0))
            found[first : first + _PEOPLE] = (alive * hazard * _mean_survival(both)).sum(axis=0)
        return found


def absolute_risk(rates: Rates, relative: Array, probability: Array) -> AbsoluteRisk:
    """The baseline hazard with which the population has the table's rates.

    ``relative`` are the relative hazards of the population at the table's first age, with their
    ``probability``, both of shape (states,).

    >>> rates = Rates(np.array([0.0, 10.0]), np.array([0.01]), np.array([0.0]))
    >>> risks = absolute_risk(rates, np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    >>> mean = risks.risk(np.array([1.0, 3.0]), 0, 10).mean()
    >>> round(float(mean), 6) == round(rates.risk(0, 10), 6)
    True
    """
    baseline = rates.cumulated / float(probability @ relative)
    # Newton's method from below on a convex falling function: it rises to the root.
    for _ in range(100):
        survival = np.exp(-np.multiply.outer(baseline, relative)) * probability
        mean = survival.sum(axis=1)
        step = (np.log(mean) + rates.cumulated) * mean / (survival @ relative)
        baseline = baseline + step
        if float(np.abs(step).max()) <= 1e-12 * float(baseline[-1]):
            break
    return AbsoluteRisk(rates, baseline)


def relative_hazard(risks: AbsoluteRisk, risk: Array, start: float, end: float) -> Array:
    """The relative hazards that give these risks between two ages.

    Each ``risk`` must be above 0 and below what an endless hazard gives.

    >>> rates = Rates(np.array([0.0, 10.0]), np.array([0.01]), np.array([0.002]))
    >>> risks = absolute_risk(rates, np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    >>> found = relative_hazard(risks, risks.risk(np.array([1.0, 3.0]), 0, 10), 0, 10)
    >>> found.round(9).tolist()
    [1.0, 3.0]
    """
    # Without death it is -log(1 - risk) over the baseline; from there, below, Newton's method
    # rises to the root, as the risk is concave in the relative hazard.
    relative = np.asarray(-np.log1p(-risk) / (risks.at(end) - risks.at(start)))
    for _ in range(100):
        reached = risks.risk(relative, start, end)
        slope = (risks.risk(relative * (1 + _NEAR), start, end) - reached) / _NEAR
        step = (risk - reached) / slope
        relative = relative * (1 + step)
        if float(np.abs(step).max()) < 1e-11:
            break
    return relative


def _at(rates: AgeRates, ages: Array) -> Array:
    """The rates at ages, the first and the last rate holding beyond the ends."""
    place = np.searchsorted(np.array(rates.ages), ages, side="right") - 1
    return np.array(rates.rates)[np.clip(place, 0, len(rates.rates) - 1)]


def _steps(ages: Array, start: float, end: float) -> tuple[Array, NDArray[np.int64]]:
    """How long each step is between two ages, and which they are."""
    width = np.clip(np.minimum(ages[1:], end) - np.maximum(ages[:-1], start), 0.0, None)
    step = np.flatnonzero(width).astype(np.int64)
    return width[step], step


def _cumulated(parts: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(parts)])


def _mean_survival(exponent: Array) -> Array:
    """The mean of exp(-u) for u from 0 to the exponent: (1 - exp(-u)) / u."""
    return np.divide(
        -np.expm1(-exponent), exponent, out=np.ones_like(exponent), where=exponent > 1e-300
    )
