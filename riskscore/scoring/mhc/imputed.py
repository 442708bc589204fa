"""People whose genes an imputation has told, all or but for those that are typed: its posterior
as it is, given the types, in the kinds that models read.

An imputation weighs haplotypes by how frequent they are among people of a person's own ancestry.
To weigh its result again by a reference population would count frequencies twice, and by those of
other people where a person is compared with a population of another ancestry. So the pairs of each
block (prior.py) are the imputation's, with its probability, and blocks are independent of each
other: SNPs near each block have told what linkage could.

Where a gene is typed, with rows (s, t) of probability p, a pair of haplotypes (h, k) that the
imputation gives the probability q becomes (h with s, k with t) and (h with t, k with s), each of

    q p product of 1 or OTHER over h and k,   OTHER where the type is not what they carry there

brought to sum to 1: the types hold, and pairs that carry them weigh most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Mask, Places, spread
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.chromosomes import Chromosomes
from riskscore.scoring.mhc.code_pairs import CodePairs
from riskscore.scoring.mhc.evidence import ITSELF, GeneNames
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.ragged import distinct_rows

# How probable a haplotype with another allele at a typed gene is beside one with the type.
OTHER = 0.01


def told_by_snps(prior: HaplotypePrior, calls: HLACalls, people: range) -> Mask:
    """Who of ``people`` has genes from SNPs, the others typed, and the SNPs' haplotypes in blocks.

    Whose other genes are from imputed HLA records is not among them: these came from the same SNPs.
    """
    some = np.zeros(len(people), dtype=bool)
    if not calls.imputed:
        return some
    found = ~some
    for gene in prior.genes:
        imputed = _imputed(gene, calls, people)
        some |= imputed
        own = calls.genes.get(gene)
        if own is None or own.imputed:
            found &= imputed
        else:
            found &= own.of_people(people).called(len(people))
    for block in prior.blocks if (found & some).any() else ():
        rows = _block_rows([prior.genes[gene] for gene in block.genes], calls, people)
        found &= np.bincount(rows.sample, minlength=len(people)) > 0
    return np.asarray(found & some)


def _imputed(gene: str, calls: HLACalls, people: range) -> Mask:
    """Who of ``people`` has a gene from SNPs."""
    if gene not in calls.imputed:
        return np.zeros(len(people), dtype=bool)
    return calls.imputed[gene][people.start : people.stop]


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


def _given(
    rows: _BlockRows, column: int, calls: GeneCalls, names: GeneNames, typed: Mask
) -> _BlockRows:
    """The rows given the calls of the gene of a column, in those who are ``typed`` there."""
    told = typed[rows.sample]
    kept, source = np.flatnonzero(~told), np.flatnonzero(told)
    count = np.bincount(calls.sample, minlength=len(typed))
    start = np.cumsum(count) - count
    own, call = spread(start[rows.sample[source]], count[rows.sample[source]])
    source = np.tile(source[own], 2)
    types = np.concatenate([calls.first[call], calls.second[call]])
    others = np.concatenate([calls.second[call], calls.first[call]])
    weight = rows.probability[source] * np.tile(calls.probability[call], 2)
    fits, finer = _fitting(names)
    sides = []
    for place, name in ((rows.first[source], types), (rows.second[source], others)):
        side, carried = rows.names[place], rows.names[place, column]
        weight = weight * np.where(fits[name, carried], 1.0, OTHER)
        side[:, column] = np.where(finer[name, carried], carried, name)
        sides.append(side)
    table, which = distinct_rows(np.vstack(sides))
    which = which + len(rows.names)
    sample = rows.sample[source]
    total = np.bincount(sample, weight, len(typed))
    return _BlockRows(
        np.vstack([rows.names, table]),
        np.concatenate([rows.sample[kept], sample]),
        np.concatenate([rows.first[kept], which[: len(source)]]),
        np.concatenate([rows.second[kept], which[len(source) :]]),
        np.concatenate([rows.probability[kept], weight / total[sample]]),
    )


def _fitting(names: GeneNames) -> tuple[Mask, Mask]:
    """Whether a name and another may be one allele, and whether the other says more of it.

    Shape (names, names).
    """
    may_be = names.exact[names.row] > 0
    fits = may_be.astype(np.float64) @ may_be.T > 0
    alleles = may_be.sum(axis=1)
    listed = names.kind[names.row] == ITSELF
    return fits, fits & listed[:, None] & (alleles < alleles[:, None])


def _block_pairs(
    chromosomes: Chromosomes, number: int, calls: HLACalls, people: range
) -> CodePairs:
    """The pairs of one block, those alike in all that models read as one.

    A name that stands for several listed alleles is shared out as they are in the population.
    """
    block = chromosomes.prior.blocks[number]
    genes = [chromosomes.prior.genes[gene] for gene in block.genes]
    rows = _block_rows(genes, calls, people)
    for column, gene in enumerate(genes if len(genes) > 1 else ()):
        typed = ~_imputed(gene, calls, people)
        if typed.any():
            own = calls.genes[gene].of_people(people)
            rows = _given(rows, column, own, chromosomes.names[block.genes[column]], typed)
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
    return CodePairs.merged(
        rows.sample[source], kinds.code[row], kinds.code[other], weight, len(people)
    )
