"""A model's reference population: each term's mean and variance, and the whole score's spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from riskscore.models.model import RiskModel, Sex
from riskscore.models.panel import DRDQ, ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Term,
    VariantFactor,
)
from riskscore.scoring.centre import Basis
from riskscore.scoring.components import components, enumerated, is_single_variant
from riskscore.scoring.distribution import Distribution, exact_or_normal
from riskscore.scoring.link import Z95, Array
from riskscore.scoring.systems import (
    System,
    exposure_system,
    group_of,
    hla_system,
    scheme_system,
    system_of,
    variant_system,
)


@dataclass(frozen=True)
class Moments:
    """E[f] and E[f^2] of a term's factors that read one measurement, where that is unknown."""

    first: float
    second: float


@dataclass(frozen=True)
class SexReference:
    """The whole score in people of one sex, or of unknown sex.

    ``counted`` marks the terms that make up the score of a person about whom everything is known;
    ``alpha`` is None without a baseline. ``alpha_sd`` is its standard deviation, from the published
    interval of the baseline and, where the sex is unknown, from the difference between the sexes.
    ``case_means`` has each term's mean number among the affected (see Enumeration.case_means).
    """

    counted: NDArray[np.bool_]
    distribution: Distribution
    case_means: Array
    prevalence: float | None
    alpha: float | None
    alpha_sd: float = 0.0


@dataclass(frozen=True)
class Reference:
    """What a person is measured against.

    ``mean`` and ``variance`` have one entry a term (of the term's number, unweighted, in the people
    it applies to); ``groups`` holds each term's moments by measurement. ``systems`` are the parts
    of a person the model looks at, and ``components`` the terms, by place, that share some of
    them. With ``joint`` the DR-DQ genes are one system. ``basis`` says whose average is meant;
    ``unknown`` marks terms that nobody knows a frequency of.
    """

    model: RiskModel
    population: str
    mean: Array
    variance: Array
    groups: tuple[dict[str, Moments], ...]
    by_sex: dict[Sex | None, SexReference]
    systems: dict[str, System]
    components: tuple[tuple[int, ...], ...]
    joint: bool
    basis: Basis = Basis.POPULATION
    unknown: NDArray[np.bool_] | None = None

    @property
    def left_out(self) -> Array:
        """What stands in for terms of which nothing is known, not even a frequency; 0 for others.

        They are left out of a sum by taking this off.
        """
        if self.unknown is None:
            return np.zeros(len(self.mean))
        return np.where(self.unknown, self.mean, 0.0)

    @property
    def centre(self) -> Array:
        """What is taken off each term's number: its mean, or nothing where there is no average."""
        return self.left_out if self.basis is Basis.NOTHING else self.mean

    @cached_property
    def weights(self) -> Array:
        return np.array([term.weight for term in self.model.terms])

    @cached_property
    def parts(self) -> NDArray[np.str_]:
        """The part of the score each term belongs to."""
        return np.array([term.part for term in self.model.terms])

    @cached_property
    def single_variants(self) -> tuple[int, ...]:
        """The terms, by place, that alone look at their one variant."""
        terms = self.model.terms
        return tuple(c[0] for c in self.components if is_single_variant([terms[j] for j in c]))

    @cached_property
    def shared_components(self) -> tuple[tuple[int, ...], ...]:
        """The other components."""
        alone = set(self.single_variants)
        return tuple(component for component in self.components if component[0] not in alone)

    @cached_property
    def unexplained(self) -> dict[str, float]:
        """By gene that has a stand-in, the share of its terms' variance which that leaves.

        A stand-in is taken to explain as much of the gene's variance as its own score has.
        """
        shares: dict[str, float] = {}
        for gene in {term.fallback_for for term in self.model.terms} - {""}:
            own = [
                t for t in self.model.terms if {getattr(f, "gene", "") for f in t.factors} == {gene}
            ]
            explained = sum(
                term.weight**2 * float(self.variance[j])
                for j, term in enumerate(self.model.terms)
                if term.fallback_for == gene
            )
            if own:
                system = self.systems[system_of(own[0].factors[0], self.joint)]
                numbers = [
                    term.weight * reduce(np.multiply, (system.numbers[f] for f in term.factors))
                    for term in own
                ]
                value = np.sum(numbers, axis=0)
                mean = float(system.probabilities @ value)
                variance = float(system.probabilities @ (value - mean) ** 2)
                shares[gene] = max(0.0, 1 - explained / variance) if variance else 1.0
        return shares

    def expected_variance(self, sex: Sex | None) -> Array:
        """Each counted term's part of the score's variance, w^2 Var(x); 0 for the others."""
        return np.where(self.by_sex[sex].counted, self.weights**2 * self.variance, 0.0)


