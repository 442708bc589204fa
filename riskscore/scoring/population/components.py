"""Components: terms that share measurements, and their joint states in the population."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from riskscore.arrays import Array
from riskscore.models.terms import Factor, FactorKind, Term
from riskscore.scoring.kinds.kind import Kinds
from riskscore.scoring.kinds.states import States


@dataclass(frozen=True)
class Component:
    """Kinds of measurement by name, and the places of the terms that read them."""

    kinds: tuple[str, ...]
    terms: tuple[int, ...]


def components(terms: Sequence[Term], kinds: Kinds) -> tuple[Component, ...]:
    """Terms that read the same kinds of measurement, directly or through others, together."""
    group: dict[str, str] = {}  # each kind's way to the one its component is known by

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            name = group[name]
        return name

    names = [tuple(kinds.read_by(term.factors)) for term in terms]
    for own in names:
        for other in own[1:]:
            group[root(other)] = root(own[0])
    members: dict[str, list[int]] = {}
    for place, own in enumerate(names):
        members.setdefault(root(own[0]), []).append(place)
    return tuple(
        Component(tuple(dict.fromkeys(name for p in places for name in names[p])), tuple(places))
        for places in members.values()
    )


def is_single_variant(terms: Sequence[Term]) -> bool:
    """Whether the terms are one term of one variant."""
    factors = [factor for term in terms for factor in term.factors]
    return len(factors) == 1 and factors[0].kind is FactorKind.VARIANT


@dataclass(frozen=True)
class Enumeration:
    """Every combination of the population's states of some kinds, and each term's number in it.

    ``probability`` has shape (states,), ``numbers`` (terms, states), ``weights`` (terms,).
    """

    probability: Array
    numbers: Array
    weights: Array

    @property
    def value(self) -> Array:
        """The weighted sum of the terms, not centred."""
        total = np.zeros(len(self.probability))
        for weight, number in zip(self.weights.tolist(), self.numbers, strict=True):
            total += weight * number
        return total

    @property
    def states(self) -> States:
        """The distribution of the centred value, equal values merged."""
        values = np.round(self.value, 12)[:, None]
        merged = States.one(values, self.probability).merged()
        mean = float(merged.sums(merged.values[:, 0])[0])
        return replace(merged, values=merged.values - mean)

    @property
    def case_means(self) -> Array:
        """Each term's mean number among the affected, when the disease is rare:
        ``E[x exp(value)] / E[exp(value)]``.
        """
        tilted = self.probability * np.exp(self.value - self.value.max())
        return np.asarray(self.numbers @ tilted / tilted.sum())


def enumerated(names: Sequence[str], terms: Sequence[Term], kinds: Kinds) -> Enumeration:
    """The joint states of independent kinds, as the terms count them."""
    probability = reduce(np.multiply.outer, (kinds[name].population.probability for name in names))
    of_factor = factor_numbers(names, (f for t in terms for f in t.factors), kinds)
    numbers = [reduce(np.multiply, (of_factor[f] for f in term.factors)) for term in terms]
    return Enumeration(
        probability.ravel(), np.array(numbers), np.array([term.weight for term in terms])
    )


def factor_numbers(
    names: Sequence[str], factors: Iterable[Factor], kinds: Kinds
) -> dict[Factor, Array]:
    """Each factor's number in every joint state of the kinds, in the order of enumerated()."""
    shape = tuple(len(kinds[name].population.probability) for name in names)
    numbers = {}
    for factor in factors:
        name = kinds.name(factor)
        along = [1] * len(names)
        along[names.index(name)] = -1
        own = kinds.of(factor).numbers(factor).reshape(along)
        numbers[factor] = np.broadcast_to(own, shape).ravel()
    return numbers
