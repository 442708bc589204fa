"""Terms: what a model counts in a person, how it counts it, and what each count weighs.

A term is a weight times a product of factors. One factor: an effect of its own. More than one:
an interaction. Each factor reads a count (or a dose) and turns it into a number by its coding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, TypeVar

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.variant import Variant


class Part(StrEnum):
    """The part of the score a term belongs to."""

    GENETIC = "genetic"
    EXPOSURE = "exposure"
    INTERACTION = "interaction"


class FactorKind(StrEnum):
    """The kind of measurement that a factor reads."""

    VARIANT = "variant"
    GENE = "gene"
    HAPLOTYPES = "haplotypes"
    EXPOSURE = "exposure"


class Status(StrEnum):
    """Where a number comes from. A recalled one is labelled wherever it is shown."""

    FOUND = "found"
    DERIVED = "derived"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Coding:
    """The numbers that 0, 1 and 2 copies count as; fractions are interpolated linearly.

    >>> ADDITIVE.values, RECESSIVE.values
    ((0.0, 1.0, 2.0), (0.0, 0.0, 1.0))
    """

    name: str
    values: tuple[float, float, float]


Z95 = 1.959963984540054  # how many standard errors a 95% interval reaches to each side
ADDITIVE = Coding("additive", (0.0, 1.0, 2.0))
DOMINANT = Coding("dominant", (0.0, 1.0, 1.0))
RECESSIVE = Coding("recessive", (0.0, 0.0, 1.0))
NO_COPY = Coding("absent", (1.0, 0.0, 0.0))
ONE_COPY = Coding("one copy", (0.0, 1.0, 0.0))
CODINGS = {coding.name: coding for coding in (ADDITIVE, DOMINANT, RECESSIVE, NO_COPY, ONE_COPY)}
COPIES = (NO_COPY, ONE_COPY, RECESSIVE)  # the coding of "exactly k copies"


@dataclass(frozen=True, slots=True)
class VariantFactor:
    """Copies of a variant's effect allele, 0 to 2, fractional when imputed."""

    kind: ClassVar[FactorKind] = FactorKind.VARIANT
    word: ClassVar[str] = "snp"
    gene: ClassVar[str] = ""
    position: ClassVar[int] = 0
    variant: Variant
    coding: Coding = ADDITIVE
    frequency: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def reads(self) -> str:
        """The measurement: one allele of a variant; two alleles of one SNP are two measurements."""
        return f"variant {self.variant.name}:{self.variant.effect_allele}"

    def __str__(self) -> str:
        return self.variant.name


@dataclass(frozen=True, slots=True)
class GeneFactor:
    """A count over a person's two alleles of a gene."""

    kind: ClassVar[FactorKind] = FactorKind.GENE
    gene: str

    @property
    def reads(self) -> str:
        """The measurement: the gene."""
        return f"gene {self.gene}"


@dataclass(frozen=True, slots=True)
class HLAAlleleFactor(GeneFactor):
    """How many of a person's two alleles of a gene are among ``alleles``."""

    word: ClassVar[str] = "allele"
    position: ClassVar[int] = 0
    alleles: tuple[HLAAllele, ...]
    coding: Coding = ADDITIVE
    name: str = ""

    def __str__(self) -> str:
        return self.name or "/".join(f"HLA-{allele}" for allele in self.alleles)


@dataclass(frozen=True, slots=True)
class AminoAcidFactor(GeneFactor):
    """How many of a person's two alleles of a gene carry every one of the residues.

    A residue of several letters stands for any one of them.
    """

    word: ClassVar[str] = "residue"
    residues: tuple[tuple[int, str], ...]
    coding: Coding = ADDITIVE

    @property
    def position(self) -> int:
        """The position of the first residue."""
        return self.residues[0][0]

    def __str__(self) -> str:
        return ";".join(f"HLA-{self.gene}:{position}{aa}" for position, aa in self.residues)


