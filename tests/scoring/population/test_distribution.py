"""The distribution of a sum, by enumeration of its outcomes and by scipy's normal distribution."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from riskscore.scoring.kinds.states import States
from riskscore.scoring.population.distribution import (
    NORMAL_TOLERANCE,
    WIDTH,
    Distribution,
    binned,
    exact_or_normal,
    normal_bins,
)

FREQUENCIES = (0.1, 0.5, 0.3)
WEIGHTS = (0.4, 0.25, -0.9)
PART = ([-1.0, 0.5, 3.0], [0.6, 0.36, 0.14])  # brought to mean 0 below


def variants(
    frequencies: tuple[float, ...], weights: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Centred weights times copies, and Hardy-Weinberg proportions, shape (variants, 3)."""
    values = [
        [w * (k - 2 * f) for k in range(3)] for f, w in zip(frequencies, weights, strict=True)
    ]
    shares = [[(1 - f) ** 2, 2 * f * (1 - f), f**2] for f in frequencies]
    return np.array(values), np.array(shares)


def part() -> States:
    values, shares = np.array(PART[0]), np.array(PART[1]) / sum(PART[1])
    return States.one((values - shares @ values)[:, None], shares)


def outcomes() -> list[tuple[float, float]]:
    """Every value of the sum with its probability."""
    values, shares = variants(FREQUENCIES, WEIGHTS)
    columns = [list(zip(v, p, strict=True)) for v, p in zip(values, shares, strict=True)]
    columns.append(list(zip(part().values[:, 0], part().probability, strict=True)))
    return [
        (sum(value for value, _ in one), math.prod(share for _, share in one))
        for one in product(*columns)
    ]


@pytest.fixture(scope="module")
def whole() -> Distribution:
    exact, sd, error = exact_or_normal(*variants(FREQUENCIES, WEIGHTS))
    assert sd == error == 0  # none of these is small enough to be taken as normal
    return Distribution((part(),), exact)


def test_moments_and_mean_risk_of_every_outcome(whole: Distribution) -> None:
    every = outcomes()
    assert sum(p for _, p in every) == pytest.approx(1)
    assert sum(p * x for x, p in every) == pytest.approx(0, abs=1e-12)
    assert whole.variance == pytest.approx(sum(p * x * x for x, p in every))
    for alpha in (-4.0, -1.0, 0.5):
        risk = sum(p / (1 + math.exp(-alpha - x)) for x, p in every)
        assert whole.mean_risk(alpha) == pytest.approx(risk, rel=1e-9)
        assert whole.intercept(risk) == pytest.approx(alpha, abs=1e-7)


def test_percentiles_of_every_outcome(whole: Distribution) -> None:
    """At points far from any outcome, where the bins blur nothing."""
    every = outcomes()
    points = [x for x in np.arange(-2.0, 4.0, 0.1) if min(abs(v - x) for v, _ in every) > 3 * WIDTH]
    assert len(points) > 20
    below = [100 * sum(p for v, p in every if v < x) for x in points]
    np.testing.assert_allclose(whole.percentile(np.array(points)), below, atol=1e-9)
    assert whole.percentile(np.array([-50.0, 50.0])).tolist() == [0, 100]


def test_the_density_keeps_the_mean_and_the_normal_part(whole: Distribution) -> None:
    blurred = Distribution(whole.parts, whole.variants, 0.3)
    assert blurred.variance == pytest.approx(whole.variance + 0.09)
    values, density = blurred.density
    assert density.sum() == pytest.approx(1)
    assert density @ values == pytest.approx(0, abs=1e-9)
    assert density @ values**2 == pytest.approx(blurred.variance, rel=1e-4)
    for x in (-1.0, 0.0, 0.7):
        below = sum(p * norm.cdf(x, v, 0.3) for v, p in outcomes())
        assert blurred.percentile(np.array([x]))[0] / 100 == pytest.approx(below, abs=1e-4)
        assert blurred.quantiles(np.array([below]))[0] == pytest.approx(x, abs=2e-3)


@pytest.mark.parametrize("sd", [0.004, 0.1, 1.5])
def test_normal_bins_are_areas_under_the_curve(sd: float) -> None:
    start, bins = normal_bins(sd)
    places = (start + np.arange(len(bins))) * WIDTH
    area = norm.cdf(places + WIDTH / 2, scale=sd) - norm.cdf(places - WIDTH / 2, scale=sd)
    np.testing.assert_allclose(bins, area, atol=1e-9)
    assert places[0] <= -7 * sd
    assert places[-1] >= 7 * sd


def test_a_value_between_two_bins_is_shared_by_nearness() -> None:
    start, bins = binned(np.array([0.25 * WIDTH, -1.5 * WIDTH]), np.array([0.8, 0.2]))
    assert start == -2
    np.testing.assert_allclose(bins, [0.1, 0.1, 0.6, 0.2])


def _third(values: np.ndarray, shares: np.ndarray) -> float:
    """The bound on the error of taking one variable as normal, by quadrature."""
    own = sum(p * abs(x) ** 3 * math.exp(abs(x)) for x, p in zip(values, shares, strict=True))
    sd = math.sqrt(sum(p * x * x for x, p in zip(values, shares, strict=True)))
    normal = 2 * quad(lambda x: x**3 * math.exp(x) * norm.pdf(x, scale=sd), 0, 12 * sd)[0]
    return (own + normal) / 6


def test_what_is_taken_as_normal_has_a_bounded_error() -> None:
    weights = (0.001, 0.5, 0.002, 0.004, 0.9, 0.02)
    values, shares = variants((0.2, 0.3, 0.4, 0.1, 0.2, 0.3), weights)
    bounds = [_third(v, p) for v, p in zip(values, shares, strict=True)]
    exact, sd, error = exact_or_normal(values, shares)
    small = sorted(bounds)
    taken = next(k for k in range(6) if sum(small[: k + 1]) > NORMAL_TOLERANCE)
    assert 0 < taken < 6
    assert error == pytest.approx(sum(small[:taken]), rel=1e-6)
    as_normal = np.argsort(bounds)[:taken]
    variance = sum((shares[k] * values[k] ** 2).sum() for k in as_normal)
    assert sd == pytest.approx(math.sqrt(variance))
    kept = [k for k in range(6) if k not in as_normal]
    np.testing.assert_array_equal(exact.values[:, 0], values[kept].ravel())
