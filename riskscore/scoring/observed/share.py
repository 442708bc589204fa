"""How much of a model was really seen of each person, and why the rest was not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.genetics.missing import Missing
from riskscore.scoring.design import DesignMatrix, PeopleBySex
from riskscore.scoring.population.reference import Reference


def reason_counts(design: DesignMatrix) -> NDArray[np.int64]:
    """The samples with each reason for a gap, shape (terms, reasons)."""
    counts = np.zeros((design.missing.shape[1], len(Missing)), dtype=np.int64)
    for j, column in enumerate(design.missing.T):
        if column.any():
            counts[j] = np.bincount(column, minlength=len(Missing))
        else:
            counts[j, Missing.NOT_MISSING] = len(column)
    return counts


class ObservedShare:
    """How much of each term's variance in the population was really seen, ``shares`` (samples,
    terms): 1 where the number is certain, 0 where nothing is known of it.
    """

    def __init__(self, design: DesignMatrix, reference: Reference) -> None:
        shares = np.zeros_like(design.variance)
        np.divide(design.variance, reference.variance, out=shares, where=reference.variance > 0)
        np.subtract(1, shares, out=shares)
        self.shares: Array = np.clip(shares, 0, 1, out=shares)
        self._sums: dict[bytes, Array] = {}

    def weighted(self, weights: Array) -> Array:
        """The shares weighted and summed over terms, shape (samples,); often asked for again."""
        key = weights.tobytes()
        if key not in self._sums:
            self._sums[key] = weighted(self.shares, weights)
        return self._sums[key]


def component_coverage(
    observed: ObservedShare, reference: Reference, by_sex: PeopleBySex
) -> dict[str, Array]:
    """Coverage of each component; nan where the component has no variance in people of that sex."""
    names = np.array([term.component for term in reference.model.terms])
    return {
        name: covered(observed, np.where(names == name, 1.0, 0.0), reference, by_sex, np.nan)
        for name in dict.fromkeys(names.tolist())
    }


def covered(
    observed: ObservedShare,
    counted: Array,
    reference: Reference,
    by_sex: PeopleBySex,
    none: float,
) -> Array:
    """The share of the counted terms' variance that was seen; ``none`` where there is none."""
    seen = np.full(len(observed.shares), none)
    for key, people in by_sex.items():
        expected = counted * reference.expected_variance(key)
        if expected.sum() > 0:
            seen[people] = (observed.weighted(expected) / expected.sum())[people]
    return seen


def weighted(columns: Array, weights: Array, less: Array | None = None) -> Array:
    """Sum over terms of column, less a number, times weight, term by term in model order.

    Not a matrix product: its order of summation, and so its last bits, would depend on the shape.
    """
    total = np.zeros(len(columns))
    product = np.empty_like(total)
    for j, weight in enumerate(weights.tolist()):
        if weight:
            column = columns[:, j]
            if less is not None:
                column = np.subtract(column, less[j], out=product)
            total += np.multiply(weight, column, out=product)
    return total
