"""What one chromosome may carry, given what is known of each gene on it.

The evidence of a chromosome is a row of likelihoods by gene. Its haplotypes are weighed by prior
times likelihood, block by block and then stretch by stretch, and added up by the kinds of alleles
that models tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Mask, Places, spread
from riskscore.scoring.mhc.dosages import haplotype_weights
from riskscore.scoring.mhc.evidence import ITSELF, GeneNames
from riskscore.scoring.mhc.prior import Block, HaplotypePrior, Stretch
from riskscore.scoring.mhc.ragged import Weighted, together

UNTOLD = 1e-6  # how often the dosages of a chromosome say nothing of what it is
UNEXPLAINED = 0.1  # of dosages that no mixture explains: their genes were imputed each by itself
NONE, SEVERAL = -1, -2  # in place of a block's only haplotype
Cut = tuple[tuple[range, ...], float]  # the pieces, and how probable it is to cut so


@dataclass(frozen=True)
class Codes:
    """How the kinds of a haplotype's genes are written as one number."""

    sizes: tuple[int, ...]

    @property
    def factors(self) -> Places:
        """What a gene's kind is multiplied by.

        >>> Codes((2, 3, 4)).factors.tolist()
        [12, 4, 1]
        """
        ahead = np.cumprod([1, *reversed(self.sizes[1:])])[::-1]
        return np.asarray(ahead, dtype=np.int64)

    def kinds(self, codes: Places) -> Places:
        """The numbers as kinds, shape (n, genes)."""
        return np.column_stack(
            [codes // f % s for f, s in zip(self.factors, self.sizes, strict=True)]
        )


@dataclass(frozen=True)
class BlockEvidence:
    """A block on chromosomes with different evidence, one row each.

    ``names`` (rows, genes) are the evidence. ``likelihood`` (rows, haplotypes) is of the panel's
    haplotypes, ``held`` the lists of those that matter (code: place in the block), ``only`` the
    place where there is one. ``kinds`` has the weights of the block by itself by kinds, and
    ``total`` their sum. ``imputed`` rows are what an imputation made of the whole chromosome.
    """

    block: Block
    names: Places
    likelihood: Array
    held: Weighted
    only: Places
    kinds: Weighted
    total: Array
    imputed: Mask


@dataclass(frozen=True)
class _Weighed:
    """Weights of a block's haplotypes by row: of the panel's (rows, haplotypes) their likelihood
    and their weight, of those put together ``apart`` of independent alleles (rows,) the weight.

    ``scale`` is what weights were multiplied by where an imputation explains little, and
    ``imputed`` says which rows are one's.
    """

    likelihood: Array
    weight: Array
    apart: Array
    scale: Array
    imputed: Mask


class Chromosomes:
    """Weighs haplotypes of chromosomes; ``least`` is the share below which one is left out.

    ``listed`` has by block the codes of the panel's haplotypes.
    """

    def __init__(self, prior: HaplotypePrior, names: Sequence[GeneNames], least: float) -> None:
        self.prior, self.names, self.least = prior, tuple(names), least
        self.codes = Codes(tuple(len(own.answers) for own in names))
        self._unlisted = [bool((own.kind != ITSELF).any()) for own in names]
        self.listed: list[Places] = []  # codes of each block's haplotypes
        for block in prior.blocks:
            code = np.zeros(len(block.codes), dtype=np.int64)
            for k, gene in enumerate(block.genes):
                code += self.names[gene].kinds[block.codes[:, k]] * self.codes.factors[gene]
            self.listed.append(code)

    def block(self, number: int, names: Places) -> BlockEvidence:
        """The haplotypes of one block by evidence, shape (rows, genes of the block)."""
        block = self.prior.blocks[number]
        weighed = self._weighed(block, names)
        weight, apart = weighed.weight, weighed.apart
        total = weight.sum(axis=1) + apart
        row, place = np.nonzero(weight > self.least * total[:, None])
        held = Weighted.merged(row, place, weight[row, place], len(names))
        first = np.append(held.code, 0)[np.minimum(held.start, len(held.code))]
        only = np.where(held.count == 1, first, np.where(held.count == 0, NONE, SEVERAL))
        code = self._codes_of(number, names, row, place)
        owner, other, own = self._apart(block, names, apart, total, weighed.scale)
        kinds = Weighted.merged(
            np.concatenate([row, owner]),
            np.concatenate([code, other]),
            np.concatenate([weight[row, place], own]),
            len(names),
        )
        return BlockEvidence(
            block, names, weighed.likelihood, held, only, kinds, kinds.total, weighed.imputed
        )

    def _weighed(self, block: Block, names: Places) -> _Weighed:
        """The haplotypes of a block by the evidence of each row of names."""
        genes = self._imputed(block, names)
        imputed = np.asarray(genes.any(axis=1))
        rows, explained = np.flatnonzero(imputed), np.zeros(len(names))
        weight = np.zeros((len(names), len(block.codes)))
        if len(rows):
            weight[rows] = self._of_dosages(block, names[rows], genes[rows])
            explained[rows] = weight[rows].sum(axis=1)
        likelihood, apart, scale = weight / block.share, np.zeros(len(names)), np.ones(len(names))
        others = np.flatnonzero(explained <= 1 - UNEXPLAINED)
        if len(others):
            own = likelihood[others] = self._panel_likelihood(block, names[others])
            weight[others] = own * block.share
            apart[others] = block.apart
            for k, gene in enumerate(block.genes):
                exact = self.names[gene].exact
                apart[others] *= _each(names[others, k], exact, block.alleles[k])
            # Dosages of no mixture count for no more than one explains.
            lost = others[imputed[others]]
            scale[lost] = np.maximum(explained[lost], UNTOLD)
            scale[lost] /= weight[lost].sum(axis=1) + apart[lost]
            weight[lost] *= scale[lost, None]
            likelihood[lost] *= scale[lost, None]
            apart[lost] *= scale[lost]
        return _Weighed(likelihood, weight, apart, scale, imputed)

    def _panel_likelihood(self, block: Block, names: Places) -> Array:
        """The likelihood of the panel's haplotypes of a block, shape (rows, haplotypes)."""
        likelihood = self._likelihood(block, names, grouped=False)
        unlikely = ~likelihood.any(axis=1)
        if unlikely.any():  # no haplotype of the panel has these alleles: perhaps their groups'
            likelihood[unlikely] = self._likelihood(block, names[unlikely], grouped=True)
        return likelihood

    def _codes_of(self, number: int, names: Places, row: Places, place: Places) -> Places:
        """The kinds of a block's haplotypes as numbers; ``row`` is the evidence among ``names``."""
        block, code = self.prior.blocks[number], self.listed[number][place]
        for k, gene in enumerate(block.genes):
            if not self._unlisted[gene]:
                continue
            own = self.names[gene].kind[names[:, k]][row]
            unlisted = np.flatnonzero(own >= 0)
            if len(unlisted):
                listed = self.names[gene].kinds[block.codes[place[unlisted], k]]
                code[unlisted] += (own[unlisted] - listed) * self.codes.factors[gene]
        return code

    def _likelihood(self, block: Block, names: Places, *, grouped: bool) -> Array:
        """The likelihood of the panel's haplotypes of a block, shape (rows, haplotypes).

        Where several genes of a chromosome are imputed they are one evidence, the geometric mean of
        their likelihoods: their errors are not independent.
        """
        total = np.ones((len(names), len(block.codes)))
        imputed = self._imputed(block, names)
        genes = imputed.sum(axis=1)
        unsure = np.flatnonzero(genes)
        evidence = np.ones((len(unsure), len(block.codes)))
        for k, gene in enumerate(block.genes):
            table = self.names[gene].grouped if grouped else self.names[gene].exact
            shared = np.flatnonzero(imputed[unsure, k])
            power = 1 / genes[unsure[shared]]
            own = _raised(table[names[unsure[shared], k]], power)
            _multiply(evidence, shared, own.take(block.codes[:, k], axis=1))
            called = np.flatnonzero(~imputed[:, k])
            distinct, which = np.unique(names[called, k], return_inverse=True)
            own = table[distinct].take(block.codes[:, k], axis=1)
            _multiply(total, called, own[which.ravel()])
        _multiply(total, unsure, (1 - UNTOLD) * evidence + UNTOLD)
        return total

    def _imputed(self, block: Block, names: Places) -> Mask:
        """Which genes of a block have dosages, shape (rows, genes of the block)."""
        return np.column_stack(
            [names[:, k] >= self.names[gene].named for k, gene in enumerate(block.genes)]
        )

    def _of_dosages(self, block: Block, names: Places, imputed: Mask) -> Array:
        """The weights of the panel's haplotypes that mix to the dosages of imputed genes, of those
        that the other genes' names allow.
        """
        share, dosages = block.share[None], []
        for k, gene in enumerate(block.genes):
            own, rows = self.names[gene], np.flatnonzero(imputed[:, k])
            table = np.zeros((len(names), own.dosages.shape[1]))
            table[rows] = own.dosages[names[rows, k] - own.named]
            dosages.append(table)
            if len(rows) < len(names):
                allowed = own.exact[names[:, k]].take(block.codes[:, k], axis=1)
                share = share * np.where(imputed[:, k, None], 1.0, allowed)
        return haplotype_weights(dosages, imputed, block.codes, share)

    def _apart(
        self, block: Block, names: Places, apart: Array, total: Array, scale: Array
    ) -> tuple[Places, Places, Array]:
        """Kinds of haplotypes whose alleles nobody has together, with their weights."""
        rows = np.flatnonzero(apart > self.least * total)
        lists = []
        for k, gene in enumerate(block.genes):
            own = self.names[gene]
            distinct, which = np.unique(names[rows, k], return_inverse=True)
            weight = own.exact[distinct] * block.alleles[k]
            row, allele = np.nonzero(weight > 0)
            kind = np.where(
                own.kind[distinct[row]] >= 0, own.kind[distinct[row]], own.kinds[allele]
            )
            lists.append(
                Weighted.merged(
                    row, kind * self.codes.factors[gene], weight[row, allele], len(distinct)
                ).of(which.ravel())
            )
        owner, code, weight = together(lists)
        weight = weight * block.apart * scale[rows[owner]]
        kept = weight > self.least * total[rows[owner]]
        return rows[owner[kept]], code[kept], weight[kept]

    def haplotypes(self, blocks: Sequence[BlockEvidence], chromosomes: Places) -> Weighted:
        """The weights of whole haplotypes by kinds, for chromosomes with evidence by block.

        ``chromosomes`` (n, blocks) are rows of each block's evidence. The total of a chromosome's
        weights is the probability of its evidence. Of two blocks that were imputed neither is
        evidence for the other: what their linkage says is in the dosages already.
        """
        single = np.ones(len(chromosomes), dtype=bool)
        imputed = np.zeros(len(chromosomes), dtype=np.int64)
        for number, (evidence, row) in enumerate(zip(blocks, chromosomes.T, strict=True)):
            single &= (evidence.only[row] != SEVERAL) & (evidence.kinds.count[row] == 1)
            imputed += evidence.imputed[row].astype(np.int64) << number
        none = np.zeros(0, dtype=np.int64)
        parts = [(none, none, np.zeros(0))]
        for pattern in np.unique(imputed).tolist():
            cuts = self._cuts([number for number in range(len(blocks)) if pattern >> number & 1])
            alone, others = (np.flatnonzero((imputed == pattern) & w) for w in (single, ~single))
            if len(alone):
                parts.append((alone, *self._alone(blocks, chromosomes[alone], cuts)))
            if len(others):
                owner, code, weight = self._several(blocks, chromosomes[others], cuts)
                parts.append((others[owner], code, weight))
        owner, code, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Weighted.merged(owner, code, weight, len(chromosomes)).above(self.least)

    def _cuts(self, imputed: Sequence[int]) -> list[tuple[tuple[range, ...], float]]:
        """The ways of cutting in which no piece has two of some blocks."""
        return [
            (cut, weight)
            for cut, weight in self.prior.cuts
            if all(sum(number in piece for number in imputed) < 2 for piece in cut)
        ]

    def _alone(
        self, blocks: Sequence[BlockEvidence], chromosomes: Places, cuts: Sequence[Cut]
    ) -> tuple[Places, Array]:
        """Of chromosomes with one haplotype of kinds in each block: its number, and its weight."""
        code = np.zeros(len(chromosomes), dtype=np.int64)
        pieces: dict[range, Array] = {}
        only, likelihood = [], []
        for number, (evidence, row) in enumerate(zip(blocks, chromosomes.T, strict=True)):
            first = evidence.kinds.start[row]
            code += evidence.kinds.code[first]
            pieces[range(number, number + 1)] = evidence.kinds.weight[first]
            only.append(evidence.only[row])
            likelihood.append(evidence.likelihood[row, np.maximum(only[-1], 0)])
        for blocks_of in _stretches(cuts):
            stretch = self.prior.stretches[blocks_of]
            seen = stretch.look_up(np.column_stack([only[b] for b in blocks_of]))
            for b in blocks_of:
                seen = seen * likelihood[b]
            pieces[blocks_of] = seen
        total = np.zeros(len(chromosomes))
        for cut, weight in cuts:
            product = np.full(len(chromosomes), weight)
            for piece in cut:
                product = product * pieces[piece]
            total += product
        return code, total

    def _several(
        self, blocks: Sequence[BlockEvidence], chromosomes: Places, cuts: Sequence[Cut]
    ) -> tuple[Places, Places, Array]:
        """Rows (owner, number, weight) of haplotypes of chromosomes where several are possible."""
        pieces: dict[range, Weighted] = {
            range(number, number + 1): evidence.kinds.of(row)
            for number, (evidence, row) in enumerate(zip(blocks, chromosomes.T, strict=True))
        }
        for blocks_of in _stretches(cuts):
            stretch = self.prior.stretches[blocks_of]
            pieces[blocks_of] = self._stretch(stretch, blocks, chromosomes)
        parts = []
        for cut, weight in cuts:
            owner, code, product = together([pieces[piece] for piece in cut])
            parts.append((owner, code, product * weight))
        owner, code, product = (np.concatenate(column) for column in zip(*parts, strict=True))
        return owner, code, product

    def _stretch(
        self, stretch: Stretch, blocks: Sequence[BlockEvidence], chromosomes: Places
    ) -> Weighted:
        """The haplotypes of a stretch that the evidence allows, from the block with the fewest."""
        numbers = list(stretch.blocks)
        counts = np.column_stack([blocks[b].held.count[chromosomes[:, b]] for b in numbers])
        rarest = counts.argmin(axis=1)
        parts = []
        for k, b in enumerate(numbers):
            own = np.flatnonzero(rarest == k)
            lists = blocks[b].held.of(chromosomes[own, b])
            start, count, order = stretch.by_block(k)
            owner, row = spread(start[lists.code], count[lists.code])
            chromosome, row = own[lists.owner[owner]], order[row]
            weight = stretch.frequency[row]
            for c, other in enumerate(numbers):
                likelihood = blocks[other].likelihood
                cell = chromosomes[:, other][chromosome] * likelihood.shape[1]
                cell += stretch.places[:, c][row]
                weight = weight * likelihood.ravel()[cell]
                if not weight.all():
                    kept = np.flatnonzero(weight)
                    chromosome, row, weight = chromosome[kept], row[kept], weight[kept]
            code = np.zeros(len(row), dtype=np.int64)
            for c, other in enumerate(numbers):
                own = chromosomes[:, other][chromosome]
                code += self._codes_of(other, blocks[other].names, own, stretch.places[:, c][row])
            parts.append((chromosome, code, weight))
        owner, code, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Weighted.merged(owner, code, weight, len(chromosomes))


def _stretches(cuts: Sequence[Cut]) -> list[range]:
    """The pieces of some ways of cutting that have several blocks."""
    return sorted({piece for cut, _ in cuts for piece in cut if len(piece) > 1}, key=tuple)


def _raised(table: Array, power: Array) -> Array:
    """Each row to the power of its own; most numbers are 0, and stay so."""
    row, place = np.nonzero(table)
    raised = np.zeros_like(table)
    raised[row, place] = table[row, place] ** power[row]
    return raised


def _multiply(table: Array, rows: Places, by: Array) -> None:
    """Multiply some rows of a table in their place; all of them, mostly."""
    if len(rows) == len(table):
        table *= by
    else:
        table[rows] *= by


def _each(names: Places, table: Array, frequency: Array) -> Array:
    """The expectation of each name's likelihoods, worked out once for each name."""
    distinct, which = np.unique(names, return_inverse=True)
    return np.asarray((table[distinct] * frequency).sum(axis=1)[which.ravel()])
