"""What a file says of one HLA gene of people, as likelihoods of the panel's alleles.

A name is a set of alleles: DRB1*04 stands for all that it begins, DQA1*05:05 for the group that
the panel lists as DQA1*05:01, and an allele that the panel does not list for those of its first
field, whose place on a haplotype it takes while it stays itself. A call says how probable a pair
of names is, in a population; divided by how frequent the names are there, that is what was
measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, PhaseSets, Places
from riskscore.genetics.hla import HLAAllele, HLAName, OtherAllele
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.hla.calls import GeneCalls
from riskscore.scoring.mhc.prior import FROM_OTHERS, HaplotypePrior
from riskscore.scoring.mhc.questions import AlleleQuestion, answers

RAREST = 1e-3  # a rarer allele is taken to be as frequent as this where it was imputed
_UNSEEN = 1e-9  # the weight of an allele that the population lacks, where all are weighed
ITSELF = -1  # in place of a kind: the kind of the allele itself


@dataclass(frozen=True)
class GeneNames:
    """The names of a gene as likelihoods of its alleles.

    ``row`` has each name's row, and ``unknown`` is the row of an allele of which nothing is known;
    rows from ``named`` on are of imputed chromosomes, whose distributions over the alleles are
    ``dosages`` (chromosomes, alleles).
    ``exact`` and ``grouped`` have shape (rows, alleles): in the second a name stands for its whole
    G group, as some typings write it. ``kind`` is ITSELF, or that of an unlisted allele.
    ``kinds`` has the kind of every listed allele, and ``answers`` the kinds' (kinds, questions).
    """

    exact: Array
    grouped: Array
    kind: Places
    kinds: Places
    answers: Array
    row: Places
    unknown: int
    dosages: Array

    @property
    def named(self) -> int:
        return len(self.exact) - len(self.dosages)


@dataclass(frozen=True)
class GeneEvidence:
    """The rows of people: names on two chromosomes (rows of ``names``), with a weight each.

    A person's rows stand together. ``likely`` is the row's probability as the file has it;
    ``ordered`` says that the file puts the names on the first and the second of two chromosomes,
    which hold for all genes of one ``phase_set``. In ``soft`` rows each chromosome has a
    distribution of its own; ``unsure`` are other rows of an imputation that leaves several open.
    """

    names: GeneNames
    sample: Places
    first: Places
    second: Places
    weight: Array
    likely: Array
    ordered: Mask
    soft: Mask
    unsure: Mask
    phase_set: PhaseSets

    def of_people(self, people: Places, count: int) -> GeneEvidence:
        """The rows of some of ``count`` people, who are numbered from 0 again."""
        place = np.full(count, -1, dtype=np.int64)
        place[people] = np.arange(len(people))
        rows = np.flatnonzero(place[self.sample] >= 0)
        return GeneEvidence(
            self.names, place[self.sample[rows]], self.first[rows], self.second[rows],
            self.weight[rows], self.likely[rows], self.ordered[rows], self.soft[rows],
            self.unsure[rows], self.phase_set[rows],
        )  # fmt: skip


class Panel:
    """The reference panel as evidence reads it: names of a gene to places of its alleles."""

    def __init__(self, panel: ReferencePanel, population: str, prior: HaplotypePrior) -> None:
        self.panel, self.population, self.prior = panel, population, prior
        self.first_of: dict[HLAAllele, HLAAllele] = {
            member: first
            for groups in panel.groups.values()
            for first, members in groups.items()
            for member, _ in members
        }
        self._groups: dict[str, tuple[HLAAllele, ...]] = {}
        self._aligned: dict[str, frozenset[str]] = {}  # names in the tables of residues
        self.frequency: dict[str, Array] = {}
        table = panel.haplotypes
        own, pooled = table.frequency(population), table.pooled
        for gene, alleles in zip(prior.genes, prior.alleles, strict=True):
            codes = table.codes[:, table.genes.index(gene)]
            shares = (1 - FROM_OTHERS) * own + FROM_OTHERS * pooled
            self.frequency[gene] = np.bincount(codes, shares, len(alleles)).astype(np.float64)

    def group(self, allele: HLAAllele) -> HLAAllele:
        """The first name of an allele's G group, or its own at two fields."""
        short = allele.reduced(2)
        plain = HLAAllele(short.gene, short.fields, "N" if short.suffix == "N" else "")
        return self.first_of.get(plain, plain)

    def fit(self, gene: str, name: HLAName) -> tuple[Array, Array, bool]:
        """Which listed alleles a name may be, by itself and by its group; whether it is listed.

        Without any, those that begin with its first field, or all of the gene.
        """
        alleles, groups = self._listed(gene)
        exact, grouped = np.zeros(len(alleles), dtype=bool), np.zeros(len(alleles), dtype=bool)
        for member in name.members:
            same = np.zeros(len(alleles), dtype=bool)
            if member.resolution >= 2:
                own = self.group(member)
                same |= np.array([group == own for group in groups])
            grouped |= same
            exact |= same if member.is_group and member.resolution >= 2 else _begun(member, alleles)
        if isinstance(name, OtherAllele) and exact.any():
            left = exact & np.array([name.may_be(allele) for allele in alleles])
            exact = grouped = left if left.any() else exact  # else it is an unlisted one
        grouped |= exact
        if exact.any():
            return exact.astype(float), grouped.astype(float), True
        for length in (2, 1, 0):
            for member in name.members if not grouped.any() else ():
                grouped |= _begun(HLAAllele(gene, member.fields[:length]), alleles)
        return grouped.astype(float), grouped.astype(float), False

    def _listed(self, gene: str) -> tuple[tuple[HLAAllele, ...], tuple[HLAAllele, ...]]:
        """The panel's alleles of a gene, and the first names of their G groups."""
        if gene not in self._groups:
            alleles = self.prior.alleles[self.prior.genes.index(gene)]
            self._groups[gene] = tuple(self.group(allele) for allele in alleles)
        return self.prior.alleles[self.prior.genes.index(gene)], self._groups[gene]

    def in_alignment(self, allele: HLAAllele) -> bool:
        """Whether the residues of an allele are known, where those of its gene are."""
        if allele.gene not in self._aligned:
            tables = [
                names
                for (gene, _), names in self.panel.residues.residues.items()
                if gene == allele.gene
            ]
            self._aligned[allele.gene] = frozenset().union(*tables)
        names = self._aligned[allele.gene]
        listed = f"{allele.gene}*" in names or str(allele.reduced(2)) in names
        return not names or listed or allele.suffix == "N"


