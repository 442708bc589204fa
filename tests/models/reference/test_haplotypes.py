"""Haplotypes of a panel, and shares in mixtures of populations, counted one by one."""

import numpy as np
import pytest

from riskscore.errors import PopulationError
from riskscore.models.reference.haplotypes import ReferenceHaplotypes, in_mixture, shares_of

ROWS = [
    {"A": "02:01", "B": "08:01", "EUR": "3", "AFR": "0"},
    {"A": "01:01", "B": "08:01", "EUR": "1", "AFR": "2"},
    {"A": "02:01", "B": "07:02", "EUR": "0", "AFR": "6"},
]


@pytest.fixture
def table() -> ReferenceHaplotypes:
    return ReferenceHaplotypes.of(ROWS, ("A", "B"), ("EUR", "AFR"))


def test_each_haplotype_reads_back(table: ReferenceHaplotypes) -> None:
    assert [list(map(str, names)) for names in table.alleles] == [
        ["A*01:01", "A*02:01"],
        ["B*07:02", "B*08:01"],
    ]
    for row, codes in zip(ROWS, table.codes.tolist(), strict=True):
        read = [str(names[code]) for names, code in zip(table.alleles, codes, strict=True)]
        assert read == [f"A*{row['A']}", f"B*{row['B']}"]


def test_shares_are_of_the_population_or_of_all_chromosomes(table: ReferenceHaplotypes) -> None:
    np.testing.assert_allclose(table.frequency("EUR"), [3 / 4, 1 / 4, 0])
    np.testing.assert_allclose(table.frequency("AFR"), [0, 2 / 8, 6 / 8])
    mixed = [0.6 * 3 / 4, 0.6 / 4 + 0.4 * 2 / 8, 0.4 * 6 / 8]
    np.testing.assert_allclose(table.frequency("EUR=3,AFR=2"), mixed)
    np.testing.assert_allclose(table.pooled, [3 / 12, 3 / 12, 6 / 12])
    with pytest.raises(PopulationError, match="'EAS'"):
        table.frequency("EUR=0.5,EAS=0.5")


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("EUR", {"EUR": 1}),
        ("EUR=1", {"EUR": 1}),
        ("EUR=0.7, AFR=0.3", {"EUR": 0.7, "AFR": 0.3}),
        ("EUR=2,AFR=2,EAS=4", {"EUR": 0.25, "AFR": 0.25, "EAS": 0.5}),
        ("EUR=0,AFR=1", {"EUR": 0, "AFR": 1}),
    ],
)
def test_shares_of_a_mixture(text: str, shares: dict[str, float]) -> None:
    assert shares_of(text) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("EUR=x", "no mixture"),
        ("EUR=", "no mixture"),
        ("EUR=0.5,AFR", "no mixture"),
        ("EUR=-1,AFR=2", "no mixture"),
        ("EUR=inf,AFR=1", "no mixture"),
        ("EUR=nan,AFR=1", "no mixture"),
        ("EUR=0.5,EUR=0.5", "no mixture"),
        ("EUR=0,AFR=0", "sum to 0"),
    ],
)
def test_what_is_no_mixture(text: str, says: str) -> None:
    with pytest.raises(PopulationError, match=says):
        shares_of(text)


def test_a_frequency_in_a_mixture() -> None:
    table = {"EUR": 0.4, "AFR": 0.2, "EUR=0.5,AFR=0.5": 0.9}
    assert in_mixture(table, "EUR") == 0.4
    assert in_mixture(table, "EUR=0.25,AFR=0.75") == pytest.approx(0.25 * 0.4 + 0.75 * 0.2)
    assert in_mixture(table, "EUR=0.5,AFR=0.5") == 0.9  # it has a number of its own
    assert in_mixture(table, "EUR=0.5,EAS=0.5") is None
    assert in_mixture(table, "EUR=0.5,EAS=0.5", 0.1) == pytest.approx(0.25)
    assert in_mixture(table, "EAS") is None
    assert in_mixture(table, "EAS", 0.1) == pytest.approx(0.1)
    assert in_mixture({"EUR": 0.0}, "EUR=1") == 0.0
