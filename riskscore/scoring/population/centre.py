"""What a score is centred on where its model brings no frequencies: a scoring file seldom does.

A score means something against the average of a population, and that average needs the frequency of
every effect allele. Where the model does not give them for the population asked for, the frequency
in the file that the weights came in is taken; else that in the people scored, if they are enough to
have one. Without either there is nothing to centre on: the score is the plain sum, which says who
stands above whom, and no odds or percentile go with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Mask
from riskscore.genetics.variant import Variant
from riskscore.models.model import RiskModel
from riskscore.models.scoring_files.rows import OWN_FREQUENCY
from riskscore.models.terms import Factor, VariantFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.population.reference import Basis

_WIDEST = 0.5  # the frequency at which an unobserved variant's share of the variance is largest


@dataclass(frozen=True)
class Centred:
    """A model with a frequency for every variant, and where they are from.

    ``unknown`` marks the terms that read a variant which neither the model nor the people have a
    frequency of: it was not observed, and is left out of the sum.
    """

    model: RiskModel
    basis: Basis
    unknown: Mask


def centred_on(model: RiskModel, cohort: Cohort) -> Centred:
    """Give every variant of a model a frequency in the cohort's population.

    A model whose frequencies are complete comes back as it is.
    """
    bare = [v for v in model.frequencies if model.frequency_in(v, cohort.population) is None]
    if not bare:
        nothing = np.zeros(len(model.terms), dtype=bool)
        return Centred(model, Basis.POPULATION, nothing)
    in_file = {v: f for v in bare if (f := model.frequencies[v].get(OWN_FREQUENCY)) is not None}
    in_people = {v: f for v in bare if v not in in_file and (f := _seen(cohort, v)) is not None}
    observed = {v for v in bare if not cohort.dosages.match(v).missing}
    adrift = observed - in_file.keys() - in_people.keys()
    basis = Basis.NOTHING if adrift else Basis.COHORT if in_people else Basis.FILE
    # Where nothing is centred a frequency still fills in for a missing genotype, as in plink2.
    few = {v: _mean(cohort.dosages, v) for v in adrift}
    frequency = {**in_file, **in_people, **few}
    unknown = {v for v in bare if v not in frequency}
    terms = tuple(
        replace(term, factors=tuple(_with(f, frequency, cohort.population) for f in term.factors))
        for term in model.terms
    )
    lost = [
        any(isinstance(f, VariantFactor) and f.variant in unknown for f in term.factors)
        for term in model.terms
    ]
    return Centred(replace(model, terms=terms), basis, np.array(lost, dtype=bool))


def _seen(cohort: Cohort, variant: Variant) -> float | None:
    """The effect allele's frequency in the people scored, or in those the file says."""
    match = cohort.dosages.match(variant)
    return None if match.missing or np.isnan(match.frequency) else match.frequency


def _mean(dosages: Dosages, variant: Variant) -> float:
    copies = dosages.of(variant)
    called = copies[~np.isnan(copies)]
    return float(called.mean(dtype=np.float64) / 2) if called.size else _WIDEST


def _with(factor: Factor, frequency: dict[Variant, float], population: str) -> Factor:
    if not isinstance(factor, VariantFactor) or population in factor.frequency:
        return factor
    share = frequency.get(factor.variant, _WIDEST)
    return replace(factor, frequency={**factor.frequency, population: share})
