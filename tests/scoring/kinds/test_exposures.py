"""Exposures in the score, each by a sum worked out here from the published odds ratios."""

import math

import pytest

import riskscore as rs
from riskscore.models.terms import ExposureFactor
from riskscore.samples.person import person
from riskscore.scoring.kinds.exposure import ExposureKind

ln = math.log


def _exposed(
    model: str, sex: str | None, hla: dict[str, str] | None = None, **given: str
) -> dict[str, float]:
    """The person's ledger: weight times number of each known term, not centred."""
    loaded = rs.load_model(model)
    cohort = person(
        [loaded], sex=sex, hla=hla, variants={loaded.variants[0].name: 1}, exposures=given
    )
    ledger = rs.score(cohort).explain("person").set_index("term")
    known = ledger[ledger["missing"] == ""]
    return (known["weight"] * known["dosage"]).to_dict()


def test_ordinal_levels_have_their_own_weights() -> None:
    ledger = _exposed("ms", "female", concussion="2+")
    assert ledger["concussion=2+"] == pytest.approx(ln(2.33))
    assert ledger["concussion=1"] == 0


def test_dose_is_per_unit() -> None:
    assert _exposed("ms", "male", vitamin_d="20 ng/mL")["vitamin_d"] == pytest.approx(
        20 * 2.496 / 50 * ln(0.61)
    )


@pytest.mark.parametrize(
    ("cell", "words", "number"),
    [
        ("62.5", "vitamin_d = 62.5 nmol/L", 62.5 / 50),  # per 50 nmol/L
        ("25 ng/mL", "vitamin_d = 25 ng/mL", 25 * 2.496 / 50),
        ("", "vitamin_d = unknown", 60 / 50),  # of a mean of 60, whose sd is 25
    ],
)
def test_a_dose_in_words_and_as_a_number(cell: str, words: str, number: float) -> None:
    ms = rs.load_model("ms")
    (factor,) = next(term.factors for term in ms.terms if term.id == "vitamin_d")
    assert isinstance(factor, ExposureFactor)
    exposures = {"vitamin_d": cell} if cell else {"smoking": "never"}
    cohort = rs.person([ms], variants={"rs10801908": 1}, exposures=exposures)
    kind = ExposureKind("exposure vitamin_d", (factor,), ms.exposure("vitamin_d"))
    assert kind.words(factor, cohort, 0) == words
    assert kind.answer(factor, cohort).code == ("given" if cell else "not_given")
    found = kind.evidence(cohort, slice(None))
    assert bool(found.missing[0, 0]) == (not cell)
    first, second, _ = found.moments([factor])
    assert first[0] == pytest.approx(number)
    assert second[0] - first[0] ** 2 == pytest.approx(0 if cell else (25 / 50) ** 2, abs=1e-12)


def test_one_sex_only() -> None:
    """Body mass index counts in women; in men, or where the sex is unknown, it is no gap either."""
    assert _exposed("ra", "female", bmi="30")["bmi"] == pytest.approx(6 * ln(1.15))
    for sex in ("male", None):
        cohort = person([rs.load_model("ra")], sex=sex, hla={"DRB1": "01:01 04:01"})
        given = person(
            [rs.load_model("ra")], sex=sex, hla={"DRB1": "01:01 04:01"}, exposures={"bmi": "45"}
        )
        ledger = rs.score(given).explain("person").set_index("term")
        assert ledger.loc["bmi", "missing"] == "not_applicable"
        assert ledger.loc["bmi", ["contribution", "variance"]].tolist() == [0, 0]
        numbers = [rs.score(c).of("ra").numbers["probability"][0] for c in (cohort, given)]
        assert numbers[0] == numbers[1]


def test_passive_smoking_counts_in_never_smokers_only() -> None:
    never = _exposed("ms", "male", smoking="never", passive_smoking="exposed")
    assert never["passive_smoking=exposed"] == pytest.approx(ln(1.3))
    ever = _exposed("ms", "male", smoking="ever", passive_smoking="exposed")
    assert ever["passive_smoking=exposed"] == 0
    assert ever["smoking=ever"] == pytest.approx(ln(1.55 * (0.6 + 0.4 * 1.3)))


