"""Variances of joint states by term and by source, against sums over states by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from riskscore.scoring.kinds.states import States
from riskscore.scoring.observed.uncertainty import UNKNOWN, VarianceSource
from riskscore.scoring.observed.unknowns import JointStates
from riskscore.scoring.observed.variance import _products
from riskscore.scoring.population.spectrum import NODES, of_states

SOURCES = (VarianceSource.GENOTYPES, VarianceSource.MISSING, VarianceSource.GENOTYPES)
# Of two kinds of people three measurements, each by its states: a number and a probability.
PEOPLE = [
    [[(0.0, 0.25), (1.0, 0.75)], [(1.0, 0.5), (2.0, 0.3), (4.0, 0.2)], [(3.0, 1.0)]],
    [[(2.0, 1.0)], [(1.0, 0.5), (3.0, 0.5)], [(0.0, 0.9), (-1.0, 0.1)]],
]
Row = tuple[tuple[int, ...], tuple[float, ...], float]


def rows_of(person: list[list[tuple[float, float]]]) -> list[Row]:
    """Every choice of states: which, the two terms' parts (a product, and a sum), probability."""
    rows: list[Row] = []
    for choice in product(*(range(len(own)) for own in person)):
        (a, p), (b, q), (c, r) = (own[k] for own, k in zip(person, choice, strict=True))
        rows.append((choice, (a * b, 0.5 * a - c), p * q * r))
    return rows


@pytest.fixture(scope="module")
def joint() -> JointStates:
    """Three people, of whom the first and the last are of one kind."""
    rows = [(block, *row) for block, person in enumerate(PEOPLE) for row in rows_of(person)]
    first = [0, 2, 5]  # of the measurements' states among all of theirs
    return JointStates(
        States(
            np.array([values for _, _, values, _ in rows]),
            np.array([p for *_, p in rows]),
            np.array([block for block, *_ in rows]),
            np.array([0, 1, 0]),
        ),
        np.array([[k + f for k, f in zip(own, first, strict=True)] for _, own, _, _ in rows]),
        SOURCES,
    )


def moment(rows: list[Row], power: int) -> float:
    mean = sum(p * sum(values) for _, values, p in rows)
    return sum(p * (sum(values) - mean) ** power for _, values, p in rows)


def test_moments_of_the_whole_value(joint: JointStates) -> None:
    rows = [rows_of(person) for person in PEOPLE]
    assert joint.variance.tolist() == pytest.approx([moment(own, 2) for own in rows])
    assert joint.third.tolist() == pytest.approx([moment(own, 3) for own in rows])


def test_each_terms_covariance_with_the_whole(joint: JointStates) -> None:
    for block, person in enumerate(PEOPLE):
        rows = rows_of(person)
        mean = sum(p * sum(values) for _, values, p in rows)
        wanted = [sum(p * v[k] * (sum(v) - mean) for _, v, p in rows) for k in range(2)]
        assert joint.by_term[block].tolist() == pytest.approx(wanted)
    assert joint.by_term.sum(axis=1) == pytest.approx(joint.variance)


def test_what_each_source_brings(joint: JointStates) -> None:
    """The variance of the mean given one measurement's state; what is left, of measurements that
    act together, is shared by those that have several states.
    """
    for block, person in enumerate(PEOPLE):
        rows = rows_of(person)
        mean = sum(p * sum(values) for _, values, p in rows)
        alone = []
        for k, own in enumerate(person):
            total = 0.0
            for state, (_, share) in enumerate(own):
                given = [(v, p) for choice, v, p in rows if choice[k] == state]
                total += share * (sum(p * sum(v) for v, p in given) / share - mean) ** 2
            alone.append(total)
        unsure = [len(own) > 1 for own in person]
        together = (moment(rows, 2) - sum(alone)) / sum(unsure)
        by_hand = dict.fromkeys(UNKNOWN, 0.0)
        for part, open_, source in zip(alone, unsure, SOURCES, strict=True):
            by_hand[source] += part + together if open_ else 0.0
        assert joint.by_source[block].tolist() == pytest.approx([by_hand[s] for s in UNKNOWN])
    assert joint.by_source.sum(axis=1) == pytest.approx(joint.variance)


def test_of_what_is_certain_nothing_comes() -> None:
    one = States.one(np.array([[2.0, 3.0]]), np.ones(1))
    found = JointStates(one, np.zeros((1, 1), dtype=np.int64), SOURCES[:1])
    assert found.variance.tolist() == found.third.tolist() == [0.0]
    assert found.by_source.tolist() == [[0.0] * len(UNKNOWN)]


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
