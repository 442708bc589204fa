"""What models ask of an HLA allele, and the kinds of alleles that their questions tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array
from riskscore.genetics.hla import HLAAllele, HLAName, covered
from riskscore.models.model import HaplotypeScheme, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import AminoAcidFactor, Factor, HLAAlleleFactor


@dataclass(frozen=True, slots=True)
class AlleleQuestion:
    """Whether an allele is among ``alleles``, or carries every one of ``residues``.

    With ``by_group`` an allele counts also by the first name of its G group, as where classes of
    haplotypes are told apart: DQB1*03:19 is there what DQB1*03:01 is.
    """

    gene: str
    alleles: tuple[HLAAllele, ...] = ()
    residues: tuple[tuple[int, str], ...] = ()
    by_group: bool = False

    def answer(self, name: HLAName, panel: ReferencePanel, population: str) -> bool | None:
        """None where the name is too coarse, or the table of residues lacks it."""
        if self.residues:
            return panel.residues.carries(name, self.residues)
        found = covered(self.alleles, name)
        if found is not True and self.by_group and isinstance(name, HLAAllele):
            first = panel.panel_name(name, population)
            if first != name:
                found = covered(self.alleles, first) or found
        return found


def question_of(factor: Factor) -> AlleleQuestion | None:
    """What a factor asks of one allele; None for a factor that asks nothing of one."""
    match factor:
        case HLAAlleleFactor():
            return AlleleQuestion(factor.gene, alleles=factor.alleles)
        case AminoAcidFactor():
            return AlleleQuestion(factor.gene, residues=factor.residues)
    return None


def class_questions(scheme: HaplotypeScheme) -> tuple[tuple[AlleleQuestion, ...], ...]:
    """What a scheme asks of the alleles of its genes, class by class."""
    return tuple(
        tuple(
            AlleleQuestion(gene, alleles=tuple(haplotype.alleles[gene]), by_group=True)
            for gene in scheme.genes
        )
        for haplotype in scheme.haplotypes
    )


def all_questions(models: Iterable[RiskModel]) -> tuple[AlleleQuestion, ...]:
    """Every question of some models, once each, in the order of the models."""
    found: dict[AlleleQuestion, None] = {}
    for model in models:
        for factor in model.factors:
            question = question_of(factor)
            if question is not None:
                found[question] = None
        if model.scheme:
            for several in class_questions(model.scheme):
                found.update(dict.fromkeys(several))
    return tuple(found)


def answers(
    questions: Sequence[AlleleQuestion],
    names: Sequence[HLAName],
    panel: ReferencePanel,
    population: str,
) -> Array:
    """1 for yes and 0 for no, shape (names, questions); nan where nothing can tell."""
    table = np.full((len(names), len(questions)), np.nan)
    for i, name in enumerate(names):
        for k, question in enumerate(questions):
            verdict = question.answer(name, panel, population)
            if verdict is not None:
                table[i, k] = float(verdict)
    return table
