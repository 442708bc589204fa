"""The interval of a score and the spectra of people alike, by formulas written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.population.spectrum import NODES, after_certain, of_rows

Z = float(norm.ppf(0.975))
BY_SOURCE = {
    VarianceSource.WEIGHTS: [0.1, 0.0, 0.5],
    VarianceSource.GENOTYPES: [0.2, 0.0, 0.25],
    VarianceSource.MISSING: [0.3, 0.0, 0.0],
    VarianceSource.EXPOSURES: [0.0, 0.0, 0.125],
    VarianceSource.BASELINE: [0.4, 0.0, 0.125],
}


def unsure(third: list[float], normal: list[float] | None = None) -> Uncertainty:
    variance = {source: np.array(own) for source, own in BY_SOURCE.items()}
    return Uncertainty(variance, np.array(third), (), np.array(normal or [0.0] * 3), np.zeros(3))


def test_the_total_is_of_all_sources() -> None:
    assert unsure([0.0] * 3).total.tolist() == pytest.approx([1.0, 0.0, 1.0])


@pytest.mark.parametrize(("third", "skew"), [(0.0, 0.0), (0.6, 0.6), (-1.5, -1.5), (7.0, 2.0),
                                             (-2.5, -2.0)])  # fmt: skip
def test_limits_by_cornish_and_fisher(third: float, skew: float) -> None:
    """The normal point z, and (z^2 - 1) skewness / 6 more, of a skewness of 2 at most."""
    low, high = unsure([third, 0.0, -third]).limits()
    shift = (Z**2 - 1) / 6 * skew
    assert low.tolist() == pytest.approx([shift - Z, 0.0, -shift - Z])
    assert high.tolist() == pytest.approx([shift + Z, 0.0, Z - shift])


def test_skewness_is_of_the_standard_deviation() -> None:
    """A third moment of 0.25 with a standard deviation of a half is a skewness of 2."""
    variance = {source: np.array([0.05]) for source in VarianceSource}
    nothing = np.zeros(1)
    low, high = Uncertainty(variance, np.array([0.0625]), (), nothing, nothing).limits()
    shift = (Z**2 - 1) / 6 * 0.5
    assert (low[0], high[0]) == pytest.approx((0.5 * (shift - Z), 0.5 * (shift + Z)))


@pytest.mark.parametrize("normal", [[0.0, 0.0, 0.0], [0.0, 0.3, 0.1]])
def test_spectra_multiply_over_components_and_normal_errors(normal: list[float]) -> None:
    """Of two components: the first of two patterns, the second of one; a place of 0 is certain."""
    owner = np.array([0, 0, 1, 1])
    values, shares = np.array([-1.0, 0.5, -0.2, 0.6]), np.array([1 / 3, 2 / 3, 0.75, 0.25])
    first = after_certain(of_rows(values, shares, owner, 2))
    second = after_certain(of_rows(values[:2], shares[:2], owner[:2], 1))
    places = np.array([0, 1, 2]), np.array([1, 0, 1])
    patterns = ((places[0], first), (places[1], second))
    found = Uncertainty({}, np.zeros(3), patterns, np.array(normal), np.zeros(3)).spectrum
    states = ([(0.0, 1.0)], [(-1.0, 1 / 3), (0.5, 2 / 3)], [(-0.2, 0.75), (0.6, 0.25)])
    for i in range(3):
        for k, t in enumerate(NODES.tolist()):
            phi = math.exp(-t * t * normal[i] / 2) + 0j
            for place in (places[0][i], places[1][i]):
                phi *= sum(p * complex(math.cos(t * x), math.sin(t * x)) for x, p in states[place])
            assert found.real[k, i] == pytest.approx(phi.real, abs=1e-12)
            assert found.imaginary[k, i] == pytest.approx(phi.imag, abs=1e-12)


@pytest.mark.parametrize("normal", [[0.0, 0.0, 0.0], [0.0, 0.3, 0.1]])
def test_without_patterns_only_the_normal_error_is_left(normal: list[float]) -> None:
    found = unsure([0.0] * 3, normal).spectrum
    damping = [[math.exp(-t * t * v / 2) for v in normal] for t in NODES.tolist()]
    np.testing.assert_allclose(found.real, damping)
    assert not found.imaginary.any()
