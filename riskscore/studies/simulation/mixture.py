"""The score in a mixture of populations, where the loci of a chromosome share their ancestry.

A haplotype of a chromosome comes from one population, as a whole. Given the populations of both
haplotypes its components are independent, so the characteristic function of the chromosome's score
is the mean, over pairs of populations, of the product of theirs; chromosomes are independent.

What a component is with one haplotype of each of two populations follows from people who are an
equal mixture of both: a quarter of these have two haplotypes of the first, a quarter two of the
second, and half have one of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np

from riskscore.arrays import Mask
from riskscore.models.terms import ExposureFactor, Factor, VariantFactor
from riskscore.scoring.population import spectrum
from riskscore.scoring.population.components import Component, enumerated
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import NODES, Spectrum

Pair = tuple[str, str]


class Mixture:
    """A model's references for each pair of populations of a mixture.

    ``shares`` of the haplotypes come from each population; ``reference`` gives a population's or
    a mixture's reference by its name. ``whole`` is the mixture's own.
    """

    def __init__(
        self, shares: Mapping[str, float], whole: Reference, reference: Callable[[str], Reference]
    ) -> None:
        self.whole = whole
        self.pure = {name: reference(name) for name in shares}
        self.equal = {(a, b): reference(f"{a}=0.5,{b}=0.5") for a, b in combinations(shares, 2)}
        self.weights = {(a, a): share**2 for a, share in shares.items()}
        self.weights |= {(a, b): 2 * shares[a] * shares[b] for a, b in self.equal}

    def spectrum(self, counted: Mask) -> Spectrum:
        """The characteristic function of the score of the counted terms, less the mixture's mean.

        A component that is read from no chromosome, or from several, is as in the whole mixture.
        """
        everywhere: list[Spectrum] = []
        chromosomes: dict[str, dict[Pair, list[Spectrum]]] = {}
        for component in self.whole.components:
            places = [j for j in component.terms if counted[j]]
            if not places:
                continue
            terms = [self.whole.model.terms[j] for j in places]
            names = {_chromosome(factor) for term in terms for factor in term.factors} - {""}
            if len(names) != 1:
                everywhere.append(_of_component(self.whole, component, places))
                continue
            own = chromosomes.setdefault(names.pop(), {pair: [] for pair in self.weights})
            for pair, found in self._by_pair(component, places).items():
                own[pair].append(found)
        mean = float(self.whole.weights[counted] @ self.whole.mean[counted])
        centred = Spectrum(np.cos(NODES * mean), -np.sin(NODES * mean))
        return spectrum.product([*everywhere, *map(self._mixed, chromosomes.values()), centred])

    def _by_pair(self, component: Component, places: list[int]) -> dict[Pair, Spectrum]:
        """The characteristic function of a component, by the populations of two haplotypes."""
        pure = {n: _of_component(one, component, places) for n, one in self.pure.items()}
        found = {(name, name): own for name, own in pure.items()}
        for (a, b), reference in self.equal.items():
            equal = _of_component(reference, component, places)
            found[a, b] = Spectrum(
                2 * equal.real - (pure[a].real + pure[b].real) / 2,
                2 * equal.imaginary - (pure[a].imaginary + pure[b].imaginary) / 2,
            )
        return found

    def _mixed(self, components: Mapping[Pair, list[Spectrum]]) -> Spectrum:
        """The characteristic function of one chromosome: the mean over pairs of populations."""
        weighted = [(self.weights[pair], spectrum.product(own)) for pair, own in components.items()]
        return Spectrum(
            np.sum([weight * own.real for weight, own in weighted], axis=0),
            np.sum([weight * own.imaginary for weight, own in weighted], axis=0),
        )


def _of_component(reference: Reference, component: Component, places: list[int]) -> Spectrum:
    """The characteristic function of some terms of a component, not centred."""
    terms = [reference.model.terms[j] for j in places]
    states = enumerated(component.kinds, terms, reference.kinds)
    return spectrum.of_states(states.value, states.probability)


def _chromosome(factor: Factor) -> str:
    """The chromosome a factor is read from; empty for an exposure."""
    match factor:
        case ExposureFactor():
            return ""
        case VariantFactor(variant=variant):
            return variant.chromosome
    return "6"
