"""What models read of the MHC, and the reference population of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.genetics.hla import HLAName
from riskscore.models.model import HaplotypeScheme, RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import Factor
from riskscore.scoring.mhc.chromosomes import Chromosomes
from riskscore.scoring.mhc.evidence import GeneNames, Panel, gene_names, listed_answers
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import (
    AlleleQuestion,
    all_questions,
    class_questions,
    question_of,
)


@dataclass(frozen=True)
class MHCReading:
    """The genes that some models read, what they ask of their alleles, and a population.

    Genes of which the panel has no haplotypes are not among them.
    """

    panel: Panel
    prior: HaplotypePrior
    questions: tuple[AlleleQuestion, ...]
    _names: dict[tuple[str, tuple[HLAName, ...]], GeneNames] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _listed: dict[str, Array] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, models: Iterable[RiskModel], panel: ReferencePanel, population: str) -> MHCReading:
        """The reading of models together; ``population`` may be a mixture (EUR=0.7,AFR=0.3)."""
        questions = all_questions(models)
        prior = HaplotypePrior.of(panel.haplotypes, population, [q.gene for q in questions])
        return cls(Panel(panel, population, prior), prior, questions)

    @property
    def genes(self) -> tuple[str, ...]:
        return self.prior.genes

    @property
    def frequency(self) -> list[Array]:
        """By gene the frequencies of its alleles in the population."""
        return [self.panel.frequency[gene] for gene in self.genes]

    def asked(self, gene: str) -> tuple[AlleleQuestion, ...]:
        """The questions about one gene."""
        return tuple(question for question in self.questions if question.gene == gene)

    def names(self, gene: str, alleles: tuple[HLAName, ...] = ()) -> GeneNames:
        """The names of a gene's calls; worked out once."""
        if (gene, alleles) not in self._names:
            asked = self.asked(gene)
            if gene not in self._listed:
                self._listed[gene] = listed_answers(self.panel, gene, asked)
            self._names[gene, alleles] = gene_names(
                self.panel, gene, alleles, asked, self._listed[gene]
            )
        return self._names[gene, alleles]

    @cached_property
    def population(self) -> KindHaplotypes:
        """The haplotypes of the population by kinds, with probabilities that sum to 1."""
        names = [self.names(gene) for gene in self.genes]
        chromosomes = Chromosomes(self.prior, names, 0.0)
        blocks = [
            chromosomes.block(number, np.array([[names[gene].unknown for gene in block.genes]]))
            for number, block in enumerate(self.prior.blocks)
        ]
        found = chromosomes.haplotypes(blocks, np.zeros((1, len(blocks)), dtype=np.int64))
        kinds = HaplotypeKinds(self, tuple(own.answers for own in names))
        return KindHaplotypes(
            kinds, chromosomes.codes.kinds(found.code), found.weight / found.weight.sum()
        )


@dataclass(frozen=True)
class HaplotypeKinds:
    """What the kinds of each gene answer: ``answers`` by gene has shape (kinds, questions).

    An answer is 1 or 0, or a probability where nothing can tell.
    """

    reading: MHCReading
    answers: tuple[Array, ...]

    @property
    def genes(self) -> tuple[str, ...]:
        return self.reading.genes

    def carried(self, factor: Factor, kinds: Places) -> Array:
        """Whether haplotypes (n, genes) carry what a factor counts."""
        question = question_of(factor)
        if question is None:
            raise ValueError(f"{factor} asks nothing of an HLA allele")
        return self._answered(question, kinds)

    def classes(self, scheme: HaplotypeScheme, kinds: Places) -> Places:
        """The first class of a scheme that haplotypes (n, genes) belong to."""
        place = np.full(len(kinds), len(scheme.haplotypes), dtype=np.int64)
        for number, several in reversed(list(enumerate(class_questions(scheme)))):
            inside = np.ones(len(kinds), dtype=bool)
            for question in several:
                inside &= self._answered(question, kinds) > 0.5
            place[inside] = number
        return place

    def _answered(self, question: AlleleQuestion, kinds: Places) -> Array:
        gene = self.genes.index(question.gene)
        column = self.reading.asked(question.gene).index(question)
        return np.asarray(self.answers[gene][kinds[:, gene], column])


@dataclass(frozen=True)
class KindHaplotypes:
    """Haplotypes by kinds (haplotypes, genes), and the share of chromosomes that have each."""

    kinds: HaplotypeKinds
    codes: Places
    probability: Array

    def carried(self, factor: Factor) -> Array:
        """Whether each haplotype carries what a factor counts, shape (haplotypes,)."""
        return self.kinds.carried(factor, self.codes)

    def classes(self, scheme: HaplotypeScheme) -> Places:
        """The place of each haplotype's class in a scheme, its number of classes for none."""
        return self.kinds.classes(scheme, self.codes)
