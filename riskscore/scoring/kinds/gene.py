"""HLA genes: the alleles and residues that a model counts, typed or by tag SNPs.

The DR-DQ genes are one measurement where a model reads several, since their alleles are inherited
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import PopulationError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.panel import HaplotypeFrequencies, ReferencePanel
from riskscore.models.terms import Factor, HLAFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.kinds.counting import carries, coded
from riskscore.scoring.kinds.kind import Answer, Evidence, Kind, Reading, Reasons
from riskscore.scoring.kinds.tags import single_allele, tag_chances
from riskscore.scoring.link import Array
from riskscore.scoring.linked_genes import linked_genes
from riskscore.scoring.resolution import resolved
from riskscore.scoring.states import States, alike


def gene_states(factors: Sequence[HLAFactor], panel: ReferencePanel, population: str) -> States:
    """The states of one gene in a population, or of DRB1~DQA1~DQB1 haplotypes for several genes.

    A column a factor.
    """
    genes = {factor.gene for factor in factors}
    if len(genes) == 1:
        table = panel.alleles.get((population, next(iter(genes))))
        haplotypes: HaplotypeFrequencies = tuple(
            ((a,), share) for a, share in (table or {}).items()
        )
    else:
        haplotypes = panel.drdq.get(population, ())
    if not haplotypes:
        raise PopulationError(f"no HLA frequencies of {'~'.join(sorted(genes))} in {population}")
    merged: dict[tuple[bool | None, ...], float] = {}
    for alleles, share in haplotypes:
        by_gene = {allele.gene: allele for allele in alleles}
        verdicts = tuple(carries(f, by_gene[f.gene], panel) for f in factors)
        if None not in verdicts:  # one whose residues the table lacks is left out
            merged[verdicts] = merged.get(verdicts, 0.0) + share
    counts = np.array(list(merged), dtype=float)
    frequency = np.array(list(merged.values()))
    first, second, probability = unordered(frequency / frequency.sum())
    copies = counts[first] + counts[second]
    numbers = [coded(factor, copies[:, i]) for i, factor in enumerate(factors)]
    return States.one(np.column_stack(numbers), probability)


def unordered(frequency: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Unordered pairs of two independent draws, and their Hardy-Weinberg probabilities."""
    first, second = np.triu_indices(len(frequency))
    probability = frequency[first] * frequency[second] * np.where(first == second, 1.0, 2.0)
    return first, second, probability


