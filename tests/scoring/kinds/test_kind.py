"""Evidence on several factors at once, against sums over a person's states by hand."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.missing import Missing
from riskscore.models.terms import ExposureFactor, Factor, VariantFactor
from riskscore.samples.cohort import Cohort
from riskscore.scoring.kinds.kind import (
    Answer,
    FactorStates,
    Kind,
    KindEvidence,
    Kinds,
    no_reading,
)
from riskscore.scoring.kinds.states import States

MS = rs.load_model("ms")
A, B, C = list(dict.fromkeys(f for t in MS.terms for f in t.factors if type(f) is VariantFactor))[
    :3
]
SHARES = (0.5, 0.3, 0.2)
POPULATION = ((0.0, 1.0, 2.0), (1.0, 0.0, 3.0), (2.0, 2.0, 0.5))  # a row a state, of A, B and C


class Plain(Kind):
    """Three factors whose states in the population are given."""

    def __init__(self) -> None:
        super().__init__("plain", (A, B, C), States.one(np.array(POPULATION), np.array(SHARES)))

    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        raise NotImplementedError

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        raise NotImplementedError

    def thing(self, factor: Factor) -> tuple[str, str]:
        raise NotImplementedError

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        raise NotImplementedError


KIND = Plain()
# Of A and C together: two states, one, none, and one of 0. Of B alone: one, none, two, none.
TOGETHER = [[((1.0, 2.0), 0.25), ((3.0, 0.5), 0.75)], [((2.0, 1.0), 1.0)], [], [((0.0, 2.0), 1.0)]]
ALONE = [[((4.0,), 1.0)], [], [((1.0,), 0.5), ((3.0,), 0.5)], []]
MISSING = np.array([[0, 0, 0], [0, 2, 0], [1, 0, 3], [0, 1, 0]], dtype=np.uint8)


def states(drawn: list[list[tuple[tuple[float, ...], float]]], columns: int) -> States:
    rows = [(i, v, p) for i, own in enumerate(drawn) for v, p in own]
    return States.of_rows(
        np.array([i for i, _, _ in rows]),
        np.array([v for _, v, _ in rows]).reshape(-1, columns),
        np.array([p for _, _, p in rows]),
        len(drawn),
    )


EVIDENCE = KindEvidence(
    KIND,
    (FactorStates((A, C), states(TOGETHER, 2)), FactorStates((B,), states(ALONE, 1))),
    MISSING,
    from_typed=np.array([True, False, False, True]),
)


def joint(i: int) -> list[tuple[dict[Factor, float], float]]:
    """Every state of the three factors of a person; gaps are drawn together."""
    own = [({A: v[0], C: v[1]}, p) for v, p in TOGETHER[i]] or [({}, 1.0)]
    alone = [({B: v[0]}, p) for v, p in ALONE[i]] or [({}, 1.0)]
    found = []
    for (one, p), (two, q) in product(own, alone):
        for row, r in zip(POPULATION, SHARES, strict=True):
            drawn: dict[Factor, float] = dict(zip((A, B, C), row, strict=True))
            found.append((drawn | one | two, p * q * r))
    return found


@pytest.mark.parametrize("factors", [(A,), (B,), (C,), (A, B), (C, A), (B, C), (A, B, C)])
def test_products_of_factors(factors: tuple[Factor, ...]) -> None:
    first, second, zero = EVIDENCE.moments(factors)
    for i in range(4):
        numbers = [(math.prod(own[f] for f in factors), p) for own, p in joint(i)]
        assert first[i] == pytest.approx(sum(p * x for x, p in numbers)), i
        assert second[i] == pytest.approx(sum(p * x * x for x, p in numbers)), i
    assert zero.tolist() == [False, False, False, A in factors]


def test_a_zero_of_what_was_not_observed_settles_nothing() -> None:
    """A reading may say of an unobserved factor that it is 0, as it follows from others."""
    reading = FactorStates((A,), states([[((0.0,), 1.0)], [((0.0,), 1.0)]], 1))
    missing = np.array([[2, 1, 1], [0, 1, 1]], dtype=np.uint8)
    found = KindEvidence(KIND, (reading,), missing)
    assert found.moments([A])[2].tolist() == [False, True]
    assert found.moments([A, B])[2].tolist() == [False, True]


def test_the_reason_is_the_first_factors_that_has_one() -> None:
    assert EVIDENCE.reasons([B]).tolist() == [0, 2, 0, 1]
    assert EVIDENCE.reasons([A, B]).tolist() == [0, 2, 1, 1]
    assert EVIDENCE.reasons([C, A]).tolist() == [0, 0, 3, 0]
    assert EVIDENCE.reasons([A, B, C]).tolist() == [0, 2, 1, 1]


def test_gaps_have_the_populations_states() -> None:
    assert EVIDENCE.unknown.tolist() == [
        [False] * 3, [False, True, False], [True, False, True], [False, True, False],
    ]  # fmt: skip
    gaps = EVIDENCE.gaps
    assert gaps.known.tolist() == [False, True, True, True]
    assert gaps.of[1] == gaps.of[3] != gaps.of[2]
    for i, lost in ((1, (1,)), (2, (0, 2))):
        rows, _ = gaps.rows_of(np.array([i]))
        told = {tuple(gaps.values[row]): gaps.probability[row] for row in rows}
        by_hand: dict[tuple[float, ...], float] = {}
        for row, p in zip(POPULATION, SHARES, strict=True):
            drawn = tuple(x if k in lost else 0.0 for k, x in enumerate(row))
            by_hand[drawn] = by_hand.get(drawn, 0.0) + p
        assert told == pytest.approx(by_hand)
    whole = EVIDENCE.take(slice(0, 1))
    assert not whole.gaps.known.any()
    assert whole.gaps.values.shape == (0, 3)


def test_a_part_of_the_people() -> None:
    part = EVIDENCE.take(slice(1, 3))
    assert part.missing.tolist() == MISSING[1:3].tolist()
    assert part.from_typed is not None
    assert part.from_typed.tolist() == [False, False]
    whole = EVIDENCE.moments([A, B])
    for own, all_of in zip(part.moments([A, B]), whole, strict=True):
        assert own.tolist() == all_of[1:3].tolist()


def test_nothing_measured() -> None:
    found = no_reading(KIND, 2, Missing.FILTERED)
    assert found.missing.tolist() == [[Missing.FILTERED] * 3] * 2
    first, second, zero = found.moments([A, C])
    mean = sum(p * row[0] * row[2] for row, p in zip(POPULATION, SHARES, strict=True))
    square = sum(p * (row[0] * row[2]) ** 2 for row, p in zip(POPULATION, SHARES, strict=True))
    assert first == pytest.approx([mean] * 2)
    assert second == pytest.approx([square] * 2)
    assert not zero.any()
    assert found.from_typed is None


def test_kinds_by_what_factors_read() -> None:
    exposed = next(f for t in MS.terms for f in t.factors if isinstance(f, ExposureFactor))
    kinds = Kinds({"plain": KIND}, {A.reads: "plain", B.reads: "plain", exposed.reads: "other"})
    assert kinds.of(A) is kinds["plain"] is KIND
    assert kinds.read_by([A, exposed, B]) == {"plain": [A, B], "other": [exposed]}
    assert not KIND.by_copies(None)  # type: ignore[arg-type]
    assert KIND.numbers(B).tolist() == [row[1] for row in POPULATION]
