"""Evaluate: against pROC, dcurves, R's glm and the liability paper's formula, and by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import chi2, norm
from sklearn.metrics import roc_auc_score

import riskscore as rs
from riskscore.errors import FewPeopleError, OutcomeError, StudyTableError, UsageError
from riskscore.studies.evaluation.calibration import (
    brier,
    calibration_fits,
    curve,
    distances,
    hosmer_lemeshow,
    observed_to_expected,
)
from riskscore.studies.evaluation.decisions import at_thresholds, decision_curve
from riskscore.studies.evaluation.discrimination import delong, wilson
from riskscore.studies.evaluation.explained import (
    deciles,
    liability_r2,
    linear_r2,
    nagelkerke,
    odds_ratio_per_sd,
)
from riskscore.studies.regression import logistic


def estimate(found: Any, measure: str, group: str = "everyone", model: str | None = None) -> Any:
    rows = found.measures.query("measure == @measure and group == @group")
    return (rows if model is None else rows.query("model == @model")).iloc[0]


def test_auc_as_proc(asah: pd.DataFrame, r: dict[str, Any]) -> None:
    # ?pROC::roc.test: AUC 0.7313686 and 0.8236789, Z = -2.209, p-value = 0.02718,
    # 95% interval of the difference -0.17421442 to -0.01040618.
    y = asah["outcome"].to_numpy(float)
    names = ["s100b", "wfns", "ndka"]
    found = delong(asah[names].to_numpy(float).T, y)
    assert found.auc[:2].round(7).tolist() == [0.7313686, 0.8236789]
    difference, low, high, z, p = found.compare(0, 1)
    assert (round(z, 3), round(p, 5)) == (-2.209, 0.02718)
    assert (round(low, 8), round(high, 8)) == (-0.17421442, -0.01040618)
    assert difference == pytest.approx(found.auc[0] - found.auc[1])
    for place, name in enumerate(names):
        theirs = r["proc"][name]
        assert found.auc[place] == pytest.approx(theirs["auc"], abs=1e-12)
        assert found.covariance[place, place] == pytest.approx(theirs["variance"], abs=1e-12)
        assert found.interval(place) == pytest.approx((theirs["low"], theirs["high"]), abs=1e-12)
    theirs = r["proc"]["s100b_ndka"]
    assert found.compare(0, 2)[1:] == pytest.approx(
        [theirs[name] for name in ("low", "high", "z", "p")], abs=1e-12
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    cases = [score for score, case in rows if case]
    controls = [score for score, case in rows if not case]
    if not cases or not controls:
        return
    pairs = [(a > b) + (a == b) / 2 for a in cases for b in controls]
    score, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    found = delong(score, y)
    assert found.auc[0] == pytest.approx(np.mean(pairs))
    # DeLong's variance, written from the placement values of the paper.
    if len(cases) > 1 and len(controls) > 1:
        v10 = [np.mean([(a > b) + (a == b) / 2 for b in controls]) for a in cases]
        v01 = [np.mean([(a > b) + (a == b) / 2 for a in cases]) for b in controls]
        s = np.var(v10, ddof=1) / len(cases) + np.var(v01, ddof=1) / len(controls)
        assert found.covariance[0, 0] == pytest.approx(s, abs=1e-12)


def test_net_benefit_as_dcurves(dcurves: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    people, published = dcurves
    y = people["cancer"].to_numpy(float)
    age = people["age"].to_numpy(float)
    fit = logistic(y, age[:, None], ["age"])  # dcurves: as_probability = "age"
    risks = {
        "age": expit(fit.beta[0] + fit.beta[1] * age),
        "famhistory": people["famhistory"].to_numpy(float),
    }
    for name, risk in risks.items():
        rows = published[published["variable"] == name]
        ours = pd.DataFrame(decision_curve(risk, y, rows["threshold"].tolist()))
        for column, theirs in (
            ("net_benefit", "net_benefit"), ("true_positive_rate", "tp_rate"),
            ("false_positive_rate", "fp_rate"),
        ):  # fmt: skip
            np.testing.assert_allclose(ours[column], rows[theirs], atol=1e-12)
    everyone = published[published["variable"] == "all"]
    ours = pd.DataFrame(decision_curve(risks["age"], y, everyone["threshold"].tolist()))
    np.testing.assert_allclose(ours["treat_all"], everyone["net_benefit"], atol=1e-12)


def test_net_benefit_of_a_case_control_sample_as_dcurves(
    dcurves: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    people, _ = dcurves
    # dcurves 1.1.7 for Python: dca(df_case_control, "casecontrol", prevalence=0.2).
    rows = decision_curve(
        people["cancerpredmarker"].to_numpy(), people["casecontrol"].to_numpy(float),
        [0.05, 0.1, 0.2, 0.35], prevalence=0.2,
    )  # fmt: skip
    assert [round(row["net_benefit"], 6) for row in rows] == [0.106924, 0.069962, 0.03368, 0.017562]
    assert [round(row["treat_all"], 6) for row in rows] == [0.157895, 0.111111, 0.0, -0.230769]


def test_calibration_as_r(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    y = birthwt["low"].to_numpy(float)
    lp = (-1 + 1.3 * birthwt["smoke"] - 0.02 * (birthwt["lwt"] - 130)).to_numpy(float)
    fits, theirs = calibration_fits(expit(lp), y), r["calibration"]
    assert fits.level.estimate == pytest.approx(theirs["intercept"], abs=1e-8)
    assert fits.level.se == pytest.approx(theirs["intercept_se"], abs=1e-8)
    assert fits.slope.beta[1] == pytest.approx(theirs["slope"], abs=1e-8)
    assert fits.slope.se[1] == pytest.approx(theirs["slope_se"], abs=1e-8)
    assert nagelkerke(lp, y) == pytest.approx(theirs["nagelkerke"], abs=1e-8)


def test_hosmer_lemeshow_as_r(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    names = ["age", "lwt", "smoke", "ht", "ui"]
    x, y = birthwt[names].to_numpy(float), birthwt["low"].to_numpy(float)
    fit = logistic(y, x, names)
    risk = expit(fit.beta[0] + x @ fit.beta[1:])
    statistic, df, p = hosmer_lemeshow(risk, y)
    assert (statistic, df) == (pytest.approx(r["hosmer_lemeshow"]["chi2"], abs=1e-6), 10)
    assert p == pytest.approx(chi2.sf(statistic, 10))
    # R takes two degrees of freedom off, as the risks were fitted in these people.
    assert chi2.sf(statistic, df - 2) == pytest.approx(r["hosmer_lemeshow"]["p"], abs=1e-6)


def test_liability_r2_as_its_authors() -> None:
    # ?r2redux::cc_trf by the paper's first author: 0.06 on the observed scale, K = P = 0.05.
    assert round(liability_r2(0.06, 0.05, 0.05), 7) == 0.2679337


def test_liability_r2_of_an_ascertained_sample_as_r(r: dict[str, Any]) -> None:
    given = r["liability"]
    assert liability_r2(given["R2O"], given["K"], given["P"]) == pytest.approx(
        given["R2L"], abs=1e-12
    )


@pytest.mark.parametrize("prevalence", [0.01, 0.1])
def test_liability_r2_is_the_truth_of_the_threshold_model(prevalence: float) -> None:
    # The paper's design: a score that explains 30% of a normal liability; equal cases and controls.
    rng, truth = np.random.default_rng(8), 0.3
    n = int(6000 / prevalence)
    score = rng.normal(size=n) * truth**0.5
    ill = score + rng.normal(size=n) * (1 - truth) ** 0.5 > norm.isf(prevalence)
    cases = np.flatnonzero(ill)
    controls = rng.choice(np.flatnonzero(~ill), len(cases), replace=False)
    both = np.concatenate([cases, controls])
    y = ill[both].astype(float)
    found = liability_r2(linear_r2(score[both], y), prevalence, float(y.mean()))
    assert found == pytest.approx(truth, abs=0.02)
    assert linear_r2(score[both], y) < 0.9 * truth or prevalence < 0.05


def test_brier_and_its_parts_by_hand() -> None:
    risk = np.repeat([0.1, 0.5, 0.8], [10, 20, 10])
    y = np.concatenate([np.eye(10)[0], np.arange(20) % 2, np.arange(10) < 7]).astype(float)
    found = brier(risk, y)
    assert found.score == pytest.approx(np.mean((risk - y) ** 2))
    observed, overall = np.array([0.1, 0.5, 0.7]), 18 / 40
    share = np.array([0.25, 0.5, 0.25])
    assert found.reliability == pytest.approx(share @ (np.array([0.1, 0.5, 0.8]) - observed) ** 2)
    assert found.resolution == pytest.approx(share @ (observed - overall) ** 2)
    assert found.uncertainty == pytest.approx(overall * (1 - overall))
    assert found.within == pytest.approx(0, abs=1e-12)  # three risks, three groups


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 0.02]))
def test_the_parts_of_brier_sum_to_it(seed: int, prevalence: float | None) -> None:
    rng = np.random.default_rng(seed)
    risk = rng.uniform(0.01, 0.99, 80)
    y = np.concatenate([[0.0, 0, 1, 1], (rng.random(76) < risk[4:]).astype(float)])
    b = brier(risk, y, prevalence)
    assert b.reliability - b.resolution + b.uncertainty + b.within == pytest.approx(b.score)
    assert b.low <= b.score <= b.high


def test_sensitivity_and_predictive_values_by_hand() -> None:
    # 90 of 100 cases and 60 of 300 controls at or above the threshold.
    y = np.repeat([1.0, 1, 0, 0], [90, 10, 60, 240])
    score = np.repeat([2.0, 1, 2, 1], [90, 10, 60, 240])
    (row,) = at_thresholds(score, y, [2.0])
    assert (row["sensitivity"], row["specificity"]) == (0.9, 0.8)
    assert (row["ppv"], row["npv"]) == (90 / 150, 240 / 250)
    assert (row["sensitivity_low"], row["sensitivity_high"]) == wilson(90, 100)
    (row,) = at_thresholds(score, y, [2.0], prevalence=0.01)
    ppv = 0.01 * 0.9 / (0.01 * 0.9 + 0.99 * 0.2)
    npv = 0.99 * 0.8 / (0.99 * 0.8 + 0.01 * 0.1)
    assert (row["ppv"], row["npv"]) == (pytest.approx(ppv), pytest.approx(npv))
    se = np.sqrt(0.1 / 0.9 / 100 + 0.8 / 0.2 / 300)  # Mercaldo 2007, on the logit scale
    assert row["ppv_high"] == pytest.approx(expit(np.log(ppv / (1 - ppv)) + 1.959964 * se))


def test_deciles_and_odds_ratio_per_sd_by_hand() -> None:
    score = np.arange(100.0)
    y = np.zeros(100)
    y[[5, 45, 55, 91, 93, 95, 97]] = 1
    rows = {row["decile"]: row for row in deciles(score, y)}
    assert rows[10]["odds_ratio"] == pytest.approx((4 / 6) / (2 / 18))
    assert rows[1]["odds_ratio"] == pytest.approx((1 / 9) / (2 / 18))
    assert np.isnan(rows[3]["odds_ratio"])
    assert rows[5]["odds_ratio"] == rows[6]["odds_ratio"] == 1
    assert [rows[d]["n"] for d in (1, 10)] == [10, 10]
    ratio = odds_ratio_per_sd(score, y)[0]
    fit = logistic(y, score[:, None], ["score"])
    assert np.log(ratio) == pytest.approx(fit.beta[1] * score[y == 0].std(ddof=1))


@pytest.fixture(scope="module")
def truthful() -> tuple[pd.DataFrame, pd.Series]:
    """40,000 people whose risk is right; a second score that only adds noise to it."""
    rng = np.random.default_rng(11)
    lp = rng.normal(size=40_000)
    risk = expit(-4 + lp)
    noisy = expit(-4 + lp + rng.normal(size=len(lp)))
    index = [f"P{i}" for i in range(len(lp))]
    outcome = pd.Series((rng.random(len(lp)) < risk).astype(int), index=index)
    return pd.DataFrame({"right": risk, "noisy": noisy}, index=index), outcome


def test_right_risks_are_found_right(truthful: tuple[pd.DataFrame, pd.Series]) -> None:
    found = rs.evaluate(*truthful, bootstrap=0)
    for measure, truth in (("calibration_slope", 1), ("calibration_intercept", 0),
                           ("observed_to_expected", 1)):  # fmt: skip
        row = estimate(found, measure, model="right")
        assert row["low"] < truth < row["high"]
    assert estimate(found, "calibration_slope", model="noisy")["high"] < 0.8
    first = found.comparison.iloc[0]
    assert (first["first"], first["second"]) == ("right", "noisy")
    assert first["low"] > 0
    curve_ = found.calibration.query("model == 'right' and kind == 'group'")
    inside = (curve_["low"] <= curve_["predicted"]) & (curve_["predicted"] <= curve_["high"])
    assert inside.sum() >= len(curve_) - 2
    assert found.notes == ()


def test_a_case_control_sample_is_weighed_back(
    truthful: tuple[pd.DataFrame, pd.Series],
) -> None:
    risks, outcome = truthful
    cases = outcome.index[outcome == 1]
    controls = outcome.index[outcome == 0][: len(cases)]
    kept = cases.union(controls)
    prevalence = float(outcome.mean())
    whole = rs.evaluate(risks[["right"]], outcome, bootstrap=0)
    part = rs.evaluate(risks.loc[kept, ["right"]], outcome[kept], bootstrap=0,
                       prevalence=prevalence)  # fmt: skip
    naive = rs.evaluate(risks.loc[kept, ["right"]], outcome[kept], bootstrap=0)
    for measure in ("calibration_intercept", "observed_to_expected"):
        row = estimate(part, measure)
        assert row["low"] < {"calibration_intercept": 0, "observed_to_expected": 1}[measure]
        assert row["high"] > {"calibration_intercept": 0, "observed_to_expected": 1}[measure]
    assert estimate(naive, "calibration_intercept")["low"] > 1
    for measure, tolerance in (("brier", 0.05), ("average_precision", 0.25), ("auc", 0.05)):
        truth = estimate(whole, measure)["estimate"]
        assert estimate(part, measure)["estimate"] == pytest.approx(truth, rel=tolerance)
    at = {"threshold": whole.thresholds["threshold"].iloc[1]}
    (again,) = at_thresholds(
        risks.loc[kept, "right"].to_numpy(), outcome[kept].to_numpy(float), [at["threshold"]],
        prevalence,
    )  # fmt: skip
    assert again["ppv"] == pytest.approx(whole.thresholds["ppv"].iloc[1], rel=0.15)


def test_case_control_calibration_is_the_populations_where_risks_are_wrong() -> None:
    """The population's own O/E and intercept lie in 95% of the intervals of samples from it."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=400_000)
    y = rng.random(len(z)) < expit(-5.35 + 1.2 * z)
    risk = expit(-5.05 + 1.5 * z)  # too high, and too steep
    prevalence = float(y.mean())
    ratio = y.sum() / risk.sum()
    family = sm.families.Binomial()
    whole = sm.GLM(
        y.astype(float), np.ones(len(y)), offset=np.log(risk / (1 - risk)), family=family
    )
    level = whole.fit().params[0]
    inside = np.zeros(2)
    for _ in range(100):
        cases = rng.choice(np.flatnonzero(y), 600, replace=False)
        kept = np.concatenate([cases, rng.choice(np.flatnonzero(~y), 1200, replace=False)])
        own, sick = risk[kept], y[kept].astype(float)
        found, low, high = observed_to_expected(own, sick, prevalence)
        fitted = calibration_fits(own, sick, prevalence).level
        a, b = fitted.interval
        inside += [low < ratio < high, a < level < b]
    weights = np.where(sick == 1, prevalence * 3, (1 - prevalence) * 1.5)
    by_hand = sm.GLM(sick, np.ones(len(sick)), offset=np.log(own / (1 - own)), family=family,
                     freq_weights=weights).fit()  # fmt: skip
    assert fitted.estimate == pytest.approx(by_hand.params[0], abs=1e-8)
    assert found == pytest.approx((weights @ sick) / (weights @ own), rel=1e-12)
    assert inside.min() >= 88  # 95 expected; fewer than 88 happens once in 500


