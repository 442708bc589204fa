"""The tables of incidence and mortality, and a table of the user's own."""

import csv
import math
from pathlib import Path

import pytest

from riskscore.errors import ModelError, ModelFormatError, UsageError
from riskscore.files.inputs import reference_root
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


@pytest.mark.parametrize(
    ("statuses", "weakest"),
    [
        (("found", "found"), Status.FOUND),
        (("found", "derived"), Status.DERIVED),
        (("recalled", "derived"), Status.RECALLED),
        (("", "found"), Status.FOUND),
    ],
)
def test_words_of_ones_own_table(
    tmp_path: Path, statuses: tuple[str, str], weakest: Status
) -> None:
    path = tmp_path / "rates.csv"
    lines = [f"{sex},0,50,5,Norway,A. Author,{s}" for sex, s in zip("FM", statuses, strict=True)]
    head = HEADER.strip() + ",population,source,status"
    path.write_text("\n".join([head, *lines]) + "\n")
    table = read_incidence(path)
    assert (table.population, table.period, table.source) == ("Norway", "", "A. Author")
    assert table.status is weakest


def test_a_life_table_has_the_rate_of_each_year() -> None:
    """-ln(1 - qx) of the year from age to age + 1, read from the file row by row."""
    with (reference_root() / "populations" / "mortality.tsv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader((li for li in stream if li[0] != "#"), delimiter="\t"))
    tables = mortality_tables.__wrapped__()
    for row in rows:
        own = tables[row["table_id"]].by_sex[Sex(row["sex"])]
        age = int(row["age"])
        if age < 100:
            place = own.ages.index(age)
            assert own.ages[place + 1] == age + 1
            assert own.rates[place] == pytest.approx(-math.log(1 - float(row["qx"])))
    assert all(table.ages[1] == 100 for table in tables.values())
