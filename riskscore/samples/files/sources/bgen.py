"""A BGEN file as a Source; needs the extra riskscore-hla[bgen]."""

from __future__ import annotations

import sqlite3
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask
from riskscore.distribution import extra
from riskscore.errors import EmptyVCFError, IndexMissingError, VCFFormatError
from riskscore.files.inputs import text_lines
from riskscore.genetics.build import chromosome
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.header import build_with_names, check_samples
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source, positions_of

_BROKEN = (
    ValueError, OSError, OverflowError, IndexError, EOFError, MemoryError, RuntimeError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class BgenRecord(Record):
    """A variant of a BGEN: genotype probabilities as GP, or as HDS (DS) where they are phased.

    The first allele stands as REF, but a BGEN does not say which one that is.
    """

    variant: Any = None

    @property
    def ref_is_reference(self) -> bool:
        return False

    @cached_property
    def _table(self) -> tuple[Array, NDArray[np.int64]]:
        """Probabilities, and how many of them each sample has: 0 for a missing genotype."""
        try:
            table = np.asarray(self.variant.probabilities, dtype=np.float64)
            ploidy = np.asarray(self.variant.ploidy, dtype=np.int64)
        except _BROKEN as error:
            raise self.error("the genotypes", "cannot be read") from error
        alleles = 1 + len(self.alts)
        if ((ploidy < 1) | (ploidy > 2)).any():
            raise self.error("the ploidy", "is neither 1 nor 2")
        if self.variant.is_phased:
            counts = ploidy * alleles
        else:
            counts = np.where(ploidy == 2, alleles * (alleles + 1) // 2, alleles)
        return table, np.where(np.isnan(table[:, 0]), 0, counts)

    def phased(self) -> Mask:
        return np.full(self.samples, bool(self.variant.is_phased))

    def genotypes(self) -> None:
        """Nothing: a BGEN has no hard calls."""

    def numbers(self, name: str) -> Numbers | None:
        if name not in self.format:
            return None
        table, counts = self._table
        if name == "GP":
            return Numbers(table.astype(np.float32), counts)
        alleles = 1 + len(self.alts)
        table = np.pad(table, ((0, 0), (0, max(0, 2 * alleles - table.shape[1]))))
        first, second = table[:, 1:alleles], table[:, alleles + 1 : 2 * alleles]
        one = counts == alleles
        if name == "HDS":
            values = np.column_stack([first, np.where(one[:, None], np.nan, second)])
            return Numbers(values.astype(np.float32), np.where(counts, np.where(one, 1, 2), 0))
        total = np.where(counts[:, None] == 0, np.nan, first + np.where(one[:, None], 0, second))
        return Numbers(total.astype(np.float32), np.where(counts, alleles - 1, 0))


class BgenFile(Source):
    """A BGEN, with its .bgi index or, without one, read from end to end.

    Samples come from the file, or from a .sample file beside it. Raises VCFFormatError,
    IndexMissingError, EmptyVCFError, DuplicateSampleError, or ExtraMissingError where the package
    bgen is not installed.
    """

    def __init__(self, path: Path, warning: str = "") -> None:
        self.name, self._path = path.name, path
        self._index = Path(f"{path}.bgi")
        indexed = self._index.is_file()
        self.warnings = (warning,) if warning and not indexed else ()
        sample = path.with_suffix(".sample")
        try:
            self._reader = _bgen().BgenReader(str(path), delay_parsing=True)
            names = [str(name) for name in self._reader.samples]
            named = bool(self._reader.header.has_sample_ids)
        except _BROKEN as error:
            raise VCFFormatError("the BGEN cannot be read", where=self.name) from error
        if sample.is_file():
            names = _people(sample, len(names))
        elif not named:
            raise VCFFormatError(
                "the BGEN does not name its samples",
                where=self.name,
                fix=f"put {sample.name} beside it",
            )
        self.samples = tuple(names)
        check_samples(self.samples, sample.name if sample.is_file() else self.name)
        self.build = None
        self._contigs: dict[str, list[str]] = {}
        self.chromosomes = frozenset()
        self._kept: dict[str, list[Any]] = {}
        if indexed:
            self._read_contigs()

    def _read_contigs(self) -> None:
        """The chromosomes that the index knows, by their plain names."""
        try:
            with closing(sqlite3.connect(f"file:{self._index}?mode=ro", uri=True)) as index:
                rows = index.execute("SELECT DISTINCT chromosome FROM Variant").fetchall()
        except sqlite3.Error as error:
            raise IndexMissingError(
                "the index cannot be read",
                where=self._index.name,
                fix=f"run: bgenix -g {self.name} -index -clobber",
            ) from error
        for (name,) in rows:
            self._contigs.setdefault(chromosome(str(name)), []).append(str(name))
        self.build = build_with_names(None, (str(name) for (name,) in rows), self.name)
        self.chromosomes = frozenset(self._contigs)

    def close(self) -> None:
        self._reader.close()

    def prepare(self, regions: Sequence[Region]) -> None:
        """Without an index, go through the file once and keep where the wanted variants are."""
        if self._index.is_file():
            return
        wanted = positions_of(regions)
        names: set[str] = set()
        try:
            for variant in self._reader:
                names.add(str(variant.chrom))
                name = chromosome(str(variant.chrom))
                self._contigs.setdefault(name, [])
                if name in wanted and variant.pos in wanted[name]:
                    self._kept.setdefault(name, []).append(variant)
        except _BROKEN as error:
            raise VCFFormatError(
                "the BGEN is cut short or damaged", where=self.name, fix="copy or make it again"
            ) from error
        if not self._contigs:
            raise EmptyVCFError("the BGEN has no variants", where=self.name)
        self.build = build_with_names(None, names, self.name)
        self.chromosomes = frozenset(self._contigs)
        for variants in self._kept.values():
            variants.sort(key=lambda variant: int(variant.pos))

    def fetch(self, region: Region) -> Iterator[Record]:
        for variant in self._variants(region):
            record = self._record(variant)
            if region.holds(record):
                yield record

    def _variants(self, region: Region) -> Iterator[Any]:
        if not self._index.is_file():
            kept = self._kept.get(region.chromosome, [])
            low = bisect_left(kept, region.start, key=lambda variant: int(variant.pos))
            high = bisect_right(kept, region.end, key=lambda variant: int(variant.pos))
            yield from kept[low:high]
            return
        try:
            for name in self._contigs.get(region.chromosome, []):
                yield from self._reader.fetch(name, region.start, region.end)
        except _BROKEN as error:
            raise VCFFormatError(
                f"a variant near {region.chromosome}:{region.start} cannot be read",
                where=self.name,
                fix=f"index it anew: bgenix -g {self.name} -index -clobber",
            ) from error

    def _record(self, variant: Any) -> BgenRecord:
        try:
            alleles = [str(allele) for allele in variant.alleles]
            name = str(variant.rsid or variant.varid or ".")
            by_haplotype = "HDS" if len(alleles) == 2 else "DS"
            fields = (by_haplotype if variant.is_phased else "GP",)
            contig, position = chromosome(str(variant.chrom)), int(variant.pos)
        except _BROKEN as error:  # after which the variant may not say any more where it is
            raise VCFFormatError("a variant cannot be read", where=self.name) from error
        return BgenRecord(
            chromosome=contig,
            position=position,
            id=name,
            ref=alleles[0],
            alts=tuple(alleles[1:]),
            filter=".",
            info=".",
            format=fields,
            body=b"",
            samples=len(self.samples),
            file=self.name,
            variant=variant,
        )


def _people(path: Path, count: int) -> list[str]:
    """The people of a .sample file: ID_2, where ID_1 is the family; ID_1 where it stands alone.

    Its second line tells the types of the columns. Raises VCFFormatError where it is not of as many
    people as the BGEN.
    """
    lines = [(number, text.split()) for number, text, _ in text_lines(path) if text.strip()]
    header = [name.lower() for name in lines[0][1]] if lines else []
    if header[:1] != ["id_1"] or len(lines) < 2 or lines[1][1][0] != "0":
        raise VCFFormatError(
            "the first lines are not those of a .sample file",
            where=path.name,
            fix="begin with ID_1 ID_2 missing, and with 0 0 0",
        )
    place = header.index("id_2") if "id_2" in header else 0
    for number, cells in lines[2:]:
        if len(cells) != len(header):
            raise VCFFormatError(
                f"{len(cells)} columns where the header has {len(header)}",
                where=f"{path.name}, line {number}",
            )
    people = [cells[place] for _, cells in lines[2:]]
    if len(people) != count:
        raise VCFFormatError(
            f"{len(people)} people, and the BGEN has {count}",
            where=path.name,
            fix="take the .sample file that was written with it",
        )
    return people


def _bgen() -> Any:
    with extra("bgen"):
        import bgen
    return bgen
