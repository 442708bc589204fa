"""The design matrix: every term's number for every person, or the reason it is not there.

Where something is unknown the number is what the reference population makes of it (its mean, given
what is known), its variance is carried along, and the reason stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.model import RiskModel
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    HLAFactor,
    Term,
    VariantFactor,
)
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls
from riskscore.samples.loci.snp_haplotypes import why_unknown
from riskscore.scoring.diplotypes import DiplotypeCalls, call_diplotypes, published_diplotypes
from riskscore.scoring.in_use import not_in_use, people_by_sex, unexplained
from riskscore.scoring.link import Array
from riskscore.scoring.linked_genes import LinkedGenes, linked_genes
from riskscore.scoring.plain_columns import Reasons, is_plain, put_plain
from riskscore.scoring.reference import Reference
from riskscore.scoring.resolution import resolved
from riskscore.scoring.systems import OTHER, carries, group_of, haplotype_values, paired_names
from riskscore.scoring.tag_copies import moments, people_by_tag, single_allele, tag_chances


@dataclass(frozen=True)
class DesignMatrix:
    """Arrays of shape (samples, terms): expected numbers, their variances, reasons for gaps.

    ``missing`` is 0 (Missing.NOT_MISSING) where the number was observed. ``excess`` is, by sample,
    the probability that tag SNPs count more than two haplotypes. ``published`` are the numbers
    with haplotypes called from tags as the paper's software calls them, ``ruled`` where that is so.
    ``tagged`` has the samples in whom a tag stands for an allele of a gene that others have typed.
    """

    model: RiskModel
    samples: tuple[str, ...]
    expected: Array
    variance: Array
    missing: Reasons
    excess: Array
    published: Array
    ruled: NDArray[np.bool_]
    tagged: Mapping[HLAAllele, NDArray[np.bool_]]

    @property
    def values(self) -> Array:
        """The observed numbers; nan where there is a reason instead."""
        return np.where(self.missing == Missing.NOT_MISSING, self.expected, np.nan)


@dataclass(frozen=True)
class _Measured:
    """First and second moment of a product of factors of one measurement, and the gaps."""

    first: Array
    second: Array
    missing: Reasons


def design_matrix(
    cohort: Cohort, reference: Reference, panel: ReferencePanel, rows: range | None = None
) -> DesignMatrix:
    """The design matrix of a range of the cohort's samples (all, unless ``rows`` says which)."""
    people = range(len(cohort.samples)) if rows is None else rows
    return Measurements(cohort, reference, panel, people).design()


