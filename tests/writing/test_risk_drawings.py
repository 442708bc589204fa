"""A risk drawn as people of 1,000, and as an interval on an axis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.writing.report.risk_drawings import icon_array, interval_bar


@given(st.floats(0.00001, 0.9))
def test_as_many_are_hit_as_the_risk_says(risk: float) -> None:
    icons = icon_array(risk)
    assert icons["columns"] * icons["rows"] == 1000
    assert abs(icons["hit"] - 1000 * risk) <= 0.5
    assert len(set(icons["places"])) == icons["hit"]
    assert all(x < icons["columns"] and y < icons["rows"] for x, y in icons["places"])
    if risk < 0.001:
        assert abs(icons["enlarged"] - 100_000 * risk) <= 0.5
    else:
        assert icons["enlarged"] is None


@given(st.floats(0.00001, 0.3), st.floats(1.01, 50), st.floats(0.00001, 0.3))
def test_everything_stands_within_the_axis_and_in_proportion(
    risk: float, unsure: float, average: float
) -> None:
    low, high = risk / unsure, min(0.99, risk * unsure)
    bar = interval_bar(risk, low, high, average)
    assert 0 <= bar["low"] <= bar["risk"] <= bar["high"] <= bar["width"]
    assert 0 <= bar["average"] <= bar["width"]
    top = 1.04 * max(high, average)  # at the end of the axis
    for tick in bar["ticks"]:
        assert tick["x"] == pytest.approx(600 * float(tick["label"]) / 1000 / top, abs=0.06)
    assert 2 <= len(bar["ticks"]) <= 8
