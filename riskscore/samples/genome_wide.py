"""The plain variants of a genome-wide score, met with a file in one pass, and summed exactly.

A score of a million variants is not kept as a million rows of dosages: each record is weighed and
added as it passes. Records of variants that are not in the score are not looked at. A record of one
ALT with called genotypes is added with others like it at once; any other goes the way of a single
locus (samples/matching.py), to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.genetics.variant import Strand, Variant, complement
from riskscore.models.plain import PLAIN_CODINGS, PlainVariants
from riskscore.models.terms import ADDITIVE, CODINGS, Coding
from riskscore.samples.bcf import BCFFile
from riskscore.samples.blocks.unusual import Unusual
from riskscore.samples.exact_sums import CallRows, Copies, ExactSums
from riskscore.samples.frequency import MINIMUM_SAMPLES
from riskscore.samples.matching import find, find_among, is_marker
from riskscore.samples.reading import GenotypeField, Reading
from riskscore.samples.record import Record
from riskscore.samples.source import Region, Source
from riskscore.samples.strand import Found
from riskscore.samples.vcf import VCFFile, parse_line

# So many variants that are no palindromes must all have been read without turning a letter, before
# the file and the score are taken to be on one strand, and palindromes are believed as they read.
MINIMUM_ON_STRAND = 100
_SURE, _PALINDROME = 0, 1  # kinds of sums
_HOW = tuple(Strand)


@dataclass(frozen=True)
class PlainSums:
    """What a pass found of a score's variants, and their weighted sum in each sample.

    ``total`` (samples,) is the sum of weight times coded copies over the variants with ``missing``
    0; a sample without a call has the mean of the others there. ``no_calls`` (samples,) sums the
    squared weights times variances of the variants that a sample has no call of. By variant:
    ``missing`` (a Missing), ``strand`` (an index of :class:`Strand`), and in the people of the
    file the ``mean`` and ``variance`` of the coded copies and the effect allele's ``frequency``.
    """

    total: NDArray[np.float64]
    no_calls: NDArray[np.float64]
    missing: NDArray[np.uint8]
    strand: NDArray[np.uint8]
    frequency: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    people: int

    @property
    def observed(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.missing == Missing.NOT_MISSING
        return found


def read_plain(source: Source, plain: PlainVariants, build: Build, reading: Reading) -> PlainSums:
    """Meet every plain variant with a source, and sum.

    Raises VCFFormatError for a record of a variant that cannot be read.
    """
    one = _Pass(source, plain, build, reading)
    for chromosome in dict.fromkeys(plain.chromosome.tolist()):
        one.read(str(chromosome))
    return one.sums()


def plain_regions(source: Source, plain: PlainVariants, build: Build | None) -> list[Region]:
    """What a source without an index has to be told beforehand; nothing for one that has it."""
    if isinstance(source, VCFFile | BCFFile):
        return []
    return [
        Region(str(chromosome), int(position), int(position))
        for one in ([build] if build else list(Build))
        for chromosome, position in zip(plain.chromosome, plain.positions(one), strict=True)
        if position
    ]


def some_variants(plain: PlainVariants, most: int) -> list[Variant]:
    """Some of the variants with a place and two letters, from all over the genome."""
    placed = (plain.position_grch38 > 0) | (plain.position_grch37 > 0)
    known = np.flatnonzero(placed & (plain.other_allele != ""))
    chosen = known[np.linspace(0, len(known) - 1, min(most, len(known))).astype(np.intp)]
    return [variant_of(plain, int(i)) for i in chosen]


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


class _Pass:
    """One pass over a source; what is read is added at once."""

    def __init__(
        self, source: Source, plain: PlainVariants, build: Build, reading: Reading
    ) -> None:
        self.source, self.plain, self.build, self.reading = source, plain, build, reading
        self.samples, count = len(source.samples), len(plain)
        self.positions = plain.positions(build)
        self.exact = ExactSums(plain.weight, self.samples, kinds=2)
        self.lost = ExactSums(plain.weight**2, self.samples)
        self.rows = CallRows(self.exact)
        self.waiting: list[tuple[int, int, bool, int]] = []  # kind, variant, turned, strand
        self.letters = [
            (str(e).encode(), str(o).encode())
            for e, o in zip(plain.effect_allele, plain.other_allele, strict=True)
        ]
        self.additive = (plain.coding == PLAIN_CODINGS.index("additive")).tolist()
        self.missing = np.full(count, Missing.ABSENT, dtype=np.uint8)
        self.strand = np.zeros(count, dtype=np.uint8)
        self.palindromic = np.zeros(count, dtype=bool)
        self.frequency, self.mean, self.variance = np.full((3, count), np.nan)
        checked = reading.filters is not None or reading.min_r2 is not None
        calls = reading.field in (GenotypeField.AUTO, GenotypeField.GT)
        self.batched = calls and not checked

    def read(self, chromosome: str) -> None:
        """All the variants of one chromosome."""
        own = np.flatnonzero((self.plain.chromosome == chromosome) & (self.positions > 0))
        if chromosome not in self.source.chromosomes:
            self.missing[own] = Missing.OUTSIDE_INDEX
            return
        single = np.array([max(map(len, self.letters[i])) == 1 for i in own], dtype=bool)
        by_position: dict[int, list[int]] = {}
        for i in own[single].tolist():
            by_position.setdefault(int(self.positions[i]), []).append(i)
        for position, records in self._groups(chromosome, sorted(by_position)):
            for i in by_position[position]:
                if len(records) > 1 or not self._take(i, records[0]):
                    self._meet(i, [self._record(record) for record in records])
        for i in own[~single].tolist():
            variant = variant_of(self.plain, i)
            self._add(i, find(self.source, variant, self.build, self.reading))
        self._flush()

    def _groups(
        self, chromosome: str, positions: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[bytes | Record]]]:
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

    def _record(self, record: bytes | Record) -> Record:
        if isinstance(record, Record):
            return record
        return parse_line(record, self.samples, self.source.name)

    def _take(self, i: int, record: bytes | Record) -> bool:
        """Hold a line of called genotypes for the next sum; False when it is anything else."""
        if not self.batched or not self.additive[i] or isinstance(record, Record):
            return False
        columns = record.split(b"\t", 9)
        if len(columns) < 10 or columns[8] != b"GT" or len(columns[9]) != 4 * self.samples - 1:
            return False
        name, ref, alt = columns[2:5]
        pair, seen = self.letters[i], (alt.upper(), ref.upper())
        if len(ref) != 1 or len(alt) != 1:
            return False
        turned = pair == seen[::-1]
        strand = Strand.SWAPPED if turned else Strand.FOUND
        opposite = (_COMPLEMENT.get(pair[0], b""), _COMPLEMENT.get(pair[1], b""))
        if pair != seen and not turned:
            turned, strand = opposite == seen[::-1], Strand.FLIPPED
            if opposite != seen and not turned:
                return False
        if is_marker(name.decode("latin-1")):
            return False
        palindrome = opposite[0] == pair[1]
        kind = _PALINDROME if palindrome else _SURE
        self.waiting.append((kind, i, turned, _HOW.index(strand)))
        if self.rows.put(record):
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
        self.missing[own], self.strand[own] = Missing.NOT_MISSING, strands[usual]
        self.palindromic[own] = kinds[usual] == _PALINDROME
        self._describe(own, mean, mean, _variance(mean / 2, ADDITIVE))
        for row in np.flatnonzero(~usual):
            i = int(variants[row])
            self._meet(i, [self._rebuilt(i, bool(turned[row]), int(strands[row]), int(row))])

    def _rebuilt(self, i: int, turned: bool, strand: int, row: int) -> Record:
        """A record again, from the cells of a line that was held and the letters it had."""
        effect, other = (letter.decode() for letter in self.letters[i])
        if _HOW[strand] is Strand.FLIPPED:
            effect, other = complement(effect), complement(other)
        ref, alt = (effect, other) if turned else (other, effect)
        return Record(
            chromosome=str(self.plain.chromosome[i]),
            position=int(self.positions[i]),
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
        self._add(i, find_among(records, variant, self.build, self.reading, self.samples))

    def _add(self, i: int, found: Found) -> None:
        """Add one variant's copies; a sample without a call has the mean of the others."""
        self.missing[i] = found.match.missing
        if found.values is None:
            return
        called = ~np.isnan(found.values)
        if not called.any():
            self.missing[i] = Missing.NO_CALL
            return
        coded = self._coded(i, found.values)
        mean = float(coded[called].mean(dtype=np.float64))
        copies = float(found.values[called].mean(dtype=np.float64))
        variance = _variance(np.array([copies / 2]), self._coding(i))
        own = (self.letters[i][0].decode(), self.letters[i][1].decode())
        self.palindromic[i] = found.lettered and complement(own[0]) == own[1]
        kind = _PALINDROME if self.palindromic[i] else _SURE
        if not called.all():
            coded = np.where(called, coded, np.float32(mean))
            self.lost.add(0, i, np.where(called, 0.0, variance).astype(np.float32))
        self.exact.add(kind, i, coded)
        how = found.match.how
        self.strand[i] = _HOW.index(Strand(how)) if how in list(Strand) else 0
        self._describe(np.array([i]), np.array([copies]), np.array([mean]), variance)

    def _coded(self, i: int, copies: Copies) -> Copies:
        """Copies through the variant's coding."""
        if self.additive[i]:
            return copies
        return np.interp(copies, (0.0, 1.0, 2.0), self._coding(i).values).astype(np.float32)

    def _coding(self, i: int) -> Coding:
        return CODINGS[PLAIN_CODINGS[self.plain.coding[i]]]

    def _describe(
        self,
        variants: NDArray[np.intp],
        copies: NDArray[np.float64],
        mean: NDArray[np.float64],
        variance: NDArray[np.float64],
    ) -> None:
        enough = self.samples >= MINIMUM_SAMPLES
        self.frequency[variants] = copies / 2 if enough else np.nan
        self.mean[variants], self.variance[variants] = mean, variance

    def sums(self) -> PlainSums:
        """The sums, palindromes among them where the strand is proven."""
        self._flush()
        read = self.missing == Missing.NOT_MISSING
        told = read & ~self.palindromic
        flipped = (self.strand[told] == _HOW.index(Strand.FLIPPED)).any()
        total = self.exact.values()
        if told.sum() >= MINIMUM_ON_STRAND and not flipped:
            sums = total.sum(axis=0)
        else:
            sums = total[_SURE]
            self.missing[read & self.palindromic] = Missing.AMBIGUOUS_STRAND
        return PlainSums(
            sums,
            self.lost.values()[0],
            self.missing,
            self.strand,
            self.frequency,
            self.mean,
            self.variance,
            self.samples,
        )


def _variance(frequency: NDArray[np.float64], coding: Coding) -> NDArray[np.float64]:
    """The variance of coded copies in Hardy-Weinberg proportions.

    >>> _variance(np.array([0.5]), ADDITIVE)
    array([0.5])
    """
    p, q = frequency, 1 - frequency
    shares = np.stack([q * q, 2 * p * q, p * p])
    values = np.array(coding.values)
    first, second = values @ shares, values**2 @ shares
    return np.asarray(second - first**2, dtype=np.float64)


_COMPLEMENT = {letter: complement(letter.decode()).encode() for letter in (b"A", b"C", b"G", b"T")}