class Measurements:
    """What was measured of a range of a cohort's samples, as the terms of a model read it."""

    def __init__(
        self, cohort: Cohort, reference: Reference, panel: ReferencePanel, rows: range
    ) -> None:
        self.cohort, self.reference, self.panel, self.rows = cohort, reference, panel, rows
        self.model = reference.model
        self.count = len(rows)
        sex = cohort.sex[rows.start : rows.stop]
        self.by_sex = people_by_sex(sex)
        self.haplotypes: DiplotypeCalls | None = None
        if self.model.scheme:
            self.haplotypes = call_diplotypes(cohort, self.model.scheme, panel, rows)
        genes = [f for f in self.model.factors if isinstance(f, HLAAlleleFactor | AminoAcidFactor)]
        hla = resolved(cohort.hla, list(dict.fromkeys(genes)), panel, cohort.population, rows)
        self.cohort = replace(cohort, hla=hla)
        self._calls = cohort.hla
        self.pairs = paired_names(self.model)
        self.carriage: dict[HLAFactor, Array] = {}

    def design(self) -> DesignMatrix:
        """The design matrix, column by column."""
        shape = (self.count, len(self.model.terms))
        # A column lies in one piece: whatever follows goes term by term.
        expected, variance = np.empty(shape, order="F"), np.empty(shape, order="F")
        missing = np.zeros(shape, dtype=np.uint8, order="F")
        for j, term in enumerate(self.model.terms):
            columns = expected[:, j], variance[:, j], missing[:, j]
            if is_plain(term):
                put_plain(self, j, term, *columns)
            else:
                columns[0][:], columns[1][:], columns[2][:] = self._column(j, term)
        samples = self.cohort.samples[self.span]
        excess = self.haplotypes.excess if self.haplotypes else np.zeros(self.count)
        published, ruled = self._published(expected)
        tagged = people_by_tag(self.cohort.hla, len(self.cohort.samples), self.span)
        return DesignMatrix(
            self.model, samples, expected, variance, missing, excess, published, ruled, tagged
        )

    def _published(self, expected: Array) -> tuple[Array, NDArray[np.bool_]]:
        """The numbers by the published rule for haplotypes, and which of them it gives."""
        scheme, calls = self.model.scheme, self.haplotypes
        if not scheme or calls is None or calls.source == "typed alleles":
            return expected, np.zeros((1, 1), dtype=bool)
        rule = published_diplotypes(self.cohort, scheme, self.rows)
        called = (rule.missing == Missing.NOT_MISSING) & calls.from_tags
        published, ruled = expected.copy(), np.zeros(expected.shape, dtype=bool)
        for j, term in enumerate(self.model.terms):
            if len(term.factors) == 1 and isinstance(
                factor := term.factors[0], HaplotypeFactor | DiplotypeFactor
            ):
                ruled[:, j] = called
                published[called, j] = self._haplotype(factor, rule).first[called]
        return published, ruled

    def _column(self, j: int, term: Term) -> tuple[Array, Array, Reasons]:
        """Expected number, variance and reason of one term, each of shape (samples,)."""
        mean, spread = self.reference.mean[j], self.reference.variance[j]
        by_group: dict[str, list[Factor]] = {}
        for factor in term.factors:
            by_group.setdefault(group_of(factor), []).append(factor)
        measured = {group: self.measure(factors) for group, factors in by_group.items()}
        if len(measured) > 1:
            measured = self._together(term, measured)
        first, second, missing = self._combine(j, measured)
        variance = np.maximum(0.0, second - first**2)
        # Nothing of it known: the population's own mean and variance.
        gaps = [part.missing != Missing.NOT_MISSING for part in measured.values()]
        gap = np.logical_and.reduce(gaps)
        first, variance = np.where(gap, mean, first), np.where(gap, spread, variance)
        variance = variance * unexplained(self, term.factors)
        unused = not_in_use(self, term)
        if not unused.any():
            return first, variance, missing
        return (
            np.where(unused, mean, first),
            np.where(unused, 0.0, variance),
            np.where(unused, np.uint8(Missing.NOT_APPLICABLE), missing),
        )

    def _combine(self, j: int, measured: dict[str, _Measured]) -> tuple[Array, Array, Reasons]:
        """Moments of the product over measurements; unknown ones take the population's moments."""
        first, second = np.ones(self.count), np.ones(self.count)
        missing = np.zeros(self.count, dtype=np.uint8)
        known_zero = np.zeros(self.count, dtype=bool)
        for group, part in measured.items():
            gap = part.missing != Missing.NOT_MISSING
            moments = self.reference.groups[j][group]
            first = first * np.where(gap, moments.first, part.first)
            second = second * np.where(gap, moments.second, part.second)
            missing = np.where(gap & (missing == 0), part.missing, missing)
            known_zero |= ~gap & (part.second == 0)
        # A factor known to be zero settles the product, whatever the others are.
        return first, second, np.where(known_zero, np.uint8(0), missing)

    @cached_property
    def linked(self) -> tuple[LinkedGenes, ...]:
        """DR-DQ genes that are one measurement in people of whom several are uncertain."""
        if not self.reference.joint:
            return ()
        resolved, population = self.cohort.hla, self.cohort.population
        return linked_genes(self.model, self._calls, resolved, self.panel, population, self.rows)

    def _together(self, term: Term, measured: dict[str, _Measured]) -> dict[str, _Measured]:
        """Parts that read linked genes as one: the first has the moments of them all."""
        parts = dict(measured)
        for linked in self.linked:
            joint = linked.moments(term.factors, self.count)
            for group in joint.groups:
                own, head = parts[group], group == joint.groups[0]
                first = np.where(joint.inside, joint.first if head else 1.0, own.first)
                second = np.where(joint.inside, joint.second if head else 1.0, own.second)
                parts[group] = _Measured(first, second, own.missing)
        return parts

    @property
    def span(self) -> slice:
        return slice(self.rows.start, self.rows.stop)

    def measure(self, factors: list[Factor]) -> _Measured:
        """The product of factors that read the same measurement."""
        match factors[0]:
            case VariantFactor():
                return self._variant(factors[0])
            case ExposureFactor():
                return self.exposure(factors[0])
            case HaplotypeFactor() | DiplotypeFactor():
                assert self.haplotypes is not None
                return self._haplotype(factors[0], self.haplotypes)
        return self._gene([f for f in factors if isinstance(f, HLAAlleleFactor | AminoAcidFactor)])

    def _gap(self, reason: Missing) -> _Measured:
        nothing = np.full(self.count, np.nan)
        return _Measured(nothing, nothing, np.full(self.count, reason, dtype=np.uint8))

    def _variant(self, factor: VariantFactor) -> _Measured:
        lost = self.cohort.dosages.match(factor.variant).missing
        if lost:
            return self._gap(lost)
        copies = self.cohort.dosages.of(factor.variant)[self.span]
        found = self._copies(copies, factor.coding.values)
        if factor.variant.members:
            return replace(
                found, missing=why_unknown(self.cohort.dosages, factor.variant)[self.span]
            )
        return found

    def _copies(self, copies: NDArray[np.float32], values: tuple[float, ...]) -> _Measured:
        """A dosage through a coding, under the least uncertain distribution with that mean."""
        d = copies.astype(np.float64)
        missing = np.where(np.isnan(d), np.uint8(Missing.NO_CALL), np.uint8(0))
        squares = tuple(value**2 for value in values)
        axis = (0.0, 1.0, 2.0)
        return _Measured(np.interp(d, axis, values), np.interp(d, axis, squares), missing)

    def exposure(self, factor: ExposureFactor) -> _Measured:
        exposure = self.model.exposure(factor.exposure)
        samples = len(self.cohort.samples)
        if exposure.is_dose:
            x = self.cohort.exposures.doses(exposure, samples)[self.span] / exposure.per
            unknown = np.isnan(x)
        else:
            level = self.cohort.exposures.levels(exposure, samples)[self.span]
            names = [level.value for level in exposure.levels]
            place = names.index(factor.level) if factor.level else 0
            x, unknown = (level == place).astype(float), level < 0
        missing = np.where(unknown, np.uint8(Missing.NOT_GIVEN), np.uint8(0))
        return _Measured(x, x**2, missing)

    def _haplotype(
        self, factor: HaplotypeFactor | DiplotypeFactor, calls: DiplotypeCalls
    ) -> _Measured:
        assert self.model.scheme is not None
        names = (*self.model.scheme.names, OTHER)
        x = haplotype_values(factor, names, calls.first, calls.second, self.pairs)
        first = self._sums(calls.sample, calls.probability * x)
        second = self._sums(calls.sample, calls.probability * x**2)
        return _Measured(first, second, calls.missing)

    def _sums(self, sample: NDArray[np.int64], weights: Array) -> Array:
        """Sums of weights by sample, in the order in which they stand."""
        return np.asarray(np.bincount(sample, weights, self.count), dtype=np.float64)

    def _gene(self, factors: list[HLAFactor]) -> _Measured:
        """The product of factors on one gene, expected over the posterior of its genotypes."""
        calls = self.cohort.hla.genes.get(factors[0].gene)
        if calls is None:
            return self._tagged(factors)
        rows = calls.rows(self.rows.start, self.rows.stop)
        sample = calls.sample[rows] - self.rows.start
        x = np.ones(len(sample))
        for factor in factors:
            carried = self.carriage_of(factor, calls)
            copies = carried[calls.first[rows]] + carried[calls.second[rows]]
            x = x * np.interp(copies, (0.0, 1.0, 2.0), factor.coding.values)
        p = calls.probability[rows]
        first = self._sums(sample, p * x)
        second = self._sums(sample, p * x**2)
        missing = np.full(self.count, Missing.NO_CALL, dtype=np.uint8)
        missing[sample] = Missing.NOT_MISSING
        missing[np.isnan(first)] = Missing.LOW_RESOLUTION
        return self._or_tagged(_Measured(first, second, missing), factors)

    def _or_tagged(self, typed: _Measured, factors: list[HLAFactor]) -> _Measured:
        """What a tag says of people whose gene is not called, where others' is."""
        untyped = typed.missing == Missing.NO_CALL
        if not untyped.any() or (tagged := self._tagged(factors)).missing.min() == Missing.ABSENT:
            return typed
        return _Measured(
            np.where(untyped, tagged.first, typed.first),
            np.where(untyped, tagged.second, typed.second),
            np.where(untyped, tagged.missing, typed.missing),
        )

    def carriage_of(self, factor: HLAFactor, calls: GeneCalls) -> Array:
        """1 for each allele of the calls that the factor counts, 0 for others, nan if unsure."""
        if factor not in self.carriage:
            verdicts = [carries(factor, allele, self.panel) for allele in calls.alleles]
            self.carriage[factor] = np.array(
                [np.nan if verdict is None else float(verdict) for verdict in verdicts]
            )
        return self.carriage[factor]

    def _tagged(self, factors: list[HLAFactor]) -> _Measured:
        """Without a type of the gene: a tag SNP for a single allele, if one holds."""
        allele, hla = single_allele(factors), self.cohort.hla
        if allele is None or allele not in hla.tags:
            return self._gap(
                Missing.TAG_NOT_VALID if allele in hla.invalid_tags else Missing.ABSENT
            )
        values = np.prod([factor.coding.values for factor in factors], axis=0)
        return _Measured(*moments(self.tagged_copies(allele), values))

    def tagged_copies(self, allele: HLAAllele) -> Array:
        """The probabilities of 0, 1 and 2 copies of an allele, by its tag, shape (samples, 3)."""
        calls = self.cohort.hla.tags[allele]
        return tag_chances(calls, self.panel, self.cohort.population, self.span)
