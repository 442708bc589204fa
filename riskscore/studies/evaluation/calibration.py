"""Calibration of risks: Brier score, intercept, slope and curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import chi2

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.models.terms import Z95
from riskscore.scoring.link import logit
from riskscore.studies.evaluation.discrimination import wilson
from riskscore.studies.regression import Regression, logistic

_GROUPS = 10
_LIMIT = 1e-12  # risks of exactly 0 or 1 have no logit


def check_share(prevalence: float) -> None:
    """Refuse a prevalence that is not between 0 and 1."""
    if not 0 < prevalence < 1:
        raise UsageError(f"a prevalence of {prevalence:g} is not between 0 and 1")


def sampling_offset(y: Array, prevalence: float | None) -> float:
    """What is added to log odds by sampling cases and controls at different rates."""
    if prevalence is None:
        return 0.0
    check_share(prevalence)
    return logit(float(y.mean())) - logit(prevalence)


def sampling_weights(y: Array, prevalence: float | None) -> Array:
    """Weights, of mean 1, that make the share of cases the population's."""
    if prevalence is None:
        return np.ones(len(y))
    check_share(prevalence)
    share = float(y.mean())
    return np.where(y == 1, prevalence / share, (1 - prevalence) / (1 - share))


def logits(risk: Array) -> Array:
    """Log odds of risks, finite for 0 and 1 too."""
    kept = np.clip(risk, _LIMIT, 1 - _LIMIT)
    return np.asarray(np.log(kept) - np.log1p(-kept))


@dataclass(frozen=True)
class CalibrationIntercept:
    """The calibration intercept with the slope held at 1, its standard error and 95% interval."""

    estimate: float
    se: float

    @property
    def interval(self) -> tuple[float, float]:
        return self.estimate - Z95 * self.se, self.estimate + Z95 * self.se


@dataclass(frozen=True)
class CalibrationFits:
    """The calibration regressions: on the log odds, and with them as an offset."""

    slope: Regression
    level: CalibrationIntercept
    moved: float


def calibration_fits(risk: Array, y: Array, prevalence: float | None = None) -> CalibrationFits:
    """Regress the outcome on the log odds of the risks (Cox, Biometrika 1958, 45:562).

    In a case-control sample the intercept of ``level`` is the population's: cases and controls
    are weighted to their shares there. ``slope`` is the regression of the sample itself, whose
    slope is the population's where the log odds are linear in the score (Prentice and Pyke,
    Biometrika 1979, 66:403); ``moved`` is what the sampling added to its intercept.
    """
    lp, moved = logits(risk), sampling_offset(y, prevalence)
    slope = logistic(y, lp[:, None], ("slope",), method="maximum_likelihood")
    return CalibrationFits(slope, _level(lp, y, prevalence), moved)


def _level(lp: Array, y: Array, prevalence: float | None) -> CalibrationIntercept:
    """Solve sum of w (y - expit(a + lp)) = 0 for a.

    Without a prevalence the standard error is the model's. With one it is the sandwich
    estimate for fixed numbers of cases and controls, within which the scores vary.
    """
    weights = sampling_weights(y, prevalence)

    def excess(a: float) -> float:
        return float(weights @ (expit(a + lp) - y))

    # At the ends every risk lies to one side of every outcome's share.
    reach = float(np.abs(lp).max()) + abs(logit(float(np.average(y, weights=weights))))
    level = float(brentq(excess, -reach - 1, reach + 1, xtol=1e-13, rtol=1e-14))
    risk = expit(level + lp)
    information = float(weights @ (risk * (1 - risk)))
    if prevalence is None:
        return CalibrationIntercept(level, information**-0.5)
    scores = weights * (y - risk)
    return CalibrationIntercept(level, _stratified(scores, y) ** 0.5 / information)


def _stratified(values: Array, y: Array) -> float:
    """The variance of a sum over a sample of fixed numbers of cases and of controls."""
    return sum(
        len(own) * float(np.var(own, ddof=1))
        for own in (values[y == 1], values[y == 0])
        if len(own) > 1
    )


