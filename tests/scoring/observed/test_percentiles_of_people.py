"""Percentiles of real people, left out of the panel that the reference is made of, are uniform.

The 2,504 people of the shipped panel in five parts, each measured against the other four, in their
own superpopulation; with HLA as it was typed, and as it is imputed by the other four. A score that
few genotypes decide has steps, and no number for a step is uniform: there each person's place is
drawn evenly within the step (the distributional transform; Rueschendorf 2009, J Stat Plan
Inference 139:3921), which is exactly uniform if the distribution is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import riskscore as rs
from riskscore.models.reference.haplotypes import MHC_GENES, ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.frame import read_frame
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.hla.imputation.blocks import PARTS
from riskscore.samples.hla.imputation.from_snps import calls_of
from riskscore.samples.hla.imputation.imputer import Imputer
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.panel_file import shipped_panel
from riskscore.scoring.observed.percentile import ObservedPercentiles
from riskscore.scoring.population.distribution import WIDTH
from riskscore.scoring.score import score_cohort

MODELS = ("ra", "t1d", "ms")
FOLDS = 5
BESIDE = 2.01 * WIDTH  # a step is on two neighbours of the grid


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


def typed(people: PhasedPanel) -> dict[str, GeneCalls]:
    calls = {}
    for column, gene in enumerate(people.genes):
        first, second = people.codes[0::2, column], people.codes[1::2, column]
        who = np.flatnonzero((first >= 0) & (second >= 0))
        pair = np.sort(np.column_stack([first[who], second[who]]).astype(np.int64), axis=1)
        one = np.ones(len(who))
        calls[gene] = GeneCalls(gene, people.names(gene), who, pair[:, 0], pair[:, 1], one, "typed")
    return calls


def folds_of(population: str, *, all_train: bool) -> Iterator[tuple[PhasedPanel, PhasedPanel]]:
    """People to learn from, and people of a superpopulation that are not among them."""
    panel = shipped_panel()
    own = np.flatnonzero(panel.population == panel.populations.index(population))
    order = np.random.default_rng(7).permutation(own)
    for k in range(FOLDS):
        out = np.sort(order[k::FOLDS])
        learnt = np.arange(panel.people) if all_train else own
        yield panel.of_people(np.setdiff1d(learnt, out)), panel.of_people(out)


def placed(
    calls: dict[str, GeneCalls],
    count: int,
    model: str,
    population: str,
    panel: ReferencePanel,
    monkeypatch: pytest.MonkeyPatch,
) -> np.ndarray:
    """Shares of the population below each person, below or like each, and what is reported."""
    found: list[np.ndarray] = []
    percentile = ObservedPercentiles.percentile

    def three(self: ObservedPercentiles, *given: Any) -> Any:
        *rest, x = given
        places = [percentile(self, *rest, x + d) / 100 for d in (-BESIDE, BESIDE, 0.0)]
        found.append(np.column_stack(places))
        return 100 * places[2]

    people = pd.DataFrame(index=[f"p{i}" for i in range(count)])
    cohort = read_frame(people, [rs.load_model(model)], population=population)
    with monkeypatch.context() as patch:
        patch.setattr(ObservedPercentiles, "percentile", three)
        score_cohort(replace(cohort, hla=HLACalls(calls)), panel)
    return np.vstack(found)


@pytest.mark.parametrize("population", ["EUR", "AFR", "AMR", "EAS", "SAS"])
def test_uniform_with_hla_typed(population: str, monkeypatch: pytest.MonkeyPatch) -> None:
    places: dict[str, list[np.ndarray]] = {model: [] for model in MODELS}
    for rest, out in folds_of(population, all_train=True):
        panel, calls = panel_of(rest), typed(out)
        for model in MODELS:
            places[model].append(placed(calls, out.people, model, population, panel, monkeypatch))
    for model, parts in places.items():
        below, up_to, reported = np.vstack(parts).T
        assert (below <= reported + 1e-12).all()
        assert (reported <= up_to + 1e-12).all()
        drawn = below + np.random.default_rng(1).random(len(below)) * (up_to - below)
        assert kstest(drawn, "uniform").pvalue > 0.01, model
        if model != "ms":  # hardly any steps
            assert kstest(reported, "uniform").pvalue > 0.01, model


def test_uniform_with_hla_imputed(monkeypatch: pytest.MonkeyPatch) -> None:
    """503 Europeans by 1,200 SNPs, as on an array, and the other Europeans of the panel."""
    snps = np.sort(np.random.default_rng(0).permutation(len(shipped_panel().positions))[:1200])
    places: dict[str, list[np.ndarray]] = {model: [] for model in MODELS}
    for rest, out in folds_of("EUR", all_train=False):
        imputer, panel = Imputer.of(rest, snps), panel_of(rest)
        pairs = imputer.posteriors((PARTS * out.genotypes()[:, snps]).astype(np.uint8))
        calls = {gene: calls_of(gene, own, rest) for gene, own in pairs.items()}
        for model in MODELS:
            places[model].append(placed(calls, out.people, model, "EUR", panel, monkeypatch))
    for model, parts in places.items():
        reported = np.vstack(parts)[:, 2]
        assert kstest(reported, "uniform").pvalue > 0.01, model
