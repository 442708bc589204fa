"""Flags: in one short text, what of a person's genetic terms was not plainly observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask, Places
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.model import RiskModel
from riskscore.models.terms import FactorKind, HLAAlleleFactor, Part, Term
from riskscore.samples.cohort import Cohort
from riskscore.samples.loci.strand import AS_WRITTEN
from riskscore.scoring.design import DesignMatrix
from riskscore.scoring.kinds.states import alike
from riskscore.scoring.kinds.tags import single_allele
from riskscore.scoring.population.reference import Basis

_NAMED = 3  # terms named in a flag before it counts the rest
_EXCESS = 0.5  # tags that more likely than not count three haplotypes
_UNCERTAIN = 0.01  # variance of a typed HLA term above which its posterior is worth a flag

_BASIS_FLAGS: dict[Basis, list[str]] = {
    Basis.POPULATION: [],
    Basis.FILE: ["centred_on=file"],
    Basis.COHORT: ["centred_on=cohort"],
    Basis.NOTHING: ["not_centred"],
}


def flags_of(
    design: DesignMatrix,
    cohort: Cohort,
    people: range,
    unscored: Mask,
    basis: Basis,
) -> list[str]:
    """One text for each of ``people``, the cohort's places that ``design`` is of.

    Parts are separated by ``;``; the text is empty when all was observed without ambiguity.

    ``absent=Non_HLA(32)`` counts a component's lost terms; ``no_call=rs1,rs2`` names a few;
    ``tag=DRB1*15:01:rs3135388(EUR+AMR)`` says that a tag SNP stands in, and where it holds;
    ``centred_on=cohort`` or ``not_centred`` that the model brings no frequencies of a population;
    ``palindromes=as_written(3)`` that no frequency tells the strand of some, which are believed;
    ``imputed_hla=A,DRB1`` that these genes are imputed from SNPs and not typed;
    ``frequencies_from=EUR(36/41)`` that 36 of 41 SNPs take the frequencies of another population;
    ``from_typed_allele=HLA_Class_1(11)`` that variants are read from typed alleles they mark;
    ``weights_from=EUR`` that the weights come from people of another ancestry than the reference.
    """
    terms = design.model.terms
    genetic = [j for j, t in enumerate(terms) if t.part is Part.GENETIC and not t.fallback_for]
    fallback = [j for j, t in enumerate(terms) if t.fallback_for]
    alleles = list(design.tagged)
    states, kind = _states(design, genetic, fallback, unscored)
    known = cohort.question.population_known
    tags = [] if known else [f"population=unknown({cohort.population} taken)"]
    tags += _lost_tags(design.model, cohort)
    by_allele = _tag_flags([terms[j] for j in genetic], cohort)
    last = [
        *_as_written(design.model, cohort),
        *_BASIS_FLAGS[basis],
        *_ancestry_flags(design.model, cohort.population),
    ]
    reasons = _reason_flags([terms[j] for j in genetic], states[:, : len(genetic)])
    texts = []
    for pattern, own_reasons in zip(states[:, len(genetic) :], reasons, strict=True):
        used, tagged = pattern[: len(fallback)], pattern[len(fallback) : -3]
        untyped = {allele for allele, on in zip(alleles, tagged, strict=True) if on}
        parts = ["not_scored"] if pattern[-1] else []
        parts += own_reasons
        parts += [
            f"stand_in={terms[j].id} for HLA-{terms[j].fallback_for}"
            for j, on in zip(fallback, used, strict=True)
            if on
        ]
        parts += ["more_than_two_haplotypes"] if pattern[-2] else []
        own = [flag for allele, flag in by_allele.items() if _speaks(allele, untyped, cohort)]
        texts.append(";".join([*parts, *tags, *own, *last]))
    imputed = _imputed_flags(design.model, cohort, people)
    marked = _marker_flags(design)
    several = ((texts, kind), imputed, marked)
    codes = np.column_stack([code for _, code in several])
    first, kind = alike(codes)
    whole = [
        ";".join(filter(None, (told[k] for (told, _), k in zip(several, row, strict=True))))
        for row in codes[first].tolist()
    ]
    return [whole[k] for k in kind.tolist()]


def _ancestry_flags(model: RiskModel, population: str) -> list[str]:
    """That weights or frequencies are those of other people than the reference population."""
    told = []
    if model.ancestries and population not in model.ancestries:
        told.append(f"weights_from={'+'.join(sorted(model.ancestries))}")
    stand_ins = len(model.stand_ins(population))
    if stand_ins:
        source, every = model.stand_in_population, len(model.frequencies)
        told.append(f"frequencies_from={source}({stand_ins}/{every})")
    return told


def _marker_flags(design: DesignMatrix) -> tuple[list[str], Places]:
    """How many terms' variants were read from the typed HLA alleles that they mark, as texts, and
    which of them is of each person.
    """
    if not design.from_typed:
        return [""], np.zeros(len(design.samples), dtype=np.int64)
    who = np.column_stack(list(design.from_typed.values()))
    names = [design.model.terms[j].component for j in design.from_typed]
    kinds, row = np.unique(who, axis=0, return_inverse=True)
    told = []
    for kind in kinds:
        counts = Counter(name for name, on in zip(names, kind, strict=True) if on)
        listed = ",".join(f"{name}({n})" for name, n in counts.items())
        told.append(f"from_typed_allele={listed}" if listed else "")
    return told, row.ravel()


def _imputed_flags(model: RiskModel, cohort: Cohort, people: range) -> tuple[list[str], Places]:
    """The genes of the model that were imputed from SNPs and not typed, as texts, and which of
    them is of each person.
    """
    genes = [gene for gene in sorted(model.genes) if gene in cohort.hla.imputed]
    if not genes:
        return [""], np.zeros(len(people), dtype=np.int64)
    who = np.column_stack([cohort.hla.imputed[gene][people.start : people.stop] for gene in genes])
    kinds, row = np.unique(who, axis=0, return_inverse=True)
    named = [",".join(g for g, on in zip(genes, kind, strict=True) if on) for kind in kinds]
    return [f"imputed_hla={genes}" if genes else "" for genes in named], row.ravel()


def _states(
    design: DesignMatrix,
    genetic: list[int],
    fallback: list[int],
    unscored: Mask,
) -> tuple[NDArray[np.uint8], Places]:
    """The reason for each genetic term's gap, stand-ins, alleles by tag, and marks, a row for all
    samples of whom it is the same; and which row is of each sample.
    """
    terms, count = design.model.terms, len(design.samples)
    read = [{factor.kind for factor in terms[j].factors} for j in genetic]
    uncertain = np.array([kinds != {FactorKind.VARIANT} for kinds in read], dtype=bool)
    varied = uncertain.any() or fallback or design.tagged
    if not varied and not design.missing.any() and not unscored.any():
        return np.zeros((1, len(genetic) + 3), dtype=np.uint8), np.zeros(count, dtype=np.int64)
    doubt = np.zeros((count, len(genetic)), dtype=bool)
    doubt[:, uncertain] = design.variance[:, np.array(genetic, dtype=int)[uncertain]] > _UNCERTAIN
    # What more than two haplotypes leave open has a flag of its own.
    haplotypes = np.array([FactorKind.HAPLOTYPES in kinds for kinds in read], dtype=bool)
    doubt &= ~((design.excess > _EXCESS)[:, None] & haplotypes)
    reasons = design.missing[:, genetic].copy()
    reasons[(reasons == Missing.NOT_MISSING) & doubt] = Missing.AMBIGUOUS
    stands_in = design.missing[:, fallback] == Missing.NOT_MISSING
    by_tag = np.column_stack([*design.tagged.values(), np.zeros(count, dtype=bool)])
    marks = [reasons, stands_in, by_tag, design.excess > _EXCESS, unscored]
    state = np.column_stack(marks).astype(np.uint8)
    first, kind = alike(state)
    return state[first], kind


def _reason_flags(terms: list[Term], states: NDArray[np.uint8]) -> Iterator[list[str]]:
    """By row of reasons (rows, terms) the flags of those that are told, in order of the reason."""
    skipped = (Missing.NOT_MISSING, Missing.NOT_APPLICABLE, Missing.NOT_GIVEN)
    rows, places = np.nonzero(~np.isin(states, skipped))
    start = np.searchsorted(rows, np.arange(len(states) + 1)).tolist()
    codes, told = states[rows, places].tolist(), places.tolist()
    for first, last in pairwise(start):
        lost: dict[int, list[Term]] = {}
        for reason, place in zip(codes[first:last], told[first:last], strict=True):
            lost.setdefault(reason, []).append(terms[place])
        yield [f"{Missing(r).name.lower()}={_named(lost[r])}" for r in sorted(lost)]


def _named(terms: list[Term]) -> str:
    """A few terms by name, more as counts of components."""
    if len(terms) <= _NAMED:
        return ",".join(term.id for term in terms)
    counts = Counter(term.component for term in terms)
    return ",".join(f"{name}({n})" for name, n in counts.items())


def _speaks(allele: HLAAllele, untyped: set[HLAAllele], cohort: Cohort) -> bool:
    """Whether an allele's tag speaks of a person: nobody is typed, or this one is not."""
    return allele.gene not in cohort.hla.genes or allele in untyped


