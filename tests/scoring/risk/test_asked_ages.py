"""Risks of people of several ages, filled in part by part: each as it is worked out alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.models.reference.incidence import incidence_table, mortality_table
from riskscore.samples.frame import read_frame
from riskscore.scoring.kinds.states import States
from riskscore.scoring.population.distribution import Distribution, exact_or_normal
from riskscore.scoring.population.reference import SexReference
from riskscore.scoring.population.spectrum import certain
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.asked_ages import AskedAges
from riskscore.scoring.risk.by_age import RiskByAge, risk_by_age

NAN = float("nan")
START = np.array([10.0, 20.0, 30.0, NAN, 20.0, 50.0, 30.0])
END = np.array([60.0, 60.0, 60.0, 60.0, 40.0, 60.0, 60.0])
REASON = np.array([0, 0, 0, 1, 0, 0, 0])
NAMES = ("probability", "probability_low", "probability_high", "average_risk")


@pytest.fixture(scope="module")
def by_sex() -> dict[Sex | None, RiskByAge]:
    given = rs.load_model("t1d").rates
    assert given is not None
    part = States.one(np.array([[-1.0], [1.0]]), np.array([0.5, 0.5]))
    two = Distribution((part,), exact_or_normal(np.zeros((0, 3)), np.zeros((0, 3)))[0])
    own = SexReference(np.array([True]), two, np.zeros(1), None, None)
    rates = {}
    for sex in Sex:
        incidence = incidence_table(given.table).by_sex[sex]
        rates[sex] = Rates.on_grid(incidence, mortality_table(given.mortality).by_sex[sex])
    of_sexes = {Sex.FEMALE: (rates[Sex.FEMALE],), None: tuple(rates.values())}
    return {sex: risk_by_age(own, own_rates, (0, 20)) for sex, own_rates in of_sexes.items()}


@pytest.mark.parametrize("rows", [range(7), range(2, 7), range(4, 6)])
def test_each_person_has_the_risk_of_its_own_ages(
    rows: range, by_sex: dict[Sex | None, RiskByAge]
) -> None:
    asked = AskedAges(START, END, REASON, by_sex)
    log_odds = np.linspace(-1, 1, 7)[rows.start : rows.stop]
    limits = (np.full(len(rows), -0.5), np.full(len(rows), 0.7))
    numbers = {"log_odds": log_odds} | {name: np.full(len(rows), NAN) for name in NAMES}
    women = np.arange(0, len(rows), 2)
    others = np.arange(1, len(rows), 2)
    asked.fill(numbers, rows, Sex.FEMALE, women, certain(len(rows)), limits)
    asked.fill(numbers, rows, None, others, certain(len(rows)), limits)
    for i, person in enumerate(rows):
        if REASON[person]:
            assert all(np.isnan(numbers[name][i]) for name in NAMES)
            continue
        risk = by_sex[Sex.FEMALE if i in women else None]
        lp, ages = log_odds[i : i + 1], (START[person], END[person])
        by_hand = {
            "probability": risk.of(lp, *ages)[0],
            "probability_low": risk.of(lp - 0.5, *ages)[0],
            "probability_high": risk.of(lp + 0.7, *ages)[0],
            "average_risk": np.mean([one.rates.risk(*ages) for one in risk.sexes]),
        }
        for name, value in by_hand.items():
            assert numbers[name][i] == pytest.approx(value, rel=1e-6), (name, person)


def test_flags_say_why_there_is_no_risk() -> None:
    asked = AskedAges(START[:5], END[:5], np.array([0, 1, 2, 3, 0]), {})
    told = asked.flagged(["a", "", "b", ""], range(1, 5))
    assert told == ["a;age=unknown", "age=outside_table", "b;age=beyond_horizon", ""]


def test_the_first_and_the_last_age_of_the_table(tmp_path: Path) -> None:
    """Rates from 20 to 50: at both ends there is an answer, at the last age no time is left."""
    path = tmp_path / "rates.csv"
    rows = [f"{sex},20,50,40" for sex in ("female", "male")]
    path.write_text("\n".join(["sex,age_from,age_to,rate_per_100000", *rows]) + "\n")
    ages = ["20", "19.9", "49.9", "50", "50.1", ""]
    people = pd.DataFrame({"DRB1": ["04:01+15:01"] * 6, "sex": ["female"] * 6, "age": ages})
    cohort = read_frame(people, [rs.load_model("ra-dumontcel")], age_column="age")
    for end, reasons in (
        (50, ["", "outside_table", "", "beyond_horizon", "outside_table", "unknown"]),
        (50.1, [*["outside_table"] * 5, "unknown"]),
    ):
        table = rs.score(cohort, to_age=end, incidence=path).of("ra-dumontcel")
        told = [flag.rpartition("age=")[2] if "age=" in flag else "" for flag in table.flags]
        assert told == reasons, end
        assert [not r for r in reasons] == (~np.isnan(table.numbers["average_risk"])).tolist()
        for age, reason, average in zip(ages, reasons, table.numbers["average_risk"], strict=True):
            if not reason:  # some tenths of a percent die of other causes first
                expected = -np.expm1(-4e-4 * (end - float(age)))
                assert average == pytest.approx(expected, rel=0.05)
