"""HLA calls: for each gene a posterior over pairs of alleles, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, PhaseSets, Places
from riskscore.genetics.hla import HLAAllele, HLAName
from riskscore.models.reference.panel import Tag

SWITCH_ERROR = 0.02  # how often statistical phase is wrong from one HLA gene to the next
IMPUTED = "imputed from SNPs"  # the source of such calls
_BY_ROW = ("sample", "first", "second", "probability", "ordered", "phase_set")


class HaplotypeCalls(StrEnum):
    """How the haplotypes of a model's scheme are called."""

    POSTERIOR = "posterior"  # uncertainty is kept
    PUBLISHED = "published"  # from tag SNPs, rounded and ranked as the paper's software does


@dataclass(frozen=True)
class GeneCalls:
    """Genotypes of one gene, one row for each possible pair of a sample, rows in order of sample.

    ``sample``, ``first`` and ``second`` index the cohort's samples and ``alleles``; the
    ``probability`` of a sample's rows sums to 1. A sample without rows has no call. Where
    ``ordered`` is true, first and second lie on the first and the second chromosome, the same two
    for all genes of one ``phase_set``; elsewhere the order says nothing. An allele without fields
    is one that is there and not known. ``imputed`` says that the probabilities are an imputation's,
    which errs in the genes of a haplotype together.
    """

    gene: str
    alleles: tuple[HLAName, ...]
    sample: Places
    first: Places
    second: Places
    probability: Array
    source: str = ""
    ordered: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    phase_set: PhaseSets = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    imputed: bool = False

    def __post_init__(self) -> None:
        if len(self.ordered) != len(self.sample):
            object.__setattr__(self, "ordered", np.zeros(len(self.sample), dtype=bool))
        if len(self.phase_set) != len(self.sample):
            object.__setattr__(self, "phase_set", np.zeros(len(self.sample), dtype=np.int32))

    def of_people(self, people: range) -> GeneCalls:
        """The rows of some samples, numbered from 0."""
        own = self.take(np.arange(*_ends(self.sample, people.start, people.stop)))
        return replace(own, sample=own.sample - people.start)

    def take(self, rows: Places) -> GeneCalls:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _BY_ROW})

    def rows(self, start: int, stop: int) -> slice:
        """The rows of the samples start..stop-1."""
        return slice(*_ends(self.sample, start, stop))

    def called(self, samples: int) -> Mask:
        """Which samples have a call, shape (samples,)."""
        mask = np.zeros(samples, dtype=bool)
        mask[self.sample] = True
        return mask

    def pairs(self, sample: int) -> list[tuple[HLAName, HLAName, float]]:
        """A sample's possible pairs, the most probable first; empty without a call.

        The two orders of a pair are one, each pair in the order of the alleles' names.
        """
        rows = self.rows(sample, sample + 1)
        merged: dict[tuple[int, int], float] = {}
        for i, j, p in zip(
            self.first[rows].tolist(),
            self.second[rows].tolist(),
            self.probability[rows].tolist(),
            strict=True,
        ):
            swap = str(self.alleles[i]) > str(self.alleles[j])
            pair = (j, i) if swap else (i, j)
            merged[pair] = merged.get(pair, 0.0) + p
        names = [(self.alleles[i], self.alleles[j], p) for (i, j), p in merged.items()]
        return sorted(names, key=lambda pair: (-pair[2], str(pair[0]), str(pair[1])))

    def best(self, sample: int) -> tuple[HLAName, HLAName, float] | None:
        """A sample's most probable pair and its probability; None without a call."""
        pairs = self.pairs(sample)
        return pairs[0] if pairs else None

    def phase(self, sample: int) -> tuple[HLAName, HLAName] | None:
        """The alleles of the most probable pair by chromosome; None where the phase is unknown."""
        rows = self.rows(sample, sample + 1)
        if rows.start == rows.stop:
            return None
        row = rows.start + int(np.argmax(self.probability[rows]))
        if not self.ordered[row]:
            return None
        return self.alleles[self.first[row]], self.alleles[self.second[row]]

    def filled_from(self, other: GeneCalls) -> GeneCalls:
        """These calls, and for samples that have none here those of ``other``, if any."""
        names = tuple(dict.fromkeys((*self.alleles, *other.alleles)))
        place = np.array([names.index(name) for name in other.alleles], dtype=np.int64)
        other = replace(other, first=place[other.first], second=place[other.second])
        other = other.take(np.flatnonzero(~np.isin(other.sample, self.sample)))
        both: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in _BY_ROW
        }
        calls = replace(self, **both, alleles=names, source=f"{self.source}; {other.source}")
        return calls.take(np.argsort(calls.sample, kind="stable"))


