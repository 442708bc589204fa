"""What can be tested in a cohort: HLA alleles, residues, haplotypes, SNPs and exposures.

Each candidate is a model's term without a weight, so the numbers come from the same design matrix
as scores do, with the same care for ambiguity and for what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import NothingMatchedError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.model import (
    Card,
    Exposure,
    HaplotypeScheme,
    NamedHaplotype,
    RiskModel,
)
from riskscore.models.reference.panel import DRDQ, ReferencePanel, reference_panel
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    ExposureFactor,
    Factor,
    FactorKind,
    HaplotypeFactor,
    HLAAlleleFactor,
    HLAFactor,
    Status,
    Term,
    VariantFactor,
    factors_of,
)
from riskscore.samples.cohort import Cohort
from riskscore.scoring.design import design_matrix
from riskscore.scoring.kinds.counting import coded
from riskscore.scoring.population.build import build_reference

KINDS = ("allele", "residue", "haplotype", "snp", "exposure")
_CODINGS = {
    "additive": (ADDITIVE,),
    "dominant": (DOMINANT,),
    "recessive": (RECESSIVE,),
    # One copy against none, and what the second adds to the first.
    "general": (DOMINANT, RECESSIVE),
}
_CODED = (FactorKind.VARIANT, FactorKind.GENE)  # whose copies can be counted in each coding
NO_CARD = Card({}, "", "", "", (), (), (), ())
_COMMON = 0.005  # a haplotype rarer than this in the population cannot be phased from genotypes


@dataclass(frozen=True)
class Candidate:
    """A column that can be tested. ``group`` gathers those tested together: a position, a locus.

    ``locus`` is where a SNP lies in the cohort's build, and ``effect_allele`` what is counted.
    """

    name: str
    kind: str
    group: str
    term: Term | None = None
    gene: str = ""
    position: int = 0
    coding: str = "additive"
    locus: str = ""
    effect_allele: str = ""
    other_allele: str = ""

    @property
    def counts_copies(self) -> bool:
        return self.coding in _CODINGS and self.kind != "exposure"


@dataclass(frozen=True)
class Candidates:
    """Candidates and their numbers, ``values`` of shape (samples, candidates), nan if unknown.

    ``model`` holds the exposures and the haplotype scheme the terms refer to.
    """

    samples: tuple[str, ...]
    columns: tuple[Candidate, ...]
    values: Array
    model: RiskModel
    population: str = "EUR"

    def only(self, places: Sequence[int]) -> Candidates:
        """Some of the candidates, by their places."""
        return replace(
            self,
            columns=tuple(self.columns[j] for j in places),
            values=self.values[:, list(places)],
        )


def codings_of(name: str) -> tuple[Coding, ...]:
    """The codings of a name, one or two; raises UsageError for an unknown name."""
    if name not in _CODINGS:
        raise UsageError(f"no coding {name!r}", fix=f"use one of: {', '.join(_CODINGS)}")
    return _CODINGS[name]


def cohort_candidates(cohort: Cohort, kinds: Sequence[str], coding: str = "additive") -> Candidates:
    """Everything of the ``kinds`` asked for that can be tested in a cohort.

    The kind ``model`` stands for the terms of the model that the cohort was read for.

    Raises UsageError for an unknown kind, NothingMatchedError when there is nothing of the kinds.
    """
    unknown = set(kinds) - {*KINDS, "model"}
    if unknown:
        raise UsageError(
            f"no kind of term {sorted(unknown)[0]!r}", fix=f"use {', '.join(KINDS)} or model"
        )
    panel = reference_panel()
    if "model" in kinds:
        if len(kinds) > 1 or len(cohort.models) != 1:
            raise UsageError("the kind model stands alone, with a cohort read for one model")
        model = cohort.models[0]
        found = [
            _of_term(t)
            for t in model.terms
            if not t.fallback_for and t.weight  # a weight of 0 is the paper's reference
        ]
    else:
        scheme = _scheme(cohort, panel) if "haplotype" in kinds else None
        found = [
            _located(candidate_of(factor, each), cohort.build)
            for factor in _factors(cohort, panel, kinds, scheme)
            for each in (codings_of(coding) if factor.kind in _CODED else (ADDITIVE,))
        ]
        model = _study_model(cohort, scheme)
    if not found:
        raise NothingMatchedError(f"the cohort has nothing of the kind {' or '.join(kinds)}")
    return _read(cohort, found, model, whole="model" in kinds)


def carried(cohort: Cohort, factors: Sequence[HLAFactor | VariantFactor]) -> Array:
    """Whether each person carries each factor's allele, 1 or 0, or how likely that is.

    Shape (samples, factors), nan where it is not known.
    """
    found = [candidate_of(factor, DOMINANT) for factor in factors]
    return _read(cohort, found, _study_model(cohort, None), whole=False).values


def _read(
    cohort: Cohort, found: Sequence[Candidate], model: RiskModel, *, whole: bool
) -> Candidates:
    """The numbers of candidates in a cohort; ``whole`` reads all terms of a model together."""
    panel = reference_panel()
    terms = tuple(c.term for c in found if c.term)
    model = replace(model, terms=tuple(replace(term, weight=0.0) for term in terms))
    values = np.empty((len(cohort.samples), len(terms)))
    for j, candidate in enumerate(found):
        if candidate.kind == "snp" and not whole:
            (factor,) = factors_of([terms[j]], VariantFactor)
            values[:, j] = coded(factor, cohort.dosages.of(factor.variant).astype(np.float64))
    for places in _read_together(found, whole=whole):
        own = replace(model, terms=tuple(model.terms[j] for j in places))
        if not any(found[j].kind == "haplotype" for j in places):
            own = replace(own, scheme=None if not whole else own.scheme)
        design = design_matrix(cohort, build_reference(own, panel, cohort.population))
        # A term that does not concern a person (another sex's exposure) is at its reference level.
        values[:, places] = np.where(design.missing == Missing.NOT_APPLICABLE, 0.0, design.values)
    return Candidates(cohort.samples, tuple(found), values, model, cohort.population)


def _read_together(found: Sequence[Candidate], *, whole: bool) -> list[list[int]]:
    """The places of candidates that are read at once: a gene's, the haplotypes, the exposures.

    SNPs are read as they stand. All alleles of all genes at once would distinguish every haplotype
    of the population, whose pairs do not fit in memory.
    """
    if whole:
        return [list(range(len(found)))]
    groups: dict[str, list[int]] = {}
    for j, candidate in enumerate(found):
        if candidate.kind != "snp":
            groups.setdefault(candidate.gene or str(candidate.kind == "haplotype"), []).append(j)
    return list(groups.values())


def _located(candidate: Candidate, build: Build) -> Candidate:
    """A candidate SNP with its position and alleles; any other candidate unchanged."""
    factor = candidate.term.factors[0] if candidate.term else None
    if not isinstance(factor, VariantFactor) or not factor.variant.known_in(build):
        return candidate
    variant = factor.variant
    return replace(
        candidate,
        locus=f"{variant.chromosome}:{variant.position(build)}",
        effect_allele=variant.effect_allele,
        other_allele=variant.other_allele,
    )


def _study_model(cohort: Cohort, scheme: HaplotypeScheme | None) -> RiskModel:
    exposures = {e.id: e for model in cohort.models for e in model.exposures}
    return RiskModel(
        id="study", name="study", version="0.0.0", edition="study", terms=(),
        card=NO_CARD, exposures=tuple(exposures.values()),
        scheme=scheme, reference_populations=(cohort.population,),
    )  # fmt: skip


def _factors(
    cohort: Cohort, panel: ReferencePanel, kinds: Sequence[str], scheme: HaplotypeScheme | None
) -> list[Factor]:
    found: list[Factor] = []
    genes = cohort.hla.genes
    if "allele" in kinds:
        found += [
            HLAAlleleFactor(g, (a,))
            for g, c in genes.items()
            for a in c.alleles
            if isinstance(a, HLAAllele)
        ]
    if "residue" in kinds:
        for gene, position in panel.residues.places:
            if gene in genes:
                seen = {panel.residues.residue(a, position) for a in genes[gene].alleles}
                residues = sorted(r for r in seen if r and len(r) == 1 and r.isalpha())
                found += [AminoAcidFactor(gene, ((position, r),)) for r in residues]
    if "haplotype" in kinds and scheme:
        found += [HaplotypeFactor(name) for name in scheme.names]
    if "snp" in kinds:
        known = {v: f for model in cohort.models for v, f in model.frequencies.items()}
        for match in cohort.dosages.matches:
            if not match.missing:
                own = {cohort.population: float(match.frequency)}
                found.append(VariantFactor(match.variant, ADDITIVE, known.get(match.variant, own)))
    if "exposure" in kinds:
        exposures = {e.id: e for model in cohort.models for e in model.exposures}
        given = [e for e in exposures.values() if e.id in cohort.exposures.columns]
        found += [f for e in given for f in _exposure_factors(e)]
    return found


def _exposure_factors(exposure: Exposure) -> list[Factor]:
    if exposure.is_dose:
        return [ExposureFactor(exposure.id)]
    return [ExposureFactor(exposure.id, level.value) for level in exposure.levels[1:]]


def _scheme(cohort: Cohort, panel: ReferencePanel) -> HaplotypeScheme | None:
    """The common DRB1~DQA1~DQB1 haplotypes of the population, called from typed alleles."""
    if not all(gene in cohort.hla.genes for gene in DRDQ):
        return None
    common = sorted(
        (h for h in panel.drdq.get(cohort.population, ()) if h[1] >= _COMMON), key=lambda h: -h[1]
    )
    return HaplotypeScheme(
        tuple(
            NamedHaplotype(
                "~".join(str(allele) for allele in alleles),
                {allele.gene: (allele,) for allele in alleles},
                None, rank, {cohort.population: share},
            )
            for rank, (alleles, share) in enumerate(common, start=1)
        )
    )  # fmt: skip


def _of_term(term: Term) -> Candidate:
    """A model's term as a candidate; the coding of a product of factors is "product"."""
    first = term.factors[0]
    coding = "product" if len(term.factors) > 1 else first.coding.name
    return Candidate(term.id, first.word, term.id, term, first.gene, first.position, coding)


def candidate_of(factor: Factor, coding: Coding) -> Candidate:
    """A factor, counted in a coding, as a candidate."""
    base = str(factor)
    name = base if coding is ADDITIVE else f"{base} ({coding.name})"
    group = f"HLA-{factor.gene}:{factor.position}" if factor.position else base
    part = "Exposures" if factor.kind is FactorKind.EXPOSURE else "Genetic"
    if isinstance(factor, VariantFactor | HLAFactor):
        factor = replace(factor, coding=coding)
    term = Term(name, (factor,), 0.0, part, "this study", Status.DERIVED)
    return Candidate(name, factor.word, group, term, factor.gene, factor.position, coding.name)
