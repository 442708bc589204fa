"""The genes that are imputed, which of them together, and from which SNPs around them."""

from __future__ import annotations

from dataclasses import dataclass

# In the order of the chromosome.
GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")
# The middle of each gene in GRCh38 (Ensembl).
MIDDLE = {
    "A": 29_943_700,
    "C": 31_270_500,
    "B": 31_355_500,
    "DRB1": 32_584_000,
    "DQA1": 32_640_500,
    "DQB1": 32_663_000,
    "DPB1": 33_082_000,
}
# Where a panel's SNPs are looked for, in either build.
SPAN = (28_500_000, 34_000_000)


@dataclass(frozen=True)
class Window:
    """The ``most`` SNPs nearest to a gene, no farther than ``reach`` bases.

    A SNP weighs exp(-distance / decay).
    """

    reach: int
    decay: int
    most: int


NARROW = Window(500_000, 60_000, 300)
MIDDLING = Window(700_000, 120_000, 450)
WIDE = Window(900_000, 250_000, 600)
WIDEST = Window(1_500_000, 500_000, 900)


@dataclass(frozen=True)
class View:
    """A way to look at a region: what alleles are to be told apart, and from which SNPs.

    Distances count from the stretch between the outermost of ``genes``.
    """

    genes: tuple[str, ...]
    window: Window

    @property
    def stretch(self) -> tuple[int, int]:
        places = [MIDDLE[gene] for gene in self.genes]
        return min(places), max(places)


@dataclass(frozen=True)
class GeneRegion:
    """Genes that are imputed jointly, for they are inherited together.

    All views tell pairs of the region's haplotypes. Where genes are told ``apart``, a gene by
    itself is told by its own views alone, for SNPs that tell one gene's alleles apart can mislead
    about the other's.
    """

    genes: tuple[str, ...]
    views: tuple[View, ...]
    apart: bool = False


_DQ = ("DQA1", "DQB1")
REGIONS = (
    GeneRegion(("A",), (View(("A",), MIDDLING), View(("A",), WIDEST))),
    GeneRegion(
        ("C", "B"),
        (
            View(("C",), NARROW),
            View(("C",), WIDE),
            View(("B",), WIDE),
            View(("B",), WIDEST),
        ),
        apart=True,
    ),
    GeneRegion(
        ("DRB1", *_DQ),
        (
            View(_DQ, NARROW),
            View(_DQ, WIDEST),
            View(("DRB1", *_DQ), WIDEST),
            View(("DRB1",), WIDEST),
        ),
    ),
    GeneRegion(("DPB1",), (View(("DPB1",), NARROW), View(("DPB1",), WIDEST))),
)
