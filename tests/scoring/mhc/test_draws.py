"""Draws that stand for too many combinations, against the frequencies and every combination."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.scoring.mhc import ragged
from riskscore.scoring.mhc.draws import drawn
from riskscore.scoring.mhc.ragged import Weighted, together

_SHARES = st.lists(st.floats(0.001, 1), min_size=1, max_size=12).map(
    lambda parts: np.array(parts) / sum(parts)
)


@given(st.lists(_SHARES, min_size=1, max_size=3), st.integers(1, 400))
def test_each_distribution_keeps_its_frequencies(frequencies, most) -> None:
    outcomes, probability = drawn(frequencies, most)
    assert math.isclose(probability.sum(), 1)
    for own, outcome in zip(frequencies, outcomes, strict=True):
        assert np.bincount(outcome, probability, len(own)).tolist() == _near(own)


def _near(numbers: np.ndarray):
    return pytest.approx(numbers.tolist(), abs=1e-12)


def test_independent_distributions_are_hardly_correlated() -> None:
    """Of 1,000 outcomes each; of the variance of a sum 1% are three or more standard errors."""
    made = np.random.default_rng(4)
    share = made.dirichlet(np.full(1000, 0.3))
    value = made.normal(size=1000)
    (first, second), probability = drawn([share, share], 400_000)
    mean = share @ value
    variance = share @ (value - mean) ** 2
    both = probability @ ((value[first] - mean) * (value[second] - mean))
    assert abs(both / variance) < 0.01


def test_of_lists_with_too_many_choices_some_are_drawn(monkeypatch) -> None:
    """One owner of two has 36 choices, where 20 are listed."""
    lists = [
        Weighted.merged(
            np.array([0] + [1] * 6), np.array([3, *range(6)]) * unit, np.arange(1.0, 8), 2
        )
        for unit in (1, 100)
    ]
    monkeypatch.setattr(ragged, "_MOST_CHOICES", 20)
    owner, code, weight = together(lists)
    assert (owner[0], code[0], weight[0]) == (0, 303, 1)
    own = np.flatnonzero(owner == 1)
    assert len(own) == len(owner) - 1
    for part in (code[own] % 100, code[own] // 100):
        found = np.bincount(part, weight[own], 6) / 27  # what the other list sums to
        assert found.tolist() == _near(np.arange(2.0, 8))
