"""Weights that stand beside other labels: the numbers of a published table, in another order.

A column that was sorted, or moved by a row, without its labels holds the table's own numbers. The
weights of another study of the same variants do not, and they rise and fall with the table's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array

ROUNDING = 0.06  # how far a logarithm of a ratio written with two decimals can be off
_LABELS = 3  # weights that stand beside other labels before a column counts as sorted apart
_SAME = 1e-3  # weights nearer than this are one number of one table
_SHARE = 0.8  # of the moved weights, the share that the table has elsewhere
_LOOSE = 0.3  # a correlation below this is none
_FEW = 10  # moved rows, below which all must be the table's numbers

Moved = NDArray[np.bool_]


def same_numbers(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether two columns hold the same numbers, as far as two decimals tell, beside other labels.

    >>> same_numbers([1.5, 0.3, 2.0], [0.3, 2.0, 1.5])
    True
    """
    moved = sum(abs(a - b) > ROUNDING for a, b in zip(ours, theirs, strict=True))
    together = zip(sorted(ours), sorted(theirs), strict=True)
    return moved >= _LABELS and all(abs(a - b) <= ROUNDING for a, b in together)


def moved_rows(ours: Sequence[float], theirs: Sequence[float]) -> Moved:
    """The rows whose weight is a number that the table has beside other labels; none by chance.

    Both have a weight a row, for the same allele. Signs are left out of account in looking for a
    number elsewhere, since another row may count another allele.

    >>> weights = [0.12, 0.31, 1.37, 0.05, 0.22]
    >>> int(moved_rows(weights[-1:] + weights[:-1], weights).sum())
    5
    >>> int(moved_rows([w * 1.1 for w in weights], weights).sum())
    0
    """
    mine, table = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    moved: Moved = np.abs(np.abs(mine) - np.abs(table)) > _SAME  # a turned weight has not moved
    count = int(moved.sum())
    numbers, others = Counter(_numbers(mine[moved])), Counter(_numbers(table[moved]))
    found = sum((numbers & others).values())
    enough = count if count < _FEW else _SHARE * count
    if count < _LABELS or len(numbers) < _LABELS or found < enough:
        return np.zeros(len(mine), dtype=bool)
    if count >= _FEW and np.corrcoef(mine[moved], table[moved])[0, 1] > _LOOSE:
        return np.zeros(len(mine), dtype=bool)
    return moved


def _numbers(weights: Array) -> list[int]:
    """Weights as whole numbers of the unit in which they count as the same."""
    return [int(number) for number in np.rint(np.abs(weights) / _SAME)]
