"""A record of a genotype file, whatever its container: its fixed columns, its cells on demand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import VCFFormatError
from riskscore.samples.files.cell_form import Numbers
from riskscore.samples.files.cells import Cells
from riskscore.samples.files.coded import Coded, coded_text


@dataclass(frozen=True)
class Record:
    """One record: fixed columns as text, and the sample columns as bytes that nobody has split.

    ``body`` is the text after FORMAT, tab-separated, without the end of line. Containers that hold
    numbers instead of text override :meth:`genotypes`, :meth:`phased`, :meth:`numbers` and
    :attr:`coded`; whoever reads genotypes uses these (or loci/genotypes.py), never the text.
    Without ``fast`` every cell is read by itself.
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
    fast: bool = True

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

    def _fail(self, field: str, problem: str) -> NoReturn:
        if field:
            raise self.error(field, problem)
        raise VCFFormatError(f"the record at {self.place} {problem}", where=self.file)

    @cached_property
    def cells(self) -> Cells:
        """The samples' cells; raises VCFFormatError where they are more or fewer than samples."""
        return Cells(self.body, self.samples, self.format, self._fail, fast=self.fast)

    @property
    def coded(self) -> Coded | None:
        """The copies of the one ALT as places in a table, where all cells are as usual."""
        if not self.fast or len(self.alts) != 1:
            return None
        return coded_text(self.body, self.samples, self.format)

    def genotypes(self) -> NDArray[np.int16] | None:
        """GT as allele numbers, shape (samples, 2): 0 REF, NO_CALL, NO_ALLELE; None without GT.

        Raises VCFFormatError for a cell that is no genotype of one or two alleles, or that names
        an allele the record does not have.
        """
        return self.cells.genotypes(len(self.alts)) if "GT" in self.format else None

    def phased(self) -> NDArray[np.bool_]:
        """Which genotypes are phased, shape (samples,)."""
        if "GT" not in self.format:
            return np.zeros(self.samples, dtype=bool)
        return self.cells.phased()

    def phase_sets(self) -> NDArray[np.bytes_]:
        """The text of each sample's PS, a dot where there is none, shape (samples,)."""
        return self.cells.texts("PS") if "PS" in self.format else np.full(self.samples, b".")

    def numbers(self, name: str) -> Numbers | None:
        """A numeric field (DS, HDS, GP, GQ, ...) of the cells; None when FORMAT has no such field.

        Raises VCFFormatError for a value that is not a number.
        """
        return self.cells.numbers(name) if name in self.format else None


# ALT alleles that stand for "whatever is not REF here": nothing was seen of them.
SYMBOLIC_REFERENCE = frozenset({"<NON_REF>", "<*>", "<X>"})


def no_sequence(alts: Iterable[str]) -> bool:
    """Whether none of the ALTs is a sequence, as in a block of a gVCF.

    >>> no_sequence(()), no_sequence(["<NON_REF>"]), no_sequence(["G", "<NON_REF>"])
    (True, True, False)
    """
    return all(alt in SYMBOLIC_REFERENCE for alt in alts)
