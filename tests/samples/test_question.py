"""One value holds what is asked: every option is recorded, travels whole, and is refused early."""

import inspect
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import riskscore as rs
from riskscore.cli.options import question_of
from riskscore.errors import PopulationError, UsageError
from riskscore.samples.question import Question, QuestionOptions

ROOT = Path(__file__).parents[2]
VCF = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
OTHERS: dict[str, Any] = {
    "sex_column": "gender", "population": "AFR", "build": "GRCh37", "weak_tags": True,
    "haplotype_calls": "published", "switch_error": 0.1, "weight_type": "OR", "prevalence": 0.01,
    "impute_hla": True,
    "reading": rs.Reading("DS", 0.3, frozenset({"PASS", "."}), "homref"),
}  # fmt: skip


def test_the_options_of_the_types_are_the_fields() -> None:
    assert {"models", *QuestionOptions.__annotations__} == {one.name for one in fields(Question)}


@pytest.mark.parametrize("verb", [rs.score, rs.read_cohort])
def test_help_shows_the_options(verb: Any) -> None:
    shown = inspect.signature(verb).parameters
    assert set(QuestionOptions.__annotations__) < set(shown)
    assert shown["population"].default == "auto"


def test_the_command_line_has_every_field() -> None:
    """Its options set every field of a question, and of the reading within.

    The word imputed of --hla sets impute_hla.
    """
    options = set(inspect.signature(question_of).parameters)
    reading = {one.name for one in fields(rs.Reading)} - {"processes"}
    asked = {one.name for one in fields(Question)} - {"models", "reading", "impute_hla"}
    assert asked | reading | {"model", "force"} == options


def test_what_is_recorded_is_the_question_again() -> None:
    question = Question.of("ms", **OTHERS)
    told = json.loads(json.dumps(question.recorded()))
    assert told["filters"] == ".,PASS"
    assert Question.from_record(told) == question
    plain = Question.of("ms", horizon="lifetime")
    assert Question.from_record(json.loads(json.dumps(plain.recorded()))) == plain
    aged = Question.of("ms", age_column="age", to_age=60)
    assert Question.from_record(json.loads(json.dumps(aged.recorded()))) == aged
    assert Question.of("ms", horizon=(35, 60)).recorded()["to_age"] == 60
    sexes = Question.of("ms", prevalence={"male": 0.004, "female": 0.01})
    assert sexes == Question.of("ms", prevalence="female=0.01,male=0.004")
    assert Question.from_record(json.loads(json.dumps(sexes.recorded()))) == sexes


@pytest.mark.parametrize("name", [*OTHERS, "horizon", "from_age"])
def test_every_choice_changes_what_is_recorded(name: str) -> None:
    value = OTHERS.get(name, 35.0 if name == "from_age" else "lifetime")
    assert Question.of("ms", **{name: value}).recorded() != Question.of("ms").recorded()  # type: ignore[misc]


def test_the_cohort_and_the_provenance_know_what_was_asked(tmp_path: Path) -> None:
    exposures = pd.DataFrame({"sample": ["HG00096"], "smoking": ["ever"]})
    scores = rs.score(VCF, "ms", exposures=exposures, population="AMR", prevalence=0.002)
    again = rs.score(scores.cohort, prevalence=0.004)
    assert again.cohort.question == replace(scores.cohort.question, prevalence=0.004)
    rs.write_bundle(again, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert told["parameters"] == again.cohort.question.recorded()
    assert (told["parameters"]["population"], told["parameters"]["prevalence"]) == ("AMR", 0.004)


def test_imputed_is_a_word_among_typed_tables() -> None:
    one = Question.of("ms", hla=["imputed", "types.tsv"])
    assert (one.impute_hla, one.hla) == (True, (Path("types.tsv"),))
    assert Question.of("ms", hla="imputed").recorded()["impute_hla"] is True
    assert not Question.of("ms", hla="types.tsv").impute_hla


def test_files_of_the_question_are_inputs(tmp_path: Path) -> None:
    table = tmp_path / "exposures.tsv"
    table.write_text("sample\tsmoking\nHG00096\tever\n")
    rs.write_bundle(rs.score(VCF, "ms", exposures=str(table)), tmp_path / "out")
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert told["inputs"]["exposures"]["name"] == "exposures.tsv"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prevalence": 1.5}, "not between 0 and 1"),
        ({"prevalence": 0.1, "horizon": "lifetime"}, "leave one of them out"),
        ({"switch_error": 0.6}, "not between 0 and 0.5"),
        ({"haplotype_calls": "guess"}, "posterior or published"),
        ({"ancestry": "EUR"}, "'ancestry' is not an option"),
    ],
)
def test_wrong_values_are_refused_before_a_file_is_read(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        rs.score("nowhere.vcf.gz", "ms", **options)


def test_what_was_read_cannot_be_asked_anew() -> None:
    cohort = rs.person([rs.load_model("ms")])
    with pytest.raises(UsageError, match="population bears on how a cohort is read"):
        rs.score(cohort, population="AFR")


def test_people_of_unknown_population() -> None:
    question = Question.of("t1d", population="unknown")
    assert question.reference_population() == "EUR"
    assert not question.population_known
    with pytest.raises(PopulationError):
        Question.of("t1d", population="XYZ").reference_population()
