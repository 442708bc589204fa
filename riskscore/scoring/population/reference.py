"""A model's reference population: each term's mean and variance, and the whole score's spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.genetics.sex import Sex
from riskscore.models.model import BaselineRisk, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Term
from riskscore.scoring.kinds.of_model import Kinds
from riskscore.scoring.link import Z95
from riskscore.scoring.population.baseline import baseline_of
from riskscore.scoring.population.centre import Basis
from riskscore.scoring.population.components import (
    Component,
    components,
    enumerated,
    is_single_variant,
)
from riskscore.scoring.population.distribution import Distribution, exact_or_normal


@dataclass(frozen=True)
class SexReference:
    """The whole score in people of one sex, or of unknown sex.

    ``counted`` marks the terms that make up the score of a person about whom everything is known;
    ``alpha`` is None without a baseline. ``alpha_sd`` is its standard deviation, from the published
    interval of the baseline and, where the sex is unknown, from the difference between the sexes.
    ``case_means`` has each term's mean number among the affected (see Enumeration.case_means).
    """

    counted: Mask
    distribution: Distribution
    case_means: Array
    prevalence: float | None
    alpha: float | None
    alpha_sd: float = 0.0


@dataclass(frozen=True)
class Reference:
    """What a person is measured against.

    ``mean`` and ``variance`` have one entry a term (of the term's number, unweighted, in the people
    it applies to). ``kinds`` are the measurements the model reads, with their states in the
    population, and ``components`` the terms that share some of them. ``basis`` says whose average
    is meant; ``unknown`` marks terms that nobody knows a frequency of.
    """

    model: RiskModel
    population: str
    mean: Array
    variance: Array
    by_sex: dict[Sex | None, SexReference]
    kinds: Kinds
    components: tuple[Component, ...]
    basis: Basis = Basis.POPULATION
    unknown: Mask | None = None

    def __repr__(self) -> str:
        return f"Reference({self.model.id!r} in {self.population}, {len(self.mean)} terms)"

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
        return tuple(
            component.terms[0]
            for component in self.components
            if is_single_variant([terms[j] for j in component.terms])
        )

    @cached_property
    def shared_components(self) -> tuple[Component, ...]:
        """The other components."""
        alone = set(self.single_variants)
        return tuple(part for part in self.components if part.terms[0] not in alone)

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
                kind = self.kinds.of(own[0].factors[0])
                numbers = [
                    term.weight * reduce(np.multiply, (kind.numbers(f) for f in term.factors))
                    for term in own
                ]
                value = np.sum(numbers, axis=0)
                mean = float(kind.population.probability @ value)
                variance = float(kind.population.probability @ (value - mean) ** 2)
                shares[gene] = max(0.0, 1 - explained / variance) if variance else 1.0
        return shares

    def expected_variance(self, sex: Sex | None) -> Array:
        """Each counted term's part of the score's variance, w^2 Var(x); 0 for the others."""
        return np.where(self.by_sex[sex].counted, self.weights**2 * self.variance, 0.0)


def build_reference(
    model: RiskModel,
    panel: ReferencePanel,
    population: str,
    prevalence: float | Mapping[Sex | None, float] | None = None,
    horizon: str | None = None,
) -> Reference:
    """The reference of a model in a population.

    The score's distribution is exact over HLA genotypes, exposures and single variants (but see
    :func:`exact_or_normal`); alpha solves E[expit(alpha + lp)] = prevalence over it. ``prevalence``
    takes the place of the model's own baseline, of which one number keeps the ratio of the sexes;
    ``horizon`` chooses among those a model has. Raises UsageError where that cannot be.
    """
    model.require_population(population)
    kinds = Kinds.of_model(model, panel, population)
    moments = np.array([_moments(term, kinds) for term in model.terms]).reshape(-1, 2)
    mean = moments[:, 0]
    by_sex = {}
    distributions: dict[tuple[bool, ...], tuple[Distribution, Array]] = {}
    for sex in (*Sex, None):
        counted = tuple(_counts(term, model, sex) for term in model.terms)
        if counted not in distributions:
            terms = [t for t, counts in zip(model.terms, counted, strict=True) if counts]
            distributions[counted] = _distribution(terms, kinds)
        distribution, means = distributions[counted]
        case_means = mean.copy()
        case_means[np.array(counted, dtype=bool)] = means
        risks = baseline_of(model, sex, population, prevalence, horizon)
        baseline = _intercept(distribution, risks)
        by_sex[sex] = SexReference(
            np.array(counted, dtype=bool), distribution, case_means, *baseline
        )
    return Reference(
        model,
        population,
        mean,
        np.maximum(0.0, moments[:, 1] - mean**2),
        by_sex,
        kinds,
        components(model.terms, kinds),
    )


def _intercept(
    distribution: Distribution, risks: Sequence[BaselineRisk]
) -> tuple[float | None, float | None, float]:
    """Of one sex the prevalence, the intercept, and how unsure that is."""
    if not risks:
        return None, None, 0.0
    prevalence = sum(risk.value for risk in risks) / len(risks)
    variance = float(np.var([distribution.intercept(risk.value) for risk in risks]))
    for risk in risks:
        if risk.ci:
            low, high = (distribution.intercept(limit) for limit in risk.ci)
            variance += ((high - low) / (2 * Z95)) ** 2 / len(risks)
    return prevalence, distribution.intercept(prevalence), math.sqrt(variance)


def _counts(term: Term, model: RiskModel, sex: Sex | None) -> bool:
    """Whether the term is part of the whole score: of this sex, and in people of any knowledge."""
    return not term.fallback_for and not term.only_known and model.applies(term, sex)


def _moments(term: Term, kinds: Kinds) -> tuple[float, float]:
    """E[x] and E[x^2] of a term's number: within a kind exact, across kinds independent."""
    parts = [
        kinds[name].population_moments(factors)
        for name, factors in kinds.read_by(term.factors).items()
    ]
    return math.prod(first for first, _ in parts), math.prod(second for _, second in parts)


def _distribution(terms: Sequence[Term], kinds: Kinds) -> tuple[Distribution, Array]:
    """The distribution of the centred score, and each term's mean number among the affected."""
    parts, values, probabilities = [], [], []
    case_means = np.zeros(len(terms))
    for component in components(terms, kinds):
        members = [terms[place] for place in component.terms]
        states = enumerated(component.kinds, members, kinds)
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
