"""People whose HLA records were imputed without phase: haplotypes from dosages of both chromosomes.

As on one chromosome (dosages.py) the dosages of a block's genes are mixtures of haplotypes, here
with weights that sum to 2: each haplotype's expected copies. Pairs of haplotypes keep these, and
how probable two copies are, as pairs of alleles do (samples/hla/posterior.py). Blocks are
independent of each other, as in imputed.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from riskscore.arrays import Array, Mask, Places
from riskscore.samples.hla.evidence import Evidence
from riskscore.samples.hla.posterior import pairs_of_copies
from riskscore.scoring.mhc.chromosomes import UNEXPLAINED, Chromosomes
from riskscore.scoring.mhc.code_pairs import CodePairs
from riskscore.scoring.mhc.dosages import haplotype_weights
from riskscore.scoring.mhc.evidence import ITSELF, RAREST, GeneEvidence, names_within, product_of
from riskscore.scoring.mhc.prior import Block

_UNLISTED = 0.05  # a genotype with an unlisted allele that is less probable is left out


def unsure_people(genes: Sequence[GeneEvidence], people: int) -> Mask:
    """Who has several genotypes of an imputed gene and dosages of chromosomes of none.

    People likely to have an allele that the panel does not list are not among them: it has no
    haplotype.
    """
    unsure, other = np.zeros(people, dtype=bool), np.zeros(people, dtype=bool)
    for gene in genes:
        unsure[gene.sample[gene.unsure]] = True
        other[gene.sample[gene.soft]] = True
        kind = np.append(gene.names.kind, ITSELF)
        unlisted = (kind[gene.first] != ITSELF) | (kind[gene.second] != ITSELF)
        other |= np.bincount(gene.sample, gene.likely * unlisted, people) > _UNLISTED
    return unsure & ~other


def unphased_pairs(
    chromosomes: Chromosomes,
    genes: Sequence[GeneEvidence],
    frequency: Sequence[Array],
    chosen: Mask,
) -> CodePairs:
    """The pairs of some people, but of those whose alleles no haplotype of the panel has together.

    Where no mixture explains the dosages of a block, its genes are one evidence, the geometric mean
    of their likelihoods. ``chosen`` (people,) are those of whom :func:`unsure_people` says so, and
    ``frequency`` has by gene those of its alleles. What nothing is told of is as in the population.
    """
    people, rows = len(chosen), np.flatnonzero(chosen)
    one, both, told = [], [], []
    for gene, own in zip(genes, frequency, strict=True):
        copies, double = _copies(gene.of_people(rows, people), own, len(rows))
        one.append(copies / 2)
        both.append(double)
        told.append(copies.any(axis=1))
    known: Mask = np.column_stack(told)
    weights = []
    for block in chromosomes.prior.blocks:
        place = list(block.genes)
        dosages, seen = [one[k] for k in place], known[:, place]
        share = haplotype_weights(dosages, seen, block.codes, block.share[None])
        apart = np.flatnonzero(share.sum(axis=1) <= 1 - UNEXPLAINED)
        likelihood = [
            own[apart] / np.maximum(frequency[k], RAREST)
            for own, k in zip(dosages, place, strict=True)
        ]
        share[apart] = _together(block, likelihood, seen[apart])
        weights.append(share)
    kept = np.flatnonzero(np.all([share.any(axis=1) for share in weights], axis=0))
    none = np.zeros(len(kept), dtype=np.int64)
    found = CodePairs(rows[kept], none, none, np.ones(len(kept)))
    for number, (block, share) in enumerate(zip(chromosomes.prior.blocks, weights, strict=True)):
        twice = np.full(share.shape, np.nan)
        for k, codes in zip(block.genes, block.codes.T, strict=True):
            typed = np.flatnonzero(known[:, k])
            twice[typed] = np.fmin(twice[typed], both[k][typed][:, codes])
        normed = share[kept] / share[kept].sum(axis=1, keepdims=True)
        pairs = _block_pairs(chromosomes.listed[number], normed, twice[kept])
        pairs = replace(pairs, owner=rows[kept][pairs.owner])
        found = found.times(pairs, people).above(chromosomes.least, people)
    return found


def _together(block: Block, likelihood: Sequence[Array], told: Mask) -> Array:
    """Weights of the panel's haplotypes by the geometric mean of the told genes' likelihoods."""
    power = 1 / np.maximum(told.sum(axis=1), 1)[:, None]
    weight = np.broadcast_to(block.share, (len(told), len(block.share)))
    for own, codes, known in zip(likelihood, block.codes.T, told.T, strict=True):
        weight = weight * np.where(known[:, None], own[:, codes] ** power, 1.0)
    return np.asarray(weight)


def _copies(gene: GeneEvidence, frequency: Array, people: int) -> tuple[Array, Array]:
    """Of each person and listed allele the expected copies, and how probable two are."""
    within = names_within(gene.names, frequency)
    size = len(within)
    share = gene.likely / np.bincount(gene.sample, gene.likely, people)[gene.sample]
    of_names = np.zeros(people * size)
    for side in (gene.first, gene.second):
        of_names += np.bincount(gene.sample * size + side, share, people * size)
    copies = product_of(of_names.reshape(people, size), within)
    both = np.zeros_like(copies)
    # Few names may be the same allele: mostly a name and itself.
    same = np.flatnonzero((within @ within.T > 0)[gene.first, gene.second])
    first, second = within[gene.first[same]], within[gene.second[same]]
    np.add.at(both, gene.sample[same], share[same, None] * first * second)
    return copies, both


def _block_pairs(codes: Places, share: Array, twice: Array) -> CodePairs:
    """The pairs of one block, from each haplotype's share and how probable two copies are."""
    row, haplotype = np.nonzero(share)
    copies = 2 * share[row, haplotype]
    two = np.clip(twice[row, haplotype], np.maximum(copies - 1, 0), copies / 2)
    two = np.where(np.isnan(two), copies**2 / 4, two)  # nothing told: drawn one by one
    evidence = Evidence(
        len(share), row, haplotype, copies, two, np.full((2, len(row)), np.nan),
        np.zeros((2, len(row)), dtype=bool), np.zeros(len(row), dtype=np.int64),
    )  # fmt: skip
    sample, first, second, probability = pairs_of_copies(evidence)
    return CodePairs.merged(sample, codes[first], codes[second], probability, len(share))
