"""What a score adds to covariates: gain in AUC, likelihood ratio, and net reclassification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import FewPeopleError
from riskscore.models.terms import Z95
from riskscore.studies.evaluation.discrimination import AUCs, delong
from riskscore.studies.regression import likelihood_ratio, logistic, max_loglik

_FEWEST = 10  # people with all covariates


@dataclass(frozen=True)
class Reclassification:
    """The continuous net reclassification improvement, its two parts and its 95% interval."""

    nri: float
    low: float
    high: float
    cases: float
    controls: float


@dataclass(frozen=True)
class Gain:
    """What a score adds to covariates in ``n`` people.

    ``areas`` are the AUCs of the covariates and of covariates and score together; ``p`` is of the
    likelihood ratio of the two regressions.
    """

    areas: AUCs
    p: float
    reclassification: Reclassification
    n: int
    cases: int


def gain(score: Array, covariates: Array, y: Array) -> Gain:
    """Two logistic regressions, of the covariates (people, columns) and of the score with them.

    Covariates that are the same in everyone are left out. The interval of
    ``areas.compare(1, 0)`` is not to be trusted near no gain (Demler 2012), where ``p`` is: the
    score's weight is fitted to the people whose areas are compared, and where it comes out small
    so does the standard error. The interval then lies too low. Raises FewPeopleError
    where fewer than ten people have all covariates, or no case or no control has.
    """
    known = ~np.isnan(covariates).any(axis=1)
    score, covariates, y = score[known], covariates[known], y[known]
    cases = int(y.sum())
    if len(y) < _FEWEST or cases in (0, len(y)):
        raise FewPeopleError(
            f"{len(y)} people, {cases} of them cases, have all covariates, which are too few"
        )
    base = covariates[:, np.ptp(covariates, axis=0) > 0]
    both = np.column_stack([base, score / score.std()])
    (before, smaller), (after, larger) = _fitted(y, base), _fitted(y, both)
    _, p = likelihood_ratio(smaller, larger, 1)
    return Gain(
        delong(np.vstack([before, after]), y), p, reclassified(before, after, y), len(y), cases
    )


def _fitted(y: Array, columns: Array) -> tuple[Array, float]:
    """People's log odds and the highest log-likelihood; Firth's is another, with its penalty."""
    if not columns.shape[1]:
        return np.zeros(len(y)), max_loglik(y, columns)
    names = [str(j) for j in range(columns.shape[1])]
    fitted = logistic(y, columns, names, of_interest=())
    log_odds = np.asarray(fitted.beta[0] + columns @ fitted.beta[1:])
    return log_odds, max_loglik(y, columns) if fitted.method == "firth" else fitted.loglik


def reclassified(before: Array, after: Array, y: Array) -> Reclassification:
    """The continuous NRI of two predictions of the same people.

    Cases whose risk rises less those whose risk falls, as a share of cases, plus controls whose
    risk falls less those whose risk rises (Pencina, D'Agostino and Steyerberg, Stat Med 2011,
    30:11).

    >>> y = np.array([1.0, 1, 0, 0])
    >>> reclassified(np.zeros(4), np.array([1.0, 2, -1, 1]), y).nri
    1.0
    """
    cases, case_variance = _net(after - before, y == 1)
    controls, control_variance = _net(before - after, y == 0)
    reach = Z95 * float(np.sqrt(case_variance + control_variance))
    nri = cases + controls
    return Reclassification(nri, nri - reach, nri + reach, cases, controls)


def _net(moved: Array, own: Mask) -> tuple[float, float]:
    """The share of some people who move up less that of those who move down, and its variance."""
    signs = np.sign(moved[own])
    return float(signs.mean()), float(signs.var()) / len(signs)
