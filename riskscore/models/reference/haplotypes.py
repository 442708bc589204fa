"""Haplotypes of the MHC: the alleles of seven HLA genes on one chromosome, with frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import PopulationError
from riskscore.files.tables import number_of
from riskscore.genetics.hla import HLAAllele

# In the order of the chromosome, from the telomere.
MHC_GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")


@dataclass(frozen=True)
class ReferenceHaplotypes:
    """The haplotypes of a panel of people, each once.

    ``codes`` (haplotypes, genes) are places in ``alleles``, which has the alleles of each gene in
    order of name; ``counts`` has by superpopulation on how many chromosomes each haplotype stands.

    >>> rows = [{"A": "01:01", "B": "08:01", "EUR": "3"}, {"A": "02:01", "B": "08:01", "EUR": "1"}]
    >>> table = ReferenceHaplotypes.of(rows, ("A", "B"), ("EUR",))
    >>> table.frequency("EUR").tolist()
    [0.75, 0.25]
    """

    genes: tuple[str, ...]
    alleles: tuple[tuple[HLAAllele, ...], ...]
    codes: NDArray[np.int64]
    counts: Mapping[str, Array]

    @classmethod
    def of(
        cls, rows: Sequence[Mapping[str, str]], genes: Sequence[str], populations: Sequence[str]
    ) -> ReferenceHaplotypes:
        """From rows with two fields of an allele by gene, and a count by superpopulation."""
        alleles, columns = [], []
        for gene in genes:
            names, codes = np.unique([row[gene] for row in rows], return_inverse=True)
            alleles.append(tuple(HLAAllele.parse(f"{gene}*{name}") for name in names.tolist()))
            columns.append(codes.ravel())
        counts = {p: np.array([float(row[p]) for row in rows]) for p in populations}
        return cls(tuple(genes), tuple(alleles), np.column_stack(columns), counts)

    def frequency(self, population: str) -> Array:
        """The share of chromosomes with each haplotype, in a superpopulation or a mixture of them.

        A mixture is written ``EUR=0.7,AFR=0.3``; its shares are brought to sum to 1. Raises
        PopulationError for a population that the panel does not have.
        """
        total = np.zeros(len(self.codes))
        for name, share in shares_of(population).items():
            if name not in self.counts:
                raise PopulationError(
                    f"there are no HLA haplotypes of the population {name!r}",
                    fix=f"choose among {', '.join(sorted(self.counts))}",
                )
            total += share * self.counts[name] / self.counts[name].sum()
        return total

    @property
    def pooled(self) -> Array:
        """The share of all chromosomes of the panel."""
        total = np.sum(list(self.counts.values()), axis=0)
        return np.asarray(total / total.sum())


NO_HAPLOTYPES = ReferenceHaplotypes((), (), np.zeros((0, 0), dtype=np.int64), {})


def shares_of(population: str) -> dict[str, float]:
    """The superpopulations of a mixture with shares that sum to 1; of a plain name, that alone.

    Raises PopulationError for shares that are no numbers, are negative, or are all 0.

    >>> shares_of("EUR=3,AFR=1")
    {'EUR': 0.75, 'AFR': 0.25}
    """
    if "=" not in population:
        return {population: 1.0}
    shares: dict[str, float] = {}
    for part in population.split(","):
        name, _, number = part.partition("=")
        try:
            share = number_of(number)
        except ValueError:
            share = -1.0
        if not 0 <= share < float("inf") or name.strip() in shares:
            raise PopulationError(
                f"{population!r} is no mixture of populations", fix="write EUR=0.7,AFR=0.3"
            )
        shares[name.strip()] = share
    total = sum(shares.values())
    if not total:
        raise PopulationError(f"the shares of {population!r} sum to 0")
    return {name: share / total for name, share in shares.items()}


def in_mixture(
    by_population: Mapping[str, float], population: str, otherwise: float | None = None
) -> float | None:
    """A frequency in a superpopulation or a mixture of them.

    ``otherwise`` is that of a part in which it is not known; without one there is none.

    >>> in_mixture({"EUR": 0.5, "AFR": 0.1}, "EUR=3,AFR=1"), in_mixture({"EUR": 0.5}, "AFR")
    (0.4, None)
    """
    if population in by_population:
        return by_population[population]
    total = 0.0
    for name, share in shares_of(population).items():
        own = by_population.get(name, otherwise)
        if own is None:
            return None
        total += share * own
    return total
