"""The cells of HLA records; each different text of a gene's records is decoded once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from riskscore.arrays import Array, Mask, PhaseSets, Places, Positions
from riskscore.errors import VCFFormatError
from riskscore.samples.files.record import Record
from riskscore.samples.loci.genotypes import read_copies

_TOLERANCE = 0.01  # as for dosages: two decimals are written
_MOST_INTEGER = 2**31 - 1  # an integer of VCF has 32 bits


@dataclass(frozen=True)
class CellTable:
    """Decoded cells of HLA records, with an entry for each cell in every array.

    ``copies`` (cells,) are 0 to 2, nan without a call; ``both`` (cells,) is the probability of two
    copies and ``chromosomes`` (2, cells) the presence on each, nan where the cell gives none;
    ``carried`` (2, cells) is which chromosomes a phased genotype puts the allele on, ``phase_set``
    (cells,) the number of its phase set, 0 without one.
    """

    copies: Array
    both: Array
    chromosomes: Array
    carried: Mask
    phase_set: PhaseSets

    @cached_property
    def absent(self) -> Mask:
        """Which cells say that the allele is certainly absent, shape (cells,)."""
        nothing = (self.copies == 0) & ~(self.both > 0) & ~(self.chromosomes > 0).any(axis=0)
        return np.asarray(nothing & ~self.carried.any(axis=0))

    def take(self, cells: Places) -> CellTable:
        """Some of the cells."""
        return CellTable(*(column[..., cells] for column in self.columns))

    @property
    def columns(self) -> tuple[Any, ...]:
        """All arrays, in the order in which Evidence has them."""
        return tuple(getattr(self, one.name) for one in fields(self))

    @classmethod
    def joined(cls, tables: Sequence[CellTable]) -> CellTable:
        """The cells of several, one table after the other."""
        columns = zip(*(table.columns for table in tables), strict=True)
        return cls(*(np.concatenate(column, axis=-1) for column in columns))


class Meaning(NamedTuple):
    """How a record's cells are read: the ALT that is counted, or whether ALT means present."""

    alt: int  # 0 where the letters say
    present: bool


@dataclass(frozen=True)
class RecordCells:
    """The cells of one record: all samples have the ``usual`` one, except those in ``rows``.

    They are numbers of cells in one of the tables that :meth:`GeneCells.tables` makes.
    """

    place: str  # of the record, for errors
    samples: int
    table: int
    usual: int
    rows: Positions
    cell: Positions

    @property
    def of_everybody(self) -> Positions:
        """The cell of each sample, shape (samples,)."""
        found = np.full(self.samples, self.usual, dtype=np.int32)
        found[self.rows] = self.cell
        return found

    def by_sample(self, values: Array) -> Array:
        """Values of the table's cells by sample, shape (samples,)."""
        return values[self.of_everybody]


@dataclass
class _Group:
    """Records whose cells are read in the same way, and the number of each different text."""

    meaning: Meaning
    numbers: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(count().__next__))
    records: list[tuple[Record, RecordCells]] = field(default_factory=list)  # without text
    read: CellTable | None = None  # where cells are no text, and one record is the group


