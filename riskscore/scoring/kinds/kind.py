"""What every kind of measurement has in common: its states in a population, and in each person."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from riskscore.arrays import Array, Mask, Reasons
from riskscore.genetics.missing import Missing
from riskscore.models.terms import Factor
from riskscore.samples.cohort import Cohort
from riskscore.scoring.kinds.states import NOBODY, States, alike


@dataclass(frozen=True)
class FactorStates:
    """One piece of evidence: the states of some factors' numbers, a column each."""

    factors: tuple[Factor, ...]
    states: States

    def product(self, factors: Sequence[Factor]) -> Array:
        """The product of some of its factors' numbers in each row."""
        places = [self.factors.index(factor) for factor in factors]
        return np.asarray(self.states.values[:, places].prod(axis=1))


@dataclass(frozen=True)
class Answer:
    """How a file and the tables answered for one thing that a model needs.

    With ``by_reason`` the most frequent reason for a gap comes before ``code`` and ``record``.
    """

    code: str
    record: str = ""
    frequency: float | None = None
    by_reason: bool = False
    note: str = ""


@dataclass(frozen=True)
class KindEvidence:
    """All that was measured of one kind in some people.

    The readings are independent of each other, and a factor is in one reading of a person at most.
    ``missing`` has shape (people, factors): why a factor was not observed, or 0. A reading may say
    something of it all the same, given what else it has of the person. ``from_typed`` marks the
    people in whom a typed HLA allele speaks for a variant; None of what is no such variant.
    """

    kind: Kind
    readings: tuple[FactorStates, ...]
    missing: Reasons
    from_typed: Mask | None = field(default=None, kw_only=True)

    def take(self, people: slice) -> Self:
        """The evidence on some of the people."""
        readings = tuple(replace(r, states=r.states.take(people)) for r in self.readings)
        typed = None if self.from_typed is None else self.from_typed[people]
        return replace(self, readings=readings, missing=self.missing[people], from_typed=typed)

    @cached_property
    def unknown(self) -> Mask:
        """The factors of which no reading says anything, shape (people, factors)."""
        unknown = np.ones(self.missing.shape, dtype=bool)
        for reading in self.readings:
            for factor in reading.factors:
                unknown[:, self.kind.factors.index(factor)] &= ~reading.states.known
        return unknown

    def reasons(self, factors: Sequence[Factor]) -> Reasons:
        """Why the product of some factors is not known, shape (people,): the first one's reason."""
        columns = self.missing[:, [self.kind.factors.index(factor) for factor in factors]]
        if columns.shape[1] == 1:
            return columns[:, 0]
        return np.asarray(columns[np.arange(len(columns)), (columns != 0).argmax(axis=1)])

    def moments(self, factors: Sequence[Factor]) -> tuple[Array, Array, Mask]:
        """E[x] and E[x^2] of the product of some factors, and where an observed one makes it 0.

        Factors of which nothing is known are drawn from the population, together.
        """
        count = len(self.missing)
        first, second = np.ones(count), np.ones(count)
        for reading in self.readings:
            own = [factor for factor in factors if factor in reading.factors]
            if own:
                known = reading.states.known
                moments = reading.states.moments(reading.product(own))
                first = np.where(known, first * moments[0], first)
                second = np.where(known, second * moments[1], second)
        columns = [self.kind.factors.index(factor) for factor in factors]
        unknown = self.unknown[:, columns]
        zero = (second == 0) & (self.missing[:, columns] == Missing.NOT_MISSING).any(axis=1)
        if not unknown.any():
            return first, second, zero
        head, pattern = alike(np.packbits(unknown, axis=1))
        for number, gaps in enumerate(unknown[head]):
            if gaps.any():
                lost = [factor for factor, gap in zip(factors, gaps, strict=True) if gap]
                people = pattern == number
                one, two = self.kind.population_moments(lost)
                first[people] *= one
                second[people] *= two
        return first, second, zero

    @cached_property
    def gaps(self) -> States:
        """The states of the factors of which nothing is known, as the population has them.

        A column a factor of the kind; of people without a gap nothing is said.
        """
        unknown = self.unknown
        head, pattern = alike(np.packbits(unknown, axis=1))
        of = np.full(len(unknown), NOBODY, dtype=np.int64)
        population = self.kind.population
        parts: list[States] = []
        for number, gaps in enumerate(unknown[head]):
            if gaps.any():
                lost = States.one(np.where(gaps, population.values, 0.0), population.probability)
                of[pattern == number] = len(parts)
                parts.append(lost.merged())
        if not parts:
            return States(np.zeros((0, len(self.kind.factors))), np.zeros(0), of[:0], of)
        sizes = [len(part.probability) for part in parts]
        return States(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.probability for part in parts]),
            np.repeat(np.arange(len(parts)), sizes),
            of,
        )


class Kind(ABC):
    """Something of a person that is measured as a whole, and the factors of a model that read it.

    Different kinds are independent of each other in the reference population, whose people are
    in Hardy-Weinberg proportions. ``population`` is one block of states, a column a factor.
    """

    def __init__(self, name: str, factors: Sequence[Factor], population: States) -> None:
        self.name, self.factors, self.population = name, tuple(factors), population

    @abstractmethod
    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        """What was measured of some people of a cohort."""

    @abstractmethod
    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        """In words, what the cohort holds of one person of what a factor reads."""

    @abstractmethod
    def thing(self, factor: Factor) -> tuple[str, str]:
        """What a factor needs, as the reports name it: its sort, and its own name."""

    @abstractmethod
    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        """How the cohort's files answered for what a factor needs."""

    def by_copies(self, cohort: Cohort) -> bool:
        """Whether the dosages of one record are all that a cohort has of what is measured."""
        return False

    def numbers(self, factor: Factor) -> Array:
        """A factor's number in each state of the population."""
        return self.population.values[:, self.factors.index(factor)]

    def population_moments(self, factors: Sequence[Factor]) -> tuple[float, float]:
        """E[x] and E[x^2] of the product of some factors in the population."""
        places = [self.factors.index(factor) for factor in factors]
        first, second = self.population.moments(self.population.values[:, places].prod(axis=1))
        return float(first[0]), float(second[0])


def no_reading(kind: Kind, people: int, reason: Missing) -> KindEvidence:
    """Nothing was measured, for one reason."""
    return KindEvidence(kind, (), np.full((people, len(kind.factors)), reason, dtype=np.uint8))


@dataclass(frozen=True)
class Kinds:
    """Kinds by name, and the name of the kind that has each measurement (``Factor.reads``)."""

    by_name: Mapping[str, Kind]
    of_measurement: Mapping[str, str]

    def name(self, factor: Factor) -> str:
        """The name of the kind that a factor reads."""
        return self.of_measurement[factor.reads]

    def __getitem__(self, name: str) -> Kind:
        return self.by_name[name]

    def of(self, factor: Factor) -> Kind:
        """The kind that a factor reads."""
        return self.by_name[self.name(factor)]

    def read_by(self, factors: Sequence[Factor]) -> dict[str, list[Factor]]:
        """The kinds that some factors read, each with its factors, in their order."""
        found: dict[str, list[Factor]] = {}
        for factor in factors:
            found.setdefault(self.name(factor), []).append(factor)
        return found
