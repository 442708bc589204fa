"""The kinds of measurement that a model reads, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    VariantFactor,
)
from riskscore.scoring.kinds.exposure import ExposureKind
from riskscore.scoring.kinds.gene import GeneKind
from riskscore.scoring.kinds.kind import Kind
from riskscore.scoring.kinds.marker import MarkerKind
from riskscore.scoring.kinds.mhc import MHCKind
from riskscore.scoring.kinds.variant import VariantKind

MHC = "MHC"


@dataclass(frozen=True)
class Kinds:
    """Kinds by name, and the name of the kind that has each measurement (``Factor.reads``)."""

    by_name: Mapping[str, Kind]
    of_measurement: Mapping[str, str]

    @classmethod
    def of_model(cls, model: RiskModel, panel: ReferencePanel, population: str) -> Kinds:
        """Those of a model, with their states in a population.

        The genes of which the panel has whole haplotypes are one kind. Raises PopulationError
        where a frequency is not known.
        """
        linked = {f"gene {gene}" for gene in panel.haplotypes.genes} | {"haplotypes"}
        names = {f.reads: MHC if f.reads in linked else f.reads for f in model.factors}
        members: dict[str, dict[Factor, None]] = {}
        for factor in model.factors:
            members.setdefault(names[factor.reads], {})[factor] = None
        kinds = {
            name: _kind(name, list(own), model, panel, population) for name, own in members.items()
        }
        return cls(kinds, names)

    def name(self, factor: Factor) -> str:
        """The name of the kind that a factor reads."""
        return self.of_measurement[factor.reads]

    def __getitem__(self, name: str) -> Kind:
        return self.by_name[name]

    def of(self, factor: Factor) -> Kind:
        """The kind that a factor reads."""
        return self.by_name[self.name(factor)]

    def read_by(self, factors: Sequence[Factor]) -> dict[str, list[Factor]]:
        """The kinds that some factors read, each with its factors, in their order."""
        found: dict[str, list[Factor]] = {}
        for factor in factors:
            found.setdefault(self.name(factor), []).append(factor)
        return found


def _kind(
    name: str, factors: Sequence[Factor], model: RiskModel, panel: ReferencePanel, population: str
) -> Kind:
    variants = [f for f in factors if isinstance(f, VariantFactor)]
    exposures = [f for f in factors if isinstance(f, ExposureFactor)]
    named = [f for f in factors if isinstance(f, HaplotypeFactor | DiplotypeFactor)]
    marker = model.marker(variants[0].variant) if variants else None
    if marker is not None:
        return MarkerKind(name, variants, model, panel, population, marker)
    if variants:
        return VariantKind(name, variants, model, population)
    if exposures:
        return ExposureKind(name, exposures, model.exposure(exposures[0].exposure))
    genes = [f for f in factors if isinstance(f, HLAAlleleFactor | AminoAcidFactor)]
    if name == MHC:
        return MHCKind(name, factors, model, panel, population, genes, named)
    return GeneKind(name, genes, panel, population)
