"""A bgzipped and indexed VCF: its records fetched by place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from itertools import islice
from pathlib import Path

import pysam

from riskscore.errors import EmptyVCFError, IndexMissingError, VCFFormatError
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.quick_vcf import QuickVCF, index_of, open_quick
from riskscore.samples.files.blocks.unusual import Unusual
from riskscore.samples.files.blocks.walk import Group
from riskscore.samples.files.header import Header, build_with_names, by_plain_name, read_header
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region


def parse_line(line: bytes, samples: int, file: str) -> Record:
    """A line of a VCF as a record; its cells are not looked at.

    Raises VCFFormatError for a line without the fixed columns or without a position.
    """
    columns = line.rstrip(b"\r\n").split(b"\t", 9)
    try:
        fixed = [column.decode() for column in columns[:9]]
        if not columns[1].isdigit():  # int() takes signs, blanks and underscores as well
            raise ValueError
        position = int(fixed[1])
    except (ValueError, IndexError):
        raise VCFFormatError(
            f"a line that begins {_start(line)} is not a record", where=file
        ) from None
    if len(columns) < 10 or not fixed[3] or not fixed[4]:
        raise VCFFormatError(
            f"the record at {fixed[0]}:{fixed[1]} is cut short or has an empty column "
            f"({len(columns)} of the header's {9 + samples})",
            where=file,
        )
    if b"\0" in line:  # where pysam would end the line
        raise VCFFormatError(f"the record at {fixed[0]}:{fixed[1]} has a NUL byte", where=file)
    return Record(
        chromosome=chromosome(fixed[0]),
        position=position,
        id=fixed[2],
        ref=fixed[3],
        alts=tuple(fixed[4].split(",")) if fixed[4] != "." else (),
        filter=fixed[6],
        info=fixed[7],
        format=tuple(fixed[8].split(":")),
        body=columns[9],
        samples=samples,
        file=file,
    )


def _start(line: bytes) -> str:
    """The start of a line, without its samples' columns."""
    return repr(b" ".join(line.split(b"\t")[:3]).decode("utf-8", "replace")[:40])


class VCFFile:
    """A bgzipped VCF with a .tbi or .csi index, as a Source.

    Raises IndexMissingError or VCFFormatError when opened, so that nothing is read from a file
    that cannot be trusted. The container itself is judged before, in samples/files/containers.py.

    Records are found by their blocks (samples/blocks/) where those are as usual, else by pysam.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path, self.header = path, header
        self.name, self.samples = path.name, header.samples
        self.warnings: tuple[str, ...] = ()
        try:
            names = list(self._tabix.contigs)
        except UnicodeDecodeError as error:
            raise self._unreadable() from error
        if not names:
            raise EmptyVCFError("the VCF has no records", where=self.name)
        self.contigs = by_plain_name(names, self.name)
        self.chromosomes = frozenset(self.contigs)
        self.build = build_with_names(header.build, names, self.name)
        self._quick: QuickVCF | None = open_quick(path)

    def __enter__(self) -> VCFFile:
        return self

    def __exit__(self, *_: object) -> None:
        if "_tabix" in self.__dict__:
            self._tabix.close()
        if self._quick is not None:
            self._quick.close()

    @cached_property
    def _tabix(self) -> pysam.TabixFile:
        """Pysam's handle."""
        index = index_of(self.path)
        verbosity = pysam.set_verbosity(0)  # htslib writes to the terminal behind Python's back
        try:
            return pysam.TabixFile(
                str(self.path), encoding="latin-1", index=str(index) if index else None
            )
        except (OSError, ValueError, NotImplementedError) as error:
            raise self._unreadable() from error
        finally:
            pysam.set_verbosity(verbosity)

    def _unreadable(self) -> IndexMissingError:
        fix = f"run: tabix -f -p vcf {self.name}"
        return IndexMissingError("the index cannot be read", where=self.name, fix=fix)

    def again(self) -> VCFFile:
        """The same file for another process; pysam's handle is opened when it is needed."""
        other = copy(self)
        other.__dict__.pop("_tabix", None)
        other._quick = None if self._quick is None else self._quick.again()
        return other

    def prepare(self, regions: Sequence[Region]) -> None:
        """Nothing to do: an index answers as it is asked."""

    def fetch(self, region: Region) -> Iterator[Record]:
        """As :meth:`riskscore.samples.files.source.Source.fetch`."""
        name = self.contigs.get(region.chromosome)
        if name is None:
            return
        given = 0
        if self._quick is not None:
            try:
                for line in self._quick.fetch(name, region):
                    record = parse_line(line, len(self.samples), self.name)
                    if region.holds(record):
                        yield record
                        given += 1
                return
            except Unusual:
                pass  # pysam goes on where the blocks ended
        yield from islice(self._fetch_by_pysam(name, region), given, None)

    def walk(self, chromosome: str, positions: Sequence[int]) -> Iterator[list[Group]]:
        """The lines at each of many positions (sorted) that has any, in order, some at a time.

        Raises Unusual, before the first or between two, where only :meth:`fetch` reads on.
        """
        name = self.contigs.get(chromosome)
        if name is None:
            return
        if self._quick is None:
            raise Unusual("the file is not as usual")
        yield from self._quick.walk(name, positions)

    def _fetch_by_pysam(self, name: str, region: Region) -> Iterator[Record]:
        try:
            for line in self._tabix.fetch(name, max(0, region.start - 1), region.end):
                record = parse_line(line.encode("latin-1"), len(self.samples), self.name)
                if region.holds(record):
                    yield record
        except (OSError, ValueError, UnicodeError) as error:
            raise VCFFormatError(
                f"a record near {region.chromosome}:{region.start} cannot be read",
                where=self.name,
                fix="check the file (bcftools view) and index it anew",
            ) from error


def header_of(path: Path) -> tuple[Header, bytes | None]:
    """The header of a bgzipped VCF, and its first record's line, if it has one."""
    lines = []
    try:
        with pysam.BGZFile(str(path), "rb", None) as stream:
            while (line := stream.readline()).startswith(b"#"):
                lines.append(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise VCFFormatError("the header is not UTF-8 text", where=path.name) from error
    except (OSError, ValueError) as error:
        raise VCFFormatError("the compressed data is damaged", where=path.name) from error
    return read_header(lines, path.name), line or None
