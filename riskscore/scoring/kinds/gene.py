"""An HLA gene that stands by itself, and what every reading of an HLA gene says in words.

The genes of which whole haplotypes are known are read together (mhc.py); of another gene the
population's allele frequencies are all there is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import PopulationError
from riskscore.genetics.hla import HLAName
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Factor, HLAFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls
from riskscore.scoring.kinds.counting import carries, coded
from riskscore.scoring.kinds.kind import Answer, FactorStates, Kind, KindEvidence
from riskscore.scoring.kinds.states import NOBODY, States, alike
from riskscore.scoring.kinds.tags import single_allele
from riskscore.scoring.mhc.draws import drawn
from riskscore.scoring.mhc.ragged import distinct_rows

_WHOLE = 1e-9  # how near the probabilities of a person must come to 1


class GeneKind(Kind):
    """The two alleles of one gene."""

    def __init__(
        self, name: str, factors: Sequence[HLAFactor], panel: ReferencePanel, population: str
    ) -> None:
        self.gene, self._read, self._panel = factors[0].gene, tuple(factors), panel
        self._population = population
        self._counted: dict[HLAName, list[tuple[Array, float]]] = {}
        table = panel.shares(self.gene, population)
        told = [(self._verdicts(allele), share) for allele, share in table.items()]
        told = [(verdicts, share) for verdicts, share in told if not np.isnan(verdicts).any()]
        if not told:
            raise PopulationError(f"no HLA frequencies of {self.gene} in {population}")
        head, kind = alike(np.array([verdicts for verdicts, _ in told]))
        share = np.bincount(kind, [share for _, share in told])
        self._kinds = np.array([verdicts for verdicts, _ in told])[head]
        first, second, probability = unordered(share / share.sum())
        numbers = self._numbers(self._kinds[first] + self._kinds[second])
        super().__init__(name, factors, States.one(numbers, probability))

    def _verdicts(self, allele: HLAName) -> Array:
        """By factor 1 where an allele is counted and 0 where not, nan where nothing can tell."""
        return np.array([carries(f, allele, self._panel) for f in self._read], dtype=np.float64)

    def _numbers(self, copies: Array) -> Array:
        return np.column_stack([coded(f, copies[:, i]) for i, f in enumerate(self._read)])

    def _possible(self, name: HLAName) -> list[tuple[Array, float]]:
        """What an allele of that name may count as, with probabilities; none if nobody can tell."""
        if name not in self._counted:
            self._counted[name] = self._may_count(name)
        return self._counted[name]

    def _may_count(self, name: HLAName) -> list[tuple[Array, float]]:
        own = self._verdicts(name)
        if not np.isnan(own).any():
            return [(own, 1.0)]
        listed = [
            (verdicts, share)
            for allele, share in self._panel.candidates(name, self._population)
            if not np.isnan(verdicts := self._verdicts(allele)).any()
        ]
        total = sum(share for _, share in listed)
        return [(verdicts, share / total) for verdicts, share in listed]

    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        rows = range(*people.indices(len(cohort.samples)))
        missing = np.full((len(rows), len(self.factors)), Missing.ABSENT, dtype=np.uint8)
        calls = cohort.hla.genes.get(self.gene)
        if calls is None:
            return KindEvidence(self, (), missing)
        states = self._typed(calls, rows)
        missing[:] = Missing.NO_CALL
        missing[calls.called(len(cohort.samples))[people]] = Missing.LOW_RESOLUTION
        missing[states.known] = Missing.NOT_MISSING
        return KindEvidence(self, (FactorStates(self.factors, states),), missing)

    def _typed(self, calls: GeneCalls, rows: range) -> States:
        """The posterior of the gene, each name as all that it may count as."""
        possible = [self._possible(name) for name in calls.alleles]
        share = np.array([p for own in possible for _, p in own])
        table = np.array([v for own in possible for v, _ in own])
        table = table.reshape(len(share), len(self.factors))
        name = np.repeat(np.arange(len(possible)), [len(own) for own in possible])
        names = States.of_rows(name, table, share, len(possible))
        span = calls.rows(rows.start, rows.stop)
        owner = calls.sample[span] - rows.start
        one, other, chance = calls.first[span], calls.second[span], calls.probability[span]
        sample, kind = owner, np.arange(len(owner))
        if (np.diff(owner) > 0).all():  # one genotype each: those of equal ones are one
            values, chances = np.unique(chance, return_inverse=True)
            kinds, kind = distinct_rows(np.column_stack([one, other, chances.ravel()]))
            one, other, chance = kinds[:, 0], kinds[:, 1], values[kinds[:, 2]]
            sample = np.arange(len(kinds))
        first, row = names.rows_of(one)
        second, again = names.rows_of(other[row])
        row, first = row[again], first[again]
        probability = chance[row] * share[first] * share[second]
        numbers = self._numbers(table[first] + table[second])
        states = States.of_rows(sample[row], numbers, probability, len(rows))
        # Of whom a possible name cannot be told nothing is known.
        whole = np.abs(states.expected(np.ones(len(row))) - 1) < _WHOLE
        found = states.only(whole).merged().shared()
        of = np.full(len(rows), NOBODY, dtype=np.int64)
        of[owner] = found.of[sample][kind]
        return replace(found, of=of)

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        return words_of_gene(self._read[self.factors.index(factor)], cohort, place)

    def thing(self, factor: Factor) -> tuple[str, str]:
        return "gene", f"HLA-{self.gene}"

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        return answer_of_gene(self.gene, cohort)


def unordered(frequency: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Unordered pairs of two independent draws, and their Hardy-Weinberg probabilities."""
    first, second = np.triu_indices(len(frequency))
    probability = frequency[first] * frequency[second] * np.where(first == second, 1.0, 2.0)
    return first, second, probability


