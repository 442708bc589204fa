"""Mean risk through the characteristic function, against sums and integrals written out here."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskscore.scoring.kinds.states import States
from riskscore.scoring.population.distribution import Distribution, exact_or_normal
from riskscore.scoring.population.spectrum import (
    NODES,
    Spectrum,
    after_certain,
    certain,
    of_normal,
    of_rows,
    of_states,
)


def _expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _variants(weights: np.ndarray, frequency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred values and Hardy-Weinberg probabilities, a row a variant."""
    p = frequency[:, None]
    probabilities = np.hstack([(1 - p) ** 2, 2 * p * (1 - p), p**2])
    values = weights[:, None] * (np.arange(3.0) - 2 * p)
    return values, probabilities


def _exact(values: np.ndarray, probabilities: np.ndarray) -> States:
    """The genotypes of variants, three rows each."""
    sample = np.repeat(np.arange(len(values)), 3)
    return States.of_rows(sample, values.reshape(-1, 1), probabilities.ravel(), len(values))


@given(
    arrays(np.float64, 5, elements=st.floats(-3, 3)),
    arrays(np.float64, 5, elements=st.floats(0.01, 1)),
    st.floats(-12, 4),
)
def test_discrete(values: np.ndarray, shares: np.ndarray, center: float) -> None:
    p = shares / shares.sum()
    found = of_states(values, p).mean_risk(np.array([center]))[0]
    assert found == pytest.approx(float(p @ _expit(center + values)), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("sd", [0.1, 1.0, 2.5])
@pytest.mark.parametrize("center", [-14.0, -6.0, 0.0, 3.0])
def test_normal(sd: float, center: float) -> None:
    z = np.linspace(-10, 10, 40_001)
    density = np.exp(-(z**2) / 2)
    truth = float(density @ _expit(center + sd * z) / density.sum())
    found = of_normal(np.array([sd**2])).mean_risk(np.array([center]))[0]
    assert found == pytest.approx(truth, rel=1e-7)


@given(center=st.floats(-40, 40), sd=st.floats(0, 3))
def test_one_variable_as_a_number_and_as_an_array(center: float, sd: float) -> None:
    one = of_states(np.array([-1.0, 0.25]), np.array([0.2, 0.8])).times(of_normal(sd**2))
    array = Spectrum(one.real[:, None], one.imaginary[:, None])
    assert one.one_mean_risk(center) == array.mean_risk(np.array([center]))[0]


def test_a_few_variants_enumerated() -> None:
    """Six variants, all 729 genotypes: the intercept and the mean risk, to twelve digits."""
    rng = np.random.default_rng(2)
    values, probabilities = _variants(rng.normal(0, 1, 6), rng.uniform(0.05, 0.95, 6))
    kept, sd, error = exact_or_normal(values, probabilities)
    assert (len(kept.of), sd, error) == (6, 0.0, 0.0)
    distribution = Distribution((), kept, sd)
    alpha = distribution.intercept(0.013)
    mean = 0.0
    for genotypes in product(range(3), repeat=6):
        total = sum(values[i, g] for i, g in enumerate(genotypes))
        share = np.prod([probabilities[i, g] for i, g in enumerate(genotypes)])
        mean += share * float(_expit(np.array(alpha + total)))
    assert mean == pytest.approx(0.013, rel=1e-10)


@pytest.mark.parametrize(("count", "size"), [(10, 0.4), (156, 0.13), (2000, 0.01)])
def test_normal_approximation_errs_less_than_its_bound(count: int, size: float) -> None:
    """Measured against the exact product: the bound holds, and is why variants are kept exact."""
    rng = np.random.default_rng(count)
    values, probabilities = _variants(np.full(count, size), rng.uniform(0.02, 0.98, count))
    variance = (probabilities * values**2).sum()
    center = np.array([-6.0])
    exact = of_states(values, probabilities).mean_risk(center)[0]
    normal = of_normal(np.array([variance])).mean_risk(center)[0]
    measured = abs(normal / exact - 1)
    reach = np.abs(values)
    third = (probabilities * reach**3 * np.exp(reach)).sum(axis=1)
    spread = np.sqrt((probabilities * values**2).sum(axis=1))[:, None]
    z = np.linspace(-8, 8, 4001)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    third_normal = (np.abs(spread * z) ** 3 * np.exp(np.abs(spread * z))) @ density
    bound = float((third + third_normal).sum() / 6)
    assert 1e-9 < measured < bound
    kept, _, error = exact_or_normal(values, probabilities)
    assert error <= 1e-6 < bound
    assert len(kept.of) > 0.9 * count  # few are small enough to be taken as normal


def test_very_many_tiny_variants_become_normal() -> None:
    values, probabilities = _variants(np.full(4000, 2e-4), np.full(4000, 0.3))
    kept, sd, error = exact_or_normal(values, probabilities)
    assert len(kept.of) < len(values)
    assert error <= 1e-6
    mixed = Distribution((), kept, sd)
    exact = of_states(values, probabilities).mean_risk(np.array([-6.0]))[0]
    assert mixed.mean_risk(-6.0) == pytest.approx(exact, rel=1e-6)
    assert mixed.variance == pytest.approx(float((probabilities * values**2).sum()), rel=1e-9)


def test_percentile_is_the_share_below() -> None:
    """Of 200,000 drawn scores; and a tie between a third of people counts half of them."""
    rng = np.random.default_rng(4)
    values, probabilities = _variants(rng.normal(0, 0.5, 8), rng.uniform(0.1, 0.9, 8))
    coin = States.one(np.array([[-0.5], [1.0]]), np.array([2 / 3, 1 / 3]))
    distribution = Distribution((coin,), _exact(values, probabilities), 0.7)
    drawn = sum(rng.choice(v, 200_000, p=p) for v, p in zip(values, probabilities, strict=True))
    drawn = drawn + rng.choice(coin.values[:, 0], 200_000, p=coin.probability)
    drawn = drawn + rng.normal(0, 0.7, 200_000)
    at = np.percentile(drawn, [1, 25, 50, 90, 99])
    assert distribution.percentile(at) == pytest.approx([1, 25, 50, 90, 99], abs=0.4)
    alone = Distribution((coin,), _exact(np.zeros((0, 3)), np.zeros((0, 3))))
    assert alone.percentile(coin.values[:, 0]) == pytest.approx([100 / 3, 100 * 5 / 6], abs=0.2)


def test_rows_of_several_variables_are_sums_of_waves() -> None:
    """At every node E[exp(itX)] of each owner, term by term; and after a variable that is 0."""
    rng = np.random.default_rng(4)
    owner = np.array([0, 0, 1, 2, 2, 2])
    values, shares = rng.normal(0, 2, 6), np.array([0.25, 0.75, 1.0, 0.5, 0.3, 0.2])
    found = of_rows(values, shares, owner, 3)
    later = after_certain(found)
    for k, node in enumerate(NODES.tolist()):
        for number in range(3):
            own = [(v, p) for v, p, o in zip(values, shares, owner, strict=True) if o == number]
            real = sum(p * math.cos(node * v) for v, p in own)
            imaginary = sum(p * math.sin(node * v) for v, p in own)
            assert found.real[k, number] == pytest.approx(real, abs=1e-12)
            assert found.imaginary[k, number] == pytest.approx(imaginary, abs=1e-12)
            assert later.real[k, number + 1] == found.real[k, number]
        assert (later.real[k, 0], later.imaginary[k, 0]) == (1, 0)


def test_a_mean_risk_is_a_probability() -> None:
    """Also where the sum over the nodes is off by its rounding."""
    centers = np.linspace(-31, 31, 3000)
    found = certain(3000).mean_risk(centers)
    assert ((found >= 0) & (found <= 1)).all()
    assert found == pytest.approx(_expit(centers), abs=1e-8)
    alone = certain(1)
    one = Spectrum(alone.real[:, 0], alone.imaginary[:, 0])
    assert [one.one_mean_risk(x) for x in centers[::100].tolist()] == found[::100].tolist()
