"""Risks by age of made-up populations at one rate of disease and one of death, by closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from riskscore.errors import UsageError
from riskscore.scoring.kinds.states import States
from riskscore.scoring.population.distribution import Distribution, exact_or_normal
from riskscore.scoring.population.reference import SexReference
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.by_age import RiskByAge, risk_by_age

NO_VARIANTS = exact_or_normal(np.zeros((0, 3)), np.zeros((0, 3)))[0]
VALUES, SHARES = (-1.0, 0.5), (1 / 3, 2 / 3)
YEARS, DEATH = 10.0, 0.03


def expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def population(prevalence: float | None = None, alpha: float | None = None) -> SexReference:
    """A third of the people at log odds of -1, the others at 0.5."""
    part = States.one(np.array(VALUES)[:, None], np.array(SHARES))
    whole = Distribution((part,), NO_VARIANTS)
    return SexReference(np.array([True]), whole, np.zeros(1), prevalence, alpha)


def rates(hazard: float, death: float = DEATH) -> Rates:
    return Rates(np.array([0.0, YEARS]), np.array([hazard]), np.array([death]))


def risk(hazard: float, years: float = YEARS, death: float = DEATH) -> float:
    """Of people who all have one hazard."""
    return hazard / (hazard + death) * -math.expm1(-(hazard + death) * years)


def odds(p: float) -> float:
    return p / (1 - p)


def test_one_sex_has_the_odds_of_the_other_times_a_factor() -> None:
    """The mean of a woman's and a man's risk is the logistic curve; both have their averages."""
    own = risk_by_age(population(), (rates(0.004), rates(0.012)), (0.0, YEARS))
    averages = risk(0.004), risk(0.012)
    mean = sum(averages) / 2
    alpha = brentq(
        lambda a: sum(p * expit(a + x) for x, p in zip(VALUES, SHARES, strict=True)) - mean, -9, 0
    )
    assert own.alpha == pytest.approx(alpha, abs=1e-7)
    assert own.average(0, YEARS) == pytest.approx(mean)
    assert own.average(0, 4) == pytest.approx((risk(0.004, 4) + risk(0.012, 4)) / 2)
    x = alpha + np.array([-2.0, *VALUES, 1.5])
    first, second = (one.risk(x, 0, YEARS) for one in own.sexes)
    assert (first + second) / 2 == pytest.approx([expit(one) for one in x], rel=1e-7)
    factors = [odds(a) / odds(b) for a, b in zip(first, second, strict=True)]
    assert factors == pytest.approx([factors[0]] * 4, rel=1e-6)
    for told, average in ((first, averages[0]), (second, averages[1])):
        assert sum(p * r for p, r in zip(SHARES, told[1:3], strict=True)) == pytest.approx(
            average, rel=1e-6
        )
    # between other ages it is the mean of both
    early = [one.risk(x, 0, 3) for one in own.sexes]
    assert own.of(x - own.alpha, 0, 3) == pytest.approx((early[0] + early[1]) / 2)


@pytest.mark.parametrize("off", [1.0, 1 + 1e-7, 1.01])
def test_a_baseline_of_the_same_risk_is_the_models(off: float) -> None:
    """To six digits; of another one the intercept is that of the rates."""
    own = risk_by_age(population(risk(0.004) * off, -3.0), (rates(0.004),), (0.0, YEARS))
    bare = risk_by_age(population(), (rates(0.004),), (0.0, YEARS))
    assert own.alpha == (-3.0 if off < 1.001 else bare.alpha)
    told = sum(p * expit(bare.alpha + x) for x, p in zip(VALUES, SHARES, strict=True))
    assert told == pytest.approx(risk(0.004), rel=1e-6)


def later(hazard: float) -> Rates:
    """Nobody falls ill in the first ten years, in which some die; and then twenty years."""
    return Rates(np.array([0.0, 10.0, 30.0]), np.array([0.0, hazard]), np.array([0.06, 0.02]))


def test_where_nobody_falls_ill_all_ages_of_the_rates_count() -> None:
    own = risk_by_age(population(), (later(0.001),), (0.0, 10.0))
    assert own.ages == (0.0, 30.0)
    assert own.average(0, 10) == 0
    assert own.average(0, 30) == pytest.approx(math.exp(-0.6) * risk(0.001, 20, 0.02))
    nobody = risk_by_age(population(), (later(0.0), later(0.0)), (0.0, 10.0))
    assert nobody.of(np.array([0.0, 5.0]), 3, 20).tolist() == [0.0, 0.0]
    assert nobody.average(0, 30) == 0


def reached(own: RiskByAge, x: float) -> float:
    return float(own.of(np.array([x - own.alpha]), 0.0, 29.999)[0])


def test_no_risk_is_above_the_share_that_lives_to_the_disease() -> None:
    """55% reach ten years, so that a risk of more has no hazard: there R stands still, where it
    would be more than three times that of people who do not die.
    """
    own = risk_by_age(population(), (later(0.001),), (0.0, 30.0))
    (one,) = own.sexes
    live = math.exp(-0.6)

    def more(x: float) -> float:
        """The hazard that the risk asks for, over that which it would if nobody died."""
        wanted = expit(x)
        hazard = brentq(lambda k: live * risk(k, 20, 0.02) - wanted, 1e-14, 50, xtol=1e-16)
        return float(hazard * 20 / -math.log1p(-wanted))

    tried = [-20 + k / 2 for k in range(49)]
    told = [x for x in tried if expit(x) < 0.99 * live and more(x) <= 3 * more(-20)]
    assert one.top == max(told) == tried[len(told) - 1]
    assert reached(own, one.top) == reached(own, one.top + 3) < live
    assert reached(own, one.top - 0.5) < reached(own, one.top)
    # Without death, nothing stands in the way up to 98%.
    free = Rates(np.array([0.0, 30.0]), np.array([0.001]), np.array([0.0]))
    assert risk_by_age(population(), (free,), (0.0, 30.0)).sexes[0].top == 4


@pytest.mark.parametrize("hazard", [0.0693, 0.0694])
def test_more_than_half_of_the_people_is_too_many(hazard: float) -> None:
    """Ten years without death at log(2) / 10 a year are one half."""
    given = rates(hazard, 0.0)
    if hazard * YEARS < math.log(2):
        own = risk_by_age(population(), (given,), (0.0, YEARS))
        assert own.average(0, YEARS) == pytest.approx(-math.expm1(-hazard * YEARS))
    else:
        with pytest.raises(UsageError, match="50% of people fall ill between 0 and 10 years"):
            risk_by_age(population(), (given,), (0.0, YEARS))


def test_below_the_logarithms_that_are_solved_hazards_go_with_the_odds() -> None:
    (one,) = risk_by_age(population(), (rates(0.004),), (0.0, YEARS)).sexes
    low = one.relative(np.array([-20.0, -21.0, -30.0]))
    assert low[1:] / low[0] == pytest.approx([math.exp(-1), math.exp(-10)], rel=1e-8)
    assert one.relative(np.array([one.top])) == one.relative(np.array([one.top + 2]))
