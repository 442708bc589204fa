"""Baseline risks of the models against the published corrections and tables, number by number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scipy.stats import multivariate_normal, norm

import riskscore as rs

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]
T1D = ("t1d", "t1d-grs1", "t1d-grs2-sharp19", "t1d-grs2-sharp21")
MS = ("ms", "ms-2013", "ms-smoking-hla")


def _risks(
    card: dict[str, Any], horizon: str = "", population: str = ""
) -> dict[str, tuple[float, str]]:
    return {
        risk["sex"]: (float(risk["value"]), risk["status"])
        for risk in card["baseline"]["prevalence"]
        if risk.get("horizon", "") == horizon and risk.get("population", "") == population
    }


def _corrected(published: Read, disease: str, item: str, population: str = "") -> tuple[float, str]:
    (row,) = [
        row
        for row in published("corrections")
        if (row["disease"], row["item"]) == (disease, item) and population in row["population"]
    ]
    return float(row["new_value"]), row["status"]


@pytest.mark.parametrize("name", T1D)
def test_type_1_diabetes(model: Load, published: Read, name: str) -> None:
    cumulative = {
        row["sex"]: (float(row["value"]), row["status"])
        for row in published("risk_by_age/incidence")
        if (row["table_id"], row["measure"], row["age_from"], row["age_to"])
        == ("T1D_EUR_SEX_DERIVED", "cumulative_incidence_competing_death", "0", "20")
    }
    assert _risks(model(name)) == {"female": cumulative["F"], "male": cumulative["M"]}
    rows = [
        r for r in published("corrections") if r["item"] == "cumulative risk by age 20, both sexes"
    ]
    (advice,) = [r["recommendation"] for r in rows if r["population"].startswith("Scotland")]
    assert advice.startswith("use women 0.0067, men 0.0077")
    assert [round(v, 4) for v, _ in _risks(model(name)).values()] == [0.0067, 0.0077]


@pytest.mark.parametrize("name", MS)
def test_multiple_sclerosis(model: Load, published: Read, name: str) -> None:
    assert _risks(model(name)) == {
        "female": _corrected(published, "multiple sclerosis", "lifetime risk, women"),
        "male": _corrected(published, "multiple sclerosis", "lifetime risk, men"),
    }


def test_rheumatoid_arthritis(model: Load, published: Read) -> None:
    lifetime = {
        row["measure"].removeprefix("lifetime_risk") + row["sex"]: (float(row["value"]), "found")
        for row in published("risk_by_age/incidence")
        if row["disease"] == "rheumatoid arthritis" and row["measure"].startswith("lifetime_risk")
    }
    for name in ("ra", "ra-smoking-epitope"):
        card = model(name)
        assert _risks(card) == {
            "female": lifetime["_seropositiveF"],
            "male": lifetime["_seropositiveM"],
        }
        (share,) = [
            row
            for row in published("risk_by_age/incidence")
            if row["measure"] == "seropositive_share" and row["period"] == "1995-2007"
        ]
        assert card["baseline"]["incidence"]["factor"] == share["value"]
        assert card["baseline"]["incidence"]["status"] == share["status"]
    card = model("ra-dumontcel")
    assert _risks(card) == {"female": lifetime["F"], "male": lifetime["M"]}
    assert "factor" not in card["baseline"]["incidence"]


def test_lupus(model: Load, published: Read) -> None:
    card = model("sle")

    def figures(women: str, men: str, population: str = "") -> dict[str, tuple[float, str]]:
        return {
            "female": _corrected(published, "SLE", women, population),
            "male": _corrected(published, "SLE", men, population),
        }

    assert _risks(card) == figures(
        "lifetime risk, white women, from incidence", "lifetime risk, white men, from incidence"
    )
    living = "living with the disease"
    assert _risks(card, living) == figures("prevalence, white women", "prevalence, white men")
    assert _risks(card, f"{living}, all ancestries") == figures(
        "prevalence, all women", "prevalence, all men"
    )
    assert _risks(card, "lifetime in Olmsted County") == figures(
        "lifetime risk, women", "lifetime risk, men"
    )
    for population, stratum in (
        ("AFR", "USA black"), ("AMR", "USA Hispanic"), ("EAS", "USA Asian"), ("SAS", "USA Asian"),
    ):  # fmt: skip
        own = figures("prevalence, women", "prevalence, men", stratum)
        assert _risks(card, living, population) == own


def test_lupus_by_ancestry_is_used_in_its_population() -> None:
    person = rs.person([rs.load_model("sle")], sex="female", hla={"DRB1": "03:01 15:01"})
    for population, prevalence in (("AFR", 0.002309), ("EUR", 0.000847)):
        asked = replace(person, population=population)
        numbers = rs.score(asked, horizon="living with the disease").of("sle").numbers
        assert numbers["average_risk"][0] == prevalence
    assert rs.score(asked).of("sle").numbers["average_risk"][0] == 0.0043


@pytest.mark.parametrize("name", T1D)
def test_the_heritability_of_type_1_diabetes_is_fitted_and_says_so(model: Load, name: str) -> None:
    """Two liabilities of correlation h2/2: P(both) / P, with scipy's bivariate normal."""
    baseline = model(name)["baseline"]
    given = baseline["heritability"]
    assert given["status"] == "derived"
    assert given["source"].startswith("derived: fitted here and not published")
    risk = sum(value for value, _ in _risks(model(name)).values()) / 2
    below = norm.ppf(risk)
    for heritability, siblings in (
        (float(given["value"]), 0.046), (0.81, 0.076), (0.88, 0.088),
    ):  # fmt: skip
        both = multivariate_normal.cdf(
            [below, below], cov=[[1, heritability / 2], [heritability / 2, 1]]
        )
        assert both / risk == pytest.approx(siblings, abs=6e-4)
        assert f"{100 * siblings:.1f}" in given["source"]


