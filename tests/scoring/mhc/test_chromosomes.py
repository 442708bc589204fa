"""Weights of a chromosome's haplotypes against the formula, haplotype by haplotype.

A made-up panel of four genes in three blocks. Names have any likelihoods, some stand for an
allele that the panel lacks, and some are what an imputation made of a chromosome.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import product

import numpy as np
import pytest

from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.scoring.mhc.chromosomes import UNEXPLAINED, UNTOLD, Chromosomes
from riskscore.scoring.mhc.dosages import haplotype_weights
from riskscore.scoring.mhc.evidence import ITSELF, GeneNames
from riskscore.scoring.mhc.prior import HaplotypePrior

GENES, ALLELES, NAMES, IMPUTED = ("A", "C", "B", "DRB1"), 3, 5, 4
FIRST = ("01", "07", "07", "04")
BLOCK_NUMBERS = range(3)
Told = tuple[list[float], float, bool]


def prior_of(rng: np.random.Generator) -> HaplotypePrior:
    chosen = {tuple(own) for own in rng.integers(0, ALLELES, (9, 4)).tolist()}
    chosen |= {(k, k, k, k) for k in range(ALLELES)}
    rows = [
        {gene: f"{first}:0{k + 1}" for gene, first, k in zip(GENES, FIRST, own, strict=True)}
        | {"EUR": str(rng.choice([0, 1, 3, 9])), "AFR": "1"}
        for own in sorted(chosen)
    ]
    rows[0]["EUR"] = "2"
    return HaplotypePrior.of(ReferenceHaplotypes.of(rows, GENES, ("EUR", "AFR")), "EUR", GENES)


def names_of(rng: np.random.Generator, kinds: list[int]) -> GeneNames:
    """Names that tell alleles from each other, of some alleles' or of a kind of their own."""
    exact = np.eye(ALLELES)[[0, 1, 2, 0, 0]] + [[0], [0], [0], [1], [0]] * rng.random((5, 3))
    grouped = np.minimum(1, exact + np.eye(ALLELES)[[1, 2, 0, 1, 1]])
    grouped[-1] = exact[-1] = 1
    kind = np.array([ITSELF, ITSELF, ITSELF, 0, ITSELF])
    dosages = rng.dirichlet([0.3] * ALLELES, IMPUTED)
    dosages[0] = [0.25, 0.75, 0]  # of a mixture of the panel's haplotypes
    likelihood = dosages * rng.uniform(0.5, 2, ALLELES)
    return GeneNames(
        np.vstack([exact, likelihood]), np.vstack([grouped, likelihood]),
        np.append(kind, [ITSELF] * IMPUTED), np.array(kinds), np.zeros((max(kinds) + 1, 1)),
        np.arange(NAMES), NAMES - 1, dosages,
    )  # fmt: skip


def of_panel(prior: HaplotypePrior, number: int, own: list[int], names: list[GeneNames]) -> Told:
    """Of a block the panel's likelihoods by haplotype, what multiplies independent alleles, and
    whether it was imputed.
    """
    block = prior.blocks[number]
    soft = [k for k, g in enumerate(block.genes) if own[k] >= NAMES]

    def likelihood(*, grouped: bool) -> list[float]:
        found = []
        for code in block.codes.tolist():
            called = imputed = 1.0
            for k, g in enumerate(block.genes):
                table = names[g].grouped if grouped else names[g].exact
                if k in soft:
                    imputed *= table[own[k], code[k]] ** (1 / len(soft))
                else:
                    called *= table[own[k], code[k]]
            found.append(called * ((1 - UNTOLD) * imputed + UNTOLD if soft else 1.0))
        return found

    told, share, explained = likelihood(grouped=False), block.share.tolist(), 0.0
    if soft:
        dosages = [
            names[g].dosages[[own[k] - NAMES]] if k in soft else np.zeros((1, ALLELES))
            for k, g in enumerate(block.genes)
        ]
        allowed = [
            s * np.prod([names[g].exact[own[k], c[k]] for k, g in enumerate(block.genes)
                         if k not in soft])
            for s, c in zip(share, block.codes.tolist(), strict=True)
        ]  # fmt: skip
        told_of = np.array([[k in soft for k in range(len(block.genes))]])
        mixed = haplotype_weights(dosages, told_of, block.codes, np.array([allowed]))[0].tolist()
        explained = sum(mixed)
        if explained > 1 - UNEXPLAINED:
            return [w / s for w, s in zip(mixed, share, strict=True)], 0.0, True
    if not any(x * s > 0 for x, s in zip(told, share, strict=True)):
        told = likelihood(grouped=True)
    scale = 1.0
    if soft:
        apart = block.apart
        for k, g in enumerate(block.genes):
            apart *= float(names[g].exact[own[k]] @ block.alleles[k])
        whole = sum(x * s for x, s in zip(told, share, strict=True)) + apart
        scale = max(explained, UNTOLD) / whole
    return [scale * x for x in told], scale, bool(soft)


