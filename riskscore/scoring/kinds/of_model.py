"""The kinds of measurement that a model reads, by name."""

from __future__ import annotations

from collections.abc import Sequence

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
from riskscore.scoring.kinds.kind import Kind, Kinds
from riskscore.scoring.kinds.marker import MarkerKind
from riskscore.scoring.kinds.mhc import MHC, MHCKind
from riskscore.scoring.kinds.variant import VariantKind


def kinds_of_model(model: RiskModel, panel: ReferencePanel, population: str) -> Kinds:
    """The kinds a model reads, with their states in a population.

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
    return Kinds(kinds, names)


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
