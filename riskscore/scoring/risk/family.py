"""What a family history adds to a risk: only what the genotype does not say already.

The liability model (Falconer, Ann Hum Genet 29:51, 1965): the disease is there where a normal
liability passes a threshold. A person's liability is the part the score explains, which is known,
and the rest. A relative's liability goes with both, as far as they are inherited: with the score's
part by the relationship times its genetic variance, with the rest by the relationship times the
heritability that the score leaves. That a relative is ill, or is not at some age, changes what the
rest may be; the risk follows from it. A relative's relative risk is never multiplied onto a score.
Where children resemble fathers more than mothers (T1D), relationships are multiplied by a factor.

The probabilities of several people's liabilities together are summed over a lattice of points, one
liability after the other (Genz, J Comput Graph Stat 1:141, 1992).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import UsageError

# The share of genes that two relatives of a person have from common ancestors. The first row is of
# the relative and the person.
_SHARED: dict[str, dict[str, float]] = {
    "person": {"father": 0.5, "mother": 0.5, "sibling": 0.5, "child": 0.5, "identical_twin": 1.0},
    "father": {"mother": 0.0, "sibling": 0.5, "child": 0.25, "identical_twin": 0.5},
    "mother": {"sibling": 0.5, "child": 0.25, "identical_twin": 0.5},
    "sibling": {"sibling": 0.5, "child": 0.25, "identical_twin": 0.5},
    "child": {"child": 0.5, "identical_twin": 0.5},
    "identical_twin": {"identical_twin": 1.0},
}
RELATIONS = tuple(_SHARED["person"])
_POINTS = 4096
_ROOTS = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
_GRID = 65  # risks between which others are interpolated


@dataclass(frozen=True)
class Relative:
    """A first-degree relative, or an identical twin.

    ``risk`` is the population's chance of the disease by the relative's age (at onset of one who is
    affected), for the relative's sex.
    """

    relation: str
    affected: bool
    risk: float

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise UsageError(
                f"{self.relation!r} is no relation known here",
                fix=f"choose from: {', '.join(RELATIONS)}",
            )
        if not 0 < self.risk < 1:
            raise UsageError(f"a relative's risk of {self.risk:g} is not between 0 and 1")


@dataclass(frozen=True)
class Inheritance:
    """Shares of the liability's variance, which is 1.

    ``heritability`` is additive. ``explained`` is what the score explains in all, ``genetic`` the
    part of that which is inherited; both are 0 where nothing is known of the person. ``fathers``
    multiplies the relationship of fathers and their children, and 2 less that of mothers;
    ``parent`` that of the person and their own.
    """

    heritability: float
    explained: float = 0.0
    genetic: float = 0.0
    fathers: float = 1.0
    parent: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.genetic <= self.explained < 1 or not 0 <= self.heritability <= 1:
            raise UsageError("shares of variance lie between 0 and 1, the genetic in the explained")

    def shared(self, one: str, other: str) -> float:
        """The relationship of two people, by what they are to the person ("person" themselves)."""
        pair = {one, other}
        own = _SHARED[one][other] if other in _SHARED[one] else _SHARED[other][one]
        if own != 0.5:  # a grandchild; or husband and wife, or twins
            return own
        factors = {"father": self.fathers, "mother": 2 - self.fathers}
        if pair == {"person", "child"}:
            return own * self.parent
        return own * math.prod(factor for parent, factor in factors.items() if parent in pair)

    @property
    def rest(self) -> float:
        """The inherited variance that the score does not explain."""
        return max(0.0, self.heritability - self.genetic)


def explained_variance(risk: Array, probability: Array) -> float:
    """The share of the liability's variance that a score explains, from the risks it gives.

    ``risk`` are those of the reference population (states,), with their ``probability``. Where a
    share v is known, a risk p stands for a mean liability m with (m - t) / sqrt(1 - v) the normal
    quantile q of p; so v = (1 - v) var(q).

    >>> explained_variance(np.array([0.01, 0.01]), np.array([0.5, 0.5]))
    0.0
    """
    from scipy.special import ndtri

    quantile = ndtri(risk)
    variance = float(probability @ (quantile - probability @ quantile) ** 2)
    return variance / (1 + variance)


def family_risk(
    risk: Array, average: float, relatives: Sequence[Relative], inheritance: Inheritance
) -> Array:
    """The risk of people with that family history; shape (n,).

    ``risk`` is what the score says of each, ``average`` the population's risk over the same time.
    Without relatives it is the risk itself. Raises UsageError for more relatives than it can have.

    >>> mother = Relative("mother", affected=True, risk=0.01)
    >>> alone = family_risk(np.array([0.01]), 0.01, [mother], Inheritance(0.6))
    >>> bool(alone[0] > 0.04)
    True
    """
    if not relatives:
        return risk
    if len(relatives) > len(_ROOTS):
        raise UsageError(f"{len(relatives)} relatives are more than {len(_ROOTS)}")
    from scipy.special import ndtri

    if not inheritance.explained:
        risk = np.full(len(risk), average)
    quantile = ndtri(risk)
    known = np.isfinite(quantile)
    own = quantile[known]
    few = len(own) <= _GRID
    low, high = (float(f(own, initial=0.0)) for f in (np.min, np.max))
    grid = own if few else np.linspace(low, high, _GRID)
    values = ndtri(_conditional(grid, float(ndtri(average)), relatives, inheritance))
    out = risk.copy()
    out[known] = _normal(values if few else np.interp(own, grid, values))
    return out


def _normal(x: Array) -> Array:
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _conditional(
    quantile: Array, threshold: float, relatives: Sequence[Relative], inheritance: Inheritance
) -> Array:
    """The risk at each normal quantile of the score's own, given the relatives; shape (n,)."""
    from scipy.special import ndtr, ndtri

    spread = math.sqrt(1 - inheritance.explained)
    center = -threshold  # of the liability, its mean being 0
    mean = spread * quantile + center  # of the person's liability, by the score
    share = inheritance.genetic / inheritance.explained if inheritance.explained else 0.0
    shared = np.array([inheritance.shared("person", one.relation) for one in relatives])
    sign = np.array([-1.0 if one.affected else 1.0 for one in relatives])
    limit = np.array([-ndtri(one.risk) for one in relatives])  # each relative's threshold
    covariance = _covariance(relatives, shared, sign, inheritance, share)
    lower = np.linalg.cholesky(covariance)
    points = _lattice(len(relatives))
    bounds = [s * (t - r * share * mean) for s, t, r in zip(sign, limit, shared, strict=True)]
    bounds.append(mean - center)  # -rest <= mean - threshold: the person falls ill
    drawn: list[Array] = []
    together = np.ones((len(quantile), len(points)))
    for i, bound in enumerate(bounds):
        before = sum((lower[i, j] * drawn[j] for j in range(i)), np.zeros(1))
        chance = ndtr((bound[:, None] - before) / lower[i, i])
        if i == len(relatives):
            return np.asarray((together * chance).mean(axis=1) / together.mean(axis=1))
        drawn.append(ndtri(np.maximum(points[:, i] * chance, 1e-300)))
        together = together * chance
    raise AssertionError("the person comes last")


def _covariance(
    relatives: Sequence[Relative],
    shared: Array,
    sign: Array,
    inheritance: Inheritance,
    share: float,
) -> Array:
    """Of the relatives' liabilities and the rest, given the score, signed as the events are."""
    size = len(relatives)
    covariance: Array = np.empty((size + 1, size + 1))
    for i, one in enumerate(relatives):
        for j, other in enumerate(relatives):
            total = 1.0
            if i != j:
                between = inheritance.shared(one.relation, other.relation)
                total = inheritance.heritability * between
            covariance[i, j] = total - shared[i] * shared[j] * share * inheritance.genetic
    covariance[:size, size] = covariance[size, :size] = shared * inheritance.rest
    covariance[size, size] = 1 - inheritance.explained
    signs = np.append(sign, -1.0)
    return np.asarray(covariance * np.outer(signs, signs))


def _lattice(dimensions: int) -> Array:
    """Points that fill the unit cube evenly, folded so that ends meet; (points, dimensions)."""
    steps = np.sqrt(np.array(_ROOTS[:dimensions], dtype=np.float64))
    place = (np.arange(_POINTS)[:, None] + 0.5) * steps % 1
    return np.asarray(np.abs(2 * place - 1), dtype=np.float64)
