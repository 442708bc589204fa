"""How much of the outcome a score explains, and its odds ratios: per SD, by decile."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from riskscore.arrays import Array
from riskscore.models.terms import Z95
from riskscore.studies.evaluation.calibration import sampling_weights, weighted_quantiles
from riskscore.studies.regression import logistic, max_loglik

_MIDDLE = (5, 6)  # the deciles that the others are compared with


def nagelkerke(score: Array, y: Array) -> float:
    """Nagelkerke's R2 of a logistic regression on the score (Biometrika 1991, 78:691).

    It depends on the share of cases in the sample.
    """
    n, cases = len(y), float(y.sum())
    alone = cases * np.log(cases / n) + (n - cases) * np.log1p(-cases / n)
    x = (score - score.mean()) / score.std()
    gain = max_loglik(y, x[:, None]) - alone
    return float(-np.expm1(-2 * gain / n) / -np.expm1(2 * alone / n))


def liability_r2(observed: float, prevalence: float, share: float) -> float:
    """R2 on the liability scale from the linear R2 of a 0/1 outcome, corrected for ascertainment.

    ``observed`` is the squared correlation of score and outcome in a sample with ``share`` of
    cases; ``prevalence`` is the population's (Lee, Goddard, Wray and Visscher, Genet Epidemiol
    2012, 36:214, equation 15).

    >>> round(liability_r2(0.06, 0.05, 0.05), 7)
    0.2679337
    """
    k, p = prevalence, share
    threshold = -float(norm.ppf(k))
    height = float(norm.pdf(threshold))
    mean = height / k  # liability of cases
    pull = mean * (p - k) / (1 - k)
    theta = pull * (pull - threshold)
    c = (k * (1 - k) / height) ** 2 / (p * (1 - p))
    return observed * c / (1 + observed * theta * c)


def linear_r2(score: Array, y: Array) -> float:
    """The squared correlation of score and outcome."""
    return float(np.corrcoef(score, y)[0, 1] ** 2)


def odds_ratio_per_sd(score: Array, y: Array) -> tuple[float, float, float, float]:
    """Odds ratio for one SD of the score among controls, its 95% interval, and p."""
    spread = float(score[y == 0].std(ddof=1)) or float(score.std(ddof=1))
    fit = logistic(y, (score / spread)[:, None], ("score",))
    ratio, low, high = (float(np.exp(x[1])) for x in (fit.beta, fit.low, fit.high))
    return ratio, low, high, float(fit.p[1])


def deciles(score: Array, y: Array, prevalence: float | None = None) -> list[dict[str, float]]:
    """Odds ratio of each tenth of the population by score, against its middle (tenths 5 and 6).

    Intervals are Woolf's (Ann Hum Genet 1955, 19:251); nan where a tenth has no case or control.
    """
    cuts = weighted_quantiles(score, sampling_weights(y, prevalence), np.arange(1, 10) / 10)
    own = np.searchsorted(cuts, score, side="left") + 1
    middle = np.isin(own, _MIDDLE)
    a0, b0 = float(y[middle].sum()), float((1 - y)[middle].sum())
    rows = []
    for decile in range(1, 11):
        here = own == decile
        a, b = float(y[here].sum()), float((1 - y)[here].sum())
        ratio = low = high = float("nan")
        if decile in _MIDDLE:
            ratio = 1.0
        elif min(a, b, a0, b0) > 0:
            ratio = a * b0 / (b * a0)
            se = (1 / a + 1 / b + 1 / a0 + 1 / b0) ** 0.5
            low, high = ratio * float(np.exp(-Z95 * se)), ratio * float(np.exp(Z95 * se))
        rows.append(
            {"decile": decile, "odds_ratio": ratio, "low": low, "high": high, "n": a + b,
             "cases": a, "score_from": float(score[here].min()) if here.any() else float("nan"),
             "score_to": float(score[here].max()) if here.any() else float("nan")}
        )  # fmt: skip
    return rows
