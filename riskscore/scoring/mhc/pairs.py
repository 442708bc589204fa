"""What is known of people's two haplotypes of the MHC: one posterior over pairs.

    P(h1, h2 | evidence) = prior(h1) prior(h2) * product over genes of L(h1, h2) * phase, normed

with the prior of prior.py, each gene's likelihood L (evidence.py: what its calls say of a pair of
names, divided by how frequent they are), and the phase of phases.py. An untyped gene has the
likelihood 1, so that it takes its distribution given the others. Of people whose genes are all
imputed from SNPs, or some of them and the others typed, the pairs are those of the imputation
(imputed.py), and of people whose HLA records were imputed without phase they come from haplotypes'
expected copies (unphased.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Places, spread
from riskscore.genetics.missing import Missing
from riskscore.models.model import HaplotypeScheme
from riskscore.models.terms import Factor
from riskscore.samples.hla.calls import SWITCH_ERROR, HLACalls
from riskscore.scoring.mhc.chromosomes import BlockEvidence, Chromosomes, Codes
from riskscore.scoring.mhc.code_pairs import CodePairs
from riskscore.scoring.mhc.evidence import GeneEvidence, GeneNames, gene_evidence, nothing_known
from riskscore.scoring.mhc.imputed import imputed_pairs, told_by_snps
from riskscore.scoring.mhc.phases import Phases, block_phases
from riskscore.scoring.mhc.ragged import Weighted, distinct_rows
from riskscore.scoring.mhc.reading import HaplotypeKinds, MHCReading
from riskscore.scoring.mhc.unphased import unphased_pairs, unsure_people

LEAST = 1e-6  # haplotypes, phases and pairs of a lesser share are left out
_PEOPLE = 5000  # worked on at a time
_UNSURE = 1000  # the same, where several genotypes are open
_OPEN = 1.2  # rows for each person and gene, beyond which that is so


@dataclass(frozen=True)
class HaplotypePairs:
    """The posterior over pairs of haplotypes, one row a possible pair of a person.

    Haplotypes are told apart by ``kinds``, what models ask of their alleles: ``first`` and
    ``second`` have shape (pairs, genes). Which alleles share a chromosome holds within the blocks
    A | C~B | DRB1~DQA1~DQB1 | DPB1, and not from one to the next. Rows are in order of ``sample``,
    whose ``probability`` sums to 1; a sample of whom no gene was typed has none. ``missing``
    (samples, genes) says why a gene was not seen.
    """

    kinds: HaplotypeKinds
    first: Places
    second: Places
    sample: Places
    pair: Places
    probability: Array
    missing: NDArray[np.uint8]

    @property
    def genes(self) -> tuple[str, ...]:
        return self.kinds.genes

    def carried(self, factor: Factor) -> tuple[Array, Array]:
        """Whether the haplotypes of each pair carry what a factor counts, shape (pairs,) each."""
        return self.kinds.carried(factor, self.first), self.kinds.carried(factor, self.second)

    def classes(self, scheme: HaplotypeScheme) -> tuple[Places, Places]:
        """The place of each haplotype's class in a scheme, its number of classes for none."""
        return self.kinds.classes(scheme, self.first), self.kinds.classes(scheme, self.second)


def haplotype_pairs(
    reading: MHCReading,
    calls: HLACalls,
    people: range,
    switch_error: float = SWITCH_ERROR,
    least: float = LEAST,
) -> HaplotypePairs:
    """The pairs of the samples ``people`` of a cohort, who are numbered from 0.

    ``switch_error`` is how often the file's phase is wrong from one phased gene to the next.
    ``least`` is the share of probability below which a possibility is left out.
    """
    missing = np.full((len(people), len(reading.genes)), Missing.ABSENT, dtype=np.uint8)
    names = [
        reading.names(gene, calls.genes[gene].alleles if gene in calls.genes else ())
        for gene in reading.genes
    ]
    none = np.zeros(0, dtype=np.int64)
    parts = [(none, none, none, np.zeros(0))]
    size = _UNSURE if _several(reading, calls, people) else _PEOPLE
    for start in range(0, len(people), size):
        chosen, seen = people[start : start + size], missing[start : start + size]
        evidence = []
        for column, (gene, own) in enumerate(zip(reading.genes, names, strict=True)):
            if gene not in calls.genes:
                evidence.append(nothing_known(own))
                continue
            evidence.append(gene_evidence(reading.panel, own, calls.genes[gene], chosen))
            seen[:, column] = Missing.NO_CALL
            seen[evidence[-1].sample, column] = Missing.NOT_MISSING
        whole = _imputed_pairs(reading, calls, names, evidence, chosen, least)
        typed = (seen == Missing.NOT_MISSING).any(axis=1)
        for pairs in whole:
            typed[pairs.owner] = False
            parts.append((pairs.owner + start, pairs.one, pairs.other, pairs.weight))
        left = np.flatnonzero(typed)
        if len(left):
            genes = [gene.of_people(left, len(chosen)) for gene in evidence]
            chromosomes = Chromosomes(reading.prior, [gene.names for gene in evidence], least)
            found = _pairs(chromosomes, genes, len(left), switch_error)
            parts.append((left[found[0]] + start, *found[1:]))
    sample, one, other, probability = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    if (sample[1:] < sample[:-1]).any():  # some typed and some imputed
        order = np.argsort(sample, kind="stable")
        sample, one, other, probability = (c[order] for c in (sample, one, other, probability))
    table, pair = distinct_rows(np.column_stack([one, other]))
    codes = Codes(tuple(len(own.answers) for own in names))
    first, second = codes.kinds(table[:, 0]), codes.kinds(table[:, 1])
    kinds = HaplotypeKinds(reading, tuple(own.answers for own in names))
    return HaplotypePairs(kinds, first, second, sample, pair, probability, missing)


