"""A BCF with its index: records with numbers as they are stored, not as text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pysam

from riskscore.errors import EmptyVCFError, IndexMissingError, VCFFormatError
from riskscore.files.inputs import read_start
from riskscore.files.outputs import as_temporary_errors
from riskscore.genetics.build import chromosome
from riskscore.samples.files.blocks.bcf_blocks import BCFBlocks
from riskscore.samples.files.blocks.bgzf import Fallback, require_length
from riskscore.samples.files.blocks.index import read_index
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import Cells
from riskscore.samples.files.header import build_with_names, by_plain_name, read_header
from riskscore.samples.files.htslib import read_in_silence, silent_htslib
from riskscore.samples.files.record import INFO_READ, Record
from riskscore.samples.files.source import Region, Spot, is_named
from riskscore.samples.files.sources.indexed import IndexedFile, or_by_pysam

# What pysam raises of a damaged BCF: an assertion of its own where the header cannot be meant.
_BROKEN = (OSError, ValueError, AssertionError)


@dataclass(frozen=True)
class BCFRecord(Record):
    """A record of a BCF. Its GT is read as text; floats keep the bits they are stored with."""

    variant: pysam.VariantRecord | None = None

    @cached_property
    def cells(self) -> Cells:
        try:
            body = str(self.variant).rstrip("\r\n").split("\t", 9)[9]
        except ValueError as error:
            raise self.error("FORMAT", "the cells cannot be read") from error
        if body.count("\t") != self.samples - 1:  # a text with a tab in it
            raise self.error("FORMAT", "the cells cannot be told apart")
        return Cells(body.encode(), self.samples, self.format, self.fail, fast=self.fast)

    def numbers(self, name: str) -> Numbers | None:
        assert self.variant is not None
        if name not in self.format:
            return None
        if self.variant.header.formats[name].type not in {"Float", "Integer"}:
            return super().numbers(name)
        lists = []
        for sample in self.variant.samples.values():
            try:
                value = sample[name]
                several = value if isinstance(value, tuple) else (value,)
                values = [np.nan if one is None else float(one) for one in several]
            except (TypeError, ValueError):
                raise self.error(name, "a value is not a number") from None
            lists.append([] if all(np.isnan(one) for one in values) else values)
        counts = np.array([len(values) for values in lists], dtype=np.int64)
        table = np.full((len(lists), counts.max(initial=0)), np.nan, dtype=np.float32)
        for i, values in enumerate(lists):
            table[i, : len(values)] = values
        return Numbers(table, counts)


class BCFFile(IndexedFile):
    """A BCF file with a .csi index, as a Source; without one an index is made for this run.

    Raises IndexMissingError, VCFFormatError or EmptyVCFError when opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        make_index: bool = False,
        warning: str = "",
        name: str = "",
        fast: bool = True,
    ) -> None:
        self.name, self._path, self.fast = name or path.name, path, fast
        self.warnings = (warning,) if warning else ()
        self._opened = ExitStack()
        with ExitStack() as on_failure:
            on_failure.callback(self._opened.close)
            self._open(path, make_index)
            on_failure.pop_all()

    def _open(self, path: Path, make_index: bool) -> None:
        # of what follows, the length of the header
        require_length(int.from_bytes(read_start(path, 9)[5:9], "little"), self.name)
        beside = Path(f"{path}.csi")
        if not make_index and beside.is_file():
            try:
                self.require_whole(read_index(beside), path)  # before htslib reads it
            except Fallback as error:
                raise self._unreadable() from error
        with self._readable():
            index = self._make_index(path) if make_index else None
            self._file = pysam.VariantFile(str(path), index_filename=index)
            self._opened.callback(_close, self._file)
            self._header = self._file.header
            lines = str(self._header).rstrip("\n").split("\n")  # as a VCF: nothing else ends a line
            self._require_own_index()
        self.header = read_header(lines, self.name)
        self.samples = self.header.samples
        self._blocks: BCFBlocks | None = None
        with self._readable():
            if self.fast and not make_index:
                self._blocks = or_by_pysam(lambda: BCFBlocks(path, self._header, self._single))
            if self._blocks is not None:
                self._opened.callback(self._blocks.close)
            present = self._blocks.present if self._blocks else self._contigs_with_records()
        if not present:
            raise EmptyVCFError("the BCF has no records", where=self.name)
        if self._blocks is not None and not self._blocks.is_covered:
            raise self._another("the last")
        self.contigs = by_plain_name(present, self.name)
        self.chromosomes = frozenset(self.contigs)
        self.build = build_with_names(self.header.build, present, self.name)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What pysam cannot read is an error of the file; htslib says nothing of its own."""
        try:
            with silent_htslib():
                yield
        except (*_BROKEN, NotImplementedError) as error:
            raise VCFFormatError(
                "the BCF or its index cannot be read",
                where=self.name,
                fix="check it (bcftools view), sort it, and index it (bcftools index -f)",
            ) from error

    @as_temporary_errors()
    def _make_index(self, path: Path) -> str:
        folder = self._opened.enter_context(tempfile.TemporaryDirectory())
        index = str(Path(folder) / "made.csi")
        # BCF is missing from the names that pysam's types allow here.
        pysam.tabix_index(str(path), preset="bcf", csi=True, index=index)  # type: ignore[arg-type]
        return index

    def _require_own_index(self) -> None:
        """Refuse an index that cannot be read, or does not lead to the first record."""
        if self._file.index is None:
            raise self._unreadable()
        first = next(iter(self._file), None)
        if first is not None and not self._finds(first):
            raise self._another("the first")

    def _another(self, record: str) -> IndexMissingError:
        return IndexMissingError(
            f"the index does not belong to the file: it does not find {record} record",
            where=self.name,
            fix=f"make it anew: bcftools index -f {self.name}",
        )

    def _unreadable(self) -> IndexMissingError:
        return IndexMissingError(
            "the BCF has no index that can be read",
            where=self.name,
            fix=f"run: bcftools index -f {self.name}",
        )

    def _contigs_with_records(self) -> list[str]:
        """The contigs with a record, each looked at once: the header names others as well."""
        return [
            str(name)
            for name in self._header.contigs
            if next(iter(self._file.fetch(contig=str(name))), None) is not None
        ]

    def _finds(self, record: pysam.VariantRecord) -> bool:
        """Whether the index leads to a record."""
        near = self._file.fetch(contig=record.chrom, start=record.start, stop=record.start + 1)
        return any(
            (one.pos, one.id, one.alleles) == (record.pos, record.id, record.alleles)
            for one in near
        )

    def close(self) -> None:
        self._opened.close()

    def _reopened(self) -> BCFFile:
        other = copy(self)
        for handle in ("_file", "_beside"):
            other.__dict__.pop(handle, None)
        other._opened = ExitStack()
        if self._blocks is not None:
            other._blocks = self._blocks.again(other._single)
            other._opened.callback(other._blocks.close)
        return other

    def records(self, region: Region, spots: Sequence[Spot]) -> list[Record]:
        """The records of a position that a walk met."""
        try:
            assert self._blocks is not None
            return self._blocks.records(self.contigs[region.chromosome], spots)
        except Fallback:
            return list(self.fetch(region))

    def called(self, chrom: str, position: int, ref: str, alt: str, calls: bytes) -> Record:
        """The record of a SNP that a walk met, from its calls."""
        assert self._blocks is not None
        return self._blocks.called(chrom, position, ref, alt, calls)

    def number_of(self, name: str) -> int:
        """What stands in a record for a FORMAT field; -1 for one that the header does not know."""
        formats = self._header.formats
        return int(formats[name].id) if name in formats else -1  # type: ignore[attr-defined]

    @cached_property
    def _file(self) -> pysam.VariantFile:
        """The handle of single records."""
        return self._open_handle()

    @cached_property
    def _beside(self) -> pysam.VariantFile:
        """The handle of one record after another."""
        return self._open_handle()

    def _open_handle(self) -> pysam.VariantFile:
        with silent_htslib():
            file = pysam.VariantFile(str(self._path))
        self._opened.callback(_close, file)
        return file

    def _single(self, region: Region) -> Iterator[Record]:
        """The records of a region by the handle of single records, which blocks ask for."""
        contig = self.contigs[region.chromosome]
        return filter(region.holds, self._by_handle(self._file, contig, region))

    def _fetch_by_pysam(self, contig: str, region: Region) -> Iterator[Record]:
        # With a handle of its own: records given before may ask for theirs while this goes on.
        file = self._file if self._blocks is None else self._beside
        return self._by_handle(file, contig, region)

    def _by_handle(
        self, file: pysam.VariantFile, contig: str, region: Region
    ) -> Iterator[BCFRecord]:
        try:
            found = file.fetch(contig, max(0, region.start - 1), region.end)
            for variant in read_in_silence(found):
                alts = (variant.alts or ()) if region.prefixes and not variant.id else ()
                if not region.prefixes or is_named(region.prefixes, variant.id or ".", alts):
                    yield self._record(variant)
        except _BROKEN as error:
            raise self.broken(region) from error

    def _record(self, variant: pysam.VariantRecord) -> BCFRecord:
        info = [
            f"{key}={_text(variant.info[key])}"
            for key in INFO_READ
            if key in self._header.info and key in variant.info
        ]
        if variant.stop > variant.start + len(variant.ref or ""):
            info.append(f"END={variant.stop}")
        return BCFRecord(
            chromosome=chromosome(variant.chrom),
            position=variant.pos,
            id=variant.id or ".",
            ref=variant.ref or "",
            alts=tuple(variant.alts or ()),
            filter=";".join(map(str, variant.filter.keys())) or ".",
            info=";".join(info) or ".",
            format=tuple(variant.format.keys()),
            body=b"",
            samples=len(self.samples),
            file=self.name,
            fast=self.fast,
            variant=variant,
        )


def _close(file: pysam.VariantFile) -> None:
    """Close a file; what htslib could not read of it was an error then, and is none again."""
    with suppress(OSError):
        file.close()


def _text(value: object) -> str:
    """An INFO value as VCF writes it: six digits, which float32 holds."""
    several = value if isinstance(value, tuple) else (value,)
    return ",".join(
        "." if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in several
    )