def test_hashimoto(model: Load, published: Read) -> None:
    (row,) = [r for r in published("corrections") if r["item"] == "prevalence split women / men"]
    assert row["new_value"].endswith("; 0.09 / 0.03 any")
    found = row["status"]
    assert _risks(model("hashimoto")) == {"female": (0.09, found), "male": (0.03, found)}


LAWRENCE = "by age 20 in US white people"
DR4 = {"DRB1": "04:01 04:01", "DQA1": "03:01 03:01", "DQB1": "03:02 03:02"}


@pytest.mark.parametrize("name", T1D)
def test_type_1_diabetes_in_us_white_people(model: Load, published: Read, name: str) -> None:
    (row,) = [r for r in published("corrections") if r["recommendation"].startswith("use for US")]
    expected = (float(row["new_value"]), row["status"])
    card = model(name)
    assert _risks(card, LAWRENCE) == {"female": expected, "male": expected}
    for risk in card["baseline"]["prevalence"]:
        if risk.get("horizon") == LAWRENCE:
            assert risk["ci"] == [row["lower"], row["upper"]]
            assert "PMID 24898146" in risk["source"]
            assert "PMID 24898146" in row["source"]
    rates = [float(word) for word in ("26.9", "27.4", "27.9")]
    assert [round(20 * rate / 1e5, 4) for rate in rates] == [0.0054, 0.0055, 0.0056]


def test_other_registries_bracket_the_baseline_of_type_1_diabetes(
    model: Load, published: Read
) -> None:
    """The rows that say "check": the lowest of them below, the highest above both sexes' risk."""
    checks = [
        float(r["new_value"]) for r in published("corrections") if r["recommendation"] == "check"
    ]
    assert len(checks) == 4
    for sex in ("female", "male"):
        numbers = rs.score(rs.person([rs.load_model("t1d")], sex=sex, hla=DR4)).of("t1d").numbers
        assert min(checks) < numbers["average_risk"][0] < max(checks)
    words = " ".join(model("t1d")["limits"])
    assert all(f"{100 * (value + 1e-9):.2f}%" in words for value in checks)