def _imputed_pairs(
    reading: MHCReading,
    calls: HLACalls,
    names: Sequence[GeneNames],
    evidence: Sequence[GeneEvidence],
    people: range,
    least: float,
) -> list[CodePairs]:
    """The pairs of those whose genes an imputation has told, from SNPs or in records."""
    by_snps = told_by_snps(reading.prior, calls, people)
    unsure = unsure_people(evidence, len(people)) & ~by_snps
    if not (by_snps.any() or unsure.any()):
        return []
    found, chromosomes = [], Chromosomes(reading.prior, names, least)
    if by_snps.any():
        found.append(imputed_pairs(chromosomes, calls, people, by_snps))
    if unsure.any():
        found.append(unphased_pairs(chromosomes, evidence, reading.frequency, unsure))
    return found


def _several(reading: MHCReading, calls: HLACalls, people: range) -> bool:
    """Whether files leave several genotypes open in many people: each has a table of their own."""
    spans = [
        calls.genes[gene].rows(people.start, people.stop)
        for gene in reading.genes
        if gene in calls.genes
    ]
    rows = sum(int(span.stop - span.start) for span in spans)
    return rows > _OPEN * len(people) * len(spans)


def _pairs(
    chromosomes: Chromosomes, genes: Sequence[GeneEvidence], people: int, switch_error: float
) -> tuple[Places, Places, Places, Array]:
    """Rows of people: the person, the numbers of two haplotypes, and the probability."""
    least = chromosomes.least
    phases = Phases.none(people)
    blocks: list[BlockEvidence] = []
    for number, block in enumerate(chromosomes.prior.blocks):
        own = block_phases([genes[gene] for gene in block.genes], people, switch_error, least)
        rows, which = distinct_rows(np.vstack([own.first, own.second]))
        evidence = chromosomes.block(number, rows)
        blocks.append(evidence)
        first, second = which[: len(own.owner)], which[len(own.owner) :]
        own = own.renamed(first, second)
        own = own.above(least, own.weight * evidence.total[first] * evidence.total[second])
        phases = phases.joined(own, people, switch_error)
    rows, which = distinct_rows(np.vstack([phases.first, phases.second]))
    found = chromosomes.haplotypes(blocks, rows)
    total = found.total
    first, second = which[: len(phases.owner)], which[len(phases.owner) :]
    weight = phases.weight * total[first] * total[second]
    kept = _above(least, phases.owner, weight, people)
    owner, first, second = phases.owner[kept], first[kept], second[kept]
    return _merged(chromosomes, owner, phases.weight[kept], found, first, second, people)


def _above(least: float, owner: Places, weight: Array, owners: int) -> Places:
    total = np.bincount(owner, weight, owners)
    return np.flatnonzero(weight >= least * total[owner])


def _merged(
    chromosomes: Chromosomes,
    owner: Places,
    weight: Array,
    found: Weighted,
    first: Places,
    second: Places,
    people: int,
) -> tuple[Places, Places, Places, Array]:
    """The pairs of all phases of each person, those alike in every block as one."""
    source, row = spread(found.start[first], found.count[first])
    again, other = spread(found.start[second][source], found.count[second][source])
    source, row = source[again], row[again]
    probability = weight[source] * found.weight[row] * found.weight[other]
    one, two = _by_block(chromosomes, found.code[row], found.code[other])
    pairs, pair = distinct_rows(np.column_stack([one, two]))
    lists = Weighted.merged(owner[source], pair, probability, people).above(chromosomes.least)
    share = lists.weight / lists.total[lists.owner]
    return lists.owner, pairs[lists.code, 0], pairs[lists.code, 1], share


def _by_block(chromosomes: Chromosomes, one: Places, two: Places) -> tuple[Places, Places]:
    """Pairs with the two haplotypes of each block in order."""
    codes = chromosomes.codes
    first, second = np.zeros(len(one), dtype=np.int64), np.zeros(len(one), dtype=np.int64)
    for block in chromosomes.prior.blocks:
        lowest, highest = block.genes[-1], block.genes[0]
        unit = int(codes.factors[lowest])
        size = int(codes.factors[highest]) * codes.sizes[highest]
        a, b = (code % size - code % unit for code in (one, two))
        first += np.minimum(a, b)
        second += np.maximum(a, b)
    return first, second
