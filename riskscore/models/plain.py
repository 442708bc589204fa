"""The plain variants of a genome-wide scoring file, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Positions, Words
from riskscore.genetics.build import Build

PLAIN_CODINGS = ("additive", "dominant", "recessive")


@dataclass(frozen=True, eq=False)
class PlainVariants:
    """One entry for each variant in every array, in the order of the file.

    Positions are 0 in a build that is not known, ``other_allele`` is empty where it is not given,
    letters are upper case, chromosomes have no prefix. ``weight`` is on the scale of the model
    (log odds ratios); ``coding`` indexes PLAIN_CODINGS; ``frequency`` is the effect allele's, by
    superpopulation or ``file``, nan where empty. ``line`` is the line of the file.
    """

    name: Words
    chromosome: Words
    position_grch38: Positions
    position_grch37: Positions
    effect_allele: Words
    other_allele: Words
    weight: Array
    coding: NDArray[np.uint8]
    frequency: Mapping[str, Array]
    line: NDArray[np.int64]
    source: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def placed(self) -> bool:
        """Whether any variant has a position."""
        return bool(self.position_grch38.any() or self.position_grch37.any())

    def positions(self, build: Build) -> Positions:
        """Positions in one build, 0 where unknown; shape (variants,)."""
        return self.position_grch38 if build is Build.GRCh38 else self.position_grch37
