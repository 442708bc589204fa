"""Disease from the model itself: logistic or liability, at a stated prevalence in each sex."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import Exposure, HaplotypeScheme, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import ExposureFactor, Factor, VariantFactor
from riskscore.scoring.kinds.states import States
from riskscore.scoring.link import expit
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.distribution import Distribution
from riskscore.scoring.population.reference import Reference
from riskscore.studies.simulation.plan import Locus, Settings, locus_key

LOGISTIC_SD = math.pi / math.sqrt(3)  # of the standard logistic distribution
_erf = np.vectorize(math.erf, otypes=[float])


class Disease:
    """Who falls ill of a model's disease, given the true log odds.

    ``intercepts`` are on the scale of the model's log odds, by sex. They are solved on the
    distribution of the people drawn, so that the prevalence is the stated one although the
    frequencies drawn from may not be those the model is centred on.
    """

    def __init__(
        self,
        settings: Settings,
        reference: Reference,
        loci: Sequence[Locus],
        exposures: Sequence[Exposure],
        panel: ReferencePanel,
    ) -> None:
        self.liability = settings.liability
        model = reference.model
        as_one = as_drawn(model, loci, exposures, settings)
        drawn = build_reference(as_one, panel, settings.drawn_from, settings.prevalence)
        parts = {
            name: build_reference(as_one, panel, name, settings.prevalence)
            for name in (settings.mixture if len(settings.mixture) > 1 else ())
        }
        ancestry = SharedAncestry(settings.mixture, parts)
        self.prevalence: dict[Sex, float] = {}
        self.intercepts: dict[Sex, float] = {}
        for sex in Sex:
            own = drawn.by_sex[sex]
            if own.prevalence is None or own.alpha is None:
                raise UsageError(
                    f"model {model.id} has no baseline risk for {sex.value} people",
                    fix="say what the prevalence is",
                )
            counted = own.counted
            shift = float(reference.weights[counted] @ (drawn.mean - reference.mean)[counted])
            alpha, distribution = own.alpha, own.distribution
            if len(parts) > 1:
                distribution = _stretched(distribution, ancestry.added_variance(counted))
                alpha = distribution.intercept(own.prevalence)
            if settings.liability:
                alpha = liability_intercept(distribution, own.prevalence)
            self.prevalence[sex] = own.prevalence
            self.intercepts[sex] = alpha - shift

    def risk(self, log_odds: Array, female: Mask) -> Array:
        """Each person's probability of the disease, shape (people,)."""
        alpha = np.where(female, self.intercepts[Sex.FEMALE], self.intercepts[Sex.MALE])
        if not self.liability:
            return expit(alpha + log_odds)
        return _normal_cdf((alpha + log_odds) / LOGISTIC_SD)


@dataclass(frozen=True)
class SharedAncestry:
    """What loci of one chromosome have in common in a mixture: the population they come from.

    ``shares`` of the haplotypes come from each population, whose references are ``parts``.
    """

    shares: Mapping[str, float]
    parts: Mapping[str, Reference]

    def added_variance(self, counted: Mask) -> float:
        """The variance of the score above that of loci whose ancestries are independent.

        Each of the two haplotypes of a chromosome has half the mean score that the chromosome has
        in its population, so each chromosome adds half the variance of that mean over populations.
        """
        first = next(iter(self.parts.values()))
        share = np.array([self.shares[name] for name in self.parts])
        chromosomes: dict[str, list[Array]] = {}
        for component in first.components:
            terms = [j for j in component.terms if counted[j]]
            names = {_chromosome(f) for j in terms for f in first.model.terms[j].factors} - {""}
            means = [one.mean[terms] @ one.weights[terms] for one in self.parts.values()]
            if len(names) == 1:
                chromosomes.setdefault(names.pop(), []).append(np.array(means))

        def variance(means: Array) -> float:
            return float(share @ (means - share @ means) ** 2)

        return sum(
            (variance(np.sum(own, axis=0)) - sum(map(variance, own))) / 2
            for own in chromosomes.values()
        )


def _chromosome(factor: Factor) -> str:
    """The chromosome a factor is read from; empty for an exposure."""
    match factor:
        case ExposureFactor():
            return ""
        case VariantFactor(variant=variant):
            return variant.chromosome
    return "6"


def _stretched(distribution: Distribution, added: float) -> Distribution:
    """The distribution with more variance (or less, below 0), and all else of its shape."""
    factor = math.sqrt(max(0.0, 1 + added / distribution.variance))

    def wider(states: States) -> States:
        return replace(states, values=states.values * factor)

    return replace(
        distribution,
        parts=tuple(wider(part) for part in distribution.parts),
        variants=wider(distribution.variants),
        sd=distribution.sd * factor,
    )


def liability_intercept(distribution: Distribution, prevalence: float) -> float:
    """The intercept at which P(intercept + X + e > 0) is the prevalence, X the score, e normal.

    e has the standard deviation of the logistic distribution, pi / sqrt(3), so that the score
    explains the same share of the liability as in the logistic model. X + e is a distribution of
    the same kind with a wider normal part; its quantile at 1 - prevalence is found by bisection.
    """
    liability = replace(distribution, sd=math.hypot(distribution.sd, LOGISTIC_SD))
    low, high = -100.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        above = 1 - float(liability.percentile(np.array([middle]))[0]) / 100
        low, high = (low, middle) if above < prevalence else (middle, high)
    return -(low + high) / 2


def _normal_cdf(x: Array) -> Array:
    return np.asarray(0.5 * (1 + _erf(x / math.sqrt(2))))


def as_drawn(
    model: RiskModel, loci: Sequence[Locus], exposures: Sequence[Exposure], settings: Settings
) -> RiskModel:
    """The model with the frequencies that people are drawn at in place of its own.

    They differ where an earlier model has the same variant or exposure, and for haplotype classes,
    which follow the typed haplotypes of the panel.
    """
    build = settings.build
    by_key = {locus_key(locus.variant, build): locus for locus in loci}
    terms = []
    for term in model.terms:
        factors = tuple(
            _as_drawn(f, by_key[locus_key(f.variant, build)]) if isinstance(f, VariantFactor) else f
            for f in term.factors
        )
        terms.append(replace(term, factors=factors))
    scheme = model.scheme and HaplotypeScheme(
        tuple(replace(haplotype, frequency={}) for haplotype in model.scheme.haplotypes)
    )
    first = {exposure.id: exposure for exposure in exposures}
    own = tuple(_with_frequencies(e, first[e.id]) for e in model.exposures)
    return replace(model, terms=tuple(terms), scheme=scheme, exposures=own)


def _as_drawn(factor: VariantFactor, locus: Locus) -> VariantFactor:
    drawn = dict(locus.frequency)
    if locus.variant.effect_allele != factor.variant.effect_allele:
        drawn = {name: 1 - share for name, share in drawn.items()}
    return replace(factor, frequency={**factor.frequency, **drawn})


def _with_frequencies(exposure: Exposure, drawn: Exposure) -> Exposure:
    """An exposure at the frequencies of the one that was drawn, by the names of its levels."""
    if exposure.is_dose:
        return replace(exposure, mean=drawn.mean, sd=drawn.sd)
    share = {level.value.lower(): level.frequency for level in drawn.levels}
    return replace(
        exposure,
        levels=tuple(
            replace(
                level,
                frequency=sum(
                    share.get(name, 0.0)
                    for name in {level.value.lower(), *(a.lower() for a in level.aliases)}
                ),
            )
            for level in exposure.levels
        ),
    )
