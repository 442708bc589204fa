"""A model as a scikit-learn estimator: scores as features, risks as predicted probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from riskscore.arrays import Array, Mask
from riskscore.files.frames import as_pandas
from riskscore.models.catalog import as_models
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import Part
from riskscore.samples.frame import read_frame
from riskscore.samples.question import Question, QuestionOptions
from riskscore.scoring.link import expit
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.components import enumerated
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import (
    Spectrum,
    after_certain,
    certain,
    of_normal,
    of_states,
)
from riskscore.scoring.score import score_cohort
from riskscore.studies.evaluation.calibration import logits

_NAMES = ("genetic_score", "exposure_score", "interaction_score")


class RiskScorer(ClassifierMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Score people with a published model, inside scikit-learn.

    ``transform`` gives the three parts of the log odds (genetic, exposure, interaction; each 0 in
    the average of the reference population), ``predict_proba`` the risk, and ``decision_function``
    its log odds. The weights are the model's: fitting estimates none of them.

    Parameters:
        model: a shipped model's id, a model's folder, a scoring file, or a RiskModel.
        population: the superpopulation that is the reference.
        intercept: ``"published"`` for the model's own baseline risk by sex; ``"fitted"`` for the
            intercept at which the mean risk of the people fitted on is the share of them affected
            (as in a case-control sample, whose share of cases is the study's choice).
        prevalence: a baseline risk in place of the model's own: one number keeps the model's ratio
            of the sexes, ``{"female": 0.01, "male": 0.004}`` sets each.
        horizon: of the risk, one of those the model has.

    ``X`` is one of:

    - a frame (pandas, polars, ...) with named columns of dosages, HLA calls and exposures, read by
      :func:`read_frame`; columns that the model does not read are named
      in a warning, and what has no column or no value is integrated over the population;
    - an array without names: the design matrix, a column a term in the order of the model's terms,
      nan where unknown; the terms beyond its last column are unknown.

    A row of which nothing genetic is known has the average person's genetic score.

    ``predict`` says whether the risk is above one half, which for a rare disease it hardly ever
    is: use ``predict_proba``. Illustrative, not diagnostic.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"DRB1": ["15:01+15:01", "01:01+07:01"], "sex": ["female", "male"]})
    >>> scorer = RiskScorer("ms").set_output(transform="pandas").fit(people)
    >>> bool(scorer.transform(people).genetic_score.is_monotonic_decreasing)
    True
    """

    classes_: NDArray[Any]

    def __init__(
        self,
        model: Any = "t1d",
        *,
        population: str = "EUR",
        intercept: Literal["published", "fitted"] = "published",
        prevalence: float | Mapping[str, float] | None = None,
        horizon: str | None = None,
    ) -> None:
        self.model = model
        self.population = population
        self.intercept = intercept
        self.prevalence = prevalence
        self.horizon = horizon

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # the weights are not learned from y
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Load the model, learn the names of X's columns, and the intercept if it is fitted.

        ``y`` has two classes, the second in sorted order being the affected; it may be left out
        where only scores are wanted. Raises ValueError for what scikit-learn cannot take, and a
        RiskscoreError for what the model cannot.
        """
        if self.intercept not in ("published", "fitted"):
            raise ValueError("intercept is 'published' or 'fitted'")
        (model,) = as_models(self.model)
        if y is None and self.intercept == "fitted":
            raise ValueError(
                "RiskScorer(intercept='fitted') requires y to be passed, but the target y is None"
            )
        affected = None if y is None else self._affected(y)
        question = Question.of(model, **self._baseline())
        if affected is not None and self.intercept == "fitted" and not model.baseline:
            question = replace(question, prevalence=float(affected.mean()))  # of models without one
        self.question_ = question
        reference = build_reference(
            model, reference_panel(), self.population, question.prevalence_by_sex, question.horizon
        )
        if reference.by_sex[None].alpha is None and y is not None:
            raise ValueError(f"model {model.id} has no baseline risk: fit with intercept='fitted'")
        self.model_: RiskModel = model
        self.reference_: Reference = reference
        self.numbers_ = NumberScorer(reference)
        scored = self._score(self._checked(X, reset=True), fitting=True)
        self.intercept_ = 0.0  # added to the log odds of the model's own risk
        if affected is None:
            self.classes_ = np.arange(2)
        elif len(affected) != len(scored.parts):
            raise ValueError("X and y differ in their number of rows")
        elif self.intercept == "fitted":
            self.intercept_ = _shift(scored.log_odds, float(affected.mean()))
        return self

    def transform(self, X: Any) -> Array:
        """The parts of the log odds, shape (rows, 3): genetic, exposure, interaction."""
        check_is_fitted(self)
        return self._score(self._checked(X)).parts

    def predict_proba(self, X: Any) -> Array:
        """The risk of not having and of having the disease, shape (rows, 2)."""
        risk = expit(self.decision_function(X))
        return np.column_stack([1 - risk, risk])

    def decision_function(self, X: Any) -> Array:
        """The log odds of the risk, shape (rows,)."""
        check_is_fitted(self)
        return self._score(self._checked(X)).log_odds + self.intercept_

    def predict(self, X: Any) -> NDArray[Any]:
        """The class that is more likely than not, shape (rows,)."""
        affected = self.decision_function(X) > 0
        return np.asarray(self.classes_[affected.astype(np.int64)])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The names of the columns of transform()."""
        check_is_fitted(self)
        return np.array(_NAMES, dtype=object)

    def _baseline(self) -> QuestionOptions:
        """The baseline that was asked for, as options of a question."""
        if isinstance(self.horizon, tuple):
            raise ValueError("horizon is one of the model's own: ages need rs.score")
        if self.intercept == "fitted" and (self.prevalence, self.horizon) != (None, None):
            raise ValueError("a fitted intercept leaves no place for a prevalence or a horizon")
        return {"prevalence": self.prevalence, "horizon": self.horizon}

    def _affected(self, y: Any) -> Mask:
        """Whether each person is of the second class; stores the classes."""
        y = column_or_1d(check_array(y, ensure_2d=False, dtype=None), warn=True)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}."
            )
        if len(self.classes_) < 2:
            raise ValueError("y has one class only; affected and not affected are needed")
        return np.asarray(y == self.classes_[1])

    def _checked(self, X: Any, *, reset: bool = False) -> Any:
        """X as a frame with names, or as an array of numbers."""
        X = as_pandas(X)
        if hasattr(X, "columns") and all(isinstance(name, str) for name in X.columns):
            validate_data(self, X, reset=reset, skip_check_array=True)
            if not len(X):
                raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
            return X
        numbers = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )
        if numbers.shape[1] > len(self.model_.terms):
            raise ValueError(
                f"X has {numbers.shape[1]} features, and the model {len(self.model_.terms)} terms; "
                "a design matrix has one column for each term, a frame has names"
            )
        return numbers

    def _score(self, X: Any, *, fitting: bool = False) -> ScoredPeople:
        if isinstance(X, np.ndarray):
            return self.numbers_.score(X)
        cohort = read_frame(X, [self.model_], population=self.population)
        for warning in cohort.warnings if fitting else ():
            warnings.warn(warning, UserWarning, stacklevel=3)
        cohort = replace(cohort, question=self.question_)
        (table,) = score_cohort(cohort, reference_panel()).tables
        # Nothing genetic known: the population's average, which is 0, and its risk.
        average = [self.reference_.by_sex[sex].prevalence or np.nan for sex in cohort.sex]
        risk = table.numbers["probability"]
        return ScoredPeople(
            np.nan_to_num(np.column_stack([table.numbers[name] for name in _NAMES])),
            logits(np.where(np.isnan(risk), np.array(average), risk)),
        )


