"""People of the shipped panel by the four fifths of it that they are not in, and their percentiles.

Each of the 2,504 people is measured in their own superpopulation, with HLA as it was typed, or as
the other four fifths impute it from 1,200 SNPs, as on an array.

A score that few genotypes decide has steps. With F(x-) the share of a population below a step and
F(x) that with the step, the reported percentile is the middle, (F(x-) + F(x)) / 2 (Parzen 2004,
Statistical Science 19:652). Its mean is 1/2 but it takes as many values as there are steps, which
no test takes for uniform. What is uniform exactly where F is right is

    F(x-) + U (F(x) - F(x-)),   U uniform on 0 to 1

(Rueschendorf 2009, J Stat Plan Inference 139:3921; Czado, Gneiting and Held 2009, Biometrics
65:1254). An imputed person has probabilities in place of the step x. One step is drawn from them:
its distribution over people is that of the population if the probabilities are right, since the
mean of P(X = x | what was read) over what may be read is P(X = x).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from unittest import mock

import numpy as np
import pandas as pd

import riskscore as rs
from riskscore.arrays import Array, Places
from riskscore.models.reference.haplotypes import MHC_GENES, ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.frame import read_frame
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.hla.imputation.blocks import PARTS
from riskscore.samples.hla.imputation.diplotypes import Pairs
from riskscore.samples.hla.imputation.from_snps import calls_of, haplotypes_of
from riskscore.samples.hla.imputation.imputer import Imputer, Posteriors
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.panel_file import shipped_panel
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.observed.percentile import ObservedPercentiles
from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.observed.unknowns import joint_states
from riskscore.scoring.population.distribution import WIDTH
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.score import score_cohort

FOLDS = 5
SNPS = 1200
BESIDE = 2.01 * WIDTH  # a step is on two neighbours of the grid
Calls = Mapping[str, GeneCalls]


@dataclass(frozen=True)
class Fold:
    """A fifth of the people of every superpopulation, and what the others tell.

    ``panel`` is the reference panel of the others.
    """

    people: PhasedPanel
    rest: PhasedPanel
    panel: ReferencePanel

    def typed(self, population: str) -> HLACalls:
        """HLA of one superpopulation's people as the panel knows it."""
        return HLACalls(typed_calls(self.people.of_people(self._of(population))))

    def imputed(self, population: str) -> HLACalls:
        """HLA of one superpopulation's people as the others and SNPs tell it."""
        own = self._of(population)
        return imputed_calls(self.imputer, self._imputed, own)

    def count(self, population: str) -> int:
        """How many people of a superpopulation there are."""
        return len(self._of(population))

    def _of(self, population: str) -> Places:
        return np.flatnonzero(self.people.population == self.people.populations.index(population))

    @cached_property
    def imputer(self) -> Imputer:
        """The others, fitted to SNPs as on an array."""
        snps = np.random.default_rng(0).permutation(len(self.rest.positions))[:SNPS]
        return Imputer.of(self.rest, np.sort(snps))

    @cached_property
    def _imputed(self) -> Posteriors:
        parts = PARTS * self.people.genotypes()[:, self.imputer.snps]
        return self.imputer.posteriors(parts.astype(np.uint8))


@lru_cache(maxsize=FOLDS)
def fold(number: int) -> Fold:
    """The people of one part, and the panel of the four others."""
    whole = shipped_panel()
    parts = []
    for place in range(len(whole.populations)):
        order = np.random.default_rng(7).permutation(np.flatnonzero(whole.population == place))
        parts.append(order[number::FOLDS])
    out = np.sort(np.concatenate(parts))
    rest = whole.of_people(np.setdiff1d(np.arange(whole.people), out))
    return Fold(whole.of_people(out), rest, panel_of(rest))


def panel_of(people: PhasedPanel) -> ReferencePanel:
    """The reference panel with these people's haplotypes counted anew."""
    chromosomes = np.repeat(people.population, 2)
    names = [people.genes.index(gene) for gene in MHC_GENES]
    counts: dict[tuple[int, ...], dict[str, int]] = {}
    for codes, place in zip(people.codes, chromosomes, strict=True):
        if (codes >= 0).all():
            row = counts.setdefault(tuple(codes.tolist()), dict.fromkeys(people.populations, 0))
            row[people.populations[place]] += 1
    rows: list[dict[str, str]] = []
    for key, found in sorted(counts.items()):
        alleles = {g: people.alleles[j][key[j]] for g, j in zip(MHC_GENES, names, strict=True)}
        rows.append(alleles | {name: str(count) for name, count in found.items()})
    base = reference_panel()
    populations = [name for name in people.populations if any(int(row[name]) for row in rows)]
    return ReferencePanel(
        base.alleles, base.drdq, base.residues, base.tags, base.groups,
        ReferenceHaplotypes.of(rows, MHC_GENES, populations),
    )  # fmt: skip


