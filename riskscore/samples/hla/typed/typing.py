"""HLA typings of people from a table, and their conversion to calls of a cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import DISPENSABLE, HLAAllele, HLAName
from riskscore.genetics.hla_names import GLGene
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.hla.calls import GeneCalls, HLAReport


@dataclass(frozen=True, slots=True)
class Genotype:
    """One gene of one person: possible pairs, and the probability of each if the table gives it.

    What the probabilities leave of 1 is a genotype that is not known. ``phased`` says that the
    first alleles of all phased genes lie on one chromosome.
    """

    pairs: tuple[tuple[HLAName, HLAName], ...]
    probabilities: tuple[float, ...] = ()
    phased: bool = False


@dataclass(frozen=True)
class Typings:
    """The typings of a file of a ``format``: people by name, each with genotypes by gene.

    A file of one person that does not name them has the name "". ``file`` is the file's name.
    """

    format: str
    people: Mapping[str, Mapping[str, Genotype]]
    notes: tuple[str, ...] = ()
    file: str = ""

    @classmethod
    def of_one(
        cls,
        format: str,
        genes: Mapping[str, Genotype | None],
        notes: tuple[str, ...] = (),
        name: str = "",
    ) -> Typings:
        """The typings of one person, without genes that have no genotype."""
        typed = {gene: genotype for gene, genotype in genes.items() if genotype is not None}
        return cls(format, {name: typed}, notes)

    @property
    def genes(self) -> tuple[str, ...]:
        return tuple(sorted({gene for genes in self.people.values() for gene in genes}))

    def names(self) -> Iterable[HLAName]:
        for genes in self.people.values():
            for genotype in genes.values():
                for pair in genotype.pairs:
                    yield from pair


People = dict[str, dict[str, Genotype]]


@contextmanager
def in_file(file: str) -> Iterator[None]:
    """Add the file's name to errors of allele names that are raised inside."""
    try:
        yield
    except HLAFormatError as error:
        raise HLAFormatError(error.what, where=file, fix=error.fix) from error


def of_gl(gene: str, said: GLGene) -> Genotype:
    """The genotype of a gene in a GL string."""
    pairs = tuple((first, second or unknown(gene)) for first, second in said.pairs)
    return Genotype(pairs, phased=said.phased)


def unknown(gene: str) -> HLAAllele:
    """An unknown allele of a gene that is present."""
    return HLAAllele(gene, ())


def same_alleles(one: Genotype, other: Genotype) -> bool:
    """Whether the first pairs of two genotypes name the same alleles, one perhaps more finely."""
    (a, b), (c, d) = one.pairs[0], other.pairs[0]
    return (_alike(a, c) and _alike(b, d)) or (_alike(a, d) and _alike(b, c))


def _alike(one: HLAName, other: HLAName) -> bool:
    return any(x.covers(y) or y.covers(x) for x in one.members for y in other.members)


def two_alleles(
    gene: str,
    first: HLAName | None,
    second: HLAName | None = None,
    *,
    probability: float | None = None,
) -> Genotype | None:
    """Two cells of a table: None if neither was typed; one alone leaves the other unknown."""
    if first is None and second is None:
        return None
    pair = (first or unknown(gene), second or unknown(gene))
    return Genotype((pair,), () if probability is None else (probability,))


def one_of_two(gene: str, name: HLAName) -> Genotype:
    """A tool's single allele: twice that allele, where every chromosome has the gene.

    Of DRB3, DRB4 and DRB5 it is one copy at least, and the other chromosome is not known.
    """
    return Genotype(((name, unknown(gene) if gene in DISPENSABLE else name),))


