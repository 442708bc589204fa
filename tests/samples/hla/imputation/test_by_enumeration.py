"""Posteriors against sums written out pair by pair, and the metric against its definition."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from riskscore.genetics.build import Build
from riskscore.samples.hla.imputation.blocks import MISREAD, ancestry, blocks_of, cleaned
from riskscore.samples.hla.imputation.diplotypes import SHARPNESS, Pairs, fit_region, pairs_of
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


def by_hand(
    panel: PhasedPanel, projection: np.ndarray, own: np.ndarray, mixture: np.ndarray
) -> dict[tuple[tuple[int, ...], ...], float]:
    """The probability of each pair of labels, summed over all pairs of chromosomes."""
    group, chromosomes = np.repeat(panel.population, 2), range(len(panel.haplotypes))
    share = []
    for c in chromosomes:  # each chromosome is one of those of its superpopulation
        within = [(group == g).sum() for g in (0, 1)]
        by = [0.95 * (group[c] == g) / within[g] + 0.05 / len(group) for g in (0, 1)]
        share.append(float(mixture @ by))
    total: dict[tuple[tuple[int, ...], ...], float] = {}
    for i in chromosomes:
        for j in chromosomes:
            rest = own - panel.haplotypes[i] - panel.haplotypes[j]
            misfit = float(((rest @ projection) ** 2).sum())
            key = tuple(sorted(tuple(panel.codes[k].tolist()) for k in (i, j)))
            weight = share[i] * share[j] * math.exp(-SHARPNESS * misfit)
            total[key] = total.get(key, 0.0) + weight
    norm = sum(total.values())
    return {key: weight / norm for key, weight in total.items()}


def listed(pairs: Pairs, person: int, labels: np.ndarray) -> dict[object, float]:
    """The pairs of one person, by label."""
    rows = np.flatnonzero(pairs.person == person)
    return {
        tuple(sorted(tuple(labels[k].tolist()) for k in (pairs.first[r], pairs.second[r]))): float(
            pairs.probability[r]
        )
        for r in rows
    }


@pytest.mark.parametrize(
    ("seed", "people", "within"), [*((seed, 14, 2e-3) for seed in range(5)), (5, 66, 1e-2)]
)
def test_pairs_weigh_by_frequency_and_misfit(seed: int, people: int, within: float) -> None:
    """Of 66 people the four haplotypes that fit worst are not paired."""
    panel = made(seed, people)
    region = fit_region(GENE, panel, np.arange(24), ("A",))
    genotypes = made(seed + 100).genotypes().astype(np.float32)[: 14 * 14 // people]
    mixture = np.random.default_rng(seed).dirichlet((1, 1), len(genotypes))
    pairs, (alleles,) = pairs_of(region, genotypes, mixture)
    assert np.array_equal(alleles.probability, pairs.probability)
    for person, own in enumerate(genotypes):
        total = by_hand(panel, region.views[0].metric.projection, own, mixture[person])
        found = listed(pairs, person, region.labels)
        assert sum(found.values()) == pytest.approx(1)
        for key, weight in total.items():
            assert found.get(key, 0.0) == pytest.approx(weight, abs=within)


@pytest.mark.parametrize("apart", [True, False])
def test_views_are_pooled_and_genes_told_by_their_own(apart: bool) -> None:
    """The geometric mean of two views; apart, C has the margin of the first and B of the second."""
    views = (View(("C",), NARROW), View(("B",), NARROW))
    one = made(3)
    codes = np.random.default_rng(3).integers(0, 3, one.codes.shape).astype(np.int16)
    panel = replace(
        one, positions=31_310_000 + 500 * np.arange(24), genes=("C", "B"),
        alleles=one.alleles * 2, codes=np.hstack([one.codes, codes]),
    )  # fmt: skip
    region = fit_region(GeneRegion(("C", "B"), views, apart), panel, np.arange(24), ("C", "B"))
    genotypes = made(103).genotypes().astype(np.float32)[:4]
    mixture = np.full((4, 2), 0.5)
    joint, genes = pairs_of(region, genotypes, mixture)
    for person, own in enumerate(genotypes):
        told = [by_hand(panel, v.metric.projection, own, mixture[person]) for v in region.views]
        pooled = {key: math.sqrt(told[0][key] * told[1][key]) for key in told[0]}
        norm = sum(pooled.values())
        pooled = {key: weight / norm for key, weight in pooled.items()}
        found = listed(joint, person, region.labels)
        for key, weight in pooled.items():
            assert found.get(key, 0.0) == pytest.approx(weight, abs=1e-2)
        for place, pairs in enumerate(genes):
            margin: dict[object, float] = {}
            for key, weight in (told[place] if apart else pooled).items():
                alleles = tuple(sorted((label[place],) for label in key))
                margin[alleles] = margin.get(alleles, 0.0) + weight
            alone = listed(pairs, person, np.arange(4)[:, None])
            for alleles, weight in margin.items():
                assert alone.get(alleles, 0.0) == pytest.approx(weight, abs=1e-2)


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