def test_passive_smoking_of_someone_whose_own_is_unknown_is_weighed() -> None:
    """55% of people never smoked: the term's number is 0.55, and it is marked as a gap."""
    model = rs.load_model("ms")
    cohort = person([model], variants={"rs10801908": 1}, exposures={"passive_smoking": "exposed"})
    ledger = rs.score(cohort).explain("person").set_index("term")
    row = ledger.loc["passive_smoking=exposed"]
    assert row["dosage"] == pytest.approx(0.55)
    assert row["missing"] == "not_given"


@pytest.mark.parametrize(
    ("given", "odds_ratio"),
    # Hedstrom 2020: measured together, mononucleosis 1.7 and anti-EBNA-1 2.8; Handel 2010: 2.17.
    [
        ({"mononucleosis": "had", "anti_ebna1": "elevated"}, 1.7 * 2.8),
        ({"mononucleosis": "had", "anti_ebna1": "not_elevated"}, 1.7),
        ({"mononucleosis": "never", "anti_ebna1": "elevated"}, 2.8),
        ({"mononucleosis": "never", "anti_ebna1": "not_elevated"}, 1.0),
    ],
)
def test_mononucleosis_and_anti_ebna1_that_were_measured_together(
    given: dict[str, str], odds_ratio: float
) -> None:
    ledger = _exposed("ms", "female", {"DRB1": "04:01 11:01"}, **given)
    own = [v for term, v in ledger.items() if "mononucleosis" in term or "ebna1" in term]
    assert sum(own) == pytest.approx(ln(odds_ratio), abs=1e-5)


def test_mononucleosis_alone_has_its_whole_effect() -> None:
    with_it, without = (
        _exposed("ms", "female", {"DRB1": "04:01 11:01"}, mononucleosis=m) for m in ("had", "never")
    )
    assert with_it["mononucleosis=had"] == pytest.approx(ln(2.17))
    assert not without["mononucleosis=had"]
    assert "mononucleosis_with_anti_ebna1" not in without  # no gap of the person either


def test_never_having_had_mononucleosis_does_not_cancel_a_measured_anti_ebna1() -> None:
    model = rs.load_model("ms")
    risks = [
        rs.score(person([model], sex="female", hla={"DRB1": "15:01 03:01"}, exposures=given))
        .of("ms")
        .numbers["probability"][0]
        for given in (
            {"mononucleosis": "never", "anti_ebna1": "elevated"},
            {"mononucleosis": "never"},
            {"mononucleosis": "never", "anti_ebna1": "not_elevated"},
        )
    ]
    assert risks[0] > risks[1] > risks[2]
    assert risks[0] / risks[2] > 2


@pytest.mark.parametrize(
    ("alleles", "odds_ratio"), [("15:01 07:01", 1.14), ("04:01 07:01", 1.73), ("04:01 04:04", 2.97)]
)
def test_ra_smoking_by_stratum(alleles: str, odds_ratio: float) -> None:
    """Ever against never smoking at 0, 1 and 2 copies of the epitope (Kallberg 2011)."""
    ledger = _exposed("ra", "male", {"DRB1": alleles}, smoking="ever")
    strata = [value for term, value in ledger.items() if term.startswith("smoking_x_se")]
    assert sum(strata) == pytest.approx(ln(odds_ratio))
    never = _exposed("ra", "male", {"DRB1": alleles}, smoking="never")
    assert not any(value for term, value in never.items() if "smoking" in term)
    # What the haplotypes hold of it already is the same for both.
    average = "shared_epitope (by dosage)"
    assert never[average] == ledger[average]


def test_shown_without_weight() -> None:
    """Epstein-Barr virus is in the model's exposures, and changes nothing."""
    model = rs.load_model("ms")
    people = [
        person([model], sex="female", variants={"rs10801908": 1}, exposures=given)
        for given in ({"ebv": "seropositive"}, {"ebv": "seronegative"}, {})
    ]
    risks = [rs.score(cohort).of("ms").numbers["probability"][0] for cohort in people]
    assert len(set(risks)) == 1
