"""A score's place among people of one's own ancestry: its Z and percentile by shares.

The mean and the variance of a score at shares q of superpopulations, from those in each (k) of
them:

    mean(q) = sum q_k mean_k
    variance(q) = sum q_k variance_k + 1/2 sum_c sum_k q_k (M_kc - M_qc)^2

M_kc is the mean of component c of the score in k, and M_qc = sum q_k M_kc: of two chromosomes each
is of k with probability q_k, by itself in each component, as in people whose forebears mixed long
ago. Shares inside the simplex of the superpopulations' centres are linear in the principal
components, so mean(q) is the regression of the score on the components through the reference
populations. z_adjusted = (score - mean(q)) / sqrt(variance(q)), as Z_norm2 of the PGS Catalog
Calculator is: residual of a regression of the mean, over the root of a predicted variance. That one
fits the mean and the log of the variance as linear in the components to the reference people's
scores (Khera 2019, Khan 2022); here both follow from frequencies, and the variance is quadratic.

The percentile is that of z_adjusted in the superpopulations' distributions, mixed by q: in one of
them alone it is the exact percentile there. Missing terms count as in each superpopulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.errors import PopulationError
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.ancestry.sums import ProjectionSums
from riskscore.samples.ancestry.table import component_table
from riskscore.samples.cohort import Cohort
from riskscore.scoring.ancestry.projection import LEAST_OF_SCORING, Projection, project
from riskscore.scoring.ancestry.shares import Placement, place
from riskscore.scoring.design import Measurements, people_by_sex
from riskscore.scoring.observed.percentile import ObservedPercentiles
from riskscore.scoring.observed.share import weighted
from riskscore.scoring.observed.variance import uncertainty
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.centre import centred_on
from riskscore.scoring.population.reference import Basis, Reference
from riskscore.scoring.scores.columns import Z_ADJUSTED
from riskscore.scoring.scores.scored import ModelScores

_TOLD = 0.05  # the least share that a flag names


@dataclass(frozen=True)
class MixedMoments:
    """A score's variance in each superpopulation, and its components' means.

    ``variance`` has shape (populations,), ``means`` (populations, components).
    """

    variance: Array
    means: Array

    def of_shares(self, shares: Array) -> tuple[Array, Array]:
        """Within superpopulations and in all, the variance at shares (people, populations)."""
        within = (shares * self.variance).sum(axis=1)
        mixed = (shares[:, :, None] * self.means).sum(axis=1)
        between = ((self.means[None] - mixed[:, None]) ** 2).sum(axis=2)
        return within, within + (shares * between).sum(axis=1) / 2


def moments_of(references: Sequence[Reference | None], sex: Sex | None) -> MixedMoments:
    """The moments of a score in one sex, from its references in each superpopulation.

    A superpopulation of which nobody has a share needs no reference, and has moments of 0.
    """
    some = next(reference for reference in references if reference is not None)
    means = np.zeros((len(references), len(some.components)))
    variance = np.zeros(len(references))
    for k, reference in enumerate(references):
        if reference is not None:
            counted = reference.by_sex[sex].counted
            terms = np.where(counted, reference.weights * reference.mean, 0.0)
            means[k] = [float(terms[list(part.terms)].sum()) for part in reference.components]
            variance[k] = reference.by_sex[sex].distribution.variance
    return MixedMoments(variance, means)


def projection_of(sums: ProjectionSums) -> Projection:
    """The components of people who are scored, from the SNPs that are read for it."""
    return project(sums, LEAST_OF_SCORING)


def placement_of(cohort: Cohort) -> Placement | None:
    """Where a cohort's people are among the reference people; None where no SNPs tell it."""
    if cohort.projection is None:
        return None
    return place(projection_of(cohort.projection), component_table())


def by_ancestry(
    cohort: Cohort,
    tables: Sequence[ModelScores],
    panel: ReferencePanel,
    placement: Placement | None,
    chunk: int,
) -> list[ModelScores]:
    """The scores of a cohort, adjusted where the SNPs of ancestry are read."""
    if placement is None:
        unknown = np.full(len(cohort.samples), np.nan)
        return [replace(t, numbers={**t.numbers, Z_ADJUSTED: unknown}) for t in tables]
    return [adjusted(table, cohort, panel, placement, chunk) for table in tables]


def adjusted(
    table: ModelScores, cohort: Cohort, panel: ReferencePanel, placement: Placement, chunk: int
) -> ModelScores:
    """The same scores with a percentile among people of each one's own ancestry, and its Z.

    Whoever could not be projected keeps the percentile they have; outside the reference there is
    none. A score that is not centred on a population is left as it is.
    """
    z = np.full(len(cohort.samples), np.nan)
    percentile = table.numbers["percentile"].copy()
    shares = placement.shares
    known: Mask = ~np.isnan(shares[:, 0])
    inside: Mask = known & ~placement.outside
    shared: Mask = np.asarray((shares[inside] > 0).any(axis=0))
    grounds = _grounds(table, cohort, panel, placement.populations, shared)
    flags = table.flags
    if grounds:
        percentile[known] = np.nan
        references = [None if ground is None else ground.reference for ground in grounds]
        moments = {}
        if inside.any():
            moments = {sex: moments_of(references, sex) for sex in people_by_sex(cohort.sex)}
        for start in range(0, len(cohort.samples), chunk):
            rows = range(start, min(start + chunk, len(cohort.samples)))
            span = slice(rows.start, rows.stop)
            if inside[span].any():
                _adjust(grounds, moments, rows, shares, inside, z, percentile)
        unscored = np.isnan(table.numbers["log_odds"])
        z[unscored], percentile[unscored] = np.nan, np.nan
        flags = tuple(_flagged(table, placement, known, inside, cohort.population))
    numbers = {**table.numbers, "percentile": percentile, Z_ADJUSTED: z}
    return replace(table, numbers=numbers, flags=flags)


