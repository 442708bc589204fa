"""A worked example is checked number by number: a wrong one is named, with what it should be."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.genetics.sex import Sex
from riskscore.models.model import Example
from riskscore.models.terms import Part
from riskscore.samples.hla.calls import HaplotypeCalls
from riskscore.scoring.examples import _population, check_examples, example_scores

MODEL = rs.load_model("ms-2013")
EXAMPLE = MODEL.examples[0]


def checked(**expect: object) -> int:
    """The example with only these numbers expected."""
    bare = {"terms": {}, "sum": None} | expect
    return check_examples(replace(MODEL, examples=(replace(EXAMPLE, expect=bare),)))


@pytest.fixture(scope="module")
def exact() -> dict[str, float]:
    scores = example_scores(MODEL, EXAMPLE)
    ledger = scores.explain(scores.cohort.samples[0])
    known = ledger[ledger["missing"] == ""]
    numbers = scores.tables[0].numbers
    names = ("average_risk", "probability")
    return {name: float(numbers[name][0]) for name in names} | {
        "sum": float((known["weight"] * known["dosage"]).sum())
    }


def test_a_number_may_be_off_by_a_millionth(exact: dict[str, float]) -> None:
    for column, value in exact.items():
        assert value == pytest.approx(EXAMPLE.expect[column], abs=1e-6)
    assert checked(**{column: value + 9e-7 for column, value in exact.items()}) == 1


@pytest.mark.parametrize("column", ["sum", "average_risk", "probability"])
def test_a_number_that_is_off_by_more_is_named(column: str, exact: dict[str, float]) -> None:
    wrong = exact | {column: exact[column] - 1.1e-6}
    with pytest.raises(ModelFormatError, match=f"{column} should be"):
        checked(**wrong)


def test_terms_by_name_and_by_what_they_multiply() -> None:
    """Of an exposure all levels together; of a term that is not there nothing is right."""
    assert checked(terms=EXAMPLE.expect["terms"]) == 1
    name = "HLA-DRB1*03:01"
    with pytest.raises(ModelFormatError, match=r"DRB1\*03:01 should be 0\.24111 and is 0\.2311"):
        checked(terms={name: EXAMPLE.expect["terms"][name] + 0.01})  # type: ignore[index]
    with pytest.raises(ModelFormatError, match="and is nan"):
        checked(terms={"rs0": 0.0})


def test_an_exposure_is_the_sum_over_its_levels() -> None:
    ms = rs.load_model("ms")
    weights = {t.id: t.weight for t in ms.terms if t.part is Part.EXPOSURE}
    example = Example("concussed", {"exposures": {"concussion": "2+"}}, {}, "")
    for name in ("concussion", "concussion=2+"):
        wanted = {"terms": {name: weights["concussion=2+"]}, "sum": None}
        assert check_examples(replace(ms, examples=(replace(example, expect=wanted),))) == 1


def test_of_ages_and_of_tags() -> None:
    """Between its ages where it has any; tags are called as the paper calls them."""
    assert EXAMPLE.given["from_age"] == 35
    bare = replace(EXAMPLE, given={**EXAMPLE.given, "from_age": None, "to_age": None})
    by_age, whole = (example_scores(MODEL, own) for own in (EXAMPLE, bare))
    average = [scores.tables[0].numbers["average_risk"][0] for scores in (by_age, whole)]
    assert average[0] == pytest.approx(EXAMPLE.expect["average_risk"], abs=1e-8)
    assert average[1] == MODEL.baseline_risks(Sex.FEMALE, "EUR")[0].value
    assert by_age.cohort.haplotype_calls is HaplotypeCalls.POSTERIOR
    untyped = replace(bare, given={"variants": {"rs72928038": 2}})
    assert example_scores(MODEL, untyped).cohort.haplotype_calls is HaplotypeCalls.PUBLISHED


@pytest.mark.parametrize(
    ("known", "population"),
    [(("AFR", "EUR"), "EUR"), (("AFR", "EAS"), "AFR"), (("EAS", "AFR"), "EAS"), ((), "EUR")],
)
def test_in_which_population_an_example_is_worked(known: tuple[str, ...], population: str) -> None:
    """Europeans, or the first that the model has frequencies of."""
    of_model = SimpleNamespace(reference_populations=known)
    assert _population(of_model) == population  # type: ignore[arg-type]
