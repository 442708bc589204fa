"""Weighted sums over many variants, exact: whole numbers of a fixed unit, in whatever order.

A weight is rounded once, to a multiple of the unit, which is a power of two chosen so that no sum
can overflow 64 bits. From there on all is integer arithmetic, so that the order of the variants,
the way a file was split, or the way its genotypes were read cannot change a bit of a sum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Copies

Sums = NDArray[np.int64]


class ExactSums:
    """Sums over variants, shape (kinds, samples), in whole units of 2**-``bits``.

    ``kinds`` keeps apart what may later be left out.
    """

    def __init__(self, weights: Array, samples: int, kinds: int = 1) -> None:
        largest = float(np.abs(weights).max(initial=0.0)) or 1.0
        total = 2 * float(np.abs(weights).sum()) or 1.0
        bits = min(46 - math.ceil(math.log2(largest)), 61 - math.ceil(math.log2(total)))
        self.bits = max(0, min(bits, 200))
        self.weights: Sums = np.rint(np.ldexp(weights, self.bits)).astype(np.int64)
        self.sums: Sums = np.zeros((kinds, samples), dtype=np.int64)

    def add(self, kind: int, variant: int, copies: Copies) -> None:
        """Add a variant's weight times the copies of each sample; none may be nan."""
        products = np.rint(float(self.weights[variant]) * copies.astype(np.float64))
        self.sums[kind] += products.astype(np.int64)

    def add_two(self, kind: int, variants: NDArray[np.intp]) -> None:
        """Add two copies of each of some variants to every sample."""
        self.sums[kind] += 2 * self.weights[variants].sum()

    def values(self) -> Array:
        """The sums as numbers, shape (kinds, samples)."""
        return np.ldexp(self.sums.astype(np.float64), -self.bits)
