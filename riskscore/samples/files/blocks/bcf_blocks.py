"""An indexed BCF by its blocks: the records pysam would give, in the time their blocks take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.errors import VCFFormatError
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.bgzf import Blocks, Fallback
from riskscore.samples.files.blocks.binary import (
    INT8,
    LENGTHS,
    BinaryRecord,
    BinaryRecords,
    Dictionaries,
    Field,
)
from riskscore.samples.files.blocks.index import read_index
from riskscore.samples.files.blocks.walk import BinaryWalk
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import Cells
from riskscore.samples.files.decoding.coded import CodedCopies
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Group, Region, Spot

ByPysam = Callable[[Region], Iterator[Record]]


@dataclass(frozen=True)
class PackedRecord(Record):
    """A record whose fields are unpacked when asked for; an unusual one is read by pysam."""

    packed: BinaryRecord | None = None
    complete: Callable[[], Record] | None = None

    @cached_property
    def _by_pysam(self) -> Record:
        assert self.complete is not None
        return self.complete()

    @property
    def cells(self) -> Cells:
        """The cells as VCF text."""
        return self._by_pysam.cells

    @property
    def coded(self) -> CodedCopies | None:
        assert self.packed is not None
        if len(self.alts) != 1 or self.format not in (("GT",), ("GT", "DS")):
            return None
        return self.packed.coded()

    def genotypes(self) -> NDArray[np.int16] | None:
        assert self.packed is not None
        if "GT" not in self.format:
            return None
        try:
            return self.packed.genotypes()
        except Fallback:
            return self._by_pysam.genotypes()

    def phased(self) -> Mask:
        return self._by_pysam.phased()

    def numbers(self, name: str) -> Numbers | None:
        assert self.packed is not None
        if name not in self.format:
            return None
        try:
            return self.packed.numbers(name)
        except Fallback:
            return self._by_pysam.numbers(name)


class BCFBlocks:
    """The records of a region of an indexed BCF.

    Raises Fallback when the file, its index or a record needs the complete path.
    """

    def __init__(self, path: Path, header: pysam.VariantHeader, by_pysam: ByPysam) -> None:
        index = Path(f"{path}.csi")
        if not index.is_file():
            raise Fallback("no .csi index beside the file")
        self._name, self._samples = path.name, len(header.samples)
        self._dictionaries = Dictionaries(
            {str(name): int(header.contigs[name].id) for name in header.contigs},
            {
                int(table[key].id): str(key)  # type: ignore[attr-defined]
                for table in (header.filters, header.info, header.formats)
                for key in table
            },
        )
        self._index, self._contigs = read_index(index), self._dictionaries.contigs
        self._open(path, by_pysam)

    def _open(self, path: Path, by_pysam: ByPysam) -> None:
        self._path, self._by_pysam, self._blocks = path, by_pysam, Blocks(path)
        known = self._index, self._dictionaries, self._samples
        self._records = BinaryRecords(self._blocks, *known)

    def again(self, by_pysam: ByPysam) -> BCFBlocks:
        """The same file with handles of its own."""
        other = copy(self)
        other._open(self._path, by_pysam)
        return other

    @property
    def is_covered(self) -> bool:
        """Whether nothing stands in the file behind what the index knows."""
        try:
            return not self._blocks.read(self._index.end, 1)
        except Fallback:
            return False

    @property
    def present(self) -> list[str]:
        """The contigs that the index has records of, in the order of the header."""
        return [
            name
            for name, number in self._contigs.items()
            if self._index.rest(number, 1) is not None
        ]

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()

    def fetch(self, contig: str, region: Region) -> Iterator[Record]:
        """Records that start in a region; ``contig`` is the file's name of the chromosome."""
        if region.prefixes:
            found = self._records.named(contig, region.start, region.end, region.prefixes)
        else:
            found = self._records.between(contig, region.start, region.end)
        yield from self._apart(found, contig)

    def walk(self, contig: str, positions: Sequence[int]) -> Iterator[list[Group]]:
        """The records at each of many positions (sorted) that has any, in order, some at a time."""
        number = self._contigs.get(contig, -1)
        yield from BinaryWalk(self._blocks, self._index, number, positions).all()

    def records(self, contig: str, spots: Sequence[Spot]) -> list[Record]:
        """All records of a position, as a walk met them."""
        packed = (
            self._records.decode(bytes(data[at:end]), samples - at - LENGTHS)
            for data, at, samples, end in spots
        )
        return list(self._apart(packed, contig))

    def called(self, chrom: str, position: int, ref: str, alt: str, calls: bytes) -> PackedRecord:
        """A SNP's record, the only one at its position, from calls of 8 bits an allele."""
        fields = {"GT": Field(INT8, 2, 0)}
        packed = BinaryRecord(position, ".", ref, (alt,), ".", ".", fields, calls, self._samples)

        def complete() -> Record:
            there = self._by_pysam(Region(chrom, position, position))
            return self._one([record for record in there if record.position == position], packed, 0)

        return self._packed(packed, chrom, complete)

    def _apart(self, found: Iterable[BinaryRecord], contig: str) -> Iterator[Record]:
        """Records, told apart by the order of those that are alike."""
        alike: Counter[tuple[object, ...]] = Counter()
        for packed in found:
            record = self._record(packed, chromosome(contig), alike)
            yield record
            alike[_key(record)] += 1

    def _record(
        self, packed: BinaryRecord, chrom: str, alike: Counter[tuple[object, ...]]
    ) -> PackedRecord:
        """A record; ``alike`` counts those that came before."""

        def complete() -> Record:
            # By its name: a damaged record beside it does not matter here.
            region = Region(chrom, packed.position, packed.position, (packed.id,))
            read = [r for r in self._by_pysam(region) if _key(r) == key]
            return self._one(read, packed, place)

        record = self._packed(packed, chrom, complete)
        key = _key(record)
        place = alike[key]
        return record

    def _one(self, read: Sequence[Record], packed: BinaryRecord, place: int) -> Record:
        """The record that pysam read in place of one; it may read a damaged one as another."""
        if place >= len(read):
            raise VCFFormatError(
                f"the record at position {packed.position} cannot be read",
                where=self._name,
                fix="check the file (bcftools view) and index it anew",
            )
        return read[place]

    def _packed(
        self, packed: BinaryRecord, chrom: str, complete: Callable[[], Record]
    ) -> PackedRecord:
        return PackedRecord(
            chromosome=chrom,
            position=packed.position,
            id=packed.id,
            ref=packed.ref,
            alts=packed.alts,
            filter=packed.filter,
            info=packed.info,
            format=tuple(packed.fields),
            body=b"",
            samples=self._samples,
            file=self._name,
            packed=packed,
            complete=complete,
        )


def _key(record: Record) -> tuple[object, ...]:
    """What tells a record from others of its position, but for those that are alike."""
    return record.position, record.id, record.ref, record.alts, record.end
