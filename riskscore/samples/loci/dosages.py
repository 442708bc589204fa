"""Dosages: copies of each variant's effect allele in each sample, and how each was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Spreads
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant

NOT_TOLD = 255  # in place of a variance
_STEPS = 254  # of a square root between 0 and 1
_VARIANCES = np.append((np.arange(NOT_TOLD) / _STEPS) ** 2, np.nan)


def spreads_of(variances: Array) -> Spreads:
    """Variances between 0 and 1 in one byte each: the nearest step of their square roots.

    >>> spreads_of(np.array([0.0, 0.25, 1.0, np.nan])).tolist()
    [0, 127, 254, 255]
    """
    told = ~np.isnan(variances)
    steps = np.rint(
        _STEPS * np.sqrt(np.clip(variances, 0, 1), where=told, out=np.zeros(told.shape))
    )
    return np.where(told, steps, NOT_TOLD).astype(np.uint8)


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
    the file as a whole. ``variances`` are those of the genotypes in ``values``, of as many variants
    from the first on as it has rows (:func:`spreads_of`), and NOT_TOLD where the file says no more
    than the dosage.
    """

    matches: tuple[LocusMatch, ...]
    values: NDArray[np.float32]
    warnings: tuple[str, ...] = ()
    variances: Spreads | None = None

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

    def variance_of(self, variant: Variant, people: slice) -> Array | None:
        """The variances of one variant's genotypes in some people, if any is known."""
        row = self._rows[variant]
        if self.variances is None or row >= len(self.variances):
            return None
        return np.asarray(_VARIANCES.take(self.variances[row, people]))

    def joined(self, matches: Iterable[LocusMatch], values: NDArray[np.float32]) -> Dosages:
        """With more variants after these."""
        both = np.concatenate([self.values, values])
        return replace(self, matches=(*self.matches, *matches), values=both)

    def of_people(self, people: range) -> Dosages:
        """The dosages of some of the people."""
        span = slice(people.start, people.stop)
        variances = None if self.variances is None else self.variances[:, span]
        return replace(self, values=self.values[:, span], variances=variances)
