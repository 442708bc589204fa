"""Risks by age of shipped models: averages, the default horizon, ages that have no answer."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import riskscore as rs
from riskscore.errors import ExposureLevelError, ExposureRangeError, UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.incidence import incidence_table, mortality_table
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.samples.people_part import PeoplePart
from riskscore.scoring.kinds.states import States
from riskscore.scoring.link import expit
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.distribution import Distribution, exact_or_normal
from riskscore.scoring.population.reference import SexReference
from riskscore.scoring.population.spectrum import Spectrum, certain, of_states
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.by_age import RiskByAge, risk_by_age

WITH_AGES = ["t1d", "t1d-grs1", "ra", "ra-dumontcel", "ms", "ms-2013", "sle", "hashimoto"]
NO_VARIANTS = exact_or_normal(np.zeros((0, 3)), np.zeros((0, 3)))[0]


def _rates(model: RiskModel, sex: Sex) -> Rates:
    given = model.rates
    assert given is not None
    incidence = incidence_table(given.table).by_sex[sex]
    return Rates.on_grid(incidence, mortality_table(given.mortality).by_sex[sex], given.factor)


@pytest.mark.parametrize("sex", list(Sex))
@pytest.mark.parametrize("name", WITH_AGES)
def test_average_over_the_reference_is_the_table(name: str, sex: Sex) -> None:
    model = rs.load_model(name)
    assert model.rates is not None
    rates = _rates(model, sex)
    for population in model.reference_populations:
        own = build_reference(model, reference_panel(), population).by_sex[sex]
        risks = risk_by_age(own, (rates,), (model.rates.from_age, model.rates.to_age))
        # Of a person nothing is known of, everything is averaged over: by the characteristic
        # function, while the baseline hazard was solved over the values of the score.
        whole = own.distribution.spectrum
        unknown = Spectrum(whole.real[:, None], whole.imaginary[:, None])
        for start, end in [(18, 20), (18, 60), (40, 100), (25, 45)]:
            mean = risks.mean(np.zeros(1), unknown, start, end)[0]
            assert mean == pytest.approx(rates.risk(start, end), abs=1e-6)


def _two(low: float, high: float) -> RiskByAge:
    """Half the people at each of two log odds."""
    part = States.one(np.array([[low], [high]]), np.array([0.5, 0.5]))
    own = SexReference(
        np.array([True]), Distribution((part,), NO_VARIANTS), np.zeros(1), None, None
    )
    return risk_by_age(own, (_rates(rs.load_model("t1d"), Sex.MALE),), (0, 20))


def test_mean_over_what_is_unknown_is_the_mean_over_the_possibilities() -> None:
    risks = _two(-2.0, 2.0)
    values, chances = np.array([-1.3, 0.4, 2.6]), np.array([0.5, 0.3, 0.2])
    values = values - chances @ values
    one = of_states(values, chances)
    unknown = Spectrum(one.real[:, None], one.imaginary[:, None])
    for start, end in [(0, 20), (1, 20), (5, 60), (30, 80)]:
        relative = risks.sexes[0].relative(risks.alpha + 0.7 + values)
        free = chances * risks.sexes[0].risks.free(relative, start)
        expected = free @ risks.of(0.7 + values, start, end) / free.sum()
        found = risks.mean(np.array([0.7]), unknown, start, end)[0]
        assert found == pytest.approx(expected, rel=1e-7)


def test_high_and_low_risks_are_not_lost_in_the_smoothing() -> None:
    risks = _two(-8.0, 8.0)
    lp = np.array([-8.0, 0.0, 4.0, 8.0, 12.0])
    assert risks.of(lp, 0, 20)[-1] > 0.4
    for start, end in [(0, 20), (0, 100), (5, 20), (30, 60)]:
        np.testing.assert_allclose(
            risks.mean(lp, certain(5), start, end), risks.of(lp, start, end), rtol=2e-5, atol=1e-10
        )


def test_scores_below_all_others_have_next_to_no_risk() -> None:
    """Also below the log odds that functions are fitted to, and where something is unknown."""
    risks = _two(-2.0, 2.0)
    one = of_states(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    lp = np.array([-18.0, -20.0, -26.0, -40.0, -400.0])
    unknown = Spectrum(np.tile(one.real[:, None], 5), np.tile(one.imaginary[:, None], 5))
    for start, end in [(0, 19), (5, 60)]:
        known = (risks.of(lp - 1, start, end) + risks.of(lp + 1, start, end)) / 2
        assert risks.mean(lp, unknown, start, end) == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize("sex", [*Sex, None])
@pytest.mark.parametrize("name", ["t1d", "ra-dumontcel", "ms-2013", "sle", "hashimoto"])
def test_hazards_give_the_models_risk_over_its_horizon(name: str, sex: Sex | None) -> None:
    """What is solved is a hazard: put into the integral it gives expit, up to the highest risk."""
    model = rs.load_model(name)
    assert model.rates is not None
    ages = (model.rates.from_age, model.rates.to_age)
    own = build_reference(model, reference_panel(), "EUR").by_sex[sex]
    rates = tuple(_rates(model, one) for one in ((sex,) if sex else Sex))
    risks = risk_by_age(own, rates, ages)
    top = min(one.top for one in risks.sexes)
    log_odds = np.arange(-16, top + 0.01, 0.25)
    for one in risks.sexes:
        assert (np.diff(one.relative(log_odds)) > 0).all()
    given = np.mean([one.risk(log_odds, *ages) for one in risks.sexes], axis=0)
    np.testing.assert_allclose(given, 1 / (1 + np.exp(-log_odds)), rtol=0, atol=1e-9)
    assert top >= (4 if name == "t1d" else 2)
    # and beyond, in the open, all alike
    assert np.ptp(risks.of(np.array([8.0, 9.0]) - risks.alpha, 20, 40)) == 0


def test_hazards_of_two_groups_solved_by_hand() -> None:
    """Ten years at one rate each of disease and death; half have three times the odds."""
    h, m, t = 0.02, 0.03, 10.0
    rates = Rates(np.array([0.0, t]), np.array([h]), np.array([m]))
    part = States.one(np.array([[0.0], [math.log(3)]]), np.array([0.5, 0.5]))
    own = SexReference(
        np.array([True]), Distribution((part,), NO_VARIANTS), np.zeros(1), None, None
    )
    found = risk_by_age(own, (rates,), (0, t))
    average = h / (h + m) * -math.expm1(-(h + m) * t)
    alpha = brentq(lambda a: (expit(a) + expit(a + math.log(3))) / 2 - average, -9, 9, xtol=1e-14)
    assert found.alpha == pytest.approx(alpha, abs=1e-6)
    # Of people who all have one hazard, k, the risk is k / (k + m) (1 - exp(-(k + m) t)).
    hazards = [
        brentq(
            lambda k, x=x: k / (k + m) * -math.expm1(-(k + m) * t) - expit(x), 1e-6, 9, xtol=1e-15
        )
        for x in (alpha, alpha + math.log(3))
    ]
    for years in (2.0, 5.0, t):
        by_hand = [k / (k + m) * -math.expm1(-(k + m) * years) for k in hazards]
        assert found.of(np.array([0.0, math.log(3)]), 0, years) == pytest.approx(by_hand, rel=1e-9)


def test_over_the_models_own_horizon_ages_change_nothing() -> None:
    """By age 20 is by age 20: of each sex and unknown sex, with unknown parts and without."""
    model = rs.load_model("t1d")
    assert model.rates is not None
    assert (model.rates.from_age, model.rates.to_age) == (0, 20)
    drawn = rs.simulate("t1d", 200, seed=1).cohort()
    hla = {"DRB1": "03:01 04:01", "DQA1": "05:01 03:01", "DQB1": "02:01 03:02"}
    cohorts = [drawn, *(
        rs.person([model], hla=hla, **known)
        for known in ({}, {"sex": "female"}, {"sex": "male", "variants": {"rs6679677": 1}})
    )]  # fmt: skip
    seen = []
    for cohort in cohorts:
        default, by_age = (
            rs.score(cohort, **asked).of("t1d").numbers for asked in ({}, {"horizon": (0, 20)})
        )
        for name in ("probability", "probability_low", "probability_high", "average_risk"):
            np.testing.assert_allclose(by_age[name], default[name], rtol=0, atol=1e-9)
        seen += default["probability"].tolist()
        # a moment less is no jump
        nearly = rs.score(cohort, horizon=(0, 19.999)).of("t1d").numbers["probability"]
        np.testing.assert_allclose(nearly, default["probability"], rtol=1e-4)
    assert max(seen) > 0.1
    assert np.isfinite(seen).all()


def test_everything_known_is_the_default_to_the_last_digit() -> None:
    model = rs.load_model("t1d-africa")
    assert model.rates is not None
    copies = dict.fromkeys([v.name for v in model.variants], 1)
    one = rs.person([model], variants=copies, sex="female", population="AFR")
    own = rs.score(one).of(model.id).reference.by_sex[Sex.FEMALE]
    # The published prevalence, 0.4%, is not the table's; so by age is by the table's.
    assert own.prevalence == 0.004
    numbers = rs.score(one, horizon=(0, 20)).of(model.id).numbers
    average = _rates(model, Sex.FEMALE).risk(0, 20)
    assert numbers["average_risk"][0] == pytest.approx(average, rel=1e-12)
    alpha = own.distribution.intercept(average)
    lp = float(numbers["log_odds"][0])
    assert numbers["probability"][0] == pytest.approx(1 / (1 + math.exp(-alpha - lp)), abs=1e-12)


def test_average_risk_and_ratio() -> None:
    cohort = rs.simulate("ra", 60, seed=2).cohort()
    for numbers in (
        rs.score(cohort).of("ra").numbers,
        rs.score(cohort, horizon=(35, 60)).of("ra").numbers,
    ):
        ratio = numbers["probability"] / numbers["average_risk"]
        np.testing.assert_allclose(numbers["risk_ratio"], ratio)
        assert len(np.unique(numbers["average_risk"])) == 2  # women and men
    women = np.array([sex is Sex.FEMALE for sex in cohort.sex])
    expected = _rates(rs.load_model("ra"), Sex.FEMALE).risk(35, 60)
    np.testing.assert_allclose(numbers["average_risk"][women], expected)


def test_unknown_sex_is_as_good_as_the_mean_of_both() -> None:
    people = pd.DataFrame(
        {
            "DRB1": ["04:01+15:01", "07:01+15:01"] * 3,
            "sex": ["female"] * 2 + ["male"] * 2 + [""] * 2,
        }
    )
    model = rs.load_model("ra-dumontcel")
    numbers = rs.score(read_frame(people, [model]), horizon=(35, 60)).of(model.id).numbers
    average, risk = numbers["average_risk"], numbers["probability"]
    assert average[4] == pytest.approx((average[0] + average[2]) / 2, rel=1e-12)
    both = (risk[0:2] + risk[2:4]) / 2
    # The default is one logistic curve of the mean of the sexes, not the mean of two curves.
    assert risk[4:6] == pytest.approx(both, rel=0.01)


AGES = pd.DataFrame(
    {
        "DRB1": ["04:01+15:01"] * 6,
        "sex": ["female"] * 6,
        "age": ["35", "36.5", "", "12", "70", "60"],
    },
    index=["a", "b", "c", "d", "e", "f"],
)


def test_each_persons_own_age() -> None:
    model = rs.load_model("ra-dumontcel")
    cohort = read_frame(AGES, [model], age_column="age")
    table = rs.score(cohort, to_age=60).of(model.id)
    risk = table.numbers["probability"]
    assert risk[0] > risk[1] > 0
    same = rs.score(read_frame(AGES, [model]), horizon=(36.5, 60)).of(model.id)
    assert risk[1] == pytest.approx(same.numbers["probability"][0])
    assert np.isnan(risk[2:]).all()
    assert np.isnan(table.numbers["average_risk"][2:]).all()
    assert not np.isnan(table.numbers["log_odds"]).any()
    assert [flag.rpartition("age=")[2] for flag in table.flags[2:]] == [
        "unknown", "outside_table", "beyond_horizon", "beyond_horizon",
    ]  # fmt: skip
    # Without an end, to that of the model's horizon.
    whole = rs.score(cohort).of(model.id).numbers["probability"]
    assert whole[4] > 0


def test_ages_in_a_table(tmp_path: Path) -> None:
    vcf = Path(__file__).parents[3] / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
    table = tmp_path / "ages.tsv"
    table.write_text("sample\tsex\tage at visit\nHG00096\tmale\t35\nHG00097\tfemale\tNA\n")
    asked = {"exposures": table, "age_column": "age at visit"}
    cohort = rs.read_cohort(vcf, "ra-dumontcel", **asked)
    place = cohort.samples.index("HG00096")
    known = np.flatnonzero(~np.isnan(cohort.exposures.age))
    assert known.tolist() == [place]
    assert cohort.exposures.age[place] == 35
    half = 2 if place >= len(cohort.samples) // 2 else 1
    part = rs.read_cohort(vcf, "ra-dumontcel", part=PeoplePart(half, 2), **asked)
    assert part.exposures.age[part.samples.index("HG00096")] == 35
    assert not any("age at visit" in warning for warning in cohort.warnings)
    for cell, error in [("old", ExposureLevelError), ("-3", ExposureRangeError)]:
        table.write_text(f"sample\tsex\tage at visit\nHG00096\tmale\t{cell}\n")
        with pytest.raises(error, match="age at visit"):
            rs.read_cohort(vcf, "ra-dumontcel", **asked)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to_age": 60}, "needs the age it begins at"),
        ({"incidence": "x.tsv"}, "needs the age it begins at"),
        ({"horizon": (60, 35)}, "no time at all"),
        ({"horizon": (-1, 35)}, "not between 0 and 120"),
        ({"horizon": (0, 20), "prevalence": 0.1}, "leave out --prevalence"),
        ({"horizon": (0, 20), "age_column": "age"}, "leave one of them out"),
        ({"age_column": "age"}, "nobody's age is known"),
    ],
)
def test_questions_that_make_no_sense(options: dict[str, object], words: str) -> None:
    model = rs.load_model("ra-dumontcel")
    cohort = read_frame(AGES[["DRB1", "sex"]], [model])
    with pytest.raises(UsageError, match=words):
        rs.score(replace(cohort, question=rs.Question.of(cohort.question, **options)))


def test_incidence_of_ones_own(tmp_path: Path) -> None:
    rows = [
        {"sex": sex, "age_from": first, "age_to": first + 10, "rate_per_100000": 50}
        for sex in ("female", "male")
        for first in (20, 30, 40)
    ]
    path = tmp_path / "rates.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    model = replace(rs.load_model("ra-dumontcel"), rates=None)
    cohort = read_frame(AGES, [model])
    with pytest.raises(UsageError, match="names no table of incidence"):
        rs.score(cohort, horizon=(30, 40))
    numbers = rs.score(cohort, horizon=(30, 40), incidence=path).of(model.id).numbers
    # Ten years at 0.0005 a year; fewer than 2% of them die of other causes.
    assert numbers["average_risk"][0] == pytest.approx(1 - np.exp(-0.005), rel=0.01)
    flags = rs.score(cohort, horizon=(30, 60), incidence=path).of(model.id).flags
    assert flags[0].endswith("age=outside_table")


def test_one_prevalence_keeps_the_ratio_of_the_sexes() -> None:
    cohort = rs.simulate("ra", 4, seed=1).cohort()
    own = rs.score(cohort).of("ra").reference.by_sex
    moved = rs.score(cohort, prevalence=0.017).of("ra").reference.by_sex
    women, men = moved[Sex.FEMALE].prevalence, moved[Sex.MALE].prevalence
    assert women is not None
    assert men is not None
    assert (women + men) / 2 == pytest.approx(0.017)
    assert women / men == pytest.approx(0.024 / 0.011)
    assert own[Sex.FEMALE].prevalence == 0.024
    both = rs.score(cohort, prevalence={"female": 0.02, "male": 0.03}).of("ra").reference.by_sex
    assert (both[Sex.FEMALE].prevalence, both[Sex.MALE].prevalence) == (0.02, 0.03)
    with pytest.raises(UsageError, match="ratio of the sexes"):
        rs.score(cohort, prevalence=0.9)
    for wrong in ("female=0.1", "female=x,male=0.1", "female=0.1,male=0.1,other=0.1", "much"):
        with pytest.raises(UsageError, match="prevalence"):
            rs.score(cohort, prevalence=wrong)


def test_ages_at_which_nobody_falls_ill_have_no_ratio() -> None:
    """The table of multiple sclerosis begins at 10 years: 0 over 0 is no ratio, and no warning."""
    cohort = rs.person([rs.load_model("ms")], hla={"DRB1": "15:01 03:01"}, sex="female")
    numbers = rs.score(cohort, horizon=(0, 5)).of("ms").numbers
    assert numbers["average_risk"][0] == 0
    assert numbers["probability"][0] == pytest.approx(0, abs=1e-12)
    assert np.isnan(numbers["risk_ratio"][0])


RATES = "sex,age_from,age_to,rate_per_100000"


def test_rates_of_nobody_and_of_one_sex_alone(tmp_path: Path) -> None:
    """A disease of women after 30, in a model whose own horizon ends at 20."""
    path = tmp_path / "rates.csv"
    path.write_text(f"{RATES}\nfemale,0,30,0\nfemale,30,60,50\nmale,0,30,0\nmale,30,60,0\n")
    model = rs.load_model("t1d-africa")
    copies = dict.fromkeys([v.name for v in model.variants], 1)
    by_sex = {}
    for sex in ("female", "male", None):
        known = {"sex": sex} if sex else {}
        one = rs.person([model], variants=copies, population="AFR", **known)
        by_sex[sex] = rs.score(one, horizon=(0, 60), incidence=path).of(model.id).numbers
        early = rs.score(one, horizon=(0, 20), incidence=path).of(model.id).numbers
        assert early["probability"][0] == pytest.approx(0, abs=1e-15)
        assert early["average_risk"][0] == 0
    women, men, unknown = (by_sex[sex] for sex in by_sex)
    assert women["average_risk"][0] == pytest.approx(1 - np.exp(-0.015), rel=0.05)
    assert women["probability"][0] > 5 * women["average_risk"][0]
    assert men["probability"][0] == men["average_risk"][0] == 0
    assert unknown["average_risk"][0] == pytest.approx(women["average_risk"][0] / 2, rel=1e-9)
    assert unknown["probability"][0] == pytest.approx(women["probability"][0] / 2, rel=0.15)


def test_rates_with_which_most_people_fall_ill_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(f"{RATES}\nfemale,0,60,9000\nmale,0,60,9000\n")
    cohort = read_frame(AGES, [rs.load_model("ra-dumontcel")])
    with pytest.raises(UsageError, match="of people fall ill between 18 and 60"):
        rs.score(cohort, horizon=(30, 50), incidence=path)