def groups_of(risk: Array) -> NDArray[np.int64]:
    """The tenth of the people each belongs to by risk; equal risks stay together."""
    edges = np.unique(np.quantile(risk, np.arange(1, _GROUPS) / _GROUPS))
    return np.asarray(np.searchsorted(edges, risk, side="left"))


@dataclass(frozen=True)
class Brier:
    """The Brier score in Murphy's parts: ``reliability - resolution + uncertainty + within``.

    ``within`` is what grouping the risks in tenths leaves over (J Appl Meteorol 1973, 12:595).
    """

    score: float
    low: float
    high: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier(risk: Array, y: Array, prevalence: float | None = None) -> Brier:
    """The mean squared error of the risks, in the population if ``prevalence`` is given."""
    weights = sampling_weights(y, prevalence)
    squares = (risk - y) ** 2
    score = float(np.average(squares, weights=weights))
    variance = float(np.var(squares, ddof=1)) / len(y)
    if prevalence is not None:
        variance = _stratified(weights * squares, y) / len(y) ** 2
    group, overall = groups_of(risk), float(np.average(y, weights=weights))
    total = np.bincount(group, weights)
    seen = total > 0
    share = total[seen] / total.sum()
    forecast = np.bincount(group, weights * risk)[seen] / total[seen]
    observed = np.bincount(group, weights * y)[seen] / total[seen]
    reliability = float(share @ (forecast - observed) ** 2)
    resolution = float(share @ (observed - overall) ** 2)
    uncertainty = overall * (1 - overall)
    reach = Z95 * variance**0.5
    return Brier(
        score, max(0.0, score - reach), score + reach, reliability, resolution, uncertainty,
        score - (reliability - resolution + uncertainty),
    )  # fmt: skip


def hosmer_lemeshow(risk: Array, y: Array) -> tuple[float, int, float]:
    """Chi-squared, degrees of freedom and p over tenths of risk.

    Shown for comparison with older papers: it depends on the grouping, and says neither how far
    risks are off nor where (Hosmer and Lemeshow, Commun Stat 1980, 9:1043). The degrees of freedom
    are those of risks that were not fitted in these people, for which two are taken off.
    """
    group = groups_of(risk)
    n = np.bincount(group)
    seen = n > 0
    n, observed = n[seen], np.bincount(group, y)[seen]
    expected = np.bincount(group, risk)[seen]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = float(((observed - expected) ** 2 / (expected * (1 - expected / n))).sum())
    return statistic, len(n), float(chi2.sf(statistic, len(n)))


def observed_to_expected(
    risk: Array, y: Array, prevalence: float | None
) -> tuple[float, float, float]:
    """Cases observed over cases expected, with its 95% interval on the log scale.

    In a case-control sample both are the population's: the observed share is the ``prevalence``,
    taken as known, and the expected one the mean risk of cases and controls weighted to their
    shares there, whose error the interval has.
    """
    weights = sampling_weights(y, prevalence)
    cases, expected = float(weights @ y), float(weights @ risk)
    if prevalence is None:
        se = ((1 - cases / len(y)) / cases) ** 0.5
    else:
        se = _stratified(weights * risk, y) ** 0.5 / expected
    ratio = cases / expected
    return ratio, ratio * float(np.exp(-Z95 * se)), ratio * float(np.exp(Z95 * se))


def curve(risk: Array, y: Array, prevalence: float | None) -> list[dict[str, float | str]]:
    """The calibration curve: observed against predicted risk, in tenths and as a smooth line.

    The smooth line is a logistic regression on a restricted cubic spline of the log odds, with
    three knots. Rows have ``kind`` group or smooth, predicted, observed, low, high, n and cases;
    risks are the population's.
    """
    moved = sampling_offset(y, prevalence)
    rows: list[dict[str, float | str]] = []
    group = groups_of(risk)
    for g in np.unique(group):
        own = group == g
        hits, n = float(y[own].sum()), int(own.sum())
        weights = sampling_weights(y, prevalence)[own]
        shares = zip(("observed", "low", "high"), (hits / n, *wilson(hits, n)), strict=True)
        rows.append(
            {"kind": "group", "predicted": float(np.average(risk[own], weights=weights)),
             **{name: _moved_back(share, moved) for name, share in shares}, "n": n, "cases": hits}
        )  # fmt: skip
    return rows + _smooth(risk, y, moved)


