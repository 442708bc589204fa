"""The short way of an additive dosage gives the bits of the general one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

AXIS, SQUARES = (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)


@given(arrays(np.float32, 50, elements=st.floats(0, 2, width=32)))
def test_moments_of_an_additive_dosage(copies: np.ndarray) -> None:
    d = copies.astype(np.float64)
    assert np.interp(d, AXIS, AXIS).tobytes() == d.tobytes()
    short = np.where(d > 1, 3 * (d - 1) + 1, d)
    assert np.interp(d, AXIS, SQUARES).tobytes() == short.tobytes()