def _begun(name: HLAAllele, alleles: Sequence[HLAAllele]) -> Mask:
    """Which alleles a name is the beginning of."""
    short = name.reduced(2)
    return np.array([short.covers(allele) for allele in alleles])


def listed_answers(panel: Panel, gene: str, questions: Sequence[AlleleQuestion]) -> Array:
    """What the panel's alleles of a gene answer, shape (alleles, questions)."""
    alleles = panel.prior.alleles[panel.prior.genes.index(gene)]
    told = answers(questions, alleles, panel.panel, panel.population)
    return _filled(told, alleles, panel.frequency[gene])


def gene_names(
    panel: Panel,
    gene: str,
    names: Sequence[HLAName],
    questions: Sequence[AlleleQuestion],
    listed: Array,
) -> GeneNames:
    """The names of a gene's calls against the panel, and the kinds that questions tell apart.

    ``listed`` are the :func:`listed_answers`.
    """
    alleles = panel.prior.alleles[panel.prior.genes.index(gene)]
    exact = np.ones((len(names) + 1, len(alleles)))
    grouped = np.ones((len(names) + 1, len(alleles)))
    own: dict[int, Array] = {}  # answers of names that are no listed allele
    for row, name in enumerate(names):
        exact[row], grouped[row], known = panel.fit(gene, name)
        if not known and isinstance(name, HLAAllele) and name.fields and panel.in_alignment(name):
            verdicts = answers(questions, [name], panel.panel, panel.population)[0]
            weight = exact[row] * np.maximum(panel.frequency[gene], _UNSEEN)
            mean = (weight[:, None] * listed).sum(axis=0) / weight.sum()
            own[row] = np.where(np.isnan(verdicts), mean, verdicts)
    table = np.vstack([listed, *own.values()])
    kinds, which = np.unique(table, axis=0, return_inverse=True)
    which = which.ravel().astype(np.int64)
    kind = np.full(len(names) + 1, ITSELF, dtype=np.int64)
    kind[list(own)] = which[len(alleles) :]
    # Names that say the same are one, in an order that no other name has a part in.
    everything = np.column_stack([exact, grouped, kind]).astype(np.float64)
    same, inverse = np.unique(everything, axis=0, return_inverse=True)
    row_of, size = inverse.ravel().astype(np.int64), len(alleles)
    return GeneNames(
        same[:, :size], same[:, size:-1], same[:, -1].astype(np.int64), which[:size], kinds,
        row_of[:-1], int(row_of[-1]), np.zeros((0, size)),
    )  # fmt: skip


