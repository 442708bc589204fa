"""The ledger by measurement: it sums to the score, and says what is carried in words."""

import numpy as np
import pytest

import riskscore as rs
from riskscore.scoring.account.ledger import ledger
from riskscore.scoring.score import Scores
from riskscore.writing.measurements import Measurement, by_measurement

HLA = {"A": "02:01 03:01", "B": "07:02 44:02", "C": "07:02 05:01", "DRB1": "15:01 04:01",
       "DQA1": "01:02 03:01", "DQB1": "06:02 03:02", "DPB1": "04:01 04:01"}  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> Scores:
    models = [rs.load_model(name) for name in ("t1d", "ra", "ms")]
    given = {"smoking": "ever"}
    return rs.score(rs.person(models, hla=HLA, sex="female", exposures=given))


def lines(scores: Scores, model: str) -> list[Measurement]:
    table = scores.of(model)
    entries = ledger(scores.cohort, table.reference, scores.cohort.samples[0])
    return by_measurement(table.model, entries)


@pytest.mark.parametrize("model", ["t1d", "ra", "ms"])
def test_every_term_is_in_one_line_and_the_lines_sum_to_the_score(
    scores: Scores, model: str
) -> None:
    found = lines(scores, model)
    assert sum(len(line.entries) for line in found) == len(scores.of(model).model.terms)
    total = sum(line.contribution for line in found)
    assert total == pytest.approx(float(scores.of(model).numbers["log_odds"][0]), abs=1e-9)
    assert len({line.name for line in found}) == len(found)


def test_what_a_person_has_stands_first_in_words(scores: Scores) -> None:
    first = lines(scores, "t1d")[0]
    assert first.name == "HLA DR-DQ haplotypes"
    # DR15-DQ6.2 -1.43 and DR4-DQ8.1 2.08 are no pair with a weight of its own in GRS2
    assert set(first.carried) == {"one copy of DR4-DQ8.1: raises", "one copy of DR15-DQ6.2: lowers"}
    assert "DR7-DQ9.2" not in first.reason


def test_what_is_not_carried_is_told_as_that(scores: Scores) -> None:
    by_name = {line.name: line for line in lines(scores, "ms")}
    b = by_name["HLA-B"]  # B*44:02 is carried, B*38:01 and B*55:01 are not
    assert b.reason == "one copy of HLA-B*44:02: lowers"
    a = by_name["HLA-A"]
    assert a.found == "A*02:01, A*03:01"
    assert a.reason.startswith("one copy of HLA-A*02:01: lowers")
    snps = by_name["SNPs"]
    assert (snps.direction, snps.contribution) == ("not seen", pytest.approx(0, abs=1e-12))
    assert snps.found.startswith("0 of ")
    assert by_name["Smoking (ever, before onset)"].found == "ever"
    assert "smoking: ever" in by_name["Smoking (ever, before onset) with HLA-DRB1 and HLA-A"].found


def test_a_line_says_what_its_direction_comes_from() -> None:
    """Without DRB1*15:01 the gene lowers the score of MS, though DRB1*03:01 raises it."""
    one = rs.person([rs.load_model("ms")], hla={"DRB1": "03:01 01:01"}, sex="female")
    gene = next(line for line in lines(rs.score(one), "ms") if line.name == "HLA-DRB1")
    assert gene.direction == "lowers"
    assert gene.reason == "one copy of HLA-DRB1*03:01: raises; no copy of HLA-DRB1*15:01"


def test_how_a_term_is_counted_is_said_in_words() -> None:
    """The terms of one allele, of each copy and of carriers, are one phrase."""
    one = rs.person([rs.load_model("ms")], hla={"DRB1": "15:01 01:01", "DQA1": "01:02 01:05"})
    reasons = {line.name: line.reason for line in lines(rs.score(one), "ms")}
    assert reasons["HLA-DRB1"] == "one copy of HLA-DRB1*15:01: raises"
    assert reasons["HLA-DRB1 and HLA-DQA1"] == "not HLA-DRB1*15:01 with HLA-DQA1*01:01"
    phe9 = rs.person([rs.load_model("ra")], hla={"DPB1": "04:01 01:01"})
    reasons = {line.name: line.reason for line in lines(rs.score(phe9), "ra")}
    named = "one copy of HLA-DPB1 with phenylalanine at position 9"
    assert reasons["HLA-DPB1"].startswith(named)


