"""A model's risk between two ages: the table's rates, shared out over people by their log odds.

Over its own horizon a model says a risk, expit(alpha + lp). A person's relative hazard R is the one
that gives just this risk, deaths from other causes counted, where the baseline hazard is such that
the population has the rates of the table. As the baseline depends on how R is spread over people,
and R on the baseline, the two are solved in turn. How the risk changes with age is the table's.

A risk near 1 over the horizon asks for a hazard without bound, as some die of other causes before
they could fall ill. So between other ages log odds (alpha + lp) above ``top`` count as that: 4,
a risk of 98%, or less where death asks for more than three times the hazard.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.scoring.link import expit
from riskscore.scoring.population.reference import SexReference
from riskscore.scoring.population.spectrum import Spectrum
from riskscore.scoring.risk.absolute import AbsoluteRisk, Rates, absolute_risk, relative_hazard
from riskscore.scoring.risk.smooth import POINTS, Smooth, smooth

_JOINED = 8  # values of the score, 1/512 apart, that are taken as one
BOTTOM, _TOP = -20.0, 4.0  # log odds between which R is solved; below it goes with the odds
_NOBODY = -1000.0  # log odds of a risk of nothing
_MANY = 0.5
_MOST = 3.0  # times the hazard that death may ask for
_SERIES = 160  # terms, with which the risk over the horizon is right to 1e-10
_Share = Callable[[Array], Array]  # of a risk over the horizon, that of one sex
_ROUNDS = 20  # at most; two to five are enough
_ROUNDED = 1e-6  # baselines that stand for a table's risk have six digits


@dataclass(frozen=True)
class OneSex:
    """The risks of one sex. A person's relative hazard R depends on x = alpha + lp.

    ``series`` has the Chebyshev coefficients of the logarithm of R over log(1 + exp(x)), for x
    between -20 and ``top``.
    """

    risks: AbsoluteRisk
    series: Array
    top: float

    @property
    def rates(self) -> Rates:
        return self.risks.rates

    def relative(self, x: Array) -> Array:
        """The relative hazards, shape (n,)."""
        x = np.minimum(x, self.top)
        place = 2 * (np.maximum(x, BOTTOM) - BOTTOM) / (self.top - BOTTOM) - 1
        return np.asarray(np.logaddexp(0.0, x) * np.exp(chebyshev.chebval(place, self.series)))

    def risk(self, x: Array, start: float, end: float) -> Array:
        """The risk of people free of the disease at the start."""
        return self.risks.risk(self.relative(x), start, end)

    def mean(self, x: Array, unknown: Spectrum, start: float, end: float) -> Array:
        """The mean of the risk over what is not known of people, given that they are free then."""
        place = np.clip(x, BOTTOM, self.top)
        free = self.risks.free(self._fitted, start)
        ill = smooth(free * self.risks.risk(self._fitted, start, end))
        risk = np.clip(ill.mean(place, unknown) / smooth(free).mean(place, unknown), 0.0, 1.0)
        return risk * np.exp(np.minimum(x - BOTTOM, 0.0))  # below, with the odds

    def waves(self, start: float, age: float) -> tuple[Smooth, Smooth]:
        """As functions of x, who fell ill between two ages, and who would not have by the second.

        From the first age of the rates on, death counted in the first alone.
        """
        return (
            smooth(self.risks.risk(self._fitted, start, age)),
            smooth(self.risks.free(self._fitted, age)),
        )

    @cached_property
    def _fitted(self) -> Array:
        return self.relative(POINTS[: np.searchsorted(POINTS, self.top)])


@dataclass(frozen=True)
class RiskByAge:
    """The risks by age of people of one sex, or of unknown sex, made by :func:`risk_by_age`.

    ``alpha`` is the model's intercept over its horizon, ``ages``. ``sexes`` are the sex, or both,
    of which the mean is taken.
    """

    alpha: float
    ages: tuple[float, float]
    sexes: tuple[OneSex, ...]

    def average(self, start: float, end: float) -> float:
        """The population's risk between two ages."""
        return math.fsum(one.rates.risk(start, end) for one in self.sexes) / len(self.sexes)

    def of(self, log_odds: Array, start: float, end: float) -> Array:
        """The risk at known log odds (centred, shape (n,)), free of the disease at the start."""
        x = self.alpha + log_odds
        if (start, end) == self.ages:
            return expit(x)
        return np.asarray(np.mean([one.risk(x, start, end) for one in self.sexes], axis=0))

    def mean(self, log_odds: Array, unknown: Spectrum, start: float, end: float) -> Array:
        """The mean risk over what is not known of people, given that they are free at the start.

        ``unknown`` has the characteristic function of the rest of each person's log odds.
        """
        x = self.alpha + log_odds
        if (start, end) == self.ages:
            return unknown.mean_risk(x)
        return np.asarray(np.mean([one.mean(x, unknown, start, end) for one in self.sexes], axis=0))


