"""A model's reference population: each term's mean and variance, and the whole score's spread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.scoring.kinds.kind import Kinds
from riskscore.scoring.population.components import (
    Component,
    is_single_variant,
)
from riskscore.scoring.population.distribution import Distribution


class Basis(StrEnum):
    """Whose average a score of 0 stands for."""

    POPULATION = "population"  # frequencies of the model, in the population asked for
    FILE = "file"  # frequencies of the scoring file, of no named population
    COHORT = "cohort"  # frequencies in the people scored
    NOTHING = "nothing"  # none are known: the score is not centred


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
    unknown: Mask
    basis: Basis = Basis.POPULATION

    def __repr__(self) -> str:
        return f"Reference({self.model.id!r} in {self.population}, {len(self.mean)} terms)"

    @property
    def left_out(self) -> Array:
        """What stands in for terms of which nothing is known, not even a frequency; 0 for others.

        They are left out of a sum by taking this off.
        """
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
            own = [t for t in self.model.terms if {f.gene for f in t.factors} == {gene}]
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