class GeneKind(Kind):
    """The alleles of one HLA gene, or of several that are inherited together."""

    def __init__(
        self, name: str, factors: Sequence[HLAFactor], panel: ReferencePanel, population: str
    ) -> None:
        super().__init__(name, factors, gene_states(factors, panel, population))
        self._read, self._panel, self._population = tuple(factors), panel, population
        self.genes = tuple(dict.fromkeys(factor.gene for factor in factors))

    def evidence(self, cohort: Cohort, people: slice) -> Evidence:
        rows = range(*people.indices(len(cohort.samples)))
        fine = resolved(cohort.hla, self._read, self._panel, self._population, rows)
        missing = np.zeros((len(rows), len(self.factors)), dtype=np.uint8)
        readings: list[Reading] = []
        for gene in self.genes:
            own = tuple(factor for factor in self._read if factor.gene == gene)
            columns = [self.factors.index(factor) for factor in own]
            typed = np.zeros(len(rows), dtype=bool)
            if gene in fine.genes:
                found, missing[:, columns] = self._typed(own, fine.genes[gene], rows)
                typed = fine.genes[gene].called(len(cohort.samples))[people]
                readings += found
            if not typed.all():
                tagged, reasons = self._tagged(own, fine, people, ~typed)
                readings += tagged
                told = ~typed[:, None] & (reasons != Missing.ABSENT)
                if gene not in fine.genes:
                    told = np.ones_like(told)
                missing[:, columns] = np.where(told, reasons, missing[:, columns])
        if len(self.genes) > 1:
            readings = self._together(readings, cohort.hla, fine, rows)
        return Evidence(self, tuple(readings), missing)

    def _typed(
        self, factors: tuple[HLAFactor, ...], calls: GeneCalls, rows: range
    ) -> tuple[list[Reading], Reasons]:
        """The posterior of a typed gene; apart those whose types are too coarse for a factor."""
        span = calls.rows(rows.start, rows.stop)
        # Alleles that no factor tells apart are one, so that few of the pairs are left.
        verdicts = [[carries(f, name, self._panel) for f in factors] for name in calls.alleles]
        carried = np.array(verdicts, dtype=float).reshape(-1, len(factors))
        head, kind = alike(carried)
        kinds = carried[head]
        pair = np.sort(kind[np.column_stack([calls.first[span], calls.second[span]])])
        key = (calls.sample[span] - rows.start) * len(kinds) ** 2 + pair @ [len(kinds), 1]
        keys, place = np.unique(key, return_inverse=True)
        probability = np.bincount(place.ravel(), calls.probability[span], len(keys)).astype(float)
        sample, pairs = np.divmod(keys, len(kinds) ** 2)
        copies = kinds[pairs // len(kinds)] + kinds[pairs % len(kinds)]
        numbers = np.column_stack([coded(factor, copies[:, i]) for i, factor in enumerate(factors)])
        missing = np.full((len(rows), len(factors)), Missing.NO_CALL, dtype=np.uint8)
        missing[sample] = Missing.NOT_MISSING
        coarse = np.isnan(numbers)
        gaps = np.zeros(missing.shape, dtype=bool)
        np.logical_or.at(gaps, sample, coarse)
        missing[gaps] = Missing.LOW_RESOLUTION
        readings = []
        first, pattern = alike(np.packbits(gaps, axis=1))
        for number, lost in enumerate(gaps[first]):
            told = np.flatnonzero(~lost)
            rows_of = pattern[sample] == number
            if len(told) and rows_of.any():
                states = States.of_rows(
                    sample[rows_of], numbers[rows_of][:, told], probability[rows_of], len(rows)
                )
                readings.append(Reading(tuple(factors[i] for i in told), states.merged()))
        return readings, missing

    def _tagged(
        self,
        factors: tuple[HLAFactor, ...],
        hla: HLACalls,
        people: slice,
        untyped: NDArray[np.bool_],
    ) -> tuple[list[Reading], Reasons]:
        """What tag SNPs say of people who are not typed: a reading for each allele with a tag."""
        missing = np.zeros((len(untyped), len(factors)), dtype=np.uint8)
        tagged: dict[HLAAllele, list[HLAFactor]] = {}
        for i, factor in enumerate(factors):
            allele = single_allele([factor])
            if allele is not None and allele in hla.tags:
                tagged.setdefault(allele, []).append(factor)
                lost = np.isnan(hla.tags[allele].copies[people])
                missing[lost, i] = Missing.NO_CALL
            else:
                invalid = allele in hla.invalid_tags
                missing[:, i] = Missing.TAG_NOT_VALID if invalid else Missing.ABSENT
        readings = []
        for allele, own in tagged.items():
            chances = tag_chances(hla.tags[allele], self._panel, self._population, people)
            chances[~untyped] = np.nan
            readings.append(Reading(tuple(own), _of_chances(own, chances)))
        return readings, missing

    def _together(
        self, readings: list[Reading], hla: HLACalls, fine: HLACalls, rows: range
    ) -> list[Reading]:
        """In people of whom several linked genes are uncertain, their joint posterior instead."""
        joint = []
        for linked in linked_genes(self._read, hla, fine, self._panel, self._population, rows):
            states = States.of_rows(linked.sample, linked.numbers, linked.probability, len(rows))
            readings = [
                replace(reading, states=reading.states.only(~states.known))
                if set(reading.factors) & set(linked.factors)
                else reading
                for reading in readings
            ]
            joint.append(Reading(linked.factors, states))
        return readings + joint

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        own = self._read[self.factors.index(factor)]
        calls = cohort.hla.genes.get(own.gene)
        best = calls.best(place) if calls else None
        if best is not None:
            return f"{best[0]}, {best[1]} (P {best[2]:.3g})"
        allele = single_allele([own])
        tag = cohort.hla.tags.get(allele) if allele else None
        if tag and not np.isnan(tag.copies[place]):
            return f"tag {tag.tag.variant.name}"
        return f"HLA-{own.gene} not {'called' if calls or tag else 'typed'}"

    def thing(self, factor: Factor) -> tuple[str, str]:
        return "gene", f"HLA-{self._read[self.factors.index(factor)].gene}"

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        gene = self._read[self.factors.index(factor)].gene
        if gene in cohort.hla.genes:
            return Answer("found", cohort.hla.genes[gene].source)
        return Answer("tagged", "tag SNPs", by_reason=True)


def _of_chances(factors: Sequence[HLAFactor], chances: Array) -> States:
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
    place = np.where(known, np.cumsum(known) - 1, -1)
    return States(numbers, probability[possible], block, place[of])
