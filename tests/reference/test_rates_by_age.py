"""Incidence and mortality by age: the published rows, and the cumulative risks they give."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from riskscore.files.inputs import reference_root
from riskscore.genetics.sex import Sex
from riskscore.models.reference.incidence import AgeRates, incidence_table, mortality_table
from riskscore.scoring.risk.absolute import Rates

PUBLISHED = Path(__file__).parents[1] / "published" / "risk_by_age"
SEXES = {"F": Sex.FEMALE, "M": Sex.MALE}
SUMMED = {
    "T1D_EUR_SEX_DERIVED", "RA_OLMSTED_SEX", "MS_SCOTLAND_FIT", "SLE_EUR_FIT", "HASHIMOTO_FIT",
}  # fmt: skip
SHIPPED = {*SUMMED, "T1D_AFRICAN_AMERICAN"}
NOBODY_DIES = AgeRates((0.0, 100.0), (0.0,))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8") as stream:
        yield from csv.DictReader(stream, delimiter="\t")


def test_incidence_is_as_published() -> None:
    same = ("table_id", "disease", "population", "age_from", "age_to", "lower", "upper",
            "period", "source", "status", "note")  # fmt: skip
    published = {
        (SEXES[row["sex"]].value, row["value"], *(row[key] for key in same))
        for row in _rows(PUBLISHED / "incidence.tsv")
        if row["table_id"] in SHIPPED and row["measure"] == "incidence_rate"
    }
    shipped = {
        (row["sex"], row["rate_per_100000"], *(row[key] for key in same))
        for row in _rows(reference_root() / "populations" / "incidence.tsv")
    }
    assert shipped == published


def test_mortality_is_as_published() -> None:
    same = ("table_id", "population", "age", "qx", "period", "source", "licence", "status")
    published = {
        (SEXES[row["sex"]].value, *(row[key] for key in same))
        for row in _rows(PUBLISHED / "mortality.tsv")
        if row["table_id"] in {"US_SSA_2017", "UK_ONS_2012_14"}
    }
    shipped = {
        (row["sex"], *(row[key] for key in same))
        for row in _rows(reference_root() / "populations" / "mortality.tsv")
    }
    assert shipped == published


def _rates(table: str, sex: Sex, death: bool) -> Rates:
    """From birth; a table that begins later has no cases before."""
    rates = incidence_table(table).by_sex[sex]
    if rates.ages[0] > 0:
        rates = AgeRates((0.0, *rates.ages), (0.0, *rates.rates))
    mortality = mortality_table("US_SSA_2017").by_sex[sex] if death else NOBODY_DIES
    return Rates.on_grid(rates, mortality)


@pytest.mark.parametrize("table", sorted(SUMMED))
@pytest.mark.parametrize("death", [True, False])
def test_cumulative_incidence(table: str, death: bool) -> None:
    measure = f"cumulative_incidence_{'competing' if death else 'no'}_death"
    rows = [
        row
        for row in _rows(PUBLISHED / "incidence.tsv")
        if (row["table_id"], row["measure"]) == (table, measure)
    ]
    assert len(rows) == 20  # ten ages, two sexes
    # The published sums of the fitted tables go year by year along the curve, whose mean over
    # five years is shipped: that shows where many die within five years.
    within = 3e-3 if death and table.endswith("_FIT") else 1e-5
    for row in rows:
        risk = _rates(table, SEXES[row["sex"]], death).risk(
            float(row["age_from"]), float(row["age_to"])
        )
        assert risk == pytest.approx(float(row["value"]), rel=within), row["age_to"]


@pytest.mark.parametrize("sex", list(Sex))
def test_type_1_diabetes_in_african_americans(sex: Sex) -> None:
    """Mayer-Davis 2009: 15.7 in 100,000 a year under 10 and from 10 to 19, so 1 - exp(-0.00314)."""
    assert _rates("T1D_AFRICAN_AMERICAN", sex, False).risk(0, 20) == pytest.approx(
        0.0031350754, rel=1e-7
    )
    # Some 0.7% die before 20, most of them in the first year of life.
    assert 0.0031 < _rates("T1D_AFRICAN_AMERICAN", sex, True).risk(0, 20) < 0.00312


@pytest.mark.parametrize(("sex", "crowson"), [(Sex.FEMALE, 0.036), (Sex.MALE, 0.017)])
def test_lifetime_risk_of_rheumatoid_arthritis(sex: Sex, crowson: float) -> None:
    # Crowson 2011, PMID 21360492, from the same county: 3.6 and 1.7%. The table by ages of ten
    # years comes within 0.2 and 0.1 percentage points.
    assert _rates("RA_OLMSTED_SEX", sex, True).risk(0, 100) == pytest.approx(crowson, abs=0.002)