def build_reference(
    model: RiskModel,
    panel: ReferencePanel,
    population: str,
    prevalence: float | None = None,
    horizon: str | None = None,
) -> Reference:
    """The reference of a model in a population.

    The score's distribution is exact over HLA genotypes, exposures and single variants (but see
    :func:`exact_or_normal`); alpha solves E[expit(alpha + lp)] = prevalence over it. ``prevalence``
    takes the place of the model's own baseline; ``horizon`` chooses among those a model has.
    """
    model.require_population(population)
    joint = len({getattr(f, "gene", "") for f in model.factors} & set(DRDQ)) > 1
    systems = _systems(model, panel, population, joint)
    moments = [_across(term, systems, joint) for term in model.terms]
    by_sex = {}
    distributions: dict[tuple[bool, ...], tuple[Distribution, Array]] = {}
    for sex in (*Sex, None):
        counted = tuple(_counts(term, model, sex) for term in model.terms)
        if counted not in distributions:
            terms = [t for t, counts in zip(model.terms, counted, strict=True) if counts]
            distributions[counted] = _distribution(terms, systems, joint)
        distribution, means = distributions[counted]
        case_means = np.array([m.first for m in moments])
        case_means[np.array(counted, dtype=bool)] = means
        baseline = _baseline(distribution, model, sex, population, prevalence, horizon)
        by_sex[sex] = SexReference(
            np.array(counted, dtype=bool), distribution, case_means, *baseline
        )
    return Reference(
        model,
        population,
        np.array([m.first for m in moments]),
        np.array([max(0.0, m.second - m.first**2) for m in moments]),
        tuple(_group_moments(term, systems, joint) for term in model.terms),
        by_sex,
        systems,
        tuple(component.terms for component in components(model.terms, joint)),
        joint,
    )


def _baseline(
    distribution: Distribution,
    model: RiskModel,
    sex: Sex | None,
    population: str,
    prevalence: float | None,
    horizon: str | None,
) -> tuple[float | None, float | None, float]:
    """Of one sex the prevalence, the intercept, and how unsure that is."""
    risks = model.baseline_risks(sex, population, horizon) if prevalence is None else ()
    if risks:
        prevalence = sum(risk.value for risk in risks) / len(risks)
    if prevalence is None:
        return None, None, 0.0
    variance = float(np.var([distribution.intercept(risk.value) for risk in risks] or [0.0]))
    for risk in risks:
        if risk.ci:
            low, high = (distribution.intercept(limit) for limit in risk.ci)
            variance += ((high - low) / (2 * Z95)) ** 2 / len(risks)
    return prevalence, distribution.intercept(prevalence), math.sqrt(variance)


def _counts(term: Term, model: RiskModel, sex: Sex | None) -> bool:
    """Whether the term is part of the whole score: not a stand-in, and of this sex."""
    if term.fallback_for or not model.applies(term, sex):
        return False
    for factor in term.factors:
        if isinstance(factor, ExposureFactor):
            group = model.exposure(factor.exposure).one_of
            rivals = [e.id for e in model.exposures if group and e.one_of == group and e.weighted]
            if rivals and factor.exposure != rivals[0]:
                return False
    return True


def _systems(
    model: RiskModel, panel: ReferencePanel, population: str, joint: bool
) -> dict[str, System]:
    """Every system the model looks at, with the numbers of its factors."""
    members: dict[str, dict[Factor, None]] = {}
    for factor in model.factors:
        members.setdefault(system_of(factor, joint), {})[factor] = None
    return {
        name: _system(list(factors), model, panel, population) for name, factors in members.items()
    }


def _system(
    factors: Sequence[Factor],
    model: RiskModel,
    panel: ReferencePanel,
    population: str,
) -> System:
    variants = [f for f in factors if isinstance(f, VariantFactor)]
    exposures = [f for f in factors if isinstance(f, ExposureFactor)]
    named = [f for f in factors if isinstance(f, HaplotypeFactor | DiplotypeFactor)]
    if variants:
        return variant_system(variants, population)
    if exposures:
        return exposure_system(model.exposure(exposures[0].exposure), exposures)
    if named:
        return scheme_system(model, named, panel, population)
    genes = [f for f in factors if isinstance(f, HLAAlleleFactor | AminoAcidFactor)]
    return hla_system(genes, panel, population)


def _group_moments(term: Term, systems: dict[str, System], joint: bool) -> dict[str, Moments]:
    """Moments of the factors that read one measurement, by measurement."""
    by_group: dict[str, list[Factor]] = {}
    for factor in term.factors:
        by_group.setdefault(group_of(factor), []).append(factor)
    return {group: _moments(factors, systems, joint) for group, factors in by_group.items()}


def _across(term: Term, systems: dict[str, System], joint: bool) -> Moments:
    """Moments of the whole term: within a system exact, across systems independent."""
    by_system: dict[str, list[Factor]] = {}
    for factor in term.factors:
        by_system.setdefault(system_of(factor, joint), []).append(factor)
    parts = [_moments(factors, systems, joint) for factors in by_system.values()]
    return Moments(math.prod(p.first for p in parts), math.prod(p.second for p in parts))


def _moments(factors: Sequence[Factor], systems: dict[str, System], joint: bool) -> Moments:
    system = systems[system_of(factors[0], joint)]
    number = reduce(np.multiply, (system.numbers[f] for f in factors))
    return Moments(float(system.probabilities @ number), float(system.probabilities @ number**2))


def _distribution(
    terms: Sequence[Term], systems: dict[str, System], joint: bool
) -> tuple[Distribution, Array]:
    """The distribution of the centred score, and each term's mean number among the affected."""
    parts, values, probabilities = [], [], []
    case_means = np.zeros(len(terms))
    for component in components(terms, joint):
        members = [terms[place] for place in component.terms]
        states = enumerated(component.systems, members, systems, joint)
        case_means[list(component.terms)] = states.case_means
        if is_single_variant(members):
            values.append(states.value - states.probability @ states.value)
            probabilities.append(states.probability)
        else:
            parts.append(states.states)
    variants, sd, error = exact_or_normal(
        np.array(values).reshape(-1, 3), np.array(probabilities).reshape(-1, 3)
    )
    return Distribution(tuple(parts), variants, sd, error), case_means
