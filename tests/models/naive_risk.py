"""Risks between two ages by the formulas alone: quarter by quarter, every root by halving.

A population is a list of cells, each a share of people and their log odds. The model's risk over
its horizon is expit(alpha + lp), alpha such that the mean is the table's risk over it, death
counted. A cell's relative hazard R is the one with which the sum over quarters of
S g R / (g R + m) (1 - exp(-(g R + m))) is that risk: S is the share alive and free, m the rate of
death, and g the baseline hazard, such that the mean of exp(-G R) over the cells is exp(-L) at each
quarter, with G and L the baseline and the table's rates added up. g and R are solved in turn.
"""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array
from riskscore.files.inputs import reference_root
from riskscore.models.model import RiskModel


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of reference/populations."""
    with (reference_root() / "populations" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@dataclass(frozen=True)
class Quarters:
    """The rates of disease and of death in each quarter of a year from an age on."""

    first: float
    disease: Array
    death: Array

    def between(self, start: float, end: float) -> slice:
        return slice(round(4 * (start - self.first)), round(4 * (end - self.first)))

    def risk(self, hazard: Array, start: float, end: float) -> Array:
        """With these hazards in each quarter from the first on, shape (quarters,) or with cells."""
        here = self.between(start, end)
        death = self.death[here] if hazard.ndim == 1 else self.death[here, None]
        both = hazard[here] + death
        alive = np.exp(both - np.cumsum(both, axis=0))
        return np.asarray((alive * hazard[here] / both * -np.expm1(-both)).sum(axis=0))


def quarters_of(model: RiskModel, sex: str) -> Quarters:
    """From the rows of the model's tables; the last age of the horizon closes them."""
    given = model.rates
    assert given is not None
    rates = [
        (float(row["age_from"]), float(row["age_to"]), float(row["rate_per_100000"]) / 1e5)
        for row in rows("incidence.tsv")
        if (row["table_id"], row["sex"]) == (given.table, sex)
    ]
    dying = {
        int(row["age"]): -math.log1p(-float(row["qx"]))
        for row in rows("mortality.tsv")
        if (row["table_id"], row["sex"]) == (given.mortality, sex) and float(row["qx"]) < 1
    }
    first, last = min(low for low, _, _ in rates), max(high for _, high, _ in rates)
    ages = np.arange(4 * first, 4 * last) / 4
    disease = [next(r for low, high, r in rates if low <= age < high) for age in ages]
    death = [dying[int(age)] for age in ages]
    return Quarters(first, given.factor * np.array(disease) / 4, np.array(death) / 4)


def root(rises: Callable[[float], float]) -> float:
    """Where a rising function is zero, by halving."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < 0 else (low, middle)
    return low


def intercept(share: Array, lp: Array, average: float) -> float:
    """The alpha at which the mean of expit(alpha + lp) is the average."""
    return root(lambda alpha: float(share @ (1 / (1 + np.exp(-alpha - lp)))) - average)


def joined(people: tuple[Array, Array], width: float) -> tuple[Array, Array]:
    """Shares and log odds with neighbours put together at their mean."""
    share, lp = people
    held = share > 1e-18
    _, cell = np.unique(np.floor(lp[held] / width), return_inverse=True)
    total = np.bincount(cell, share[held])
    return total, np.bincount(cell, share[held] * lp[held]) / total


def risk_between(
    model: RiskModel,
    sex: str,
    population: tuple[Array, Array],
    person: tuple[Array, Array],
    ages: tuple[float, float],
) -> float:
    """The risk of a person, whose possible log odds have these shares, free at the first age.

    Both are shares and log odds, the population's and the person's on one scale.
    """
    given, rates = model.rates, quarters_of(model, sex)
    assert given is not None
    horizon = (max(given.from_age, rates.first), given.to_age)
    alpha = intercept(*population, float(rates.risk(rates.disease, *horizon)))
    if ages == horizon:
        return float(person[0] @ (1 / (1 + np.exp(-alpha - person[1]))))
    (share, lp), (chance, own) = joined(population, 1 / 16), joined(person, 1 / 64)
    wanted = 1 / (1 + np.exp(-alpha - lp))
    relative = wanted
    for _ in range(4):
        baseline = _baseline(rates, share, relative)
        relative = _solved(rates, baseline, wanted, horizon)
    relative = _solved(rates, baseline, 1 / (1 + np.exp(-alpha - own)), horizon)
    before = baseline[: rates.between(rates.first, ages[0]).stop].sum()
    free = chance * np.exp(-before * relative)
    return float(free @ rates.risk(np.multiply.outer(baseline, relative), *ages) / free.sum())


def _baseline(rates: Quarters, share: Array, relative: Array) -> Array:
    """The baseline in each quarter, of which the sum G has a mean of exp(-G R) of exp(-L)."""
    target = np.exp(-np.cumsum(rates.disease))
    low, high = np.zeros(len(target)), np.full(len(target), 20 / float(share @ relative))
    for _ in range(50):
        middle = (low + high) / 2
        above = np.exp(-np.multiply.outer(middle, relative)) @ share > target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.diff(low, prepend=0.0)


def _solved(rates: Quarters, baseline: Array, wanted: Array, horizon: tuple[float, float]) -> Array:
    """The R of each cell; no more than 20 times what it would be if nobody died."""
    low = -np.log1p(-wanted) / baseline[rates.between(*horizon)].sum()
    high = 20 * low
    for _ in range(36):
        middle = (low + high) / 2
        below = rates.risk(np.multiply.outer(baseline, middle), *horizon) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low
