"""Decisions by risk: net benefit, sensitivity, specificity, predictive values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit

from riskscore.arrays import Array
from riskscore.models.terms import Z95
from riskscore.scoring.link import logit
from riskscore.studies.evaluation.discrimination import wilson

Row = dict[str, float]


def decision_curve(
    risk: Array, y: Array, thresholds: Sequence[float], prevalence: float | None = None
) -> list[Row]:
    """Net benefit of acting on risks of at least each threshold, against acting on all or none.

    ``benefit = K sens - (1 - K) (1 - spec) t / (1 - t)`` at prevalence K and threshold t (Vickers
    and Elkin, Med Decis Making 2006, 26:565), per person, with a 95% interval; K is the sample's
    share of cases unless the population's is given.
    """
    n1, n0 = float(y.sum()), float((1 - y).sum())
    k = n1 / (n1 + n0) if prevalence is None else prevalence
    rows = []
    for t in thresholds:
        odds = t / (1 - t)
        positive = risk >= t
        sens, fpr = float(positive[y == 1].mean()), float(positive[y == 0].mean())
        benefit = k * sens - (1 - k) * fpr * odds
        if prevalence is None:
            gain = np.where(y == 1, 1.0, -odds) * positive
            variance = float(np.var(gain)) / len(y)
        else:
            variance = (k**2 * sens * (1 - sens) / n1) + (
                ((1 - k) * odds) ** 2 * fpr * (1 - fpr) / n0
            )
        reach = Z95 * variance**0.5
        rows.append(
            {
                "threshold": float(t),
                "net_benefit": benefit,
                "low": benefit - reach,
                "high": benefit + reach,
                "treat_all": k - (1 - k) * odds,
                "treat_none": 0.0,
                "true_positive_rate": k * sens,
                "false_positive_rate": (1 - k) * fpr,
            }
        )
    return rows


def at_thresholds(
    score: Array, y: Array, thresholds: Sequence[float], prevalence: float | None = None
) -> list[Row]:
    """Sensitivity, specificity, PPV and NPV, with 95% intervals, of scores at least a threshold.

    Sensitivity and specificity have Wilson's interval. The predictive values are for the stated
    ``prevalence``, with the interval of Mercaldo, Lau and Zhou (Stat Med 2007, 26:2170); without
    one they are the sample's, which are valid in a cohort only.
    """
    n1, n0 = float(y.sum()), float((1 - y).sum())
    rows = []
    for t in thresholds:
        positive = score >= t
        hits, false = float(positive[y == 1].sum()), float(positive[y == 0].sum())
        sens, spec = hits / n1, 1 - false / n0
        row = {"threshold": float(t), "share_above": float(positive.mean())}
        row |= _with("sensitivity", sens, wilson(hits, n1))
        row |= _with("specificity", spec, wilson(n0 - false, n0))
        if prevalence is None:
            positives = hits + false
            negatives = n1 + n0 - positives
            ppv = hits / positives if positives else float("nan")
            npv = (n0 - false) / negatives if negatives else float("nan")
            row |= _with("ppv", ppv, wilson(hits, positives))
            row |= _with("npv", npv, wilson(n0 - false, negatives))
        else:
            k = prevalence
            row["share_above"] = k * sens + (1 - k) * (1 - spec)
            row |= _predictive("ppv", k * sens, (1 - k) * (1 - spec), (sens, n1), (1 - spec, n0))
            row |= _predictive("npv", (1 - k) * spec, k * (1 - sens), (spec, n0), (1 - sens, n1))
        rows.append(row)
    return rows


def _with(name: str, value: float, interval: tuple[float, float]) -> Row:
    return {name: value, f"{name}_low": interval[0], f"{name}_high": interval[1]}


def _predictive(
    name: str, right: float, wrong: float, one: tuple[float, float], other: tuple[float, float]
) -> Row:
    """A predictive value right / (right + wrong) and its interval on the logit scale."""
    if right + wrong == 0:
        return _with(name, float("nan"), (float("nan"), float("nan")))
    value = right / (right + wrong)
    if not 0 < value < 1:
        return _with(name, value, (float("nan"), float("nan")))
    se = sum((1 - share) / (share * n) for share, n in (one, other)) ** 0.5
    center = logit(value)
    return _with(name, value, (float(expit(center - Z95 * se)), float(expit(center + Z95 * se))))
