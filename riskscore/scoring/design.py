"""The design matrix: every term's number for every person, or the reason it is not there.

Where something is unknown the number is what the reference population makes of it (its mean, given
what is known), its variance is carried along, and the reason stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Reasons
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.terms import Factor, Term
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.tags import taggable_alleles
from riskscore.scoring.kinds.exposure import reported
from riskscore.scoring.kinds.kind import FactorStates, KindEvidence
from riskscore.scoring.kinds.mhc import MHC, MHCEvidence
from riskscore.scoring.kinds.scheme_tags import published_diplotypes
from riskscore.scoring.kinds.tags import people_by_tag
from riskscore.scoring.kinds.variant import copies_alone, put_copies
from riskscore.scoring.population.reference import Reference

PeopleBySex = dict[Sex | None, NDArray[np.intp]]


@dataclass(frozen=True)
class DesignMatrix:
    """Arrays of shape (samples, terms): expected numbers, their variances, reasons for gaps.

    ``missing`` is 0 (Missing.NOT_MISSING) where the number was observed. ``excess`` is, by sample,
    the probability that tag SNPs count more than two haplotypes. ``published`` are the numbers
    with haplotypes called from tags as the paper's software calls them, ``ruled`` where that is so.
    ``from_typed`` has by term the samples whose typed HLA allele speaks for the variant it reads;
    ``tagged`` has the samples in whom a tag stands for an allele of a gene that others have typed.
    """

    model: RiskModel
    samples: tuple[str, ...]
    expected: Array
    variance: Array
    missing: Reasons
    excess: Array
    published: Array
    ruled: Mask
    tagged: Mapping[HLAAllele, Mask]
    from_typed: Mapping[int, Mask]

    @property
    def values(self) -> Array:
        """The observed numbers; nan where there is a reason instead."""
        return np.where(self.missing == Missing.NOT_MISSING, self.expected, np.nan)


def design_matrix(cohort: Cohort, reference: Reference) -> DesignMatrix:
    """The design matrix of all samples of a cohort."""
    return Measurements(cohort, reference, range(len(cohort.samples))).design()


class Measurements:
    """What was measured of a range of a cohort's samples, as the terms of a model read it."""

    def __init__(self, cohort: Cohort, reference: Reference, rows: range) -> None:
        self.cohort, self.reference, self.rows = cohort, reference, rows
        self.model, self.kinds = reference.model, reference.kinds
        self.count, self.span = len(rows), slice(rows.start, rows.stop)
        self.by_sex = people_by_sex(cohort.sex[self.span])
        self._evidence: dict[str, KindEvidence] = {}
        self._whole: Measurements | None = None
        self._standing: dict[Term, Mask] = {}

    @property
    def mhc(self) -> MHCEvidence | None:
        """What was measured of the genes of the MHC, if the model reads any."""
        found = self.evidence(MHC) if MHC in self.kinds.by_name else None
        return found if isinstance(found, MHCEvidence) else None

    def of(self, rows: range) -> Measurements:
        """The measurements of some of these samples, each kind of which is read of all at once."""
        part = Measurements(self.cohort, self.reference, rows)
        part._whole = self
        return part

    def evidence(self, kind: str) -> KindEvidence:
        """What was measured of a kind, by its name; read once."""
        if kind not in self._evidence:
            if self._whole is not None:
                start = self.rows.start - self._whole.rows.start
                found = self._whole.evidence(kind).take(slice(start, start + self.count))
            else:
                found = self.kinds[kind].evidence(self.cohort, self.span)
            self._evidence[kind] = found
        return self._evidence[kind]

    def design(self) -> DesignMatrix:
        """The design matrix, column by column."""
        shape = (self.count, len(self.model.terms))
        # A column lies in one piece: whatever follows goes term by term.
        expected, variance = np.empty(shape, order="F"), np.empty(shape, order="F")
        missing = np.zeros(shape, dtype=np.uint8, order="F")
        for j, term in enumerate(self.model.terms):
            columns = expected[:, j], variance[:, j], missing[:, j]
            factor = copies_alone(term)
            if factor and self.kinds.of(factor).by_copies(self.cohort):
                dosages, variant = self.cohort.dosages, factor.variant
                put_copies(
                    dosages.of(variant)[self.span], dosages.variance_of(variant, self.span),
                    self.reference.mean[j], self.reference.variance[j], columns,
                )  # fmt: skip
            else:
                columns[0][:], columns[1][:], columns[2][:] = self._column(j, term)
        samples = self.cohort.samples[self.span]
        excess = self.mhc.excess if self.mhc else np.zeros(self.count)
        published, ruled = self._published(expected)
        tagged = people_by_tag(self.cohort.hla, len(self.cohort.samples), self.span)
        return DesignMatrix(
            self.model, samples, expected, variance, missing, excess, published, ruled, tagged,
            self._from_typed(),
        )  # fmt: skip

    def _from_typed(self) -> dict[int, Mask]:
        """By place of a term that reads a marker the people whose typed allele speaks for it."""
        found = {}
        for j, term in enumerate(self.model.terms if self.model.markers else ()):
            for name in self.kinds.read_by(term.factors):
                if not self.kinds[name].by_copies(self.cohort):
                    typed = self.evidence(name).from_typed
                    if typed is not None and typed.any():
                        found[j] = typed
        return found

    def _published(self, expected: Array) -> tuple[Array, Mask]:
        """The numbers by the published rule for haplotypes, and which of them it gives."""
        mhc = self.mhc
        classes = mhc.kind.classes if mhc else None
        if mhc is None or classes is None or not mhc.by_tags.any():
            return expected, np.array([[False]])
        rule = published_diplotypes(self.cohort, classes.scheme, self.rows)
        called = (rule.missing == Missing.NOT_MISSING) & mhc.by_tags
        published, ruled = expected.copy(), np.zeros(expected.shape, dtype=bool)
        reading = FactorStates(classes.factors, classes.states(rule))
        for j, term in enumerate(self.model.terms):
            if len(term.factors) == 1 and term.factors[0] in reading.factors:
                ruled[:, j] = called
                number = reading.states.expected(reading.product(term.factors))
                published[called, j] = number[called]
        return published, ruled

    def _column(self, j: int, term: Term) -> tuple[Array, Array, Reasons]:
        """Expected number, variance and reason of one term, each of shape (samples,).

        What is not known is drawn from the population. A factor known to be 0 settles the product,
        whatever the others are.
        """
        first, second = np.ones(self.count), np.ones(self.count)
        missing = np.zeros(self.count, dtype=np.uint8)
        settled = np.zeros(self.count, dtype=bool)
        for name, factors in self.kinds.read_by(term.factors).items():
            evidence = self.evidence(name)
            own, square, zero = evidence.moments(factors)
            first, second = first * own, second * square
            missing = np.where(missing == 0, evidence.reasons(factors), missing)
            settled |= zero
        missing = np.where(settled, np.uint8(0), missing)
        variance = np.maximum(0.0, second - first**2) * self.unexplained(term.factors)
        unused = self._not_in_use(term)
        if not unused.any():
            return first, variance, missing
        return (
            np.where(unused, self.reference.mean[j], first),
            np.where(unused, 0.0, variance),
            np.where(unused, np.uint8(Missing.NOT_APPLICABLE), missing),
        )

    def unexplained(self, factors: Sequence[Factor]) -> Array:
        """The share of the factors' variance that stand-ins for their genes leave, by sample."""
        share = np.ones(self.count)
        for term in self.model.terms if self.reference.unexplained else ():
            if term.fallback_for and term.fallback_for in {factor.gene for factor in factors}:
                share[self._stands_in(term)] = self.reference.unexplained[term.fallback_for]
        return share

    def _not_in_use(self, term: Term) -> Mask:
        """People the term does not concern: of the other sex, typed, or counted elsewhere."""
        unused = np.zeros(self.count, dtype=bool)
        for sex, people in self.by_sex.items():
            if not self.model.applies(term, sex):
                unused[people] = True
        if term.fallback_for:
            unused |= ~self._stands_in(term)
        if term.only_known:
            unused |= ~reported(self.model.exposure(term.only_known), self.cohort, self.span)
        return unused

    def _stands_in(self, term: Term) -> Mask:
        """In whom a stand-in counts: the gene is not typed, and the stand-in itself is there.

        Where a tag SNP gives one of the gene's own terms, the two would count the same twice.
        """
        if term in self._standing:
            return self._standing[term]
        gene = self.cohort.hla.genes.get(term.fallback_for)
        stands = np.ones(self.count, dtype=bool)
        if gene is not None:
            stands = ~gene.called(len(self.cohort.samples))[self.span]
        counted = taggable_alleles([self.model])
        for allele, tag in self.cohort.hla.tags.items():
            if allele.gene == term.fallback_for and allele in counted:
                stands &= np.isnan(tag.copies[self.span])
        for name, factors in self.kinds.read_by(term.factors).items():
            stands &= self.evidence(name).reasons(factors) == Missing.NOT_MISSING
        self._standing[term] = stands
        return stands


def people_by_sex(sex: Sequence[Sex | None]) -> PeopleBySex:
    """The places of the people of each sex, and of those whose sex is not known."""
    known = list(dict.fromkeys(sex))
    if len(known) == 1:
        return {known[0]: np.arange(len(sex))}
    place = {one: i for i, one in enumerate(known)}
    code = np.array([place[one] for one in sex], dtype=np.intp)
    return {key: np.flatnonzero(code == i) for i, key in enumerate(known)}
