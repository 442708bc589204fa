"""The plan of a simulation: settings, loci, and HLA haplotypes by population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import PopulationError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant
from riskscore.models.model import NamedHaplotype, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import HLAAlleleFactor, factors_of
from riskscore.scoring.kinds.marker import marked_frequency
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.studies.simulation.tags import TagLink, tag_links

DRAWS_AT_MOST = 50_000_000  # people drawn at most, to find the cases of a rare disease


class HLARecords(StrEnum):
    """How HLA alleles stand in the VCF.

    ``A/T`` as HLA-TAPAS writes them (T present), ``P/A`` as SNP2HLA does (A absent, so that the
    dosage counts absence), ``none`` leaves only the SNPs.
    """

    PRESENT_ALT = "A/T"
    PRESENT_REF = "P/A"
    NONE = "none"


@dataclass(frozen=True)
class Settings:
    """The settings of a simulation. ``people`` counts families when ``trios`` is set.

    ``mixture`` gives the share of each superpopulation among the haplotypes, ``population`` the one
    that scores are measured against.
    """

    models: tuple[RiskModel, ...]
    people: int
    population: str
    mixture: Mapping[str, float]
    seed: int
    build: Build
    hla: HLARecords
    r2: float | None
    trios: bool
    cases: int | None
    controls: int | None
    disease: str
    prevalence: float | None
    liability: bool

    @property
    def drawn_from(self) -> str:
        """The population that haplotypes come from, a mixture by its shares."""
        if len(self.mixture) == 1:
            return next(iter(self.mixture))
        return ",".join(f"{name}={share!r}" for name, share in self.mixture.items())

    def __post_init__(self) -> None:
        """Raise UsageError for settings that contradict each other or are out of range."""
        if self.seed < 0:
            raise UsageError(f"a seed of {self.seed} is below 0")
        if self.r2 is not None and not 0 < self.r2 <= 1:
            raise UsageError(
                f"an imputation R2 of {self.r2:g} is not above 0 and at most 1",
                fix="leave it out for genotypes without error",
            )
        if self.prevalence is not None and not 0 < self.prevalence < 1:
            raise UsageError(f"a prevalence of {self.prevalence:g} is not between 0 and 1")
        self._check_counts()
        self._check_mixture()

    def _check_counts(self) -> None:
        if (self.cases is None) != (self.controls is None):
            raise UsageError("cases and controls are asked for together, or not at all")
        if self.cases is None:
            if self.people <= 0:
                raise UsageError(f"{self.people} people cannot be simulated", fix="say -n 1000")
            return
        if self.people:
            raise UsageError("say how many people, or how many cases and controls, not both")
        if self.trios:
            raise UsageError("families are drawn from the population, not by case and control")
        if self.cases < 0 or (self.controls or 0) < 0 or not self.cases + (self.controls or 0):
            raise UsageError("the numbers of cases and controls must be 0 or more, and not both 0")
        if self.disease not in {model.id for model in self.models}:
            raise UsageError(f"no model {self.disease!r} to define cases by")

    def _check_mixture(self) -> None:
        shares = list(self.mixture.values())
        if not shares or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise UsageError("the shares of the populations must be above 0 and sum to 1")
        for model in self.models:
            for name in (*self.mixture, self.population):
                model.require_population(name)
            if self.prevalence is None and not model.baseline:
                raise UsageError(
                    f"model {model.id} has no baseline risk", fix="say what the prevalence is"
                )


@dataclass(frozen=True)
class Locus:
    """A variant to draw: freely at ``frequency``, or with what it stands for.

    ``frequency`` is the effect allele's by population. A tag of a haplotype class follows the
    class; a tag of an HLA allele has the r2 with it that was measured in each population.
    """

    variant: Variant
    ref: str
    alt: str
    frequency: Mapping[str, float] = field(hash=False)
    haplotype: NamedHaplotype | None = None
    tag: Mapping[str, TagLink] = field(default_factory=dict, hash=False)

    @property
    def effect_is_alt(self) -> bool:
        return self.variant.effect_allele == self.alt

    @property
    def kind(self) -> str:
        return "haplotype tag" if self.haplotype else "HLA tag" if self.tag else "SNP"


@dataclass(frozen=True)
class HLAPool:
    """The distributions that HLA haplotypes are drawn from.

    ``priors`` has by population that of whole haplotypes, from which scores are measured too; a
    gene that the panel's haplotypes lack is drawn by itself, by its ``shares`` in each population.
    ``alleles`` lists each gene's alleles.
    """

    priors: Mapping[str, HaplotypePrior]
    alleles: Mapping[str, tuple[HLAAllele, ...]]
    shares: Mapping[tuple[str, str], Array]

    def allele_shares(self, population: str, gene: str) -> Array:
        """The share of each of a gene's alleles, as drawn."""
        prior = self.priors[population]
        if gene not in prior.genes:
            return self.shares[population, gene]
        place = prior.genes.index(gene)
        block = next(block for block in prior.blocks if place in block.genes)
        column = block.genes.index(place)
        own = np.bincount(block.codes[:, column], block.share, len(self.alleles[gene]))
        return np.asarray(own + block.apart * block.alleles[column])


