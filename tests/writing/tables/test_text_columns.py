"""Numbers written all at once are the numbers, to half of their twelfth decimal or digit."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.writing.tables.text_columns import joined, number_letters, text_letters

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1200, 1200)


def written(values: list[float]) -> list[str]:
    rows = number_letters(np.array(values, dtype=np.float64))
    return [row.tobytes().replace(b"\0", b"").decode() for row in rows]


@given(st.lists(NUMBERS, max_size=20))
def test_every_number_is_within_half_a_unit_of_its_text(values: list[float]) -> None:
    for value, text in zip(values, written(values), strict=True):
        if math.isnan(value):
            assert text == ""
        elif math.isinf(value):
            assert float(text) == value
        else:
            size = abs(value)
            unit = Decimal(10) ** -12
            if size and not 1e-6 <= size < 999.5:
                unit = Decimal(10) ** (math.floor(math.log10(size)) - 10)
            assert abs(Decimal(text) - Decimal(value)) <= unit * Decimal(
                "0.57"
            )  # the product with 1e12 is rounded too


@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=20))
def test_decimals_come_back_as_they_are(units: list[int]) -> None:
    """Whole multiples of 1e-12 below 1000 are written with exactly their own digits."""
    values = [float(Decimal(unit) / 10**12) for unit in units]
    for unit, value, text in zip(units, values, written(values), strict=True):
        size = abs(value)
        if size == 0 or 1e-6 <= size < 100:  # where a double tells units of 1e-12 apart
            assert Decimal(text) == Decimal(unit) / 10**12


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"), (-0.0, "0.0"), (1.0, "1.0"), (-1.5, "-1.5"), (100.0, "100.0"),
        (0.1 + 0.2, "0.3"), (2 / 3, "0.666666666667"), (0.9999999999999, "1.0"),
        (12.00000001, "12.00000001"), (1e-6, "0.000001"), (-2.5e-9, "-2.5e-09"), (1e21, "1e+21"),
        (999.9999999999999, "1000.0"), (123456.75, "123456.75"), (math.inf, "inf"),
    ],
)  # fmt: skip
def test_texts_are_short(value: float, text: str) -> None:
    assert written([value]) == [text]


def test_letters_that_would_break_a_line_are_not_taken() -> None:
    for bad in ("a\tb", "a\nb", "a\rb", "a\0b"):
        assert text_letters(["fine", bad]) is None
        assert text_letters([bad, bad]) is None


def test_lines_hold_every_column_at_its_own_length() -> None:
    names = text_letters(["é", "", "longer"])
    alike = text_letters(["x"] * 3)
    assert names is not None
    assert alike is not None
    assert joined([names, alike, number_letters(np.array([1.0, np.nan, -2.25]))]).decode() == (
        "é\tx\t1.0\n\tx\t\nlonger\tx\t-2.25\n"
    )
