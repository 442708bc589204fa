"""Tag SNPs that stand in for HLA alleles nobody typed, where they hold."""

from __future__ import annotations

from collections.abc import Sequence

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Variant
from riskscore.models.model import RiskModel
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import HLAAlleleFactor
from riskscore.samples.dosages import Dosages
from riskscore.samples.hla_calls import TagCalls


def taggable_alleles(models: Sequence[RiskModel]) -> tuple[HLAAllele, ...]:
    """Single alleles the models count: those a tag SNP could stand for."""
    return tuple(
        dict.fromkeys(
            factor.alleles[0]
            for model in models
            for factor in model.factors
            if isinstance(factor, HLAAlleleFactor) and len(factor.alleles) == 1
        )
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
            if tag.holds(population) or (weak and population in tag.r2)
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
    weak: bool = False,
) -> dict[HLAAllele, TagCalls]:
    """For each allele the best tag that may be used and is in the file."""
    calls = {}
    for allele in alleles:
        for tag in panel.tags_of(allele, population):
            usable = tag.holds(population) or (weak and population in tag.r2)
            if usable and dosages.match(tag.variant).missing is Missing.NOT_MISSING:
                copies = dosages.of(tag.variant)
                calls[allele] = TagCalls(tag, copies, weak=not tag.holds(population))
                break
    return calls
