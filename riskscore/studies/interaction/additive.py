"""Interaction on the additive scale, from a logistic regression: RERI, AP and S.

Rothman's measures with Hosmer and Lemeshow's intervals by the delta method (Epidemiology 1992,
3:452). With ``OR10``, ``OR01`` and ``OR11`` against those with neither exposure:
``RERI = OR11 - OR10 - OR01 + 1``, ``AP = RERI / OR11``, ``S = (OR11 - 1) / (OR10 + OR01 - 2)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from riskscore.arrays import Array
from riskscore.models.terms import Z95

_NAN = float("nan")
MEASURES = ("RERI", "AP", "S")


@dataclass(frozen=True)
class Additive:
    """An additive measure: no interaction is RERI = 0, AP = 0, S = 1. ``p`` is of that."""

    measure: str
    estimate: float
    low: float
    high: float
    p: float


def point_estimates(beta: Array) -> tuple[float, float, float]:
    """RERI, AP and S of ``beta``: the two main effects and the product, as log odds ratios.

    S is nan where either exposure or both together lower the odds so far that it means nothing.

    >>> [round(x, 3) for x in point_estimates(np.log([2.0, 3.0, 1.5]))]
    [5.0, 0.556, 2.667]
    """
    one, two, both = np.exp(beta[0]), np.exp(beta[1]), np.exp(beta.sum())
    reri = both - one - two + 1
    joint, apart = both - 1, one + two - 2
    s = joint / apart if joint > 0 and apart > 0 else _NAN
    return float(reri), float(reri / both), float(s)


def additive(beta: Array, covariance: Array) -> tuple[Additive, Additive, Additive]:
    """RERI, AP and S with 95% intervals; that of S is made on the log scale.

    ``covariance`` is of the three entries of ``beta``, shape (3, 3).
    """
    reri, ap, s = point_estimates(beta)
    one, two, both = np.exp(beta[0]), np.exp(beta[1]), np.exp(beta.sum())
    of_reri = np.array([both - one, both - two, both])
    lacking = np.exp([-(beta[1] + beta[2]), -(beta[0] + beta[2]), -beta.sum()])
    of_ap = np.array(
        [lacking[1] - lacking[2], lacking[0] - lacking[2], lacking[0] + lacking[1] - lacking[2]]
    )
    excess = _wald("RERI", reri, of_reri, covariance)
    share = _wald("AP", ap, of_ap, covariance)
    if np.isnan(s):
        return excess, share, Additive("S", _NAN, _NAN, _NAN, _NAN)
    joint, apart = both - 1, one + two - 2
    of_log_s = np.array([both / joint - one / apart, both / joint - two / apart, both / joint])
    log_s = _wald("S", float(np.log(s)), of_log_s, covariance)
    with np.errstate(over="ignore"):
        low, high = float(np.exp(log_s.low)), float(np.exp(log_s.high))
    return excess, share, Additive("S", s, low, high, log_s.p)


def _wald(measure: str, estimate: float, gradient: Array, covariance: Array) -> Additive:
    se = float(gradient @ covariance @ gradient) ** 0.5
    return Additive(
        measure, estimate, estimate - Z95 * se, estimate + Z95 * se,
        2 * float(norm.sf(abs(estimate) / se)),
    )  # fmt: skip