def test_directions_follow_the_sign(scores: Scores) -> None:
    for model in ("t1d", "ra", "ms"):
        for line in lines(scores, model):
            if not line.missing and abs(line.contribution) > 0.005:
                assert line.direction == ("raises" if line.contribution > 0 else "lowers")
    ranked = [abs(line.contribution) for line in lines(scores, "ms") if not line.missing]
    assert ranked == sorted(ranked, reverse=True)
    assert np.isfinite(ranked).all()


def test_exposures_are_told_by_what_was_reported() -> None:
    given = {"smoking": "never", "passive_smoking": "exposed", "vitamin_d": "24"}
    one = rs.person([rs.load_model("ms")], hla=HLA, sex="female", exposures=given)
    reasons = {line.name: line.reason for line in lines(rs.score(one), "ms")}
    assert reasons["25-hydroxyvitamin D in blood"] == "24 nmol/L: raises"
    assert reasons["Smoking (ever, before onset)"] == "never"
    assert reasons["Passive smoking (never-smokers)"] == "exposed: raises"
    together = "Ever smoking in carriers of DRB1*15:01 without A*02:01"  # A*02:01 is carried
    own = [reason for name, reason in reasons.items() if name.startswith("Smoking (ever, before ")]
    assert f"not the case: {together}" in own


def test_an_exposure_is_told_once_whatever_its_terms() -> None:
    given = {"mononucleosis": "had", "anti_ebna1": "elevated", "smoking": "ever"}
    one = rs.person([rs.load_model("ms")], hla=HLA, sex="female", exposures=given)
    found = {line.name: line for line in lines(rs.score(one), "ms")}
    mononucleosis = found["Infectious mononucleosis"]  # a term of its own, and through anti-EBNA-1
    assert (mononucleosis.found, mononucleosis.reason) == ("had", "had: raises")
    assert mononucleosis.explanation == ""
    assert found["HLA-DRB1"].explanation == found["HLA-DRB1"].reason != ""
    # of a smoker nobody needs to know whether others smoked beside him
    assert found["Passive smoking (never-smokers)"].found == "does not apply"


def test_a_level_of_another_model_is_told_as_that() -> None:
    """Lupus tells former from current smokers, so that 'ever' says nothing to it."""
    models = [rs.load_model(name) for name in ("ms", "sle")]
    one = rs.person(models, hla=HLA, sex="female", exposures={"smoking": "ever"})
    missing = {line.name: line.missing for line in lines(rs.score(one), "sle")}
    assert missing["Smoking"] == "given as ever, which is no level of this model"


@pytest.mark.parametrize(
    ("exposures", "found"),
    [
        ({"vitamin_d": "24"}, "vitamin_d = 24 nmol/L"),
        ({"vitamin_d [ng/mL]": "24"}, "vitamin_d = 24 ng/mL"),
        ({"vitamin_d": "24 ng/mL"}, "vitamin_d = 24 ng/mL"),
        ({}, "vitamin_d = unknown"),
    ],
)
def test_a_dose_is_told_with_its_unit(exposures: dict[str, str], found: str) -> None:
    one = rs.person([rs.load_model("ms")], hla=HLA, exposures=exposures)
    ledger_of = rs.score(one).explain("person", "ms").set_index("term")
    assert ledger_of.loc["vitamin_d", "found"] == found


def test_a_term_named_by_letters_of_residues_is_told_by_its_label(scores: Scores) -> None:
    """VKA is what the table of DRB1 haplotypes calls valine 11, lysine 71 and alanine 74."""
    (line,) = [line for line in lines(scores, "ra") if line.name == "HLA-DRB1"]
    assert "one copy of DRB1 residues 11-71-74 VKA: raises" in line.carried
