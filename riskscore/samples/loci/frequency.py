"""The frequency of an allele in the people of a file: counted, or else as the record states it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskscore.samples.files.record import Record, stated_frequency

# Fewer people than this do not make a frequency.
MINIMUM_SAMPLES = 50


def counted_frequency(copies: NDArray[np.float32]) -> float:
    """The frequency that copies in enough people give, else nan; nan among them is no call.

    >>> counted_frequency(np.full(50, 0.5, dtype=np.float32))
    0.25
    """
    called = copies
    if np.isnan(copies.sum(dtype=np.float64)):
        called = copies[~np.isnan(copies)]
    if called.size < MINIMUM_SAMPLES:
        return float("nan")
    return float(called.mean(dtype=np.float64) / 2)


def effect_frequency(record: Record, effect_index: int, copies: NDArray[np.float32]) -> float:
    """The frequency of a record's allele (0 is REF): counted, else as INFO/AF says, else nan."""
    counted = counted_frequency(copies)
    return counted if not np.isnan(counted) else stated_frequency(record, effect_index)
