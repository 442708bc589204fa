"""One pass over a source for a genome-wide score: each record is weighed and added as it passes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Copies
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, complement
from riskscore.samples.files.reading import GenotypeField, Reading
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source, Spot
from riskscore.samples.genome_wide.called import called_of
from riskscore.samples.genome_wide.exact_sums import ExactSums
from riskscore.samples.genome_wide.findings import (
    HOW,
    Findings,
    hardy_weinberg_variance,
    variant_of,
)
from riskscore.samples.genome_wide.held_calls import PALINDROME, SURE, HeldCalls
from riskscore.samples.loci.loci import CONFLICTS, noted
from riskscore.samples.loci.matching import find, find_among, no_chromosome
from riskscore.samples.loci.strand import Found

Stretch = tuple[str, NDArray[np.intp]]  # a chromosome, and variants of it in order of position


class Pass:
    """One pass over a source, or over its part; what is read is added at once."""

    def __init__(self, source: Source, found: Findings, reading: Reading) -> None:
        self.source, self.found, self.reading = source, found, reading
        self.plain, self.samples = found.plain, len(source.samples)
        self.exact = ExactSums(self.plain.weight, self.samples, kinds=2)
        self.lost = ExactSums(self.plain.weight**2, self.samples, kinds=2)
        self.uncalled = np.zeros((2, self.samples), dtype=np.int64)  # variants without a call
        self.called = called_of(source)
        self.held = HeldCalls(found, self.exact, self.called) if self.called else None
        checked = reading.filters is not None or reading.min_r2 is not None
        calls = reading.field in (GenotypeField.AUTO, GenotypeField.GT)
        self.holds = found.additive if calls and not checked else [False] * len(self.plain)

    def read_all(self, stretches: Sequence[Stretch]) -> None:
        """All the variants of some stretches."""
        for chromosome, variants in stretches:
            self._read(chromosome, variants)
        if self.held is not None:
            self._flush(self.held)
            self.held.settle()

    def _read(self, chromosome: str, variants: NDArray[np.intp]) -> None:
        """All the variants of one chromosome, or of a part of it."""
        own = variants[self.found.positions[variants] > 0]
        if chromosome not in self.source.chromosomes:
            self.found.missing[own] = no_chromosome(self.source)
            return
        single = own[self.found.single[own]]
        by_position: dict[int, list[int]] = {}
        for i, position in zip(single.tolist(), self.found.positions[single].tolist(), strict=True):
            by_position.setdefault(position, []).append(i)
        for groups in self.source.walk(chromosome, list(by_position)):
            for position, spots in groups:
                self._read_at(chromosome, position, by_position[position], spots)
        for i in own[~self.found.single[own]].tolist():
            variant = variant_of(self.plain, i)
            self._add(i, find(self.source, variant, self.found.build, self.reading))

    def _read_at(
        self, chromosome: str, position: int, variants: list[int], spots: list[Spot]
    ) -> None:
        """The variants at a position."""
        records: list[Record] | None = None
        for i in variants:
            if len(spots) == 1 and self.holds[i] and self._hold(i, spots[0]):
                continue
            if records is None:
                records = self._records(Region(chromosome, position, position), spots)
            if records:
                self._meet(i, records)

    def _records(self, region: Region, spots: list[Spot]) -> list[Record]:
        if self.called is None or not spots:
            return list(self.source.fetch(region))
        return self.called.records(region, spots)

    def _hold(self, i: int, spot: Spot) -> bool:
        """Hold called genotypes for the next sum; False when they are anything else."""
        if self.held is None or not self.held.take(i, spot):
            return False
        if self.held.full:
            self._flush(self.held)
        return True

    def _flush(self, held: HeldCalls) -> None:
        """Sum what is held; records with any other call go the other way."""
        for i, record in held.flush():
            self._meet(i, [record])

    def _meet(self, i: int, records: Sequence[Record]) -> None:
        variant = variant_of(self.plain, i)
        self._add(i, find_among(records, variant, self.found.build, self.reading, self.samples))

    def _add(self, i: int, found: Found) -> None:
        """Add one variant's copies; a sample without a call has the mean of the others."""
        self.found.missing[i] = found.match.missing
        if found.values is None:
            return
        for name in CONFLICTS:
            if count := noted(found.match.note, name):
                self.found.conflicts[name][i] = count
        called = ~np.isnan(found.values)
        if not called.any():
            self.found.missing[i] = Missing.NO_CALL
            return
        coded = self._coded(i, found.values)
        mean = float(coded[called].mean(dtype=np.float64))
        copies = float(found.values[called].mean(dtype=np.float64))
        variance = hardy_weinberg_variance(np.array([copies / 2]), self.found.coding(i))
        effect, other = str(self.plain.effect_allele[i]), str(self.plain.other_allele[i])
        self.found.palindromic[i] = found.lettered and complement(effect) == other
        kind = PALINDROME if self.found.palindromic[i] else SURE
        if not called.all():
            coded = np.where(called, coded, np.float32(mean))
            self.uncalled[kind] += ~called
            self.found.called[i] = called.mean()
            self.lost.add(kind, i, np.where(called, 0.0, variance).astype(np.float32))
        self.exact.add(kind, i, coded)
        how = found.match.how
        self.found.strand[i] = HOW.index(Strand(how)) if how in list(Strand) else 0
        self.found.describe(np.array([i]), np.array([copies]), np.array([mean]), variance)

    def _coded(self, i: int, copies: Copies) -> Copies:
        """Copies through the variant's coding."""
        if self.found.additive[i]:
            return copies
        return np.interp(copies, (0.0, 1.0, 2.0), self.found.coding(i).values).astype(np.float32)
