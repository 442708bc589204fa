"""The genes of the MHC: alleles, residues and haplotype classes, read from pairs of haplotypes.

Which alleles stand together on a chromosome is known of the population, so that the genes of the
MHC are one measurement: what is typed says something of what is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from riskscore.arrays import Array, Mask, Places, Reasons
from riskscore.errors import ModelError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import DiplotypeFactor, Factor, HaplotypeFactor, HLAFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import HaplotypeCalls, HLACalls
from riskscore.scoring.kinds.counting import coded
from riskscore.scoring.kinds.gene import answer_of_gene, of_chances, pairs_at_most, words_of_gene
from riskscore.scoring.kinds.kind import Answer, FactorStates, Kind, KindEvidence
from riskscore.scoring.kinds.scheme import Classes, own_frequencies
from riskscore.scoring.kinds.scheme_tags import DiplotypeCalls, called_from_tags
from riskscore.scoring.kinds.states import States, alike
from riskscore.scoring.kinds.tags import single_allele, tag_chances
from riskscore.scoring.mhc.pairs import HaplotypePairs, haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading

MHC = "MHC"  # its name among a model's kinds
_MOST_PAIRS = 500_000  # of haplotypes that are held; shipped models have 30,000 at most
_MOST_NUMBERS = 15_000_000  # of pairs by factors
_MOST_HAPLOTYPES = 12_000_000  # by factors


@dataclass(frozen=True)
class MHCEvidence(KindEvidence):
    """Evidence with the haplotypes of a scheme as tag SNPs call them.

    ``by_tags`` marks the people in whom tags are all that speaks of them, and ``excess`` is the
    probability that theirs count more than two haplotypes.
    """

    kind: MHCKind
    by_tags: Mask
    excess: Array

    def take(self, people: slice) -> Self:
        part = super().take(people)
        return replace(part, by_tags=self.by_tags[people], excess=self.excess[people])


class MHCKind(Kind):
    """The two haplotypes of a person over the HLA genes that a model reads."""

    def __init__(
        self, name: str, factors: Sequence[Factor], model: RiskModel, panel: ReferencePanel,
        population: str, genes: Sequence[HLAFactor],
        named: Sequence[HaplotypeFactor | DiplotypeFactor],
    ) -> None:  # fmt: skip
        self._panel, self._population = panel, population
        self._place = {factor: place for place, factor in enumerate(factors)}
        self._gene: dict[Factor, HLAFactor] = {factor: factor for factor in genes}
        self._read = tuple(genes)
        self._named = [place for place, factor in enumerate(factors) if factor in named]
        self.classes = Classes.of(model, named) if named and model.scheme else None
        self.reading = MHCReading.of([model], panel, population)
        self.factors = tuple(factors)
        super().__init__(name, factors, self._reference())

    def _reference(self) -> States:
        """The population's unordered pairs of haplotypes, those alike in every number as one.

        A model of some twenty alleles in many genes has too many pairs: of those of rare haplotypes
        some are drawn. Raises ModelError for a model with several hundred alleles.
        """
        haplotypes = self.reading.population
        if len(haplotypes.codes) * len(self._read) > _MOST_HAPLOTYPES:
            genes = ", ".join(self.reading.genes)
            raise ModelError(
                f"{len(self._read)} terms tell apart more haplotypes of {genes} than can be held",
                fix="make models of fewer of the genes, and add their scores up",
            )
        columns = [haplotypes.carried(factor) for factor in self._read]
        if self.classes:
            columns.append(haplotypes.classes(self.classes.scheme).astype(np.float64))
        table = np.column_stack(columns)
        head, kind = alike(table)
        told, share = table[head], np.bincount(kind, haplotypes.probability).astype(np.float64)
        most = min(_MOST_PAIRS, _MOST_NUMBERS // len(self.factors))
        first, second, probability = pairs_at_most(share, most)
        place = told[:, -1].astype(np.int64)
        numbers = self._numbers(
            [(told[first, k], told[second, k]) for k in range(len(self._read))],
            (place[first], place[second]),
        )
        return States.one(numbers, probability / probability.sum()).merged()

    def _numbers(
        self, carried: Sequence[tuple[Array, Array]], classes: tuple[Places, Places]
    ) -> Array:
        """Every factor's number for pairs of haplotypes, shape (pairs, factors)."""
        numbers = np.empty((len(classes[0]), len(self.factors)))
        for factor, (one, other) in zip(self._read, carried, strict=True):
            numbers[:, self._place[factor]] = _counted(factor, one, other)
        if self.classes:
            numbers[:, self._named] = self.classes.values(*classes)
        return numbers

    def evidence(self, cohort: Cohort, people: slice) -> MHCEvidence:
        rows = range(*people.indices(len(cohort.samples)))
        pairs = haplotype_pairs(self.reading, cohort.hla, rows, cohort.question.switch_error)
        table, states = self._posterior(pairs, len(rows))
        seen = pairs.missing == Missing.NOT_MISSING
        missing = np.zeros((len(rows), len(self.factors)), dtype=np.uint8)
        told = np.zeros(missing.shape, dtype=bool)
        readings = self._single_tags(cohort.hla, people, seen, missing, told)
        excess, by_tags = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
        if self.classes:
            calls, by_tags = self._scheme_tags(self.classes, cohort, rows, seen)
            if calls is not None:
                excess = np.where(by_tags, calls.excess, 0.0)
                missing[:, self._named] = np.where(by_tags, calls.missing, 0)[:, None]
                called = by_tags & (calls.missing == Missing.NOT_MISSING)
                told[:, self._named] = by_tags[:, None]
                own = tuple(self.factors[place] for place in self._named)
                readings.append(FactorStates(own, self.classes.states(calls).only(called)))
        readings += self._typed(table, states, told)
        return MHCEvidence(self, tuple(readings), missing, by_tags, excess)

    def _posterior(self, pairs: HaplotypePairs, people: int) -> tuple[Array, States]:
        """The numbers of every kind of pair, and by person which kinds are possible."""
        none = np.zeros(len(pairs.first), dtype=np.int64)
        numbers = self._numbers(
            [pairs.carried(factor) for factor in self._read],
            pairs.classes(self.classes.scheme) if self.classes else (none, none),
        )
        head, kind = alike(numbers)
        which = kind[pairs.pair].astype(np.float64)[:, None]
        states = States.of_rows(pairs.sample, which, pairs.probability, people)
        return numbers[head], states.merged().shared()

    def _typed(self, table: Array, states: States, told: Mask) -> list[FactorStates]:
        """What the posterior says of the factors of which no tag speaks.

        A gene that is not typed is in it, as it follows from the others.
        """
        readings = []
        head, pattern = alike(np.packbits(told, axis=1))
        for number, lost in enumerate(told[head]):
            own = np.flatnonzero(~lost)
            part = states.only(pattern == number)
            if len(own) and part.known.any():
                values = table[:, own][part.values[:, 0].astype(np.int64)]
                found = States(values, part.probability, part.block, part.of)
                factors = tuple(self.factors[place] for place in own)
                readings.append(FactorStates(factors, found.merged() if lost.any() else found))
        return readings

    def _single_tags(
        self,
        hla: HLACalls,
        people: slice,
        seen: Mask,
        missing: Reasons,
        told: Mask,
    ) -> list[FactorStates]:
        """What tag SNPs say of alleles of genes that are not typed; fills in reasons."""
        tagged: dict[HLAAllele, list[HLAFactor]] = {}
        for factor in self._read:
            place = self._place[factor]
            untyped = ~seen[:, self.reading.genes.index(factor.gene)]
            allele = single_allele([factor])
            reason = Missing.NO_CALL if factor.gene in hla.genes else Missing.ABSENT
            if allele is not None and allele in hla.tags:
                tagged.setdefault(allele, []).append(factor)
                known = ~np.isnan(hla.tags[allele].copies[people])
                told[:, place] = untyped & known
                missing[untyped & ~known, place] = Missing.NO_CALL
            else:
                invalid = allele in hla.invalid_tags
                missing[untyped, place] = Missing.TAG_NOT_VALID if invalid else reason
        readings = []
        for allele, own in tagged.items():
            chances = tag_chances(hla.tags[allele], self._panel, self._population, people)
            chances[~told[:, self._place[own[0]]]] = np.nan
            readings.append(FactorStates(tuple(own), of_chances(own, chances)))
        return readings

    def _scheme_tags(
        self, classes: Classes, cohort: Cohort, rows: range, seen: Mask
    ) -> tuple[DiplotypeCalls | None, Mask]:
        """Calls of the scheme's haplotypes from tags, and of whom they alone speak."""
        columns = [self.reading.genes.index(gene) for gene in classes.scheme.genes]
        untyped: Mask = ~np.any(seen[:, columns], axis=1)
        if cohort.haplotype_calls is HaplotypeCalls.PUBLISHED:
            untyped = np.ones(len(seen), dtype=bool)
        if not untyped.any():
            return None, untyped
        shares = own_frequencies(classes.scheme, self._population)
        if shares is None:
            haplotypes = self.reading.population
            place = haplotypes.classes(classes.scheme)
            shares = np.bincount(place, haplotypes.probability, len(classes.names)).astype(
                np.float64
            )
        return called_from_tags(cohort, classes.scheme, shares, rows), untyped

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        if factor in self._gene:
            return words_of_gene(self._gene[factor], cohort, place)
        assert self.classes is not None
        rows = range(place, place + 1)
        pairs = haplotype_pairs(self.reading, cohort.hla, rows, cohort.question.switch_error)
        calls, by_tags = self._scheme_tags(
            self.classes, cohort, rows, pairs.missing == Missing.NOT_MISSING
        )
        if calls is not None and by_tags[0]:
            first, second, probability = calls.first, calls.second, calls.probability
        else:
            one, other = pairs.classes(self.classes.scheme)
            first, second, probability = one[pairs.pair], other[pairs.pair], pairs.probability
        if not len(first):
            return "no haplotype call"
        key = np.minimum(first, second) * len(self.classes.names) + np.maximum(first, second)
        total = np.bincount(key, probability)
        best = [self.classes.names[k] for k in divmod(int(total.argmax()), len(self.classes.names))]
        source = "tags" if by_tags[0] else "typed alleles"
        return f"{best[0]} + {best[1]} (P {total.max():.3g}, {source})"

    def thing(self, factor: Factor) -> tuple[str, str]:
        if factor in self._gene:
            return "gene", f"HLA-{self._gene[factor].gene}"
        return "haplotypes", "DR-DQ"

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        if factor in self._gene:
            return answer_of_gene(self._gene[factor].gene, cohort)
        assert self.classes is not None
        typed = all(gene in cohort.hla.genes for gene in self.classes.scheme.genes)
        return Answer("found", "typed alleles" if typed else "tag SNPs", by_reason=True)


def _counted(factor: HLAFactor, one: Array, other: Array) -> Array:
    """A factor's number from whether, or how probably, each of two haplotypes is counted."""
    sure = coded(factor, one + other)
    if ((one == np.round(one)) & (other == np.round(other))).all():
        return sure
    none, single, both = factor.coding.values
    return np.asarray(
        (1 - one) * (1 - other) * none
        + (one * (1 - other) + other * (1 - one)) * single
        + one * other * both
    )
