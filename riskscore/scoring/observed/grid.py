"""Distributions on a grid by their Fourier transforms, and the shares of them below given values.

A sum of independent variables has the product of their transforms. That of many variants, or of a
blurred distribution, is nothing at most frequencies: the few that are left are summed at the values
asked for, which takes less time than to transform the whole grid back.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Places
from riskscore.scoring.population.distribution import WIDTH

Spectral = NDArray[np.complex128]  # frequencies of a transform, from 0 on
NEGLIGIBLE = 1e-14  # of a share
_AT_ONCE = 1 << 15  # values times frequencies that are summed at a time


class Heard(NamedTuple):
    """Frequencies of a transform, 0 first, and the most that each other adds to a share."""

    places: Places
    size: Array


class Grid:
    """``size`` steps of WIDTH about 0, a power of 2; what lies beyond is taken to be nothing."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = size // 2 + 1  # of all frequencies

    def transform(self, low: int, bins: Array) -> Spectral:
        """All frequencies of the distribution whose steps from the place ``low`` on are ``bins``.

        >>> Grid(8).transform(-1, np.array([0.5, 0.0, 0.5])).real.round(3).tolist()
        [1.0, 0.707, 0.0, -0.707, -1.0]
        """
        wrapped = np.bincount((np.arange(len(bins)) + low) % self.size, bins, self.size)
        return np.asarray(np.fft.rfft(wrapped))

    def normal(self, variance: float, chosen: Places | slice) -> Array:
        """Some frequencies of a normal distribution about 0."""
        angle = self._angles[chosen]
        return np.asarray(np.exp(-(angle**2) * variance / (2 * WIDTH**2)))

    def heard(self, transform: Spectral) -> Heard:
        """The frequencies, 0 first, without the least of them: no share changes by NEGLIGIBLE.

        Of a share :meth:`below` the frequency T_m makes abs(T_m) / m at most.
        """
        size = np.abs(transform[1:]) / np.arange(1, self.count)
        large = size > NEGLIGIBLE / self.count  # the others together are not heard
        order = np.flatnonzero(large)
        order = order[np.argsort(size[order])]
        kept = order[size[~large].sum() + np.cumsum(size[order]) > NEGLIGIBLE]
        kept = np.sort(kept)
        return Heard(np.append(0, kept + 1), size[kept])

    def heard_beside(self, heard: Heard, variance: float) -> Places:
        """Those of them that are left where a normal variable is added."""
        places = heard.places[1:]
        size = heard.size * self.normal(variance, places)
        return np.append(0, places[size > NEGLIGIBLE / len(heard.places)])

    def middles(self, transform: Spectral) -> Array:
        """The share below each step and half of its own, from all frequencies."""
        density = np.fft.irfft(transform, self.size)
        density = np.roll(np.maximum(density, 0.0), self.size // 2)
        return np.asarray(np.cumsum(density) - density / 2)

    def between(self, middles: Array, x: Array) -> Array:
        """The share below ``x``: a straight line from the middle of a step to the next."""
        return np.interp(x, self._values, middles, left=0.0, right=1.0)

    def below(self, transforms: Spectral, chosen: Places, x: Array, of: Places) -> Array:
        """As :meth:`between`, from the frequencies ``chosen``, the others being nothing.

        ``transforms`` and ``chosen`` have shape (distributions, frequencies), and ``of`` says to
        which distribution each value of ``x`` belongs. With angles a = 2 pi m / size, steps from
        -size/2 to k less half of the last sum up to

            T_m (e^(iak) cot(a/2) / 2i - (-1)^m / (e^(ia) - 1)) / size,

        of which the real part counts twice, and for m = 0 to (k + size/2 + 1/2) / size. The first
        of ``chosen`` is 0, and size/2 is not among them.
        """
        place, half, last = x / WIDTH, self.size // 2, self.size - 1
        step = np.floor(place)
        share = (place - step)[:, None]
        numbers, heard = chosen[:, 1:], transforms[:, 1:]
        angles = self._angles[numbers]
        turns = heard / (1j * np.tan(angles / 2))
        real, imaginary = turns.real.copy(), turns.imag.copy()
        begun = 2 * ((-1.0) ** numbers * heard / np.expm1(1j * angles)).real.sum(axis=1)
        total = np.empty(len(x))
        at_once = max(1, _AT_ONCE // chosen.shape[1])
        for start in range(0, len(x), at_once):
            rows = slice(start, start + at_once)
            own, after = of[rows], share[rows]
            number = numbers[own]
            turn = step[rows].astype(np.int64)[:, None] * number
            here, there = turn & last, (turn + number) & last
            cosine = self._cosines[here] * (1 - after) + self._cosines[there] * after
            sine = self._sines[here] * (1 - after) + self._sines[there] * after
            total[rows] = (real[own] * cosine - imaginary[own] * sine).sum(axis=1)
        inside = (place >= -half) & (place <= half - 1)
        found = (total - begun[of] + place + half + 0.5) / self.size
        return np.where(inside, found, np.where(place < 0, 0.0, 1.0))

    @cached_property
    def _values(self) -> Array:
        return np.asarray((np.arange(self.size) - self.size // 2) * WIDTH)

    @cached_property
    def _angles(self) -> Array:
        return np.asarray(2 * np.pi * np.arange(self.count) / self.size)

    @cached_property
    def _roots(self) -> Spectral:
        """The roots of 1."""
        return np.asarray(np.exp(2j * np.pi * np.arange(self.size) / self.size))

    @cached_property
    def _cosines(self) -> Array:
        return self._roots.real.copy()

    @cached_property
    def _sines(self) -> Array:
        return self._roots.imag.copy()
