"""One pass over a source for a genome-wide score: each record is weighed and added as it passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, complement
from riskscore.samples.blocks.unusual import Unusual
from riskscore.samples.blocks.walk import Line
from riskscore.samples.called_lines import record_of, snp_calls
from riskscore.samples.exact_sums import CallRows, Copies, ExactSums
from riskscore.samples.findings import (
    HOW,
    Findings,
    hardy_weinberg_variance,
    is_palindrome,
    meeting,
    variant_of,
)
from riskscore.samples.matching import find, find_among
from riskscore.samples.reading import GenotypeField, Reading
from riskscore.samples.record import Record
from riskscore.samples.source import Region, Source
from riskscore.samples.strand import Found
from riskscore.samples.vcf import VCFFile

Stretch = tuple[str, NDArray[np.intp]]  # a chromosome, and variants of it in order of position
SURE, PALINDROME = 0, 1  # kinds of sums
# How a variant was met, as one number: the strand's place in HOW, and two flags.
_TURNED, _PALINDROMIC, _STRAND = 4, 8, 3
_OTHER = -1  # met in no way that is summed at once


class Pass:
    """One pass over a source, or over its part; what is read is added at once."""

    def __init__(self, source: Source, found: Findings, reading: Reading) -> None:
        self.source, self.found, self.reading = source, found, reading
        self.plain, self.samples = found.plain, len(source.samples)
        self.exact = ExactSums(self.plain.weight, self.samples, kinds=2)
        self.lost = ExactSums(self.plain.weight**2, self.samples)
        self.rows = CallRows(self.exact)
        self.waiting: list[tuple[int, int]] = []  # a variant, and how it was met
        # Of what was summed: both, the copies of ALT, and whether it was.
        self.summed: list[tuple[NDArray[Any], ...]] = []
        self.meetings: dict[int, int] = {}  # how letters meet, as it was found before
        checked = reading.filters is not None or reading.min_r2 is not None
        calls = reading.field in (GenotypeField.AUTO, GenotypeField.GT)
        self.batched = found.additive if calls and not checked else [False] * len(self.plain)

    def read_all(self, stretches: Sequence[Stretch]) -> None:
        """All the variants of some stretches."""
        for chromosome, variants in stretches:
            self._read(chromosome, variants)
        self._flush()
        self.rows.settle()
        self._describe()

    def _read(self, chromosome: str, variants: NDArray[np.intp]) -> None:
        """All the variants of one chromosome, or of a part of it."""
        own = variants[self.found.positions[variants] > 0]
        if chromosome not in self.source.chromosomes:
            self.found.missing[own] = Missing.OUTSIDE_INDEX
            return
        single = self.found.single[own]
        by_position: dict[int, list[int]] = {}
        places = self.found.positions[own[single]].tolist()
        for i, position in zip(own[single].tolist(), places, strict=True):
            by_position.setdefault(position, []).append(i)
        for groups in self._groups(chromosome, list(by_position)):
            for position, records in groups:
                for i in by_position[position]:
                    if len(records) > 1 or not self._take(i, records[0]):
                        self._meet(i, [self._record(record) for record in records])
        for i in own[~single].tolist():
            variant = variant_of(self.plain, i)
            self._add(i, find(self.source, variant, self.found.build, self.reading))

    def _groups(
        self, chromosome: str, positions: Sequence[int]
    ) -> Iterator[Sequence[tuple[int, Sequence[Line | Record]]]]:
        """The records at each position, some at a time; as lines where the source gives lines."""
        done = 0
        if isinstance(self.source, VCFFile):
            try:
                for groups in self.source.walk(chromosome, positions):
                    done = groups[-1][0] if groups else done
                    yield groups
                return
            except Unusual:
                pass  # the rest place by place
        for position in positions:
            if position > done:
                records = list(self.source.fetch(Region(chromosome, position, position)))
                if records:
                    yield [(position, records)]

    def _record(self, record: Line | Record) -> Record:
        if isinstance(record, Record):
            return record
        return record_of(record, self.samples, self.source.name)

    def _take(self, i: int, record: Line | Record) -> bool:
        """Hold a line of called genotypes for the next sum; False when it is anything else."""
        if not self.batched[i] or isinstance(record, Record):
            return False
        calls = snp_calls(record, self.samples)
        if calls is None:
            return False
        both = self.found.letters[i] << 16 | calls[0]
        how = self.meetings.get(both)
        if how is None:
            how = self.meetings[both] = _how(*divmod(both, 1 << 16))
        if how == _OTHER:
            return False
        self.waiting.append((i, how))
        if self.rows.put(record[0], calls[1]):
            self._flush()
        return True

    def _flush(self) -> None:
        """Sum the lines that are held; those with a missing call go the other way."""
        if not self.waiting:
            return
        variants, hows = np.array(self.waiting, dtype=np.intp).T
        self.waiting = []
        kinds = np.where(hows & _PALINDROMIC, PALINDROME, SURE)
        usual, counts = self.rows.flush(kinds, variants, hows & _TURNED != 0)
        self.summed.append((variants, hows, counts, usual))
        for row in np.flatnonzero(~usual):
            i = int(variants[row])
            self._meet(i, [self._rebuilt(i, int(hows[row]), int(row))])

    def _describe(self) -> None:
        """Keep what was found of the variants that were summed together."""
        if not self.summed:
            return
        columns = [np.concatenate(column) for column in zip(*self.summed, strict=True)]
        variants, hows, counts = (column[columns[-1]] for column in columns[:-1])
        self.summed = []
        turned, palindromic = hows & _TURNED != 0, hows & _PALINDROMIC != 0
        self.exact.add_two(SURE, variants[turned & ~palindromic])
        self.exact.add_two(PALINDROME, variants[turned & palindromic])
        copies = np.where(turned, 2 * self.samples - counts, counts) / self.samples
        self.found.describe_called(variants, hows & _STRAND, palindromic, copies)

    def _rebuilt(self, i: int, how: int, row: int) -> Record:
        """A record again, from the cells of a line that was held and the letters it had."""
        effect, other = str(self.plain.effect_allele[i]), str(self.plain.other_allele[i])
        if HOW[how & _STRAND] is Strand.FLIPPED:
            effect, other = complement(effect), complement(other)
        ref, alt = (effect, other) if how & _TURNED else (other, effect)
        return Record(
            chromosome=str(self.plain.chromosome[i]),
            position=int(self.found.positions[i]),
            id=".",
            ref=ref,
            alts=(alt,),
            filter=".",
            info=".",
            format=("GT",),
            body=self.rows.line(row),
            samples=self.samples,
            file=self.source.name,
        )

    def _meet(self, i: int, records: Sequence[Record]) -> None:
        variant = variant_of(self.plain, i)
        self._add(i, find_among(records, variant, self.found.build, self.reading, self.samples))

    def _add(self, i: int, found: Found) -> None:
        """Add one variant's copies; a sample without a call has the mean of the others."""
        self.found.missing[i] = found.match.missing
        if found.values is None:
            return
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
            self.lost.add(0, i, np.where(called, 0.0, variance).astype(np.float32))
        self.exact.add(kind, i, coded)
        how = found.match.how
        self.found.strand[i] = HOW.index(Strand(how)) if how in list(Strand) else 0
        self.found.describe(np.array([i]), np.array([copies]), np.array([mean]), variance)

    def _coded(self, i: int, copies: Copies) -> Copies:
        """Copies through the variant's coding."""
        if self.found.additive[i]:
            return copies
        return np.interp(copies, (0.0, 1.0, 2.0), self.found.coding(i).values).astype(np.float32)


def _how(letters: int, seen: int) -> int:
    """How a variant's letters meet those of a record, as one number."""
    met = meeting(letters, seen)
    if met is None:
        return _OTHER
    return HOW.index(met[0]) | _TURNED * met[1] | _PALINDROMIC * is_palindrome(letters)
