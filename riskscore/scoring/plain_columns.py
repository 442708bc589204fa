"""The columns of plain variants: most of the terms of most models, without what HLA asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.models.terms import ADDITIVE, Term, VariantFactor
from riskscore.scoring.link import Array

Reasons = NDArray[np.uint8]

if TYPE_CHECKING:
    from riskscore.scoring.design import Measurements


def is_plain(term: Term) -> bool:
    """Whether a term counts the copies of one variant, and concerns everybody."""
    factor = term.factors[0]
    alone = len(term.factors) == 1 and not term.fallback_for
    if not (alone and isinstance(factor, VariantFactor)):
        return False
    return factor.coding is ADDITIVE and not factor.variant.members


def put_plain(
    measured: Measurements, j: int, term: Term, expected: Array, variance: Array, missing: Reasons
) -> None:
    """Write a plain term's expected number, variance and reason into columns, each (samples,).

    ``missing`` is all 0 before. Of d copies, the whole numbers around d with d as their mean have
    the variance t (1 - t), t being the distance of d from 1.
    """
    factor = term.factors[0]
    assert isinstance(factor, VariantFactor)
    mean, spread = measured.reference.mean[j], measured.reference.variance[j]
    lost = measured.cohort.dosages.match(factor.variant).missing
    if lost:
        expected[:], variance[:], missing[:] = mean, spread, lost
        return
    expected[:] = measured.cohort.dosages.of(factor.variant)[measured.span]
    apart = np.subtract(expected, 1, out=variance)
    np.abs(apart, out=apart)
    np.multiply(apart, 1 - apart, out=variance)
    if np.isnan(variance.sum()):
        gap = np.isnan(expected)
        expected[gap], variance[gap], missing[gap] = mean, spread, Missing.NO_CALL
