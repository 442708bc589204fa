"""A VCF without an index, or from standard input: read once, from end to end.

What was asked for is put aside in a temporary file, so that memory holds one record at a time.
"""

from __future__ import annotations

import gzip
import io
import tempfile
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from riskscore.errors import EmptyVCFError, VCFFormatError
from riskscore.files.outputs import as_temporary_errors
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.bgzf import MOST_AT_ONCE, require_length
from riskscore.samples.files.containers import BGZF_END, Container, check_end
from riskscore.samples.files.header import (
    MOST_DIGITS,
    Header,
    build_with_names,
    header_line,
    read_header,
)
from riskscore.samples.files.record import Record, parse_line
from riskscore.samples.files.source import Region, Source, is_named

_IN_MEMORY = 64 << 20  # bytes put aside before a file on disk takes them


class _Tail(io.RawIOBase):
    """A stream that remembers the last bytes that were read of it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self.last = raw, b""

    def read(self, size: int = -1, /) -> bytes:
        """Bytes of the stream, as from the stream itself."""
        data = self._raw.read(size)
        self.last = (self.last + data[-len(BGZF_END) :])[-len(BGZF_END) :]
        return data


class StreamFile(Source):
    """A VCF read once, as a Source; ``raw`` is its bytes from the beginning.

    Every line is checked to have the header's number of columns. Raises VCFFormatError, or
    EmptyVCFError without records.
    """

    def __init__(
        self,
        raw: BinaryIO,
        container: Container,
        name: str,
        warning: str = "",
        *,
        fast: bool = True,
    ) -> None:
        self.name, self._fast = name, fast
        self.warnings = (warning,) if warning else ()
        self._raw, self._container = raw, container
        self._tail = _Tail(raw)
        self._lines: Iterator[bytes] = self._decoded()
        self._first: bytes | None = None
        try:
            self.header = self._read_header()
        except BaseException:
            raw.close()
            raise
        self.samples = self.header.samples
        self.build = self.header.build
        self.chromosomes = frozenset()
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._kept: dict[str, list[tuple[int, int, int]]] = {}  # position, offset, length
        self._blocks: dict[str, list[tuple[int, int, int]]] = {}

    def close(self) -> None:
        self._spool.close()
        self._raw.close()

    def _decoded(self) -> Iterator[bytes]:
        """The lines of the file, whole."""
        try:
            if self._container is Container.PLAIN_VCF:
                yield from self._lines_of(self._raw)
            else:
                with gzip.open(self._tail, "rb") as stream:
                    yield from self._lines_of(stream)
        except (OSError, EOFError, zlib.error) as error:
            raise VCFFormatError(
                "the compressed data is damaged or cut short",
                where=self.name,
                fix="copy or make the file again",
            ) from error
        if self._container is Container.BGZF_VCF:
            check_end(self._tail.last, self.name)

    def _lines_of(self, stream: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
        """Lines of at most MOST_AT_ONCE bytes: a small file may hold one that no memory does.

        A last line without end is told, as it may lack the end of its last number.
        """
        last = b"\n"
        while line := stream.readline(MOST_AT_ONCE + 1):
            require_length(len(line), self.name)
            yield line
            last = line
        if not last.endswith(b"\n"):
            told = f"{self.name}: the last line has no end; the file may be cut short"
            self.warnings = (*self.warnings, told)

    def _read_header(self) -> Header:
        lines: list[str] = []
        length = 0
        for line in self._lines:
            if not line.startswith(b"#"):
                self._first = line
                break
            length += len(line)
            require_length(length, self.name)
            lines.append(header_line(line, len(lines), self.name))
        return read_header(lines, self.name)

    @as_temporary_errors()
    def prepare(self, regions: Sequence[Region]) -> None:
        """Read the file to its end, and put aside the lines of these regions."""
        wanted: dict[str, list[Region]] = defaultdict(list)
        for region in regions:
            wanted[region.chromosome].append(region)
        choosers = {name: _Chooser(several) for name, several in wanted.items()}
        names: dict[bytes, str] = {}
        written: list[str] = []
        kept: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        blocks: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        offset = 0
        for line in self._body():
            contig = line[: line.index(b"\t")]
            name = names.get(contig)
            if name is None:
                written.append(contig.decode("utf-8", "replace"))
                name = names[contig] = chromosome(written[-1])
            chooser = choosers.get(name)
            kind = chooser.wants(line, self) if chooser else None
            if kind is not None:
                position, is_block = kind
                self._spool.write(line)
                (blocks if is_block else kept)[name].append((position, offset, len(line)))
                offset += len(line)
        if not names:
            raise EmptyVCFError("the VCF has no records", where=self.name)
        self.chromosomes = frozenset(names.values())
        self.build = build_with_names(self.header.build, written, self.name)
        self._kept = {name: sorted(entries) for name, entries in kept.items()}
        self._blocks = dict(blocks)

    def _body(self) -> Iterator[bytes]:
        """The records' lines, each with the right number of columns."""
        tabs = 8 + len(self.samples)
        first = [] if self._first is None else [self._first]
        for number, line in enumerate(chain(first, self._lines), start=1):
            self._check_columns(line, tabs, number)
            yield line

    def _check_columns(self, line: bytes, tabs: int, number: int) -> None:
        found = line.count(b"\t")
        if found != tabs:
            what = "is blank" if not line.strip() else f"has {found + 1} columns"
            raise VCFFormatError(
                f"record {number} of the file {what}, the header {tabs + 1}", where=self.name
            )

    def parse(self, line: bytes) -> Record:
        """A line as a record."""
        return parse_line(line, len(self.samples), self.name, fast=self._fast)

    def fetch(self, region: Region) -> Iterator[Record]:
        kept = self._kept.get(region.chromosome, [])
        low = bisect_left(kept, (region.start,))
        high = bisect_right(kept, (region.end + 1,))
        for _, offset, length in (*self._blocks.get(region.chromosome, ()), *kept[low:high]):
            self._spool.seek(offset)
            record = self.parse(self._spool.read(length))
            if region.holds(record):
                yield record


class _Chooser:
    """Whether a line of one chromosome is in any region that was asked for."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._single = {r.start for r in regions if r.start == r.end and not r.prefixes}
        self._wide = [r for r in regions if r.start != r.end or r.prefixes]
        self._in_order = sorted(self._single)

    def wants(self, line: bytes, source: StreamFile) -> tuple[int, bool] | None:
        """The position of a wanted line, and whether it is a block; None for others."""
        _, text, name, _, alts, _ = line.split(b"\t", 5)
        if not text.isdigit() or len(text) > MOST_DIGITS:
            source.parse(line)  # says what is wrong
            return None
        position = int(text)
        if b"END=" in line[:4096]:
            record = source.parse(line)
            if record.is_block and self._reached_by(record):
                return position, True
        if position in self._single:
            return position, False
        for region in self._wide:
            if region.start <= position <= region.end and (
                not region.prefixes
                or is_named(
                    region.prefixes,
                    name.decode("utf-8", "replace"),
                    alts.decode("utf-8", "replace").split(",") if alts.startswith(b"<") else (),
                )
            ):
                return position, False
        return None

    def _reached_by(self, block: Record) -> bool:
        """Whether a gVCF block, from its position to its end, has a wanted position in it."""
        first = bisect_left(self._in_order, block.position)
        if first < len(self._in_order) and self._in_order[first] <= block.end:
            return True
        return any(region.holds(block) for region in self._wide)
