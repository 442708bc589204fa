"""How probable a haplotype of the MHC is in a population, whether or not the panel has seen it.

The MHC is inherited in four blocks: A | C~B | DRB1~DQA1~DQB1 | DPB1. With f the population's
frequencies in the panel and a those of all its chromosomes together,

    p(h) = sum over ways of cutting h between blocks of
           product over cuts of R * product over joins of (1 - R) * product over pieces of f(piece)

    p(block) = (1 - E) f(block) + E ((1 - U) a(block) + U * product over genes of a(allele))

A piece of one block has p(block) in place of f(piece). So a haplotype that nobody of the panel has
is one put together by recombination between blocks (R); of the blocks that stand alone, those that
only other populations have share E, and those that nobody has share E * U. Every combination of
listed alleles has a probability above 0, and they sum to 1 over all combinations.

R is the chance that a haplotype differs from the panel's by recombination at one of the borders.
The leave-one-out likelihood of the panel's chromosomes is greatest at 0.13 to 0.35 by border and
population, because most chromosomes are the only one of their kind; but what is cut is taken to be
independent, and at such rates the linkage of common alleles would be understated by as much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise, product

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.scoring.mhc.ragged import packed

BLOCKS = (("A",), ("C", "B"), ("DRB1", "DQA1", "DQB1"), ("DPB1",))
RECOMBINED = 0.05  # R
FROM_OTHERS = 0.01  # E
UNSEEN = 0.1  # U


@dataclass(frozen=True)
class Block:
    """The haplotypes of one block: ``genes`` are places among the prior's genes.

    ``codes`` (haplotypes, genes) are places of alleles; ``share`` is each haplotype's probability
    but for the part in which the block's alleles are independent: ``apart`` is the share of that,
    and ``alleles`` has by gene the frequencies in it.
    """

    genes: tuple[int, ...]
    codes: Places
    share: Array
    apart: float
    alleles: tuple[Array, ...]

    def drawn(self, count: int, rng: np.random.Generator) -> Places:
        """Haplotypes of the block drawn at random, shape (count, genes)."""
        row = _chosen(np.append(self.share, self.apart), rng.random(count))
        codes = self.codes.take(row, axis=0, mode="clip")
        apart = np.flatnonzero(row == len(self.codes))
        for k, frequency in enumerate(self.alleles):
            codes[apart, k] = _chosen(frequency, rng.random(len(apart)))
        return codes


@dataclass(frozen=True)
class Stretch:
    """Haplotypes of several blocks in a row, each by its places in the blocks, and frequencies.

    ``first`` is the first block; ``sizes`` are the numbers of haplotypes of the blocks.
    """

    first: int
    sizes: tuple[int, ...]
    places: Places
    frequency: Array

    @property
    def blocks(self) -> range:
        return range(self.first, self.first + self.places.shape[1])

    def look_up(self, places: Places) -> Array:
        """The frequencies of haplotypes given by their places in the blocks; 0 for those unseen."""
        return np.append(self.frequency, 0.0)[_find(self.places, places)]

    def by_block(self, block: int) -> tuple[Places, Places, Places]:
        """For each place in one of the blocks where its rows start, how many, and their order."""
        return self._sorted[block]

    @cached_property
    def _sorted(self) -> list[tuple[Places, Places, Places]]:
        found = []
        for column, size in zip(self.places.T, self.sizes, strict=True):
            count = np.bincount(column, minlength=size).astype(np.int64)
            found.append((np.cumsum(count) - count, count, np.argsort(column, kind="stable")))
        return found


@dataclass(frozen=True)
class HaplotypePrior:
    """The prior of haplotypes of some genes in a population; see the formula above.

    ``cuts`` has each way of cutting the blocks into stretches, as ranges of blocks, and its
    probability. ``stretches`` are those of more than one block.
    """

    genes: tuple[str, ...]
    alleles: tuple[tuple[HLAAllele, ...], ...]
    blocks: tuple[Block, ...]
    cuts: tuple[tuple[tuple[range, ...], float], ...]
    stretches: dict[range, Stretch]

    @classmethod
    def of(
        cls, table: ReferenceHaplotypes, population: str, genes: Sequence[str]
    ) -> HaplotypePrior:
        """The prior over ``genes``, in the order of the chromosome; others are summed over."""
        frequency, pooled = table.frequency(population), table.pooled
        chosen = [gene for gene in table.genes if gene in set(genes)]
        blocks: list[Block] = []
        borders: list[int] = []  # how many blocks each stands after the first of all
        places: list[Places] = []
        for number, members in enumerate(BLOCKS):
            own = tuple(place for place, gene in enumerate(chosen) if gene in members)
            if not own:
                continue
            columns = table.codes[:, [table.genes.index(chosen[place]) for place in own]]
            codes, which = np.unique(columns, axis=0, return_inverse=True)
            sizes = [len(table.alleles[table.genes.index(chosen[place])]) for place in own]
            blocks.append(_block(own, codes, which.ravel(), sizes, frequency, pooled))
            places.append(which.ravel().astype(np.int64))
            borders.append(number)
        stretches = {
            range(i, j): _stretch(
                i, [len(b.codes) for b in blocks[i:j]], np.column_stack(places[i:j]), frequency
            )
            for i, j in combinations(range(len(blocks) + 1), 2)
            if j - i > 1
        }
        return cls(
            tuple(chosen),
            tuple(table.alleles[table.genes.index(gene)] for gene in chosen),
            tuple(blocks),
            _cuts(borders),
            stretches,
        )

    def probability(self, codes: Places) -> Array:
        """The probability of haplotypes given by places in ``alleles``, shape (n, genes)."""
        places = [_find(block.codes, codes[:, block.genes]) for block in self.blocks]
        pieces: dict[range, Array] = {}
        for i, (block, place) in enumerate(zip(self.blocks, places, strict=True)):
            apart = np.full(len(codes), block.apart)
            for gene, frequency in zip(block.genes, block.alleles, strict=True):
                apart = apart * frequency[codes[:, gene]]
            share = np.append(block.share, 0.0)[place]
            pieces[range(i, i + 1)] = share + apart
        for blocks, stretch in self.stretches.items():
            pieces[blocks] = stretch.look_up(np.column_stack([places[b] for b in blocks]))
        total = np.zeros(len(codes))
        for cut, weight in self.cuts:
            share = np.full(len(codes), weight)
            for piece in cut:
                share = share * pieces[piece]
            total += share
        return total

    def drawn(self, count: int, rng: np.random.Generator) -> Places:
        """Haplotypes drawn at random, as places in ``alleles``, shape (count, genes)."""
        weights = np.array([weight for _, weight in self.cuts])
        which = _chosen(weights, rng.random(count))
        codes = np.zeros((count, len(self.genes)), dtype=np.int64)
        for number, (cut, _) in enumerate(self.cuts):
            own = np.flatnonzero(which == number)
            for piece in cut:
                if piece in self.stretches:
                    stretch = self.stretches[piece]
                    row = _chosen(stretch.frequency, rng.random(len(own)))
                    for k, b in enumerate(piece):
                        block = self.blocks[b]
                        codes[own[:, None], list(block.genes)] = block.codes[stretch.places[row, k]]
                else:
                    block = self.blocks[piece.start]
                    codes[own[:, None], list(block.genes)] = block.drawn(len(own), rng)
        return codes


def _chosen(weights: Array, draws: Array) -> Places:
    """The place at which each draw (0 to 1) falls among weights."""
    bounds = np.cumsum(weights)
    place = np.searchsorted(bounds, draws * bounds[-1], side="right")
    return np.asarray(np.minimum(place, len(weights) - 1), dtype=np.int64)


def _block(
    genes: tuple[int, ...],
    codes: Places,
    which: Places,
    sizes: Sequence[int],
    frequency: Array,
    pooled: Array,
) -> Block:
    own = np.bincount(which, frequency, len(codes))
    everybody = np.bincount(which, pooled, len(codes))
    alleles = tuple(
        np.bincount(codes[:, k], everybody, size).astype(np.float64) for k, size in enumerate(sizes)
    )
    unseen = UNSEEN if len(genes) > 1 else 0.0
    share = (1 - FROM_OTHERS) * own + FROM_OTHERS * (1 - unseen) * everybody
    return Block(genes, codes.astype(np.int64), share, FROM_OTHERS * unseen, alleles)


def _stretch(first: int, sizes: Sequence[int], places: Places, frequency: Array) -> Stretch:
    seen = frequency > 0
    distinct, which = np.unique(places[seen], axis=0, return_inverse=True)
    shares = np.bincount(which.ravel(), frequency[seen], len(distinct)).astype(np.float64)
    return Stretch(first, tuple(sizes), distinct, shares)


def _cuts(borders: Sequence[int]) -> tuple[tuple[tuple[range, ...], float], ...]:
    """Every way of cutting between blocks; ``borders`` are the blocks' places among all four."""
    if not borders:
        return (((), 1.0),)
    whole = [(1 - RECOMBINED) ** (b - a) for a, b in pairwise(borders)]
    found = []
    for cut in product((False, True), repeat=len(whole)):
        weight = math.prod(1 - w if c else w for c, w in zip(cut, whole, strict=True))
        ends = [0, *(place for place, c in enumerate(cut, start=1) if c), len(borders)]
        found.append((tuple(range(a, b) for a, b in pairwise(ends)), weight))
    return tuple(found)


def _find(table: Places, rows: Places) -> Places:
    """The place of each row in a table whose rows are sorted; the table's length where not.

    A row with a number below 0 is in no table.
    """
    sizes = [
        int(max(table[:, k].max(initial=0), rows[:, k].max(initial=0))) + 2
        for k in range(table.shape[1])
    ]
    keys, wanted = (packed(columns, sizes) for columns in (table, rows))
    wanted = np.where((rows < 0).any(axis=1), -1, wanted)
    place = np.searchsorted(keys, wanted)
    known = place < len(keys)
    known[known] = keys[place[known]] == wanted[known]
    return np.where(known, place, len(keys)).astype(np.int64)
