"""Moments of a component that several measurements leave open: sums over its states, in loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.scoring.kinds.states import States
from riskscore.scoring.observed.uncertainty import UNKNOWN, VarianceSource
from riskscore.scoring.observed.unknowns import JointStates
from riskscore.scoring.observed.variance import _products
from riskscore.scoring.population.spectrum import NODES, of_states

GENOTYPE, MISSING = VarianceSource.GENOTYPES, VarianceSource.MISSING
Marginal = list[tuple[float, float]]  # a value and its probability
MARGINALS = st.lists(
    st.tuples(st.floats(-2, 2), st.floats(0.1, 1)), min_size=1, max_size=3
).map(lambda rows: [(value, share / sum(s for _, s in rows)) for value, share in rows])  # fmt: skip


@given(MARGINALS, MARGINALS, st.floats(-1, 1))
def test_two_measurements_and_their_product(one: Marginal, other: Marginal, both: float) -> None:
    """A term of each measurement and one of the product of both; a second block is certain."""
    rows = [
        (i, j, (a, b, both * a * b), p * q)
        for (i, (a, p)), (j, (b, q)) in product(enumerate(one), enumerate(other))
    ]
    states = States(
        np.array([*(values for _, _, values, _ in rows), (5.0, 5.0, 5.0)]),
        np.array([*(p for _, _, _, p in rows), 1.0]),
        np.array([0] * len(rows) + [1]),
        np.array([1, 0]),
    )
    slots = np.array([*((i, j) for i, j, _, _ in rows), (0, 0)])
    joint = JointStates(states, slots, (GENOTYPE, MISSING))
    mean = sum(p * sum(values) for _, _, values, p in rows)
    central = [
        sum(p * (sum(values) - mean) ** power for _, _, values, p in rows) for power in (2, 3)
    ]
    assert joint.variance.tolist() == pytest.approx([central[0], 0], abs=1e-12)
    assert joint.third.tolist() == pytest.approx([central[1], 0], abs=1e-12)
    for k in range(3):
        own = sum(p * values[k] for _, _, values, p in rows)
        covariance = sum(p * (values[k] - own) * sum(values) for _, _, values, p in rows)
        assert joint.by_term[:, k].tolist() == pytest.approx([covariance, 0], abs=1e-12)
    # A measurement's own part is the variance of the mean given its state; the rest is halved.
    alone = []
    for place, marginal in ((0, one), (1, other)):
        means = [
            sum(p * sum(values) for *key, values, p in rows if key[place] == k) / share
            for k, (_, share) in enumerate(marginal)
        ]
        pairs = zip(means, marginal, strict=True)
        alone.append(sum(share * (own - mean) ** 2 for own, (_, share) in pairs))
    unsure = [len(one) > 1, len(other) > 1]
    rest = (central[0] - sum(alone)) / max(1, sum(unsure))
    wanted = dict.fromkeys(UNKNOWN, 0.0)
    for source, own, known in zip((GENOTYPE, MISSING), alone, unsure, strict=True):
        wanted[source] = own + rest if known else 0.0
    assert joint.by_source[0].tolist() == pytest.approx(list(wanted.values()), abs=1e-10)
    assert joint.by_source[1].tolist() == [0.0] * len(UNKNOWN)


def test_products_of_the_spectra_that_are_chosen() -> None:
    """Node by node the product of complex numbers: E[exp(itX)] of a sum."""
    variables = [
        ((-1.0, 2.0), (0.75, 0.25)),
        ((0.5, 0.0), (0.5, 0.5)),
        ((-3.0, 1.5), (0.1, 0.9)),
    ]
    spectra = [of_states(np.array(values), np.array(p)) for values, p in variables]
    chosen = np.array([[False, False, False], [True, False, True], [True, True, True]])
    found = _products(chosen, spectra)
    for row, marks in enumerate(chosen.tolist()):
        wanted = np.ones(len(NODES), dtype=complex)
        for mark, (values, p) in zip(marks, variables, strict=True):
            if mark:
                wanted *= sum(q * np.exp(1j * NODES * x) for x, q in zip(values, p, strict=True))
        assert found.real[:, row] == pytest.approx(wanted.real, abs=1e-12)
        assert found.imaginary[:, row] == pytest.approx(wanted.imag, abs=1e-12)
