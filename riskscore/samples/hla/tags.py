"""Tag SNPs that stand in for HLA alleles of untyped genes, and the populations they hold in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import HLAAlleleFactor, factors_of
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.source import Source
from riskscore.samples.hla.calls import GeneCalls, TagCalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.samples.loci.loci import read_dosages


def taggable_alleles(models: Sequence[RiskModel]) -> tuple[HLAAllele, ...]:
    """Single alleles the models count: those a tag SNP could stand for."""
    return tuple(
        dict.fromkeys(
            factor.alleles[0]
            for model in models
            for factor in factors_of(model.terms, HLAAlleleFactor)
            if len(factor.alleles) == 1
        )
    )


def untyped_somewhere(
    alleles: Sequence[HLAAllele],
    genes: Mapping[str, GeneCalls],
    people: range,
    *,
    in_part: bool,
) -> tuple[HLAAllele, ...]:
    """Alleles whose gene is called in some people and, as far as is known, not in all.

    With ``in_part`` the people are a part of the file's, so that others may be untyped.
    """
    return tuple(
        allele
        for allele in alleles
        if allele.gene in genes and (in_part or not genes[allele.gene].called(len(people)).all())
    )


def tag_variants(
    alleles: Sequence[HLAAllele], panel: ReferencePanel, population: str, *, weak: bool = False
) -> tuple[Variant, ...]:
    """Variants of the tags that may be used: those that hold, or (``weak``) all measured."""
    return tuple(
        dict.fromkeys(
            tag.variant
            for allele in alleles
            for tag in panel.tags_of(allele, population)
            if tag.holds(population) or (weak and tag.r2_in(population) is not None)
        )
    )


def invalid_tags(
    alleles: Sequence[HLAAllele], panel: ReferencePanel, population: str
) -> frozenset[HLAAllele]:
    """Alleles that have tags, none of which holds in the population."""
    return frozenset(
        allele
        for allele in alleles
        if (tags := panel.tags_of(allele, population))
        and not any(tag.holds(population) for tag in tags)
    )


def tag_calls(
    alleles: Sequence[HLAAllele],
    panel: ReferencePanel,
    population: str,
    dosages: Dosages,
    *,
    weak: bool,
) -> dict[HLAAllele, TagCalls]:
    """For each allele the best tag that may be used and is in the file."""
    calls = {}
    for allele in alleles:
        for tag in panel.tags_of(allele, population):
            usable = tag.holds(population) or (weak and tag.r2_in(population) is not None)
            if usable and dosages.match(tag.variant).missing is Missing.NOT_MISSING:
                copies = dosages.of(tag.variant)
                calls[allele] = TagCalls(tag, copies, weak=not tag.holds(population))
                break
    return calls


def read_tags(
    source: Source,
    alleles: Sequence[HLAAllele],
    panel: ReferencePanel,
    population: str,
    build: Build,
    reading: Reading,
    people: range,
    *,
    weak: bool,
) -> dict[HLAAllele, TagCalls]:
    """Read tag SNPs from a source, and call alleles by them."""
    variants = tag_variants(alleles, panel, population, weak=weak)
    dosages = read_dosages(source, variants, build, {}, reading, people)
    return tag_calls(alleles, panel, population, dosages, weak=weak)
