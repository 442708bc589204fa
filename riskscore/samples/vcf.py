"""An indexed VCF file: its header read and judged, its records fetched by place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pysam

from riskscore.errors import (
    BuildMismatchError,
    DuplicateSampleError,
    EmptyVCFError,
    IndexMissingError,
    VCFFormatError,
)
from riskscore.files import require_file
from riskscore.genetics.build import Build, build_of_contigs, chromosome, parse_build

_BGZF_MAGIC = b"\x1f\x8b\x08\x04"
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_CONTIG = re.compile(r"##contig=<ID=([^,>]+)(?:.*?[,<]length=(\d+))?")
_FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a VCF: the fixed columns as text, the samples' cells still unparsed."""

    chromosome: str
    position: int
    id: str
    ref: str
    alts: tuple[str, ...]
    info: str
    format: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def place(self) -> str:
        """How an error names the record."""
        return f"{self.chromosome}:{self.position} {self.ref}>{','.join(self.alts)}"

    def info_value(self, key: str) -> str | None:
        """The text of an INFO entry, or None."""
        for entry in self.info.split(";"):
            name, equals, value = entry.partition("=")
            if name == key and equals:
                return value
        return None


@dataclass
class VCFFile:
    """A bgzipped VCF with its index, open for fetching. Use as a context manager.

    Raises FileMissingError, VCFFormatError, IndexMissingError, DuplicateSampleError or
    EmptyVCFError when opened, so that nothing is read from a file that cannot be trusted.
    """

    path: Path
    samples: tuple[str, ...] = ()
    build: Build | None = None
    contigs: dict[str, str] = field(default_factory=dict)  # plain chromosome -> name in the file
    _tabix: pysam.TabixFile | None = None

    def __enter__(self) -> VCFFile:
        require_file(self.path, "VCF file")
        self._check_container()
        verbosity = pysam.set_verbosity(0)  # htslib writes to the terminal behind Python's back
        try:
            self._tabix = pysam.TabixFile(str(self.path), encoding="utf-8")
            header = list(self._tabix.header)
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise VCFFormatError("the header or index cannot be read", where=self._name) from error
        finally:
            pysam.set_verbosity(verbosity)
        self._read_header(header)
        return self

    def __exit__(self, *_: object) -> None:
        if self._tabix is not None:
            self._tabix.close()

    @property
    def _name(self) -> str:
        return self.path.name

    def _check_container(self) -> None:
        with open(self.path, "rb") as stream:
            start = stream.read(4)
            size = stream.seek(0, 2)
            stream.seek(max(0, size - len(_BGZF_END)))
            end = stream.read()
        if not size:
            raise EmptyVCFError("the file is empty", where=self._name)
        if start != _BGZF_MAGIC:
            raise VCFFormatError(
                "the file is not bgzipped",
                where=self._name,
                fix=f"run: bgzip {self._name} (then tabix -p vcf {self._name}.gz)",
            )
        if end != _BGZF_END:
            raise VCFFormatError(
                "the file is cut short: its end block is missing",
                where=self._name,
                fix="copy or make the file again",
            )
        if not any(Path(f"{self.path}{ending}").is_file() for ending in (".tbi", ".csi")):
            raise IndexMissingError(
                "the VCF has no index", where=self._name, fix=f"run: tabix -p vcf {self._name}"
            )

    def _read_header(self, lines: list[str]) -> None:
        if not lines or not lines[0].startswith("##fileformat=VCF"):
            raise VCFFormatError("the first line is not ##fileformat=VCF", where=self._name)
        columns = lines[-1].rstrip("\r\n").split("\t")
        if columns[:8] != _FIXED[:8]:
            raise VCFFormatError("the #CHROM line is missing or malformed", where=self._name)
        self.samples = tuple(columns[9:])
        if not self.samples:
            raise EmptyVCFError("the VCF has no samples", where=self._name)
        if columns[8] != "FORMAT":
            raise VCFFormatError("the ninth column is not FORMAT", where=self._name)
        repeated = len(self.samples) - len(set(self.samples))
        if repeated:
            raise DuplicateSampleError(
                f"{repeated} sample name(s) stand twice in the header",
                where=self._name,
                fix="rename them (bcftools reheader -s)",
            )
        assert self._tabix is not None
        indexed = list(self._tabix.contigs)
        if not indexed:
            raise EmptyVCFError("the VCF has no records", where=self._name)
        self.contigs = {chromosome(name): name for name in indexed}
        self.build = self._declared_build(lines)

    def _declared_build(self, lines: list[str]) -> Build | None:
        """What the header says of the build: contig lengths first, then the reference's name."""
        lengths = {
            match[1]: int(match[2]) for line in lines if (match := _CONTIG.match(line)) and match[2]
        }
        by_length = build_of_contigs(lengths)
        named = [line for line in lines if line.startswith(("##reference=", "##contig="))]
        by_name = {build for line in named if (build := parse_build(line))}
        if by_length is not None and by_name - {by_length}:
            raise BuildMismatchError(
                f"the header names {by_name.pop()} but its contigs have the lengths of {by_length}",
                where=self._name,
                fix="mend the header (bcftools reheader), or lift the file over",
            )
        return by_length or (by_name.pop() if len(by_name) == 1 else None)

    def fetch(self, chrom: str, start: int, end: int) -> Iterator[str]:
        """Lines of the records whose position lies in start..end (1-based, both included)."""
        name = self.contigs.get(chrom)
        if name is None or self._tabix is None:
            return
        try:
            for line in self._tabix.fetch(name, start - 1, end):
                position = line.split("\t", 2)[1]
                if start <= int(position) <= end:
                    yield line
        except (OSError, ValueError, IndexError, UnicodeDecodeError) as error:
            raise VCFFormatError(
                f"a record near {chrom}:{start} cannot be read",
                where=self._name,
                fix="check the file (bcftools view) and index it anew",
            ) from error

    def parse(self, line: str) -> Record:
        """A line as a record; raises VCFFormatError when its columns do not fit the header."""
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) != 9 + len(self.samples):
            raise VCFFormatError(
                f"the record at {columns[0]}:{columns[1]} has {len(columns)} columns, "
                f"the header {9 + len(self.samples)}",
                where=self._name,
            )
        return Record(
            chromosome(columns[0]),
            int(columns[1]),
            columns[2],
            columns[3],
            tuple(columns[4].split(",")) if columns[4] != "." else (),
            columns[7],
            tuple(columns[8].split(":")),
            tuple(columns[9:]),
        )
