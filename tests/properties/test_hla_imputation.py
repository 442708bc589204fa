"""Simulated imputation: with calibrated dosages scores are unbiased and intervals hold."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import riskscore as rs
from riskscore.arrays import Array
from riskscore.genetics.hla import HLAAllele
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import DRDQ, reference_panel
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import HLACalls
from riskscore.samples.hla.evidence import Evidence
from riskscore.samples.hla.posterior import calls_from_evidence
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.observed.uncertainty import VarianceSource
from riskscore.scoring.score import score_cohort

PANEL = reference_panel()
PEOPLE, CANDIDATES = 400, 3
# Haplotypes whose DRB1 residues are known, so that every model can count them.
LISTED = tuple(
    (alleles, share)
    for alleles, share in PANEL.drdq["EUR"]
    if PANEL.residues.residue(alleles[0], 11) is not None
)


@cache
def imputed(seed: int) -> tuple[Array, Array]:
    """For each chromosome: how probable each listed haplotype is, and the one drawn from that.

    Shapes (2, haplotypes, people) and (2, people). The truth follows the probabilities, as it does
    for imputation that is calibrated.
    """
    rng = np.random.default_rng(seed)
    shares = np.array([share for _, share in LISTED])
    shares = shares / shares.sum()
    chance = np.zeros((2, len(shares), PEOPLE))
    truth = np.zeros((2, PEOPLE), dtype=np.int64)
    for side in range(2):
        for person in range(PEOPLE):
            some = rng.choice(len(shares), CANDIDATES, replace=False, p=shares)
            weights = rng.dirichlet([2.0, 0.5, 0.2])
            chance[side, some, person] = weights
            truth[side, person] = rng.choice(some, p=weights)
    return chance, truth


def calls_of(chance: Array, form: str) -> HLACalls:
    """Each gene by itself, as a file has it: dosages, genotype probabilities, or by chromosome."""
    listed = [alleles for alleles, _ in LISTED]
    genes = {}
    for k, gene in enumerate(DRDQ):
        names: list[HLAAllele] = sorted({alleles[k] for alleles in listed})
        member = np.array([[alleles[k] == name for alleles in listed] for name in names], float)
        sides = np.einsum("ah,shp->sap", member, chance)
        evidence = Evidence.of_copies(sides.sum(axis=0))
        rows = evidence.allele, evidence.sample
        if form == "GP":
            evidence = replace(evidence, both=(sides[0] * sides[1])[rows])
        if form == "HDS":
            evidence = replace(evidence, chromosomes=sides[:, *rows])
        genes[gene] = calls_from_evidence(gene, names, evidence, form)
    return HLACalls(genes)


def scores(model: RiskModel, hla: HLACalls) -> tuple[Array, Array]:
    """Log odds of each person, and the variance that comes from uncertain genotypes."""
    cohort = Cohort(
        tuple(f"s{i}" for i in range(PEOPLE)),
        (model,),
        Dosages((), np.zeros((0, PEOPLE), dtype=np.float32)),
        hla,
        Exposures(),
    )
    table = score_cohort(cohort, PANEL).of(model.id)
    return table.numbers["log_odds"], table.variance[VarianceSource.GENOTYPES]


@cache
def truth_of(name: str) -> Array:
    chance, drawn = imputed(11)
    whole = np.zeros_like(chance)
    for side in range(2):
        whole[side, drawn[side], np.arange(PEOPLE)] = 1
    return scores(rs.load_model(name), calls_of(whole, "HDS"))[0]


@pytest.mark.parametrize("form", ["DS", "GP", "HDS"])
@pytest.mark.parametrize("name", ["t1d", "ms", "ra"])
def test_scores_are_nearly_unbiased_and_their_intervals_hold(name: str, form: str) -> None:
    """The truth is drawn by the file's probabilities alone, whatever is frequent in the population.

    The genes without records (A, B, DPB1) are known in neither, and their variance counts among
    the genotypes', the more so where a file has no phase: of `ra`, which reads two of them, errors
    may be 0.6 of what the variance says. The mean is within a tenth of an SD.
    """
    expected, variance = scores(rs.load_model(name), calls_of(imputed(11)[0], form))
    error = truth_of(name) - expected
    unsure = variance > 1e-3
    assert unsure.mean() > 0.5  # there was something to be unsure of
    assert abs(np.mean(error)) < 0.1 * np.std(truth_of(name)) + 3.5 * np.std(error) / PEOPLE**0.5
    z = error[unsure] / np.sqrt(variance[unsure])
    assert 0.6 < (error[unsure] ** 2).sum() / variance[unsure].sum() < 1.4
    assert 0.87 < np.mean(np.abs(z) < 1.96) < 0.99  # nominal: 95%
