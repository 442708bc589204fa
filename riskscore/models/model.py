"""A risk model: everything that one or several papers published for a disease, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from riskscore.errors import BuildMismatchError, ModelFormatError, PopulationError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.sex import Sex
from riskscore.genetics.variant import Variant
from riskscore.models.plain import PlainVariants
from riskscore.models.reference.haplotypes import in_mixture, shares_of
from riskscore.models.terms import (
    ExposureFactor,
    Factor,
    GeneFactor,
    Status,
    Term,
    VariantFactor,
    factors_of,
)

MOST_LETTERS = 80  # of a model's id
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")


class MissingPolicy(StrEnum):
    """What to do about a genetic term that was not observed in a person."""

    POPULATION_MEAN = "population_mean"  # the mean of the reference population, counted as missing
    REFUSE = "refuse"  # the person is not scored


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a binary or ordinal exposure, and its share of the reference population."""

    value: str
    aliases: tuple[str, ...]
    frequency: float


@dataclass(frozen=True)
class Exposure:
    """An exposure as people report it: levels, or a dose with its unit and plausible range.

    ``mean`` and ``sd`` (in ``unit``) describe a dose in the reference population. ``sex`` limits
    it to one sex. ``only_if`` names another exposure's level without which it does not apply.
    """

    id: str
    label: str
    levels: tuple[Level, ...] = ()
    unit: str = ""
    other_units: Mapping[str, float] = field(default_factory=dict)
    range: tuple[float, float] = (0.0, 0.0)
    per: float = 1.0
    mean: float = 0.0
    sd: float = 0.0
    sex: Sex | None = None
    only_if: tuple[str, str] | None = None
    weighted: bool = True
    description: str = ""
    source: str = ""
    status: Status = Status.FOUND
    frequency_source: str = ""
    frequency_status: Status = Status.RECALLED

    @property
    def is_dose(self) -> bool:
        return not self.levels


@dataclass(frozen=True, slots=True)
class NamedHaplotype:
    """One class of a haplotype scheme: its alleles by gene, its tag SNP, its rank and frequency.

    Without a tag it is called from typed alleles only.
    """

    name: str
    alleles: Mapping[str, tuple[HLAAllele, ...]]
    tag: Variant | None
    rank: int
    frequency: Mapping[str, float]
    source: str = ""
    status: str = ""

    def alike(self, other: NamedHaplotype) -> bool:
        """Whether two haplotypes share an allele in every gene that both name."""
        genes = set(self.alleles) & set(other.alleles)
        return bool(genes) and all(
            any(a.covers(b) or b.covers(a) for a in self.alleles[g] for b in other.alleles[g])
            for g in genes
        )


class Excess(StrEnum):
    """Which two haplotypes a person has whose tag SNPs count more than two."""

    RANK = "rank"  # the two of highest rank
    HOMOZYGOTE_FIRST = "homozygote_first"  # one counted twice, if any; else the two of highest rank


@dataclass(frozen=True, slots=True)
class HaplotypeScheme:
    """The haplotype classes that a model distinguishes, in order of rank, and their genes."""

    haplotypes: tuple[NamedHaplotype, ...]
    excess: Excess = Excess.RANK

    @property
    def genes(self) -> tuple[str, ...]:
        return tuple(self.haplotypes[0].alleles)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(haplotype.name for haplotype in self.haplotypes)


@dataclass(frozen=True, slots=True)
class Marker:
    """A SNP that marks alleles of an HLA gene: chromosomes with the base ``present`` carry one."""

    variant: str
    gene: str
    alleles: tuple[HLAAllele, ...]
    present: str
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class BaselineRisk:
    """The risk of the average person of one sex, as a probability over the horizon.

    ``ci`` is its 95% interval. ``population`` is empty for a risk that is used in any population
    without one of its own; ``horizon`` is the model's own unless it says otherwise.
    """

    sex: Sex
    value: float
    source: str
    status: Status
    ci: tuple[float, float] | None = None
    population: str = ""
    horizon: str = ""


@dataclass(frozen=True, slots=True)
class BaselineRates:
    """The tables of incidence and mortality from which a model's risk by age is computed.

    ``from_age`` and ``to_age`` are those of the model's own horizon. The table's rates are
    multiplied by ``factor``, whose ``source`` and ``status`` these are.
    """

    table: str
    mortality: str
    from_age: float
    to_age: float
    factor: float
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class Heritability:
    """The additive heritability of the disease's liability, with its source.

    ``fathers`` is the correlation of a child's liability with its father's, divided by the mean of
    those with both parents; for the mother it is 2 less that.
    """

    value: float
    source: str
    status: Status
    fathers: float = 1.0


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper that a model's numbers come from."""

    key: str
    text: str
    doi: str = ""
    pmid: str = ""


