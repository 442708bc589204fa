"""Columns moved from their labels: where the table's own numbers stand elsewhere, and how many."""

from __future__ import annotations

import numpy as np
import pytest

from riskscore.models.sorted_apart import moved_rows, same_numbers

TEN = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ([1.0, 2.0, 3.0], [2.0, 3.0, 1.0], True),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], False),  # nothing stands elsewhere
        ([1.0, 2.0, 3.0], [2.0, 1.0, 3.0], False),  # two alone may be chance
        ([1.05, 2.05, 3.05], [2.0, 3.0, 1.0], True),  # as far as two decimals of a ratio tell
        ([1.07, 2.0, 3.0], [2.0, 3.0, 1.0], False),  # a number that the table does not have
        ([-1.0, 2.0, 3.0], [2.0, 3.0, 1.0], False),
        ([1.0, 1.05, 1.1], [1.05, 1.1, 1.05], False),  # near enough to be their own
        ([0.06, 2.0, 3.0], [0.0, 3.0, 2.0], False),  # as far as rounding goes: two have moved
        ([2.0, 3.0, 0.06], [3.0, 0.0, 2.0], True),
        ([], [], False),
    ],
)
def test_the_same_numbers_beside_other_labels(
    ours: list[float], theirs: list[float], same: bool
) -> None:
    assert same_numbers(ours, theirs) == same


def turned(values: list[float]) -> list[float]:
    return [*values[1:], values[0]]


@pytest.mark.parametrize(
    ("ours", "theirs", "moved"),
    [
        ([2.0, 3.0, 1.0], [1.0, 2.0, 3.0], [True] * 3),
        ([2.0, 1.0, 5.0], [1.0, 2.0, 5.0], [False] * 3),  # two alone
        ([2.0, 3.0, 1.0, 7.0], [1.0, 2.0, 3.0, 7.0], [True, True, True, False]),
        ([-2.0, 3.0, -1.0], [1.0, -2.0, -3.0], [True] * 3),  # of another allele
        ([-1.0, -2.0, -3.0], [1.0, 2.0, 3.0], [False] * 3),  # turned, not moved
        ([2.0, 1.0, 2.0, 1.0], [1.0, 2.0, 1.0, 2.0], [False] * 4),  # two numbers only
        ([2.0004, 3.0004, 1.0], [1.0, 2.0, 3.0], [True] * 3),  # one number as written
        ([2.002, 3.0, 1.0], [1.0, 2.0, 3.0], [False] * 3),  # of few, all must be the table's
        ([2.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 9.0], [False] * 4),  # 2.0 stands once in the table
        ([0.001, 2.0, 3.0, 1.0], [0.0, 1.0, 2.0, 3.0], [False, True, True, True]),
        ([], [], []),
    ],
)
def test_moved_rows(ours: list[float], theirs: list[float], moved: list[bool]) -> None:
    assert moved_rows(ours, theirs).tolist() == moved


@pytest.mark.parametrize(("rows", "strange", "found"), [
    (9, 0, True), (9, 1, False),  # of fewer than ten, all
    (10, 2, True), (10, 3, False),  # of ten, eight are the share of 0.8
])  # fmt: skip
def test_how_many_must_be_the_tables(rows: int, strange: int, found: bool) -> None:
    theirs = TEN[:rows]
    ours = theirs[::-1]  # falls where the table rises
    ours[0:strange] = [5.5 + k for k in range(strange)]
    if rows == 9:
        ours = [*ours[:4], ours[5], ours[4], *ours[6:]]  # the middle one would have stayed
    moved = moved_rows(ours, theirs)
    assert moved.any() == found
    assert moved.sum() == (sum(a != b for a, b in zip(ours, theirs, strict=True)) if found else 0)


def test_numbers_that_rise_with_the_tables_are_another_study() -> None:
    """All are the table's, one place on, but of ten or more a correlation above 0.3 is enough."""
    ours = turned(TEN)
    assert np.corrcoef(ours, TEN)[0, 1] == pytest.approx(0.4545, abs=1e-4)
    assert not moved_rows(ours, TEN).any()
    ours = [*TEN[5:], *TEN[:5]]  # five places on: it falls
    assert np.corrcoef(ours, TEN)[0, 1] < 0
    assert moved_rows(ours, TEN).all()
    assert moved_rows(turned(TEN[:9]), TEN[:9]).all()  # of nine nothing is asked of it
