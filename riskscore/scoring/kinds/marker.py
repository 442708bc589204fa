"""A variant that marks an HLA allele: where it was not read, the typed allele says what it is.

A model has the variant in place of the allele because arrays hold variants. So the allele itself
is as good an observation of what the weight stands for. Where both are known the variant counts,
since the weight was estimated of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.model import Marker, RiskModel
from riskscore.models.reference.haplotypes import in_mixture
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Coding, Factor, HLAAlleleFactor, VariantFactor
from riskscore.samples.cohort import Cohort
from riskscore.scoring.kinds.gene import GeneKind
from riskscore.scoring.kinds.kind import Answer, FactorStates, KindEvidence
from riskscore.scoring.kinds.variant import VariantKind


class MarkerKind(VariantKind):
    """The two alleles of a person at a variant that marks alleles of an HLA gene."""

    def __init__(
        self,
        name: str,
        factors: Sequence[VariantFactor],
        model: RiskModel,
        panel: ReferencePanel,
        population: str,
        marker: Marker,
    ) -> None:
        self._marks = marker
        variant = factors[0].variant
        present = variant.effect_allele == marker.present
        codings = [f.coding if present else _turned(f.coding) for f in factors]
        alleles = [HLAAlleleFactor(marker.gene, marker.alleles, coding) for coding in codings]
        self._gene = GeneKind(f"gene {marker.gene}", alleles, panel, population)
        known = marked_frequency(model, variant, marker, panel, population)
        super().__init__(name, factors, model, population, known)

    def measured(self, cohort: Cohort) -> bool:
        return super().measured(cohort) or self._marks.gene in cohort.hla.genes

    def by_copies(self, cohort: Cohort) -> bool:
        return super().by_copies(cohort) and self._marks.gene not in cohort.hla.genes

    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        read, typed = super().evidence(cohort, people), self._gene.evidence(cohort, people)
        absent = read.missing[:, 0] != Missing.NOT_MISSING
        from_typed = absent & (typed.missing[:, 0] == Missing.NOT_MISSING)
        readings = read.readings
        if from_typed.any():
            states = typed.readings[0].states.only(from_typed)
            readings = (*readings, FactorStates(self.factors, states))
        missing = np.where(from_typed[:, None], np.uint8(0), read.missing)
        return KindEvidence(self, readings, missing, from_typed=from_typed)

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        typed = self.evidence(cohort, slice(place, place + 1)).from_typed
        if typed is not None and typed[0]:
            return self._gene.words(self._gene.factors[0], cohort, place)
        return super().words(factor, cohort, place)

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        own = super().answer(factor, cohort)
        calls = cohort.hla.genes.get(self._marks.gene)
        if super().measured(cohort) or calls is None:
            return own
        record = f"HLA-{self._marks.gene}: {calls.source}"
        return replace(own, code="from_typed_allele", record=record, by_reason=True)


def marked_frequency(
    model: RiskModel, variant: Variant, marker: Marker, panel: ReferencePanel, population: str
) -> float:
    """The frequency of a marker's effect allele: its own, or by that of what it marks."""
    own = in_mixture(model.frequencies[variant], population)
    if own is not None:
        return own
    share = sum(panel.frequency(allele, population) for allele in marker.alleles)
    return share if variant.effect_allele == marker.present else 1 - share


def _turned(coding: Coding) -> Coding:
    """The coding of the other allele's copies, where the variant's letter means no HLA allele."""
    return Coding(coding.name, coding.values[::-1])