@dataclass(frozen=True)
class Beside:
    """Another model of the same disease whose risk is shown beside a model's own, and why.

    It needs no locus, gene or exposure that the model itself does not need.
    """

    model: RiskModel
    reason: str


@dataclass(frozen=True, slots=True)
class TypedAlone:
    """The model to use instead where HLA is typed, but the SNPs of a component are not."""

    model: str
    component: str


@dataclass(frozen=True)
class Example:
    """A case worked by hand: what is given, and what must come out."""

    name: str
    given: Mapping[str, object]
    expect: Mapping[str, object]
    working: str


@dataclass(frozen=True)
class Card:
    """What a user should know of a model: its disease, ancestry, use and limits.

    ``reporting`` answers, by key, the items of PRS-RS and TRIPOD+AI that have no other field.
    """

    disease: Mapping[str, str]
    outcome: str
    ancestry: str
    intended_use: str
    not_for: tuple[str, ...]
    limits: tuple[str, ...]
    performance: tuple[Mapping[str, str], ...]
    citations: tuple[Citation, ...]
    reporting: Mapping[str, str] = field(default_factory=dict)


def is_model_id(text: str) -> bool:
    """Whether a text can be a model's id: letters, digits, and after the first ``_ . -`` too.

    >>> is_model_id("PGS000021"), is_model_id("m/../t1d"), is_model_id("..")
    (True, False, False)
    """
    return len(text) <= MOST_LETTERS and _ID.fullmatch(text) is not None


