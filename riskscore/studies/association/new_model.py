"""Make a model of a fit, and recalibrate a model in new people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import BaselineRisk, Card, Citation, RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import ExposureFactor, Status, Term, factors_of
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.scores.scored import ModelScores
from riskscore.studies.association.fit import Fit
from riskscore.studies.evaluation.calibration import calibration_fits, check_share
from riskscore.studies.people import read_outcome

if TYPE_CHECKING:
    from riskscore.studies.people import BySample

_USE = "Research and teaching; fitted in one study and to be validated in another."


def model_of(
    fit: Fit,
    *,
    id: str,
    name: str,
    source: str,
    prevalence: float | None = None,
    horizon: str = "as in the study",
    like: RiskModel | None = None,
    disease: Mapping[str, str] | None = None,
    outcome: str = "",
    ancestry: str = "",
) -> RiskModel:
    """A joint fit as a model: its odds ratios as weights, with their standard errors.

    ``prevalence`` is the baseline risk of the average person; a score's own intercept follows from
    it and the reference population, so the share of cases in the study does not matter. ``like``
    is a model whose disease, outcome and ancestry the new one takes. ``source`` says where the
    numbers come from, and stands beside each of them. Covariates were adjusted for and are not
    part of the model.

    Raises UsageError for a fit of terms one by one, or of a SNP of a frame, whose place in the
    genome is not known.

    >>> import pandas as pd
    >>> from riskscore.models.catalog import load_model
    >>> from riskscore.studies.association.fit import fit
    >>> people = pd.DataFrame({"DRB1*15:01": [1, 0] * 10, "case": [1, 1, 0] * 6 + [1, 0]})
    >>> found = fit(people, "case", joint=True, minimum_count=0)
    >>> new = model_of(found, id="mine", name="Mine", source="our study", like=load_model("ms"))
    >>> [term.id for term in new.terms], new.card.disease["name"]
    (['HLA-DRB1*15:01'], 'multiple sclerosis')
    """
    if fit.study.quantitative:
        raise UsageError("a model is of a disease, and this fit of a quantitative trait")
    if fit.regression is None:
        raise UsageError("terms fitted one by one make no model", fix="joint=True")
    if like is None and (disease is None or not outcome or not ancestry):
        raise UsageError("a model needs a disease, an outcome and an ancestry", fix="or like=model")
    if prevalence is not None:
        check_share(prevalence)
    terms = tuple(_terms(fit, source))
    used = {factor.exposure for factor in factors_of(terms, ExposureFactor)}
    exposures = tuple(
        replace(e, source=source, status=Status.DERIVED)
        for e in fit.candidates.model.exposures
        if e.id in used
    )
    baseline = like.baseline if like else ()
    if prevalence is not None:
        baseline = tuple(BaselineRisk(sex, prevalence, source, Status.DERIVED) for sex in Sex)
        horizon = like.horizon if like and like.horizon else horizon
    elif like:
        horizon = like.horizon
    return RiskModel(
        id=id, name=name, version="1.0.0", edition="study", terms=terms,
        card=_card(fit, like, disease or {}, outcome, ancestry, source, prevalence),
        horizon=horizon, baseline=baseline, exposures=exposures,
        scheme=fit.candidates.model.scheme,
        reference_populations=(fit.candidates.population,),
    )  # fmt: skip


def _terms(fit: Fit, source: str) -> list[Term]:
    assert fit.regression is not None
    terms = []
    for column in fit.candidates.columns:
        if column.term is None:
            raise UsageError(
                f"{column.name} came from a frame, which does not say where in the genome it is",
                fix="fit it from a cohort",
            )
        j = fit.regression.at(column.name)
        weight, error = float(fit.regression.beta[j]), float(fit.regression.se[j])
        if not weight:
            continue  # a penalty left the term out
        terms.append(
            replace(
                column.term,
                weight=weight,
                standard_error=None if np.isnan(error) else error,
                source=source,
                status=Status.DERIVED,
            )
        )
    return terms


def _card(
    fit: Fit, like: RiskModel | None, disease: Mapping[str, str], outcome: str, ancestry: str,
    source: str, prevalence: float | None,
) -> Card:  # fmt: skip
    assert fit.regression is not None
    n, cases = fit.regression.n, fit.regression.cases
    limits = [
        f"Estimated in {n} people, {cases} of them cases, by logistic regression "
        f"({fit.regression.method})."
    ]
    if fit.study.covariate_names:
        limits.append(f"Adjusted for {', '.join(fit.study.covariate_names)}, which are no terms.")
    if prevalence is not None:
        limits.append(
            f"Intercept {fit.intercept():.6g} in the study; {fit.intercept(prevalence):.6g} "
            f"corrected to a prevalence of {prevalence:g}."
        )
    limits += list(fit.notes)
    return Card(
        disease=dict(disease) or dict(like.card.disease if like else {}),
        outcome=outcome or (like.card.outcome if like else ""),
        ancestry=ancestry or (like.card.ancestry if like else ""),
        intended_use=_USE,
        not_for=("Diagnosis, screening decisions or treatment of a person.",),
        limits=tuple(limits),
        performance=(),
        citations=(Citation("study", source),),
    )


@dataclass(frozen=True)
class Recalibration:
    """A recalibration of risks to new people: logit(p) becomes intercept + slope logit(p).

    ``intercept_only`` is the shift with the slope held at 1. Intervals are 95%.
    """

    model: str
    intercept: float
    intercept_ci: tuple[float, float]
    slope: float
    slope_ci: tuple[float, float]
    intercept_only: float
    intercept_only_ci: tuple[float, float]
    n: int
    cases: int

    def apply(self, table: ModelScores, *, slope: bool = True) -> RiskModel:
        """The model of ``table`` recalibrated: weights times the slope, baseline risks to match.

        With ``slope`` False only the baseline moves. The baseline of each sex becomes the mean of
        the new risks over that sex's reference population.
        """
        a, b = (self.intercept, self.slope) if slope else (self.intercept_only, 1.0)
        model = table.model
        terms = tuple(
            replace(
                t,
                weight=b * t.weight,
                standard_error=None if t.standard_error is None else abs(b) * t.standard_error,
                status=Status.DERIVED,
                source=f"{t.source}; recalibrated",
            )
            for t in model.terms
        )
        moved = replace(model, terms=terms, baseline=(), checksum="", examples=())
        reference = build_reference(moved, reference_panel(), table.reference.population)
        baseline = []
        for risk in model.baseline_risks(None, table.reference.population):
            alpha = table.reference.by_sex[risk.sex].alpha
            assert alpha is not None
            value = reference.by_sex[risk.sex].distribution.mean_risk(a + b * alpha)
            origin = f"{risk.source}; recalibrated"
            baseline.append(BaselineRisk(risk.sex, value, origin, Status.DERIVED))
        limits = (
            *model.card.limits,
            f"Recalibrated in {self.n} people, {self.cases} of them cases: intercept {a:.4g}, "
            f"slope {b:.4g}.",
        )
        return replace(
            moved, baseline=tuple(baseline), version=_next(model.version),
            card=replace(model.card, limits=limits),
        )  # fmt: skip


def _next(version: str) -> str:
    major, minor, patch = version.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"


def recalibrate(
    table: ModelScores,
    outcome: BySample,
    samples: Sequence[str],
    *,
    prevalence: float | None = None,
) -> Recalibration:
    """Intercept and slope of a model's risks in new people, by logistic regression with an offset.

    ``table`` is one model's scores (``scores.of("ra")``) and ``samples`` their names. In a
    case-control sample give the ``prevalence`` of the population it was drawn from.

    Raises OutcomeError, FewPeopleError, or UsageError for a model without a baseline.

    >>> import riskscore as rs
    >>> drawn = rs.simulate("ms", cases=60, controls=60, seed=1)
    >>> table = rs.score(drawn.cohort()).of("ms")
    >>> found = recalibrate(table, drawn.outcome["ms"], drawn.samples, prevalence=0.003)
    >>> found.n, found.cases
    (120, 60)
    """
    y = read_outcome(outcome, samples)
    risk = table.numbers["probability"]
    if np.isnan(risk).all():
        raise UsageError("the model has no baseline risk to recalibrate", fix="give --prevalence")
    rows = ~np.isnan(y) & ~np.isnan(risk)
    fits = calibration_fits(risk[rows], y[rows], prevalence)
    slope, level = fits.slope, fits.level
    intercept = slope.beta[0] - fits.moved
    spread = slope.high[0] - slope.beta[0]
    return Recalibration(
        table.model.id,
        float(intercept), (float(intercept - spread), float(intercept + spread)),
        float(slope.beta[1]), (float(slope.low[1]), float(slope.high[1])),
        level.estimate, level.interval,
        slope.n, slope.cases,
    )  # fmt: skip
