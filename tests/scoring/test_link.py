"""The logistic link, against its formula with Python's own numbers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.scoring.link import expit, logit, odds_ratio


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=5))
def test_expit_of_moderate_numbers(x: list[float]) -> None:
    wanted = [1 / (1 + math.exp(-one)) for one in x]
    assert expit(np.array(x)).tolist() == pytest.approx(wanted, rel=1e-14)
    assert odds_ratio(np.array(x)).tolist() == pytest.approx([math.exp(one) for one in x])


@given(st.floats(1e-12, 1 - 1e-12))
def test_logit_is_what_expit_undoes(p: float) -> None:
    assert expit(np.array([logit(p)]))[0] == pytest.approx(p, rel=1e-12)
    assert logit(p) == pytest.approx(math.log(p) - math.log1p(-p), rel=1e-12, abs=1e-15)


def test_what_is_too_large_for_a_number() -> None:
    assert odds_ratio(np.array([-800.0, 0.0, 710.0])).tolist() == [0.0, 1.0, math.inf]