@dataclass(frozen=True)
class _Ground:
    """A model in one superpopulation, with the cohort as one of its people."""

    cohort: Cohort
    reference: Reference
    percentiles: ObservedPercentiles  # remembers its distributions from chunk to chunk


def _grounds(
    table: ModelScores,
    cohort: Cohort,
    panel: ReferencePanel,
    populations: Sequence[str],
    shared: Mask,
) -> list[_Ground | None]:
    """The model in each superpopulation; none at all where it has no frequencies of one of them.

    Those that nobody has a share of (not ``shared``) are looked at, and not computed.
    """
    found: list[_Ground | None] = []
    if table.reference.basis is not Basis.POPULATION or table.model.plain is not None:
        return found
    model = replace(table.model, baseline=())  # a place in a distribution needs no risk
    for name, needed in zip(populations, shared.tolist(), strict=True):
        own = replace(cohort, population=name)
        centred = centred_on(model, own)
        if centred.basis is not Basis.POPULATION:
            return []
        try:
            centred.model.require_population(name)
        except PopulationError:
            return []
        if needed:
            reference = build_reference(centred.model, panel, name)
            found.append(_Ground(own, reference, ObservedPercentiles(reference)))
        else:
            found.append(None)
    return found


def _adjust(
    grounds: Sequence[_Ground | None],
    moments: Mapping[Sex | None, MixedMoments],
    rows: range,
    shares: Array,
    inside: Mask,
    z: Array,
    percentile: Array,
) -> None:
    """Fill in Z and percentile of some people."""
    span = slice(rows.start, rows.stop)
    here, own = np.where(inside[span, None], shares[span], 0.0), inside[span]
    deviation = np.zeros(len(rows))
    looked = []
    for k, ground in enumerate(grounds):
        if ground is not None and (here[:, k] > 0).any():
            reference = ground.reference
            measured = Measurements(ground.cohort, reference, rows)
            design = measured.design()
            looked.append((k, ground, measured, design))
            centred = weighted(design.expected, reference.weights, reference.centre)
            deviation += here[:, k] * centred
    within, variance = np.ones(len(rows)), np.ones(len(rows))
    for sex, people in looked[0][2].by_sex.items():
        within[people], variance[people] = moments[sex].of_shares(here[people])
    sd = np.sqrt(np.where(variance > 0, variance, np.nan))
    z[span] = np.where(own, deviation / sd, np.nan)
    scaled = deviation * np.sqrt(within) / sd
    total = np.zeros(len(rows))
    for k, ground, measured, design in looked:
        spread = uncertainty(measured, design, ground.reference)
        total += here[:, k] * ground.percentiles.percentile(measured, design, spread, scaled)
    percentile[span] = np.where(own, total, percentile[span])


def _flagged(
    table: ModelScores, placement: Placement, known: Mask, inside: Mask, population: str
) -> list[str]:
    """The flags, with what the percentile rests on."""
    model, names = table.model, placement.populations
    told = []
    for i, flags in enumerate(table.flags):
        if not known[i]:
            told.append(_joined(flags, [f"ancestry=unknown({population} taken)"]))
        elif not inside[i]:
            told.append(_joined(flags, ["ancestry=outside"]))
        else:
            own = {name: float(placement.shares[i, k]) for k, name in enumerate(names)}
            told.append(_joined(flags, _own_flags(model, own)))
    return told


def _own_flags(model: RiskModel, shares: Mapping[str, float]) -> list[str]:
    """The shares, and what of the model is of other people."""
    named = _named(shares)
    flags = ["ancestry=" + shares_text(shares)]
    borrowed = {name: len(model.stand_ins(name)) for name, _ in named}
    most = max(borrowed.values())
    if most:
        flags.append(
            f"frequencies_from={model.stand_in_population}({most}/{len(model.frequencies)})"
        )
    if model.ancestries and named[0][0] not in model.ancestries:
        flags.append(f"weights_from={'+'.join(sorted(model.ancestries))}")
    return flags


def _named(shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """The shares that are told, the largest first."""
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return [(name, share) for name, share in ordered if share >= _TOLD]


def shares_text(shares: Mapping[str, float]) -> str:
    """Shares of superpopulations as flags and reports tell them.

    >>> shares_text({"AFR": 0.79, "EAS": 0.01, "EUR": 0.2})
    'AFR(0.79)+EUR(0.20)'
    """
    return "+".join(f"{name}({share:.2f})" for name, share in _named(shares))


def _joined(flags: str, more: Sequence[str]) -> str:
    """Flags with others behind them, each once."""
    parts = [part for part in flags.split(";") if part]
    return ";".join(dict.fromkeys([*parts, *more]))
