"""The classes of a haplotype scheme: how often they are, and what a model counts of two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.models.model import HaplotypeScheme, RiskModel
from riskscore.models.reference.haplotypes import in_mixture
from riskscore.models.terms import DiplotypeFactor, HaplotypeFactor
from riskscore.scoring.kinds.scheme_tags import DiplotypeCalls
from riskscore.scoring.kinds.states import States

OTHER = "other"  # a haplotype that is none of the scheme's classes


def own_frequencies(scheme: HaplotypeScheme, population: str) -> Array | None:
    """The model's frequency of each class and, last, of all other haplotypes; None without."""
    given = [in_mixture(h.frequency, population) for h in scheme.haplotypes]
    shares = [float(share) for share in given if share is not None]
    if len(shares) < len(given):
        return None
    return np.array([*shares, max(0.0, 1 - sum(shares))])


def haplotype_values(
    factor: HaplotypeFactor | DiplotypeFactor,
    names: Sequence[str],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    pairs: frozenset[frozenset[str]],
) -> Array:
    """The factor's number for pairs of haplotypes given by their places in ``names``.

    A pair with a weight of its own has that weight instead of the two haplotypes' sum.
    """
    place = {name: i for i, name in enumerate(names)}
    if isinstance(factor, DiplotypeFactor):
        a, b = (place[name] for name in factor.names)
        is_pair = ((first == a) & (second == b)) | ((first == b) & (second == a))
        return np.asarray(is_pair, dtype=np.float64)
    own = place[factor.name]
    count = np.asarray((first == own).astype(float) + (second == own))
    paired = np.zeros((len(names), len(names)), dtype=bool)
    for pair in pairs:
        members = [place[name] for name in pair]
        paired[members[0], members[-1]] = paired[members[-1], members[0]] = True
    count[paired[first, second]] = 0.0
    return count


def paired_names(model: RiskModel) -> frozenset[frozenset[str]]:
    """The diplotypes that have a weight of their own, as unordered pairs of names."""
    return frozenset(frozenset(f.names) for f in model.factors if isinstance(f, DiplotypeFactor))


@dataclass(frozen=True)
class Classes:
    """A scheme, and the factors of a model that count its haplotypes and pairs of them."""

    scheme: HaplotypeScheme
    factors: tuple[HaplotypeFactor | DiplotypeFactor, ...]
    pairs: frozenset[frozenset[str]]

    @classmethod
    def of(cls, model: RiskModel, factors: Sequence[HaplotypeFactor | DiplotypeFactor]) -> Classes:
        assert model.scheme is not None
        return cls(model.scheme, tuple(factors), paired_names(model))

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.scheme.names, OTHER)

    def values(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> Array:
        """Each factor's number for pairs of classes, shape (pairs, factors)."""
        return np.column_stack(
            [haplotype_values(f, self.names, first, second, self.pairs) for f in self.factors]
        )

    def states(self, calls: DiplotypeCalls) -> States:
        """The factors' numbers by what calls say of their people."""
        width = len(self.names)
        pairs = np.arange(width**2)
        values = self.values(pairs // width, pairs % width)
        pair = (calls.first * width + calls.second).astype(np.float64)[:, None]
        states = States.of_rows(calls.sample, pair, calls.probability, len(calls.missing)).shared()
        return replace(states, values=values[states.values[:, 0].astype(np.int64)])
