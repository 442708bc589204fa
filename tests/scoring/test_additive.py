"""The short way of an additive dosage gives the bits of the general one."""

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import riskscore as rs
from riskscore.scoring.kinds.variant import copies_alone

AXIS, SQUARES = (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)


@given(arrays(np.float32, 50, elements=st.floats(0, 2, width=32)))
def test_moments_of_an_additive_dosage(copies: np.ndarray) -> None:
    d = copies.astype(np.float64)
    assert np.interp(d, AXIS, AXIS).tobytes() == d.tobytes()
    short = np.where(d > 1, 3 * (d - 1) + 1, d)
    assert np.interp(d, AXIS, SQUARES).tobytes() == short.tobytes()


def test_a_term_that_came_from_another_process_takes_the_short_way() -> None:
    terms = rs.load_model("ms").terms
    sent = pickle.loads(pickle.dumps(terms))
    assert [copies_alone(term) for term in sent] == [copies_alone(term) for term in terms]
    assert sum(copies_alone(term) is not None for term in sent) > 100
