"""A quantitative trait, against statsmodels' least squares."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import riskscore as rs
from riskscore.errors import NoVariationError, OutcomeError, StudyTableError, UsageError
from riskscore.studies.linear import linear, max_linear_loglik
from riskscore.studies.people import read_trait


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(rng.normal(50, 10, (300, 1)), columns=["age"])
    frame["DRB1*15:01"] = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    letters = rng.choice(3, (300, 2), p=[0.5, 0.3, 0.2])
    for i, letter in enumerate("LVS"):
        frame[f"HLA-DRB1:11{letter}"] = (letters == i).sum(axis=1)
    noise = rng.normal(0, 1 + frame["DRB1*15:01"])
    frame["trait"] = 3 + 0.8 * frame["DRB1*15:01"] + 0.03 * frame["age"] + noise
    frame.loc[[4, 9], ["trait", "age"]] = np.nan
    return frame


@pytest.mark.parametrize(("errors", "theirs"), [("model", "nonrobust"), ("robust", "HC0")])
def test_the_regression_is_that_of_statsmodels(
    people: pd.DataFrame, errors: Any, theirs: str
) -> None:
    known = people.dropna()
    x = known[["DRB1*15:01", "age"]].to_numpy()
    found = linear(known["trait"].to_numpy(), x, ["a", "b"], errors=errors)
    oracle = sm.OLS(known["trait"].to_numpy(), sm.add_constant(x)).fit(cov_type=theirs)
    np.testing.assert_allclose(found.beta, oracle.params)
    np.testing.assert_allclose(found.se, oracle.bse)
    np.testing.assert_allclose(found.p, oracle.pvalues)
    np.testing.assert_allclose(np.column_stack([found.low, found.high]), oracle.conf_int())
    assert found.loglik == pytest.approx(oracle.llf)
    assert max_linear_loglik(known["trait"].to_numpy(), x) == pytest.approx(oracle.llf)


def test_a_fit_of_a_trait(people: pd.DataFrame) -> None:
    found = rs.fit(people, "trait", quantitative=True, covariates=["age"])
    known = people.dropna()
    residues = [name for name in people if name.startswith("HLA")]
    base = sm.OLS(known["trait"], sm.add_constant(known[["age"]])).fit()
    row = found.to_frame().set_index("term").loc["HLA-DRB1*15:01"]
    alone = sm.OLS(known["trait"], sm.add_constant(known[["age", "DRB1*15:01"]])).fit()
    assert row["beta"] == pytest.approx(alone.params["DRB1*15:01"])
    assert (row["low"], row["high"]) == pytest.approx(tuple(alone.conf_int().loc["DRB1*15:01"]))
    assert row["n"] == 298
    (test,) = found.omnibus
    assert set(test.terms) | {test.reference} == set(residues)
    larger = sm.OLS(known["trait"], sm.add_constant(known[["age", *test.terms]])).fit()
    chi2, p, df = larger.compare_lr_test(base)
    assert (test.chi2, test.p, test.df) == pytest.approx((chi2, p, df))
    assert "298 people, to a quantitative trait" in repr(found)
    assert found.plot.forest().to_dict()["title"]["text"] == "Effects on the trait"
    assert "lowers the trait" in str(found.plot.hla().to_dict())
    steps = rs.fit(people, "trait", quantitative=True, covariates=["age"], threshold=1e-4)
    assert [step.term for step in steps.steps] == ["HLA-DRB1*15:01"]


def test_what_a_trait_cannot_be(people: pd.DataFrame) -> None:
    for bad, error in ((["a", "b", "c"], OutcomeError), (["1", "2", "x"], StudyTableError),
                       (["1", "2", "inf"], StudyTableError),
                       ([None, "NA", ""], OutcomeError)):  # fmt: skip
        with pytest.raises(error, match="the outcome"):
            read_trait(bad, [*"abc"])
    np.testing.assert_array_equal(read_trait(["-9", "1e3", "."], [*"abc"]), [-9, 1000, np.nan])
    with pytest.raises(OutcomeError, match="the outcome is"):
        rs.fit(people, "trait")
    joint = rs.fit(people, "trait", terms=["DRB1*15:01"], quantitative=True, joint=True)
    with pytest.raises(UsageError, match="no intercept of log odds"):
        joint.intercept(0.01)
    with pytest.raises(UsageError, match="a model is of a disease"):
        rs.model_of(joint, id="x", name="x", source="x", like=rs.load_model("ms"))
    with pytest.raises(UsageError, match="for cases and controls"):
        rs.fit(people, "trait", quantitative=True, method="firth")
    with pytest.raises(NoVariationError):
        linear(np.arange(5.0), np.ones((5, 1)), ["x"])
    same = rs.fit(people.assign(trait=1.0), "trait", quantitative=True)
    assert {e.note for e in same.effects} == {
        "not tested: the trait is the same in everyone observed"
    }
