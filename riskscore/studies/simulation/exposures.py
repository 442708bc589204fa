"""Exposures of simulated people, by prevalence and sex, and by exposures that mediate others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import Exposure, RiskModel
from riskscore.models.terms import ExposureFactor, factors_of

DECIMALS = 2  # of a dose, as it is written and as it counts


@dataclass(frozen=True)
class DrawnExposures:
    """By exposure: places among its levels, -1 where it does not concern the person; or doses in
    its unit, nan likewise.
    """

    exposures: tuple[Exposure, ...]
    levels: Mapping[str, NDArray[np.int16]]
    doses: Mapping[str, Array]

    def take(self, rows: NDArray[np.int64]) -> DrawnExposures:
        return DrawnExposures(
            self.exposures,
            {name: places[rows] for name, places in self.levels.items()},
            {name: doses[rows] for name, doses in self.doses.items()},
        )

    def cells(self, exposure: Exposure) -> list[str]:
        """The column of a table: level names or doses, "" where it does not concern the person."""
        if exposure.is_dose:
            doses = self.doses[exposure.id].tolist()
            return ["" if math.isnan(dose) else f"{dose:.{DECIMALS}f}" for dose in doses]
        names = [*(level.value for level in exposure.levels), ""]  # -1 is the last
        return [names[place] for place in self.levels[exposure.id].tolist()]

    def at_level(self, exposure: Exposure, level: str) -> Mask:
        """Whether each person is at a level; ``exposure`` is that of any of the models."""
        drawn = next(e for e in self.exposures if e.id == exposure.id)
        wanted = next(own for own in exposure.levels if own.value == level)
        names = {wanted.value.lower(), *(alias.lower() for alias in wanted.aliases)}
        places = [i for i, own in enumerate(drawn.levels) if own.value.lower() in names]
        return np.isin(self.levels[exposure.id], places)


def joined_exposures(parts: Sequence[DrawnExposures]) -> DrawnExposures:
    """The exposures of several blocks."""
    first = parts[0]
    return DrawnExposures(
        first.exposures,
        {name: np.concatenate([p.levels[name] for p in parts]) for name in first.levels},
        {name: np.concatenate([p.doses[name] for p in parts]) for name in first.doses},
    )


def plan_exposures(models: Sequence[RiskModel]) -> tuple[Exposure, ...]:
    """Every exposure once, as the first model that has it describes it.

    Raises UsageError where another model could not read what the first one's levels are called.
    """
    plan: dict[str, Exposure] = {}
    for model in models:
        for exposure in model.exposures:
            first = plan.setdefault(exposure.id, exposure)
            known = {n.lower() for own in exposure.levels for n in (own.value, *own.aliases)}
            drawn = {level.value.lower() for level in first.levels}
            if not drawn <= known or first.unit != exposure.unit:
                raise UsageError(
                    f"model {model.id} has other levels or another unit of {exposure.id} than the "
                    "model before it",
                    fix="simulate the models one at a time",
                )
    return tuple(plan.values())


@dataclass(frozen=True)
class Mediation:
    """A binary exposure through which part of another's effect goes.

    ``shares`` is the probability of its second level by the level of the other, shape (levels,).
    """

    through: str
    other: str
    shares: Array


def plan_mediations(models: Sequence[RiskModel], plan: Sequence[Exposure]) -> tuple[Mediation, ...]:
    """How exposures depend on each other, so that both ways of stating an effect hold.

    A model may weigh an exposure by its whole effect, and where a second is known by the part that
    does not go through it, exp(w) of the whole (``only_known``). Then the mean odds ratio of the
    second at a level of the first is that of everybody over exp(w), which of a binary exposure
    gives the shares. The constant in w is such that the mean over everybody is unchanged.

    >>> from riskscore.models.catalog import load_model
    >>> model = load_model("ms")
    >>> (one,) = plan_mediations([model], plan_exposures([model]))
    >>> one.through, one.other, one.shares.round(3).tolist()
    ('anti_ebna1', 'mononucleosis', [0.472, 0.756])
    """
    drawn = {exposure.id: exposure for exposure in plan}
    found: dict[str, Mediation] = {}
    for model in models:
        for term in model.terms:
            own = factors_of([term], ExposureFactor)
            if not term.only_known or len(term.factors) > 1 or not own or not own[0].level:
                continue
            through, other = drawn[term.only_known], drawn[own[0].exposure]
            same = all(_levels(one) == _levels(model.exposure(one.id)) for one in (through, other))
            if same and len(through.levels) == 2 and through.id not in found:
                shares = _shares(model, through, other)
                found[through.id] = Mediation(through.id, other.id, shares)
    return tuple(found.values())


def _levels(exposure: Exposure) -> list[str]:
    return [level.value for level in exposure.levels]


def _shares(model: RiskModel, through: Exposure, other: Exposure) -> Array:
    """The share at the second level of an exposure, by the level of the other."""

    def weight(level: str, exposure: str, only_known: str) -> float:
        wanted = (ExposureFactor(exposure, level),)
        return sum(
            term.weight
            for term in model.terms
            if term.factors == wanted and term.only_known == only_known
        )

    ratios = np.exp([weight(level, through.id, "") for level in _levels(through)])
    frequencies = np.array([level.frequency for level in through.levels])
    rest = np.exp([-weight(level, other.id, through.id) for level in _levels(other)])
    rest /= np.array([level.frequency for level in other.levels]) @ rest
    mean = frequencies @ ratios * rest
    return np.asarray(np.clip((mean - ratios[0]) / (ratios[1] - ratios[0]), 0.0, 1.0))


def draw_exposures(
    plan: Sequence[Exposure],
    female: Mask,
    rng: np.random.Generator,
    mediations: Sequence[Mediation],
) -> DrawnExposures:
    """Each exposure drawn by its own frequencies, independent of genotype and, but for the
    mediations, of the others, among those it concerns: one sex, or people at a level of another.
    """
    levels: dict[str, NDArray[np.int16]] = {}
    doses: dict[str, Array] = {}
    count = len(female)
    concerned: dict[str, Mask] = {}
    uniform: dict[str, Array] = {}
    for exposure in plan:
        who = np.ones(count, dtype=bool)
        if exposure.sex is not None:
            who &= female if exposure.sex is Sex.FEMALE else ~female
        concerned[exposure.id] = who
        if exposure.is_dose:
            drawn = np.clip(rng.normal(exposure.mean, exposure.sd, count), *exposure.range)
            doses[exposure.id] = np.round(drawn, DECIMALS)
        else:
            bounds = np.cumsum([level.frequency for level in exposure.levels])[:-1]
            uniform[exposure.id] = rng.random(count)
            place = np.searchsorted(bounds, uniform[exposure.id], side="right")
            levels[exposure.id] = place.astype(np.int16)
    for one in mediations:
        second = uniform[one.through] >= 1 - one.shares[levels[one.other]]
        levels[one.through] = second.astype(np.int16)
    for exposure in plan:  # conditions name other exposures, in whatever order they stand
        if exposure.only_if is not None:
            name, level = exposure.only_if
            other = next(e for e in plan if e.id == name)
            required = [own.value for own in other.levels].index(level)
            concerned[exposure.id] &= concerned[name] & (levels[name] == required)
    for name, who in concerned.items():
        if name in doses:
            doses[name] = np.where(who, doses[name], np.nan)
        else:
            levels[name] = np.where(who, levels[name], np.int16(-1))
    return DrawnExposures(tuple(plan), levels, doses)
