"""Many terms at once with scikit-learn: penalised regression, and models stacked, cross-validated.

The cross-validation is nested: each fold's penalty is chosen inside the other folds, so that the
out-of-fold risks are honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import FewPeopleError, UsageError
from riskscore.models.model import RiskModel
from riskscore.studies.association.candidates import Candidates
from riskscore.studies.association.fit import Fit, read_study
from riskscore.studies.association.scan import Study, TermEffect, effect, left_to_test
from riskscore.studies.evaluation.evaluate import Evaluation, evaluate
from riskscore.studies.people import read_outcome
from riskscore.studies.regression import INTERCEPT, Regression

if TYPE_CHECKING:
    import pandas

    from riskscore.samples.cohort import Cohort
    from riskscore.studies.people import BySample, Covariates

_STRENGTHS = np.logspace(-3, 1, 9)  # C, the inverse of the penalty, on standardised columns


@dataclass(frozen=True)
class CrossValidated:
    """A model fitted in all people, and out-of-fold risks: each person's from the other folds.

    ``out_of_fold`` is indexed by sample. ``chosen`` has the penalty chosen by cross-validation, in
    a row for each fold and one for all people. ``fit`` has the weights of the penalised regression
    on the terms' own scales, without standard errors; it is None for a stack. ``weights`` are the
    same, or a stack's weights of its models' log odds.
    """

    out_of_fold: pandas.Series[float]
    outcome: pandas.Series[float]
    weights: pandas.DataFrame
    chosen: pandas.DataFrame
    fit: Fit | None
    estimator: Any
    notes: tuple[str, ...]

    def evaluate(self, **options: Any) -> Evaluation:
        """Evaluate the out-of-fold risks (see ``rs.evaluate`` for the options)."""
        return evaluate({"out of fold": self.out_of_fold}, self.outcome, **options)


def penalised(
    source: Cohort | pandas.DataFrame,
    outcome: BySample | str,
    *,
    terms: Sequence[str] | None = None,
    covariates: Covariates | None = None,
    coding: str = "additive",
    l1_ratio: float = 0.5,
    folds: int = 5,
    minimum_count: float = 10.0,
    seed: int = 1,
) -> CrossValidated:
    """An elastic-net logistic regression of all terms and covariates, with nested cross-validation.

    ``l1_ratio`` 1 is the lasso, 0 ridge. Columns are standardised; a missing value takes the mean
    of the training people, and is counted in the notes. The other arguments are as in ``fit``.

    Raises what ``fit`` does, and FewPeopleError with fewer than ``folds`` cases or controls.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"DRB1*15:01": [1, 0] * 20, "case": [1, 0, 1, 0, 0] * 8})
    >>> found = penalised(people, "case", folds=2, minimum_count=0)
    >>> found.weights["term"].tolist()
    ['HLA-DRB1*15:01']
    """
    from sklearn.model_selection import GridSearchCV

    if not 0 <= l1_ratio <= 1:
        raise UsageError(f"l1_ratio is {l1_ratio:g}, not between 0 and 1")
    study, candidates, notes, samples = read_study(
        source, outcome, terms, covariates, coding, minimum_count
    )
    reasons, chosen = left_to_test(study, candidates)
    rows = study.complete(np.empty((len(study.y), 0)))
    x = np.column_stack([chosen.values, study.covariates])[rows]
    y = study.y[rows]
    left_out = len(reasons) - len(chosen.columns)
    notes = [*notes, f"{left_out} terms cannot be tested and are left out",
             f"{int(np.isnan(x).sum())} missing values took the mean"]  # fmt: skip
    grid = GridSearchCV(
        _pipeline(l1_ratio), {"logistic__C": _STRENGTHS}, cv=_split(folds, seed),
        scoring="neg_log_loss",
    )  # fmt: skip
    risks, strengths = _nested(grid, x, y, folds, seed)
    grid.fit(x, y)
    names = [*(column.name for column in chosen.columns), *study.covariate_names]
    regression = _raw_scale(grid.best_estimator_, names, y, l1_ratio)
    effects = _effects(study, candidates, reasons, regression)
    chosen_strengths = [*strengths, float(grid.best_params_["logistic__C"])]
    import pandas as pd

    index = [sample for sample, known in zip(samples, rows, strict=True) if known]
    return CrossValidated(
        pd.Series(risks, index=index),
        pd.Series(y, index=index),
        pd.DataFrame({"term": regression.names[1:], "weight": regression.beta[1:]}),
        pd.DataFrame({"fold": [*map(str, range(1, folds + 1)), "all"], "C": chosen_strengths}),
        Fit(effects, (), (), regression, chosen, study, tuple(notes)),
        grid.best_estimator_,
        tuple(notes),
    )


def _effects(
    study: Study, candidates: Candidates, reasons: Sequence[str], regression: Regression
) -> tuple[TermEffect, ...]:
    """A row for each candidate with its weight, or with the reason why it was not tested."""
    nan = float("nan")
    return tuple(
        replace(
            effect(study, column, values, None, reason),
            beta=nan if reason else float(regression.beta[regression.at(column.name)]),
            method=regression.method,
        )
        for column, values, reason in zip(
            candidates.columns, candidates.values.T, reasons, strict=True
        )
    )


def stacked(
    models: Sequence[str | RiskModel],
    people: pandas.DataFrame,
    outcome: BySample,
    *,
    population: str = "EUR",
    folds: int = 5,
    seed: int = 1,
) -> CrossValidated:
    """Several models' log odds weighed together by a logistic regression, cross-validated.

    ``people`` is a frame as :class:`RiskScorer` reads it: dosages, HLA calls, exposures. The
    models' own weights stay as they were published; only how much each counts is learned.

    Raises FewPeopleError with fewer than ``folds`` cases or controls, and UsageError for fewer
    than two models.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"DRB1": ["15:01+04:01", "03:01+07:01", "01:01+11:01"] * 6})
    >>> found = stacked(["ms", "ra"], people, [1, 0, 0] * 6, folds=2)
    >>> found.weights["term"].tolist()
    ['ms', 'ra']
    """
    import pandas as pd
    from sklearn.ensemble import StackingClassifier
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    from riskscore.studies.estimator import RiskScorer

    if len(models) < 2:
        raise UsageError("a stack takes two models or more")
    y = read_outcome(outcome, list(people.index))
    known = ~np.isnan(y)
    _enough(y[known], folds)
    x, y = people[known], y[known].astype(int)
    scorers = [
        (
            m.id if isinstance(m, RiskModel) else str(m),
            FrozenEstimator(RiskScorer(m, population=population).fit(x)),
        )
        for m in models
    ]
    # The scorers learn nothing from these people, so their scores need no folds of their own.
    stack = StackingClassifier(
        scorers, LogisticRegression(C=np.inf), cv="prefit", stack_method="decision_function"
    )
    risks = cross_val_predict(stack, x, y, cv=_split(folds, seed), method="predict_proba")[:, 1]
    stack.fit(x, y)
    weights = pd.DataFrame(
        {"term": [name for name, _ in scorers], "weight": stack.final_estimator_.coef_[0]}
    )
    notes = (f"{int((~known).sum())} people have no outcome",) if not known.all() else ()
    return CrossValidated(
        pd.Series(risks, index=x.index), pd.Series(y.astype(float), index=x.index), weights,
        pd.DataFrame({"fold": [], "C": []}), None, stack, notes,
    )  # fmt: skip


def _pipeline(l1_ratio: float) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    solver = "newton-cholesky" if l1_ratio == 0 else "saga"
    logistic = LogisticRegression(l1_ratio=l1_ratio, solver=solver, max_iter=5000, tol=1e-4,
                                  random_state=0)  # fmt: skip
    return Pipeline(
        [("mean", SimpleImputer()), ("scale", StandardScaler()), ("logistic", logistic)]
    )


def _split(folds: int, seed: int) -> Any:
    from sklearn.model_selection import StratifiedKFold

    if folds < 2:
        raise UsageError("cross-validation takes two folds or more")
    return StratifiedKFold(folds, shuffle=True, random_state=seed)


def _enough(y: Array, folds: int) -> None:
    fewest = int(min(y.sum(), (1 - y).sum()))
    if fewest < 2 * folds:
        raise FewPeopleError(
            f"{fewest} cases or controls are too few for {folds} folds", fix="use fewer folds"
        )


def _nested(grid: Any, x: Array, y: Array, folds: int, seed: int) -> tuple[Array, list[float]]:
    """Out-of-fold risks, each fold's penalty chosen within the others, and these penalties."""
    from sklearn.base import clone

    _enough(y, folds)
    risks, strengths = np.empty(len(y)), []
    for train, test in _split(folds, seed).split(x, y):
        inner = clone(grid).fit(x[train], y[train])
        risks[test] = inner.predict_proba(x[test])[:, 1]
        strengths.append(float(inner.best_params_["logistic__C"]))
    return risks, strengths


def _raw_scale(pipeline: Any, names: Sequence[str], y: Array, l1_ratio: float) -> Regression:
    """The regression with its weights on the columns' own scales; it has no standard errors."""
    logistic, scale = pipeline["logistic"], pipeline["scale"]
    beta = logistic.coef_[0] / scale.scale_
    intercept = float(logistic.intercept_[0] - beta @ scale.mean_)
    labels, k = (INTERCEPT, *names), len(names) + 1
    how = f"elastic net, l1_ratio {l1_ratio:g}, C {logistic.C:.3g}"
    nothing = np.full(k, np.nan)
    return Regression(
        labels, np.array([intercept, *beta]), np.full((k, k), np.nan), nothing, nothing, nothing,
        float("nan"), len(y), int(y.sum()), how,
    )  # fmt: skip
