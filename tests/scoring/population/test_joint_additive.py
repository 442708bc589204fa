"""Additive interaction of two odds ratios: formulas of Rothman (1986) and where they mean nothing.

Intervals are by the delta method with slopes taken as differences here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from riskscore.scoring.population.joint import _Table

Z = 1.959963984540054
LOGS = st.floats(-1.5, 1.5)


def table(weights: list[float], errors: list[float]) -> _Table:
    """Level, gene and their product, each a weight: ratios and slopes of two by two cells."""
    carried = np.array([[[0, 0, 0], [0, 1, 0]], [[1, 0, 0], [1, 1, 1]]], dtype=float)
    return _Table(np.exp(carried @ np.array(weights)), carried, np.array(errors))


def measures(weights: list[float]) -> tuple[float, float, float]:
    """RERI, AP and the logarithm of S."""
    level, gene, more = weights
    both = math.exp(level + gene + more)
    reri = both - math.exp(level) - math.exp(gene) + 1
    apart = math.exp(level) + math.exp(gene) - 2
    log_s = math.log((both - 1) / apart) if min(both - 1, apart) > 0 else math.nan
    return reri, reri / both, log_s


def errors_by_differences(weights: list[float], errors: list[float]) -> list[float]:
    """The standard error of each measure."""
    h, total = 1e-5, [0.0, 0.0, 0.0]
    for k, error in enumerate(errors):
        up, down = list(weights), list(weights)
        up[k], down[k] = up[k] + h, down[k] - h
        for m, (a, b) in enumerate(zip(measures(up), measures(down), strict=True)):
            total[m] += (error * (a - b) / (2 * h)) ** 2
    return [math.sqrt(one) for one in total]


@given(
    st.lists(LOGS, min_size=3, max_size=3),
    st.lists(st.floats(0.05, 0.5), min_size=3, max_size=3),
)
def test_reri_ap_and_s_with_intervals(weights: list[float], errors: list[float]) -> None:
    level, gene, more = weights
    causes = math.exp(level) + math.exp(gene) - 2, math.exp(level + gene + more) - 1
    assume(not any(0 < cause < 0.05 for cause in causes))  # there a difference is no slope
    found = table(weights, errors).additive(1, 1)
    reri, ap, log_s = measures(weights)
    sd = errors_by_differences(weights, errors)
    assert found[:3] == pytest.approx((reri, reri - Z * sd[0], reri + Z * sd[0]), abs=1e-6)
    assert found[3:6] == pytest.approx((ap, ap - Z * sd[1], ap + Z * sd[1]), abs=1e-6)
    if min(causes) > 0:
        limits = (log_s, log_s - Z * sd[2], log_s + Z * sd[2])
        assert np.log(found[6:]) == pytest.approx(limits, abs=1e-4)
    else:
        assert np.isnan(found[6:]).all()


@pytest.mark.parametrize(
    ("level", "gene", "both"),
    [(2.0, 3.0, 1.0), (2.0, 3.0, 0.5), (0.5, 1.5, 4.0), (0.5, 0.25, 4.0), (0.5, 0.25, 0.5)],
)
def test_no_synergy_where_together_or_apart_they_do_not_harm(
    level: float, gene: float, both: float
) -> None:
    """At 1 together, and where the two alone add up to 2, the ratio would be 0 or endless."""
    ratio = np.array([[1.0, gene], [level, both]])
    made = _Table(ratio, np.ones((2, 2, 1)), np.array([0.1]))
    reri = both - level - gene + 1
    found = made.additive(1, 1)
    assert found[0] == reri
    assert found[3] == reri / both
    assert np.isnan(found[6:]).all()


def test_weights_without_errors_have_no_interval() -> None:
    """Nan, which is not certainty; the reference cell is 1 by definition."""
    made = table([0.5, 0.7, 0.1], [0.0, 0.0, 0.0])
    assert made.odds_ratio(0, 0) == (1, 1, 1)
    value, low, high = made.odds_ratio(1, 1)
    assert value == pytest.approx(math.exp(1.3))
    assert math.isnan(low)
    assert math.isnan(high)
    assert np.isnan([made.additive(1, 1)[k] for k in (1, 2, 4, 5, 7, 8)]).all()
    known = table([0.5, 0.7, 0.1], [0.3, 0.0, 0.4])
    reach = Z * 0.5  # of 0.3 and 0.4 together
    assert known.odds_ratio(1, 1) == pytest.approx(
        (math.exp(1.3), math.exp(1.3 - reach), math.exp(1.3 + reach))
    )
    assert known.odds_ratio(1, 0)[2] == pytest.approx(math.exp(0.5 + Z * 0.3))


def test_synergy_of_next_to_no_effects_is_anywhere_between_none_and_endless() -> None:
    """The error of log S grows without end as both alone, or both together, come to no effect."""
    found = table([1e-9, 1e-9, 1e-9], [0.3, 0.3, 0.3]).additive(1, 1)
    assert found[6] == pytest.approx(1.5, rel=1e-3)
    assert found[7:] == (0.0, math.inf)