def hla_pool(panel: ReferencePanel, populations: Sequence[str]) -> HLAPool:
    """Everything the populations carry; shares are made to sum to 1 (they are rounded)."""
    table = panel.haplotypes
    priors = {name: HaplotypePrior.of(table, name, table.genes) for name in populations}
    alone = {gene for population, gene in panel.alleles if population in populations}
    alone -= set(table.genes)
    alleles = dict(zip(table.genes, table.alleles, strict=True)) | {
        gene: tuple(
            sorted({a for name in populations for a in panel.alleles.get((name, gene), ())})
        )
        for gene in sorted(alone)
    }
    shares: dict[tuple[str, str], Array] = {}
    for name in populations:
        for gene in alone:
            own = panel.alleles[name, gene]
            share = np.array([own.get(allele, 0.0) for allele in alleles[gene]])
            shares[name, gene] = share / share.sum()
    return HLAPool(priors, alleles, shares)


def plan_loci(settings: Settings, panel: ReferencePanel) -> tuple[Locus, ...]:
    """The loci of the models and the tags of the HLA alleles they count, in the file's order.

    A variant that several models have is drawn once, at the frequency of the first.
    """
    loci = _Loci(settings.build)
    for model in settings.models:
        haplotypes = model.scheme.haplotypes if model.scheme else ()
        for haplotype in haplotypes:
            if haplotype.tag is not None:
                loci.add(haplotype.tag, haplotype.frequency, haplotype)
        for variant in model.frequencies:
            frequency = _require_drawable(variant, model, panel, settings)
            loci.add(variant, frequency)
    counted = {
        allele
        for model in settings.models
        for factor in factors_of(model.terms, HLAAlleleFactor)
        for allele in factor.alleles
    }
    for variant, links in tag_links(counted, set(settings.mixture), panel).items():
        loci.add(variant, {name: link.frequency for name, link in links.items()}, tag=links)
    return loci.sorted()


def _require_drawable(
    variant: Variant, model: RiskModel, panel: ReferencePanel, settings: Settings
) -> dict[str, float]:
    """The frequencies by population that a variant is drawn at."""
    if variant.members:
        raise UsageError(
            f"the haplotype {variant.name} cannot be drawn: its model does not say how often each "
            "of its SNPs stands without the others"
        )
    names = dict.fromkeys((*settings.mixture, settings.population))
    found = {name: model.frequency_in(variant, name) for name in names}
    if marker := model.marker(variant):
        found = {n: marked_frequency(model, variant, marker, panel, n) for n in names}
    unknown = [name for name in settings.mixture if found[name] is None]
    if unknown:
        raise PopulationError(
            f"the model does not say the frequency of {variant.name} in {unknown[0]}",
            fix="take a model with frequencies, or add allelefrequency_effect_" + unknown[0],
        )
    return {name: share for name, share in found.items() if share is not None}


class _Loci:
    """The loci gathered so far, a record each."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.found: dict[LocusKey, Locus] = {}

    def add(
        self,
        variant: Variant,
        frequency: Mapping[str, float],
        haplotype: NamedHaplotype | None = None,
        tag: Mapping[str, TagLink] | None = None,
    ) -> None:
        """Add a locus; of one that is there already, at most the reference base is added."""
        if not variant.other_allele:
            raise UsageError(
                f"the model does not say the other allele of {variant.name}, so it cannot be drawn"
            )
        key = locus_key(variant, self.build)
        old = self.found.get(key)
        ref = variant.reference_allele or (old.ref if old else variant.other_allele)
        alt = next(iter({variant.effect_allele, variant.other_allele} - {ref}))
        if old is None:
            self.found[key] = Locus(variant, ref, alt, frequency, haplotype, tag or {})
        else:
            self.found[key] = replace(old, ref=ref, alt=alt)

    def sorted(self) -> tuple[Locus, ...]:
        def order(locus: Locus) -> tuple[int, int, str]:
            own = locus.variant
            return chromosome_order(own.chromosome), own.position(self.build), own.name

        return tuple(sorted(self.found.values(), key=order))


LocusKey = tuple[str, int, frozenset[str]]


def locus_key(variant: Variant, build: Build) -> LocusKey:
    """The key by which two models' variants are the same record: position and alleles.

    Raises BuildMismatchError where the model does not say the place in this build.
    """
    letters = frozenset((variant.effect_allele, variant.other_allele))
    return variant.chromosome, variant.position(build), letters


def chromosome_order(name: str) -> int:
    """Chromosomes by number, X and Y after them."""
    return int(name) if name.isdigit() else {"X": 23, "Y": 24}.get(name, 25)
