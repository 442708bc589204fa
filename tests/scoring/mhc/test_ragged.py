"""Orders and distinct numbers, against numpy's own sorts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskscore.scoring.mhc.ragged import Weighted, ascending, distinct, distinct_rows

numbers = hnp.arrays(np.int64, st.integers(0, 40), elements=st.sampled_from([0, 3, 70_000, 2**40]))


@given(numbers)
def test_order_is_that_of_a_stable_sort(found):
    assert ascending(found).tolist() == np.argsort(found, kind="stable").tolist()


@given(numbers, st.booleans())
def test_distinct_numbers_are_those_of_unique(found, large):
    small = found % 7
    size = 2**41 if large else 7
    held, which = distinct(found if large else small, size)
    wanted, inverse = np.unique(found if large else small, return_inverse=True)
    assert held.tolist() == wanted.tolist()
    assert which.tolist() == inverse.tolist()


@pytest.mark.parametrize("unit", [1, 2**60], ids=["small", "beyond one number"])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_equal_codes_of_an_owner_are_added_up(unit, rows):
    owner = np.array([row[0] for row in rows], dtype=np.int64)
    code = np.array([row[1] for row in rows], dtype=np.int64) * unit
    weight = np.arange(1.0, len(rows) + 1)
    lists = Weighted.merged(owner, code, weight, 4)
    total: dict[tuple[int, int], float] = {}
    for key, own in zip(rows, weight.tolist(), strict=True):
        total[key] = total.get(key, 0.0) + own
    assert lists.count.tolist() == [sum(key[0] == place for key in total) for place in range(4)]
    assert lists.weight.tolist() == [total[key] for key in sorted(total)]


@pytest.mark.parametrize("most", [6, 2**20, 2**31])
def test_distinct_rows_are_those_of_numpy(most):
    """Also where three numbers of a row are more than one number holds."""
    rows = np.array([[most, 0, 5], [0, most, 1], [most, most, 0], [most, 0, 5], [0, 2, most]])
    table, which = distinct_rows(rows)
    wanted, inverse = np.unique(rows, axis=0, return_inverse=True)
    assert table.tolist() == wanted.tolist()
    assert which.tolist() == inverse.ravel().tolist()


def test_what_has_the_share_itself_stays():
    lists = Weighted.merged(
        np.array([0, 0, 0, 1]), np.array([1, 2, 3, 1]), np.array([4.0, 3.0, 1.0, 2.0]), 2
    )
    left = lists.above(0.125)
    assert (left.code.tolist(), left.count.tolist()) == ([1, 2, 3, 1], [3, 1])
    left = lists.above(0.25)
    assert (left.code.tolist(), left.weight.tolist()) == ([1, 2, 1], [4, 3, 2])
    assert (left.start.tolist(), left.count.tolist()) == ([0, 2], [2, 1])
