"""The two haplotypes of a model's scheme, from typed alleles or tag SNPs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskscore.models.model import RiskModel
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import DiplotypeFactor, Factor, HaplotypeFactor
from riskscore.samples.cohort import Cohort
from riskscore.scoring.diplotypes import DiplotypeCalls, call_diplotypes
from riskscore.scoring.kinds.gene import unordered
from riskscore.scoring.kinds.kind import Answer, Evidence, Kind, Reading
from riskscore.scoring.kinds.scheme import OTHER, scheme_frequencies
from riskscore.scoring.link import Array
from riskscore.scoring.states import States


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


class HaplotypeKind(Kind):
    """The unordered pair of a scheme's haplotypes that a person has."""

    def __init__(
        self,
        name: str,
        factors: Sequence[HaplotypeFactor | DiplotypeFactor],
        model: RiskModel,
        panel: ReferencePanel,
        population: str,
    ) -> None:
        assert model.scheme is not None
        self.scheme, self._read = model.scheme, tuple(factors)
        self._names = (*model.scheme.names, OTHER)
        self._pairs, self._panel = paired_names(model), panel
        frequency = scheme_frequencies(model.scheme, panel, population)
        first, second, probability = unordered(frequency)
        super().__init__(
            name,
            factors,
            States.one(self.values(first, second), probability / probability.sum()),
        )

    def values(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> Array:
        """Each factor's number for pairs of classes, shape (pairs, factors)."""
        return np.column_stack(
            [haplotype_values(f, self._names, first, second, self._pairs) for f in self._read]
        )

    def calls(self, cohort: Cohort, people: slice) -> DiplotypeCalls:
        """The pairs of classes that people may have."""
        rows = range(*people.indices(len(cohort.samples)))
        return call_diplotypes(cohort, self.scheme, self._panel, rows)

    def evidence(self, cohort: Cohort, people: slice) -> Evidence:
        return self.of_calls(self.calls(cohort, people))

    def of_calls(self, calls: DiplotypeCalls) -> Evidence:
        """What calls say of their people."""
        width = len(self._names)
        pairs = np.arange(width**2)
        values = self.values(pairs // width, pairs % width)
        pair = (calls.first * width + calls.second).astype(np.float64)
        states = States.of_rows(calls.sample, pair[:, None], calls.probability, len(calls.missing))
        states = replace(states, values=values[states.values[:, 0].astype(np.int64)])
        missing = np.tile(calls.missing[:, None], len(self.factors))
        return Evidence(self, (Reading(self.factors, states),), missing)

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        calls = self.calls(cohort, slice(place, place + 1))
        if not len(calls.sample):
            return "no haplotype call"
        best = int(calls.probability.argmax())
        pair = f"{self._names[calls.first[best]]} + {self._names[calls.second[best]]}"
        return f"{pair} (P {calls.probability[best]:.3g}, {calls.source})"

    def thing(self, factor: Factor) -> tuple[str, str]:
        return "haplotypes", "DR-DQ"

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        typed = all(gene in cohort.hla.genes for gene in self.scheme.genes)
        return Answer("found", "typed alleles" if typed else "tag SNPs", by_reason=True)