def typed_calls(
    typings: Typings,
    samples: Sequence[str],
    genes: Iterable[str],
    panel: ReferencePanel,
    population: str,
) -> tuple[dict[str, GeneCalls], tuple[HLAReport, ...]]:
    """Calls of a cohort's samples by gene, and a report for each gene.

    Several genotypes without probabilities are weighed by the population's allele frequencies.
    Raises HLAFormatError when the file types none of the samples.
    """
    people = typings.people
    if not set(people) & set(samples):
        raise HLAFormatError(
            f"none of the {len(people)} people of the HLA table is a sample of the cohort",
            fix="give them the names that the genotype file has",
        )
    calls, reports = {}, []
    for gene in genes:
        rows = [
            (place, genotype)
            for place, sample in enumerate(samples)
            if (genotype := people.get(sample, {}).get(gene)) is not None
        ]
        if rows:
            calls[gene] = _gene_calls(gene, rows, typings.format, panel, population)
            reports.append(_report(calls[gene], rows, len(samples), typings))
    return calls, tuple(reports)


def _gene_calls(
    gene: str,
    genotypes: Sequence[tuple[int, Genotype]],
    source: str,
    panel: ReferencePanel,
    population: str,
) -> GeneCalls:
    place: dict[HLAName, int] = {}
    rows: list[tuple[int, int, int, float, bool]] = []
    for sample, genotype in genotypes:
        for (first, second), probability in _weighed(gene, genotype, panel, population):
            i, j = (place.setdefault(name, len(place)) for name in (first, second))
            rows.append((sample, i, j, probability, genotype.phased))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return GeneCalls(
        gene,
        tuple(place),
        columns[0].astype(np.int64),
        columns[1].astype(np.int64),
        columns[2].astype(np.int64),
        columns[3].astype(np.float64),
        f"{source} table",
        columns[4].astype(bool),
    )


def _weighed(
    gene: str, genotype: Genotype, panel: ReferencePanel, population: str
) -> list[tuple[tuple[HLAName, HLAName], float]]:
    """The pairs with probabilities that sum to 1."""
    pairs, given = genotype.pairs, genotype.probabilities
    if not given:
        weights = [1.0]
        if len(pairs) > 1:
            weights = [_share(pair, panel, population) for pair in pairs]
            if not all(weights):
                weights = [1.0] * len(pairs)
        total = sum(weights)
        return [(pair, weight / total) for pair, weight in zip(pairs, weights, strict=True)]
    rest = 1 - sum(given)
    rows = [(pair, p) for pair, p in zip(pairs, given, strict=True) if p > 0]
    if rest > 1e-6:
        rows.append(((unknown(gene), unknown(gene)), rest))
    total = sum(p for _, p in rows)
    return [(pair, p / total) for pair, p in rows]


def _share(pair: tuple[HLAName, HLAName], panel: ReferencePanel, population: str) -> float:
    """The Hardy-Weinberg share of a pair in the population."""
    first, second = (
        sum(panel.frequency(panel.panel_name(m, population), population) for m in name.members)
        for name in pair
    )
    return first * second * (1 if pair[0] == pair[1] else 2)


def _report(
    calls: GeneCalls, rows: Sequence[tuple[int, Genotype]], samples: int, typings: Typings
) -> HLAReport:
    lengths = Counter(
        name.resolution for _, g in rows for pair in g.pairs for name in pair if name.resolution
    )
    states = Counter(state_of(*g.pairs[0]) for _, g in rows)
    words = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return HLAReport(
        calls.gene,
        calls.source,
        lengths,
        lengths.most_common(1)[0][0] if lengths else 0,
        len(rows),
        samples - len(rows),
        dialect=typings.format,
        notes=(words, *typings.notes),
    )


def state_of(first: HLAName, second: HLAName) -> str:
    """The state of a gene by its pair of alleles.

    >>> a = HLAAllele.parse("DRB4*01:03")
    >>> state_of(a, a), state_of(a, HLAAllele.absent("DRB4")), state_of(a, unknown("DRB4"))
    ('homozygous', 'single copy', 'one allele known')
    """
    names = (first, second)
    if all(name.is_absent for name in names):
        return "gene absent"
    if any(name.is_absent for name in names):
        return "single copy"
    open_ = sum(not name.members[0].fields for name in names)
    if open_:
        return "one allele known" if open_ == 1 else "not known"
    return "homozygous" if first == second else "heterozygous"
