"""The mean of a smooth function of a person's log odds over what is not known of the person.

A function f that is constant far to the left and far to the right is a sum of sines and cosines at
the nodes of :mod:`riskscore.scoring.population.spectrum`, within a window of 16 pi. The mean of
each is read off the characteristic function there, so the mean of f is exact for any uncertainty
the spectrum holds: genotypes, doses, normal errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array
from riskscore.scoring.population.spectrum import NODES, Spectrum

_WINDOW = 16 * np.pi
_POINTS = 1024
POINTS: Array = _WINDOW * ((np.arange(_POINTS) + 0.5) / _POINTS - 0.5)
_ANGLES = np.multiply.outer(NODES, POINTS)
_COSINES = 2 / _POINTS * np.cos(_ANGLES)
_SINES = 2 / _POINTS * np.sin(_ANGLES)


@dataclass(frozen=True)
class Smooth:
    """A function by its middle value and its waves, each of shape (nodes,)."""

    middle: float
    cosines: Array
    sines: Array

    def mean(self, center: Array, spectrum: Spectrum) -> Array:
        """E[f(center + X)], elementwise over ``center`` and the variables of the spectrum."""
        total = np.full(np.broadcast_shapes(center.shape, spectrum.real.shape[1:]), self.middle)
        for k, node in enumerate(NODES.tolist()):
            cosine, sine = np.cos(node * center), np.sin(node * center)
            total += self.cosines[k] * (cosine * spectrum.real[k] - sine * spectrum.imaginary[k])
            total += self.sines[k] * (cosine * spectrum.imaginary[k] + sine * spectrum.real[k])
        return total


def smooth(values: Array) -> Smooth:
    """The function whose values at POINTS are given; at both ends it must have become constant.

    >>> from riskscore.scoring.link import expit
    >>> from riskscore.scoring.population.spectrum import certain
    >>> f = smooth(expit(POINTS))
    >>> bool(abs(f.mean(np.array([-3.0]), certain(1)) - expit(np.array([-3.0])))[0] < 1e-9)
    True
    """
    middle = float(values[0] + values[-1]) / 2
    return Smooth(middle, _COSINES @ (values - middle), _SINES @ (values - middle))
