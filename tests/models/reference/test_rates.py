"""Rates by age: what a table may hold, and which ages both sexes have."""

from __future__ import annotations

import math

import pytest

from riskscore.genetics.sex import Sex
from riskscore.models.reference.incidence import AgeRates, RateTable
from riskscore.models.terms import Status


@pytest.mark.parametrize(
    ("ages", "rates", "told"),
    [
        ((0, 1), (0.5,), ""), ((0, 1, 2), (0, 0.5), ""), ((0, 1), (0,), ""),
        ((0, 1), (0.1, 0.2), "one more"), ((0, 1, 2), (0.1,), "one more"), ((0,), (), "one more"),
        ((), (), "one more"), ((1, 1), (0.1,), "rise"), ((2, 1), (0.1,), "rise"),
        ((0, 2, 1), (0.1, 0.1), "rise"), ((0, 1), (-0.001,), "not negative"),
        ((0, 1, 2), (0.1, math.nan), "finite"), ((0, 1), (math.inf,), "finite"),
    ],
)  # fmt: skip
def test_rates_are_one_fewer_than_ages(
    ages: tuple[float, ...], rates: tuple[float, ...], told: str
) -> None:
    if told:
        with pytest.raises(ValueError, match=told):
            AgeRates(ages, rates)
    else:
        assert AgeRates(ages, rates).rates == rates


def test_the_ages_of_a_table_are_those_that_both_sexes_have() -> None:
    by_sex = {
        Sex.FEMALE: AgeRates((10, 20, 80), (0.1, 0.2)), Sex.MALE: AgeRates((0, 30, 90), (0.1, 0.2)),
    }  # fmt: skip
    assert RateTable("x", "", "", "", Status.FOUND, by_sex).ages == (10, 80)