@pytest.mark.parametrize("name", [*MS, "ms-hla-ukb"])
def test_multiple_sclerosis_elsewhere(model: Load, published: Read, name: str) -> None:
    card, disease = model(name), "multiple sclerosis"
    assert _risks(card, "lifetime in the United Kingdom 1993-2000") == {
        "female": _corrected(published, disease, "lifetime risk, women (low)"),
        "male": _corrected(published, disease, "lifetime risk, men (low)"),
    }
    own = _risks(card)
    for sex, word in (("female", "women"), ("male", "men")):
        (row,) = [
            r
            for r in published("corrections")
            if r["item"] == f"lifetime risk, {word}" and r["disease"] == disease
        ]
        share = float(row["recommendation"].split("; x")[1].split()[0])
        risk, status = _risks(card, "lifetime in the United Kingdom")[sex]
        assert risk == pytest.approx(own[sex][0] * share, rel=1e-9)
        assert status == "derived"


def test_multiple_sclerosis_in_denmark_is_the_mean_of_both_sexes(
    model: Load, published: Read
) -> None:
    """Magyari 2017 gives both sexes together, so it can be no baseline by sex, but checks ours."""
    both, _ = _corrected(published, "multiple sclerosis", "lifetime risk, both sexes")
    values = [value for value, _ in _risks(model("ms")).values()]
    assert sum(values) / 2 == pytest.approx(both, rel=0.01)


def test_lupus_in_the_united_kingdom(model: Load, published: Read) -> None:
    """Both sexes together, in equal numbers, split by six women to one man."""
    both, _ = _corrected(published, "SLE", "prevalence, white (both sexes)")
    (cases,) = [
        r for r in published("risk_by_age/incidence") if "six women to one man" in r["note"]
    ]
    assert "PMID 25265938" in cases["source"]
    risks = _risks(model("sle"), "living with the disease in the United Kingdom")
    assert {status for _, status in risks.values()} == {"derived"}
    women, men = risks["female"][0], risks["male"][0]
    assert (women + men) / 2 == pytest.approx(both, abs=1e-6)
    assert women / men == pytest.approx(6, rel=2e-3)


def test_hashimoto_elsewhere(model: Load, published: Read) -> None:
    card = model("hashimoto")
    (row,) = [r for r in published("corrections") if r["item"] == "prevalence split women / men"]
    assert row["new_value"].startswith("0.080 / 0.020 treated; ")
    treated = _risks(card, "living with treated hypothyroidism")
    assert treated == {"female": (0.08, row["status"]), "male": (0.02, row["status"])}
    finland = _risks(card, "ever in Finland")
    assert finland == {
        "female": _corrected(published, "Hashimoto", "prevalence, ever, women"),
        "male": _corrected(published, "Hashimoto", "prevalence, ever, men"),
    }
    (ratio,) = [r for r in published("corrections") if r["item"] == "ratio women : men"]
    low, high = map(float, ratio["recommendation"].split(" to "))
    for risks in (_risks(card), treated, finland):
        assert low <= risks["female"][0] / risks["male"][0] <= high
    assert f"{low:.0f} to {high:.0f} times as often" in " ".join(card["limits"])


def test_another_horizon_of_a_model_is_used_when_asked_for() -> None:
    dr4: dict[str, Any] = {"hla": DR4}
    ptpn22: dict[str, Any] = {"variants": {"rs2476601": 1}}
    for name, given, horizon, risk in (
        ("t1d", dr4, LAWRENCE, 0.0055),
        ("ms", dr4, "lifetime in the United Kingdom", 0.008554),
        ("sle", dr4, "living with the disease in the United Kingdom", 0.002306),
        ("hashimoto", ptpn22, "ever in Finland", 0.18),
    ):
        person = rs.person([rs.load_model(name)], sex="female", **given)
        numbers = rs.score(person, horizon=horizon).of(name).numbers
        assert numbers["average_risk"][0] == risk


def test_every_baseline_has_a_source_and_a_status(model: Load) -> None:
    """Of every shipped model: each risk, factor of rates and heritability."""
    for name in rs.list_models():
        baseline = model(name)["baseline"]
        entries = [*baseline["prevalence"]]
        if "factor" in baseline.get("incidence", {}):
            entries.append(baseline["incidence"])
        if "heritability" in baseline:
            entries.append(baseline["heritability"])
        assert len(entries) >= 2, name
        for entry in entries:
            assert entry["source"].strip(), (name, entry)
            assert entry["status"] in {"found", "derived"}, (name, entry)
            derived = entry["source"].startswith("derived: ")
            assert derived == (entry["status"] == "derived"), (name, entry)
