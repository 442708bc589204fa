"""Posteriors against sums written out pair by pair, and the metric against its definition."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.blocks import MISREAD, ancestry, blocks_of, cleaned
from riskscore.samples.hla.imputation.diplotypes import SHARPNESS, fit_region, pairs_of
from riskscore.samples.hla.imputation.metric import fit_metric
from riskscore.samples.hla.imputation.panel import PhasedPanel
from riskscore.samples.hla.imputation.regions import NARROW, GeneRegion, View

GENE = GeneRegion(("A",), (View(("A",), NARROW),))


def made(seed: int, people: int = 14, snps: int = 24) -> PhasedPanel:
    """A panel in which a third of the SNPs follow the allele."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (2 * people, 1)).astype(np.int16)
    haplotypes = rng.integers(0, 2, (2 * people, snps)).astype(np.uint8)
    haplotypes[:, ::3] = (codes >> (np.arange(snps)[::3] % 2)) & 1
    names = tuple(f"{k:02}:01" for k in range(1, 5))
    return PhasedPanel(
        Build.GRCh38, 29_943_000 + 500 * np.arange(snps), ("A",) * snps, ("G",) * snps,
        haplotypes, ("AFR", "EUR"), rng.integers(0, 2, people).astype(np.uint8),
        ("A",), (names,), codes,
    )  # fmt: skip


@pytest.mark.parametrize(("seed", "people"), [*((seed, 14) for seed in range(5)), (5, 66)])
def test_pairs_weigh_by_frequency_and_misfit(seed: int, people: int) -> None:
    """Of 66 people there are more haplotypes than are paired, and fewer than might be tried."""
    panel = made(seed, people)
    region = fit_region(GENE, panel, np.arange(24), ("A",))
    genotypes = made(seed + 100).genotypes().astype(np.float32)[: 14 * 14 // people]
    mixture = np.random.default_rng(seed).dirichlet((1, 1), len(genotypes))
    pairs = pairs_of(region, genotypes, mixture)
    metric = region.views[0].metric
    group = np.repeat(panel.population, 2)
    chromosomes = range(len(panel.haplotypes))
    for person, own in enumerate(genotypes):
        share = []
        for c in chromosomes:  # each chromosome is one of those of its superpopulation
            within = [(group == g).sum() for g in (0, 1)]
            by = [0.95 * (group[c] == g) / within[g] + 0.05 / len(group) for g in (0, 1)]
            share.append(float(mixture[person] @ by))
        total: dict[tuple[int, int], float] = {}
        for i in chromosomes:
            for j in chromosomes:
                rest = own - panel.haplotypes[i] - panel.haplotypes[j]
                misfit = float(((rest @ metric.projection) ** 2).sum())
                key = tuple(sorted((int(panel.codes[i, 0]), int(panel.codes[j, 0]))))
                weight = share[i] * share[j] * math.exp(-SHARPNESS * misfit)
                total[key] = total.get(key, 0.0) + weight
        norm = sum(total.values())
        rows = pairs.person == person
        found = {
            (int(region.labels[a, 0]), int(region.labels[b, 0])): p
            for a, b, p in zip(
                pairs.first[rows], pairs.second[rows], pairs.probability[rows], strict=True
            )
        }
        assert sum(found.values()) == pytest.approx(1)
        for key, weight in total.items():
            assert found.get(key, 0.0) == pytest.approx(weight / norm, abs=2e-3)


@pytest.mark.parametrize("seed", range(5))
def test_a_block_expects_what_its_pairs_say(seed: int) -> None:
    panel = made(seed, snps=6)
    group = np.repeat(panel.population, 2)
    blocks = blocks_of(panel.haplotypes, group, 2)
    genotypes = made(seed + 50, snps=6).genotypes().astype(np.float32)
    hidden = np.random.default_rng(seed).random(genotypes.shape) < 0.3
    genotypes[hidden] = np.nan
    filled, told = cleaned(blocks, genotypes)
    chromosomes = panel.haplotypes.astype(float)
    for person, own in enumerate(genotypes):
        seen = ~np.isnan(own)
        weights = np.zeros((len(chromosomes), len(chromosomes)))
        for i, one in enumerate(chromosomes):
            for j, other in enumerate(chromosomes):
                misfit = ((own - one - other)[seen] ** 2).sum()
                weights[i, j] = math.exp(-MISREAD * misfit)
        expected = 2 * (weights.sum(axis=1) / weights.sum()) @ chromosomes
        gaps = ~seen
        assert_allclose(filled[person, gaps], expected[gaps], atol=0.02)
        far = seen & (np.abs(np.nan_to_num(own) - expected) > 0.8)
        assert_allclose(filled[person, far], expected[far], atol=0.02)
        near = seen & (np.abs(np.nan_to_num(own) - expected) < 0.7)
        assert_allclose(filled[person, near], own[near])
        likelihood = []
        for g in (0, 1):
            within = (group == g).sum()
            by = 0.98 * (group == g) / within + 0.02 / len(group)
            likelihood.append(float(by @ weights @ by))
        odds = math.log(likelihood[1] / likelihood[0])
        assert told[person, 1] - told[person, 0] == pytest.approx(0.1 * odds, abs=1e-3)
    assert_allclose(ancestry(told).sum(axis=1), 1)


def test_discriminants_make_the_spread_within_alleles_one() -> None:
    """V'(W + ridge)V = 1 and V'BV diagonal, from W and B summed haplotype by haplotype."""
    panel = made(3, people=60)
    labels = panel.codes[:, 0].astype(np.int64)
    metric = fit_metric(GENE.views[0], panel.positions, panel.haplotypes, labels)
    low, high = GENE.views[0].stretch
    distance = np.maximum(0, np.maximum(low - panel.positions, panel.positions - high))
    near = np.exp(-distance / NARROW.decay)
    x = (panel.haplotypes - panel.haplotypes.mean(axis=0)) * np.sqrt(near)
    within, between = np.zeros((24, 24)), np.zeros((24, 24))
    for allele in range(4):
        own = x[labels == allele]
        mean = own.sum(axis=0) / (len(own) + 20)
        within += (own - mean).T @ (own - mean) / len(x)
        between += len(own) * np.outer(mean, mean) / len(x)
    within += np.diag(0.1 * np.diag(within).mean() / near)
    v = metric.projection / np.sqrt(near)[:, None]
    assert_allclose(v.T @ within @ v, np.eye(v.shape[1]), atol=2e-3)
    spread = v.T @ between @ v
    assert_allclose(spread - np.diag(np.diag(spread)), 0, atol=2e-3)