def _ends(sample: Places, start: int, stop: int) -> tuple[int, int]:
    """The first row of the samples start..stop-1, and the row after their last one."""
    low, high = np.searchsorted(sample, (start, stop))
    return int(low), int(high)


@dataclass(frozen=True)
class HaplotypePosterior:
    """Pairs of haplotypes of genes that are inherited together, as an imputation has them.

    ``haplotypes`` (haplotypes, genes) are places among each gene's ``alleles``. Rows are possible
    pairs in order of sample: ``first`` and ``second`` are haplotypes, and the ``probability`` of a
    sample's rows sums to 1.
    """

    genes: tuple[str, ...]
    alleles: tuple[tuple[HLAName, ...], ...]
    haplotypes: Places
    sample: Places
    first: Places
    second: Places
    probability: Array

    def of_people(self, people: range) -> HaplotypePosterior:
        """The rows of some samples, numbered from 0."""
        rows = np.arange(*_ends(self.sample, people.start, people.stop))
        return replace(
            self,
            sample=self.sample[rows] - people.start,
            first=self.first[rows],
            second=self.second[rows],
            probability=self.probability[rows],
        )


@dataclass(frozen=True)
class TagCalls:
    """Copies of an HLA allele by a tag SNP, shape (samples,), for people whose gene is not typed.

    ``weak`` says that the tag is used although it does not hold well in the population.
    """

    tag: Tag
    copies: NDArray[np.float32]
    weak: bool


@dataclass(frozen=True)
class HLAReport:
    """A report on one gene in one source: its records, and how many samples are called.

    ``records`` counts names by their number of fields, of which those of ``resolution`` fields are
    used. ``flipped`` counts records whose REF means present. ``sum_mean``, ``sum_low`` and
    ``sum_high`` are of the presence dosages of a sample, which should be 2; ``sum_refused`` counts
    the samples where they are not. ``quality`` is the mean of R2, DR2 or AR2 weighted by allele
    frequency, and ``quality_low`` counts common alleles (1% or more) below 0.7.
    """

    gene: str
    source: str
    records: Mapping[int, int]
    resolution: int
    called: int
    not_called: int
    sum_mean: float = float("nan")
    dialect: str = ""
    fields: tuple[str, ...] = ()
    flipped: int = 0
    sum_low: float = float("nan")
    sum_high: float = float("nan")
    sum_refused: int = 0
    quality: float = float("nan")
    quality_low: int = 0
    notes: tuple[str, ...] = ()
    # Of alleles that are imputed from SNPs: the share that is right in people left out of the
    # panel, under "all" and by superpopulation.
    accuracy: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class HLACalls:
    """The HLA calls of a cohort: genes, tag SNPs, reports, warnings."""

    genes: Mapping[str, GeneCalls] = field(default_factory=dict)
    tags: Mapping[HLAAllele, TagCalls] = field(default_factory=dict)
    invalid_tags: frozenset[HLAAllele] = frozenset()  # tagged only by SNPs that do not hold here
    reports: tuple[HLAReport, ...] = ()
    warnings: tuple[str, ...] = ()  # of the file that was read
    # The people called from SNPs, (samples,) by gene, and the haplotypes that they were imputed to
    # have of genes inherited together.
    imputed: Mapping[str, Mask] = field(default_factory=dict)
    haplotypes: tuple[HaplotypePosterior, ...] = ()

    def __repr__(self) -> str:
        tags = f"; by tag SNPs {', '.join(map(str, self.tags))}" if self.tags else ""
        return f"HLACalls(genes {', '.join(self.genes) or 'none'}{tags})"
