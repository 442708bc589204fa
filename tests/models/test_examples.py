"""Every example of every shipped model, worked by hand in its model.yaml."""

import csv
import math
from collections.abc import Callable

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


@pytest.mark.parametrize("name", rs.list_models())
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


def _root(rises: Callable[[float], float]) -> float:
    """Where a rising function is zero, by halving."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < 0 else (low, middle)
    return low


def test_a_persons_risk_by_age_is_worked_out_cell_by_cell() -> None:
    """Six cells of genes and smoking, their hazards scaled to the table, quarter by quarter."""
    model = rs.load_model("ra-smoking-epitope")
    given = model.rates
    assert given is not None
    # Kallberg 2011, Table 3: cases and controls by copies of the epitope, never and ever smokers
    never, ever = ((38, 154), (107, 150), (62, 43)), ((73, 259), (275, 223), (180, 42))
    smokers = 0.6016  # 524 of 871 controls, as the model rounds it
    person = rs.score(rs.person([model], hla={"DRB1": "03:01 07:01"}))
    mean = person.explain("person").set_index("term")["mean"]
    carriers = 1 - math.sqrt(mean["never_x_se0"] / (1 - smokers))  # of the reference population
    assert abs(carriers - 263 / 1006) < 0.002  # as counted in haplotypes.tsv, EUR
    copies = ((1 - carriers) ** 2, 2 * carriers * (1 - carriers), carriers**2)
    cells = [
        (share * habit, math.log(cases / controls * 154 / 38))
        for table, habit in ((never, 1 - smokers), (ever, smokers))
        for share, (cases, controls) in zip(copies, table, strict=True)
    ]
    of_sex = [row for row in _rows("incidence.tsv") if row["sex"] == "female"]
    rates = [
        (float(row["age_from"]), float(row["age_to"]), float(row["rate_per_100000"]) / 1e5)
        for row in of_sex
        if row["table_id"] == given.table
    ]
    dying = {
        int(row["age"]): -math.log1p(-float(row["qx"]))
        for row in _rows("mortality.tsv")
        if (row["table_id"], row["sex"]) == (given.mortality, "female") and float(row["qx"]) < 1
    }
    first, cumulated = int(rates[0][0]), [0.0]
    for quarter in range(4 * first, 4 * 100):
        (h,) = [given.factor * rate for low, high, rate in rates if low <= quarter / 4 < high]
        cumulated.append(cumulated[-1] + h / 4)
    net = -math.expm1(-cumulated[-1])
    alpha = _root(lambda a: sum(s / (1 + math.exp(-a - lp)) for s, lp in cells) - net)
    hazards = [(share, math.log1p(math.exp(alpha + lp))) for share, lp in cells]

    def baseline(age: float) -> float:
        total = cumulated[round(4 * (age - first))]

        def excess(log: float) -> float:
            free = sum(share * math.exp(-math.exp(log) * r) for share, r in hazards)
            return math.exp(-total) - free

        return math.exp(_root(excess))

    worked = [e for e in model.examples if e.expect["probability"] is not None]
    assert len(worked) == 2
    for example in worked:
        relative = math.log1p(math.exp(alpha + example.expect["sum"]))
        risk, alive = 0.0, 1.0
        for quarter in range(4 * 35, 4 * 60):
            own = relative * (baseline((quarter + 1) / 4) - baseline(quarter / 4))
            both = own + dying[quarter // 4] / 4
            risk += alive * own / both * -math.expm1(-both)
            alive *= math.exp(-both)
        assert example.expect["probability"] == pytest.approx(risk, abs=1e-8)


def test_the_risk_of_t1d_africa_is_worked_out_genotype_by_genotype() -> None:
    """All 3^7 genotypes in Hardy-Weinberg proportions; their mean risk is the prevalence, 0.4%."""
    snps = (  # Onengut-Gumuscu 2019: weight and frequency in African ancestry
        (1.079, 0.216), (0.839, 0.345), (1.801, 0.095), (1.367, 0.076), (1.702, 0.131),
        (0.403, 0.265), (0.295, 0.459),
    )  # fmt: skip
    people = [(1.0, 0.0)]
    for weight, f in snps:
        copies = ((1 - f) ** 2, 2 * f * (1 - f), f**2)
        people = [(p * copies[x], lp + x * weight) for p, lp in people for x in range(3)]
    assert len(people) == 3**7
    alpha = _root(lambda a: sum(p / (1 + math.exp(-a - lp)) for p, lp in people) - 0.004)
    (example,) = [
        e for e in rs.load_model("t1d-africa").examples if e.expect["probability"] is not None
    ]
    risk = 1 / (1 + math.exp(-alpha - example.expect["sum"]))
    assert example.expect["probability"] == pytest.approx(risk, abs=1e-8)


def test_every_model_has_a_table_of_rates() -> None:
    assert all(rs.load_model(name).rates for name in rs.list_models())
