"""The variance of a score by source, worked out from what was measured of the people of a chunk."""

from __future__ import annotations

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.genetics.missing import Missing
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.kinds.variant import genotype_probabilities
from riskscore.scoring.observed.uncertainty import UNKNOWN, Uncertainty, VarianceSource
from riskscore.scoring.observed.unknowns import joint_states
from riskscore.scoring.population.components import Component
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import (
    Spectrum,
    after_certain,
    certain,
    of_rows,
    of_states,
)

_LARGE = 1.0  # a weight from which on an uncertain genotype is far from normal


def uncertainty(measured: Measurements, design: DesignMatrix, reference: Reference) -> Uncertainty:
    """The uncertainty of a chunk, without that of the baseline, which depends on sex."""
    count = len(design.samples)
    kinds = np.zeros((count, len(UNKNOWN)))
    third = np.zeros(count)
    patterns: list[tuple[Places, Spectrum]] = []
    for component in reference.shared_components:
        people, columns = _concerned(design, component)
        if not len(people):
            continue
        unused = design.missing[np.ix_(people, columns)] == Missing.NOT_APPLICABLE
        for members, joint in joint_states(measured, component, unused, people):
            states = joint.states
            place = np.zeros(count, dtype=np.int64)
            place[people[members]] = states.of + 1
            kinds[people[members]] += joint.by_source[states.of]
            third[people[members]] += joint.third[states.of]
            spectrum = of_rows(joint.deviation, states.probability, states.block, len(states.count))
            patterns.append((place, after_certain(spectrum)))
    normal, variants = _single_variants(design, reference, kinds, third, patterns)
    variance = {kind: kinds[:, i] for i, kind in enumerate(UNKNOWN)}
    weights, baseline = _of_model(measured, design, reference)
    variance |= {VarianceSource.WEIGHTS: weights, VarianceSource.BASELINE: baseline}
    return Uncertainty(variance, third, tuple(patterns), normal, variants)


def shares_by_term(measured: Measurements, design: DesignMatrix, reference: Reference) -> Array:
    """What is not known of each person, by term; sums to its variance. Shape (samples, terms).

    A term's share is its covariance with the whole score, which may be negative where it offsets
    others that read the same measurement.
    """
    shares = np.zeros(design.expected.shape)
    alone = list(reference.single_variants)
    shares[:, alone] = design.variance[:, alone] * reference.weights[alone] ** 2
    for component in reference.shared_components:
        people, columns = _concerned(design, component)
        if len(people):
            unused = design.missing[np.ix_(people, columns)] == Missing.NOT_APPLICABLE
            for members, joint in joint_states(measured, component, unused, people):
                shares[np.ix_(people[members], columns)] = joint.by_term[joint.states.of]
    return shares


def _concerned(design: DesignMatrix, component: Component) -> tuple[Places, Places]:
    """The people of whom not everything is known in a component, and its columns."""
    columns = np.array(component.terms, dtype=np.int64)
    return np.flatnonzero((design.variance[:, columns] > 0).any(axis=1)), columns


def _of_model(
    measured: Measurements, design: DesignMatrix, reference: Reference
) -> tuple[Array, Array]:
    """The variance from the weights, E[sum of SE^2 (x - m)^2], and from the intercept.

    m is the mean among the affected: were a weight larger, the intercept that gives the same
    prevalence would be lower, by just that much. Weights without a standard error count as certain.
    """
    weights, baseline = np.zeros(measured.count), np.zeros(measured.count)
    for sex, people in measured.by_sex.items():
        own = reference.by_sex[sex]
        baseline[people] = own.alpha_sd**2
        total = np.zeros(len(people))
        for j, term in enumerate(reference.model.terms):
            if term.standard_error and reference.model.applies(term, sex):
                square = design.expected[:, j].take(people)
                square -= own.case_means[j]
                square *= square
                square += design.variance[:, j].take(people)
                square *= term.standard_error**2
                total += square
        weights[people] = total
    return weights, baseline


def _single_variants(
    design: DesignMatrix,
    reference: Reference,
    kinds: Array,
    third: Array,
    patterns: list[tuple[Places, Spectrum]],
) -> tuple[Array, Array]:
    """Adds the single variants: missing ones as the population's genotypes, patterns of them
    together; uncertain ones as normal, but for those of a large weight. Returns the variance of the
    normal ones, and that of all uncertain ones.
    """
    count = len(design.samples)
    normal, variants = np.zeros(count), np.zeros(count)
    lost = np.zeros((count, 0), dtype=bool)
    spectra: list[Spectrum] = []
    gaps = (design.missing != Missing.NOT_MISSING).any(axis=0)
    for j in reference.single_variants:
        term = reference.model.terms[j]
        variance = term.weight**2 * design.variance[:, j]
        large = abs(term.weight) > _LARGE
        if not gaps[j] and not large:
            normal += variance
            continue
        gap = (variance > 0) & (design.missing[:, j] != Missing.NOT_MISSING)
        kinds[:, UNKNOWN.index(VarianceSource.MISSING)] += np.where(gap, variance, 0.0)
        unsure = np.where(gap, 0.0, variance)
        if large:
            variants += unsure
            patterns += _by_genotype(design, j, term.weight, np.flatnonzero(unsure), third)
        else:
            normal += unsure
        if gap.any():
            kind = reference.kinds[term.factors[0].reads]
            value = term.weight * (kind.numbers(term.factors[0]) - reference.mean[j])
            probability = kind.population.probability
            third += np.where(gap, float(probability @ value**3), 0.0)
            lost = np.column_stack([lost, gap])
            spectra.append(of_states(value, probability))
    variants += normal
    kinds[:, UNKNOWN.index(VarianceSource.GENOTYPES)] += variants
    if spectra:
        packed, place = np.unique(np.packbits(lost, axis=1), axis=0, return_inverse=True)
        rows = np.unpackbits(packed, axis=1, count=len(spectra)).astype(bool)
        patterns.append((place.ravel(), _products(rows, spectra)))
    return normal, variants


def _by_genotype(
    design: DesignMatrix, column: int, weight: float, people: Places, third: Array
) -> list[tuple[Places, Spectrum]]:
    """The spectrum of a variant's uncertain genotypes in some people, its third moment added."""
    if not len(people):
        return []
    place = np.zeros(len(third), dtype=np.int64)
    moments = design.expected[people, column], design.variance[people, column]
    distinct, of = np.unique(np.column_stack(moments), axis=0, return_inverse=True)
    mean, variance = distinct.T
    probability = genotype_probabilities(mean, variance)
    value = weight * (np.arange(3) - mean[:, None])
    place[people] = of.ravel() + 1
    third[people] += (probability * value**3).sum(axis=1)[of.ravel()]
    owner = np.repeat(np.arange(len(mean)), 3)
    spectrum = of_rows(value.ravel(), probability.ravel(), owner, len(mean))
    return [(place, after_certain(spectrum))]


def _products(chosen: Array, spectra: list[Spectrum]) -> Spectrum:
    """By row of ``chosen`` (rows, variables) the product of the spectra it marks."""
    total = certain(len(chosen))
    for column, one in zip(chosen.T, spectra, strict=True):
        real, imaginary = total.real[:, column], total.imaginary[:, column]
        own_real, own_imaginary = one.real[:, None], one.imaginary[:, None]
        total.real[:, column] = real * own_real - imaginary * own_imaginary
        total.imaginary[:, column] = real * own_imaginary + imaginary * own_real
    return total
