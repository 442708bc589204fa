"""One pass over a source for a genome-wide score: each record is weighed and added as it passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, Variant, complement
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.terms import ADDITIVE, CODINGS, Coding
from riskscore.samples.blocks.unusual import Unusual
from riskscore.samples.blocks.walk import Line
from riskscore.samples.exact_sums import CallRows, Copies, ExactSums
from riskscore.samples.frequency import MINIMUM_SAMPLES
from riskscore.samples.matching import find, find_among, is_marker
from riskscore.samples.reading import GenotypeField, Reading
from riskscore.samples.record import Record
from riskscore.samples.source import Region, Source
from riskscore.samples.strand import Found
from riskscore.samples.vcf import VCFFile, parse_line

Stretch = tuple[str, NDArray[np.intp]]  # a chromosome, and variants of it in order of position
Told = tuple[NDArray[Any], ...]  # missing, strand, palindromic, frequency, mean, variance
Letters = tuple[bytes | bytearray, bytes | bytearray]  # effect and other allele, or ALT and REF
HOW = tuple(Strand)
SURE, PALINDROME = 0, 1  # kinds of sums
_CALLS_ALONE = b"\tGT\t"  # a FORMAT of GT only, before the cells


class Findings:
    """What is found of each variant, by passes that read some of them each."""

    def __init__(self, plain: PlainVariants, build: Build, people: int) -> None:
        self.plain, self.build, self.people, count = plain, build, people, len(plain)
        self.positions = plain.positions(build)
        self.letters = [
            (str(e).encode(), str(o).encode())
            for e, o in zip(plain.effect_allele, plain.other_allele, strict=True)
        ]
        self.additive = (plain.coding == PLAIN_CODINGS.index("additive")).tolist()
        self.missing = np.full(count, Missing.ABSENT, dtype=np.uint8)
        self.strand = np.zeros(count, dtype=np.uint8)
        self.palindromic = np.zeros(count, dtype=bool)
        self.frequency, self.mean, self.variance = np.full((3, count), np.nan)

    @property
    def _arrays(self) -> Told:
        described = (self.frequency, self.mean, self.variance)
        return (self.missing, self.strand, self.palindromic, *described)

    def told(self, variants: NDArray[np.intp]) -> Told:
        """What was found of some variants, for another process."""
        return tuple(array[variants] for array in self._arrays)

    def put(self, variants: NDArray[np.intp], told: Told) -> None:
        """What another process found of some variants."""
        for own, theirs in zip(self._arrays, told, strict=True):
            own[variants] = theirs

    def describe(
        self,
        variants: NDArray[np.intp],
        copies: NDArray[np.float64],
        mean: NDArray[np.float64],
        variance: NDArray[np.float64],
    ) -> None:
        """Keep what the people have of variants: mean copies, coded mean and variance."""
        enough = self.people >= MINIMUM_SAMPLES
        self.frequency[variants] = copies / 2 if enough else np.nan
        self.mean[variants], self.variance[variants] = mean, variance


class Pass:
    """One pass over a source, or over its part; what is read is added at once."""

    def __init__(self, source: Source, found: Findings, reading: Reading) -> None:
        self.source, self.found, self.reading = source, found, reading
        self.plain, self.samples = found.plain, len(source.samples)
        self.exact = ExactSums(self.plain.weight, self.samples, kinds=2)
        self.lost = ExactSums(self.plain.weight**2, self.samples)
        self.rows = CallRows(self.exact)
        self.waiting: list[tuple[int, int, bool, int]] = []  # kind, variant, turned, strand
        checked = reading.filters is not None or reading.min_r2 is not None
        calls = reading.field in (GenotypeField.AUTO, GenotypeField.GT)
        self.batched = calls and not checked

    def read_all(self, stretches: Sequence[Stretch]) -> None:
        """All the variants of some stretches."""
        for chromosome, variants in stretches:
            self._read(chromosome, variants)
        self._flush()
        self.rows.settle()

    def _read(self, chromosome: str, variants: NDArray[np.intp]) -> None:
        """All the variants of one chromosome, or of a part of it."""
        own = variants[self.found.positions[variants] > 0]
        if chromosome not in self.source.chromosomes:
            self.found.missing[own] = Missing.OUTSIDE_INDEX
            return
        single = np.array([max(map(len, self.found.letters[i])) == 1 for i in own], dtype=bool)
        by_position: dict[int, list[int]] = {}
        for i in own[single].tolist():
            by_position.setdefault(int(self.found.positions[i]), []).append(i)
        for position, records in self._groups(chromosome, sorted(by_position)):
            for i in by_position[position]:
                if len(records) > 1 or not self._take(i, records[0]):
                    self._meet(i, [self._record(record) for record in records])
        for i in own[~single].tolist():
            variant = variant_of(self.plain, i)
            self._add(i, find(self.source, variant, self.found.build, self.reading))

    def _groups(
        self, chromosome: str, positions: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[Line | Record]]]:
        """The records at each position, as lines where the source can give lines."""
        done = 0
        if isinstance(self.source, VCFFile):
            try:
                for position, lines in self.source.walk(chromosome, positions):
                    done = position
                    yield position, lines
                return
            except Unusual:
                pass  # the rest place by place
        for position in positions:
            if position > done:
                records = list(self.source.fetch(Region(chromosome, position, position)))
                if records:
                    yield position, records

    def _record(self, record: Line | Record) -> Record:
        if isinstance(record, Record):
            return record
        return parse_line(record.whole, self.samples, self.source.name)

    def _take(self, i: int, record: Line | Record) -> bool:
        """Hold a line of called genotypes for the next sum; False when it is anything else."""
        if not self.batched or not self.found.additive[i] or isinstance(record, Record):
            return False
        cells = record.end - (4 * self.samples - 1)
        columns = _before_calls(record, cells)
        if columns is None or is_marker(columns[2].decode("latin-1")):
            return False
        ref, alt = columns[3].upper(), columns[4].upper()
        pair = self.found.letters[i]
        met = _met(pair, (alt, ref))
        if met is None:
            return False
        kind = PALINDROME if _COMPLEMENT.get(pair[0]) == pair[1] else SURE
        self.waiting.append((kind, i, met[1], HOW.index(met[0])))
        if self.rows.put(record.text, cells):
            self._flush()
        return True

    def _flush(self) -> None:
        """Sum the lines that are held; those with a missing call go the other way."""
        if not self.waiting:
            return
        table = np.array(self.waiting, dtype=np.intp)
        kinds, variants, turned, strands = table.T
        self.waiting = []
        usual, counts = self.rows.flush(kinds, variants, turned.astype(bool))
        own = variants[usual]
        mean = np.where(turned, 2 * self.samples - counts, counts)[usual] / self.samples
        self.found.missing[own], self.found.strand[own] = Missing.NOT_MISSING, strands[usual]
        self.found.palindromic[own] = kinds[usual] == PALINDROME
        self.found.describe(own, mean, mean, hardy_weinberg_variance(mean / 2, ADDITIVE))
        for row in np.flatnonzero(~usual):
            i = int(variants[row])
            self._meet(i, [self._rebuilt(i, bool(turned[row]), int(strands[row]), int(row))])

    def _rebuilt(self, i: int, turned: bool, strand: int, row: int) -> Record:
        """A record again, from the cells of a line that was held and the letters it had."""
        effect, other = (letter.decode() for letter in self.found.letters[i])
        if HOW[strand] is Strand.FLIPPED:
            effect, other = complement(effect), complement(other)
        ref, alt = (effect, other) if turned else (other, effect)
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
        variance = hardy_weinberg_variance(np.array([copies / 2]), self._coding(i))
        own = (self.found.letters[i][0].decode(), self.found.letters[i][1].decode())
        self.found.palindromic[i] = found.lettered and complement(own[0]) == own[1]
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
        return np.interp(copies, (0.0, 1.0, 2.0), self._coding(i).values).astype(np.float32)

    def _coding(self, i: int) -> Coding:
        return CODINGS[PLAIN_CODINGS[self.plain.coding[i]]]


def variant_of(plain: PlainVariants, i: int) -> Variant:
    """One of the plain variants as a variant of its own."""
    return Variant(
        str(plain.name[i]) or f"{plain.chromosome[i]}:{plain.line[i]}",
        str(plain.chromosome[i]),
        int(plain.position_grch38[i]) or None,
        int(plain.position_grch37[i]) or None,
        str(plain.effect_allele[i]),
        str(plain.other_allele[i]),
    )


def _before_calls(line: Line, cells: int) -> list[bytes | bytearray] | None:
    """The first eight columns of a line of a SNP whose calls begin at ``cells``; else None."""
    text = line.text
    if cells < line.start or text[cells - 4 : cells] != _CALLS_ALONE:
        return None
    columns: list[bytes | bytearray] = text[line.start : cells - 4].split(b"\t")  # type: ignore[assignment]
    usual = len(columns) == 8 and len(columns[3]) == len(columns[4]) == 1
    return columns if usual else None


def _met(pair: Letters, seen: Letters) -> tuple[Strand, bool] | None:
    """How a variant's letters meet those of a record, and whether its effect allele is REF."""
    if pair == seen:
        return Strand.FOUND, False
    if pair == seen[::-1]:
        return Strand.SWAPPED, True
    opposite = tuple(_COMPLEMENT.get(bytes(letter)) for letter in pair)
    if opposite == seen:
        return Strand.FLIPPED, False
    return (Strand.FLIPPED, True) if opposite == seen[::-1] else None


def hardy_weinberg_variance(frequency: NDArray[np.float64], coding: Coding) -> NDArray[np.float64]:
    """The variance of coded copies in Hardy-Weinberg proportions.

    >>> hardy_weinberg_variance(np.array([0.5]), ADDITIVE)
    array([0.5])
    """
    p, q = frequency, 1 - frequency
    shares = np.stack([q * q, 2 * p * q, p * p])
    values = np.array(coding.values)
    first, second = values @ shares, values**2 @ shares
    return np.asarray(second - first**2, dtype=np.float64)


_COMPLEMENT = {letter: complement(letter.decode()).encode() for letter in (b"A", b"C", b"G", b"T")}