def typed_calls(people: PhasedPanel) -> Calls:
    """HLA as the panel knows it."""
    calls = {}
    for column, gene in enumerate(people.genes):
        first, second = people.codes[0::2, column], people.codes[1::2, column]
        who = np.flatnonzero((first >= 0) & (second >= 0))
        pair = np.sort(np.column_stack([first[who], second[who]]).astype(np.int64), axis=1)
        one = np.ones(len(who))
        calls[gene] = GeneCalls(gene, people.names(gene), who, pair[:, 0], pair[:, 1], one, "typed")
    return calls


def imputed_calls(imputer: Imputer, told: Posteriors, own: Places) -> HLACalls:
    """Calls of the people with the places ``own`` from what was imputed of everybody."""
    genes = {
        gene: calls_of(gene, _among(pairs, own), imputer.panel)
        for gene, pairs in told.genes.items()
    }
    haplotypes = {key: _among(pairs, own) for key, pairs in told.haplotypes.items()}
    return HLACalls(
        genes,
        imputed={gene: calls.called(len(own)) for gene, calls in genes.items()},
        haplotypes=haplotypes_of(imputer, Posteriors({}, haplotypes)),
    )


def _among(pairs: Pairs, own: Places) -> Pairs:
    rows = np.flatnonzero(np.isin(pairs.person, own))
    return Pairs(
        np.searchsorted(own, pairs.person[rows]), pairs.first[rows], pairs.second[rows],
        pairs.probability[rows],
    )  # fmt: skip


@dataclass(frozen=True)
class Ranks:
    """Shares of the population, by person: reported, and below and up to the step drawn."""

    reported: Array
    below: Array
    up_to: Array

    @classmethod
    def of(cls, parts: Sequence[Ranks]) -> Ranks:
        """Those of several parts of the people."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0])))

    @property
    def drawn(self) -> Array:
        """Evenly within the step."""
        within = np.random.default_rng(1).random(len(self.below))
        return self.below + within * (self.up_to - self.below)


def placed(
    calls: HLACalls, count: int, model: str, population: str, panel: ReferencePanel
) -> Ranks:
    """Where a model puts people of whom nothing but HLA is known."""
    found: list[Ranks] = []
    percentile = ObservedPercentiles.percentile
    rng = np.random.default_rng(2)

    def with_steps(
        own: ObservedPercentiles, measured: Measurements, design: DesignMatrix,
        spread: Uncertainty, log_odds: Array,
    ) -> Array:  # fmt: skip
        reported = percentile(own, measured, design, spread, log_odds)
        step = log_odds + drawn_steps(measured, design, own.reference, rng)
        known = spread.variance | {VarianceSource.GENOTYPES: 0 * log_odds}
        sure = replace(spread, variance=known, normal=0 * log_odds, variants=0 * log_odds)
        sides = [percentile(own, measured, design, sure, step + d) for d in (-BESIDE, BESIDE)]
        found.append(Ranks(reported / 100, sides[0] / 100, sides[1] / 100))
        return reported

    people = pd.DataFrame(index=[f"p{i}" for i in range(count)])
    cohort = read_frame(people, [rs.load_model(model)], population=population)
    with mock.patch.object(ObservedPercentiles, "percentile", with_steps):
        score_cohort(replace(cohort, hla=calls), panel)
    return Ranks.of(found)


def drawn_steps(
    measured: Measurements, design: DesignMatrix, reference: Reference, rng: np.random.Generator
) -> Array:
    """By person a genotype drawn from what is known, as the score's distance from its mean."""
    found = np.zeros(len(design.samples))
    everybody = np.arange(len(found))
    for component in reference.components:
        unused = np.zeros((len(found), len(component.terms)), dtype=bool)
        for people, joint in joint_states(measured, component, unused, everybody):
            read = [source is VarianceSource.GENOTYPES for source in joint.sources]
            block, share = joint.states.block, joint.states.probability
            told = np.column_stack([block, joint.slots[:, read]])
            _, same = np.unique(told, axis=0, return_inverse=True)
            same = same.ravel()
            mean = np.bincount(same, share * joint.deviation) / np.bincount(same, share)
            begun = np.cumsum(share) - share
            start = begun[np.searchsorted(block, joint.states.of)]
            row = np.searchsorted(begun, start + rng.random(len(people)) * (1 - 1e-9), "right") - 1
            found[people] += mean[same][row]
    return found
