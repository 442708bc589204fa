"""Shares of distributions below given values, from the frequencies of their transforms."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from riskscore.arrays import Array, Places
from riskscore.scoring.observed.grid import NEGLIGIBLE, Grid, Spectral
from riskscore.scoring.population.distribution import WIDTH, binned

GRID = Grid(4096)  # from -4 to 4
BLUR = 0.2


def coin() -> Spectral:
    """The transform of -1 (a quarter) or 1/3."""
    return GRID.transform(*binned(np.array([-1.0, 1 / 3]), np.array([0.25, 0.75])))


def blurred_coin() -> tuple[Spectral, Places]:
    """With a normal variable added, where it is heard."""
    chosen = GRID.heard_beside(GRID.heard(coin()), BLUR**2)
    return coin()[chosen] * GRID.normal(BLUR**2, chosen), chosen


def below(grid: Grid, transform: Spectral, chosen: Places, x: Array) -> Array:
    """The shares of one distribution."""
    return grid.below(transform[None], chosen[None], x, np.zeros(len(x), dtype=np.int64))


def test_blurred_steps_are_a_mixture_of_normal_distributions() -> None:
    values = np.linspace(-3, 3, 301)
    wanted = [
        NormalDist(-1, BLUR).cdf(x) / 4 + 3 * NormalDist(1 / 3, BLUR).cdf(x) / 4 for x in values
    ]
    # A straight line within a step is off by WIDTH^2 / 8 times the slope of the density.
    assert below(GRID, *blurred_coin(), values) == pytest.approx(wanted, abs=1e-5)


def test_few_frequencies_say_what_all_of_them_do() -> None:
    """Where few are left, and where they are far apart: a sum of eight coins of steps of 1/8."""
    eighths = GRID.transform(*binned(np.array([-0.125, 0.125]), np.array([0.5, 0.5]))) ** 8
    steps = GRID.normal(0.01**2, slice(None)) * eighths
    sparse = GRID.heard(steps).places
    assert len(sparse) < sparse[-1] + 1
    chosen = blurred_coin()[1]
    assert len(chosen) < GRID.count // 8
    every = coin() * GRID.normal(BLUR**2, slice(None))
    # Values in, on and between steps, at the ends of the grid and beyond them.
    values = np.concatenate([np.linspace(-4.5, 4.5, 1000), [-4.0, 4.0, 4.0 - WIDTH, 0.0, 1 / 3]])
    for transform, places in ((every, chosen), (steps, sparse)):
        found = below(GRID, transform[places], places, values)
        wanted = GRID.between(GRID.middles(transform), values)
        assert found == pytest.approx(wanted, abs=4 * NEGLIGIBLE)


def test_a_sum_over_frequencies_is_that_over_steps() -> None:
    """Against the shares of the steps themselves, added up one by one."""
    grid, variance = Grid(64), (5 * WIDTH) ** 2
    count = grid.count
    transform = grid.normal(variance, slice(None)).astype(complex)
    assert abs(transform[-1]) < 1e-16
    shares = [
        sum(
            (1 if m == 0 else 2) * transform[m].real * math.cos(2 * math.pi * m * step / 64)
            for m in range(count)
        ) / 64
        for step in range(-32, 32)
    ]  # fmt: skip
    for step in range(-32, 31):
        wanted = sum(shares[: step + 32]) + shares[step + 32] / 2
        next_one = wanted + shares[step + 32] / 2 + shares[step + 33] / 2
        x = np.array([step * WIDTH, (step + 0.25) * WIDTH])
        chosen = np.arange(count - 1)
        assert below(grid, transform[:-1], chosen, x) == pytest.approx(
            [wanted, 0.75 * wanted + 0.25 * next_one], abs=1e-14
        )


def test_a_value_has_the_same_share_whoever_stands_beside_it() -> None:
    coins = blurred_coin()
    values = np.random.default_rng(1).normal(size=700)
    found = below(GRID, *coins, values)
    alone = [below(GRID, *coins, values[i : i + 1])[0] for i in range(0, 700, 50)]
    assert alone == found[::50].tolist()


def test_several_distributions_at_once_are_each_by_itself() -> None:
    transform, chosen = blurred_coin()
    other = GRID.normal(0.1, chosen).astype(complex)
    values = np.random.default_rng(2).normal(size=300)
    of = np.arange(300) % 2
    found = GRID.below(np.array([transform, other]), np.array([chosen, chosen]), values, of)
    for place, own in enumerate((transform, other)):
        assert found[of == place].tolist() == below(GRID, own, chosen, values[of == place]).tolist()
