"""People whose genes an imputation has told: its posterior as it is, in the kinds that models read.

An imputation weighs haplotypes by how frequent they are among people of a person's own ancestry.
To weigh its result again by a reference population would count frequencies twice, and by those of
other people where a person is compared with a population of another ancestry. So the pairs of each
block (prior.py) are the imputation's, with its probability, and blocks are independent of each
other: SNPs near each block have told what linkage could.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Mask, Places, spread
from riskscore.samples.hla.calls import HLACalls
from riskscore.scoring.mhc.chromosomes import Chromosomes, distinct_rows
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.ragged import Weighted


@dataclass(frozen=True)
class CodePairs:
    """Unordered pairs of haplotypes as codes (chromosomes.py), one row each, in order of owner."""

    owner: Places
    one: Places
    other: Places
    weight: Array

    def times(self, block: CodePairs, owners: int) -> CodePairs:
        """Every choice of a pair here and one in another block, of the same owner."""
        count = np.bincount(block.owner, minlength=owners)
        start = np.cumsum(count) - count
        source, row = spread(start[self.owner], count[self.owner])
        return CodePairs(
            self.owner[source], self.one[source] + block.one[row],
            self.other[source] + block.other[row], self.weight[source] * block.weight[row],
        )  # fmt: skip

    def above(self, least: float, owners: int) -> CodePairs:
        """Without those of less than a share of their owner's weight, which then sums to 1."""
        total = np.bincount(self.owner, self.weight, owners)
        kept = np.flatnonzero(self.weight >= least * total[self.owner])
        owner, weight = self.owner[kept], self.weight[kept]
        share = weight / np.bincount(owner, weight, owners)[owner]
        return CodePairs(owner, self.one[kept], self.other[kept], share)


def wholly_imputed(prior: HaplotypePrior, calls: HLACalls, people: range) -> Mask:
    """Who of ``people`` has all genes from an imputation, and its haplotypes in each block."""
    if not prior.genes or not set(prior.genes) <= calls.imputed.keys():
        return np.zeros(len(people), dtype=bool)
    imputed = [calls.imputed[gene][people.start : people.stop] for gene in prior.genes]
    found = np.all(imputed, axis=0)
    for block in prior.blocks:
        rows = _block_rows([prior.genes[gene] for gene in block.genes], calls, people)
        found &= np.bincount(rows.sample, minlength=len(people)) > 0
    return np.asarray(found)


def imputed_pairs(
    chromosomes: Chromosomes, calls: HLACalls, people: range, chosen: Mask
) -> CodePairs:
    """The pairs of the ``chosen`` ones of ``people``."""
    owner = np.flatnonzero(chosen)
    none = np.zeros(len(owner), dtype=np.int64)
    found = CodePairs(owner, none, none, np.ones(len(owner)))
    for number in range(len(chromosomes.prior.blocks)):
        own = _block_pairs(chromosomes, number, calls, people)
        found = found.times(own, len(people)).above(chromosomes.least, len(people))
    return found


@dataclass(frozen=True)
class _BlockRows:
    """Rows of people, as of :class:`HaplotypePosterior`; ``names`` (haplotypes, genes) are places
    among the alleles of each gene's calls.
    """

    names: Places
    sample: Places
    first: Places
    second: Places
    probability: Array


def _block_rows(genes: Sequence[str], calls: HLACalls, people: range) -> _BlockRows:
    """What an imputation says of the genes of a block: by haplotype, or of one gene by allele."""
    if len(genes) == 1:
        own = calls.genes[genes[0]].of_people(people)
        names = np.arange(len(own.alleles))[:, None]
        return _BlockRows(names, own.sample, own.first, own.second, own.probability)
    for told in calls.haplotypes:
        if set(genes) <= set(told.genes):
            columns = []
            for gene in genes:
                place = {name: k for k, name in enumerate(calls.genes[gene].alleles)}
                own_genes = told.genes.index(gene)
                moved = np.array([place[name] for name in told.alleles[own_genes]])
                columns.append(moved[told.haplotypes[:, own_genes]])
            rows = told.of_people(people)
            return _BlockRows(
                np.column_stack(columns), rows.sample, rows.first, rows.second, rows.probability
            )
    none = np.zeros(0, dtype=np.int64)
    return _BlockRows(np.zeros((0, len(genes)), dtype=np.int64), none, none, none, np.zeros(0))


def _block_pairs(
    chromosomes: Chromosomes, number: int, calls: HLACalls, people: range
) -> CodePairs:
    """The pairs of one block, those alike in all that models read as one.

    A name that stands for several listed alleles is shared out as they are in the population.
    """
    block = chromosomes.prior.blocks[number]
    rows = _block_rows([chromosomes.prior.genes[gene] for gene in block.genes], calls, people)
    names = np.column_stack(
        [chromosomes.names[gene].row[rows.names[:, k]] for k, gene in enumerate(block.genes)]
    )
    kinds = chromosomes.block(number, names).kinds
    share = kinds.weight / kinds.total[kinds.owner]
    source, row = spread(kinds.start[rows.first], kinds.count[rows.first])
    second = rows.second[source]
    again, other = spread(kinds.start[second], kinds.count[second])
    source, row = source[again], row[again]
    weight = rows.probability[source] * share[row] * share[other]
    codes = np.sort(np.column_stack([kinds.code[row], kinds.code[other]]), axis=1)
    pairs, pair = distinct_rows(codes)
    lists = Weighted.merged(rows.sample[source], pair, weight, len(people))
    return CodePairs(lists.owner, pairs[lists.code, 0], pairs[lists.code, 1], lists.weight)
