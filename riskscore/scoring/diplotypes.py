"""Which two haplotypes of a scheme a person has: from typed alleles, or from tag SNPs.

Both give a posterior over unordered pairs of classes. From tags the published rule is followed:
each tag counts copies of its haplotype, and of more than two the two of highest rank are kept;
imputed tags make a posterior over what that rule would say. From typed alleles every phase that
the genotypes allow is weighed by the population's haplotype frequencies.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.model import Excess, HaplotypeScheme
from riskscore.models.panel import DRDQ, ReferencePanel
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla_calls import GeneCalls
from riskscore.scoring.link import Array
from riskscore.scoring.systems import classify

# The weight of a haplotype the panel has never seen, against those it has.
_UNSEEN = 1e-6
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class DiplotypeCalls:
    """Rows of (sample, first, second, probability), sorted by sample; places in the scheme's names.

    ``missing`` has one reason a sample; ``excess`` is the probability that the tags of a sample
    count more than two haplotypes.
    """

    sample: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    probability: Array
    missing: NDArray[np.uint8]
    excess: Array
    source: str


def call_diplotypes(
    cohort: Cohort, scheme: HaplotypeScheme, panel: ReferencePanel, rows: range
) -> DiplotypeCalls:
    """Calls for a range of the cohort's samples, numbered from 0 within it."""
    if all(gene in cohort.hla.genes for gene in scheme.genes):
        return _from_types(cohort, scheme, panel, rows)
    return _from_tags(cohort, scheme, rows)


def _from_tags(cohort: Cohort, scheme: HaplotypeScheme, rows: range) -> DiplotypeCalls:
    tags = [haplotype.tag for haplotype in scheme.haplotypes]
    count = len(rows)
    missing = np.zeros(count, dtype=np.uint8)
    lost = [cohort.dosages.match(tag).missing if tag else Missing.ABSENT for tag in tags]
    if any(lost):
        missing[:] = next(reason for reason in lost if reason)
        empty = np.empty(0, dtype=np.int64)
        return DiplotypeCalls(empty, empty, empty, np.empty(0), missing, np.zeros(count), "tags")
    span = slice(rows.start, rows.stop)
    d = np.array([cohort.dosages.of(tag)[span] for tag in tags if tag], dtype=np.float64)
    called = ~np.isnan(d).any(axis=0)
    missing[~called] = Missing.NO_CALL
    d = d[:, called]
    none, two = np.clip(1 - d, 0, 1), np.clip(d - 1, 0, 1)
    one = 1 - none - two
    states = _kept_pairs(none, one, two, scheme.excess)
    probability = np.array([p for _, _, p in states])
    kept = probability > _NEGLIGIBLE
    probability = probability / np.where(kept, probability, 0).sum(axis=0)
    sample, state = np.nonzero(kept.T)
    pairs = np.array([(i, j) for i, j, _ in states])
    excess = np.zeros(count)
    excess[called] = 1 - _at_most_two(none, one, two)
    return DiplotypeCalls(
        np.flatnonzero(called)[sample],
        pairs[state, 0],
        pairs[state, 1],
        probability.T[kept.T],
        missing,
        excess,
        "tags",
    )


def _kept_pairs(
    none: Array, one: Array, two: Array, excess: Excess
) -> list[tuple[int, int, Array]]:
    """Each pair of places that the rule can keep, and its probability by sample.

    The arrays have shape (tags, samples): the probability of no, one and two copies.
    """
    other, people = len(none), int(none.shape[1])
    twice_first = excess is Excess.HOMOZYGOTE_FIRST
    # Among the tags ranked above k: no copy; and (for a homozygote to come first) not two.
    before = np.cumprod(np.vstack([np.ones(people), none]), axis=0)
    not_two = np.cumprod(np.vstack([np.ones(people), 1 - two]), axis=0)
    # Among the tags ranked below k: not two, where that would have come first.
    below = np.ones((other + 1, people))
    if twice_first:
        below[:other] = np.cumprod((1 - two)[::-1], axis=0)[::-1]
    states: list[tuple[int, int, Array]] = [(other, other, before[-1])]
    for i in range(other):
        states.append((i, i, (not_two[i] if twice_first else before[i]) * two[i]))
        still_one = before[i] * one[i]
        for j in range(i + 1, other):
            second = one[j] if twice_first else one[j] + two[j]
            states.append((i, j, still_one * second * below[j + 1]))
            still_one = still_one * none[j]
        states.append((i, other, still_one))
    return states


