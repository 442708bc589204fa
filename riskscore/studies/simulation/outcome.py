"""Disease from the model itself: logistic or liability, at a stated prevalence in each sex."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from riskscore.arrays import Array, Mask
from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import Exposure, HaplotypeScheme, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import VariantFactor
from riskscore.scoring.link import expit
from riskscore.scoring.population import spectrum
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import NODES, STEP, Spectrum
from riskscore.studies.simulation.mixture import Mixture
from riskscore.studies.simulation.plan import Locus, Settings, locus_key

LOGISTIC_SD = math.pi / math.sqrt(3)  # of the standard logistic distribution


class Disease:
    """The risk of a model's disease, given the true log odds.

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
        mixture = None
        if len(settings.mixture) > 1:
            reference_of = partial(build_reference, as_one, panel)
            mixture = Mixture(settings.mixture, drawn, reference_of)
        self.prevalence: dict[Sex, float] = {}
        self.intercepts: dict[Sex, float] = {}
        for sex in Sex:
            own = drawn.by_sex[sex]
            if own.prevalence is None:
                raise UsageError(
                    f"model {model.id} has no baseline risk for {sex.value} people",
                    fix="say what the prevalence is",
                )
            counted = own.counted
            shift = float(reference.weights[counted] @ (drawn.mean - reference.mean)[counted])
            score = mixture.spectrum(counted) if mixture else own.distribution.spectrum
            solve = liability_intercept if settings.liability else spectrum.intercept
            self.prevalence[sex] = own.prevalence
            self.intercepts[sex] = solve(score, own.prevalence) - shift

    def risk(self, log_odds: Array, female: Mask) -> Array:
        """Each person's probability of the disease, shape (people,)."""
        alpha = np.where(female, self.intercepts[Sex.FEMALE], self.intercepts[Sex.MALE])
        if not self.liability:
            return expit(alpha + log_odds)
        return np.asarray(ndtr((alpha + log_odds) / LOGISTIC_SD))


def liability_intercept(score: Spectrum, prevalence: float) -> float:
    """The intercept at which P(intercept + X + e > 0) is the prevalence, X the score, e normal.

    e has the standard deviation of the logistic distribution, pi / sqrt(3), so that the score
    explains the same share of the liability as in the logistic model. The probability is
    1/2 + 1/pi times the integral of Im(exp(i t alpha) phi(t)) / t (Gil-Pelaez, Biometrika 1951,
    38:481), by the midpoint rule at the nodes of phi.
    """
    noisy = score.times(spectrum.of_normal(LOGISTIC_SD**2))

    def excess(alpha: float) -> float:
        waves = np.sin(NODES * alpha) * noisy.real + np.cos(NODES * alpha) * noisy.imaginary
        return 0.5 + float((waves / NODES).sum()) * STEP / math.pi - prevalence

    return float(brentq(excess, -20.0, 20.0, xtol=1e-14))


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
