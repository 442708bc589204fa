"""The population's haplotypes by hand: frequencies of one block of the MHC as models read it.

Counted from reference/hla/haplotypes.tsv and smoothed as scoring/mhc/prior.py says, with loops.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

from riskscore.models.model import HaplotypeScheme

HLA = Path(__file__).parents[2] / "reference" / "hla"
BLOCKS = (("A",), ("C", "B"), ("DRB1", "DQA1", "DQB1"), ("DPB1",))
POPULATIONS = ("AFR", "AMR", "EAS", "EUR", "SAS")
RECOMBINED, FROM_OTHERS, UNSEEN = 0.05, 0.01, 0.1

Frequencies = dict[tuple[str, ...], float]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with (HLA / "haplotypes.tsv").open() as stream:
        lines = [line for line in stream if not line.startswith("#")]
    return tuple(csv.DictReader(lines, delimiter="\t"))


def counted(genes: Sequence[str], populations: Sequence[str]) -> Frequencies:
    """The share of chromosomes with each haplotype of some genes."""
    found: dict[tuple[str, ...], float] = defaultdict(float)
    for row in _rows():
        found[tuple(row[g] for g in genes)] += sum(float(row[p] or 0) for p in populations)
    total = sum(found.values())
    return {haplotype: count / total for haplotype, count in found.items()}


def block(genes: Sequence[str], read: Sequence[str], population: str = "EUR") -> Frequencies:
    """The frequencies of the haplotypes of ``genes``, all that a model reads of one block.

    ``read`` are all the genes of the model. A block is whole with its neighbours, or cut off on
    both sides by recombination; only then it has haplotypes that the population has not shown.
    """
    own, everybody = counted(genes, [population]), counted(genes, POPULATIONS)
    used = [n for n, b in enumerate(BLOCKS) if set(b) & set(read)]
    place = next(k for k, n in enumerate(used) if set(genes) <= set(BLOCKS[n]))
    alone = 1.0
    for other in (place - 1, place + 1):
        if 0 <= other < len(used):
            alone *= 1 - (1 - RECOMBINED) ** abs(used[other] - used[place])
    apart = [counted([gene], POPULATIONS) for gene in genes]
    unseen = UNSEEN if len(genes) > 1 else 0.0
    found = {}
    for alleles in product(*(sorted(table) for table in apart)):
        haplotype = tuple(name for (name,) in alleles)
        independent = 1.0
        for table, name in zip(apart, haplotype, strict=True):
            independent *= table[(name,)]
        others = (1 - unseen) * everybody.get(haplotype, 0.0) + unseen * independent
        mine = own.get(haplotype, 0.0)
        smoothed = (1 - FROM_OTHERS) * mine + FROM_OTHERS * others
        found[haplotype] = alone * smoothed + (1 - alone) * mine
    return found


def alleles(gene: str, genes: Sequence[str], read: Sequence[str]) -> dict[str, float]:
    """The frequencies of one gene's alleles, "15:01", by those of its block."""
    found: dict[str, float] = defaultdict(float)
    for haplotype, share in block(genes, read).items():
        found[haplotype[list(genes).index(gene)]] += share
    return found


def scheme_shares(scheme: HaplotypeScheme, population: str = "EUR") -> list[float]:
    """The frequency of each class of a DR-DQ scheme and, last, of no class.

    An allele is of a class that names it, its first field, or the first name of its G group.
    """
    genes = ("DRB1", "DQA1", "DQB1")
    with (HLA / "g_groups.tsv").open() as stream:
        rows = csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t")
        first = {r["allele"]: r["group"] for r in rows if r["population"] == population}
    shares = [0.0] * (len(scheme.haplotypes) + 1)
    for haplotype, share in block(genes, genes, population).items():
        names = [f"{gene}*{fields}" for gene, fields in zip(genes, haplotype, strict=True)]
        place = next(
            (
                k
                for k, own in enumerate(scheme.haplotypes)
                if all(
                    any(
                        str(a) in (name, name.split(":")[0], first.get(name, name))
                        for a in own.alleles[gene]
                    )
                    for gene, name in zip(genes, names, strict=True)
                )
            ),
            len(scheme.haplotypes),
        )
        shares[place] += share
    return shares
