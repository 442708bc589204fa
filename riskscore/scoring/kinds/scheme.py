"""The classes of a haplotype scheme: how often they are, and to which a typed haplotype belongs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from riskscore.genetics.hla import HLAName, covered
from riskscore.models.model import HaplotypeScheme
from riskscore.models.panel import ReferencePanel
from riskscore.scoring.link import Array

OTHER = "other"  # a haplotype that is none of the scheme's classes


def scheme_frequencies(scheme: HaplotypeScheme, panel: ReferencePanel, population: str) -> Array:
    """Frequency of each class of a scheme and, last, of all other haplotypes.

    The model's own frequencies where it gives them, else the panel's typed haplotypes, classed.
    """
    given = [h.frequency.get(population) for h in scheme.haplotypes]
    if all(share is not None for share in given):
        shares = [float(share) for share in given if share is not None]
    else:
        shares = [0.0] * len(scheme.haplotypes)
        for alleles, share in panel.drdq.get(population, ()):
            place = classify(scheme, {allele.gene: allele for allele in alleles})
            if place is not None and place < len(shares):
                shares[place] += share
    return np.array([*shares, max(0.0, 1 - sum(shares))])


def classify(scheme: HaplotypeScheme, alleles: Mapping[str, HLAName]) -> int | None:
    """The class of a typed haplotype; the number of classes for none; None if it cannot be told.

    Classes are tried in order of rank, each gene against the alleles the class allows.
    """
    unsure = False
    for place, haplotype in enumerate(scheme.haplotypes):
        verdicts = [covered(haplotype.alleles[gene], alleles[gene]) for gene in scheme.genes]
        if all(verdicts):
            return place
        unsure |= None in verdicts and False not in verdicts
    return None if unsure else len(scheme.haplotypes)
