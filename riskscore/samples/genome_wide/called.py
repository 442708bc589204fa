"""Records of called genotypes as a walk gives them: a SNP's letters and calls, without a Record.

Of a VCF a record is a line of text, of a BCF it is packed; a pass over either is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Protocol

from riskscore.samples.files.record import Record, parse_line
from riskscore.samples.files.source import Region, Source, Spot
from riskscore.samples.files.sources.bcf import BCFFile
from riskscore.samples.files.sources.vcf import VCFFile
from riskscore.samples.genome_wide.call_rows import BinaryRows, CallRows, TextRows
from riskscore.samples.genome_wide.exact_sums import ExactSums
from riskscore.samples.loci.matching import marker_at

_CALLS_ALONE = b"\tGT\t"  # a FORMAT of GT only, before the cells
_TAB = ord("\t")
_COUNTS, _AT_COUNTS = Struct("<II"), 24  # alleles and INFO entries, FORMAT fields and samples
_AT_ID = 32
_LETTER, _NUMBER, _TWO_SMALL = 0x17, 0x11, 0x21  # types: one letter, one number, two of 8 bits
_STRING, _LONG = 7, 15

Calls = tuple[int, int, int]  # ALT and REF as one number, and where the calls begin and end


@dataclass(frozen=True, slots=True)
class Site:
    """Where a SNP stands, and its letters in the file."""

    chromosome: str
    position: int
    ref: str
    alt: str


class Called(Protocol):
    """What a pass asks of a file whose records it walks along."""

    def rows(self, sums: ExactSums) -> CallRows:
        """Rows that hold calls as the file has them."""

    def snp(self, spot: Spot) -> Calls | None:
        """The calls of a SNP with GT alone, if they are as long as usual calls; else None.

        Whether they are usual is not looked at.
        """

    def records(self, region: Region, spots: Sequence[Spot]) -> list[Record]:
        """All that stands at a position as records; raises VCFFormatError for an unreadable one."""

    def record(self, site: Site, calls: bytes) -> Record:
        """A record again, from the calls of a SNP."""


def called_of(source: Source) -> Called | None:
    """How a source's records are met in a walk; None where it has no walk."""
    if isinstance(source, VCFFile):
        return CalledText(source)
    return CalledBinary(source) if isinstance(source, BCFFile) else None


class CalledText(Called):
    """The lines of a VCF."""

    def __init__(self, source: VCFFile) -> None:
        self._samples, self._file = len(source.samples), source.name

    def rows(self, sums: ExactSums) -> CallRows:
        return TextRows(sums)

    def snp(self, spot: Spot) -> Calls | None:
        """The calls of cells as ``0|1``, with a tab between them."""
        text, _, tab, end = spot
        cells = end - (4 * self._samples - 1)
        named = text.find(b"\t", tab + 1)  # behind ID
        if cells < named + 9 or text[cells - 4 : cells] != _CALLS_ALONE:
            return None
        if text[named + 2] != _TAB or text[named + 4] != _TAB:
            return None
        if text.count(b"\t", named + 5, cells - 4) != 2 or marker_at(text, tab + 1, named):
            return None
        return text[named + 3] << 8 | text[named + 1], cells, end

    def records(self, _: Region, spots: Sequence[Spot]) -> list[Record]:
        return [
            parse_line(bytes(text[start:end]), self._samples, self._file)
            for text, start, _, end in spots
        ]

    def record(self, site: Site, calls: bytes) -> Record:
        return Record(
            chromosome=site.chromosome,
            position=site.position,
            id=".",
            ref=site.ref,
            alts=(site.alt,),
            filter=".",
            info=".",
            format=("GT",),
            body=calls,
            samples=self._samples,
            file=self._file,
        )


class CalledBinary(Called):
    """The records of a BCF."""

    def __init__(self, source: BCFFile) -> None:
        self._source, samples = source, len(source.samples)
        self._genotypes, self._length = source.number_of("GT"), 2 * samples
        self._counts = 1 << 24 | samples

    def rows(self, sums: ExactSums) -> CallRows:
        return BinaryRows(sums)

    def snp(self, spot: Spot) -> Calls | None:
        """The calls of two alleles in 8 bits each."""
        data, at, samples, end = spot
        alleles, counts = _COUNTS.unpack_from(data, at + _AT_COUNTS)
        calls = end - self._length
        if alleles >> 16 != 2 or counts != self._counts or calls != samples + 3:
            return None
        if (data[samples], data[samples + 1]) != (_NUMBER, self._genotypes):
            return None
        kind, count, name = data[at + _AT_ID] & 15, data[at + _AT_ID] >> 4, at + _AT_ID + 1
        if count == _LONG:  # the length follows, as a number of 8 bits if it is below 128
            kind = kind if data[name] == _NUMBER else 0
            name, count = name + 2, data[name + 1]
        letters = name + count
        if kind != _STRING or data[samples + 2] != _TWO_SMALL or letters + 4 > samples:
            return None
        if data[letters] != _LETTER or data[letters + 2] != _LETTER:
            return None
        if marker_at(data, name, letters):
            return None
        return data[letters + 3] << 8 | data[letters + 1], calls, end

    def records(self, region: Region, spots: Sequence[Spot]) -> list[Record]:
        return self._source.records(region, spots)

    def record(self, site: Site, calls: bytes) -> Record:
        return self._source.called(site.chromosome, site.position, site.ref, site.alt, calls)