def risk_by_age(
    own: SexReference, rates: tuple[Rates, ...], ages: tuple[float, float]
) -> RiskByAge:
    """The risks by age of a population, with the rates of its sex, or of both where it is unknown.

    ``ages`` are the first and last of the horizon over which the model's odds ratios hold. Where
    the model's baseline is the risk of the rates over these ages, the intercept is the model's.
    Where nobody falls ill at these ages the odds ratios hold over all ages of the rates.
    Raises UsageError for rates with which more than half of the people fall ill.
    """
    if not any(one.risk(*ages) for one in rates):
        ages = max(float(one.ages[0]) for one in rates), min(float(one.ages[-1]) for one in rates)
    averages = [one.risk(*ages) for one in rates]
    average = math.fsum(averages) / len(rates)
    if average > _MANY:
        raise UsageError(
            f"with these rates {average:.0%} of people fall ill between "
            f"{ages[0]:g} and {ages[1]:g} years",
            fix="give rates per 100,000 person-years",
        )
    same = own.prevalence is not None and math.isclose(own.prevalence, average, rel_tol=_ROUNDED)
    alpha = own.alpha if same and own.alpha is not None else _intercept(own, average)
    log_odds, probability = _coarser(*own.distribution.density)
    shares = _shares(expit(alpha + log_odds), probability, averages)
    sexes = [
        _one_sex(one, ages, alpha + log_odds, probability, share)
        for one, share in zip(rates, shares, strict=True)
    ]
    return RiskByAge(alpha, ages, tuple(sexes))


def _intercept(own: SexReference, average: float) -> float:
    return own.distribution.intercept(average) if average else _NOBODY


def _one_sex(
    rates: Rates, ages: tuple[float, float], x: Array, probability: Array, share: _Share
) -> OneSex:
    """R and the baseline in turn, for a population of that ``x``, as good as always in 2 to 5."""
    if not rates.risk(*ages):  # nobody falls ill, whatever R is
        return OneSex(AbsoluteRisk(rates, np.zeros(len(rates.ages))), np.zeros(1), _TOP)
    risks = absolute_risk(rates, np.logaddexp(0.0, x), probability)
    top = _top(risks, share, ages)
    points = chebyshev.chebpts1(_SERIES)
    nodes = BOTTOM + (top - BOTTOM) * (points + 1) / 2
    series: Array = np.zeros(_SERIES)
    for _ in range(_ROUNDS):
        before = series
        relative = relative_hazard(risks, share(expit(nodes)), *ages)
        logarithm = np.log(relative / np.logaddexp(0.0, nodes))
        series = np.asarray(chebyshev.chebfit(points, logarithm, _SERIES - 1))
        found = OneSex(risks, series, top)
        if np.abs((series - before)[1:]).max() < 1e-10:  # but for a factor, of the baseline
            break
        risks = absolute_risk(rates, found.relative(x), probability)
    return found


def _top(risks: AbsoluteRisk, share: _Share, ages: tuple[float, float]) -> float:
    """From where on R stands still: where death would ask for more than _MOST times the hazard."""
    tried = np.arange(BOTTOM, _TOP + 0.1, 0.5)
    wanted = share(expit(tried))
    tried = tried[wanted < 0.99 * _highest(risks.rates, *ages)]
    wanted = wanted[: len(tried)]
    more = relative_hazard(risks, wanted, *ages) / -np.log1p(-wanted)  # than if nobody died
    return float(tried[more <= _MOST * more[0]].max())


def _shares(risk: Array, probability: Array, averages: Sequence[float]) -> list[_Share]:
    """How the risk of a person of unknown sex is shared out: the mean of both is the risk.

    A woman's odds are a man's times a factor, with which both sexes have their averages.
    """
    if len(averages) == 1:
        return [lambda p: p]
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        above = float(probability @ _of_first(risk, math.exp(middle))) > averages[0]
        low, high = (low, middle) if above else (middle, high)
    factor = math.exp(low)
    return [lambda p: _of_first(p, factor), lambda p: _of_first(p, 1 / factor)]


def _of_first(mean: Array, factor: float) -> Array:
    """The first of two risks of that mean, whose odds are the second's times the factor.

    >>> first, second = (float(_of_first(np.array([0.3]), factor)[0]) for factor in (4.0, 0.25))
    >>> round((first + second) / 2, 12), round(first / (1 - first) * (1 - second) / second, 12)
    (0.3, 4.0)
    """
    less = 1 / factor - 1  # (1/f - 1) r^2 + (1/f + 1 - 2 p (1/f - 1)) r - 2 p = 0 at the risk r
    middle = less + 2 - 2 * mean * less
    return np.asarray(4 * mean / (middle + np.sqrt(middle**2 + 8 * less * mean)))


def _highest(rates: Rates, start: float, end: float) -> float:
    """The share of people who live to the first age of the disease: no risk is above it."""
    ill = (rates.incidence > 0) & (rates.ages[:-1] >= start)
    return rates.alive(start, float(rates.ages[:-1][ill].min(initial=end)))


def _coarser(values: Array, probability: Array) -> tuple[Array, Array]:
    """Neighbouring values joined at their mean; what is lost changes a risk by 1e-5 of itself."""
    first = np.arange(0, len(values), _JOINED)
    total = np.add.reduceat(probability, first)
    mean = np.add.reduceat(probability * values, first)
    held = total > 0
    return mean[held] / total[held], total[held]
