"""Linear regression of a quantitative trait, by ordinary least squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.studies.regression import (
    INTERCEPT,
    Errors,
    Regression,
    check_design,
    with_intercept,
)


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
    kind = {"cov_type": "HC0", "use_t": False} if errors == "robust" else {}
    found = _least_squares(y, columns, **kind)
    low, high = found.conf_int().T
    return Regression(
        (INTERCEPT, *names), found.params, found.cov_params(), low, high, found.pvalues,
        float(found.llf), len(y), 0, "least squares",
    )  # fmt: skip


def max_linear_loglik(y: Array, columns: Array) -> float:
    """The highest log-likelihood of a linear regression with normal errors."""
    return float(_least_squares(y, columns).llf)


def _least_squares(y: Array, columns: Array, **kind: Any) -> Any:
    from statsmodels.regression.linear_model import OLS

    return OLS(y, with_intercept(columns)).fit(**kind)