def _moved_back(share: float, moved: float) -> float:
    """A share of the sample as a risk in the population."""
    return share if share in (0.0, 1.0) else float(expit(logit(share) - moved))


def _smooth(risk: Array, y: Array, moved: float) -> list[dict[str, float | str]]:
    fitted = _fitted_curve(risk, y)
    if fitted is None:
        return []
    fit, knots = fitted
    low, high = np.quantile(logits(risk), (0.01, 0.99))
    at = np.linspace(low, high, 60)
    design = _curve_design(at, knots)
    center = design @ fit.beta - moved
    reach = Z95 * np.sqrt(np.einsum("ij,jk,ik->i", design, fit.covariance, design))
    nothing = float("nan")
    return [
        {"kind": "smooth", "predicted": float(p), "observed": float(o), "low": float(a),
         "high": float(b), "n": nothing, "cases": nothing}
        for p, o, a, b in zip(
            expit(at), expit(center), expit(center - reach), expit(center + reach), strict=True
        )
    ]  # fmt: skip


def distances(risk: Array, y: Array, prevalence: float | None = None) -> dict[str, float]:
    """How far risks lie from the smooth calibration curve, over the people of the population.

    ``ici`` is the mean distance (the integrated calibration index), ``e90`` its 90th percentile
    and ``emax`` its maximum (Austin and Steyerberg, Stat Med 2019, 38:4051), on the scale of
    risks. Empty where there are too few people for a curve.
    """
    fitted = _fitted_curve(risk, y)
    if fitted is None:
        return {}
    fit, knots = fitted
    smooth = expit(_curve_design(logits(risk), knots) @ fit.beta - sampling_offset(y, prevalence))
    away, weights = np.abs(smooth - risk), sampling_weights(y, prevalence)
    return {
        "ici": float(np.average(away, weights=weights)),
        "e90": float(weighted_quantiles(away, weights, np.array([0.9]))[0]),
        "emax": float(away.max()),
    }


def _fitted_curve(risk: Array, y: Array) -> tuple[Regression, Array] | None:
    """The regression on the spline, and its knots; None where people or risks are too few."""
    lp = logits(risk)
    knots = np.quantile(lp, (0.1, 0.5, 0.9))
    if len(np.unique(knots)) < 3 or y.sum() < 20 or (1 - y).sum() < 20:
        return None
    return logistic(y, _spline(lp, knots), ("linear", "bent")), knots


def _curve_design(lp: Array, knots: Array) -> Array:
    return np.column_stack([np.ones(len(lp)), _spline(lp, knots)])


def weighted_quantiles(x: Array, weights: Array, shares: Array) -> Array:
    """The values below which these shares of the weight lie.

    >>> weighted_quantiles(np.array([1.0, 2, 3, 4]), np.ones(4), np.array([0.5]))
    array([2.])
    """
    order = np.argsort(x, kind="stable")
    cumulated = np.cumsum(weights[order]) / weights.sum()
    return np.asarray(x[order][np.searchsorted(cumulated, shares - 1e-12)])


def _spline(x: Array, knots: Array) -> Array:
    """Harrell's restricted cubic spline with three knots: x, and one bend, straight outside."""
    a, b, c = knots

    def cube(v: Array) -> Array:
        return np.maximum(v, 0) ** 3

    bend = cube(x - a) - cube(x - b) * (c - a) / (c - b) + cube(x - c) * (b - a) / (c - b)
    return np.column_stack([x, bend / (c - a) ** 2])
