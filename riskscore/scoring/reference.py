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
from riskscore.scoring.link import Array, Distribution, point
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
    ``alpha`` is None without a baseline.
    """

    counted: NDArray[np.bool_]
    distribution: Distribution
    prevalence: float | None
    alpha: float | None


@dataclass(frozen=True)
class Reference:
    """What a person is measured against.

    ``mean`` and ``variance`` have one entry a term (of the term's number, unweighted, in the people
    it applies to); ``groups`` holds each term's moments by measurement.
    """

    model: RiskModel
    population: str
    mean: Array
    variance: Array
    groups: tuple[dict[str, Moments], ...]
    by_sex: dict[Sex | None, SexReference]

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
) -> Reference:
    """The reference of a model in a population.

    The score's distribution is exact over HLA genotypes and exposures, and normal over the sum of
    single variants; alpha solves E[expit(alpha + lp)] = prevalence over it. ``prevalence`` takes
    the place of the model's own baseline.
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
        distribution = distributions[counted]
        risk = prevalence if prevalence is not None else model.prevalence(sex)
        alpha = None if risk is None else distribution.intercept(risk)
        by_sex[sex] = SexReference(np.array(counted), distribution, risk, alpha)
    return Reference(
        model,
        population,
        np.array([m.first for m in moments]),
        np.array([max(0.0, m.second - m.first**2) for m in moments]),
        tuple(_group_moments(term, systems, joint) for term in model.terms),
        by_sex,
    )


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
    total = point()
    normal = 0.0
    for names, members in _components(terms, joint):
        alone = members[0].factors[0]
        if len(members) == 1 and len(names) == 1 and isinstance(alone, VariantFactor):
            moments = _across(members[0], systems, joint)
            normal += members[0].weight ** 2 * (moments.second - moments.first**2)
        else:
            total = total.plus(_enumerated(names, members, systems, joint))
    return Distribution(total.values, total.probabilities, math.sqrt(normal))


def _components(
    terms: Sequence[Term], joint: bool
) -> list[tuple[tuple[str, ...], tuple[Term, ...]]]:
    """Terms that share systems, directly or through others, together."""
    components: list[tuple[dict[str, None], list[Term]]] = []
    for term in terms:
        names = dict.fromkeys(system_of(f, joint) for f in term.factors)
        touched = [c for c in components if c[0].keys() & names.keys()]
        untouched = [c for c in components if not c[0].keys() & names.keys()]
        merged_names = {name: None for c in touched for name in c[0]} | names
        components = [*untouched, (merged_names, [t for c in touched for t in c[1]] + [term])]
    return [(tuple(names), tuple(members)) for names, members in components]


def _enumerated(
    names: Sequence[str], terms: Sequence[Term], systems: dict[str, System], joint: bool
) -> Distribution:
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
    return Distribution(values - float(merged @ values), merged)
