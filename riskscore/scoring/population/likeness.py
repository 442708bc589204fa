"""Which reference superpopulation a person's genotypes are most like.

The likelihood of a person's genotypes in each superpopulation, in Hardy-Weinberg proportions, over
loci taken as independent: variants whose frequency a model knows in all of them, and one HLA gene
of each part of the MHC (alleles of B and C, or of the DR-DQ genes, go together and would count
twice).
It describes; nothing is adjusted by it. People of mixed or of other descent are like several.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls

_PARTS = (("A",), ("B", "C"), ("DRB1", "DQB1", "DQA1"), ("DPB1", "DPA1"))
# Frequencies come from about 1,000 chromosomes: half a count is added to each of two alleles.
_CHROMOSOMES = 1000.0


@dataclass(frozen=True)
class Likeness:
    """``log_likelihood`` has shape (samples, populations), ``loci`` (samples,): how many were read.

    ``genes`` and ``variants`` are those that any person was compared by.
    """

    populations: tuple[str, ...]
    log_likelihood: Array
    loci: NDArray[np.int64]
    genes: tuple[str, ...]
    variants: tuple[str, ...]

    @property
    def posterior(self) -> Array:
        """The probability of each population, all being as likely beforehand; rows sum to 1."""
        top = self.log_likelihood.max(axis=1, keepdims=True)
        weight = np.exp(self.log_likelihood - top)
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def most_similar(self) -> list[str]:
        """By sample the most probable population; "" where no locus was read."""
        best = self.log_likelihood.argmax(axis=1)
        return [
            self.populations[place] if count else ""
            for place, count in zip(best.tolist(), self.loci.tolist(), strict=True)
        ]

    def rows(self, samples: Iterable[str]) -> list[dict[str, Any]]:
        """A row a sample: the most similar population, its probability, those of all, the loci."""
        posterior = self.posterior
        return [
            {
                "sample": sample,
                "most_similar": name,
                "posterior": float(posterior[i].max()) if name else float("nan"),
                **{
                    f"P_{population}": float(posterior[i, k]) if name else float("nan")
                    for k, population in enumerate(self.populations)
                },
                "loci": int(self.loci[i]),
            }
            for i, (sample, name) in enumerate(zip(samples, self.most_similar(), strict=True))
        ]


def likeness(cohort: Cohort, panel: ReferencePanel) -> Likeness:
    """Compare a cohort's people with the panel's superpopulations.

    The variants are those of the cohort's models.
    """
    populations = panel.populations
    total = np.zeros((len(cohort.samples), len(populations)))
    loci = np.zeros(len(cohort.samples), dtype=np.int64)
    variants = []
    for variant, frequency in _frequencies(cohort, populations).items():
        if cohort.dosages.match(variant).missing is not Missing.NOT_MISSING:
            continue
        copies = cohort.dosages.of(variant).astype(np.float64)
        known = ~np.isnan(copies)
        total[known] += _of_copies(copies[known], frequency)
        loci += known
        variants.append(variant.name)
    genes = []
    for part in _PARTS:
        gene = next((gene for gene in part if gene in cohort.hla.genes), None)
        if gene is None:
            continue
        likelihood = _of_gene(cohort.hla.genes[gene], panel, len(cohort.samples))
        known = cohort.hla.genes[gene].called(len(cohort.samples))
        total[known] += np.log(likelihood[known])
        loci += known
        genes.append(gene)
    return Likeness(populations, total, loci, tuple(genes), tuple(variants))


def _frequencies(cohort: Cohort, populations: tuple[str, ...]) -> dict[Variant, Array]:
    """The effect-allele frequencies of variants that are known in every population."""
    found = {}
    for model in cohort.models:
        for variant, table in model.frequencies.items():
            if all(population in table for population in populations):
                found[variant] = np.array([table[population] for population in populations])
    return found


def _smoothed(frequency: Array) -> Array:
    return (frequency * _CHROMOSOMES + 0.5) / (_CHROMOSOMES + 1)


def _of_copies(copies: Array, frequency: Array) -> Array:
    """Log-likelihood of dosages, shape (samples, populations)."""
    p = _smoothed(frequency)
    genotypes = np.stack([(1 - p) ** 2, 2 * p * (1 - p), p**2])
    nearness = np.maximum(0.0, 1 - np.abs(copies[:, None] - np.arange(3.0)))
    return np.asarray(np.log(nearness @ genotypes))


def _of_gene(calls: GeneCalls, panel: ReferencePanel, samples: int) -> Array:
    """Likelihood over the posterior of pairs, shape (samples, populations); 0 without a call."""
    shares = np.array(
        [
            [
                sum(
                    share
                    for listed, share in panel.alleles[population, calls.gene].items()
                    if panel.may_be_listed(name, listed, population)
                )
                for population in panel.populations
            ]
            for name in calls.alleles
        ]
    )
    p = _smoothed(shares.reshape(len(calls.alleles), len(panel.populations)))
    pairs = (
        p[calls.first] * p[calls.second] * np.where(calls.first == calls.second, 1.0, 2.0)[:, None]
    )
    weighted = pairs * calls.probability[:, None]
    return np.column_stack([np.bincount(calls.sample, column, samples) for column in weighted.T])
