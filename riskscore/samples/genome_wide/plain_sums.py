"""What a pass over a file found of a genome-wide score: sums by person, findings by variant."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.genetics.missing import Missing


@dataclass(frozen=True)
class PlainSums:
    """What a pass found of a score's variants, and their weighted sum in each sample.

    ``total`` (samples,) is the sum of weight times coded copies over the variants with ``missing``
    0; a sample without a call has the mean of the others there. ``no_calls`` (samples,) sums the
    squared weights times variances of the variants that a sample has no call of, ``uncalled``
    counts them. By variant: ``missing`` (a Missing), ``strand`` (an index of :class:`Strand`), and
    in the people of the file the ``mean`` and ``variance`` of the coded copies, the effect allele's
    ``frequency``, and the share of people with a call. ``palindromes`` were believed as they are
    written. ``warnings`` are sentences about the file.
    """

    total: Array
    no_calls: Array
    uncalled: NDArray[np.int64]
    missing: NDArray[np.uint8]
    strand: NDArray[np.uint8]
    frequency: Array
    mean: Array
    variance: Array
    called: Array
    people: int
    palindromes: int
    warnings: tuple[str, ...] = ()

    @property
    def observed(self) -> Mask:
        found: Mask = self.missing == Missing.NOT_MISSING
        return found

    def of_people(self, people: range) -> PlainSums:
        """The sums of some people; what was found of the variants is that of all."""
        span = slice(people.start, people.stop)
        return replace(
            self,
            total=self.total[span].copy(),
            no_calls=self.no_calls[span].copy(),
            uncalled=self.uncalled[span].copy(),
        )
