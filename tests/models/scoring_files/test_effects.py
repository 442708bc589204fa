"""When two numbers are one effect: a ratio printed with few decimals, and weights by dosage."""

from __future__ import annotations

import math

import pytest

from riskscore.models.scoring_files.effects import agrees, same_by_dosage
from riskscore.models.terms import ADDITIVE, DOMINANT, RECESSIVE, Coding


@pytest.mark.parametrize("weight", [-1.2, -0.31, 0.0, 0.07, 0.55, 1.9])
@pytest.mark.parametrize("decimals", [1, 2, 3, 5])
def test_a_rounded_ratio_is_that_of_its_weight(weight: float, decimals: int) -> None:
    text = f"{math.exp(weight):.{decimals}f}"
    assert agrees(weight, float(text), text)
    if decimals > 1:
        for other in (1.15, 0.85):
            text = f"{math.exp(weight) * other:.{decimals}f}"
            assert not agrees(weight, float(text), text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        # One and a half units of rounding, and 0.005 of the logarithm besides.
        ("1.6", math.log(1.525) - 0.005, math.log(1.675) + 0.005),
        ("2", math.log(1.25) - 0.005, math.log(2.75) + 0.005),
        ("0.75", math.log(0.7425) - 0.005, math.log(0.7575) + 0.005),
        ("0.000", math.log(1e-12) - 0.005, math.log(0.00075) + 0.005),
    ],
)
def test_how_far_a_ratio_may_be_off(text: str, least: float, most: float) -> None:
    for weight, wanted in (
        (least - 1e-6, False), (least + 1e-6, True), (most - 1e-6, True), (most + 1e-6, False),
    ):  # fmt: skip
        assert agrees(weight, float(text), text) == wanted


@pytest.mark.parametrize(
    ("coding", "given", "same"),
    [
        (ADDITIVE, [0.0, 0.5, 1.0], True), (ADDITIVE, [None, 0.5, None], True),
        (ADDITIVE, [None, None, None], True), (ADDITIVE, [0.0, 0.5004, 1.0], True),
        (ADDITIVE, [0.0, 0.501, 1.0], False), (ADDITIVE, [0.0, 0.5, 0.998], False),
        (ADDITIVE, [5e-7, 0.5, 1.0], True), (ADDITIVE, [2e-6, 0.5, 1.0], False),
        (DOMINANT, [0.0, 0.5, 0.5], True), (DOMINANT, [0.0, 0.5, 1.0], False),
        (RECESSIVE, [0.0, 0.0, 0.5], True), (RECESSIVE, [0.0, 0.5, 0.5], False),
    ],
)  # fmt: skip
def test_weights_by_dosage(coding: Coding, given: list[float | None], same: bool) -> None:
    assert same_by_dosage(0.5, coding, given) == same
