"""Pairs of haplotypes in files of the PGS Catalog, whose rows may add to those of haplotypes.

By serotypes a pair is written ``HLA-DR3/HLA-DR4; HLA-DQ8``.
``X`` is any haplotype that the file does not name. A haplotype may name fewer genes than
another; at a gene that it leaves out it has any allele.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import combinations_with_replacement

from riskscore.errors import HLAFormatError, ModelFormatError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_fields import FIRST_FIELDS
from riskscore.models.scoring_files.factors import parse_serotype
from riskscore.models.terms import (
    ADDITIVE,
    DiplotypeFactor,
    HaplotypeFactor,
    Term,
    counted_alone,
    factors_of,
)

Alleles = Mapping[str, tuple[HLAAllele, ...]]
ANY_OTHER = "X"


def serotype_haplotype(text: str) -> dict[str, tuple[HLAAllele, ...]]:
    """A haplotype's alleles by gene, from its serotypes joined by ``;``.

    >>> serotype_haplotype("HLA-DR4; HLA-DQ9")["DQB1"]
    (HLAAllele('DQB1*03:03'),)
    """
    factors = [parse_serotype(part, ADDITIVE) for part in text.split(";")]
    genes = {factor.gene: factor.alleles for factor in factors}
    if len(genes) < len(factors):
        raise HLAFormatError(f"{text!r} names two serotypes of one gene")
    return genes


def of_the_same_genes(haplotypes: Mapping[str, Alleles]) -> dict[str, Alleles]:
    """Haplotypes by name, each with all genes; at a gene it does not name it has any allele."""
    genes = sorted({gene for alleles in haplotypes.values() for gene in alleles})
    return {
        name: {gene: tuple(alleles.get(gene) or _any_allele(gene)) for gene in genes}
        for name, alleles in haplotypes.items()
    }


def require_all_pairs(terms: Iterable[Term], beside_any: Collection[str], file: str) -> None:
    """Raise ModelFormatError where a pair of two haplotypes that have rows with X has no row."""
    given = {factor.names for factor in factors_of(terms, DiplotypeFactor)}
    for first, second in combinations_with_replacement(sorted(beside_any), 2):
        if (first, second) not in given:
            whole = f"{first}/{second}"
            raise ModelFormatError(
                f"{' and '.join(dict.fromkeys((first, second)))} beside X leaves {whole} open",
                where=file,
                fix=f"add a row of {whole}, with weight 0 if it has none",
            )


def _any_allele(gene: str) -> tuple[HLAAllele, ...]:
    if gene not in FIRST_FIELDS:
        raise HLAFormatError(f"some haplotypes name HLA-{gene} and others do not")
    return tuple(HLAAllele(gene, (group,)) for group in sorted(FIRST_FIELDS[gene]))


def whole_pairs(terms: tuple[Term, ...], beside_any: Collection[str]) -> tuple[Term, ...]:
    """Terms whose pairs have their whole weight, from rows that are added to haplotypes' rows.

    In the catalog's format a pair's row adds to the rows of its haplotypes; in a model the pair's
    weight takes their place, as it does already where haplotypes are rows of pairs with X.
    """
    alone = counted_alone(terms, HaplotypeFactor)
    own = {factor.name: term.weight for term, factor in alone if factor.name not in beside_any}
    whole = []
    for term in terms:
        pair = term.factors[0]
        if isinstance(pair, DiplotypeFactor):
            added = sum(own.get(name, 0.0) for name in pair.names)
            term = _heavier(term, added) if added else term  # noqa: PLW2901
        whole.append(term)
    return tuple(whole)


def _heavier(term: Term, added: float) -> Term:
    return replace(
        term,
        weight=term.weight + added,
        source=f"{term.source}: {term.weight:g} and its two haplotypes' {added:g}",
    )
