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
    risk = sum(float(row["value"]) for row in baseline["prevalence"]) / 2
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


def test_nothing_recalled_is_left_where_a_source_is_known(model: Load) -> None:
    for name in (*T1D, *MS, "ra", "ra-smoking-epitope", "ra-dumontcel", "sle", "hashimoto"):
        assert {risk["status"] for risk in model(name)["baseline"]["prevalence"]} <= {
            "found",
            "derived",
        }
