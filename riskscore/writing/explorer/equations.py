"""A model's equations as plain data, from which the explorer's page computes.

What a person can choose, or leave unknown: two haplotypes of the model's scheme, two alleles of
each HLA gene, how heavy the load of single variants is (in standard deviations of the population),
exposures; and sex, age and the baseline risk. The page multiplies the same weights with the same
numbers as scoring does, over what HLA may be in the population where it is unknown.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import ModelError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.sex import Sex
from riskscore.models.model import Exposure, RiskModel
from riskscore.models.reference.incidence import incidence_table
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    FactorKind,
    GeneFactor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Part,
    Term,
    VariantFactor,
    factors_of,
)
from riskscore.scoring.kinds.counting import carries
from riskscore.scoring.kinds.exposure import dose_states
from riskscore.scoring.kinds.mhc import MHC
from riskscore.scoring.kinds.scheme import OTHER
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import NODE_WEIGHTS, NODES, of_states
from riskscore.scoring.risk.asked_ages import horizon_of, rates_of, risks_of
from riskscore.scoring.risk.by_age import BOTTOM, OneSex
from riskscore.writing.measurements import DOMINANT, RECESSIVE, genetic_words

_COMMON = 0.005  # alleles at least this frequent can be chosen, and all that the model names
_RARE = 1e-10  # of the population
_SHARES = np.linspace(0, 1, 201)  # of the population, for the place of a score in it
_DECIMALS = 12  # of coefficients, which keeps pages small and ten digits of risks right
_STOPS = 20  # ages of the curve at most, but for the last
_PREVALENCES = np.logspace(math.log10(0.0005), math.log10(0.1), 48)


def equations(model: RiskModel, panel: ReferencePanel, population: str = "EUR") -> dict[str, Any]:
    """Everything the page needs of one model, as data that JSON can hold."""
    reference = build_reference(model, panel, population)
    genes = _genes(model, panel, population)
    untyped, numbers = _untyped(reference)
    single = [j for j, term in enumerate(model.terms) if _is_variant_load(term)]
    shown = [
        j for j, term in enumerate(model.terms) if j not in set(single) and not term.fallback_for
    ]
    return {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "outcome": model.card.outcome,
        "horizon": model.horizon,
        "ancestry": model.card.ancestry,
        "population": population,
        "terms": [_term(reference, j, genes, panel, numbers) for j in shown],
        "load": {
            "count": len(single),
            "sd": float(np.sqrt(sum(_load_variance(reference, j) for j in single))),
            "spread": _load_spread(reference, single),
            "weights_variance": {
                sex.value: _weights_variance(reference, single, sex) for sex in Sex
            },
        },
        "haplotypes": [*model.scheme.names, OTHER] if model.scheme else [],
        "genes": {gene: [str(allele) for allele in alleles] for gene, alleles in genes.items()},
        "untyped": untyped,
        "exposures": [_exposure(model, e.id) for e in model.exposures if e.weighted],
        "baseline": _baseline(reference),
        "ages": _ages(reference),
        "nodes": np.column_stack([NODES, NODE_WEIGHTS]).tolist(),
    }


def _is_variant_load(term: Term) -> bool:
    """A single variant of its own, which the page gathers into one load."""
    return [factor.kind for factor in term.factors] == [FactorKind.VARIANT]


def _load_variance(reference: Reference, j: int) -> float:
    term = reference.model.terms[j]
    return 0.0 if term.fallback_for else float(term.weight**2 * reference.variance[j])


def _load_spread(reference: Reference, single: list[int]) -> list[list[float]]:
    """The characteristic function of an unknown load at the nodes: its real and imaginary parts."""
    spread = of_states(np.zeros(1), np.ones(1))
    for j in single:
        term = reference.model.terms[j]
        if not term.fallback_for:
            kind = reference.kinds.of(term.factors[0])
            away = term.weight * (kind.numbers(term.factors[0]) - reference.mean[j])
            spread = spread.times(of_states(away, kind.population.probability))
    return [spread.real.tolist(), spread.imaginary.tolist()]


def _weights_variance(reference: Reference, single: list[int], sex: Sex) -> float:
    """The variance from the standard errors of single variants' weights, averaged over people.

    The sum of SE^2 E[(x - m)^2] over the population, m being the mean among the affected.
    """
    total = 0.0
    for j in single:
        term, own = reference.model.terms[j], reference.by_sex[sex]
        if term.standard_error and not term.fallback_for:
            away = reference.mean[j] - own.case_means[j]
            total += term.standard_error**2 * float(reference.variance[j] + away**2)
    return total


def _genes(
    model: RiskModel, panel: ReferencePanel, population: str
) -> dict[str, tuple[HLAAllele, ...]]:
    """The alleles of each gene that can be chosen; genes of a haplotype scheme come with it."""
    chosen: dict[str, tuple[HLAAllele, ...]] = {}
    for gene in sorted({factor.gene for factor in factors_of(model.terms, GeneFactor)}):
        shares = panel.shares(gene, population)
        named = {
            allele
            for factor in factors_of(model.terms, HLAAlleleFactor)
            for allele in factor.alleles
            if factor.gene == gene and allele.resolution >= 2
        }
        common = {allele for allele, share in shares.items() if share >= _COMMON}
        chosen[gene] = tuple(sorted(named | common))
    return chosen


def _untyped(reference: Reference) -> tuple[list[float], dict[Factor, str | list[float]]]:
    """HLA of untyped people: the states of the population, and each factor's numbers in them.

    The rarest states, together less than _RARE, are left out.
    """
    kind = reference.kinds.by_name.get(MHC)
    if kind is None:
        return [], {}
    share = kind.population.probability
    order = np.argsort(share)
    kept = np.sort(order[np.cumsum(share[order]) > _RARE])
    numbers = {factor: _short(kind.numbers(factor)[kept]) for factor in kind.factors}
    shares = [float(f"{one:.11g}") for one in share[kept] / share[kept].sum()]
    return shares, numbers


def _short(numbers: Array) -> str | list[float]:
    """Numbers as a text with a digit for each, which keeps pages small; else as a list."""
    digits = np.clip(np.round(numbers), 0, 9).astype(np.int64)
    same = bool((digits == numbers).all())
    return "".join(map(str, digits.tolist())) if same else numbers.tolist()


def _term(
    reference: Reference,
    j: int,
    genes: dict[str, tuple[HLAAllele, ...]],
    panel: ReferencePanel,
    numbers: dict[Factor, str | list[float]],
) -> dict[str, Any]:
    term = reference.model.terms[j]
    return {
        "id": term.id,
        "words": _words(reference.model, term),
        "part": term.part.value,
        "component": term.component,
        "weight": term.weight,
        "se": term.standard_error,
        "mean": float(reference.mean[j]),
        "case_mean": {sex.value: float(reference.by_sex[sex].case_means[j]) for sex in Sex},
        "status": term.status.value,
        "only_known": term.only_known,
        "sexes": [sex.value for sex in Sex if reference.model.applies(term, sex)],
        "factors": [
            {**_factor(f, reference.model, genes, panel), "untyped": numbers.get(f, "")}
            for f in term.factors
        ],
    }


def _words(model: RiskModel, term: Term) -> str:
    """What a term counts, for the page's ledger."""
    if term.part is Part.GENETIC:
        name = genetic_words(term.id, term.label).replace("_", " ")
        if term.id.endswith(DOMINANT):
            return f"{name}, at least one copy"
        return f"{name}, two copies" if term.id.endswith(RECESSIVE) else name
    read = list(factors_of([term], ExposureFactor))
    if term.part is not Part.EXPOSURE or len(read) > 1:
        return term.label or term.id.replace("_", " ")
    exposure = model.exposure(read[0].exposure)
    if read[0].level:
        other = (
            f", where {model.exposure(term.only_known).label} is known" if term.only_known else ""
        )
        return f"{exposure.label}: {read[0].level.replace('_', ' ')}{other}"
    return f"{exposure.label}, per {exposure.per:g} {exposure.unit}"


