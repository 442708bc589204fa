"""Interaction: the published oral-cancer table, R's numbers, and tables that cannot answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import riskscore as rs
from riskscore.errors import (
    FewPeopleError,
    NoVariationError,
    OutcomeError,
    StudyTableError,
)

PUBLISHED = Path(__file__).resolve().parents[2] / "published"

# Hosmer and Lemeshow, Epidemiology 1992, 3:452: smoking, alcohol and oral cancer.
ORAL = pd.DataFrame(
    {"smoking": [0, 0, 1, 1], "alcohol": [0, 1, 0, 1], "cases": [3, 6, 8, 225],
     "controls": [20, 12, 18, 166]}
)  # fmt: skip
COUNTS: dict[str, Any] = {"cases": "cases", "controls": "controls"}
BOTH = ["smoking", "alcohol"]


def people(table: pd.DataFrame) -> pd.DataFrame:
    """A person a row, from a table of counts."""
    parts = [
        table.loc[table.index.repeat(table[name])].assign(case=case)
        for name, case in (("cases", 1), ("controls", 0))
    ]
    return pd.concat(parts, ignore_index=True)[[*table.columns[:2], "case"]]


def measured(found: Any) -> dict[str, Any]:
    return {row.measure: row for row in found.measures}


def test_oral_cancer_as_published(r: dict[str, Any]) -> None:
    found = measured(rs.interaction(ORAL, exposures=BOTH, **COUNTS))
    assert round(found["RERI"].estimate, 2) == 3.74
    assert round(found["AP"].estimate, 2) == 0.41
    assert round(found["S"].estimate, 2) == 1.87
    for name in ("RERI", "AP", "S"):
        theirs = r["oral_cancer"][name]
        for bound in ("estimate", "low", "high"):
            assert getattr(found[name], bound) == pytest.approx(theirs[bound], abs=1e-8)
    product = r["oral_cancer"]["product"]
    assert found["product"].estimate == pytest.approx(np.exp(product["beta"]), abs=1e-8)
    reach = 1.959963984540054 * product["se"]
    assert found["product"].high == pytest.approx(np.exp(product["beta"] + reach), rel=1e-8)


def test_people_and_their_table_say_the_same() -> None:
    table = rs.interaction(ORAL, exposures=BOTH, **COUNTS).to_frame()
    rows = rs.interaction(people(ORAL), exposures=BOTH, outcome="case").to_frame()
    pd.testing.assert_frame_equal(table, rows, rtol=1e-9)


def test_joint_effects_are_the_tables_odds_ratios() -> None:
    joint = rs.interaction(ORAL, exposures=BOTH, **COUNTS).joint_frame()
    # Each against 3/20, with Woolf's interval; and within non-drinkers and drinkers.
    assert joint["odds_ratio"].tolist() == pytest.approx(
        [1, (6 / 12) / (3 / 20), (8 / 18) / (3 / 20), (225 / 166) / (3 / 20)]
    )
    assert joint["within"].tolist() == pytest.approx(
        [1, 1, (8 / 18) / (3 / 20), (225 / 166) / (6 / 12)]
    )
    woolf = np.sqrt(1 / 225 + 1 / 166 + 1 / 3 + 1 / 20)
    assert np.log(joint["high"][3] / joint["odds_ratio"][3]) == pytest.approx(1.959964 * woolf)
    assert (
        joint[["cases", "controls"]].to_numpy().tolist() == ORAL[list(COUNTS)].to_numpy().tolist()
    )


def test_three_levels_adjusted_as_r(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    found = rs.interaction(birthwt, exposures=["smoke", "race"], outcome="low", covariates=["age"])
    assert found.p_product == pytest.approx(r["three_levels"]["omnibus_p"], abs=1e-8)
    assert found.df_product == 2
    for level in ("2", "3"):
        reri, ap, log_s = r["three_levels"][level]["estimate"]
        se = r["three_levels"][level]["se"]
        rows = {m.measure: m for m in found.measures if m.second == level}
        assert rows["RERI"].estimate == pytest.approx(reri, abs=1e-8)
        assert rows["AP"].estimate == pytest.approx(ap, abs=1e-8)
        assert np.log(rows["S"].estimate) == pytest.approx(log_s, abs=1e-8)
        # R's standard errors come from numeric derivatives.
        assert rows["RERI"].high - reri == pytest.approx(1.959964 * se[0], rel=1e-5)
        assert rows["AP"].high - ap == pytest.approx(1.959964 * se[1], rel=1e-5)
        assert np.log(rows["S"].high) - log_s == pytest.approx(1.959964 * se[2], rel=1e-5)


def test_published_2x3_table_of_smoking_and_the_shared_epitope() -> None:
    # Kallberg 2011, Table 3: counts by smoking and copies, their odds ratios, RERI and AP.
    rows = pd.read_csv(PUBLISHED / "ra" / "ra_gxe.tsv", sep="\t").query(
        "study == 'Kallberg 2011 EIRA' and outcome == 'ACPA+' and exposure.str.endswith('smoker')"
    )
    table = pd.DataFrame(
        {"smoking": rows["exposure"].str.split().str[0], "copies": rows["se_copies"].astype(int),
         "cases": rows["n_cases"].astype(int), "controls": rows["n_controls"].astype(int)}
    )  # fmt: skip
    assert len(table) == 6
    found = rs.interaction(table, exposures=["smoking", "copies"], **COUNTS)
    joint = found.joint_frame().set_index(["smoking", "copies"])
    for published in rows.itertuples():
        ours = joint.loc[(str(published.exposure).split()[0], str(published.se_copies))]
        assert round(ours["odds_ratio"], 2) == published.or_value
        if ours["odds_ratio"] != 1:
            interval = (round(ours["low"], 2), round(ours["high"], 2))
            assert interval == (published.ci_low, published.ci_high)
    within = joint["within"].loc["ever"].round(2).tolist()
    assert within == [1.14, 1.73, 2.97]
    measures = {(m.second, m.measure): round(m.estimate, 2) for m in found.measures}
    assert (measures["1", "RERI"], measures["2", "RERI"]) == (1.96, 11.38)
    assert (measures["1", "AP"], measures["2", "AP"]) == (0.39, 0.66)
    assert (measures["1", "product"], measures["2", "product"]) == (1.51, 2.60)


@given(st.lists(st.integers(1, 400), min_size=8, max_size=8))
def test_measures_by_hand_on_any_table(counts: list[int]) -> None:
    table = ORAL.assign(cases=counts[:4], controls=counts[4:])
    odds = [a / b for a, b in zip(counts[:4], counts[4:], strict=True)]
    two, one, both = odds[1] / odds[0], odds[2] / odds[0], odds[3] / odds[0]
    found = measured(rs.interaction(table, exposures=BOTH, **COUNTS))
    reri = both - one - two + 1
    assert found["RERI"].estimate == pytest.approx(reri, rel=1e-6, abs=1e-6)
    assert found["AP"].estimate == pytest.approx(reri / both, rel=1e-6, abs=1e-6)
    if both > 1.001 and one + two > 2.001:
        assert found["S"].estimate == pytest.approx((both - 1) / (one + two - 2), rel=1e-4)
    elif both < 1 or one + two < 2:
        assert np.isnan(found["S"].estimate)


def test_bootstrap_is_repeatable_and_near_the_delta_method() -> None:
    big = ORAL.assign(cases=ORAL["cases"] * 40, controls=ORAL["controls"] * 40)
    found = rs.interaction(big, exposures=BOTH, **COUNTS, bootstrap=300, seed=3)
    again = rs.interaction(big, exposures=BOTH, **COUNTS, bootstrap=300, seed=3)
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame())
    for row in found.measures:
        assert row.bootstrap_high - row.bootstrap_low == pytest.approx(row.high - row.low, rel=0.2)
    assert "300 of 300 resamples could be fitted" in found.notes


def test_a_lowering_exposure_is_pointed_out() -> None:
    upside_down = ORAL.assign(smoking=1 - ORAL["smoking"], alcohol=1 - ORAL["alcohol"])
    found = rs.interaction(upside_down, exposures=BOTH, **COUNTS)
    assert any("lowers the odds" in note for note in found.notes)
    assert np.isnan(measured(found)["S"].estimate)
    assert "not defined" in measured(found)["S"].note


def test_reference_levels() -> None:
    words = ORAL.assign(smoking=["never", "never", "ever", "ever"], alcohol=["b", "a", "b", "a"])
    with pytest.raises(StudyTableError, match=r"which level of alcohol.*a, b"):
        rs.interaction(words, exposures=BOTH, **COUNTS)
    with pytest.raises(StudyTableError, match="alcohol has no level 'c'"):
        rs.interaction(words, exposures=BOTH, **COUNTS, reference={"alcohol": "c"})
    named = rs.interaction(words, exposures=BOTH, **COUNTS, reference={"alcohol": "b"})
    plain = rs.interaction(ORAL, exposures=BOTH, **COUNTS)
    assert measured(named)["RERI"].estimate == pytest.approx(measured(plain)["RERI"].estimate)
    ordered = words.assign(alcohol=pd.Categorical(words["alcohol"], ["b", "a"]))
    assert rs.interaction(ordered, exposures=BOTH, **COUNTS).table.levels[1] == ("b", "a")


def test_an_empty_cell_of_cases_is_firths() -> None:
    found = rs.interaction(ORAL.assign(cases=[0, 6, 8, 225]), exposures=BOTH, **COUNTS)
    assert any("Firth" in note for note in found.notes)
    assert np.isfinite(measured(found)["product"].estimate)


def test_missing_values_are_counted() -> None:
    rows = people(ORAL).astype({"smoking": float, "case": float})
    rows.loc[[0, 1], "smoking"] = np.nan
    rows.loc[[400], "case"] = np.nan
    found = rs.interaction(rows, exposures=BOTH, outcome="case")
    assert "2 people have no smoking" in found.notes
    assert "1 people have no outcome" in found.notes
    assert found.regression.n == len(rows) - 3


def test_what_cannot_be_answered() -> None:
    rows = people(ORAL)
    with pytest.raises(NoVariationError, match="smoking is the same in everyone"):
        rs.interaction(rows.assign(smoking=1), exposures=BOTH, outcome="case")
    with pytest.raises(FewPeopleError, match="nobody has smoking=0 and alcohol=1"):
        rs.interaction(ORAL.drop(index=1), exposures=BOTH, **COUNTS)
    with pytest.raises(OutcomeError, match="is a case"):
        rs.interaction(rows.assign(case=1), exposures=BOTH, outcome="case")
    with pytest.raises(StudyTableError, match="has no column 'beer'"):
        rs.interaction(rows, exposures=["smoking", "beer"], outcome="case")
    with pytest.raises(StudyTableError, match="between two exposures, not 1"):
        rs.interaction(rows, exposures=["smoking"], outcome="case")
    with pytest.raises(StudyTableError, match="outcome, or the columns of cases and controls"):
        rs.interaction(ORAL, exposures=BOTH, cases="cases")
    with pytest.raises(StudyTableError, match="must be whole"):
        rs.interaction(ORAL.assign(cases=0.5), exposures=BOTH, **COUNTS)
    with pytest.raises(StudyTableError, match="cut it into a few"):
        rs.interaction(rows.assign(smoking=range(len(rows))), exposures=BOTH, outcome="case")
