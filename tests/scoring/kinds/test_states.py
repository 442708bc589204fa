"""States against loops written out here: what people may be, one state after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.scoring.kinds.states import States, alike, outer

# A person: possible values of two columns with their weights; none where nothing is known.
Person = list[tuple[tuple[int, int], float]]
value = st.integers(-2, 2)
person = st.lists(st.tuples(st.tuples(value, value), st.floats(0.05, 1.0)), max_size=4)
people = st.lists(person, min_size=1, max_size=6)


def normalised(drawn: list[Person]) -> list[Person]:
    return [[(v, w / math.fsum(w for _, w in own)) for v, w in own] for own in drawn]


def states_of(drawn: list[Person]) -> States:
    rows = [(i, v, p) for i, own in enumerate(drawn) for v, p in own]
    return States.of_rows(
        np.array([i for i, _, _ in rows], dtype=np.int64),
        np.array([v for _, v, _ in rows], dtype=np.float64).reshape(-1, 2),
        np.array([p for _, _, p in rows], dtype=np.float64),
        len(drawn),
    ).shared()


def told(states: States, i: int) -> dict[tuple[float, ...], float]:
    """One person's probability of each value."""
    found: dict[tuple[float, ...], float] = defaultdict(float)
    rows, _ = states.rows_of(np.array([i]))
    for row in rows.tolist():
        found[tuple(states.values[row].tolist())] += float(states.probability[row])
    return found


def by_hand(own: Person) -> dict[tuple[float, ...], float]:
    found: dict[tuple[float, ...], float] = defaultdict(float)
    for v, p in own:
        found[tuple(map(float, v))] += p
    return found


@given(people)
def test_states_moments_and_merging(drawn: list[Person]) -> None:
    drawn = normalised(drawn)
    states = states_of(drawn)
    merged = states.merged()
    first, second = states.moments(states.values[:, 0] * states.values[:, 1])
    for i, own in enumerate(drawn):
        assert states.known[i] == bool(own)
        assert told(states, i) == pytest.approx(by_hand(own))
        assert told(merged, i) == pytest.approx(by_hand(own))
        assert len(merged.rows_of(np.array([i]))[0]) == len(by_hand(own))
        if own:
            assert first[i] == pytest.approx(math.fsum(p * a * b for (a, b), p in own))
            assert second[i] == pytest.approx(math.fsum(p * (a * b) ** 2 for (a, b), p in own))
        else:
            assert math.isnan(first[i])


@given(people)
def test_people_alike_share_their_states(drawn: list[Person]) -> None:
    drawn = normalised(drawn)
    states = states_of(drawn + drawn)
    assert np.array_equal(states.of[: len(drawn)], states.of[len(drawn) :])
    assert len(states.count) == len({tuple(own) for own in drawn if own})


@given(people)
def test_a_condition_leaves_what_meets_it(drawn: list[Person]) -> None:
    drawn = normalised(drawn)
    states = states_of(drawn)
    given_ = states.given(states.values[:, 0] > 0)
    for i, own in enumerate(drawn):
        kept = [(v, p) for v, p in own if v[0] > 0]
        assert told(given_, i) == pytest.approx(by_hand(normalised([kept])[0]))


@given(people, st.data())
def test_every_combination_of_independent_states(drawn: list[Person], data: st.DataObject) -> None:
    drawn = normalised([own or [((0, 0), 1.0)] for own in drawn])
    others = normalised([data.draw(person.filter(bool)) for _ in drawn])
    both, chosen = outer([states_of(drawn), states_of(others)], np.arange(len(drawn)))
    for i, (one, two) in enumerate(zip(drawn, others, strict=True)):
        found: dict[tuple[float, ...], float] = defaultdict(float)
        for ((a, b), p), ((c, d), q) in product(one, two):
            found[float(a + c), float(b + d)] += p * q
        assert told(both, i) == pytest.approx(found)
    assert chosen.shape == (len(both.probability), 2)


@given(people, st.data())
def test_some_of_the_people(drawn: list[Person], data: st.DataObject) -> None:
    """In any order, and more than once; blocks that nobody of them has are left out."""
    drawn = normalised(drawn)
    places = data.draw(st.lists(st.integers(0, len(drawn) - 1)))
    part = states_of(drawn).take(np.array(places, dtype=np.int64))
    assert part.known.tolist() == [bool(drawn[place]) for place in places]
    for i, place in enumerate(places):
        assert told(part, i) == pytest.approx(by_hand(drawn[place]))
    used = {tuple(drawn[place]) for place in places if drawn[place]}
    assert len(part.count) == len(used)
    assert (part.count > 0).all()
    left = part.given(part.values[:, 0] > 0)
    assert (left.count > 0).all()
    assert len(left.count) == len({own for own in used if any(v[0] > 0 for v, _ in own)})


