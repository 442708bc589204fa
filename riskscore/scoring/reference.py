"""A model's reference population: each term's mean and variance, and the whole score's spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

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
from riskscore.scoring.distribution import Distribution, States, exact_or_normal
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
    """

    counted: NDArray[np.bool_]
    distribution: Distribution
    prevalence: float | None
    alpha: float | None
    alpha_sd: float = 0.0


@dataclass(frozen=True)
class Reference:
    """What a person is measured against.

    ``mean`` and ``variance`` have one entry a term (of the term's number, unweighted, in the people
    it applies to); ``groups`` holds each term's moments by measurement. ``systems`` are the parts
    of a person the model looks at, and ``components`` the terms, by place, that share some of
    them. With ``joint`` the DR-DQ genes are one system.
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

    @property
    def weights(self) -> Array:
        return np.array([term.weight for term in self.model.terms])

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
    distributions: dict[tuple[bool, ...], Distribution] = {}
    for sex in (*Sex, None):
        counted = tuple(_counts(term, model, sex) for term in model.terms)
        if counted not in distributions:
            terms = [t for t, counts in zip(model.terms, counted, strict=True) if counts]
            distributions[counted] = _distribution(terms, systems, joint)
        by_sex[sex] = _of_sex(
            np.array(counted), distributions[counted], model, sex, population, prevalence, horizon
        )
    return Reference(
        model,
        population,
        np.array([m.first for m in moments]),
        np.array([max(0.0, m.second - m.first**2) for m in moments]),
        tuple(_group_moments(term, systems, joint) for term in model.terms),
        by_sex,
        systems,
        tuple(members for _, members in _components(model.terms, joint)),
        joint,
    )


def _of_sex(
    counted: NDArray[np.bool_],
    distribution: Distribution,
    model: RiskModel,
    sex: Sex | None,
    population: str,
    prevalence: float | None,
    horizon: str | None,
) -> SexReference:
    """The intercept of one sex, and how unsure it is."""
    risks = model.baseline_risks(sex, population, horizon) if prevalence is None else ()
    if risks:
        prevalence = sum(risk.value for risk in risks) / len(risks)
    if prevalence is None:
        return SexReference(counted, distribution, None, None)
    alpha = distribution.intercept(prevalence)
    alphas = [distribution.intercept(risk.value) for risk in risks]
    variance = float(np.var(alphas)) if alphas else 0.0
    for risk in risks:
        if risk.ci:
            low, high = (distribution.intercept(limit) for limit in risk.ci)
            variance += ((high - low) / (2 * Z95)) ** 2 / len(risks)
    return SexReference(counted, distribution, prevalence, alpha, math.sqrt(variance))


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


def _distribution(terms: Sequence[Term], systems: dict[str, System], joint: bool) -> Distribution:
    """The distribution of the centred score."""
    parts, values, probabilities = [], [], []
    for names, places in _components(terms, joint):
        members = [terms[place] for place in places]
        if len(names) == 1 and is_single_variant(members):
            system, term = systems[names[0]], members[0]
            number = term.weight * system.numbers[term.factors[0]]
            values.append(number - system.probabilities @ number)
            probabilities.append(system.probabilities)
        else:
            parts.append(_enumerated(names, members, systems, joint))
    variants, sd, error = exact_or_normal(
        np.array(values).reshape(-1, 3), np.array(probabilities).reshape(-1, 3)
    )
    return Distribution(tuple(parts), variants, sd, error)


def is_single_variant(terms: Sequence[Term]) -> bool:
    """Whether the terms are one term of one variant."""
    factors = [factor for term in terms for factor in term.factors]
    return len(factors) == 1 and isinstance(factors[0], VariantFactor)


def _components(
    terms: Sequence[Term], joint: bool
) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Systems and terms (by place), those that share systems together, directly or not."""
    group: dict[str, str] = {}  # each system's way to the one its component is known by

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            name = group[name]
        return name

    names = [tuple(dict.fromkeys(system_of(f, joint) for f in term.factors)) for term in terms]
    for own in names:
        for other in own[1:]:
            group[root(other)] = root(own[0])
    members: dict[str, list[int]] = {}
    for place, own in enumerate(names):
        members.setdefault(root(own[0]), []).append(place)
    return [
        (tuple(dict.fromkeys(name for place in places for name in names[place])), tuple(places))
        for places in members.values()
    ]


def _enumerated(
    names: Sequence[str], terms: Sequence[Term], systems: dict[str, System], joint: bool
) -> States:
    """Every combination of the systems' states: its centred score and its probability."""
    axis = {name: i for i, name in enumerate(names)}
    shape = tuple(len(systems[name].probabilities) for name in names)
    probabilities = reduce(np.multiply.outer, (systems[name].probabilities for name in names))
    score = np.zeros(shape)
    for term in terms:
        number = np.full(shape, term.weight)
        for factor in term.factors:
            name = system_of(factor, joint)
            along = [1] * len(names)
            along[axis[name]] = -1
            number = number * systems[name].numbers[factor].reshape(along)
        score += number
    values, place = np.unique(np.round(score.ravel(), 12), return_inverse=True)
    merged = np.zeros(len(values))
    merged += np.bincount(place.ravel(), probabilities.ravel(), len(values))
    return States(values - float(merged @ values), merged)
