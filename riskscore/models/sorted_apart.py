"""Find columns of weights that were sorted, or moved by a row, without their labels.

Such a column holds the numbers of the published table in another order. The weights of another
study of the same variants are other numbers, and correlate with the table's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array

ROUNDING = 0.06  # how far a logarithm of a ratio written with two decimals can be off
_LABELS = 3  # the fewest moved weights for which a column counts as sorted apart
_SAME = 1e-3  # weights that differ by less are the same number
_SHARE = 0.8  # the share of the moved weights that the table must have in other rows
_LOOSE = 0.3  # a lower correlation counts as none
_FEW = 10  # of fewer moved rows all must be numbers of the table

Moved = NDArray[np.bool_]


def same_numbers(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether two columns hold the same numbers, to two decimals, in another order.

    >>> same_numbers([1.5, 0.3, 2.0], [0.3, 2.0, 1.5])
    True
    """
    moved = sum(abs(a - b) > ROUNDING for a, b in zip(ours, theirs, strict=True))
    together = zip(sorted(ours), sorted(theirs), strict=True)
    return moved >= _LABELS and all(abs(a - b) <= ROUNDING for a, b in together)


def moved_rows(ours: Sequence[float], theirs: Sequence[float]) -> Moved:
    """The rows whose weight is a number that the table has in another row; False where by chance.

    ``ours`` and ``theirs`` have a weight for the same allele in each row. Signs are ignored, since
    another row may count another allele.

    >>> weights = [0.12, 0.31, 1.37, 0.05, 0.22]
    >>> int(moved_rows(weights[-1:] + weights[:-1], weights).sum())
    5
    >>> int(moved_rows([w * 1.1 for w in weights], weights).sum())
    0
    """
    mine, table = np.array(ours, dtype=float), np.array(theirs, dtype=float)
    moved: Moved = (
        np.abs(np.abs(mine) - np.abs(table)) > _SAME
    )  # a weight with the other sign has not moved
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
    """Absolute weights rounded to multiples of _SAME, as integers."""
    return [int(number) for number in np.rint(np.abs(weights) / _SAME)]