def _factor(
    factor: Factor,
    model: RiskModel,
    genes: dict[str, tuple[HLAAllele, ...]],
    panel: ReferencePanel,
) -> dict[str, Any]:
    match factor:
        case HaplotypeFactor():
            pairs = [list(f.names) for f in factors_of(model.terms, DiplotypeFactor)]
            return {"kind": "haplotype", "name": factor.name, "pairs": pairs}
        case DiplotypeFactor():
            return {"kind": "diplotype", "names": list(factor.names)}
        case ExposureFactor():
            per = model.exposure(factor.exposure).per
            level = factor.level
            return {"kind": "exposure", "exposure": factor.exposure, "level": level, "per": per}
        case HLAAlleleFactor() | AminoAcidFactor():
            carried = [int(bool(carries(factor, a, panel))) for a in genes[factor.gene]]
            values = list(factor.coding.values)
            return {"kind": "gene", "gene": factor.gene, "carried": carried, "values": values}
        case VariantFactor():
            raise ModelError("the explorer cannot show interactions of single variants")


def _exposure(model: RiskModel, name: str) -> dict[str, Any]:
    exposure = model.exposure(name)
    return {
        "id": name,
        "label": exposure.label,
        "levels": [level.value for level in exposure.levels],
        "unit": exposure.unit,
        "range": list(exposure.range),
        "mean": exposure.mean,
        "sd": exposure.sd,
        "sex": exposure.sex.value if exposure.sex else "",
        "only_if": list(exposure.only_if or ()),
        "states": _states(exposure),
    }


