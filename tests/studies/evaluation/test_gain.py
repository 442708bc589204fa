"""What a score adds to covariates: by DeLong's formula, statsmodels, and counting pairs."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

import riskscore as rs
from riskscore.studies.evaluation.gain import gain, reclassified


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    frame = pd.DataFrame({"age": rng.normal(50, 10, 240), "score": rng.normal(0, 1, 240)})
    frame["sex"] = rng.choice(["f", "m"], 240)
    lp = 0.05 * (frame["age"] - 50) + 0.7 * frame["score"] + 0.5 * (frame["sex"] == "f") - 0.8
    frame["case"] = (rng.random(240) < 1 / (1 + np.exp(-lp))).astype(int)
    return frame


def of_delong(before: np.ndarray, after: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The difference of two areas and its standard error, pair by pair (DeLong 1988)."""
    cases, controls = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    parts = []
    for score in (before, after):
        wins = [
            [1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0 for j in controls]
            for i in cases
        ]
        parts.append(np.array(wins))
    moved = parts[1] - parts[0]
    variance = moved.mean(axis=1).var(ddof=1) / len(cases)
    variance += moved.mean(axis=0).var(ddof=1) / len(controls)
    return float(moved.mean()), float(variance**0.5)


def test_the_gain_over_covariates(people: pd.DataFrame) -> None:
    found = rs.evaluate(
        people["score"], people["case"], scale="log_odds", bootstrap=0,
        covariates=people[["age", "sex"]],
    ).measures.set_index("measure")  # fmt: skip
    y = people["case"].to_numpy(float)
    base = sm.add_constant(np.column_stack([people["age"], (people["sex"] == "m").astype(float)]))
    smaller = sm.Logit(y, base).fit(disp=0, tol=1e-12)
    larger = sm.Logit(y, np.column_stack([base, people["score"]])).fit(disp=0, tol=1e-12)
    before, after = smaller.predict(), larger.predict()
    difference, se = of_delong(before, after, y)
    row = found.loc["auc_gain"]
    assert row["estimate"] == pytest.approx(difference)
    assert (row["low"], row["high"]) == pytest.approx(
        (difference - 1.959964 * se, difference + 1.959964 * se)
    )
    assert found.loc["auc_with_covariates", "estimate"] == pytest.approx(
        found.loc["auc_covariates", "estimate"] + difference
    )
    assert found.loc["gain_p", "estimate"] == pytest.approx(
        chi2.sf(2 * (larger.llf - smaller.llf), 1)
    )
    up, down = after > before, after < before
    cases = up[y == 1].mean() - down[y == 1].mean()
    controls = down[y == 0].mean() - up[y == 0].mean()
    assert found.loc["nri", "estimate"] == pytest.approx(cases + controls)
    assert found.loc["nri_cases", "estimate"] == pytest.approx(cases)
    # Pencina 2011: each part's variance is (p_up + p_down - (p_up - p_down)^2) / n.
    parts = [(up[y == c].mean() + down[y == c].mean() - d**2) / (y == c).sum()
             for c, d in ((1, cases), (0, controls))]  # fmt: skip
    assert found.loc["nri", "high"] == pytest.approx(
        cases + controls + 1.959964 * sum(parts) ** 0.5
    )
    assert "useless" in found.loc["nri", "note"]


def test_people_without_covariates_are_left_out_and_counted(people: pd.DataFrame) -> None:
    some = people[["age", "sex"]].copy()
    some.loc[:9, "age"] = np.nan
    found = rs.evaluate(people["score"], people["case"], scale="log_odds", bootstrap=0,
                        covariates=some, groups={"sex": people["sex"]}).measures  # fmt: skip
    own = found[found["measure"] == "auc_gain"].set_index("group")
    assert own.loc["everyone", "n"] == 230
    men = people[(people["sex"] == "m") & (people.index > 9)]  # sex is the same in all of them
    alone = gain(men["score"].to_numpy(), men[["age"]].to_numpy(), men["case"].to_numpy(float))
    assert own.loc["sex=m", "n"] == len(men)
    assert own.loc["sex=m", "estimate"] == pytest.approx(alone.areas.auc[1] - alone.areas.auc[0])
    some["age"] = np.where(people["case"] == 1, np.nan, some["age"])
    nothing = rs.evaluate(people["score"], people["case"], scale="log_odds", bootstrap=0,
                          covariates=some).measures.set_index("measure")  # fmt: skip
    assert "have all covariates" in nothing.loc["auc_gain", "note"]
    assert "gain_p" not in nothing.index


def test_a_score_beside_nothing_gains_its_own_auc_over_one_half(people: pd.DataFrame) -> None:
    y, score = people["case"].to_numpy(float), people["score"].to_numpy()
    found = gain(score, np.ones((len(y), 1)), y)
    wins = (score[y == 1][:, None] > score[y == 0]).mean()
    assert found.areas.auc.tolist() == pytest.approx([0.5, wins])
    assert reclassified(score, score, y).nri == 0
