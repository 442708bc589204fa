"""Names of the types of arrays that many modules hold, and what several do with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Array32 = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]  # positions in a list or table
PhaseSets = NDArray[np.int32]  # numbers of PS; 0 without one
Offsets = NDArray[np.intp]  # positions in a text
Positions = NDArray[np.int32]  # base pairs on a chromosome, or other numbers of a table's cells
Words = NDArray[np.object_]  # of str
Words64 = NDArray[np.uint64]  # eight letters each, the first in the lowest byte
Letters = NDArray[np.uint8]  # text, one byte each
Copies = NDArray[np.float32]  # of an allele
Spreads = NDArray[np.uint8]  # variances of copies, as samples/loci/dosages.py writes them
GenotypeCodes = NDArray[np.uint8]  # 2 x the first + the second haplotype's allele, 1 the counted
Reasons = NDArray[np.uint8]  # why something is not known: numbers of Missing


def listed(values: Sequence[Any] | NDArray[Any]) -> Sequence[Any]:
    """A column with Python's own numbers in it."""
    return values.tolist() if isinstance(values, np.ndarray) else values


def spread(start: Places, count: Places) -> tuple[Places, Places]:
    """For each owner its stretch of rows: the owner of every row, and the row's place.

    >>> owner, row = spread(np.array([5, 0]), np.array([2, 1]))
    >>> owner.tolist(), row.tolist()
    ([0, 0, 1], [5, 6, 0])
    """
    owner = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return owner, np.repeat(start, count) + within


def mixed(words: Words64) -> Words64:
    """A hash of each word: the mixing function of Steele, Lea and Flood (2014, OOPSLA 453)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
