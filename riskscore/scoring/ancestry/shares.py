"""What components say of a person: shares of superpopulations, and likeness to the people of each.

Shares q place the person among the superpopulations' mean components c: the mixture sum q_k c_k
that is nearest, with shares of 0 or more that sum to 1. Components are linear in allele
frequencies, so somebody whose forebears are by q of several superpopulations is expected there.
Nearness is by the covariance of a projection's errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.samples.ancestry.table import ComponentTable
from riskscore.scoring.ancestry.projection import Projection

# The squared distance (Mahalanobis) from the nearest mixture that 1 in 1,000 of the reference
# people have, who are no normal distribution; beyond it a person is outside the reference.
OUTSIDE = 28.0
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Placement:
    """By person and superpopulation, shape (people, populations); nan where not projected.

    ``shares`` sum to 1, as does ``likeness``: the probability of each superpopulation, all the same
    beforehand, by normal distributions of its people's components. ``distance`` (people,) is the
    squared distance from the nearest mixture, in the spread of the people there.
    """

    populations: tuple[str, ...]
    shares: Array
    standard_error: Array
    likeness: Array
    distance: Array

    @property
    def outside(self) -> Mask:
        """Who lies outside the reference people; nobody who was not projected."""
        return np.asarray(self.distance > OUTSIDE)

    @property
    def unknown(self) -> Mask:
        """Who was not projected."""
        return np.asarray(np.isnan(self.distance))


def place(projection: Projection, table: ComponentTable) -> Placement:
    """Where projected people are among the superpopulations."""
    people, count = len(projection.components), len(table.populations)
    shares, errors, likeness = (np.full((people, count), np.nan) for _ in range(3))
    distance = np.full(people, np.nan)
    done = projection.done
    if done.any():
        components, covariance = projection.components[done], projection.covariance[done]
        own = _error_covariance(table)
        shares[done] = nearest_shares(components, table.centres, own)
        errors[done] = _share_errors(covariance, table.centres)
        # the reference people's spread has the error of a projection of all loci in it already
        excess = np.maximum(0.0, _trace(covariance) / _trace(own) - 1)[:, None, None] * own
        likeness[done] = _likeness(components, table, excess)
        # no matrix product, whose last bits depend on how many people there are
        spread = (shares[done][:, :, None, None] * table.spreads).sum(axis=1) + excess
        rest = components - _mixed(shares[done], table.centres)
        distance[done] = _squared_distance(rest, spread)
    return Placement(table.populations, shares, errors, likeness, distance)


def nearest_shares(components: Array, centres: Array, covariance: Array) -> Array:
    """The shares of the nearest mixture of the centres, (people, centres).

    The nearest point of a simplex lies inside one of its faces, and is that face's own least
    squares there: of all faces the nearest whose shares are none below 0.
    """
    white = np.linalg.inv(np.linalg.cholesky(covariance))
    places, corners = _mixed(components, white.T), centres @ white.T
    best = np.full(len(places), np.inf)
    found = np.zeros((len(places), len(corners)))
    for size in range(1, len(corners) + 1):
        for face in combinations(range(len(corners)), size):
            shares = np.zeros_like(found)
            sides = corners[list(face[1:])] - corners[face[0]]
            shares[:, face[1:]] = _mixed(places - corners[face[0]], np.linalg.pinv(sides))
            shares[:, face[0]] = 1 - shares.sum(axis=1)
            rest = places - _mixed(shares, corners)
            squared = (rest * rest).sum(axis=1)
            nearer = (shares >= 0).all(axis=1) & (squared < best - _ROUNDING)
            best = np.where(nearer, squared, best)
            found = np.where(nearer[:, None], shares, found)
    return found


def _mixed(left: Array, right: Array) -> Array:
    """The product of two matrices, each row summed by itself, in the same order in any company."""
    return np.asarray((left[:, None, :] * right.T).sum(axis=2))


def _error_covariance(table: ComponentTable) -> Array:
    """The covariance of a projection's errors when every locus is called."""
    squares = table.loadings.T @ table.loadings - table.noise.sum() * np.eye(
        table.loadings.shape[1]
    )
    inverse = np.linalg.inv(squares)
    scatter = (table.loadings * table.noise[:, None]).T @ table.loadings
    return np.asarray(inverse @ scatter @ inverse)


def _share_errors(covariance: Array, centres: Array) -> Array:
    """Standard errors of shares, as if none were held at 0."""
    sides = centres[1:] - centres[0]
    slopes = np.linalg.pinv(sides.T)  # shares of the others than the first
    slopes = np.vstack([-slopes.sum(axis=0), slopes])
    return np.asarray(np.sqrt(np.einsum("ka,nab,kb->nk", slopes, covariance, slopes)))


def _likeness(components: Array, table: ComponentTable, excess: Array) -> Array:
    density = np.empty((len(components), len(table.populations)))
    for k, (centre, spread) in enumerate(zip(table.centres, table.spreads, strict=True)):
        own = spread + excess
        logarithm = np.linalg.slogdet(own)[1]
        density[:, k] = -(_squared_distance(components - centre, own) + logarithm) / 2
    weight = np.exp(density - density.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _squared_distance(rest: Array, covariance: Array) -> Array:
    solved = np.linalg.solve(covariance, rest[:, :, None])[:, :, 0]
    return np.asarray((rest * solved).sum(axis=1))


def _trace(matrices: Array) -> Array:
    return np.asarray(np.trace(matrices, axis1=-2, axis2=-1))
