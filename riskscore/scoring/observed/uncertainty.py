"""How sure a score is: the variance of its log odds by source, its interval, its mean risk.

``probability`` is the mean of the risk over what is not known of the person (genotypes, missing
terms, exposures). The interval is of the risk of that person, had all been known, at weights as
unsure as their standard errors say and a baseline as unsure as its interval says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.models.terms import Z95
from riskscore.scoring.population.spectrum import (
    Spectrum,
    certain,
    of_normal,
)

_SKEW_MOST = 2.0  # beyond it the expansion of the interval no longer serves


class VarianceSource(StrEnum):
    """Where the uncertainty of a score comes from."""

    WEIGHTS = "weights"
    GENOTYPES = "genotypes"
    MISSING = "missing"
    EXPOSURES = "exposures"
    BASELINE = "baseline"


# Of what is unknown of a person.
UNKNOWN = (VarianceSource.GENOTYPES, VarianceSource.MISSING, VarianceSource.EXPOSURES)


@dataclass(frozen=True)
class Uncertainty:
    """Of each sample's log odds: ``variance`` by source and the third central moment, each of
    shape (samples,). ``patterns`` are the people alike in what is not known of a component, with
    its characteristic function, and ``normal`` the variance (samples,) of what is taken as normal.
    ``variants`` (samples,) is that of uncertain genotypes of single variants, normal or not.
    """

    variance: dict[VarianceSource, Array]
    third: Array
    patterns: tuple[tuple[Places, Spectrum], ...]
    normal: Array
    variants: Array

    @cached_property
    def spectrum(self) -> Spectrum:
        """The characteristic function of what is not known of each person."""
        return _combined(self.patterns, self.normal)

    @property
    def total(self) -> Array:
        """The variance from all sources together."""
        total = np.zeros_like(self.third)
        for source in VarianceSource:
            total += self.variance[source]
        return total

    def limits(self) -> tuple[Array, Array]:
        """The 2.5% and 97.5% points of the log odds less their mean.

        Normal points, corrected for skewness by the first term of Cornish and Fisher (1938):
        ``z + (z^2 - 1) skewness / 6``.
        """
        sd = np.sqrt(self.total)
        skew = np.divide(self.third, sd**3, out=np.zeros_like(sd), where=sd > 0)
        shift = (Z95**2 - 1) / 6 * np.clip(skew, -_SKEW_MOST, _SKEW_MOST)
        return sd * (shift - Z95), sd * (shift + Z95)


def _combined(patterns: Sequence[tuple[Places, Spectrum]], normal: Array) -> Spectrum:
    """Each person's spectrum: the product over the components of their patterns'."""
    if not patterns:
        return of_normal(normal) if normal.any() else certain(len(normal))
    codes = np.column_stack([place for place, _ in patterns])
    kinds, which = np.unique(codes, axis=0, return_inverse=True)
    shared = certain(len(kinds))
    for column, (_, spectrum) in zip(kinds.T, patterns, strict=True):
        shared = shared.times(spectrum.take(column))
    total = shared.take(which.ravel())
    return total.blurred(normal) if normal.any() else total
