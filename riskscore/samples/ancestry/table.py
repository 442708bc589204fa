"""The principal components of the reference people, and the SNPs by which others are placed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.files.inputs import reference_root, require_file
from riskscore.genetics.variant import Variant

FILE = "1000G_components.npz"
_BY_SNP = (
    "chromosome", "position_grch38", "position_grch37", "reference", "alternate", "mean",
    "loadings", "noise",
)  # fmt: skip
_PEOPLE = 32  # at a time, so that the numbers stay in a processor's cache


@dataclass(frozen=True)
class ComponentTable:
    """Loadings and means of SNPs, and the components of the reference people.

    ``mean`` (SNPs,) and ``loadings`` (SNPs, components) are of the number of effect alleles (the
    alternate letters): that of a person at ``v`` is expected to be ``mean + loadings @ v``.
    ``components`` (people, components) are where the reference people are, each column with a sum
    of 0 and a sum of squares of 1, and ``superpopulation`` (people,) places in ``populations``.
    """

    variants: tuple[Variant, ...]
    mean: Array
    loadings: Array
    components: Array
    superpopulation: NDArray[np.uint8]
    populations: tuple[str, ...]

    def __repr__(self) -> str:
        people, count = self.components.shape
        return f"ComponentTable({count} components of {len(self.mean):,} SNPs, {people:,} people)"

    def expected(self, components: Array) -> Array:
        """The frequency of each SNP's alternate letter at some places, (places, SNPs).

        The linear expectation leaves 0 to 1 now and then, and is clipped.
        """
        return np.clip((self.mean + components @ self.loadings.T) / 2, 0.0, 1.0)

    @cached_property
    def noise(self) -> Array:
        """By SNP the genotypes' variance around their expectation, mean over the people: 2f(1-f).

        As the people's components have a sum of squares of 1, it is also the sampling variance of
        each loading.
        """
        total = np.zeros(len(self.mean))
        for start in range(0, len(self.components), _PEOPLE):
            frequency = self.expected(self.components[start : start + _PEOPLE])
            total += (frequency * (1 - frequency)).sum(axis=0)
        return 2 * total / len(self.components)

    @cached_property
    def centres(self) -> Array:
        """The mean components of each superpopulation, (populations, components)."""
        return np.array(
            [self.components[self.of(k)].mean(axis=0) for k in range(len(self.populations))]
        )

    @cached_property
    def spreads(self) -> Array:
        """The covariance of the components in each superpopulation."""
        return np.array(
            [np.cov(self.components[self.of(k)].T) for k in range(len(self.populations))]
        )

    def of(self, population: int) -> NDArray[np.bool_]:
        """Which people belong to a superpopulation."""
        return np.asarray(self.superpopulation == population)


@cache
def component_table() -> ComponentTable:
    """The table of reference/ancestry/: 2,504 people of the 1000 Genomes Project, read once.

    >>> component_table()
    ComponentTable(4 components of 9,559 SNPs, 2,504 people)
    """
    return _table(scoring=False)


@cache
def scoring_table() -> ComponentTable:
    """The same with only the SNPs that are read where people are scored.

    >>> scoring_table()
    ComponentTable(4 components of 2,000 SNPs, 2,504 people)
    """
    return _table(scoring=True)


def _table(*, scoring: bool) -> ComponentTable:
    path = require_file(reference_root() / "ancestry" / FILE, "table of components")
    with np.load(path, allow_pickle=False) as stored:
        held = {name: stored[name] for name in stored.files}
    if scoring:
        chosen = held["scoring"]
        held |= {name: held[name][chosen] for name in _BY_SNP}
    columns = ("chromosome", "position_grch38", "position_grch37", "alternate", "reference")
    variants = tuple(
        Variant(f"{chromosome}:{new}", str(chromosome), new, old, alt.decode(), ref.decode(),
                ref.decode())
        for chromosome, new, old, alt, ref in zip(*(held[c].tolist() for c in columns), strict=True)
    )  # fmt: skip
    table = ComponentTable(
        variants,
        held["mean"].astype(np.float64),
        held["loadings"].astype(np.float64),
        held["components"].astype(np.float64),
        held["superpopulation"],
        tuple(held["populations"].tolist()),
    )
    vars(table)["noise"] = held["noise"].astype(np.float64)  # a second of work, stored
    return table