def pairs_at_most(
    frequency: Array, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """As :func:`unordered`; of more than ``most`` pairs those of rare outcomes are drawn.

    All pairs of the most frequent outcomes are there. Sums over both draws keep their mean.
    """
    if len(frequency) * (len(frequency) + 1) // 2 <= most:
        return unordered(frequency)
    common, rare = np.split(np.argsort(-frequency, kind="stable"), [math.isqrt(most)])
    first, second, probability = unordered(frequency[common])
    parts = [(common[first], common[second], probability)]
    for other, orders in ((common, 2.0), (rare, 1.0)):
        (one, two), share = drawn([frequency[rare], frequency[other]], most // 4)
        total = orders * float(frequency[rare].sum()) * float(frequency[other].sum())
        parts.append((rare[one], other[two], total * share))
    first, second, probability = (np.concatenate(column) for column in zip(*parts, strict=True))
    return first, second, probability


def words_of_gene(factor: HLAFactor, cohort: Cohort, place: int) -> str:
    """The most probable alleles of a person, or the tag SNP that speaks of them."""
    calls = cohort.hla.genes.get(factor.gene)
    best = calls.best(place) if calls else None
    if best is not None:
        return f"{best[0]}, {best[1]} (P {best[2]:.3g})"
    allele = single_allele([factor])
    tag = cohort.hla.tags.get(allele) if allele else None
    if tag and not np.isnan(tag.copies[place]):
        return f"tag {tag.tag.variant.name}"
    return f"HLA-{factor.gene} not {'called' if calls or tag else 'typed'}"


def answer_of_gene(gene: str, cohort: Cohort) -> Answer:
    """How the files answered for a gene."""
    if gene in cohort.hla.genes:
        return Answer("found", cohort.hla.genes[gene].source)
    return Answer("tagged", "tag SNPs", by_reason=True)


def of_chances(factors: Sequence[HLAFactor], chances: Array) -> States:
    """From the probabilities of 0, 1 and 2 copies, shape (people, 3), nan where nothing is known.

    People with the same probabilities share a block.
    """
    head, of = alike(chances)
    known = ~np.isnan(chances[head, 0])
    probability = chances[head][known].ravel()
    possible = probability > 0
    copies = np.tile([0.0, 1.0, 2.0], int(known.sum()))[possible]
    numbers = np.column_stack([coded(factor, copies) for factor in factors])
    block = np.repeat(np.arange(int(known.sum())), 3)[possible]
    place = np.where(known, np.cumsum(known) - 1, NOBODY)
    return States(numbers, probability[possible], block, place[of])
