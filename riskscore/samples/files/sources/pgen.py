"""A PLINK 2 fileset (.pgen, .pvar, .psam) as a Source; needs the extra riskscore-hla[pgen]."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.distribution import extra
from riskscore.errors import EmptyVCFError, FileMissingError, InputError, VCFFormatError
from riskscore.files.inputs import text_lines
from riskscore.genetics.build import Build, chromosome
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import LAST_ALLELE, NO_CALL
from riskscore.samples.files.header import (
    build_with_names,
    check_samples,
    declared_build,
    is_position,
)
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source, positions_of

_MISSING = -9
_ALL_PROVISIONAL = 2  # the two highest bits of the twelfth byte of a .pgen
_COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT")


@dataclass(frozen=True)
class PgenRecord(Record):
    """A variant of a PGEN: GT as hard calls, DS as stored; haploid calls are homozygous there."""

    reader: Any = None
    number: int = 0  # of the variant in the fileset
    provisional: bool = False  # REF is a guess throughout the fileset

    @property
    def ref_is_reference(self) -> bool:
        """No where PLINK only took one allele for REF: the .pgen or INFO/PR says provisional."""
        return not self.provisional and "PR" not in self.info.split(";")

    @contextmanager
    def _readable(self, field: str) -> Iterator[None]:
        """What pgenlib cannot read is an error of the record."""
        try:
            yield
        except (RuntimeError, OSError, ValueError) as error:
            raise self.error(field, "cannot be read: the .pgen is damaged") from error

    def genotypes(self) -> NDArray[np.int16]:
        alleles = np.empty(2 * self.samples, dtype=np.int32)
        with self._readable("GT"):
            self.reader.read_alleles(self.number, alleles)
        if alleles.max(initial=0) > LAST_ALLELE:
            raise self.error("GT", f"an allele beyond the {LAST_ALLELE:,}th")
        return np.where(alleles == _MISSING, NO_CALL, alleles).astype(np.int16).reshape(-1, 2)

    def phased(self) -> Mask:
        alleles = np.empty(2 * self.samples, dtype=np.int32)
        phase = np.zeros(self.samples, dtype=np.bool_)
        with self._readable("GT"):
            self.reader.read_alleles_and_phasepresent(self.number, alleles, phase)
        return phase

    def numbers(self, name: str) -> Numbers | None:
        if name != "DS":
            return None
        values = np.empty((len(self.alts), self.samples), dtype=np.float32)
        with self._readable("DS"):
            for row in range(len(self.alts)):
                self.reader.read_dosages(self.number, values[row], row + 1)
        values[values == _MISSING] = np.nan
        known = ~np.isnan(values).any(axis=0)
        return Numbers(values.T, np.where(known, len(self.alts), 0))


class PgenFile(Source):
    """A PLINK 2 fileset, named by its .pgen, as a Source.

    The .pvar is read once, line by line, and only the rows that were asked for are kept.

    Raises FileMissingError, VCFFormatError, EmptyVCFError, DuplicateSampleError, or
    ExtraMissingError where pgenlib is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.name, self._path = path.name, path
        self._pgenlib = _pgenlib()
        with open(path, "rb") as stream:
            flags = stream.read(12)[11:]
        self._provisional = bool(flags) and flags[0] >> 6 == _ALL_PROVISIONAL
        self._pvar = self._beside(".pvar")
        self.samples, self.warnings = _samples(self._beside(".psam"))
        self.build = self._declared_build()
        self.chromosomes = frozenset()
        self._rows: dict[str, list[tuple[int, int, list[str]]]] = {}
        self._columns: dict[str, int] = {}
        self._reader: Any = None

    def _beside(self, ending: str) -> Path:
        path = self._path.with_suffix(ending)
        if path.is_file():
            return path
        packed = " (it is compressed: unpack it with plink2 --zst-decompress)"
        raise FileMissingError(
            f"the fileset of {self.name} has no {ending}" + packed * Path(f"{path}.zst").is_file(),
            where=path.name,
            fix="keep .pgen, .pvar and .psam side by side",
        )

    def _declared_build(self) -> Build | None:
        lines = []
        with open(self._pvar, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if not line.startswith("##"):
                    break
                lines.append(line)
        return declared_build(lines, self._pvar.name)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def prepare(self, regions: Sequence[Region]) -> None:
        """Read the .pvar, keep the rows of these regions, and open the .pgen."""
        wanted = positions_of(regions)
        seen: dict[str, str] = {}
        alleles = [0]
        for columns in self._variants():
            name = seen.setdefault(columns[0], chromosome(columns[0]))
            number, total = len(alleles) - 1, alleles[-1]
            alleles.append(total + 2 + columns[self._columns["ALT"]].count(","))
            if name in wanted:
                position = int(columns[1])
                if position in wanted[name]:
                    self._rows.setdefault(name, []).append((position, number, columns))
        if not seen:
            raise EmptyVCFError("the fileset has no variants", where=self._pvar.name)
        self.build = build_with_names(self.build, seen, self.name)
        self.chromosomes = frozenset(seen.values())
        for rows in self._rows.values():
            rows.sort(key=lambda row: row[:2])
        offsets = np.array(alleles, dtype=np.uintp)
        multi = bool((np.diff(offsets) > 2).any())
        try:
            self._reader = self._pgenlib.PgenReader(
                str(self._path).encode(),
                raw_sample_ct=len(self.samples),
                variant_ct=len(alleles) - 1,
                allele_idx_offsets=offsets if multi else None,
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise VCFFormatError(
                "the .pgen cannot be read, or does not fit its .pvar and .psam",
                where=self.name,
                fix="check it: plink2 --pfile NAME --validate",
            ) from error

    def _variants(self) -> Iterator[list[str]]:
        """The rows of the .pvar, split; raises VCFFormatError for one that is no variant."""
        with open(self._pvar, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                columns = line.rstrip("\r\n").split("\t")
                if line.startswith("#"):
                    if not line.startswith("##"):
                        self._columns = {name: i for i, name in enumerate(columns)}
                    continue
                if not set(_COLUMNS) <= self._columns.keys():
                    raise VCFFormatError(
                        "the .pvar has no #CHROM line with POS, ID, REF and ALT",
                        where=self._pvar.name,
                        fix="make it anew: plink2 --pfile NAME --make-just-pvar",
                    )
                if len(columns) != len(self._columns) or not is_position(columns[1]):
                    raise VCFFormatError("a row of the .pvar is broken", where=self._pvar.name)
                yield columns

    def fetch(self, region: Region) -> Iterator[Record]:
        rows = self._rows.get(region.chromosome, [])
        low = bisect_left(rows, region.start, key=lambda row: row[0])
        high = bisect_right(rows, region.end, key=lambda row: row[0])
        for position, number, columns in rows[low:high]:
            record = self._record(position, number, columns)
            if region.holds(record):
                yield record

    def _record(self, position: int, number: int, columns: list[str]) -> PgenRecord:
        def value(name: str) -> str:
            return columns[self._columns[name]] if name in self._columns else "."

        alts = value("ALT")
        return PgenRecord(
            chromosome=chromosome(columns[0]),
            position=position,
            id=value("ID"),
            ref=value("REF"),
            alts=tuple(alts.split(",")) if alts != "." else (),
            filter=value("FILTER"),
            info=value("INFO"),
            format=("GT", "DS"),
            body=b"",
            samples=len(self.samples),
            file=self.name,
            reader=self._reader,
            number=number,
            provisional=self._provisional,
        )


def _pgenlib() -> Any:
    with extra("pgen"):
        import pgenlib
    return pgenlib


def _samples(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The IIDs of a .psam, and a warning where its last line, a name perhaps, may be cut short."""
    try:
        found = list(text_lines(path))
    except InputError as error:
        raise VCFFormatError(error.what, where=error.where, fix=error.fix) from error
    lines = [text.split() for _, text, _ in found if not text.startswith("##") and text.strip()]
    if not lines or lines[0][0] not in {"#FID", "#IID"}:
        raise VCFFormatError("the .psam has no #FID or #IID line", where=path.name)
    names = [name.lstrip("#") for name in lines[0]]
    if "IID" not in names:
        raise VCFFormatError("the .psam has no column IID", where=path.name)
    column = names.index("IID")
    samples = tuple(line[column] if len(line) > column else "" for line in lines[1:])
    check_samples(samples, path.name)
    cut = f"{path.name}: the last line has no end; the file may be cut short"
    return samples, () if found[-1][2] else (cut,)
