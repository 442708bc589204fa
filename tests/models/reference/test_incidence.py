"""The tables of incidence and mortality, and a table of the user's own."""

from pathlib import Path

import pytest

from riskscore.errors import ModelError, ModelFormatError, UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.reference.incidence import (
    incidence_table,
    incidence_tables,
    mortality_tables,
    read_incidence,
)
from riskscore.models.terms import Status

HEADER = "sex,age_from,age_to,rate_per_100000\n"


def _read(folder: Path, text: str) -> object:
    path = folder / "rates.csv"
    path.write_text(text)
    return read_incidence(path)


def test_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(HEADER + "F,20,40,10\nM,0,50,5\nF,0,20,1\n")
    table = read_incidence(path)
    assert table.by_sex[Sex.FEMALE].ages == (0, 20, 40)
    assert table.by_sex[Sex.FEMALE].rates == pytest.approx((1e-5, 1e-4))
    assert table.ages == (0, 40)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sex,age_from,age_to\nF,0,1\n", "rate_per_100000"),
        (HEADER + "F,0,20,1\nF,30,40,1\n", "after age 20 follows 30"),
        (HEADER + "F,0,20,1\nF,10,40,1\n", "after age 20 follows 10"),
        (HEADER + "F,0,20,-1\n", "not negative"),
        (HEADER + "F,0,20,inf\n", "finite"),
        (HEADER + "F,0,20,many\n", "many"),
        (HEADER + "F,20,20,1\n", "rise"),
        (HEADER + "other,0,20,1\n", "sex is 'other'"),
    ],
)
def test_table_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        _read(tmp_path, text)


def test_two_tables_in_one_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 tables"):
        _read(tmp_path, "table_id," + HEADER + "a,F,0,20,1\nb,F,0,20,1\n")


def test_no_such_table() -> None:
    with pytest.raises(ModelError, match="MS_SCOTLAND_FIT"):
        incidence_table("MS")


def test_status_is_that_of_the_weakest_row() -> None:
    assert incidence_tables()["RA_OLMSTED_SEX"].status is Status.FOUND
    assert incidence_tables()["MS_SCOTLAND_FIT"].status is Status.DERIVED
    assert all(table.ages == (0, 100) for table in mortality_tables().values())
