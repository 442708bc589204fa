"""Compare the several numbers that a row may give for one effect."""

from __future__ import annotations

import math
from collections.abc import Sequence

from riskscore.models.terms import Coding

BY_DOSAGE_DIFFERS = "effect_weight and the dosage weights are not the same effect"
RATIO_DIFFERS = "have a ratio that is not the weight's: the weight is used"


def agrees(weight: float, ratio: float, text: str) -> bool:
    """Whether a ratio is the exponential of the weight, within the precision of its decimals."""
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    least, most = (max(ratio + sign * 1.5 * half, 1e-12) for sign in (-1, 1))
    return math.log(least) - 0.005 <= weight <= math.log(most) + 0.005


def same_by_dosage(weight: float, coding: Coding, by_dosage: Sequence[float | None]) -> bool:
    """Whether the dosage weights that are given agree with the weight of a copy."""
    return all(
        given is None or math.isclose(given, weight * value, rel_tol=1e-3, abs_tol=1e-6)
        for given, value in zip(by_dosage, coding.values, strict=True)
    )
