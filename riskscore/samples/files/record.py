"""A record of a genotype file, whatever its container: its fixed columns, its cells on demand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import VCFFormatError
from riskscore.samples.files.cells import Columns
from riskscore.samples.files.coded import Coded, coded_text

NO_CALL = -1  # an allele written as a dot
NO_ALLELE = -2  # the second allele of a haploid call
_ALLELES: dict[bytes, int] = {str(i).encode(): i for i in range(10)} | {b".": NO_CALL}
_LARGEST = np.iinfo(np.int16).max


@dataclass(frozen=True)
class Numbers:
    """A numeric field of the cells: values (samples, width), nan where missing or not written.

    ``counts`` (samples,) says how many values each cell wrote: a haploid call writes fewer.
    """

    values: NDArray[np.float32]
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Record:
    """One record: fixed columns as text, and the sample columns as bytes that nobody has split.

    ``body`` is the text after FORMAT, tab-separated, without the end of line. Containers that hold
    numbers instead of text override :meth:`genotypes`, :meth:`phased`, :meth:`numbers` and
    :attr:`coded`; whoever reads genotypes uses these (or loci/genotypes.py), never the text.
    """

    chromosome: str  # the plain name: 6, X
    position: int  # 1-based
    id: str
    ref: str
    alts: tuple[str, ...]
    filter: str
    info: str
    format: tuple[str, ...]
    body: bytes
    samples: int  # how many the header names
    file: str  # name of the file, for errors

    @property
    def place(self) -> str:
        """How an error names the record.

        >>> Record("6", 9, ".", "A", ("G", "T"), ".", ".", ("GT",), b"0/1", 1, "a.vcf").place
        '6:9 A>G,T'
        """
        return f"{self.chromosome}:{self.position} {self.ref}>{','.join(self.alts) or '.'}"

    def info_value(self, key: str) -> str | None:
        """The text of an INFO entry, or None."""
        for entry in self.info.split(";"):
            name, equals, value = entry.partition("=")
            if name == key and equals:
                return value
        return None

    @cached_property
    def end(self) -> int:
        """The last position the record speaks of: INFO/END, or where REF ends."""
        text = self.info_value("END")
        own = self.position + len(self.ref) - 1
        return max(own, int(text)) if text and text.isdigit() else own

    @property
    def is_block(self) -> bool:
        """A block of a gVCF, or a site without a variant: no ALT that is a sequence."""
        return no_sequence(self.alts)

    @property
    def covered(self) -> NDArray[np.bool_]:
        """The samples whose file has this record, (samples,): all, unless files were joined."""
        return np.ones(self.samples, dtype=bool)

    @property
    def ref_is_reference(self) -> bool:
        """Whether REF is the reference sequence, as VCF has it; BGEN does not say."""
        return True

    @property
    def batches(self) -> tuple[slice, ...]:
        """The samples of each file, where several files' samples were joined."""
        return ()

    def error(self, field: str, problem: str) -> VCFFormatError:
        """An error that names the record and the field."""
        return VCFFormatError(f"{field} of the record at {self.place}: {problem}", where=self.file)

    @cached_property
    def cells(self) -> tuple[bytes, ...]:
        """The samples' cells; raises VCFFormatError when there are more or fewer than samples."""
        cells = tuple(self.body.split(b"\t")) if self.body or self.samples == 1 else ()
        if len(cells) != self.samples:
            raise VCFFormatError(
                f"the record at {self.place} has {9 + len(cells)} columns, "
                f"the header {9 + self.samples}",
                where=self.file,
            )
        return cells

    @property
    def coded(self) -> Coded | None:
        """The copies of the one ALT as places in a table, where all cells are as usual."""
        return coded_text(self.body, self.samples, self.format) if len(self.alts) == 1 else None

    @cached_property
    def _columns(self) -> Columns | None:
        """The cells as arrays, where all of them have the usual form (samples/files/cells.py)."""
        if len(set(self.format)) < len(self.format):
            return None
        return Columns.split(self.body, self.samples, len(self.format))

    @cached_property
    def _distinct(self) -> tuple[list[list[bytes]], NDArray[np.int64]]:
        """The different cells, split at colons, and which of them each sample has."""
        codes: dict[bytes, int] = {}
        row = np.array([codes.setdefault(cell, len(codes)) for cell in self.cells], dtype=np.int64)
        if len(set(self.format)) < len(self.format):
            raise self.error("FORMAT", f"{':'.join(self.format)!r} names a field twice")
        split = [cell.split(b":") for cell in codes]
        if any(len(parts) > len(self.format) for parts in split):
            raise self.error("FORMAT", "a cell has more fields than FORMAT names")
        return split, row

    def _texts(self, name: str) -> tuple[list[bytes], NDArray[np.int64]]:
        """The different texts of a field, a dot where a cell leaves it out; and each sample's."""
        place = self.format.index(name)
        split, row = self._distinct
        return [parts[place] or b"." if place < len(parts) else b"." for parts in split], row

    def genotypes(self) -> NDArray[np.int16] | None:
        """GT as allele numbers, shape (samples, 2): 0 REF, NO_CALL, NO_ALLELE; None without GT.

        Raises VCFFormatError for a cell that is no genotype of one or two alleles, or that names
        an allele the record does not have.
        """
        if "GT" not in self.format:
            return None
        if self._columns is not None:
            quick = self._columns.genotypes(self.format.index("GT"), len(self.alts))
            if quick is not None:
                return quick
        texts, row = self._texts("GT")
        pairs = np.array([self._pair(text) for text in texts], dtype=np.int16)
        return pairs.reshape(-1, 2)[row]

    def phased(self) -> NDArray[np.bool_]:
        """Which genotypes are phased, shape (samples,)."""
        if "GT" not in self.format:
            return np.zeros(self.samples, dtype=bool)
        texts, row = self._texts("GT")
        return np.array([b"|" in t and b"/" not in t for t in texts], dtype=bool)[row]

    def phase_sets(self) -> NDArray[np.bytes_]:
        """The text of each sample's PS, a dot where there is none, shape (samples,)."""
        if "PS" not in self.format:
            return np.full(self.samples, b".")
        texts, row = self._texts("PS")
        return np.asarray(np.array(texts, dtype=np.bytes_)[row])

    def _pair(self, text: bytes) -> tuple[int, int]:
        if text[:1] in (b"|", b"/"):  # VCF 4.4 writes the phase of the first allele before it
            text = text[1:]
        calls = text.replace(b"|", b"/").split(b"/")
        if len(calls) > 2:
            raise self.error("GT", f"{_shown(text)} has {len(calls)} alleles")
        alleles = [self._allele(call, text) for call in calls]
        return (alleles[0], alleles[1] if len(alleles) == 2 else NO_ALLELE)

    def _allele(self, call: bytes, text: bytes) -> int:
        allele = _ALLELES.get(call)
        if allele is None:
            if not call.isdigit():
                raise self.error("GT", f"{_shown(text)} is not a genotype")
            allele = min(int(call), _LARGEST)
        if allele > len(self.alts):
            raise self.error("GT", f"{_shown(text)} names an allele beyond ALT")
        return allele

    def numbers(self, name: str) -> Numbers | None:
        """A numeric field (DS, HDS, GP, GQ, ...) of the cells; None when FORMAT has no such field.

        Raises VCFFormatError for a value that is not a number.
        """
        if name not in self.format:
            return None
        if self._columns is not None:
            quick = self._columns.numbers(self.format.index(name))
            if quick is not None:
                counts = np.full(self.samples, quick.shape[1], dtype=np.int64)
                return Numbers(quick, counts)
        texts, row = self._texts(name)
        lists = [self._floats(name, text) for text in texts]
        width = max((len(values) for values in lists), default=0)
        table = np.full((len(lists), width), np.nan, dtype=np.float32)
        for i, values in enumerate(lists):
            table[i, : len(values)] = values
        counts = np.array([len(values) for values in lists], dtype=np.int64)
        return Numbers(table[row], counts[row])

    def _floats(self, name: str, text: bytes) -> list[float]:
        if text in (b".", b""):
            return []
        values = []
        for part in text.split(b","):
            try:
                value = float("nan") if part == b"." else float(part)
            except ValueError:
                raise self.error(name, f"{_shown(text)} is not a number") from None
            if part != b"." and not np.isfinite(value):
                raise self.error(name, f"{_shown(text)} is not a finite number")
            values.append(value)
        return values


# ALT alleles that stand for "whatever is not REF here": nothing was seen of them.
SYMBOLIC_REFERENCE = frozenset({"<NON_REF>", "<*>", "<X>"})


def no_sequence(alts: Iterable[str]) -> bool:
    """Whether none of the ALTs is a sequence, as in a block of a gVCF.

    >>> no_sequence(()), no_sequence(["<NON_REF>"]), no_sequence(["G", "<NON_REF>"])
    (True, True, False)
    """
    return all(alt in SYMBOLIC_REFERENCE for alt in alts)


def _shown(text: bytes) -> str:
    return repr(text.decode("utf-8", "replace")[:40])