def _shift(log_odds: Array, share: float) -> float:
    """The shift of log odds at which the mean risk equals the share affected."""
    return float(brentq(lambda move: expit(log_odds + move).mean() - share, -60.0, 60.0))


@dataclass(frozen=True)
class ScoredPeople:
    """``parts`` of the score (people, 3), one a Part; ``log_odds`` of the risk (people,)."""

    parts: Array
    log_odds: Array


@dataclass(frozen=True)
class NumberScorer:
    """Scores the rows of a design matrix, people of unknown sex, against a reference."""

    reference: Reference

    def score(self, numbers: Array) -> ScoredPeople:
        """Score ``numbers``, shape (people, the model's first terms).

        What is not known, and the terms beyond the last column, are integrated over the reference
        population: exactly where nothing of a component is known, else as normal.
        """
        terms, own = self.reference.model.terms, self.reference.by_sex[None]
        full = np.full((len(numbers), len(terms)), np.nan)
        full[:, : numbers.shape[1]] = numbers
        known = ~np.isnan(full)
        centred = np.where(known, full - self.reference.centre, 0.0)
        kinds = np.array([term.part for term in terms])
        parts = np.column_stack(
            [centred @ np.where(kinds == part, self.reference.weights, 0.0) for part in Part]
        )
        if own.alpha is None:
            return ScoredPeople(parts, np.full(len(numbers), np.nan))
        risk = self._unknown(known).mean_risk(own.alpha + parts.sum(axis=1))
        return ScoredPeople(parts, logits(risk))

    @cached_property
    def _components(self) -> list[tuple[list[int], Spectrum]]:
        """The terms of each component, and its spectrum when known and when not."""
        reference, terms = self.reference, self.reference.model.terms
        found = []
        for component in reference.components:
            columns = [j for j in component.terms if reference.by_sex[None].counted[j]]
            if columns:
                members = [terms[j] for j in columns]
                states = enumerated(component.kinds, members, reference.kinds).states
                lost = of_states(states.values[:, 0], states.probability)
                found.append(
                    (columns, after_certain(Spectrum(lost.real[:, None], lost.imaginary[:, None])))
                )
        return found

    def _unknown(self, known: Mask) -> Spectrum:
        """The spectrum of what is not known, by person."""
        total, normal = certain(len(known)), np.zeros(len(known))
        for columns, spectrum in self._components:
            gone = ~known[:, columns].any(axis=1)
            if gone.any():
                total = total.times(spectrum.take(np.asarray(gone, dtype=np.int64)))
            for j in columns:
                square = self.reference.weights[j] ** 2 * self.reference.variance[j]
                normal += np.where(~gone & ~known[:, j], square, 0.0)
        return total.times(of_normal(normal)) if normal.any() else total
