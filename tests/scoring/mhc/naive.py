"""The posterior over pairs of haplotypes by enumeration: every pair, every phase, from the formula.

Written with dictionaries and loops from the docstrings of prior.py, phases.py and pairs.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from riskscore.models.reference.haplotypes import MHC_GENES

R, E, U, RAREST = 0.05, 0.01, 0.1, 1e-3
BLOCKS = (("A",), ("C", "B"), ("DRB1", "DQA1", "DQB1"), ("DPB1",))

Haplotype = tuple[str, ...]  # an allele a gene
Row = tuple[frozenset[str], frozenset[str], float]  # the alleles two names stand for, probability


@dataclass(frozen=True)
class Gene:
    """What is known of a gene in a person: rows, whether they are in phase, and the phase set."""

    rows: tuple[Row, ...]
    ordered: bool = False
    phase_set: int = 0


def prior(
    haplotype: Haplotype, genes: Sequence[str], own: Mapping[Haplotype, float],
    everybody: Mapping[Haplotype, float],
) -> float:  # fmt: skip
    """``own`` and ``everybody`` are frequencies of whole haplotypes of ``genes``."""
    blocks = [tuple(g for g in block if g in genes) for block in BLOCKS]
    numbers = [number for number, block in enumerate(blocks) if block]
    used = [blocks[number] for number in numbers]

    def frequency(table: Mapping[Haplotype, float], part: Sequence[str]) -> float:
        places = [genes.index(gene) for gene in part]
        return sum(share for h, share in table.items() if all(h[k] == haplotype[k] for k in places))

    def of_block(block: Sequence[str]) -> float:
        apart = 1.0
        for gene in block:
            apart *= frequency(everybody, (gene,))
        unseen = U if len(block) > 1 else 0.0
        others = (1 - unseen) * frequency(everybody, block) + unseen * apart
        return (1 - E) * frequency(own, block) + E * others

    total = 0.0
    for cuts in product((False, True), repeat=len(used) - 1):
        weight, piece, number = 1.0, list(used[0]), 1
        for border, cut in enumerate(cuts):
            whole = (1 - R) ** (numbers[border + 1] - numbers[border])
            weight *= 1 - whole if cut else whole
            if cut:
                weight *= of_block(piece) if number == 1 else frequency(own, piece)
                piece, number = [], 0
            piece += used[border + 1]
            number += 1
        total += weight * (of_block(piece) if number == 1 else frequency(own, piece))
    return total


def posterior(
    person: Mapping[str, Gene], genes: Sequence[str], alleles: Mapping[str, Sequence[str]],
    own: Mapping[Haplotype, float], everybody: Mapping[Haplotype, float], switch: float,
) -> dict[tuple[Haplotype, Haplotype], float]:  # fmt: skip
    """The probability of each ordered pair of haplotypes."""
    haplotypes = list(product(*(alleles[gene] for gene in genes)))
    weight = {h: prior(h, genes, own, everybody) for h in haplotypes}
    any_of = {gene: frozenset(alleles[gene]) for gene in genes}
    shares = {
        gene: {
            a: sum(
                (1 - E) * own.get(h, 0.0) + E * everybody[h]
                for h in everybody
                if h[genes.index(gene)] == a
            )
            for a in alleles[gene]
        }
        for gene in genes
    }
    unknown = {gene: Gene(((any_of[gene], any_of[gene], 1.0),)) for gene in genes}
    known = [person.get(gene, unknown[gene]) for gene in genes]
    found: dict[tuple[Haplotype, Haplotype], float] = {}
    for rows in product(*(gene.rows for gene in known)):
        evidence = 1.0
        for gene, (one, other, q) in zip(genes, rows, strict=True):
            a, b = (max(RAREST, sum(shares[gene][x] for x in name)) for name in (one, other))
            # q / (2 a b) for each of the two ways in which different names can stand
            evidence *= q / (a * b)
        for chance, turned in _phases(rows, known, switch):
            sides = [(b, a) if t else (a, b) for (a, b, _), t in zip(rows, turned, strict=True)]
            first = [h for h in haplotypes if all(x in s[0] for x, s in zip(h, sides, strict=True))]
            second = [
                h for h in haplotypes if all(x in s[1] for x, s in zip(h, sides, strict=True))
            ]
            for h1, h2 in product(first, second):
                mass = evidence * chance * weight[h1] * weight[h2]
                found[h1, h2] = found.get((h1, h2), 0.0) + mass
    total = sum(found.values())
    return {pair: mass / total for pair, mass in found.items()}


def _phases(
    rows: Sequence[Row], known: Sequence[Gene], switch: float
) -> Iterator[tuple[float, tuple[bool, ...]]]:
    """Each choice of which names lie on the first chromosome, with its probability."""
    free = [one != other for one, other, _ in rows]
    for turned in product(*((False, True) if f else (False,) for f in free)):
        chance, last = 1.0, None
        for turn, gene, different in zip(turned, known, free, strict=True):
            if not different:
                continue
            if gene.ordered:
                if last is not None and last[1] == gene.phase_set:
                    chance *= 1 - switch if turn == last[0] else switch
                else:
                    chance *= 0.5
                last = (turn, gene.phase_set)
            else:
                chance *= 0.5
        yield chance, turned


def by_block(pair: tuple[Haplotype, Haplotype], genes: Sequence[str]) -> tuple[object, ...]:
    """A pair with the two haplotypes of each block in any order."""
    first, second = (dict(zip(genes, h, strict=True)) for h in pair)
    blocks = [tuple(g for g in MHC_GENES if g in block and g in genes) for block in BLOCKS]
    return tuple(
        tuple(sorted([tuple(h[g] for g in block) for h in (first, second)])) for block in blocks
    )
