"""Dosages: copies of each variant's effect allele in each sample, and how each was found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant


@dataclass(frozen=True, slots=True)
class LocusMatch:
    """What the file had at one variant: how its alleles matched, or why there is nothing.

    ``note`` counts what was odd in the cells, ``half_call=3; ds_gt_conflict=1``, and says what
    more there is to know.
    """

    variant: Variant
    missing: Missing
    how: str = ""  # found, swapped, flipped, ...; what was seen, when missing
    record: str = ""  # the record's place and letters
    frequency: float = float("nan")  # of the effect allele, in this file
    note: str = ""


@dataclass(frozen=True)
class Dosages:
    """``values`` has shape (variants, samples), float32, 0 to 2; nan where there is no call.

    A variant whose ``matches`` entry is missing has a row of nan. ``warnings`` are sentences about
    the file as a whole.
    """

    matches: tuple[LocusMatch, ...]
    values: NDArray[np.float32]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        variants, people = self.values.shape
        found = sum(not match.missing for match in self.matches)
        return f"Dosages({variants} variants x {people:,} people; {found} variants found)"

    @cached_property
    def _rows(self) -> dict[Variant, int]:
        return {match.variant: row for row, match in enumerate(self.matches)}

    def match(self, variant: Variant) -> LocusMatch:
        """How a variant was matched; a variant nobody asked for is absent."""
        row = self._rows.get(variant)
        return LocusMatch(variant, Missing.ABSENT) if row is None else self.matches[row]

    def of(self, variant: Variant) -> NDArray[np.float32]:
        """The dosages of one variant, shape (samples,)."""
        row: NDArray[np.float32] = self.values[self._rows[variant]]
        return row
