"""Whom a term concerns: of which sex, typed or not, and which of several measures counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.models.model import Sex
from riskscore.models.terms import ExposureFactor, Factor, Term
from riskscore.samples.hla.tags import taggable_alleles
from riskscore.scoring.link import Array

if TYPE_CHECKING:
    from riskscore.scoring.design import Measurements


PeopleBySex = dict[Sex | None, NDArray[np.intp]]


def people_by_sex(sex: Sequence[Sex | None]) -> PeopleBySex:
    """The places of the people of each sex, and of those whose sex is not known."""
    known = list(dict.fromkeys(sex))
    if len(known) == 1:
        return {known[0]: np.arange(len(sex))}
    code = np.array([known.index(one) for one in sex], dtype=np.intp)
    return {key: np.flatnonzero(code == i) for i, key in enumerate(known)}


def not_in_use(measured: Measurements, term: Term) -> NDArray[np.bool_]:
    """People the term does not concern: of the other sex, typed, or counted elsewhere."""
    unused = np.zeros(measured.count, dtype=bool)
    for sex, people in measured.by_sex.items():
        if not measured.model.applies(term, sex):
            unused[people] = True
    if term.fallback_for:
        unused |= ~_stands_in(measured, term)
    for factor in term.factors:
        if isinstance(factor, ExposureFactor):
            unused |= _outranked(measured, factor)
    return unused


def _stands_in(measured: Measurements, term: Term) -> NDArray[np.bool_]:
    """In whom a stand-in counts: the gene is not typed, and the stand-in itself is there.

    Where a tag SNP gives one of the gene's own terms, the two would count the same twice.
    """
    gene = measured.cohort.hla.genes.get(term.fallback_for)
    stands = np.ones(measured.count, dtype=bool)
    if gene is not None:
        stands = ~gene.called(len(measured.cohort.samples))[measured.span]
    counted = taggable_alleles([measured.model])
    for allele, tag in measured.cohort.hla.tags.items():
        if allele.gene == term.fallback_for and allele in counted:
            stands &= np.isnan(tag.copies[measured.span])
    for factor in term.factors:
        stands &= measured.measure([factor]).missing == Missing.NOT_MISSING
    return stands


def unexplained(measured: Measurements, factors: Sequence[Factor]) -> Array:
    """The share of the factors' variance that stand-ins for their genes leave, by sample."""
    share = np.ones(measured.count)
    for term in measured.model.terms if measured.reference.unexplained else ():
        if term.fallback_for in {getattr(factor, "gene", None) for factor in factors}:
            share[_stands_in(measured, term)] = measured.reference.unexplained[term.fallback_for]
    return share


def _outranked(measured: Measurements, factor: ExposureFactor) -> NDArray[np.bool_]:
    """Of exposures with the same ``one_of`` only the first known one counts."""
    own = measured.model.exposure(factor.exposure)
    outranked = np.zeros(measured.count, dtype=bool)
    rivals = [e for e in measured.model.exposures if own.one_of and e.one_of == own.one_of]
    rivals = [e for e in rivals if e.weighted]
    place = next((i for i, e in enumerate(rivals) if e.id == own.id), 0)
    for i, rival in enumerate(rivals):
        known = measured.exposure(ExposureFactor(rival.id)).missing == Missing.NOT_MISSING
        outranked |= known if i < place else False
        if i > place:  # a later one stands in for this one where only it is known
            mine = measured.exposure(factor).missing == Missing.NOT_MISSING
            outranked |= known & ~mine
    if place and not outranked.all():
        outranked |= measured.exposure(factor).missing != Missing.NOT_MISSING
    return outranked
