"""Copies of an HLA allele by its tag SNP, where the gene itself is not typed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskscore.arrays import Array, Mask
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import HLAAlleleFactor, HLAFactor
from riskscore.samples.hla.calls import HLACalls, TagCalls


def tag_chances(calls: TagCalls, panel: ReferencePanel, population: str, span: slice) -> Array:
    """The probabilities of 0, 1 and 2 copies of a tag's allele in some samples, (samples, 3).

    A chromosome with the tag carries the allele as often as r2 and the frequencies say. Without a
    call of the tag they are nan.
    """
    d = calls.copies[span].astype(np.float64)
    none, two = np.clip(1 - d, 0, 1), np.clip(d - 1, 0, 1)
    counted = np.stack([none, 1 - none - two, two], axis=1)
    frequency = panel.frequency(calls.tag.allele, population)
    without, with_ = calls.tag.carriage(population, frequency)
    table = np.array(
        [_two_draws(p, q) for p, q in ((without, without), (without, with_), (with_, with_))]
    )
    return np.column_stack([_expected(counted, column) for column in table.T])


def people_by_tag(hla: HLACalls, samples: int, span: slice) -> dict[HLAAllele, Mask]:
    """By allele with a tag, of a gene that some are typed for: in whom the tag speaks."""
    return {
        allele: (~hla.genes[allele.gene].called(samples) & ~np.isnan(tag.copies))[span]
        for allele, tag in hla.tags.items()
        if allele.gene in hla.genes
    }


def _two_draws(p: float, q: float) -> tuple[float, float, float]:
    """The probabilities that none, one and both of two events of probability p and q come true."""
    return (1 - p) * (1 - q), p * (1 - q) + q * (1 - p), p * q


def _expected(chances: Array, values: Array) -> Array:
    """Expectations of values of 0, 1 and 2 copies, summed in that order."""
    return np.asarray(
        chances[:, 0] * values[0] + chances[:, 1] * values[1] + chances[:, 2] * values[2]
    )


def single_allele(factors: Sequence[HLAFactor]) -> HLAAllele | None:
    """The one allele all the factors count, if they count one and the same."""
    counted = {f.alleles if isinstance(f, HLAAlleleFactor) else () for f in factors}
    alleles = counted.pop() if len(counted) == 1 else ()
    return alleles[0] if len(alleles) == 1 else None
