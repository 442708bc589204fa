"""Logistic regression: maximum likelihood by statsmodels, or Firth's where that is infinite.

Maximum likelihood gives no finite estimate when a column separates cases from controls. Firth's
penalty (Biometrika 1993, 80:27) does, and with it the p-value is of the penalised likelihood ratio
and the interval of its profile, as Heinze and Schemper advise (Stat Med 2002, 21:2409).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit
from scipy.stats import chi2, norm

from riskscore.arrays import Array
from riskscore.distribution import extra
from riskscore.errors import FewPeopleError, NoVariationError, SeparationError, UsageError
from riskscore.models.terms import Z95
from riskscore.scoring.link import logit

Method = Literal["auto", "maximum_likelihood", "firth"]
Errors = Literal["model", "robust"]

INTERCEPT = "intercept"
_WIDE = 30.0  # a standard error per SD of its column that only separation gives
_TOLERANCES = (1e-6, 1e-4)  # of Firth's method, the finer tried first
_CERTAIN = 1e-7  # separation is looked for where a fitted probability is this near 0 or 1


@dataclass(frozen=True)
class Regression:
    """A fitted logistic regression; arrays have one entry for each name, the intercept first.

    ``beta`` are natural log odds ratios. ``infinite`` names the columns that have no finite
    maximum-likelihood estimate. ``loglik`` is Firth's penalised one when ``method`` is "firth".
    """

    names: tuple[str, ...]
    beta: Array
    covariance: Array
    low: Array
    high: Array
    p: Array
    loglik: float
    n: int
    cases: int
    method: str
    infinite: tuple[str, ...] = ()

    @property
    def se(self) -> Array:
        return np.sqrt(np.diag(self.covariance))

    def at(self, name: str) -> int:
        return self.names.index(name)


def logistic(
    y: Array,
    columns: Array,
    names: Sequence[str],
    *,
    method: Method = "auto",
    errors: Errors = "model",
    weights: Array | None = None,
    of_interest: Sequence[str] | None = None,
) -> Regression:
    """Regress ``y`` (0 or 1, shape (n,)) on ``columns`` (shape (n, k)), which have ``names``.

    ``errors`` are the model's own, or robust (the sandwich of Huber and White, HC0). ``weights``
    count how often a row was seen. ``auto`` turns to Firth's method where a maximum-likelihood
    estimate is infinite. Firth's profile intervals are worked out for ``of_interest`` (default:
    all).

    Raises FewPeopleError, NoVariationError for columns that are constant or repeat each other, and
    SeparationError when ``method`` is maximum_likelihood and the estimate is infinite.

    >>> y = np.array([0.0, 0, 1, 0, 1, 1, 0, 1])
    >>> x = np.array([[0.0], [0], [0], [0], [1], [1], [1], [1]])
    >>> fit = logistic(y, x, ["exposed"])
    >>> round(float(np.exp(fit.beta[1])), 6)  # (3 x 3) / (1 x 1)
    9.0
    """
    y, columns = np.asarray(y, float), np.asarray(columns, float).reshape(len(y), len(names))
    if method not in ("auto", "maximum_likelihood", "firth"):
        raise UsageError(f"no method {method!r}", fix="use auto, maximum_likelihood or firth")
    if errors not in ("model", "robust"):
        raise UsageError(f"no kind of errors {errors!r}", fix="use model or robust")
    if method == "firth" and errors != "model":
        raise UsageError("Firth's method has no robust errors", fix="leave one of the two out")
    check_design(columns, names, weights)
    labels = (INTERCEPT, *names)
    infinite: tuple[str, ...] = ()
    if method != "firth":
        result = _estimate(y, with_intercept(columns), errors, weights)
        infinite = _infinite(y, columns, labels, result, weights)
        if infinite and method == "maximum_likelihood":
            raise SeparationError(
                f"cases and controls are separated, so that {', '.join(infinite)} would be "
                "infinite",
                fix="use Firth's method (method='firth'), or leave the column out",
            )
        if not infinite:
            return _from_estimate(result, labels, y, weights)
    return _firth(y, columns, labels, weights, of_interest, infinite)


def check_design(columns: Array, names: Sequence[str], weights: Array | None = None) -> None:
    """Refuse columns that are constant or repeat each other, and fewer rows than estimates."""
    seen = columns if weights is None else columns[weights > 0]
    n = len(seen) if weights is None else float(weights.sum())
    if n < columns.shape[1] + 2:
        raise FewPeopleError(
            f"{n:.0f} people are too few for {columns.shape[1]} columns and an intercept"
        )
    spread = np.ptp(seen, axis=0) if seen.size else np.empty(0)
    constant = [name for name, s in zip(names, spread, strict=True) if s == 0]
    if constant:
        raise NoVariationError(
            f"{', '.join(constant)} is the same in everyone", fix="leave the column out"
        )
    centred = (seen - seen.mean(axis=0)) / seen.std(axis=0) if seen.size else seen
    tolerance = 1e-8 * len(seen)
    if columns.shape[1] and np.linalg.matrix_rank(centred, tolerance) < len(names):
        kept = independent(centred[:, :0], centred, tolerance)
        repeated = [j for j in range(len(names)) if j not in kept]
        shares = np.linalg.lstsq(centred[:, kept], centred[:, repeated[0]], rcond=None)[0]
        parts = [names[j] for j, share in zip(kept, shares, strict=True) if abs(share) > 1e-6]
        raise NoVariationError(
            f"{', '.join(names[j] for j in repeated)} can be written as a sum of the other columns "
            f"in these people ({names[repeated[0]]} as one of {', '.join(parts)})",
            fix="leave one of them out, as the reference",
        )


def independent(base: Array, columns: Array, tolerance: float | None = None) -> list[int]:
    """The places of columns that are no sum of those of ``base`` and of those before them.

    ``tolerance`` is that of numpy's ``matrix_rank``.

    >>> independent(np.ones((3, 1)), np.array([[1.0, 0, 1], [0, 1, 1], [0, 1, 2]]))
    [0, 2]
    """
    kept: list[int] = []
    rank = int(np.linalg.matrix_rank(base, tolerance))
    for j in range(columns.shape[1]):
        trial = np.column_stack([base, columns[:, [*kept, j]]])
        if np.linalg.matrix_rank(trial, tolerance) > rank + len(kept):
            kept.append(j)
    return kept


def with_intercept(columns: Array) -> Array:
    """The columns after a column of ones."""
    return np.column_stack([np.ones(len(columns)), columns])


@dataclass(frozen=True)
class _Estimate:
    """The estimates of maximum likelihood, before it is known whether they converged."""

    beta: Array
    covariance: Array
    loglik: float
    converged: bool


def _estimate(y: Array, design: Array, errors: Errors, weights: Array | None) -> _Estimate:
    """Newton's method, which is quicker; iterated least squares for weights, or where it fails."""
    import statsmodels.tools.sm_exceptions  # noqa: F401  sets filters when it is first imported

    kind = "HC0" if errors == "robust" else "nonrobust"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the caller looks for separation itself
        if weights is None:
            found = _newton(y, design, kind)
            if found is not None and found.converged:
                return found
        return _least_squares(y, design, weights, kind)


