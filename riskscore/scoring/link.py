"""The logistic link, and the intercept that makes a population's mean risk its prevalence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Nodes and weights that integrate a function of a standard normal variable (Gauss-Hermite).
_NODES, _WEIGHTS = hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_GRID = 1 / 1024  # width of the bins that many-valued distributions are gathered in
_MANY = 60_000


def expit(x: Array) -> Array:
    """The logistic function 1 / (1 + exp(-x)), safe for large arguments.

    >>> expit(np.array([0.0, -800.0, 800.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def mean_expit(center: Array, sd: Array) -> Array:
    """E[expit(center + sd Z)] for a standard normal Z, elementwise."""
    result = np.zeros_like(center)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        result += weight * expit(center + sd * node)
    return result


@dataclass(frozen=True)
class Distribution:
    """A sum of a discrete variable (``values``, ``probabilities``) and a normal one (``sd``).

    Both parts are independent; the normal part has mean 0.
    """

    values: Array
    probabilities: Array
    sd: float = 0.0

    @property
    def mean(self) -> float:
        return float(self.probabilities @ self.values)

    @property
    def variance(self) -> float:
        return float(self.probabilities @ (self.values - self.mean) ** 2) + self.sd**2

    def plus(self, other: Distribution) -> Distribution:
        """The distribution of the sum of two independent variables.

        Exact while the values are few; beyond that they are gathered on a grid, each split between
        its two neighbours so that the mean is kept (the error of a smooth expectation is of the
        order of the square of the grid's width, 1e-7).
        """
        values = np.add.outer(self.values, other.values).ravel()
        probabilities = np.multiply.outer(self.probabilities, other.probabilities).ravel()
        if len(values) > _MANY:
            values, probabilities = _gathered(values, probabilities)
        return Distribution(values, probabilities, math.hypot(self.sd, other.sd))

    def mean_risk(self, alpha: float) -> float:
        """E[expit(alpha + X)]."""
        sd = np.full_like(self.values, self.sd)
        return float(self.probabilities @ mean_expit(alpha + self.values, sd))

    def intercept(self, prevalence: float) -> float:
        """The alpha at which E[expit(alpha + X)] is the prevalence.

        The secant method on the logit scale, where the relation is nearly a straight line.

        >>> two = Distribution(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
        >>> round(two.mean_risk(two.intercept(0.01)), 12)
        0.01
        """
        target = _logit(prevalence)
        left, right = target - 1.0, target
        miss_left = _logit(self.mean_risk(left)) - target
        for _ in range(60):
            miss = _logit(self.mean_risk(right)) - target
            if abs(miss) < 1e-13 or miss == miss_left:
                break
            left, right, miss_left = right, right - miss * (right - left) / (miss - miss_left), miss
        return right

    def percentile(self, x: Array) -> Array:
        """100 P(X <= x), elementwise; a value that many share counts half of them."""
        values, probabilities = _gathered(self.values, self.probabilities, 1 / 256)
        if self.sd:
            width = 1 / 256
            half = math.ceil(7 * self.sd / width)
            edges = (np.arange(-half, half + 2) - 0.5) * width / (self.sd * math.sqrt(2))
            kernel = np.diff([math.erf(edge) for edge in edges])
            kernel /= kernel.sum()
            dense = np.zeros(round((values[-1] - values[0]) / width) + 1)
            dense[np.rint((values - values[0]) / width).astype(int)] = probabilities
            probabilities = np.convolve(dense, kernel)
            values = values[0] + width * np.arange(-half, len(probabilities) - half)
        middle = np.cumsum(probabilities) - probabilities / 2
        return np.clip(100 * np.interp(x, values, middle, left=0.0, right=1.0), 0, 100)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def point(value: float = 0.0) -> Distribution:
    """All the probability on one value."""
    return Distribution(np.array([value]), np.array([1.0]))


def _gathered(values: Array, probabilities: Array, width: float = _GRID) -> tuple[Array, Array]:
    """Values moved to a grid, each split between its neighbours so that the mean is kept."""
    place = values / width
    low = np.floor(place)
    share = place - low
    start = int(low.min())
    size = int(low.max()) - start + 2
    bins = np.zeros(size)
    bins += np.bincount((low - start).astype(int), probabilities * (1 - share), size)
    bins += np.bincount((low - start).astype(int) + 1, probabilities * share, size)
    kept = bins > 0
    return np.asarray((np.flatnonzero(kept) + start) * width), bins[kept]
