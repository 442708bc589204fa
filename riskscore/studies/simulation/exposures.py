"""Exposures of simulated people, by their prevalence and sex."""

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
        """Who is at a level, as ``exposure`` of any of the models names it."""
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


def draw_exposures(
    plan: Sequence[Exposure], female: Mask, rng: np.random.Generator
) -> DrawnExposures:
    """Each exposure drawn by its own frequencies, independent of genotype and of the others,
    among those it concerns: one sex, or people at a level of another exposure.
    """
    levels: dict[str, NDArray[np.int16]] = {}
    doses: dict[str, Array] = {}
    count = len(female)
    concerned: dict[str, Mask] = {}
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
            place = np.searchsorted(bounds, rng.random(count), side="right")
            levels[exposure.id] = place.astype(np.int16)
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
