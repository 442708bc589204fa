"""The distribution of the whole score in the reference population."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from riskscore.arrays import Array
from riskscore.scoring.kinds.states import States
from riskscore.scoring.population import spectrum
from riskscore.scoring.population.spectrum import Spectrum

WIDTH = 1 / 512  # of the bins that percentiles are read from
_NODES, _WEIGHTS = hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_NEGLIGIBLE = 1e-18
_EXACT_MOST = 5000  # variants kept exact, whatever the bound says of the others
NORMAL_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Distribution:
    """A sum of independent variables with mean 0.

    ``parts`` are the HLA genotypes and exposures, one block each; ``variants`` has a block of three
    genotypes for each single variant that is kept exact; ``sd`` is of the rest, taken as normal.
    """

    parts: tuple[States, ...]
    variants: States
    sd: float = 0.0

    @property
    def variance(self) -> float:
        every = (*self.parts, self.variants)
        squares = [part.probability @ part.values[:, 0] ** 2 for part in every]
        return float(sum(squares)) + self.sd**2

    @cached_property
    def spectrum(self) -> Spectrum:
        """The characteristic function, exact but for the normal part."""
        return spectrum.product(
            [
                *(spectrum.of_states(part.values[:, 0], part.probability) for part in self.parts),
                spectrum.of_states(*_by_variant(self.variants)),
                spectrum.of_normal(self.sd**2),
            ]
        )

    def mean_risk(self, alpha: float) -> float:
        """E[expit(alpha + X)]."""
        return self.spectrum.one_mean_risk(alpha)

    def intercept(self, prevalence: float) -> float:
        """The alpha at which the mean risk is the prevalence."""
        return spectrum.intercept(self.spectrum, prevalence)

    def percentile(self, x: Array) -> Array:
        """100 P(X <= x), elementwise; a value that many share counts half of them."""
        values, middle = self._cumulated
        return np.clip(100 * np.interp(x, values, middle, left=0.0, right=1.0), 0, 100)

    def quantiles(self, shares: Array) -> Array:
        """The values below which these shares of the population lie."""
        values, middle = self._cumulated
        return np.asarray(np.interp(shares, middle, values))

    @cached_property
    def _cumulated(self) -> tuple[Array, Array]:
        """The grid, and at each of its points the probability below it and half of its own."""
        values, density = self.density
        return values, np.cumsum(density) - density / 2

    @cached_property
    def density(self) -> tuple[Array, Array]:
        """Values on a fine grid and their probabilities; the mean is kept exactly."""
        start, density = 0, np.ones(1)
        rows = _binned_rows(*_by_variant(self.variants))
        rows += [
            (float(np.ptp(p.values)), *binned(p.values[:, 0], p.probability)) for p in self.parts
        ]
        # Small ones first, so that the long arrays meet few others.
        for _, low, bins in sorted(rows, key=lambda row: row[0]):
            start, density = _trimmed(start + low, _convolved(density, bins))
        if self.sd:
            low, bins = normal_bins(self.sd)
            start, density = _trimmed(start + low, np.convolve(density, bins))
        return np.arange(start, start + len(density), dtype=np.float64) * WIDTH, density


def _by_variant(variants: States) -> tuple[Array, Array]:
    """Values and probabilities of the genotypes, shape (variants, 3)."""
    return variants.values.reshape(-1, 3), variants.probability.reshape(-1, 3)


def binned(values: Array, probabilities: Array) -> tuple[int, Array]:
    """The first place on the grid of WIDTH, and the probabilities from there on.

    Each is split between two neighbours so that the mean is kept.
    """
    place = values / WIDTH
    low = np.floor(place).astype(np.int64)
    share = place - low
    start = int(low.min())
    size = int(low.max()) - start + 2
    bins = np.bincount(low - start, probabilities * (1 - share), size)
    return start, np.asarray(bins + np.bincount(low - start + 1, probabilities * share, size))


def _binned_rows(values: Array, probabilities: Array) -> list[tuple[float, int, Array]]:
    """As :func:`binned`, of each row of a table, after the width of its values."""
    if not len(values):
        return []
    place = values / WIDTH
    low = np.floor(place).astype(np.int64)
    share = place - low
    start = low.min(axis=1)
    size = low.max(axis=1) - start + 2
    end = np.cumsum(size)
    cell = (low + (end - size - start)[:, None]).ravel()
    bins = np.bincount(cell, (probabilities * (1 - share)).ravel(), size.sum())
    bins += np.bincount(cell + 1, (probabilities * share).ravel(), size.sum())
    width = np.ptp(values, axis=1).tolist()
    return list(zip(width, start.tolist(), np.split(bins, end[:-1]), strict=True))


def _convolved(density: Array, bins: Array) -> Array:
    """A density and a few bins, mostly empty ones."""
    held = np.flatnonzero(bins)
    if len(held) > 64:
        return np.convolve(density, bins)
    total = np.zeros(len(density) + len(bins) - 1)
    for place in held.tolist():
        total[place : place + len(density)] += bins[place] * density
    return total


def _trimmed(start: int, density: Array) -> tuple[int, Array]:
    held = density > _NEGLIGIBLE
    first, last = int(held.argmax()), len(held) - int(held[::-1].argmax())
    return start + first, density[first:last]


def normal_bins(sd: float) -> tuple[int, Array]:
    """As :func:`binned`, of a normal variable with mean 0."""
    half = math.ceil(7 * sd / WIDTH)
    edges = (np.arange(-half, half + 2) - 0.5) * WIDTH / (sd * math.sqrt(2))
    bins = np.diff([math.erf(edge) for edge in edges])
    return -half, bins / bins.sum()


def exact_or_normal(values: Array, probabilities: Array) -> tuple[States, float, float]:
    """Which variants stay exact: (those, the sd of the others, the bound on their error).

    ``values`` and ``probabilities`` have shape (variants, 3), each row with mean 0. Replacing the
    variable X of a sum by a normal N of the same variance changes E[expit] by no more than the
    share (E[abs(X)^3 exp(abs(X))] + E[abs(N)^3 exp(abs(N))]) / 6, since the third derivative of
    expit is at most expit (Lindeberg's argument, one variable after the other). The variants
    with the smallest shares become normal while the sum of shares is within NORMAL_TOLERANCE.
    """
    variance = (probabilities * values**2).sum(axis=1)
    size = np.abs(values)
    normal = np.abs(np.multiply.outer(np.sqrt(variance), _NODES))
    with np.errstate(over="ignore"):  # a share without bound: the variant stays exact
        third = (probabilities * size**3 * np.exp(size)).sum(axis=1)
        share = (third + (normal**3 * np.exp(normal)) @ _WEIGHTS) / 6
    order = np.argsort(share, kind="stable")
    total = np.cumsum(share[order])
    count = int(np.searchsorted(total, NORMAL_TOLERANCE, side="right"))
    count = max(count, len(order) - _EXACT_MOST)
    rest, kept = order[:count], np.sort(order[count:])
    error = float(total[count - 1]) if count else 0.0
    exact = States(
        values[kept].ravel()[:, None],
        probabilities[kept].ravel(),
        np.repeat(np.arange(len(kept)), 3),
        np.arange(len(kept)),
    )
    return exact, math.sqrt(float(variance[rest].sum())), error
