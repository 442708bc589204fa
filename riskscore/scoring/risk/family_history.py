"""The family histories of a cohort, and what they make of the risks of its people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import Heritability
from riskscore.models.terms import Part
from riskscore.samples.cohort import Cohort
from riskscore.samples.family import KnownRelative
from riskscore.scoring.link import expit
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.family import Inheritance, Relative, explained_variance, family_risk

_RISKS = ("probability", "probability_low", "probability_high")
_STEPS = 20  # the share observed of a person is rounded to one in so many
_SEXES = {"father": (Sex.MALE,), "mother": (Sex.FEMALE,)}


class _SameHistory(NamedTuple):
    """What people share whose risks change by one rule."""

    relatives: tuple[Relative, ...]
    average: float
    seen: float
    sex: Sex | None


@dataclass(frozen=True)
class FamilyHistories:
    """Of one model, the relatives of those people that have any, by their place.

    ``heritability`` is of the liability; ``explained`` the share of its variance that the whole
    score explains, by sex, and ``genetic`` the inherited share of that.
    """

    relatives: Mapping[int, tuple[Relative, ...]]
    heritability: Heritability
    explained: Mapping[Sex | None, float]
    genetic: Mapping[Sex | None, float]

    def apply(self, numbers: dict[str, Array], rows: range, sex: list[Sex | None]) -> None:
        """Change the risks of those rows that have relatives, in place."""
        groups: dict[_SameHistory, list[int]] = {}
        for place in rows:
            i = place - rows.start
            average = float(numbers["average_risk"][i])
            if place in self.relatives and not math.isnan(average):
                seen = round(float(numbers["coverage"][i]) * _STEPS) / _STEPS
                alike = _SameHistory(self.relatives[place], average, seen, sex[i])
                groups.setdefault(alike, []).append(i)
        for alike, own in groups.items():
            explained = self.explained[alike.sex] * alike.seen
            fathers = self.heritability.fathers
            inheritance = Inheritance(
                self.heritability.value,
                explained,
                explained * self.genetic[alike.sex],
                fathers,
                {None: 1.0, Sex.MALE: fathers, Sex.FEMALE: 2 - fathers}[alike.sex],
            )
            for name in _RISKS:
                risk = numbers[name][own]
                numbers[name][own] = family_risk(risk, alike.average, alike.relatives, inheritance)

    def flagged(self, flags: list[str], rows: range) -> list[str]:
        """The flags with the number of relatives that were counted."""
        return [
            ";".join(filter(None, (flag, f"family={len(self.relatives[place])}")))
            if place in self.relatives
            else flag
            for place, flag in zip(rows, flags, strict=True)
        ]


def family_histories(
    cohort: Cohort, reference: Reference, tables: Mapping[Sex, Rates]
) -> FamilyHistories | None:
    """The histories that the cohort's question gives, for one model; None without any.

    ``tables`` are the rates by age, from which a relative's age has its meaning. Raises UsageError
    for a model whose heritability is not known.
    """
    model, given = reference.model, cohort.question.family_history()
    if given is None:
        return None
    if model.heritability is None:
        raise UsageError(
            f"model {model.id} names no heritability, so a family history cannot be used",
            fix="leave out --family, or this model",
        )
    by_place = {
        place: tuple(_relative(one, tables) for one in given[sample])
        for place, sample in enumerate(cohort.samples)
        if sample in given
    }
    explained: dict[Sex | None, float] = {}
    genetic: dict[Sex | None, float] = {}
    inherited = reference.parts == Part.GENETIC
    for sex, own in reference.by_sex.items():
        variance = reference.expected_variance(sex)
        values, probability = own.distribution.density
        risk = expit((own.alpha or 0.0) + values)
        explained[sex] = explained_variance(risk, probability)
        genetic[sex] = float(variance[inherited].sum() / (variance.sum() or 1.0))
    return FamilyHistories(by_place, model.heritability, explained, genetic)


def _relative(one: KnownRelative, tables: Mapping[Sex, Rates]) -> Relative:
    """With the chance that somebody of the same sex has the disease by that age."""
    chances = []
    for sex in _SEXES.get(one.relation, tuple(Sex)):
        rates = tables[sex]
        age = rates.ages[-1] if one.age is None else one.age
        chances.append(-math.expm1(-float(np.interp(age, rates.ages, rates.cumulated))))
    return Relative(one.relation, one.affected, max(sum(chances) / len(chances), 1e-9))
