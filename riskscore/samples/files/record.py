"""A record of a genotype file, whatever its container: its fixed columns, its cells on demand."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Mask
from riskscore.errors import VCFFormatError
from riskscore.files.tables import number_of
from riskscore.genetics.build import chromosome
from riskscore.genetics.variant import Variant
from riskscore.samples.files.decoding.cell_form import Numbers
from riskscore.samples.files.decoding.cells import Cells, Fail
from riskscore.samples.files.decoding.coded import CodedCopies, coded_text
from riskscore.samples.files.decoding.different import UnusualCells, unusual_cells
from riskscore.samples.files.header import MOST_DIGITS

QUALITY = ("R2", "DR2", "INFO", "AR2")  # Minimac, Beagle 5, IMPUTE, Beagle 4
_SHOWN = 100  # letters of a record's place and alleles in a message
_ALTS_SHOWN, _LETTERS_SHOWN = 10, 100  # of a record in a table, and of one allele
INFO_READ = (*QUALITY, "AF")  # what is looked at of INFO beside END


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
        """How an error or a table names the record; of a multitude of ALTs the first ten.

        >>> Record("6", 9, ".", "A", ("G", "T"), ".", ".", ("GT",), b"0/1", 1, "a.vcf").place
        '6:9 A>G,T'
        """
        return f"{self.chromosome}:{self.position} {self.letters}"

    @property
    def letters(self) -> str:
        """Its REF and ALTs, as ``A>G,T``."""
        alts = [_few_letters(alt) for alt in self.alts[:_ALTS_SHOWN]]
        more = len(self.alts) - len(alts)
        told = ",".join(alts) + f",… and {more:,} more" * (more > 0)
        return f"{_few_letters(self.ref)}>{told or '.'}"

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
        if not text or not (text.isascii() and text.isdigit()):
            return own
        if len(text) > MOST_DIGITS:
            raise self.error("INFO/END", "is no position")
        return max(own, int(text))

    @property
    def is_block(self) -> bool:
        """A block of a gVCF, or a site without a variant: no ALT that is a sequence."""
        return no_sequence(self.alts)

    @property
    def covered(self) -> Mask:
        """The samples whose file has this record, (samples,): all, unless files were joined."""
        return np.ones(self.samples, dtype=bool)

    @property
    def ref_is_reference(self) -> bool:
        """Whether REF is the reference sequence, as VCF has it; BGEN does not say."""
        return True

    @property
    def is_forward(self) -> bool:
        """Whether the file states that its letters are of the forward strand."""
        return False

    def towards(self, variant: Variant) -> Record:
        """The record as it meets a variant; the same, unless the file names no alleles."""
        return self

    @property
    def batches(self) -> tuple[slice, ...]:
        """The samples of each file, where several files' samples were joined."""
        return ()

    def error(self, field: str, problem: str) -> VCFFormatError:
        """An error that names the record and the field."""
        return _error(self.place, self.file, field, problem)

    @property
    def fail(self) -> Fail:
        """What raises an error of the cells; it does not hold the record, nor so its text."""
        return partial(_fail, self.place, self.file)

    @cached_property
    def cells(self) -> Cells:
        """The samples' cells; raises VCFFormatError where they are more or fewer than samples."""
        return Cells(self.body, self.samples, self.format, self.fail, fast=self.fast)

    @property
    def coded(self) -> CodedCopies | None:
        """The copies of the one ALT as places in a table, where all cells are as usual."""
        if not self.fast or len(self.alts) != 1:
            return None
        return coded_text(self.body, self.samples, self.format)

    @property
    def unusual(self) -> UnusualCells | None:
        """The cells off the usual one; None where they are no text, or not one a sample."""
        if not self.fast or type(self) is not Record or not self.samples:
            return None
        return unusual_cells(self.body, self.samples)

    def of_cells(self, texts: Iterable[bytes]) -> Record:
        """The record with other cells, one a sample."""
        cells = list(texts)
        return replace(self, body=b"\t".join(cells), samples=len(cells))

    def genotypes(self) -> NDArray[np.int16] | None:
        """GT as allele numbers, shape (samples, 2): 0 REF, NO_CALL, NO_ALLELE; None without GT.

        Raises VCFFormatError for a cell that is no genotype of one or two alleles, or that names
        an allele the record does not have.
        """
        return self.cells.genotypes(len(self.alts)) if "GT" in self.format else None

    def phased(self) -> Mask:
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


def _error(place: str, file: str, field: str, problem: str) -> VCFFormatError:
    return VCFFormatError(f"{field} of the record at {_short(place)}: {problem}", where=file)


def _fail(place: str, file: str, field: str, problem: str) -> NoReturn:
    if field:
        raise _error(place, file, field, problem)
    raise VCFFormatError(f"the record at {_short(place)} {problem}", where=file)


def _few_letters(allele: str) -> str:
    """An allele, of a long one how it begins and its length.

    >>> _few_letters("ACG"), _few_letters("A" * 3000)[98:]
    ('ACG', 'AA… and 2,900 more')
    """
    more = len(allele) - _LETTERS_SHOWN
    return allele if more <= 0 else f"{allele[:_LETTERS_SHOWN]}… and {more:,} more"


def _short(place: str) -> str:
    """The place of a record, of whose alleles a message names no more than fit in a line."""
    return place if len(place) <= _SHOWN else f"{place[:_SHOWN]}..."


# ALT alleles that stand for "whatever is not REF here": nothing was seen of them.
SYMBOLIC_REFERENCE = frozenset({"<NON_REF>", "<*>", "<X>"})


def no_sequence(alts: Iterable[str]) -> bool:
    """Whether none of the ALTs is a sequence, as in a block of a gVCF.

    >>> no_sequence(()), no_sequence(["<NON_REF>"]), no_sequence(["G", "<NON_REF>"])
    (True, True, False)
    """
    return all(alt in SYMBOLIC_REFERENCE for alt in alts)


def parse_line(line: bytes, samples: int, file: str, *, fast: bool = True) -> Record:
    """A line of a VCF as a record; its cells are not looked at.

    Raises VCFFormatError for a line without the fixed columns or without a position.
    """
    columns = line.rstrip(b"\r\n").split(b"\t", 9)
    try:
        fixed = [column.decode() for column in columns[:9]]
        # int() takes signs, blanks and underscores as well
        if not columns[1].isdigit() or len(columns[1]) > MOST_DIGITS:
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
        fast=fast,
    )


def _start(line: bytes) -> str:
    """The start of a line, without its samples' columns."""
    return repr(b" ".join(line.split(b"\t")[:3]).decode("utf-8", "replace")[:40])


def imputation_quality(record: Record, alt: int) -> float | None:
    """The imputation quality INFO states for an ALT (1 is the first), or for the record; else None.

    Raises VCFFormatError when what it states is not a number.
    """
    for key in QUALITY:
        text = record.info_value(key)
        if text is not None and text != ".":
            parts = text.split(",")
            part = parts[alt - 1] if len(parts) == len(record.alts) else parts[0]
            try:
                quality = number_of(part)
            except ValueError:
                quality = math.inf
            if math.isinf(quality):
                raise record.error(f"INFO/{key}", f"{part!r} is not a number")
            return quality
    return None


def stated_frequency(record: Record, effect_index: int) -> float:
    """The frequency of an allele (0 is REF) as INFO/AF states it, else nan."""
    try:
        shares = [number_of(part) for part in (record.info_value("AF") or "").split(",")]
    except ValueError:
        return float("nan")
    if len(shares) != len(record.alts):
        return float("nan")
    return shares[effect_index - 1] if effect_index else 1 - sum(shares)
