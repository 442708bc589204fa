"""The words of one person's report, where there is no risk, no score, or a value in other units."""

import re
from html import unescape
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.writing.report.individual import individual_context

HLA = {"DRB1": "15:01 04:01", "DQA1": "01:02 03:01", "DQB1": "06:02 03:02"}


def scores(*models: str, age: float | None = None, **exposures: str) -> rs.Scores:
    """Of one woman, whose HLA types are known and no variants."""
    loaded = [rs.load_model(model) for model in models]
    one = rs.person(loaded, hla=HLA, sex="female", exposures=exposures)
    return rs.score(one, from_age=age)


def test_the_page_says_why_there_is_no_risk_or_no_score(tmp_path: Path) -> None:
    """The risk of T1D ends at age 20, and Hashimoto's score is of variants alone."""
    asked = scores("t1d", "sle", "hashimoto", age=32)
    page = rs.write_report(asked, tmp_path / "person.html", individual="person").read_text()
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
    assert "No risk: the person is 32, and the risk by this model ends at age 20." in text
    assert "erythematosus from age 32 to 100, in those free of it at 32." in text
    assert "in women of the same age." in text
    assert "Age: 32." in text
    # what could change a risk is asked of the model that gives one alone
    assert text.count("the risk could be, in 1,000") == 1
    no_score = text.rpartition("No score: too little was seen of what this model looks at.")[2]
    of_it = no_score.partition("What was used")[0]
    # the table at the top says so too, of each disease with what was not seen
    short = text.partition("what was not seen, and why")[2]
    for row in (
        r"Type 1 diabetes, GRS2 No risk: the person is 32, .* 54% SNPs \(not in the file\); ",
        r"free of it at 32 4 \(0\.4 to 21\) 3\.3 7% SNPs \(not in the file\); .* 5 more ",
        r"Hashimoto's .*? No score: too little was seen of what .* at\. none Alcohol ",
    ):
        assert re.search(row, short)
    assert "What is not known" in of_it
    for words in ("none", "What decided it", "people of the reference population ("):
        assert words not in of_it


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"vitamin_d [ng/mL]": "24"}, "24 ng/mL"),
        ({"vitamin_d": "24 ng/mL"}, "24 ng/mL"),
        ({"vitamin_d": "60"}, "60 nmol/L"),
        ({"vitamin_d": "NA"}, ""),
    ],
)
def test_a_dose_is_listed_in_the_unit_it_was_given_in(given: dict[str, str], told: str) -> None:
    exposures = individual_context(scores("ms", **given), "person")["exposures"]
    assert dict(exposures)["25-hydroxyvitamin D in blood"] == told


def test_a_level_that_one_of_the_models_has_not_is_listed_as_unused_there() -> None:
    exposures = individual_context(scores("ms", "sle", smoking="ever"), "person")["exposures"]
    assert dict(exposures)["Smoking (ever, before onset)"] == "ever"
    assert dict(exposures)["Smoking"] == "ever (no level of sle: not used there)"


def test_averages_of_another_kind_than_the_risk_by_age_are_told_apart() -> None:
    """Hashimoto's is of those living with the disease; its curve ends with all who ever had it."""
    (one,) = individual_context(scores("t1d"), "person")["models"]
    assert one["lifelong"] == 0.0
    assert one["average"].startswith("6.72 in 1,000, derived: cumulative incidence 0 to 20")
    assert "of its table of new cases (Scotland 2012-2019; " in one["average"]
    people = rs.simulate("hashimoto", 3, seed=1)
    men = rs.score(people.cohort())
    man = men.cohort.samples[men.cohort.sex.index(Sex.MALE)]
    (told,) = individual_context(men, man)["models"]
    risk = rs.score(people.cohort(), from_age=0).to_frame().set_index("sample")
    assert told["average"].startswith("30 in 1,000, ")
    assert told["lifelong"] == pytest.approx(risk.loc[man, "average_risk"])