def _tag_flags(terms: list[Term], cohort: Cohort) -> dict[HLAAllele, str]:
    """A flag for each allele that a tag SNP stands for, with the populations where it holds.

    Of a weak tag it says r2 in this population instead.
    """
    flags: dict[HLAAllele, str] = {}
    for term in terms:
        for factor in term.factors:
            allele = single_allele([factor]) if isinstance(factor, HLAAlleleFactor) else None
            call = cohort.hla.tags.get(allele) if allele else None
            if allele and call:
                where = "+".join(sorted(p for p in call.tag.r2 if call.tag.holds(p)))
                if not cohort.question.population_known:
                    where = f"holds in {where}, population unknown"
                if call.weak:
                    where = f"weak, r2 {call.tag.r2_in(cohort.population) or 0.0:.2f}"
                flags[allele] = f"tag={allele}:{call.tag.variant.name}({where})"
    return flags


def _as_written(model: RiskModel, cohort: Cohort) -> list[str]:
    """How many palindromes are believed as they are written, with no frequency to decide them."""
    notes = [cohort.dosages.match(variant).note for variant in model.variants]
    count = sum(AS_WRITTEN in note.split("; ") for note in notes)
    return [f"palindromes=as_written({count})"] if count else []


def _lost_tags(model: RiskModel, cohort: Cohort) -> list[str]:
    """Haplotypes of the scheme whose tag is not in the file, where others are and speak."""
    scheme = model.scheme
    if scheme is None or all(gene in cohort.hla.genes for gene in scheme.genes):
        return []
    lost = [h.name for h in scheme.haplotypes if not h.tag or cohort.dosages.match(h.tag).missing]
    if not lost or len(lost) == len(scheme.haplotypes):
        return []
    return [f"haplotype_tags_missing={','.join(lost)}"]
