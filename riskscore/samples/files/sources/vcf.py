"""A bgzipped and indexed VCF: its records fetched by place."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path

import pysam

from riskscore.errors import EmptyVCFError, IndexMissingError, VCFFormatError
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.bgzf import MOST_AT_ONCE, Blocks, Fallback, require_length
from riskscore.samples.files.blocks.index import read_index
from riskscore.samples.files.blocks.vcf_blocks import VCFBlocks, index_of
from riskscore.samples.files.header import (
    Header,
    build_with_names,
    by_plain_name,
    header_line,
    read_header,
)
from riskscore.samples.files.htslib import read_in_silence, silent_htslib
from riskscore.samples.files.record import Record, parse_line
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources.indexed import IndexedFile, or_by_pysam

_TAIL = 1 << 20  # compressed bytes at the end of the file in which the last record is looked for


class VCFFile(IndexedFile):
    """A bgzipped VCF with a .tbi or .csi index, as a Source.

    Raises IndexMissingError, EmptyVCFError or VCFFormatError when opened, so that nothing is read
    from a file that cannot be trusted. The container itself is judged before (containers.py).
    """

    def __init__(self, path: Path, header: Header, *, fast: bool = True) -> None:
        self.path, self.header, self.fast = path, header, fast
        self.name, self.samples = path.name, header.samples
        self.warnings = ()
        try:
            index = read_index(index_of(path) or Path(f"{path}.tbi"))  # before htslib reads it
            names = list(self._tabix.contigs)
        except (Fallback, UnicodeDecodeError) as error:
            raise self._unreadable() from error
        if not names:
            raise EmptyVCFError("the VCF has no records", where=self.name)
        self.require_whole(index, path)
        self.contigs = by_plain_name(names, self.name)
        self.chromosomes = frozenset(self.contigs)
        self.build = build_with_names(header.build, names, self.name)
        count = len(self.samples)
        blocks = or_by_pysam(lambda: VCFBlocks(path, count)) if fast else None
        self._blocks: VCFBlocks | None = blocks

    def close(self) -> None:
        if "_tabix" in self.__dict__:
            self._tabix.close()
        if self._blocks is not None:
            self._blocks.close()

    @cached_property
    def _tabix(self) -> pysam.TabixFile:
        """Pysam's handle."""
        index = index_of(self.path)
        try:
            with silent_htslib():
                return pysam.TabixFile(
                    str(self.path), encoding="latin-1", index=str(index) if index else None
                )
        except (OSError, ValueError, NotImplementedError) as error:
            raise self._unreadable() from error

    def _unreadable(self) -> IndexMissingError:
        fix = f"run: tabix -f -p vcf {self.name}"
        return IndexMissingError("the index cannot be read", where=self.name, fix=fix)

    def _reopened(self) -> VCFFile:
        other = copy(self)
        other.__dict__.pop("_tabix", None)
        other._blocks = None if self._blocks is None else self._blocks.again()
        return other

    def _fetch_by_pysam(self, contig: str, region: Region) -> Iterator[Record]:
        try:
            lines = self._tabix.fetch(contig, max(0, region.start - 1), region.end)
            for line in read_in_silence(lines):
                yield parse_line(
                    line.encode("latin-1"), len(self.samples), self.name, fast=self.fast
                )
        except (OSError, ValueError, UnicodeError) as error:
            raise self.broken(region) from error


def header_of(path: Path) -> tuple[Header, bytes | None]:
    """The header of a bgzipped VCF, and its first record's line, if it has one."""
    lines: list[str] = []
    length = 0
    try:
        with gzip.open(path, "rb") as stream:
            while (line := stream.readline(MOST_AT_ONCE + 1)).startswith(b"#"):
                length += len(line)
                require_length(length, path.name)
                lines.append(header_line(line, len(lines), path.name))
    except (OSError, EOFError, zlib.error) as error:
        raise VCFFormatError("the compressed data is damaged", where=path.name) from error
    require_length(len(line), path.name)
    return read_header(lines, path.name), line.rstrip(b"\r\n") or None


def check_index(source: VCFFile, first: bytes) -> None:
    """Raise IndexMissingError when the file's first or last record is not where the index says.

    An index that was not made anew after its file finds nothing, or something else, in silence.
    """
    for line in (first, last_line(source.path)):
        if line is None:
            continue
        record = parse_line(line, len(source.samples), source.name)
        region = Region(record.chromosome, record.position, record.position)
        found = any(
            (other.id, other.ref, other.alts) == (record.id, record.ref, record.alts)
            for other in source.fetch(region)
        )
        if not found:
            raise IndexMissingError(
                f"the index does not belong to the file: it does not find the record at "
                f"{chromosome(record.chromosome)}:{record.position}",
                where=source.name,
                fix=f"make it anew: tabix -f -p vcf {source.name}",
            )


def last_line(path: Path) -> bytes | None:
    """The last line of a BGZF file, or None when it begins too far from the end."""
    blocks = Blocks(path)
    try:
        offset, offsets = blocks.find(max(0, blocks.size - _TAIL), blocks.size), []
        while offset < blocks.size:
            offsets.append(offset)
            offset = blocks.after(offset)
        parts, length = list[bytes](), 0  # of the last line, the last first
        for offset in reversed(offsets):
            data = bytes(blocks.block(offset))
            data = data if parts else data.rstrip(b"\n")
            begin = data.rfind(b"\n") + 1
            if data[begin:]:
                parts.append(data[begin:])
                length += len(data) - begin
                require_length(length, path.name)
            if parts and (begin or offset == 0):
                line = b"".join(reversed(parts))
                return None if line.startswith(b"#") else line
    except Fallback:
        pass  # what is wrong with the file shows when it is read
    finally:
        blocks.close()
    return None
