"""RiskScorer in scikit-learn: its own checks, and use as people use estimators."""

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import riskscore as rs
from riskscore.errors import InputError, UsageError
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import design_matrix
from riskscore.scoring.population.build import build_reference
from riskscore.studies.estimator import RiskScorer


# The frames of these checks have columns that no model knows, which is worth a warning.
@pytest.mark.filterwarnings("ignore:columns no model reads:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([RiskScorer("ms"), RiskScorer("t1d", intercept="fitted")])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    alleles = ["15:01", "03:01", "01:01", "07:01", "13:03"]
    first, second = rng.choice(alleles, (2, 200))
    return pd.DataFrame(
        {
            "DRB1": [f"{a}+{b}" for a, b in zip(first, second, strict=True)],
            "rs10801908": rng.integers(0, 3, 200),
            "smoking": rng.choice(["ever", "never", None], 200),
            "vitamin_d [ng/mL]": rng.normal(24, 8, 200).round(1),
            "sex": rng.choice(["female", "male"], 200),
        },
        index=[f"p{i}" for i in range(200)],
    )


def test_same_numbers_as_score(people: pd.DataFrame) -> None:
    scorer = RiskScorer("ms").fit(people)
    table = rs.score(read_frame(people, [rs.load_model("ms")])).of("ms").numbers
    parts = scorer.transform(people)
    assert parts.sum(axis=1) == pytest.approx(table["log_odds"], abs=1e-12)
    assert scorer.predict_proba(people)[:, 1] == pytest.approx(table["probability"], rel=1e-9)


def test_a_design_matrix_is_scored_as_the_people_it_came_from(people: pd.DataFrame) -> None:
    """Everything known of them, and of unknown sex: both ways must agree."""
    model = rs.load_model("t1d")
    rng = np.random.default_rng(3)
    columns: dict[str, Any] = {v.name: rng.integers(0, 2, 50) for v in model.variants}
    for haplotype in model.scheme.haplotypes if model.scheme else ():
        columns[haplotype.tag.name] = np.zeros(50)
    columns |= {"caesarean": "vaginal", "birth_weight": "up_to_4000g"}
    columns |= {"maternal_age": 31, "childhood_obesity": "not_obese"}
    frame = pd.DataFrame(columns)
    cohort = read_frame(frame, [model])
    panel = reference_panel()
    values = design_matrix(cohort, build_reference(model, panel, "EUR")).values
    assert not np.isnan(values).any()
    by_name, by_place = RiskScorer(model).fit(frame), RiskScorer(model).fit(values)
    assert by_place.transform(values) == pytest.approx(by_name.transform(frame), abs=1e-9)
    assert by_place.predict_proba(values) == pytest.approx(by_name.predict_proba(frame), rel=1e-9)


def test_nothing_known_is_the_prevalence() -> None:
    """People of whom nothing is known have the mean of both sexes' risk, 0.91 and 0.40%."""
    unknown = np.full((3, 184), np.nan)
    risk = RiskScorer("ms").fit(unknown).predict_proba(unknown)[:, 1]
    assert risk == pytest.approx(0.00655, rel=1e-9)


def test_pipeline_with_pandas_output(people: pd.DataFrame) -> None:
    y = np.array(["well", "ill"])[np.random.default_rng(1).integers(0, 2, len(people))]
    pipeline = make_pipeline(RiskScorer("ms"), StandardScaler(), LogisticRegression())
    pipeline.set_output(transform="pandas")
    risk = cross_val_predict(pipeline, people, y, method="predict_proba", cv=3)
    assert risk.shape == (200, 2)
    frame = RiskScorer("ms").set_output(transform="pandas").fit_transform(people)
    assert list(frame.columns) == ["genetic_score", "exposure_score", "interaction_score"]
    assert list(frame.index) == list(people.index)


def test_pickle_and_clone(people: pd.DataFrame) -> None:
    scorer = RiskScorer(rs.load_model("ms")).fit(people)
    again = pickle.loads(pickle.dumps(scorer))
    np.testing.assert_array_equal(again.predict_proba(people), scorer.predict_proba(people))
    np.testing.assert_array_equal(
        clone(scorer).fit(people).predict_proba(people), scorer.predict_proba(people)
    )


def test_fitted_intercept_matches_the_share_of_cases(people: pd.DataFrame) -> None:
    y = np.arange(200) % 4 == 0
    scorer = RiskScorer("ms", intercept="fitted").fit(people, y)
    assert scorer.predict_proba(people)[:, 1].mean() == pytest.approx(0.25, abs=1e-9)
    published = RiskScorer("ms").fit(people)
    shift = scorer.decision_function(people) - published.decision_function(people)
    assert np.ptp(shift) < 1e-9


def test_unknown_columns_are_named_in_a_warning(people: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match="columns no model reads: smokin"):
        RiskScorer("ms").fit(people.rename(columns={"smoking": "smokin"}))


def test_a_dosage_out_of_range_is_refused(people: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="between 0 and 2"):
        RiskScorer("ms").fit(people.assign(rs10801908=3))


def test_an_array_wider_than_the_model_is_refused() -> None:
    terms = len(rs.load_model("ms").terms)
    with pytest.raises(ValueError, match=f"{terms + 1} features, and the model {terms} terms"):
        RiskScorer("ms").fit(np.zeros((2, terms + 1)))


def test_no_warning_where_all_columns_are_read(people: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RiskScorer("ms").fit(people)


def test_another_baseline_as_in_score(people: pd.DataFrame) -> None:
    model = rs.load_model("ra")
    own = people[["DRB1", "smoking", "sex"]].head(20)
    cohort = read_frame(own, [model])
    asked: tuple[dict[str, Any], ...] = (
        {"prevalence": {"female": 0.02, "male": 0.004}}, {"horizon": model.horizons[-1]},
    )  # fmt: skip
    for baseline in asked:
        scorer = clone(RiskScorer(model, **baseline)).fit(own)
        table = rs.score(cohort, **baseline).of("ra").numbers
        assert scorer.predict_proba(own)[:, 1] == pytest.approx(table["probability"], rel=1e-9)
    with pytest.raises(UsageError, match="no other horizon"):
        RiskScorer(model, horizon=model.horizons[0], prevalence=0.01).fit(own)
    with pytest.raises(ValueError, match="ages need"):
        RiskScorer(model, horizon=(35, 60)).fit(own)
    with pytest.raises(ValueError, match="no place for a prevalence"):
        RiskScorer(model, intercept="fitted", prevalence=0.01).fit(own, [0, 1] * 10)
