"""A phased panel: SNPs of the MHC and HLA alleles on the same chromosomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant

UNKNOWN = -1  # the code of an allele that nobody typed
# GRCh38 minus GRCh37 between 29.5 and 33.4 Mb of chromosome 6: the same for all 127 variants of
# reference/ there whose positions in both builds were published.
_SHIFT = 32_223
_SHIFTED = (29_500_000, 33_400_000)


@dataclass(frozen=True)
class PhasedPanel:
    """People whose two chromosomes are known at SNPs and HLA genes.

    Rows 2i and 2i+1 of ``haplotypes`` (chromosomes, SNPs), uint8 0 or 1 copies of ``alternate``,
    and of ``codes`` (chromosomes, genes), places in the gene's ``alleles`` or UNKNOWN, are the
    chromosomes of person i, whose superpopulation is ``populations[population[i]]``. Alleles are
    written as two fields without the gene. ``positions`` (SNPs,) rise; letters are on the forward
    strand of ``build``.

    >>> panel = PhasedPanel(Build.GRCh38, np.array([29_942_000]), ("A",), ("G",),
    ...     np.array([[0], [1]], np.uint8), ("EUR",), np.array([0], np.uint8),
    ...     ("A",), (("01:01", "02:01"),), np.array([[0], [1]], np.int16))
    >>> panel.people, panel.variants[0].name, panel.variants[0].position(Build.GRCh37)
    (1, '6:29942000', 29909777)
    """

    build: Build
    positions: NDArray[np.int64]
    reference: tuple[str, ...]
    alternate: tuple[str, ...]
    haplotypes: NDArray[np.uint8]
    populations: tuple[str, ...]
    population: NDArray[np.uint8]
    genes: tuple[str, ...]
    alleles: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int16]

    @property
    def people(self) -> int:
        return len(self.population)

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The SNPs as variants whose effect allele is ``alternate``."""
        return tuple(
            Variant(f"6:{place}", "6", *self._places(place), alternate, reference)
            for place, reference, alternate in zip(
                self.positions.tolist(), self.reference, self.alternate, strict=True
            )
        )

    def _places(self, place: int) -> tuple[int | None, int | None]:
        """A position in GRCh38 and in GRCh37; None where the other build is not known."""
        low, high = _SHIFTED
        if self.build is Build.GRCh38:
            return place, place - _SHIFT if low <= place <= high else None
        return place + _SHIFT if low <= place + _SHIFT <= high else None, place

    def names(self, gene: str) -> tuple[HLAAllele, ...]:
        """The alleles of a gene, in the order of its codes."""
        return tuple(
            HLAAllele.parse(f"{gene}*{name}") for name in self.alleles[self.genes.index(gene)]
        )

    def of_people(self, people: NDArray[np.int64]) -> PhasedPanel:
        """The panel of some of its people, by their places."""
        rows = np.stack([2 * people, 2 * people + 1], axis=1).ravel()
        return replace(
            self,
            haplotypes=self.haplotypes[rows],
            population=self.population[people],
            codes=self.codes[rows],
        )

    def genotypes(self) -> NDArray[np.uint8]:
        """Copies of ``alternate`` in each person, (people, SNPs)."""
        return self.haplotypes[0::2] + self.haplotypes[1::2]
