"""Discrimination of cases and controls: AUC with DeLong's interval, comparison, precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata

from riskscore.arrays import Array
from riskscore.models.terms import Z95


@dataclass(frozen=True)
class AUCs:
    """Areas under the ROC curves of scores on the same people, and their covariance (DeLong)."""

    auc: Array
    covariance: Array

    def interval(self, place: int = 0) -> tuple[float, float]:
        """The 95% interval of one area, within 0 and 1."""
        reach = Z95 * float(np.sqrt(self.covariance[place, place]))
        return max(0.0, float(self.auc[place]) - reach), min(1.0, float(self.auc[place]) + reach)

    def compare(self, first: int, second: int) -> tuple[float, float, float, float, float]:
        """Difference of two areas, its 95% interval, z and p of the paired test.

        z is nan where the two scores rank everyone alike.
        """
        contrast = np.zeros(len(self.auc))
        contrast[first], contrast[second] = 1.0, -1.0
        difference = float(contrast @ self.auc)
        se = max(0.0, float(contrast @ self.covariance @ contrast)) ** 0.5
        if se < 1e-12:
            return difference, difference, difference, float("nan"), float("nan")
        z = difference / se
        p = 2 * float(norm.sf(abs(z)))
        return difference, difference - Z95 * se, difference + Z95 * se, z, p


def delong(scores: Array, y: Array) -> AUCs:
    """Areas of ``scores``, shape (scores, people), for outcomes ``y`` (0 or 1).

    DeLong, DeLong and Clarke-Pearson, Biometrics 1988, 44:837, by midranks (Sun and Xu, IEEE
    Signal Process Lett 2014, 21:1389), so in n log n. Ties count one half.

    >>> float(delong(np.array([[1.0, 2, 3, 4]]), np.array([0.0, 1, 0, 1])).auc[0])
    0.75
    """
    scores = np.atleast_2d(scores)
    cases, controls = scores[:, y == 1], scores[:, y == 0]
    m, n = cases.shape[1], controls.shape[1]
    together = rankdata(np.hstack([cases, controls]), axis=1)
    above = (together[:, :m] - rankdata(cases, axis=1)) / n  # share of controls below each case
    below = 1 - (together[:, m:] - rankdata(controls, axis=1)) / m
    covariance = np.zeros((len(scores), len(scores)))
    if m > 1 and n > 1:
        covariance = np.atleast_2d(np.cov(above)) / m + np.atleast_2d(np.cov(below)) / n
    return AUCs(above.mean(axis=1), covariance)


def average_precision(score: Array, y: Array, weights: Array | None) -> float:
    """The area under the precision-recall curve, as a sum of steps (scikit-learn)."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(y, score, sample_weight=weights))


def roc(score: Array, y: Array) -> tuple[Array, Array]:
    """False- and true-positive rates along the ROC curve (scikit-learn)."""
    from sklearn.metrics import roc_curve

    false_positive, true_positive, _ = roc_curve(y, score)
    return np.asarray(false_positive), np.asarray(true_positive)


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Wilson's 95% interval of a share (J Am Stat Assoc 1927, 22:209); nan for nobody.

    >>> [round(x, 4) for x in wilson(0, 10)]
    [0.0, 0.2775]
    """
    from statsmodels.stats.proportion import proportion_confint

    if n == 0:
        return float("nan"), float("nan")
    low, high = proportion_confint(hits, n, method="wilson")
    return max(0.0, float(low)), min(1.0, float(high))
