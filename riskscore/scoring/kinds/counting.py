"""Whether a factor counts an allele, and the number that its coding makes of copies."""

from __future__ import annotations

import numpy as np

from riskscore.arrays import Array
from riskscore.genetics.hla import HLAName, covered
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import AminoAcidFactor, HLAFactor, VariantFactor


def carries(factor: HLAFactor, allele: HLAName, panel: ReferencePanel) -> bool | None:
    """Whether an allele is counted by a factor; None when its name or the table cannot tell."""
    if isinstance(factor, AminoAcidFactor):
        return panel.residues.carries(allele, factor.residues)
    return covered(factor.alleles, allele)


def coded(factor: HLAFactor | VariantFactor, copies: Array) -> Array:
    """The factor's number for each count of copies; nan where the count is nan."""
    return np.asarray(np.interp(copies, (0.0, 1.0, 2.0), factor.coding.values))