@dataclass(frozen=True, slots=True)
class SchemeFactor:
    """A count over a person's two haplotypes, which are classes of the model's scheme."""

    kind: ClassVar[FactorKind] = FactorKind.HAPLOTYPES
    word: ClassVar[str] = "haplotype"
    gene: ClassVar[str] = ""
    position: ClassVar[int] = 0
    coding: ClassVar[Coding] = ADDITIVE

    @property
    def reads(self) -> str:
        """The measurement: the two haplotypes of the scheme."""
        return "haplotypes"


@dataclass(frozen=True, slots=True)
class HaplotypeFactor(SchemeFactor):
    """Copies of a named haplotype of the model's scheme, where no diplotype takes its place."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class DiplotypeFactor(SchemeFactor):
    """1 if a person's two haplotypes are this unordered pair, which are then not counted singly."""

    names: tuple[str, str]

    def __str__(self) -> str:
        return "+".join(self.names)


@dataclass(frozen=True, slots=True)
class ExposureFactor:
    """1 at a level of an exposure; or, without a level, its dose in units of ``per``."""

    kind: ClassVar[FactorKind] = FactorKind.EXPOSURE
    word: ClassVar[str] = "exposure"
    gene: ClassVar[str] = ""
    position: ClassVar[int] = 0
    coding: ClassVar[Coding] = ADDITIVE
    exposure: str
    level: str = ""

    @property
    def reads(self) -> str:
        """The measurement: the exposure."""
        return f"exposure {self.exposure}"

    def __str__(self) -> str:
        return f"{self.exposure}={self.level}" if self.level else self.exposure


HLAFactor = HLAAlleleFactor | AminoAcidFactor
Factor = VariantFactor | HLAFactor | HaplotypeFactor | DiplotypeFactor | ExposureFactor
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Term:
    """One weighted row of a model.

    ``weight`` is a natural log odds ratio per unit of the product of ``factors``;
    ``standard_error`` is its standard error, None where none was published. A term with
    ``fallback_for`` counts only for people in whom that HLA gene is not typed, one with
    ``only_known`` only for people of whom that exposure is known.

    >>> from riskscore.models.catalog import load_model
    >>> term = load_model("ms").terms[0]
    >>> term.id, term.component, term.weight > 0
    ('HLA-DRB1*15:01', 'HLA', True)
    """

    id: str
    factors: tuple[Factor, ...]
    weight: float
    component: str
    source: str
    status: Status
    standard_error: float | None = None
    label: str = ""
    fallback_for: str = ""
    only_known: str = ""

    @property
    def part(self) -> Part:
        """The part of the score it belongs to: genes, exposures, or both."""
        exposed = [factor.kind is FactorKind.EXPOSURE for factor in self.factors]
        if not any(exposed):
            return Part.GENETIC
        return Part.EXPOSURE if all(exposed) else Part.INTERACTION


def factors_of(terms: Iterable[Term], kind: type[F]) -> tuple[F, ...]:
    """The factors of one class in terms, in order, with repeats.

    >>> from riskscore.models.catalog import load_model
    >>> terms = load_model("ms").terms
    >>> sorted({factor.gene for factor in factors_of(terms, GeneFactor)})
    ['A', 'B', 'DQA1', 'DQB1', 'DRB1']
    """
    return tuple(factor for term in terms for factor in term.factors if isinstance(factor, kind))


def counted_alone(terms: Iterable[Term], kind: type[F]) -> Iterator[tuple[Term, F]]:
    """The terms that consist of one factor, which is of a class; each with that factor.

    >>> from riskscore.models.catalog import load_model
    >>> found = counted_alone(load_model("t1d").terms, DiplotypeFactor)
    >>> all(term.id == "+".join(factor.names) for term, factor in found)
    True
    """
    for term in terms:
        if len(term.factors) == 1 and isinstance(factor := term.factors[0], kind):
            yield term, factor