def test_a_number_of_all_states_is_exact() -> None:
    """Though ten times 0.1 is not 1 in floating point."""
    one = States.one(np.zeros((10, 1)), np.full(10, 0.1))
    first, second = one.moments(np.full(10, 0.3))
    assert (first.tolist(), second.tolist()) == ([0.3], [0.3**2])  # of the one person there is
    assert one.merged().probability.tolist() == [1.0]


def test_known_for_certain_by_the_first_value() -> None:
    """Who has no first value is unknown, whatever else is there; people alike share a block."""
    values = np.array([[1.0, 5.0], [math.nan, 5.0], [0.0, math.nan], [1.0, 5.0]])
    found = States.certain(values)
    assert found.known.tolist() == [True, False, True, True]
    assert found.of[0] == found.of[3] != found.of[2]
    assert found.expected(found.values[:, 0]).tolist()[::2] == [1.0, 0.0]
    assert np.array_equal(found.values[found.of[2]], values[2], equal_nan=True)


def test_zeros_are_one_number_and_tiny_ones_are_not_zero() -> None:
    half = np.array([0.5, 0.5])
    assert States.one(np.array([[0.0], [-0.0]]), half).merged().probability.tolist() == [1.0]
    assert len(States.one(np.array([[1e-20], [2e-20]]), half).merged().probability) == 2
    for values, blocks in (([0.0, -0.0], 1), ([1e-20, 2e-20], 2)):
        each = States.of_rows(np.arange(2), np.array(values)[:, None], np.ones(2), 2)
        assert len(each.shared().count) == blocks


def test_rows_without_columns_are_all_alike() -> None:
    assert [own.tolist() for own in alike(np.zeros((3, 0)))] == [[0], [0, 0, 0]]
    assert [own.tolist() for own in alike(np.zeros((0, 0)))] == [[], []]


@given(people)
def test_gaps_are_filled_and_columns_spread(drawn: list[Person]) -> None:
    drawn = normalised(drawn)
    states, other = states_of(drawn), states_of([[((1, 2), 1.0)]] * len(drawn))
    filled = states.filled(other).columns([2, 0], 3)
    for i, own in enumerate(drawn):
        hand = by_hand(own or [((1, 2), 1.0)])
        assert told(filled, i) == pytest.approx({(b, 0.0, a): p for (a, b), p in hand.items()})
    none = states.only(np.zeros(len(drawn), dtype=bool))
    assert not none.known.any()


@pytest.mark.parametrize("kinds", [1, 300, 1900])
@pytest.mark.parametrize("columns", [8, 9, 11])
@pytest.mark.parametrize("form", [np.float64, np.uint8])
def test_equal_rows_of_a_long_table_are_of_one_kind(kinds: int, columns: int, form: type) -> None:
    """As a dictionary of rows tells them apart; the first of each kind is that of the table."""
    rng = np.random.default_rng(kinds)
    distinct = rng.integers(0, 250, (kinds, columns)).astype(form)
    rows = distinct[rng.integers(0, kinds, 2000)]
    first, kind = alike(rows)
    told: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        told.setdefault(row.tobytes(), place)
    assert sorted(first.tolist()) == sorted(told.values())
    assert first[kind].tolist() == [told[row.tobytes()] for row in rows]
    # The kinds are in one order, however long the table is.
    few = alike(rows[np.sort(first)])[0]
    assert np.sort(first)[few].tolist() == first.tolist()


@pytest.mark.parametrize("columns", [2, 3, 11, 13])
@pytest.mark.parametrize("form", [np.float64, np.uint8])
def test_rows_that_nearly_all_differ_are_in_the_order_of_their_bytes(
    columns: int, form: type
) -> None:
    """Few numbers a column, or so many that one number does not tell the rows apart."""
    rows = np.random.default_rng(columns).integers(0, 40, (1500, columns)).astype(form)
    first, kind = alike(rows)
    written = [row.tobytes() for row in rows]
    kinds = sorted(set(written))
    assert len(kinds) > 750
    assert [written[place] for place in first.tolist()] == kinds
    assert first.tolist() == [written.index(own) for own in kinds]
    assert [kinds[k] for k in kind.tolist()] == written
