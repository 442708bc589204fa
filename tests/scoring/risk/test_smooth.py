"""Means of smooth functions over what is not known, against sums over its values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskscore.scoring.population.spectrum import Spectrum, certain, of_normal, of_states
from riskscore.scoring.risk.smooth import POINTS, smooth

VALUES, CHANCES = (-0.8, 0.1, 1.3), (0.3, 0.5, 0.2)


def rare(x: float) -> float:
    """A share of those at risk who fall ill, and how that share is lost at high risks."""
    r = 1 / (1 + math.exp(-x))
    return 0.2 + 0.5 * r * math.exp(-r)


@pytest.fixture(scope="module")
def unknown() -> Spectrum:
    """A person of whom nothing is open, and two of three possible values."""
    one = of_states(np.array(VALUES), np.array(CHANCES))
    real, imaginary = certain(1).real, certain(1).imaginary
    return Spectrum(
        np.column_stack([real, one.real, one.real]),
        np.column_stack([imaginary, one.imaginary, one.imaginary]),
    )


def test_points_are_even_steps_around_zero() -> None:
    assert np.diff(POINTS) == pytest.approx(math.pi / 64)
    assert np.abs(POINTS).min() == pytest.approx(math.pi / 128)
    assert POINTS[0] < -25
    assert 4 - math.pi / 64 < POINTS[-1] < 4.01


@pytest.mark.parametrize("top", [4.0, 2.0])
def test_means_of_a_function_of_three_values(unknown: Spectrum, top: float) -> None:
    points = POINTS[: np.searchsorted(POINTS, top)]
    found = smooth(np.array([rare(x) for x in points]))
    assert found.left == rare(points[0])
    for center in (-20.0, -12.0, -4.0, -1.0, top - 1.3):
        told = found.mean(np.array([center, center, center - 1.0]), unknown)
        wanted = [rare(center)]
        for start in (center, center - 1.0):
            pairs = zip(VALUES, CHANCES, strict=True)
            wanted.append(sum(p * rare(start + value) for value, p in pairs))
        assert told == pytest.approx(wanted, abs=1e-7)


def test_a_normal_error_blurs_the_function() -> None:
    """By a sum over 4,001 points of the normal density."""
    found = smooth(np.array([rare(x) for x in POINTS]))
    z = np.linspace(-9, 9, 4001)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    told = found.mean(np.array([-3.0]), of_normal(np.array([0.25])))
    wanted = sum(p * rare(-3 + 0.5 * one) for one, p in zip(z.tolist(), density, strict=True))
    assert told[0] == pytest.approx(wanted, abs=1e-7)


def test_a_constant_is_its_own_mean(unknown: Spectrum) -> None:
    found = smooth(np.full(len(POINTS), 0.375))
    assert found.mean(np.zeros(3), unknown) == pytest.approx(0.375, abs=1e-12)