def _newton(y: Array, design: Array, kind: str) -> _Estimate | None:
    from statsmodels.discrete.discrete_model import Logit

    start = np.zeros(design.shape[1])
    if 0 < y.mean() < 1:
        start[0] = logit(float(y.mean()))
    try:
        result = Logit(y, design).fit(
            start, disp=0, tol=1e-10, maxiter=35, cov_type=kind, warn_convergence=False
        )
        converged = bool(result.mle_retvals["converged"])
        covariance = np.asarray(result.cov_params())
    except (np.linalg.LinAlgError, ValueError):  # singular, as separation makes it
        return None
    return _Estimate(np.asarray(result.params), covariance, float(result.llf), converged)


def _least_squares(y: Array, design: Array, weights: Array | None, kind: str) -> _Estimate:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    result = GLM(y, design, family=Binomial(), freq_weights=weights).fit(
        maxiter=60, tol=1e-10, tol_criterion="params", cov_type=kind
    )
    covariance = np.asarray(result.cov_params())
    return _Estimate(
        np.asarray(result.params), covariance, float(result.llf), bool(result.converged)
    )


def _from_estimate(
    found: _Estimate, labels: tuple[str, ...], y: Array, weights: Array | None
) -> Regression:
    count = np.ones(len(y)) if weights is None else weights
    beta, se = found.beta, np.sqrt(np.diag(found.covariance))
    return Regression(
        labels, beta, found.covariance, beta - Z95 * se, beta + Z95 * se,
        2 * norm.sf(np.abs(beta / se)), found.loglik, round(float(count.sum())),
        round(float(count @ y)), "maximum likelihood",
    )  # fmt: skip


