"""Mean risk without sampling: E[expit(a + X)] from the characteristic function of X.

``expit(x) = 1/2 + integral over t > 0 of sin(t x) / sinh(pi t)``, so for any X with characteristic
function phi, ``E[expit(a + X)] = 1/2 + integral of Im(exp(i t a) phi(t)) / sinh(pi t)``. For a sum
of independent parts phi is a product, whatever the parts are: genotypes, doses, normal errors.

The midpoint rule below takes the place of expit(x) by the sum of expit over x + k L, each less its
limit, with L = 16 pi: its error is below exp(abs(x) - L), which for abs(x) < 20 is 1e-13.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.scoring.link import expit, logit

STEP = 1 / 8
_COUNT = 80  # the integrand falls as exp(-pi t): what is left beyond t = 10 is 2e-14
NODES: Array = np.asarray(STEP * (np.arange(_COUNT) + 0.5), dtype=np.float64)
NODE_WEIGHTS: Array = np.asarray(STEP / np.sinh(np.pi * NODES), dtype=np.float64)
_REACH = 30.0


@dataclass(frozen=True)
class Spectrum:
    """phi at the nodes, for one variable or several: arrays of shape (nodes,) or (nodes, n)."""

    real: Array
    imaginary: Array

    def times(self, other: Spectrum) -> Spectrum:
        """Of the sum of two independent variables."""
        return Spectrum(
            self.real * other.real - self.imaginary * other.imaginary,
            self.real * other.imaginary + self.imaginary * other.real,
        )

    def take(self, places: NDArray[np.int64]) -> Spectrum:
        """Of the variables at ``places``."""
        return Spectrum(self.real.take(places, axis=1), self.imaginary.take(places, axis=1))

    def blurred(self, variance: Array) -> Spectrum:
        """Of the sums with independent normal variables of mean 0."""
        damping = of_normal(variance).real
        return Spectrum(self.real * damping, self.imaginary * damping)

    def mean_risk(self, center: Array) -> Array:
        """E[expit(center + X)], elementwise over ``center`` and the variables.

        >>> import numpy as np
        >>> of_states(np.array([-1.0, 1.0]), np.array([0.5, 0.5])).mean_risk(np.zeros(1))
        array([0.5])
        """
        # exp(i t center) turns by the same angle from node to node.
        turn_real, turn_imaginary = np.cos(STEP * center), np.sin(STEP * center)
        real, imaginary = np.cos(NODES[0] * center), np.sin(NODES[0] * center)
        total = np.full(np.broadcast_shapes(center.shape, self.real.shape[1:]), 0.5)
        for k, weight in enumerate(NODE_WEIGHTS.tolist()):
            total += weight * (imaginary * self.real[k] + real * self.imaginary[k])
            real, imaginary = (
                real * turn_real - imaginary * turn_imaginary,
                real * turn_imaginary + imaginary * turn_real,
            )
        # Beyond the reach of the rule the risk is 0 or 1 to thirteen digits.
        return np.where(np.abs(center) < _REACH, np.clip(total, 0.0, 1.0), expit(center))

    def one_mean_risk(self, center: float) -> float:
        """The same of one variable, whose arrays have shape (nodes,), to the same bits.

        Numbers one by one, as an array of each would take ten times as long.
        """
        if abs(center) >= _REACH:
            return float(expit(np.array([center]))[0])
        turn_real, turn_imaginary = _turn(STEP * center)
        real, imaginary = _turn(float(NODES[0]) * center)
        total = 0.5
        for weight, own_real, own_imaginary in zip(
            NODE_WEIGHTS.tolist(), self.real.tolist(), self.imaginary.tolist(), strict=True
        ):
            total += weight * (imaginary * own_real + real * own_imaginary)
            real, imaginary = (
                real * turn_real - imaginary * turn_imaginary,
                real * turn_imaginary + imaginary * turn_real,
            )
        return min(max(total, 0.0), 1.0)


def _turn(angle: float) -> tuple[float, float]:
    one = np.array([angle])
    return float(np.cos(one)[0]), float(np.sin(one)[0])


def certain(count: int) -> Spectrum:
    """Of ``count`` variables that are 0."""
    return Spectrum(np.ones((_COUNT, count)), np.zeros((_COUNT, count)))


def after_certain(spectrum: Spectrum) -> Spectrum:
    """The same variables after one that is 0."""
    first = certain(1)
    return Spectrum(
        np.concatenate([first.real, spectrum.real], axis=1),
        np.concatenate([first.imaginary, spectrum.imaginary], axis=1),
    )


def of_states(values: Array, probabilities: Array) -> Spectrum:
    """Of the sum of independent discrete variables, a row of states each (or of a single one)."""
    real, imaginary = np.ones(_COUNT), np.zeros(_COUNT)
    values, probabilities = np.atleast_2d(values), np.atleast_2d(probabilities)
    for value, probability in zip(values, probabilities, strict=True):
        angles = np.multiply.outer(NODES, value)
        own_real, own_imaginary = np.cos(angles) @ probability, np.sin(angles) @ probability
        real, imaginary = (
            real * own_real - imaginary * own_imaginary,
            real * own_imaginary + imaginary * own_real,
        )
    return Spectrum(real, imaginary)


def of_rows(values: Array, probabilities: Array, owner: NDArray[np.int64], count: int) -> Spectrum:
    """Of ``count`` discrete variables, whose states are rows naming their owner.

    The rows of an owner are summed in the order in which they stand.
    """
    real, imaginary = np.empty((_COUNT, count)), np.empty((_COUNT, count))
    turn_real, turn_imaginary = np.cos(STEP * values), np.sin(STEP * values)
    row_real, row_imaginary = np.cos(NODES[0] * values), np.sin(NODES[0] * values)
    row_real, row_imaginary = probabilities * row_real, probabilities * row_imaginary
    for k in range(_COUNT):
        real[k] = np.bincount(owner, row_real, count)
        imaginary[k] = np.bincount(owner, row_imaginary, count)
        row_real, row_imaginary = (
            row_real * turn_real - row_imaginary * turn_imaginary,
            row_real * turn_imaginary + row_imaginary * turn_real,
        )
    return Spectrum(real, imaginary)


def of_normal(variance: Array | float) -> Spectrum:
    """Of normal variables with mean 0."""
    real = np.exp(-0.5 * np.multiply.outer(NODES**2, np.asarray(variance, dtype=np.float64)))
    return Spectrum(real, np.zeros_like(real))


def product(spectra: Iterable[Spectrum]) -> Spectrum:
    """Of the sum of independent variables."""
    total = Spectrum(np.ones(_COUNT), np.zeros(_COUNT))
    for spectrum in spectra:
        total = total.times(spectrum)
    return total


def intercept(spectrum: Spectrum, prevalence: float) -> float:
    """The alpha at which E[expit(alpha + X)] is the prevalence.

    The secant method on the logit scale, where the relation is nearly a straight line.

    >>> two = of_states(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    >>> round(float(two.mean_risk(np.array([intercept(two, 0.01)]))[0]), 12)
    0.01
    """
    target = logit(prevalence)

    def miss(alpha: float) -> float:
        risk = spectrum.one_mean_risk(alpha)
        return logit(min(max(risk, 1e-12), 1 - 1e-12)) - target

    left, right = target - 1.0, target
    miss_left, miss_right = miss(left), miss(right)
    for _ in range(60):
        if abs(miss_right) < 1e-12 or miss_right == miss_left:
            break
        slope = (miss_right - miss_left) / (right - left)
        left, right, miss_left = right, right - miss_right / slope, miss_right
        miss_right = miss(right)
    return right
