"""Evaluate scores: discrimination, calibration, and the benefit of decisions by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import FewPeopleError, StudyError
from riskscore.files.frames import as_pandas
from riskscore.plotting import Plots
from riskscore.studies.evaluation.calibration import (
    check_share,
    curve,
    sampling_weights,
    weighted_quantiles,
)
from riskscore.studies.evaluation.decisions import at_thresholds, decision_curve
from riskscore.studies.evaluation.discrimination import delong, roc
from riskscore.studies.evaluation.explained import deciles
from riskscore.studies.evaluation.measures import (
    MeasureOptions,
    gain_measures,
    measures,
    unmeasured,
)
from riskscore.studies.evaluation.predictions import Prediction, Scale, read_predictions
from riskscore.studies.people import aligned, read_covariates, read_outcome

if TYPE_CHECKING:
    import pandas

    from riskscore.studies.people import BySample


_FEWEST = 10  # people with an outcome and a score, below which nothing is measured
_TOP = (0.8, 0.9, 0.95, 0.99)  # shares of the population below the thresholds shown by default
_EVERYONE = "everyone"


@dataclass(frozen=True)
class Evaluation:
    """The results of ``evaluate``, as pandas frames.

    ``measures`` has a row by model, group and measure, with 95% intervals. ``comparison`` compares
    AUCs in the same people, two models at a time (DeLong). ``roc``, ``deciles``, ``calibration``,
    ``decision`` and ``thresholds`` are the curves and tables of everyone together. ``notes`` say
    who was left out, and what could not be measured. ``prevalence`` is None for a cohort.
    """

    measures: pandas.DataFrame
    comparison: pandas.DataFrame
    roc: pandas.DataFrame
    deciles: pandas.DataFrame
    calibration: pandas.DataFrame
    decision: pandas.DataFrame
    thresholds: pandas.DataFrame
    notes: tuple[str, ...]
    prevalence: float | None

    plot = Plots()  # evaluation.plot.roc(), calibration(), decision(), deciles(): Altair charts

    def __repr__(self) -> str:
        frame = self.measures
        areas = frame[(frame["measure"] == "auc") & (frame["group"] == "everyone")]
        lines = [
            f"  {row.model}: AUC {row.estimate:.3f} ({row.low:.3f} to {row.high:.3f}) in "
            f"{row.n:,} people with {row.cases:,} cases"
            for row in areas.itertuples()
        ]
        return "\n".join(["Evaluation", *lines])

    def _repr_html_(self) -> str:
        everyone = self.measures[self.measures["group"] == "everyone"]
        return str(everyone.to_html(index=False, float_format="{:.4g}".format, border=0))

    def to_frame(self) -> pandas.DataFrame:
        """The measures: model, group, measure, estimate, low, high, n, cases, note."""
        return self.measures


def evaluate(
    predictions: Any,
    outcome: BySample,
    *,
    prevalence: float | None = None,
    groups: Mapping[str, BySample] | None = None,
    covariates: pandas.DataFrame | None = None,
    thresholds: Sequence[float] | None = None,
    scale: Scale = "probability",
    bootstrap: int = 200,
    seed: int = 1,
) -> Evaluation:
    """Evaluate scores against an outcome.

    Args:
        predictions: Scores, or a frame with one column for each model, a mapping, or a Series, as
            probabilities or, with ``scale="log_odds"``, as scores without a baseline: these have
            no calibration and no net benefit. Of Scores the risks are judged (``probability``),
            with ``scale="log_odds"`` the scores without the baseline of each sex.
        outcome: Series, mapping or list: 1 case, 0 control (see ``read_outcome``).
        prevalence: Of the disease in the population a case-control sample was drawn from; None
            for a cohort. Calibration, Brier score, precision and decisions are then the
            population's, cases and controls weighted back.
        groups: Labels by name, such as ``{"sex": [...]}``; each level is measured by itself.
        covariates: A frame indexed by sample: what each score adds to them is measured too
            (``auc_gain`` with DeLong's interval, ``gain_p``, ``nri``).
        thresholds: Risks (or scores, where there is no risk) to report sensitivity, specificity,
            PPV and NPV at; default: those of the highest 20, 10, 5 and 1% of the population.
        scale: probability or log_odds.
        bootstrap: Resamples, within cases and within controls, for intervals without a formula;
            0 leaves these intervals out.
        seed: Of the resampling.

    Raises OutcomeError, FewPeopleError, StudyTableError or UsageError.

    >>> risk = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.35, 0.55]
    >>> case = [0, 0, 1, 0, 0, 1, 1, 1, 0, 1]
    >>> e = evaluate(risk, case, bootstrap=0)
    >>> round(float(e.measures.query("measure == 'auc'").estimate.iloc[0]), 6)  # 22 of 25 pairs
    0.88
    """
    if prevalence is not None:
        check_share(prevalence)
    samples, models = read_predictions(as_pandas(predictions), scale)
    y = read_outcome(outcome, samples)
    labels = _labels(groups, samples)
    adjusting, _ = read_covariates(as_pandas(covariates), samples)
    settings = MeasureOptions(prevalence, bootstrap, seed)
    notes = (
        [f"{lost} of {len(y)} people have no outcome"] if (lost := int(np.isnan(y).sum())) else []
    )
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    for model in models:
        known = ~np.isnan(y) & ~np.isnan(model.score)
        if lost := int((~np.isnan(y) & ~known).sum()):
            notes.append(f"{model.name}: {lost} people have an outcome and no score")
        if known.sum() < _FEWEST:
            raise FewPeopleError(f"{model.name}: {known.sum()} people have an outcome and a score")
        for group, members in labels.items():
            own = known & members
            rows, trouble = _measured(model, y, own, group, settings)
            tables["measures"] += rows
            notes += trouble
            if adjusting.shape[1] and not trouble:
                tables["measures"] += _gained(model, y, own, group, adjusting)
        for name, rows in _curves(model, y, known, thresholds, prevalence).items():
            tables[name] += [{"model": model.name, **row} for row in rows]
    tables["comparison"] = _compared(models, y, labels)
    frames = {name: _frame(rows, _TABLES[name]) for name, rows in tables.items()}
    return Evaluation(**frames, notes=tuple(notes), prevalence=prevalence)


_TABLES = {
    "measures": ("model", "group", "measure", "estimate", "low", "high", "n", "cases", "note"),
    "comparison": ("first", "second", "group", "difference", "low", "high", "z", "p", "n"),
    "roc": ("model", "false_positive_rate", "true_positive_rate"),
    "deciles": ("model", "decile", "odds_ratio", "low", "high", "n", "cases", "score_from",
                "score_to"),
    "calibration": ("model", "kind", "predicted", "observed", "low", "high", "n", "cases"),
    "decision": ("model", "threshold", "net_benefit", "low", "high", "treat_all", "treat_none",
                 "true_positive_rate", "false_positive_rate"),
    "thresholds": ("model", "threshold", "share_above", "sensitivity", "sensitivity_low",
                   "sensitivity_high", "specificity", "specificity_low", "specificity_high",
                   "ppv", "ppv_low", "ppv_high", "npv", "npv_low", "npv_high"),
}  # fmt: skip


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pandas.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


def _labels(groups: Mapping[str, BySample] | None, samples: Sequence[Any]) -> dict[str, Mask]:
    """The people of each group as masks; the first group is everyone."""
    import pandas as pd

    members = {_EVERYONE: np.ones(len(samples), dtype=bool)}
    for name, values in (groups or {}).items():
        found = aligned(values, samples, f"the group {name}")
        gone = pd.isna(np.array(found, dtype=object))
        texts = np.where(gone, "", [str(value) for value in found])
        for level in sorted(set(texts.tolist()) - {""}):
            members[f"{name}={level}"] = texts == level
    return members


def _measured(
    model: Prediction, y: Array, rows: Mask, group: str, settings: MeasureOptions
) -> tuple[list[dict[str, Any]], list[str]]:
    """The measures of one model in one group; a note where the group is too small."""
    cases, n = int(y[rows].sum()), int(rows.sum())
    head = {"model": model.name, "group": group, "n": n, "cases": cases}
    risk = None if model.risk is None else model.risk[rows]
    try:
        if n < _FEWEST or cases in (0, n):
            raise FewPeopleError(f"{n} people, {cases} of them cases, are too few")
        found = measures(model.score[rows], risk, y[rows], settings)
    except StudyError as error:
        row = unmeasured("none", error.what)
        return [{**head, **row}], [f"{model.name}, {group}: {error.what}"]
    return [{**head, **row} for row in found], []


def _gained(
    model: Prediction, y: Array, rows: Mask, group: str, covariates: Array
) -> list[dict[str, Any]]:
    """What one score adds to covariates in one group; a row with the reason where it cannot be."""
    head = {"model": model.name, "group": group}
    try:
        found = gain_measures(model.score[rows], covariates[rows], y[rows])
    except StudyError as error:
        count = {"n": int(rows.sum()), "cases": int(y[rows].sum())}
        return [{**head, **count, **unmeasured("auc_gain", error.what)}]
    return [{**head, **row} for row in found]


def _curves(
    model: Prediction,
    y: Array,
    rows: Mask,
    thresholds: Sequence[float] | None,
    prevalence: float | None,
) -> dict[str, list[dict[str, Any]]]:
    """The tables of everyone: ROC, deciles, calibration, decision curve, thresholds."""
    score, outcome = model.score[rows], y[rows]
    weights = sampling_weights(outcome, prevalence)
    risk = None if model.risk is None else model.risk[rows]
    shown = score if risk is None else risk
    chosen = thresholds or weighted_quantiles(shown, weights, np.array(_TOP))
    false_positive, true_positive = roc(score, outcome)
    curves: dict[str, list[dict[str, Any]]] = {
        "roc": [
            {"false_positive_rate": float(a), "true_positive_rate": float(b)}
            for a, b in zip(false_positive, true_positive, strict=True)
        ],
        "deciles": list(deciles(score, outcome, prevalence)),
        "thresholds": list(at_thresholds(shown, outcome, list(chosen), prevalence)),
    }
    if risk is not None:
        curves["calibration"] = list(curve(risk, outcome, prevalence))
        curves["decision"] = list(decision_curve(risk, outcome, _grid(risk, weights), prevalence))
    return curves


def _grid(risk: Array, weights: Array) -> list[float]:
    """Thresholds for the decision curve: from 0 to just above what the population reaches."""
    top = float(weighted_quantiles(risk, weights, np.array([0.995]))[0])
    return [float(t) for t in np.linspace(0, min(0.99, max(top, 0.01)), 81)[1:]]


def _compared(
    models: Sequence[Prediction], y: Array, labels: Mapping[str, Mask]
) -> list[dict[str, Any]]:
    """Every two models, in the people both have scored."""
    rows = []
    for first, second in combinations(models, 2):
        both = ~np.isnan(y) & ~np.isnan(first.score) & ~np.isnan(second.score)
        for group, members in labels.items():
            own = both & members
            if own.sum() < _FEWEST or np.ptp(y[own]) == 0:
                continue
            areas = delong(np.vstack([first.score[own], second.score[own]]), y[own])
            difference, low, high, z, p = areas.compare(0, 1)
            rows.append(
                {"first": first.name, "second": second.name, "group": group,
                 "difference": difference, "low": low, "high": high, "z": z, "p": p,
                 "n": int(own.sum())}
            )  # fmt: skip
    return rows