def _filled(table: Array, alleles: Sequence[HLAAllele], frequency: Array) -> Array:
    """Answers with gaps filled by the mean over alleles of the same first field, else over all."""
    filled = table.copy()
    first = np.array([allele.fields[0] for allele in alleles])
    for row, column in np.argwhere(np.isnan(table)).tolist():
        for like in (first == first[row], np.ones(len(alleles), dtype=bool)):
            known = like & ~np.isnan(table[:, column])
            weight = np.where(known, np.maximum(frequency, _UNSEEN), 0.0)
            if known.any():
                filled[row, column] = (weight[known] * table[known, column]).sum() / weight.sum()
                break
    return np.nan_to_num(filled)


def gene_evidence(panel: Panel, names: GeneNames, calls: GeneCalls, people: range) -> GeneEvidence:
    """What calls, of these names, say of the samples of ``people``, who are numbered from 0."""
    gene = calls.gene
    span = calls.rows(people.start, people.stop)
    sample, q = calls.sample[span] - people.start, calls.probability[span]
    first, second = names.row[calls.first[span]], names.row[calls.second[span]]
    ordered, phase_set = calls.ordered[span], calls.phase_set[span]
    first, second = (
        np.where(ordered, first, np.minimum(first, second)),
        np.where(ordered, second, np.maximum(first, second)),
    )
    share = np.maximum((names.exact * panel.frequency[gene]).sum(axis=1), RAREST)
    several = np.bincount(sample, minlength=len(people)) > 1
    soft = (several & ~(np.bincount(sample, ~ordered, len(people)) > 0))[sample]
    het = first != second
    weight = q / (share[first] * share[second] * np.where(het, 2.0, 1.0))
    unsure = several[sample] & ~soft & calls.imputed
    rows = GeneEvidence(
        names, sample, first, second, weight, q, ordered & het, soft, unsure, phase_set
    )
    return _by_chromosome(rows, q, panel.frequency[gene]) if soft.any() else rows


def _by_chromosome(rows: GeneEvidence, q: Array, frequency: Array) -> GeneEvidence:
    """The rows, those of a soft person as one that has a distribution for each chromosome."""
    names, soft = rows.names, np.flatnonzero(rows.soft)
    chosen, owner = np.unique(rows.sample[soft], return_inverse=True)
    size, count = len(names.exact), len(chosen)
    within = names.exact * np.maximum(frequency, _UNSEEN)  # a name's alleles share what it has
    within /= within.sum(axis=1, keepdims=True)
    by_side = []
    for side in (rows.first, rows.second):
        own = np.bincount(owner.ravel() * size + side[soft], q[soft], count * size).astype(
            np.float64
        )
        by_side.append(product_of(own.reshape(count, size), within))
    dosages = np.vstack(by_side)
    likelihood = dosages / np.maximum(frequency, RAREST)
    extended = replace(
        names,
        exact=np.vstack([names.exact, likelihood]),
        grouped=np.vstack([names.grouped, likelihood]),
        kind=np.append(names.kind, np.full(len(dosages), ITSELF)),
        dosages=dosages,
    )
    hard = np.flatnonzero(~rows.soft)
    order = np.argsort(np.concatenate([rows.sample[hard], chosen]), kind="stable")
    new = size + np.arange(count)
    one, none = np.ones(count), np.zeros(count)

    def both(old: NDArray[Any], added: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([old[hard], added.astype(old.dtype)])[order]

    return GeneEvidence(
        extended, both(rows.sample, chosen), both(rows.first, new), both(rows.second, new + count),
        both(rows.weight, one), both(rows.likely, one), both(rows.ordered, one),
        both(rows.soft, one), both(rows.unsure, none), both(rows.phase_set, none),
    )  # fmt: skip


def names_within(names: GeneNames, frequency: Array) -> Array:
    """How probable each listed allele is of which a name is told, shape (rows, alleles)."""
    weight = names.exact * np.maximum(frequency, _UNSEEN)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def product_of(rows: Array, table: Array) -> Array:
    """The product of two tables, each sum in the same order whatever the other rows are."""
    total = np.zeros((len(rows), table.shape[1]))
    used = np.flatnonzero(rows.any(axis=0))
    for name in used.tolist():
        hit = np.flatnonzero(table[name])
        total[:, hit] += rows[:, name, None] * table[name, hit]
    return total


def nothing_known(names: GeneNames) -> GeneEvidence:
    """The evidence where a gene is typed in nobody."""
    none = np.zeros(0, dtype=np.int64)
    weight, no, unset = none.astype(np.float64), none.astype(bool), none.astype(np.int32)
    return GeneEvidence(names, none, none, none, weight, weight, no, no, no, unset)
