"""The logistic link."""

from __future__ import annotations

import math

import numpy as np

from riskscore.arrays import Array


def expit(x: Array) -> Array:
    """The logistic function 1 / (1 + exp(-x)), safe for large arguments.

    >>> expit(np.array([0.0, -800.0, 800.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def odds_ratio(log_odds: Array) -> Array:
    """Exp of log odds; infinite past the largest number there is.

    >>> odds_ratio(np.array([0.0, 800.0])).tolist()
    [1.0, inf]
    """
    with np.errstate(over="ignore"):
        return np.exp(log_odds)


def logit(p: float) -> float:
    """The log odds of a probability.

    >>> logit(0.5)
    0.0
    """
    return math.log(p / (1 - p))