def _at_most_two(none: Array, one: Array, two: Array) -> Array:
    """The probability that the tags count two haplotypes or fewer in all."""
    counts = [np.ones(none.shape[1]), np.zeros(none.shape[1]), np.zeros(none.shape[1])]
    for p0, p1, p2 in zip(none, one, two, strict=True):
        counts = [
            counts[0] * p0,
            counts[1] * p0 + counts[0] * p1,
            counts[2] * p0 + counts[1] * p1 + counts[0] * p2,
        ]
    return np.minimum(1.0, counts[0] + counts[1] + counts[2])


def _from_types(
    cohort: Cohort, scheme: HaplotypeScheme, panel: ReferencePanel, rows: range
) -> DiplotypeCalls:
    genes = [cohort.hla.genes[gene] for gene in scheme.genes]
    phaser = _Phaser(scheme, panel, cohort.population)
    missing = np.zeros(len(rows), dtype=np.uint8)
    out: list[tuple[int, int, int, float]] = []
    for place, sample in enumerate(rows):
        genotypes = [_genotypes(gene, sample) for gene in genes]
        if not all(genotypes):
            missing[place] = Missing.NO_CALL
            continue
        posterior = phaser.posterior(tuple(genotypes))
        if posterior is None:
            missing[place] = Missing.LOW_RESOLUTION
            continue
        out += [(place, i, j, p) for (i, j), p in posterior.items()]
    table = np.array(out, dtype=np.float64).reshape(-1, 4)
    sample_, first, second = table[:, :3].astype(np.int64).T
    excess = np.zeros(len(rows))
    return DiplotypeCalls(sample_, first, second, table[:, 3], missing, excess, "typed alleles")


Genotype = tuple[HLAAllele, HLAAllele, float]


def _genotypes(gene: GeneCalls, sample: int) -> tuple[Genotype, ...]:
    rows = gene.rows(sample, sample + 1)
    return tuple(
        (gene.alleles[i], gene.alleles[j], float(p))
        for i, j, p in zip(gene.first[rows], gene.second[rows], gene.probability[rows], strict=True)
    )


class _Phaser:
    """Weighs the phases of typed genotypes; remembers the genotypes it has seen."""

    def __init__(self, scheme: HaplotypeScheme, panel: ReferencePanel, population: str) -> None:
        self.scheme = scheme
        self.frequency = {
            tuple(dict(zip(DRDQ, alleles, strict=True))[gene] for gene in scheme.genes): share
            for alleles, share in panel.drdq.get(population, ())
        }
        self.seen: dict[tuple[tuple[Genotype, ...], ...], dict[tuple[int, int], float] | None] = {}
        self.classes: dict[tuple[HLAAllele, ...], int | None] = {}

    def posterior(
        self, genotypes: tuple[tuple[Genotype, ...], ...]
    ) -> dict[tuple[int, int], float] | None:
        """Probability of each unordered pair of classes; None if a class cannot be told."""
        if genotypes not in self.seen:
            self.seen[genotypes] = self._posterior(genotypes)
        return self.seen[genotypes]

    def _posterior(
        self, genotypes: tuple[tuple[Genotype, ...], ...]
    ) -> dict[tuple[int, int], float] | None:
        weights: dict[tuple[int, int], float] = {}
        for combination in product(*genotypes):
            typed = float(np.prod([p for _, _, p in combination]))
            # A set: the phases of a homozygote are one and the same.
            phases = {
                frozenset(
                    tuple(
                        (g[1], g[0])[swap ^ side]
                        for g, swap in zip(combination, swaps, strict=True)
                    )
                    for side in (0, 1)
                )
                for swaps in product((0, 1), repeat=len(combination))
            }
            shares = {phase: self._share(phase) for phase in phases}
            total = sum(shares.values())
            for phase, share in shares.items():
                classes = [self._class(haplotype) for haplotype in phase]
                if None in classes:
                    return None
                places = sorted(c for c in classes if c is not None)
                pair = (places[0], places[-1])
                weights[pair] = weights.get(pair, 0.0) + typed * share / total
        return dict(sorted(weights.items()))

    def _share(self, phase: frozenset[tuple[HLAAllele, ...]]) -> float:
        shares = [self.frequency.get(h, 0.0) + _UNSEEN for h in phase]
        return shares[0] ** 2 if len(shares) == 1 else 2 * shares[0] * shares[1]

    def _class(self, haplotype: tuple[HLAAllele, ...]) -> int | None:
        if haplotype not in self.classes:
            by_gene = dict(zip(self.scheme.genes, haplotype, strict=True))
            self.classes[haplotype] = classify(self.scheme, by_gene)
        return self.classes[haplotype]