@dataclass(frozen=True)
class RiskModel:
    """A model as data: its terms in order, and all that scoring them needs.

    ``checksum`` is the SHA-256 of the model's files together, and identifies its exact content.
    ``plain`` holds the variants of a genome-wide score, which are no terms. Without
    ``reference_populations`` no frequencies come with the model; that of ``stand_in_population``
    is taken for a variant whose own is not known. ``warnings`` are shown when the model is used.
    Raises ModelFormatError for an ``id`` that :func:`is_model_id` refuses.

    >>> from riskscore.models.catalog import load_model
    >>> load_model("ms-2013").genes
    ('A', 'DRB1')
    """

    id: str
    name: str
    version: str
    edition: str
    terms: tuple[Term, ...]
    card: Card
    horizon: str = ""
    baseline: tuple[BaselineRisk, ...] = ()
    rates: BaselineRates | None = None
    heritability: Heritability | None = None
    exposures: tuple[Exposure, ...] = ()
    scheme: HaplotypeScheme | None = None
    markers: tuple[Marker, ...] = ()
    missing: MissingPolicy = MissingPolicy.POPULATION_MEAN
    published_score: str = ""
    published_minimum_coverage: float = 1.0
    reference_populations: tuple[str, ...] = ("EUR",)
    stand_in_population: str = ""
    examples: tuple[Example, ...] = ()
    beside: Beside | None = None
    typed_alone: TypedAlone | None = None
    checksum: str = ""
    plain: PlainVariants | None = field(default=None, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not is_model_id(self.id):  # names of folders and files are made of it
            raise ModelFormatError(
                f"a model cannot be called {self.id[:MOST_LETTERS]!r}",
                fix=f"take up to {MOST_LETTERS} letters, digits, and _ . - (not first)",
            )

    def __repr__(self) -> str:
        counted = f"{len(self.terms):,} terms"
        counted += f" and {len(self.plain):,} plain variants" if self.plain is not None else ""
        return f"RiskModel({self.id!r}, version {self.version}, {self.edition}: {counted})"

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors of all terms, in order, with repeats."""
        return tuple(factor for term in self.terms for factor in term.factors)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All variants that the model reads: SNPs, members of SNP haplotypes, then tag SNPs."""
        read = [f.variant for f in factors_of(self.terms, VariantFactor)]
        found = [one for variant in read for one in variant.members or (variant,)]
        tags = [h.tag for h in self.scheme.haplotypes if h.tag] if self.scheme else []
        return tuple(dict.fromkeys(found + tags))

    @property
    def snp_haplotypes(self) -> tuple[Variant, ...]:
        """The SNP haplotypes that the model counts, each a variant with members."""
        found = [f.variant for f in factors_of(self.terms, VariantFactor)]
        return tuple(dict.fromkeys(variant for variant in found if variant.members))

    @property
    def genes(self) -> tuple[str, ...]:
        """The HLA genes of which the model counts alleles or residues, or has markers."""
        found = {factor.gene for factor in factors_of(self.terms, GeneFactor)}
        found |= set(self.scheme.genes if self.scheme else ())
        found |= {marker.gene for marker in self.markers}
        return tuple(sorted(found))

    @cached_property
    def frequencies(self) -> Mapping[Variant, Mapping[str, float]]:
        """Effect-allele frequency by variant and superpopulation."""
        return {f.variant: f.frequency for f in factors_of(self.terms, VariantFactor)}

    def frequency_in(self, variant: Variant, population: str) -> float | None:
        """The effect allele's frequency in a superpopulation or a mixture of them.

        That of the stand-in population where its own is not known; None without either.
        """
        known = self.frequencies[variant]
        return in_mixture(known, population, known.get(self.stand_in_population))

    def marker(self, variant: Variant) -> Marker | None:
        """The marker that a variant is; None for most variants."""
        return next((one for one in self.markers if one.variant == variant.name), None)

    def stand_ins(self, population: str) -> tuple[Variant, ...]:
        """The variants whose frequency in a population is that of the stand-in population.

        Variants that mark an HLA allele are left out, since the allele's frequency is known.

        >>> from riskscore.models.catalog import load_model
        >>> model = load_model("hashimoto")
        >>> len(model.stand_ins("EUR")), len(model.stand_ins("AFR")) > 30
        (0, True)
        """
        return tuple(
            variant
            for variant, known in self.frequencies.items()
            if population not in known
            and self.stand_in_population in known
            and not shares_of(population).keys() <= known.keys()
            and self.marker(variant) is None
        )

    def about_stand_ins(self, population: str) -> str:
        """A warning about frequencies taken from another population; empty if there are none."""
        count, every = len(self.stand_ins(population)), len(self.frequencies)
        source = self.stand_in_population
        if not count:
            return ""
        return (
            f"{count} of {every} SNPs of {self.id} take frequencies of {source}, since theirs in "
            f"{population} are not known: average and percentile are of HLA as in {population} and "
            f"of these SNPs as in {source}"
        )

    def exposure(self, name: str) -> Exposure:
        """The exposure with an id."""
        return next(exposure for exposure in self.exposures if exposure.id == name)

    def applies(self, term: Term, sex: Sex | None) -> bool:
        """Whether a term concerns people of this sex; a term of one sex needs a known sex."""
        limits = {self.exposure(f.exposure).sex for f in factors_of([term], ExposureFactor)}
        return limits <= {None, sex}

    @property
    def ancestries(self) -> frozenset[str]:
        """The superpopulations that the card says the weights came from; none where it says none.

        >>> from riskscore.models.catalog import load_model
        >>> sorted(load_model("ms").ancestries)
        ['EUR']
        """
        return frozenset(re.findall(r"\b(?:AFR|AMR|EAS|EUR|SAS)\b", self.card.ancestry))

    @property
    def horizons(self) -> tuple[str, ...]:
        """The horizons for which there is a baseline risk, the model's own first."""
        return tuple(dict.fromkeys(risk.horizon or self.horizon for risk in self.baseline))

    def baseline_risks(
        self, sex: Sex | None, population: str, horizon: str | None = None
    ) -> tuple[BaselineRisk, ...]:
        """The baseline risks of a sex, or of both where it is unknown.

        Those of the population if there are any, else those that name no population.
        Raises UsageError for a horizon the model does not have.
        """
        if horizon is not None and horizon not in self.horizons:
            raise UsageError(
                f"model {self.id} has no horizon {horizon!r}",
                fix=f"choose from: {', '.join(self.horizons)}" if self.horizons else "leave it out",
            )
        wanted = horizon or self.horizon
        risks = [r for r in self.baseline if (r.horizon or self.horizon) == wanted]
        risks = [r for r in risks if sex is None or r.sex is sex]
        own = [r for r in risks if r.population == population]
        return tuple(own or [r for r in risks if not r.population])

    def require_build(self, build: Build) -> None:
        """Raise BuildMismatchError if no variant of the model has a position in the build."""
        known = [variant.known_in(build) for variant in self.variants]
        if self.plain is not None:
            known.append(bool(self.plain.positions(build).any()))
        if known and not any(known):
            raise BuildMismatchError(
                f"model {self.id} has no position in {build}",
                where=self.id,
                fix=f"use a file in the other build, or a model with positions in {build} (for the "
                f"PGS Catalog: the scoring file ending in _hmPOS_{build}.txt.gz)",
            )

    def require_population(self, population: str) -> str:
        """The population, if every frequency the model needs is known there.

        Raises PopulationError if not.
        """
        named = shares_of(population)
        if self.reference_populations and not named.keys() <= set(self.reference_populations):
            raise PopulationError(
                f"model {self.id} has no reference frequencies for {population}",
                where=self.id,
                fix=f"choose --population from: {', '.join(self.reference_populations)}",
            )
        return population
