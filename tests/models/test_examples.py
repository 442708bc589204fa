"""Every example of every shipped model, worked by hand in its model.yaml."""

import csv
import math

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.files import reference_root
from riskscore.models.model import RiskModel
from riskscore.scoring.examples import check_examples


@pytest.mark.parametrize("name", rs.list_models())
def test_examples_agree(name: str) -> None:
    model = rs.load_model(name)
    assert check_examples(model) == len(model.examples) >= 1


def test_a_wrong_example_is_caught() -> None:
    from dataclasses import replace

    model = rs.load_model("ms")
    example = model.examples[0]
    wrong = replace(example, expect={**example.expect, "sum": 99.0})
    with pytest.raises(ModelFormatError, match="should be 99"):
        check_examples(replace(model, examples=(wrong,)))


def _rows(name: str) -> list[dict[str, str]]:
    with (reference_root() / "populations" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def _average(model: RiskModel, sex: str, start: float, end: float) -> float:
    """By hand from the tables' rows: year after year, S h/(h+m) (1 - exp(-(h+m)))."""
    given = model.rates
    assert given is not None
    rates = [
        (float(row["age_from"]), float(row["age_to"]), float(row["rate_per_100000"]) / 1e5)
        for row in _rows("incidence.tsv")
        if (row["table_id"], row["sex"]) == (given.table, sex)
    ]
    dying = {
        int(row["age"]): -math.log1p(-float(row["qx"]))
        for row in _rows("mortality.tsv")
        if (row["table_id"], row["sex"]) == (given.mortality, sex) and float(row["qx"]) < 1
    }
    risk, alive = 0.0, 1.0
    for year in range(int(start), int(end)):
        (h,) = [given.factor * rate for low, high, rate in rates if low <= year < high]
        both = h + dying[year]
        risk += alive * h / both * -math.expm1(-both) if both else 0.0
        alive *= math.exp(-both)
    return risk


@pytest.mark.parametrize("name", [n for n in rs.list_models() if rs.load_model(n).rates])
def test_average_risks_by_age_follow_from_the_tables(name: str) -> None:
    model = rs.load_model(name)
    with_ages = [e for e in model.examples if e.given["from_age"] is not None]
    assert with_ages
    for example in with_ages:
        start, end = example.given["from_age"], example.given["to_age"]
        assert isinstance(start, float)
        assert isinstance(end, float)
        average = _average(model, str(example.given["sex"]), start, end)
        assert example.expect["average_risk"] == pytest.approx(average, abs=1e-8)


def test_only_a_model_without_a_table_has_no_example_with_ages() -> None:
    assert [n for n in rs.list_models() if not rs.load_model(n).rates] == ["t1d-africa"]
