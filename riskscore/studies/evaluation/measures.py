"""The measures of one score in one group of people, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import NoVariationError, StudyError
from riskscore.studies.evaluation.calibration import (
    brier,
    calibration_fits,
    distances,
    hosmer_lemeshow,
    logits,
    observed_to_expected,
    sampling_offset,
    sampling_weights,
)
from riskscore.studies.evaluation.discrimination import average_precision, delong
from riskscore.studies.evaluation.explained import (
    liability_r2,
    linear_r2,
    nagelkerke,
    odds_ratio_per_sd,
)
from riskscore.studies.evaluation.gain import gain

Row = dict[str, Any]
_NAN = float("nan")
_FITTED = "fitted in these people"
_NESTED = "DeLong; near no gain the interval is not to be trusted (Demler 2012): see gain_p"
_NRI = "continuous; rises for useless scores in models that fit badly (Hilden and Gerds 2014)"
_HL = "depends on the grouping; look at the intercept, slope and curve"


@dataclass(frozen=True)
class MeasureOptions:
    """What every measure of an evaluation shares."""

    prevalence: float | None
    bootstrap: int
    seed: int


def measures(score: Array, risk: Array | None, y: Array, settings: MeasureOptions) -> list[Row]:
    """Every measure as a row: measure, estimate, low, high, note.

    Raises NoVariationError for a score that is the same in everyone.
    """
    k = settings.prevalence
    if np.ptp(score) == 0:
        raise NoVariationError("the score is the same in everyone")
    ratio, low, high, _ = odds_ratio_per_sd(score, y)
    areas = delong(score, y)
    rows = [_row("auc", float(areas.auc[0]), areas.interval())]
    rows.append(_resampled("average_precision", _precision(k), score, y, settings))
    rows.append(_row("odds_ratio_per_sd", ratio, (low, high), "SD among controls"))
    rows.append(_resampled("nagelkerke_r2", nagelkerke, score, y, settings))
    if k is not None:
        rows.append(_resampled("liability_r2", _liability(k), score, y, settings))
    if risk is not None:
        rows += _calibration(risk, y, k)
    return rows


def gain_measures(score: Array, covariates: Array, y: Array) -> list[Row]:
    """What the score adds to covariates, one row for each measure, each with its own n and cases.

    Raises FewPeopleError where too few people have all covariates.
    """
    found = gain(score, covariates, y)
    difference, low, high, _, _ = found.areas.compare(1, 0)
    nri = found.reclassification
    rows = [
        _row("auc_covariates", float(found.areas.auc[0]), found.areas.interval(0), _FITTED),
        _row("auc_with_covariates", float(found.areas.auc[1]), found.areas.interval(1), _FITTED),
        _row("auc_gain", difference, (low, high), _NESTED),
        _row("gain_p", found.p, note="likelihood ratio of the score given the covariates"),
        _row("nri", nri.nri, (nri.low, nri.high), _NRI),
        _row("nri_cases", nri.cases, note="part of nri"),
        _row("nri_controls", nri.controls, note="part of nri"),
    ]
    return [{**row, "n": found.n, "cases": found.cases} for row in rows]


def _precision(prevalence: float | None) -> Callable[[Array, Array], float]:
    return lambda s, y: average_precision(s, y, sampling_weights(y, prevalence))


def _liability(prevalence: float) -> Callable[[Array, Array], float]:
    return lambda s, y: liability_r2(linear_r2(s, y), prevalence, float(y.mean()))


def unmeasured(measure: str, note: str) -> Row:
    """The row of a measure that has no number, with the reason."""
    return _row(measure, _NAN, note=note)


def _row(
    measure: str, estimate: float, interval: tuple[float, float] = (_NAN, _NAN), note: str = ""
) -> Row:
    low, high = interval
    return {"measure": measure, "estimate": estimate, "low": low, "high": high, "note": note}


def _resampled(
    measure: str,
    statistic: Callable[[Array, Array], float],
    score: Array,
    y: Array,
    settings: MeasureOptions,
) -> Row:
    """A measure with the percentile interval of resamples within cases and within controls."""
    estimate = statistic(score, y)
    if not settings.bootstrap:
        return _row(measure, estimate, note="no interval without a bootstrap")
    rng = np.random.default_rng(settings.seed)
    cases, controls = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    values = []
    for _ in range(settings.bootstrap):
        drawn = np.concatenate([rng.choice(cases, len(cases)), rng.choice(controls, len(controls))])
        if np.ptp(score[drawn]) > 0:
            values.append(statistic(score[drawn], y[drawn]))
    low, high = np.quantile(values, (0.025, 0.975))
    return _row(measure, estimate, (float(low), float(high)), f"bootstrap, {len(values)} resamples")


def _calibration(risk: Array, y: Array, prevalence: float | None) -> list[Row]:
    """Brier score and its parts, calibration regressions, observed over expected."""
    parts = brier(risk, y, prevalence)
    rows = [_row("brier", parts.score, (parts.low, parts.high))]
    for name in ("reliability", "resolution", "uncertainty", "within"):
        rows.append(_row(f"brier_{name}", getattr(parts, name), note="part of brier"))
    skill = 1 - parts.score / parts.uncertainty
    rows.append(_row("brier_skill", skill, note="1 - brier / uncertainty"))
    ratio, low, high = observed_to_expected(risk, y, prevalence)
    rows.append(_row("observed_to_expected", ratio, (low, high)))
    try:
        fits = calibration_fits(risk, y, prevalence)
        level, slope = fits.level, fits.slope
        held, ends = "with the slope held at 1", (float(slope.low[1]), float(slope.high[1]))
        rows.append(_row("calibration_intercept", level.estimate, level.interval, held))
        rows.append(_row("calibration_slope", float(slope.beta[1]), ends))
    except StudyError as error:
        for name in ("calibration_intercept", "calibration_slope"):
            rows.append(unmeasured(name, error.what))
    for name, distance in distances(risk, y, prevalence).items():
        rows.append(_row(name, distance, note="distance of risks from the smooth curve"))
    moved = 1 / (1 + np.exp(-(logits(risk) + sampling_offset(y, prevalence))))
    statistic, df, p = hosmer_lemeshow(moved, y)
    rows.append(_row("hosmer_lemeshow_p", p, note=f"chi2 {statistic:.2f}, {df} df; {_HL}"))
    return rows
