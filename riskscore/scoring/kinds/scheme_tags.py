"""Which two haplotypes of a scheme a person has, by tag SNPs: a posterior over pairs of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Places
from riskscore.genetics.missing import Missing
from riskscore.models.model import HaplotypeScheme
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import HaplotypeCalls
from riskscore.scoring.kinds.tag_haplotypes import TagPairs, published_pairs, tag_pairs


@dataclass(frozen=True)
class DiplotypeCalls:
    """Rows of (sample, first, second, probability), sorted by sample; places in the scheme's names.

    ``missing`` has one reason a sample; ``excess`` is the probability that the tags of a sample
    count more than two haplotypes.
    """

    sample: Places
    first: Places
    second: Places
    probability: Array
    missing: NDArray[np.uint8]
    excess: Array


def called_from_tags(
    cohort: Cohort, scheme: HaplotypeScheme, shares: Array, rows: range
) -> DiplotypeCalls:
    """Calls for a range of the cohort's samples, numbered from 0 within it.

    As the cohort asks for them; ``shares`` are the frequencies of the classes and, last, of all
    other haplotypes.
    """
    if cohort.haplotype_calls is HaplotypeCalls.PUBLISHED:
        return published_diplotypes(cohort, scheme, rows)
    return _of_tags(cohort, scheme, rows, lambda d: tag_pairs(d, shares), whole=False)


def published_diplotypes(cohort: Cohort, scheme: HaplotypeScheme, rows: range) -> DiplotypeCalls:
    """Calls as the scheme's own software makes them from tags, without any uncertainty.

    Dosages are rounded (a half to the even number), of more than two haplotypes the scheme's rule
    keeps two, and a haplotype that no tag counts adds nothing. A person without all of the tags
    has no call.
    """
    return _of_tags(cohort, scheme, rows, lambda d: published_pairs(d, scheme.excess), whole=True)


def _of_tags(
    cohort: Cohort,
    scheme: HaplotypeScheme,
    rows: range,
    pairs_of: Callable[[Array], TagPairs],
    *,
    whole: bool,
) -> DiplotypeCalls:
    """Calls from tags by a rule; of people with every tag, or (unless ``whole``) with any."""
    count = len(rows)
    span = slice(rows.start, rows.stop)
    lost = [
        cohort.dosages.match(h.tag).missing if h.tag else Missing.ABSENT for h in scheme.haplotypes
    ]
    d = np.full((len(lost), count), np.nan)
    for place, haplotype in enumerate(scheme.haplotypes):
        if haplotype.tag and not lost[place]:
            d[place] = cohort.dosages.of(haplotype.tag)[span]
    known = ~np.isnan(d)
    called = known.all(axis=0) if whole else known.any(axis=0)
    reason = next((r for r in lost if r), Missing.NO_CALL)
    if not all(lost) and not whole:
        reason = Missing.NO_CALL
    missing = np.where(called, np.uint8(0), np.uint8(reason))
    found = pairs_of(d[:, called])
    excess = np.zeros(count)
    excess[called] = found.excess
    return DiplotypeCalls(
        np.flatnonzero(called)[found.sample],
        found.first,
        found.second,
        found.probability,
        missing,
        excess,
    )
