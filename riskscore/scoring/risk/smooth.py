"""The mean of a smooth function of a person's log odds over what is not known of the person.

The mean of a sine or cosine at the nodes of :mod:`riskscore.scoring.population.spectrum` is read
off the characteristic function there. So a function that is constant far to the left is fitted, up
to the log odds of the highest risk that matters, by a constant and these waves, whose period is
wider than that: beyond it they go on as they like (Fourier extension; Boyd, J Comput Phys 178:118,
2002). The mean is right for any uncertainty the spectrum holds: genotypes, doses, normal errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from riskscore.arrays import Array
from riskscore.scoring.link import expit
from riskscore.scoring.population.spectrum import NODES, Spectrum

POINTS: Array = np.asarray(
    np.pi / 64 * (np.arange(-512, 82) + 0.5), dtype=np.float64
)  # from -25 to 4
_LEAST = 0.001  # risks below count alike in the fit, those above by their inverse
_PRECISION = 1e-10


@dataclass(frozen=True)
class Smooth:
    """A function by its value far to the left and its waves, each of shape (nodes,)."""

    left: float
    cosines: Array
    sines: Array

    def mean(self, center: Array, spectrum: Spectrum) -> Array:
        """E[f(center + X)], elementwise over ``center`` and the variables of the spectrum."""
        total = np.full(np.broadcast_shapes(center.shape, spectrum.real.shape[1:]), self.left)
        for k, node in enumerate(NODES.tolist()):
            cosine, sine = np.cos(node * center), np.sin(node * center)
            total += self.cosines[k] * (cosine * spectrum.real[k] - sine * spectrum.imaginary[k])
            total += self.sines[k] * (cosine * spectrum.imaginary[k] + sine * spectrum.real[k])
        return total


def smooth(values: Array) -> Smooth:
    """The function whose values at the first of POINTS are given; constant at the left.

    >>> from riskscore.scoring.population.spectrum import certain
    >>> f = smooth(expit(POINTS))
    >>> bool(abs(f.mean(np.array([-3.0]), certain(1)) - expit(np.array([-3.0])))[0] < 1e-9)
    True
    """
    left = float(values[0])
    waves = np.einsum("ij,j->i", _fit(len(values)), values - left)  # without BLAS: see _fit
    return Smooth(left, *np.split(waves, 2))


@cache
def _fit(count: int) -> Array:
    """What gives the waves of values at so many points, shape (2 nodes, count)."""
    from threadpoolctl import threadpool_limits  # of risks by age alone

    angles = np.multiply.outer(POINTS[:count], NODES)
    weight = 1 / (expit(POINTS[:count]) + _LEAST)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * weight[:, None]
    # Waves that nearly cancel take any share of each other: with threads, another in every run.
    with threadpool_limits(1):
        return np.asarray(np.linalg.pinv(waves, rcond=_PRECISION) * weight)
