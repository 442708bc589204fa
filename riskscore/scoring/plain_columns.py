"""The columns of plain variants: most of the terms of most models, without what HLA asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.models.terms import ADDITIVE, Term, VariantFactor
from riskscore.scoring.link import Array

if TYPE_CHECKING:
    from riskscore.scoring.design import Measurements


def is_plain(term: Term) -> bool:
    """Whether a term counts the copies of one variant, and concerns everybody."""
    factor = term.factors[0]
    alone = len(term.factors) == 1 and not term.fallback_for
    if not (alone and isinstance(factor, VariantFactor)):
        return False
    return factor.coding is ADDITIVE and not factor.variant.members


def plain_column(
    measured: Measurements, j: int, term: Term
) -> tuple[Array, Array, NDArray[np.uint8]]:
    """Expected number, variance and reason of a plain term, each of shape (samples,).

    Of d copies, the whole numbers around d with d as their mean have the variance t (1 - t),
    t being the distance of d from 1.
    """
    mean, spread = measured.reference.mean[j], measured.reference.variance[j]
    variant = term.factors[0]
    assert isinstance(variant, VariantFactor)
    missing = np.zeros(measured.count, dtype=np.uint8)
    lost = measured.cohort.dosages.match(variant.variant).missing
    if lost:
        missing[:] = lost
        return np.full(measured.count, mean), np.full(measured.count, spread), missing
    copies = measured.cohort.dosages.of(variant.variant)[measured.span].astype(np.float64)
    apart = np.abs(copies - 1)
    variance = apart * (1 - apart)
    gap = np.isnan(copies)
    if gap.any():
        copies[gap], variance[gap], missing[gap] = mean, spread, Missing.NO_CALL
    return copies, variance, missing
