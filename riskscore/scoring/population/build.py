"""A model's reference population, computed from its terms and the panel's frequencies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from riskscore.arrays import Array
from riskscore.genetics.sex import Sex
from riskscore.models.model import BaselineRisk, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Z95, Term
from riskscore.scoring.kinds.kind import Kinds
from riskscore.scoring.kinds.of_model import kinds_of_model
from riskscore.scoring.population.baseline import baseline_of
from riskscore.scoring.population.components import (
    components,
    enumerated,
    is_single_variant,
)
from riskscore.scoring.population.distribution import Distribution, exact_or_normal
from riskscore.scoring.population.reference import Reference, SexReference


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
    kinds = kinds_of_model(model, panel, population)
    moments = np.array([_moments(t, kinds) for t in model.terms]).reshape(len(model.terms), 2)
    variance = np.maximum(0.0, moments[:, 1] - moments[:, 0] ** 2)
    mean = np.array(
        [
            _balanced(t, *m) if t.only_known else m[0]
            for t, m in zip(model.terms, moments, strict=True)
        ]
    )
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
        variance,
        by_sex,
        kinds,
        components(model.terms, kinds),
        np.zeros(len(mean), dtype=bool),
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


def _balanced(term: Term, first: float, second: float) -> float:
    """What a term of those of whom an exposure is known is centred at: the mean risk stays.

    The exposure then depends on the term's number x, so that its mean odds ratio is exp(-w x) times
    a constant (see plan_mediations); with exp(w (x - c)) the two cancel if E[exp(-w (x - c))] = 1.
    """
    if not term.weight or abs(second - first) > 1e-12:
        return first  # of an odds ratio of 1 the limit; of no indicator the mean of its logarithm
    return -math.log1p(first * math.expm1(-term.weight)) / term.weight


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
    variants, sd, _ = exact_or_normal(
        np.array(values).reshape(len(values), 3), np.array(probabilities).reshape(len(values), 3)
    )
    return Distribution(tuple(parts), variants, sd), case_means
