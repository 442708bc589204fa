"""Baselines by sex, population and horizon, and what the user puts in their place."""

from dataclasses import replace

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError, UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import BaselineRisk, RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import Status
from riskscore.samples.person import person
from riskscore.scoring.population.baseline import baseline_of
from riskscore.scoring.population.build import build_reference


def _model() -> RiskModel:
    """MS with a second horizon, and one for African ancestry; the numbers are made up here."""
    rows = [
        (Sex.FEMALE, 0.005, None, "", ""),
        (Sex.MALE, 0.003, (0.002, 0.0045), "", ""),
        (Sex.FEMALE, 0.002, None, "", "by age 35"),
        (Sex.MALE, 0.001, None, "", "by age 35"),
        (Sex.FEMALE, 0.0008, None, "AFR", ""),
    ]
    risks = (BaselineRisk(s, v, "made up", Status.FOUND, ci, p, h) for s, v, ci, p, h in rows)
    return replace(rs.load_model("ms"), baseline=tuple(risks))


@pytest.mark.parametrize(
    ("sex", "population", "horizon", "value"),
    [
        (Sex.FEMALE, "EUR", None, 0.005),
        (Sex.MALE, "EUR", "lifetime", 0.003),
        (None, "EUR", None, 0.004),
        (Sex.FEMALE, "EUR", "by age 35", 0.002),
        (Sex.FEMALE, "AFR", None, 0.0008),
        (Sex.MALE, "AFR", None, 0.003),  # none of its own: that of no population in particular
    ],
)
def test_which_baseline(
    sex: Sex | None, population: str, horizon: str | None, value: float
) -> None:
    own = build_reference(_model(), reference_panel(), population, horizon=horizon).by_sex[sex]
    assert own.prevalence == pytest.approx(value)
    assert own.alpha is not None
    assert own.distribution.mean_risk(own.alpha) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("known", [(), (Sex.FEMALE,)])
def test_a_prevalence_where_the_model_has_no_ratio_of_the_sexes(known: tuple[Sex, ...]) -> None:
    rows = tuple(BaselineRisk(sex, 0.005, "made up", Status.FOUND) for sex in known)
    model = replace(rs.load_model("ms"), baseline=rows)
    for sex in Sex:
        (own,) = baseline_of(model, sex, "EUR", 0.02)
        assert (own.sex, own.value) == (sex, 0.02)
    assert [own.value for own in baseline_of(model, None, "EUR", 0.02)] == [0.02, 0.02]
    given = {Sex.FEMALE: 0.03, Sex.MALE: 0.01}
    assert [own.value for own in baseline_of(model, None, "EUR", given)] == [0.03, 0.01]
    assert [own.value for own in baseline_of(model, Sex.MALE, "EUR", given)] == [0.01]


def test_interval_of_the_baseline() -> None:
    own = build_reference(_model(), reference_panel(), "EUR").by_sex
    assert own[Sex.FEMALE].alpha_sd == 0
    # For a rare disease the intercept moves as the logarithm of the prevalence does.
    assert own[Sex.MALE].alpha_sd == pytest.approx(np.log(0.0045 / 0.002) / (2 * 1.96), rel=0.03)


def test_without_a_baseline_there_is_nothing_to_be_unsure_of() -> None:
    model = replace(rs.load_model("ms"), baseline=())
    for own in build_reference(model, reference_panel(), "EUR").by_sex.values():
        assert (own.prevalence, own.alpha, own.alpha_sd) == (None, None, 0)


def test_of_both_sexes_the_difference_is_unsure() -> None:
    """The spread of two intercepts around their mean, and half of what one of them brings."""
    own = build_reference(_model(), reference_panel(), "EUR").by_sex
    women, men, both = (own[sex] for sex in (Sex.FEMALE, Sex.MALE, None))
    assert women.alpha is not None
    assert men.alpha is not None
    spread = ((women.alpha - men.alpha) / 2) ** 2
    assert both.alpha_sd**2 == pytest.approx(spread + men.alpha_sd**2 / 2, rel=0.02)


def test_horizons() -> None:
    assert _model().horizons == ("lifetime", "by age 35")
    cohort = person([_model()], sex="female", variants={"rs10801908": 1})
    risks = [
        rs.score(cohort, horizon=h).of("ms").numbers["probability"][0]
        for h in ("lifetime", "by age 35")
    ]
    assert risks[0] / risks[1] == pytest.approx(2.5, rel=0.01)
    with pytest.raises(UsageError, match="choose from: lifetime, by age 35"):
        rs.score(cohort, horizon="by age 20")
    with pytest.raises(UsageError, match="leave one of them out"):
        rs.score(cohort, horizon="lifetime", prevalence=0.01)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.1, 2.0])
def test_a_prevalence_is_between_0_and_1(prevalence: float) -> None:
    cohort = person([rs.load_model("ms")], variants={"rs10801908": 1})
    with pytest.raises(UsageError, match="not between 0 and 1"):
        rs.score(cohort, prevalence=prevalence)


def test_an_interval_must_hold_its_value(tmp_path) -> None:
    from riskscore.files.inputs import reference_root

    source = reference_root() / "models" / "ms"
    for file in source.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name == "model.yaml":
            text = text.replace(
                "      value: 0.0091\n", "      value: 0.0091\n      ci: [0.01, 0.02]\n"
            )
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    with pytest.raises(ModelFormatError, match=r"does not hold the value 0\.0091"):
        rs.load_model(tmp_path)