def _states(exposure: Exposure) -> list[list[Any]]:
    """The levels or doses of an exposure in the population, each with its probability."""
    if exposure.is_dose:
        doses, probability = dose_states(exposure)
        return [list(state) for state in zip(doses.tolist(), probability.tolist(), strict=True)]
    return [[level.value, level.frequency] for level in exposure.levels]


def _ages(reference: Reference) -> dict[str, Any] | None:
    """The share who fell ill, and who did not, for each sex up to each age that can be chosen.

    For people it is a function of their log odds (see scoring/risk/smooth.py).
    None for a model that names no table.
    """
    model = reference.model
    if model.rates is None:
        return None
    tables = {sex: rates_of(model, None, sex) for sex in Sex}
    first, last = horizon_of(model, tables)
    step = math.ceil((last - first) / _STOPS)
    stops = [*np.arange(first, last, step).tolist(), last]
    by_sex = {}
    for sex in Sex:
        risks = risks_of(reference, tables, sex)
        (own,) = risks.sexes
        by_sex[sex.value] = {
            "alpha": risks.alpha,
            "top": own.top,
            "bottom": BOTTOM,
            "stops": [_stop(own, first, age) for age in stops],
        }
    table = incidence_table(model.rates.table)
    return {"stops": stops, "table": f"{table.population}, {table.period}", "by_sex": by_sex}


def _stop(own: OneSex, first: float, age: float) -> dict[str, Any]:
    """The risk from the first age to this one, and the share that stays free, deaths left out."""
    ill, free = (
        np.round([one.left, *one.cosines, *one.sines], _DECIMALS).tolist()
        for one in own.waves(first, age)
    )
    return {
        "age": age,
        "ill": ill,
        "free": free,
        "average_ill": own.rates.risk(first, age),
        "average_free": own.rates.free(first, age),
        "alive": own.rates.alive(first, age),
    }


def _baseline(reference: Reference) -> dict[str, Any]:
    """The intercept for each sex, at the model's own prevalence and at each stop of the slider."""
    result = {}
    for sex in Sex:
        own = reference.by_sex[sex]
        stops = sorted({*map(float, _PREVALENCES), *([own.prevalence] if own.prevalence else [])})
        result[sex.value] = {
            "own": own.prevalence,
            "prevalence": stops,
            "alpha": [own.distribution.intercept(stop) for stop in stops],
            "alpha_sd": own.alpha_sd,
            "quantiles": own.distribution.quantiles(_SHARES).tolist(),
        }
    return result
