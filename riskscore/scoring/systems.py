"""What of a person a factor looks at, and what the reference population looks like there.

A *system* is a part of a person that comes as a whole: one variant, the two alleles of an HLA
gene, the two DRB1~DQA1~DQB1 haplotypes, an exposure. Its states in the reference population are
listed with their probabilities; systems are taken to be independent of each other, and people to
be in Hardy-Weinberg proportions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray

from riskscore.errors import PopulationError
from riskscore.genetics.hla import HLAName, covered
from riskscore.models.model import Exposure, HaplotypeScheme, RiskModel
from riskscore.models.panel import DRDQ, HaplotypeFrequencies, ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAFactor,
    VariantFactor,
)
from riskscore.scoring.link import Array

OTHER = "other"  # a haplotype that is none of the scheme's classes
_DOSE_NODES, _DOSE_WEIGHTS = hermegauss(21)


def group_of(factor: Factor) -> str:
    """The measurement a factor reads: a variant's allele, a gene, the scheme, an exposure."""
    match factor:
        case VariantFactor():  # two alleles of one SNP are counted apart
            return f"variant {factor.variant.name}:{factor.variant.effect_allele}"
        case ExposureFactor():
            return f"exposure {factor.exposure}"
        case HaplotypeFactor() | DiplotypeFactor():
            return "haplotypes"
        case _:
            return f"gene {factor.gene}"


def carries(factor: HLAFactor, allele: HLAName, panel: ReferencePanel) -> bool | None:
    """Whether an allele is counted by a factor; None when its name or the table cannot tell."""
    if isinstance(factor, AminoAcidFactor):
        return panel.residues.carries(allele, factor.residues)
    return covered(factor.alleles, allele)


def coded(factor: HLAFactor | VariantFactor, copies: Array) -> Array:
    """The factor's number for each count of copies; nan where the count is nan."""
    return np.asarray(np.interp(copies, (0.0, 1.0, 2.0), factor.coding.values))


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
class System:
    """The states of a system in the reference population, and each factor's number in them."""

    probabilities: Array
    numbers: dict[Factor, Array]


def unordered(frequency: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Unordered pairs of two independent draws, and their Hardy-Weinberg probabilities."""
    first, second = np.triu_indices(len(frequency))
    probability = frequency[first] * frequency[second] * np.where(first == second, 1.0, 2.0)
    return first, second, probability


def variant_system(factors: Sequence[VariantFactor], population: str) -> System:
    """A variant's three genotypes."""
    if population not in factors[0].frequency:
        raise PopulationError(
            f"the model does not say the frequency of {factors[0]} in {population}",
            fix="take a model with frequencies, or add allelefrequency_effect_" + population,
        )
    p = factors[0].frequency[population]
    probabilities = np.array([(1 - p) ** 2, 2 * p * (1 - p), p**2])
    return System(probabilities, {f: np.array(f.coding.values) for f in factors})


def exposure_system(exposure: Exposure, factors: Sequence[ExposureFactor]) -> System:
    """An exposure in the people it applies to."""
    if exposure.is_dose:
        weights = _DOSE_WEIGHTS / _DOSE_WEIGHTS.sum()
        dose = (exposure.mean + exposure.sd * _DOSE_NODES) / exposure.per
        return System(weights, dict.fromkeys(factors, dose))
    return System(
        np.array([level.frequency for level in exposure.levels]),
        {
            f: np.array([float(level.value == f.level) for level in exposure.levels])
            for f in factors
        },
    )


def hla_system(factors: Sequence[HLAFactor], panel: ReferencePanel, population: str) -> System:
    """One gene, or the DRB1~DQA1~DQB1 haplotype when the factors look at more than one of it."""
    genes = {factor.gene for factor in factors}
    if len(genes) == 1:
        table = panel.alleles.get((population, next(iter(genes))))
        haplotypes: HaplotypeFrequencies = tuple(
            ((a,), share) for a, share in (table or {}).items()
        )
    else:
        haplotypes = panel.drdq.get(population, ())
    if not haplotypes:
        raise PopulationError(f"no HLA frequencies of {'~'.join(sorted(genes))} in {population}")
    merged: dict[tuple[bool | None, ...], float] = {}
    for alleles, share in haplotypes:
        by_gene = {allele.gene: allele for allele in alleles}
        verdicts = tuple(carries(f, by_gene[f.gene], panel) for f in factors)
        if None not in verdicts:  # one whose residues the table lacks is left out
            merged[verdicts] = merged.get(verdicts, 0.0) + share
    counts = np.array(list(merged), dtype=float)
    frequency = np.array(list(merged.values()))
    first, second, probabilities = unordered(frequency / frequency.sum())
    copies = counts[first] + counts[second]
    return System(probabilities, {f: coded(f, copies[:, i]) for i, f in enumerate(factors)})


def scheme_frequencies(scheme: HaplotypeScheme, panel: ReferencePanel, population: str) -> Array:
    """Frequency of each class of a scheme and, last, of all other haplotypes.

    The model's own frequencies where it gives them, else the panel's typed haplotypes, classed.
    """
    given = [h.frequency.get(population) for h in scheme.haplotypes]
    if all(share is not None for share in given):
        shares = [float(share) for share in given if share is not None]
    else:
        shares = [0.0] * len(scheme.haplotypes)
        for alleles, share in panel.drdq.get(population, ()):
            place = classify(scheme, {allele.gene: allele for allele in alleles})
            if place is not None and place < len(shares):
                shares[place] += share
    return np.array([*shares, max(0.0, 1 - sum(shares))])


def classify(scheme: HaplotypeScheme, alleles: Mapping[str, HLAName]) -> int | None:
    """The class of a typed haplotype; the number of classes for none; None if it cannot be told.

    Classes are tried in order of rank, each gene against the alleles the class allows.
    """
    unsure = False
    for place, haplotype in enumerate(scheme.haplotypes):
        verdicts = [covered(haplotype.alleles[gene], alleles[gene]) for gene in scheme.genes]
        if all(verdicts):
            return place
        unsure |= None in verdicts and False not in verdicts
    return None if unsure else len(scheme.haplotypes)


def scheme_system(
    model: RiskModel,
    factors: Sequence[HaplotypeFactor | DiplotypeFactor],
    panel: ReferencePanel,
    population: str,
) -> System:
    """The unordered pairs of a scheme's haplotypes."""
    assert model.scheme is not None
    names = (*model.scheme.names, OTHER)
    first, second, probabilities = unordered(scheme_frequencies(model.scheme, panel, population))
    pairs = paired_names(model)
    numbers: dict[Factor, Array] = {
        f: haplotype_values(f, names, first, second, pairs) for f in factors
    }
    return System(probabilities / probabilities.sum(), numbers)


def system_of(factor: Factor, joint: bool) -> str:
    """The system of a factor; the DR-DQ genes are one when a model looks at several (``joint``)."""
    group = group_of(factor)
    if joint and not isinstance(factor, VariantFactor) and getattr(factor, "gene", "") in DRDQ:
        return "haplotype DR-DQ"
    return group