def rows_of(
    prior: HaplotypePrior, piece: range, told: list[Told], own: list[int], names: list[GeneNames]
) -> list[tuple[dict[int, int], float]]:
    """The haplotypes of a piece, alleles by gene, with their weights."""
    rows: list[tuple[dict[int, int], float]] = []
    block = prior.blocks[piece.start]
    if len(piece) > 1:
        stretch = prior.stretches[piece]
        for places, weight in zip(stretch.places.tolist(), stretch.frequency.tolist(), strict=True):
            alleles: dict[int, int] = {}
            for b, place in zip(piece, places, strict=True):
                genes, code = prior.blocks[b].genes, prior.blocks[b].codes[place].tolist()
                alleles |= zip(genes, code, strict=True)
            likelihood = [told[b][0][place] for b, place in zip(piece, places, strict=True)]
            rows.append((alleles, weight * math.prod(likelihood)))
        return rows
    likelihood, scale, _ = told[piece.start]
    for code, share, x in zip(block.codes.tolist(), block.share, likelihood, strict=True):
        rows.append((dict(zip(block.genes, code, strict=True)), share * x))
    for alleles_of in product(range(ALLELES), repeat=len(block.genes)):
        each = [
            block.alleles[k][allele] * names[g].exact[own[g], allele]
            for k, (g, allele) in enumerate(zip(block.genes, alleles_of, strict=True))
        ]
        alleles = dict(zip(block.genes, alleles_of, strict=True))
        rows.append((alleles, block.apart * scale * math.prod(each)))
    return rows


def weights(
    prior: HaplotypePrior, own: list[int], names: list[GeneNames]
) -> dict[tuple[int, ...], float]:
    """The weight of each combination of kinds: over ways of cutting, and over haplotypes."""
    blocks = [[own[g] for g in block.genes] for block in prior.blocks]
    told = [of_panel(prior, n, blocks[n], names) for n in BLOCK_NUMBERS]
    found: dict[tuple[int, ...], float] = defaultdict(float)

    def kind(gene: int, allele: int) -> int:
        unlisted = int(names[gene].kind[own[gene]])
        return int(names[gene].kinds[allele]) if unlisted == ITSELF else unlisted

    for cut, chance in prior.cuts:
        if any(sum(told[b][2] for b in piece) > 1 for piece in cut):
            continue  # of two blocks that were imputed neither is evidence for the other
        for rows in product(*(rows_of(prior, piece, told, own, names) for piece in cut)):
            alleles: dict[int, int] = {}
            for one, _ in rows:
                alleles |= one
            weight = chance * math.prod(share for _, share in rows)
            if weight:
                found[tuple(kind(g, alleles[g]) for g in range(len(GENES)))] += weight
    return found


@pytest.mark.parametrize("seed", range(4))
def test_weights_of_whole_haplotypes_are_those_of_every_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior = prior_of(rng)
    names = [names_of(rng, kinds) for kinds in ([0, 1, 2], [0, 0, 1], [0, 1, 1], [1, 0, 0])]
    chromosomes = Chromosomes(prior, names, 0.0)
    rows = np.vstack(
        [
            rng.integers(0, NAMES, (6, 4)),
            rng.integers(0, NAMES + IMPUTED, (8, 4)),
            np.full((1, 4), NAMES),
        ]
    )
    evidence = [chromosomes.block(n, rows[:, list(prior.blocks[n].genes)]) for n in BLOCK_NUMBERS]
    found = chromosomes.haplotypes(evidence, np.column_stack([np.arange(len(rows))] * 3))
    kinds = chromosomes.codes.kinds(found.code)
    for person, own in enumerate(rows.tolist()):
        told = slice(found.start[person], found.start[person] + found.count[person])
        wanted = weights(prior, own, names)
        assert {tuple(kind) for kind in kinds[told].tolist()} == set(wanted), own
        for kind, weight in zip(kinds[told].tolist(), found.weight[told].tolist(), strict=True):
            assert weight == pytest.approx(wanted[tuple(kind)], rel=1e-9), (own, kind)