def _infinite(
    y: Array,
    columns: Array,
    labels: tuple[str, ...],
    result: _Estimate,
    weights: Array | None,
) -> tuple[str, ...]:
    """The names whose estimate is infinite, by Konis's linear programme.

    Solved only where the fit suggests it, as the programme is slow for many people.
    """
    with extra("studies"):
        from firthmodels import detect_separation

    beta = result.beta
    fitted = expit(beta[0] + columns @ beta[1:])
    scale = np.concatenate([[1.0], columns.std(axis=0)])
    se = np.sqrt(np.abs(np.diag(result.covariance)))
    calm = (
        result.converged
        and np.isfinite(se).all()
        and (se * scale < _WIDE).all()
        and np.minimum(fitted, 1 - fitted).min() > _CERTAIN
    )
    if calm or not columns.shape[1]:
        return ()
    rows = slice(None) if weights is None else weights > 0
    found = detect_separation(columns[rows], y[rows])
    finite = np.roll(found.is_finite, 1)  # the intercept is last there, first here
    return tuple(label for label, ok in zip(labels, finite, strict=True) if not ok)


def _firth(
    y: Array,
    columns: Array,
    labels: tuple[str, ...],
    weights: Array | None,
    of_interest: Sequence[str] | None,
    infinite: tuple[str, ...],
) -> Regression:
    with extra("studies"):
        from firthmodels import FirthLogisticRegression

    wanted = [j for j, name in enumerate(labels[1:]) if of_interest is None or name in of_interest]
    for tolerance in _TOLERANCES:
        model = FirthLogisticRegression(
            backend="numpy", max_iter=200, gtol=tolerance, xtol=tolerance
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                model.fit(columns, y, sample_weight=weights)
                model.lrt(wanted)
                profile = model.conf_int(method="pl", features=wanted, tol=tolerance, max_iter=200)
                break
            except (Warning, ValueError, np.linalg.LinAlgError) as error:
                failure = str(error)
    else:
        raise SeparationError(
            f"Firth's method did not converge ({failure})", fix="ask for fewer columns"
        )
    order = np.roll(np.arange(len(labels)), 1)  # the intercept is last there, first here
    beta = np.append(model.coef_, model.intercept_)[order]
    count = np.ones(len(y)) if weights is None else weights
    design = with_intercept(columns)
    fitted = expit(design @ beta)
    covariance = np.linalg.inv(design.T @ (design * (count * fitted * (1 - fitted))[:, None]))
    se = np.sqrt(np.diag(covariance))
    p, low, high = 2 * norm.sf(np.abs(beta / se)), beta - Z95 * se, beta + Z95 * se
    for j in wanted:
        p[j + 1] = model.lrt_pvalues_[j]
        low[j + 1], high[j + 1] = profile[j]
    return Regression(
        labels, beta, covariance, low, high, p, float(model.loglik_),
        round(float(count.sum())), round(float(count @ y)), "firth", infinite,
    )  # fmt: skip


def max_loglik(y: Array, columns: Array, weights: Array | None = None) -> float:
    """The highest log-likelihood of a logistic regression, its limit where cases are separated."""
    return _estimate(y, with_intercept(columns), "model", weights).loglik


def likelihood_ratio(smaller: float, larger: float, df: int) -> tuple[float, float]:
    """Chi-squared statistic and p-value of two nested log-likelihoods.

    >>> likelihood_ratio(-105.0, -105.0, 1)
    (0.0, 1.0)
    """
    statistic = max(0.0, 2 * (larger - smaller))
    return statistic, float(chi2.sf(statistic, df))