def test_distances_from_the_calibration_curve() -> None:
    """Where the truth is a straight line in the log odds, the distances are known."""
    rng = np.random.default_rng(8)
    lp = rng.normal(-1, 1, 200_000)
    risk, truth = expit(lp), expit(0.3 + 0.7 * lp)
    y = (rng.random(len(lp)) < truth).astype(float)
    away = np.abs(truth - risk)
    found = distances(risk, y)
    assert found["ici"] == pytest.approx(away.mean(), abs=0.003)
    assert found["e90"] == pytest.approx(np.quantile(away, 0.9), abs=0.006)
    assert found["emax"] == pytest.approx(away.max(), abs=0.02)
    cases = np.flatnonzero(y == 1)
    kept = np.concatenate([cases, rng.choice(np.flatnonzero(y == 0), len(cases) // 3, False)])
    sampled = distances(risk[kept], y[kept], float(y.mean()))
    assert sampled["ici"] == pytest.approx(away.mean(), abs=0.006)
    assert distances(risk[:30], y[:30]) == {}


def test_scores_are_judged_by_the_risk_they_report() -> None:
    """Women have three times the risk of men at equal log odds, which the AUC must know."""
    made = rs.simulate("ra", 8000, seed=5)
    scores = rs.score(made.cohort())
    outcome = pd.Series(made.outcome["ra"].astype(int), index=made.samples)
    frame, y = scores.to_frame(), outcome.to_numpy()
    for source in (scores, frame):
        found = rs.evaluate(source, outcome, bootstrap=0)
        theirs = roc_auc_score(y, frame["probability"])
        assert estimate(found, "auc")["estimate"] == pytest.approx(theirs, abs=1e-12)
        plain = rs.evaluate(source, outcome, bootstrap=0, scale="log_odds")
        theirs = roc_auc_score(y, frame["log_odds"])
        assert estimate(plain, "auc")["estimate"] == pytest.approx(theirs, abs=1e-12)
        assert plain.calibration.empty


def test_groups_are_measured_apart(truthful: tuple[pd.DataFrame, pd.Series]) -> None:
    risks, outcome = truthful
    sex = np.where(np.arange(len(risks)) % 2, "male", "female")
    found = rs.evaluate(risks["right"], outcome, groups={"sex": sex}, bootstrap=0)
    assert found.measures["group"].unique().tolist() == ["everyone", "sex=female", "sex=male"]
    men = delong(risks["right"].to_numpy()[sex == "male"], outcome.to_numpy(float)[sex == "male"])
    assert estimate(found, "auc", "sex=male")["estimate"] == pytest.approx(men.auc[0])
    assert estimate(found, "auc", "sex=male")["n"] == 20_000


def test_bootstrap_intervals_repeat_and_hold_the_estimate(
    truthful: tuple[pd.DataFrame, pd.Series],
) -> None:
    risks, outcome = truthful[0]["right"][:3000], truthful[1][:3000]
    first = rs.evaluate(risks, outcome, prevalence=0.03, bootstrap=60, seed=5)
    pd.testing.assert_frame_equal(
        first.measures, rs.evaluate(risks, outcome, prevalence=0.03, bootstrap=60, seed=5).measures
    )
    for measure in ("average_precision", "nagelkerke_r2", "liability_r2"):
        row = estimate(first, measure)
        assert row["low"] < row["estimate"] < row["high"]
        assert row["note"] == "bootstrap, 60 resamples"


def test_scores_without_a_baseline_have_no_calibration(
    truthful: tuple[pd.DataFrame, pd.Series],
) -> None:
    lp = np.log(truthful[0]["right"] / (1 - truthful[0]["right"])) + 3
    with pytest.raises(UsageError, match=r"outside 0 to 1.*log_odds"):
        rs.evaluate(lp, truthful[1])
    found = rs.evaluate(lp, truthful[1], scale="log_odds", bootstrap=0)
    assert set(found.measures["measure"]) == {"auc", "average_precision", "nagelkerke_r2",
                                              "odds_ratio_per_sd"}  # fmt: skip
    assert found.calibration.empty
    with pytest.raises(UsageError, match="have no calibration"):
        found.plot.calibration()


def test_perfect_and_empty_cases() -> None:
    y = [0] * 10 + [1] * 10
    risk = np.linspace(0.05, 0.95, 20)
    found = rs.evaluate(risk, y, bootstrap=0)
    auc = estimate(found, "auc")
    assert (auc["estimate"], auc["low"], auc["high"]) == (1, 1, 1)
    slope = estimate(found, "calibration_slope")
    assert np.isnan(slope["estimate"])
    assert "separated" in slope["note"]
    with pytest.raises(OutcomeError, match=r"outcome is known \(20\) is a case"):
        rs.evaluate(risk, [1] * 20)
    with pytest.raises(FewPeopleError, match="3 people have an outcome and a score"):
        rs.evaluate([0.1, 0.2, 0.3], [0, 1, 0])
    with pytest.raises(OutcomeError, match="PLINK"):
        rs.evaluate(risk, [0] * 9 + [1] + [2] * 10)
    with pytest.raises(StudyTableError, match="19 values for 20 people"):
        rs.evaluate(risk, y[:-1])
    with pytest.raises(OutcomeError, match="is missing"):
        rs.evaluate(risk, [None] * 20)
    flat = rs.evaluate(np.full(20, 0.5), y, bootstrap=0)
    assert flat.measures["measure"].tolist() == ["none"]
    assert "the same in everyone" in flat.measures["note"].iloc[0]


def test_missing_people_are_counted_and_a_small_group_says_so() -> None:
    rng = np.random.default_rng(2)
    risk = pd.Series(rng.uniform(0.05, 0.95, 60), index=[f"P{i}" for i in range(60)])
    y = pd.Series((rng.random(60) < risk).astype(float), index=risk.index)
    risk.iloc[0], y.iloc[1] = np.nan, np.nan
    groups = {"site": ["a"] * 55 + ["b"] * 5}
    found = rs.evaluate(risk, y.sample(frac=1, random_state=1), groups=groups, bootstrap=0)
    assert "1 of 60 people have no outcome" in found.notes
    assert "model: 1 people have an outcome and no score" in found.notes
    assert any("site=b: 5 people" in note for note in found.notes)
    assert estimate(found, "auc")["n"] == 58


def test_the_curve_is_the_populations() -> None:
    rng = np.random.default_rng(4)
    risk = expit(rng.normal(-4, 1, 60_000))
    y = (rng.random(len(risk)) < risk).astype(float)
    kept = np.concatenate([np.flatnonzero(y == 1), np.flatnonzero(y == 0)[: int(y.sum())]])
    rows = pd.DataFrame(curve(risk[kept], y[kept], float(y.mean())))
    tenths = rows[rows["kind"] == "group"]
    assert (tenths["observed"] / tenths["predicted"]).between(0.6, 1.6).all()
    smooth = rows[rows["kind"] == "smooth"]
    held = (smooth["low"] <= smooth["predicted"]) & (smooth["predicted"] <= smooth["high"])
    assert held.mean() > 0.8
