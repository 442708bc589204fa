"""One linear regression, of a quantitative trait, by ordinary least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, t

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.studies.regression import INTERCEPT, Errors, Regression, check_design


def linear(
    y: Array, columns: Array, names: Sequence[str], *, errors: Errors = "model"
) -> Regression:
    """Regress ``y``, shape (n,), on ``columns``, shape (n, k), which have ``names``.

    ``beta`` are in units of y; p-values and 95% intervals are of Student's t. ``errors`` are the
    model's own, or robust (the sandwich of Huber and White, HC0, with the normal distribution).

    Raises FewPeopleError, or NoVariationError for columns that are constant or repeat each other.

    >>> fit = linear(np.array([1.0, 2, 4, 5]), np.array([[0.0], [1], [2], [3]]), ["x"])
    >>> fit.beta.round(6).tolist()
    [0.9, 1.4]
    """
    if errors not in ("model", "robust"):
        raise UsageError(f"no kind of errors {errors!r}", fix="use model or robust")
    y, columns = np.asarray(y, float), np.asarray(columns, float).reshape(len(y), len(names))
    check_design(columns, names)
    design = np.column_stack([np.ones(len(y)), columns])
    inverse = np.linalg.inv(design.T @ design)
    beta = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
    residual = y - design @ beta
    free = len(y) - design.shape[1]
    if errors == "robust":
        covariance = inverse @ (design.T * residual**2) @ design @ inverse
        reach, tail = float(norm.isf(0.025)), norm.sf
    else:
        covariance = inverse * float(residual @ residual) / free
        reach, tail = float(t.isf(0.025, free)), lambda z: t.sf(z, free)
    se = np.sqrt(np.diag(covariance))
    p = np.asarray(2 * tail(np.abs(beta / se)), dtype=np.float64)
    return Regression(
        (INTERCEPT, *names), beta, covariance, beta - reach * se, beta + reach * se,
        p, _loglik(float(residual @ residual), len(y)), len(y), 0, "least squares",
    )  # fmt: skip


def max_linear_loglik(y: Array, columns: Array) -> float:
    """The highest log-likelihood of a linear regression with normal errors."""
    design = np.column_stack([np.ones(len(y)), columns])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return _loglik(float(residual @ residual), len(y))


def _loglik(squares: float, n: int) -> float:
    return -n / 2 * (float(np.log(2 * np.pi * squares / n)) + 1)
