"""One regression: against R's glm, sandwich and logistf, and where there is no answer."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from riskscore.errors import FewPeopleError, NoVariationError, SeparationError, UsageError
from riskscore.studies.regression import check_design, likelihood_ratio, logistic, max_loglik

BIRTHWT = ("age", "lwt", "smoke", "ht", "ui")

# ?logistf: logistf(case ~ age + oc + vic + vicl + vis + dia, data = sex2), profile intervals.
LOGISTF = {
    "age": (-1.10598131, -1.9737884, -0.30742514, 6.143472e-03),
    "oc": (-0.06881673, -0.9414363, 0.78920202, 8.751911e-01),
    "vic": (2.26887464, 1.2730216, 3.43543273, 1.678877e-06),
    "vicl": (-2.11140817, -3.2608611, -1.11773495, 1.237805e-05),
    "vis": (-0.78831694, -1.6080879, 0.01518468, 5.449701e-02),
    "dia": (3.09601166, 0.7745682, 8.03029352, 4.951873e-03),
}
LOGISTF_INTERCEPT = 0.12025405
# The standard errors, and the p-values above, are recalled, not read from a stored copy.
LOGISTF_SE = (0.4855415, 0.4236601, 0.4437934, 0.5484159, 0.5430824, 0.4173676, 1.6750220)


def columns(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    return frame[list(names)].to_numpy(float)


def test_glm_as_r(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    fit = logistic(birthwt["low"].to_numpy(float), columns(birthwt, BIRTHWT), BIRTHWT)
    np.testing.assert_allclose(fit.beta, r["glm"]["beta"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.se, r["glm"]["se"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.p, r["glm"]["p"], rtol=0, atol=1e-8)
    assert fit.loglik == pytest.approx(r["glm"]["loglik"], abs=1e-8)
    assert (fit.n, fit.cases, fit.method) == (189, 59, "maximum likelihood")


def test_robust_errors_as_r_sandwich(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    y = birthwt["low"].to_numpy(float)
    fit = logistic(y, columns(birthwt, BIRTHWT), BIRTHWT, errors="robust")
    np.testing.assert_allclose(fit.se, r["glm"]["hc0"], rtol=0, atol=1e-8)


def test_statsmodels_logit_agrees(birthwt: pd.DataFrame) -> None:
    from statsmodels.discrete.discrete_model import Logit

    y, x = birthwt["low"].to_numpy(float), columns(birthwt, BIRTHWT)
    theirs = Logit(y, np.column_stack([np.ones(len(y)), x])).fit(disp=0, tol=1e-12)
    fit = logistic(y, x, BIRTHWT)
    np.testing.assert_allclose(fit.beta, theirs.params, rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.se, theirs.bse, rtol=0, atol=1e-8)


def test_omnibus_as_r_anova(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    y = birthwt["low"].to_numpy(float)
    base = columns(birthwt, ("age", "smoke"))
    race = np.column_stack([birthwt["race"] == level for level in (2, 3)]).astype(float)
    chi2, p = likelihood_ratio(max_loglik(y, base), max_loglik(y, np.column_stack([base, race])), 2)
    assert chi2 == pytest.approx(r["omnibus"]["chi2"], abs=1e-8)
    assert p == pytest.approx(r["omnibus"]["p"], abs=1e-8)


def test_firth_as_logistf(sex2: pd.DataFrame) -> None:
    names = tuple(LOGISTF)
    fit = logistic(sex2["case"].to_numpy(float), columns(sex2, names), names)
    assert fit.method == "firth"
    assert fit.infinite == ("dia",)
    assert fit.beta[0] == pytest.approx(LOGISTF_INTERCEPT, abs=2e-8)
    np.testing.assert_allclose(fit.se, LOGISTF_SE, rtol=1e-5)
    for name, (beta, low, high, p) in LOGISTF.items():
        j = fit.at(name)
        assert fit.beta[j] == pytest.approx(beta, abs=1e-7)
        assert fit.low[j] == pytest.approx(low, abs=1e-5)
        assert fit.high[j] == pytest.approx(high, abs=1e-5)
        assert fit.p[j] == pytest.approx(p, rel=1e-4)


def test_counted_rows_are_people(sex2: pd.DataFrame) -> None:
    names = tuple(LOGISTF)
    grouped = sex2.groupby(["case", *names]).size().reset_index(name="count")
    whole = logistic(sex2["case"].to_numpy(float), columns(sex2, names), names)
    counted = logistic(
        grouped["case"].to_numpy(float), columns(grouped, names), names,
        weights=grouped["count"].to_numpy(float),
    )  # fmt: skip
    np.testing.assert_allclose(counted.beta, whole.beta, atol=1e-7)
    assert (counted.n, counted.cases) == (whole.n, whole.cases) == (239, 130)


SEPARATED = (np.array([0.0] * 20 + [1.0] * 20), np.array([[0.0]] * 20 + [[1.0]] * 20))


def test_complete_separation() -> None:
    fit = logistic(*SEPARATED, ["x"])
    assert fit.method == "firth"
    assert np.isfinite([*fit.beta, *fit.se, *fit.low[1:], *fit.high[1:]]).all()
    # By hand: Firth adds one half to each cell of a 2x2 table: ln(20.5^2 / 0.5^2).
    assert fit.beta[1] == pytest.approx(2 * np.log(41), abs=1e-6)
    with pytest.raises(SeparationError, match=r"x would be infinite.*firth"):
        logistic(*SEPARATED, ["x"], method="maximum_likelihood")


def test_columns_that_tell_nothing_are_refused() -> None:
    y = np.array([0.0, 1.0] * 10)
    x = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(NoVariationError, match="b is the same in everyone"):
        logistic(y, np.column_stack([x[:, 0], np.ones(20)]), ["a", "b"])
    with pytest.raises(NoVariationError, match="c can be written as a sum"):
        logistic(y, np.column_stack([x, x.sum(axis=1)]), ["a", "b", "c"])
    with pytest.raises(FewPeopleError, match="3 people are too few for 2 columns"):
        logistic(y[:3], x[:3], ["a", "b"])


def test_options_that_mean_nothing_are_refused() -> None:
    y, x = SEPARATED
    with pytest.raises(UsageError, match="no method"):
        logistic(y, x, ["x"], method="probit")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no kind of errors"):
        logistic(y, x, ["x"], errors="HC3")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no robust errors"):
        logistic(y, x, ["x"], method="firth", errors="robust")


def test_of_which_columns_one_is_a_sum_is_told() -> None:
    """Copies of an allele are having one and having two: all three are no three effects."""
    copies = np.array([0, 1, 2, 0, 1, 2, 1, 0, 0, 2, 1, 0], dtype=float)
    other = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0], dtype=float)
    columns = np.column_stack([copies, other, copies > 1, copies > 0])
    names = ["additive", "other", "recessive", "dominant"]
    with pytest.raises(NoVariationError, match=r"\(dominant as one of additive, recessive\)"):
        check_design(columns, names)
