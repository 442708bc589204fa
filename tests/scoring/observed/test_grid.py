"""Shares of distributions below given values, from the frequencies of their transforms."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from riskscore.scoring.observed.grid import SILENT, Grid
from riskscore.scoring.population.distribution import WIDTH, binned

GRID = Grid(4096)  # from -4 to 4
BLUR = 0.2


def blurred_coin() -> tuple[np.ndarray, int]:
    """The transform of -1 (a quarter) or 1/3, with a normal variable added, where it is heard."""
    low, bins = binned(np.array([-1.0, 1 / 3]), np.array([0.25, 0.75]))
    count = math.ceil(GRID.heard_of_normal(BLUR**2))
    return GRID.transform(low, bins)[:count] * GRID.normal(BLUR**2, count), count


def test_blurred_steps_are_a_mixture_of_normal_distributions() -> None:
    transform, _ = blurred_coin()
    values = np.linspace(-3, 3, 301)
    wanted = [
        NormalDist(-1, BLUR).cdf(x) / 4 + 3 * NormalDist(1 / 3, BLUR).cdf(x) / 4 for x in values
    ]
    # A straight line within a step is off by WIDTH^2 / 8 times the slope of the density.
    assert GRID.below(transform, values) == pytest.approx(wanted, abs=1e-5)


def test_few_frequencies_say_what_all_of_them_do() -> None:
    transform, count = blurred_coin()
    low, bins = binned(np.array([-1.0, 1 / 3]), np.array([0.25, 0.75]))
    every = GRID.transform(low, bins) * GRID.normal(BLUR**2, GRID.count)
    assert count < GRID.count // 8
    assert GRID.heard(every) <= count
    # Scores in, on and between steps, at the ends of the grid and beyond them.
    values = np.concatenate([np.linspace(-4.5, 4.5, 1000), [-4.0, 4.0, 4.0 - WIDTH, 0.0, 1 / 3]])
    found = GRID.below(transform, values)
    assert found == pytest.approx(GRID.between(GRID.middles(every), values), abs=1e-13)


def test_a_sum_over_frequencies_is_that_over_steps() -> None:
    """Against the shares of the steps themselves, added up one by one."""
    grid, variance = Grid(64), (5 * WIDTH) ** 2
    count = grid.count
    transform = grid.normal(variance, count).astype(complex)
    assert abs(transform[-1]) < SILENT
    shares = [
        sum(
            (1 if m == 0 else 2) * transform[m].real * math.cos(2 * math.pi * m * step / 64)
            for m in range(count)
        ) / 64
        for step in range(-32, 32)
    ]  # fmt: skip
    for step in range(-32, 31):
        below = sum(shares[: step + 32]) + shares[step + 32] / 2
        next_one = below + shares[step + 32] / 2 + shares[step + 33] / 2
        x = np.array([step * WIDTH, (step + 0.25) * WIDTH])
        assert grid.below(transform, x) == pytest.approx(
            [below, 0.75 * below + 0.25 * next_one], abs=1e-14
        )


def test_a_value_has_the_same_share_whoever_stands_beside_it() -> None:
    transform, _ = blurred_coin()
    values = np.random.default_rng(1).normal(size=700)
    found = GRID.below(transform, values)
    alone = [GRID.below(transform, values[i : i + 1])[0] for i in range(0, 700, 50)]
    assert alone == found[::50].tolist()