class GeneCells:
    """Collects the cells of a gene's records, and then decodes each different text once."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._of_form: dict[tuple[tuple[str, ...], int, Meaning], int] = {}

    def add(self, record: Record, meaning: Meaning) -> RecordCells:
        """Add a record's cells; those that are not text, as of BCF, are decoded at once.

        Raises VCFFormatError for such a cell that is not as it should be.
        """
        found = record.unusual
        if found is None:
            return self._add_read(record, meaning)
        form = (record.format, len(record.alts), meaning)
        if form not in self._of_form:
            self._of_form[form] = len(self._groups)
            self._groups.append(_Group(meaning))
        place = self._of_form[form]
        numbers = self._groups[place].numbers
        texts = [numbers[text] for text in (found.usual, *found.texts)]
        own = np.array(texts, dtype=np.int32)
        cells = RecordCells(
            record.place, record.samples, place, texts[0], found.rows, own[1:][found.which]
        )
        self._groups[place].records.append((replace(record, body=b""), cells))
        return cells

    def _add_read(self, record: Record, meaning: Meaning) -> RecordCells:
        table = _table(record, meaning)
        absent = table.absent
        usual = int(absent.argmax())
        rows = np.flatnonzero(~absent if absent.any() else np.arange(len(absent)) != usual)
        kept = np.concatenate([[usual], rows]).astype(np.int64)
        self._groups.append(_Group(meaning, read=table.take(kept)))
        cell = np.arange(1, len(kept), dtype=np.int32)
        return RecordCells(
            record.place, record.samples, len(self._groups) - 1, 0, rows.astype(np.int32), cell
        )

    def tables(self) -> list[CellTable]:
        """The decoded cells of all records.

        Raises VCFFormatError for a cell that is not as it should be.
        """
        return [group.read or _table_of_texts(group) for group in self._groups]


def _table_of_texts(group: _Group) -> CellTable:
    texts = list(group.numbers)
    try:
        return _table(group.records[0][0].of_cells(texts), group.meaning)
    except VCFFormatError:  # it names the first record, and may be of another
        for record, cells in group.records:
            own = dict.fromkeys([cells.usual, *cells.cell.tolist()])
            _table(record.of_cells(texts[cell] for cell in own), group.meaning)
        raise


def _table(record: Record, meaning: Meaning) -> CellTable:
    """The decoded cells of a record."""
    alt, present = meaning
    if alt:
        copies = read_copies(record).values[alt - 1].astype(np.float64)
    elif record.alts:
        copies = read_copies(record).values[0].astype(np.float64)
    else:  # everybody has REF: PLINK leaves the other letter out
        genotypes = record.genotypes()
        assert genotypes is not None
        copies = np.where((genotypes == 0).all(axis=1), 0.0, np.nan)
    both, chromosomes = np.full(len(copies), np.nan), np.full((2, len(copies)), np.nan)
    if record.alts and not alt:
        both, chromosomes = _both(record, present), _chromosomes(record, present)
    return CellTable(
        copies if present else 2 - copies,
        both,
        chromosomes,
        _carried(record, alt or int(present)),
        _phase_set(record),
    )


def _both(record: Record, present: bool) -> Array:
    """The probability of two copies, from GP."""
    values = _numbers(record, "GP", 3)
    with np.errstate(invalid="ignore"):
        wrong = (values < -_TOLERANCE).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > 0.05)
    if wrong.any():
        raise record.error("GP", "three probabilities that do not sum to 1")
    return values[:, 2 if present else 0]


def _chromosomes(record: Record, present: bool) -> Array:
    """Presence on each chromosome, from HDS."""
    values = _numbers(record, "HDS", 2)
    with np.errstate(invalid="ignore"):
        if ((values < -_TOLERANCE) | (values > 1 + _TOLERANCE)).any():
            raise record.error("HDS", "a value is not between 0 and 1")
    values = np.clip(values, 0, 1).T
    return values if present else 1 - values


def _numbers(record: Record, name: str, count: int) -> Array:
    """The numbers of a field, shape (cells, count), nan where a cell has another number of them."""
    numbers = record.numbers(name)
    if numbers is None:
        return np.full((record.samples, count), np.nan)
    complete = (numbers.counts == count)[:, None]
    return np.where(complete, numbers.values[:, :count], np.nan).astype(np.float64)


def _carried(record: Record, wanted: int) -> Mask:
    """Which chromosomes a phased genotype puts an allele on, shape (2, cells)."""
    genotypes = record.genotypes()
    if genotypes is None:
        return np.zeros((2, record.samples), dtype=bool)
    return np.asarray(((genotypes == wanted) & record.phased()[:, None]).T)


def _phase_set(record: Record) -> PhaseSets:
    """The number of each cell's phase set, 0 where PS has none; a text has a number of its own."""
    if "PS" not in record.format:
        return np.zeros(record.samples, dtype=np.int32)
    texts, place = np.unique(record.phase_sets(), return_inverse=True)
    numbers = [_set_number(text) for text in texts.tolist()]
    return np.array(numbers, dtype=np.int32)[place.ravel()]


def _set_number(text: bytes) -> int:
    if text.isdigit() and len(text) <= len(str(_MOST_INTEGER)) and int(text) <= _MOST_INTEGER:
        return int(text)
    return 0 if text == b"." else crc32(text) & _MOST_INTEGER  # no number that VCF allows
