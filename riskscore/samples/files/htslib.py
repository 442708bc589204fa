"""Htslib writes to the terminal behind Python's back; what it cannot read is our error to tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pysam

T = TypeVar("T")


@contextmanager
def silent_htslib() -> Iterator[None]:
    """Htslib says nothing within, and afterwards as much as before."""
    before = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(before)


def read_in_silence(records: Iterable[T]) -> Iterator[T]:
    """Records of pysam, each read in silence; between two of them htslib speaks as before."""
    remaining = iter(records)
    while True:
        with silent_htslib():
            try:
                record = next(remaining)
            except StopIteration:
                return
        yield record
