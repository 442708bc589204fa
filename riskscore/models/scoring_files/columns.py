"""Read scoring files of millions of rows by columns, as strictly as row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Positions, Words
from riskscore.errors import ModelFormatError
from riskscore.files.tables import number_of
from riskscore.models.scoring_files.effects import BY_DOSAGE_DIFFERS, agrees
from riskscore.models.scoring_files.origin import Origin
from riskscore.models.scoring_files.rows import LARGEST, MISSING, STATUS_WORDS, Row
from riskscore.models.scoring_files.variants import LETTERS, is_hla_name
from riskscore.models.terms import Status

_FLAGS = ("is_interaction", "is_haplotype", "is_diplotype")
_TRUE, _FLAG_WORDS = {"true", "1"}, {"", "true", "false", "1", "0"}
_PIECE = 1 << 16  # letters of the file that are cut into cells at a time
_BLANKS = " \r\v\f\x1c\x1d\x1e\x1f"  # what is stripped from a cell, of ASCII
_NO_CELLS = re.compile(r"\n[ \t\r\v\f\x1c-\x1f]*\n")  # a line with nothing in its cells


@dataclass(frozen=True, slots=True)
class ColumnTexts:
    """The text of each column, with a cell on each line; ``lines`` are line numbers of the file."""

    texts: tuple[str, ...]
    lines: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as indices into the list of its different words."""

    words: Words
    codes: NDArray[np.intp]

    @property
    def column(self) -> Words:
        """The word in each row; equal words are one object."""
        found: Words = self.words[self.codes]
        return found

    def rows_where(self, holds: Callable[[str], object]) -> Mask:
        """The rows for whose word ``holds`` is true."""
        true = np.array([bool(holds(word)) for word in self.words], dtype=bool)
        return np.asarray(true[self.codes], dtype=bool)

    def mapped(self, into: Callable[[str], str]) -> Coded:
        """The column with each word replaced; different words may become equal."""
        new = [into(word) for word in self.words]
        index = {word: i for i, word in enumerate(dict.fromkeys(new))}
        codes = np.array([index[word] for word in new], dtype=np.intp)
        return Coded(np.array(list(index), dtype=object), codes[self.codes])

    def where(self, chosen: Mask, other: Coded) -> Coded:
        """This column in the chosen rows, and another in the rest."""
        codes = np.where(chosen, self.codes, other.codes + len(self.words))
        return Coded(np.append(self.words, other.words), codes).mapped(str)


def read_columns(
    text: str, start: int, columns: tuple[str, ...], name: str, first: int
) -> ColumnTexts:
    """The rows of a file from ``start`` on; ``first`` is the line of the first of them.

    Raises ModelFormatError for a row of another length than the header, and for no rows.
    """
    texts: list[list[str]] = [[] for _ in columns]
    lines: list[NDArray[np.int64]] = []
    while start < len(text):
        end = text.find("\n", start + _PIECE)
        end = end if end >= 0 else len(text) - text.endswith("\n")
        piece, start = text[start:end], end + 1
        cells = _cells(piece, len(columns))
        numbers = np.arange(first, first + piece.count("\n") + 1)
        first += len(numbers)
        if cells is None:
            kept = _rows(piece, len(columns), name, numbers)
            cells = _cells("\n".join(kept.values()), len(columns)) if kept else None
            numbers = np.array(list(kept), dtype=np.int64)
        if cells is not None:
            lines.append(numbers)
            for i, own in enumerate(texts):
                own.append("\n".join(cells[i :: len(columns) + 1]))
    if not lines:
        raise ModelFormatError("no rows of weights", where=name)
    return ColumnTexts(tuple(map("\n".join, texts)), np.concatenate(lines))


def _cells(piece: str, width: int) -> list[str] | None:
    """The cells of some rows, each row but the last with a newline behind; None for odd rows."""
    if _NO_CELLS.search(f"\n{piece}\n"):
        return None
    rows = piece.count("\n") + 1
    cells = piece.replace("\n", "\t\n\t").split("\t")
    ends = cells[width :: width + 1]
    return cells if len(cells) == rows * (width + 1) - 1 and ends == ["\n"] * (rows - 1) else None


def _rows(piece: str, width: int, name: str, numbers: NDArray[np.int64]) -> dict[int, str]:
    """The rows with anything in their cells, by line; raises for a row of another length."""
    kept = {}
    for number, line in zip(numbers.tolist(), piece.split("\n"), strict=True):
        if not line.strip():
            continue
        if line.count("\t") != width - 1:
            raise ModelFormatError(
                f"a row that does not have {width} columns", where=f"{name}, line {number}"
            )
        kept[number] = line
    return kept


class Columns:
    """The columns of a table of text, checked as strictly as rows."""

    def __init__(self, table: ColumnTexts, columns: tuple[str, ...], name: str) -> None:
        self.columns, self.name, self.lines = columns, name, table.lines
        self.count = len(table.lines)
        self._texts = dict(zip(columns, table.texts, strict=True))

    def rows(self, chosen: Mask) -> list[tuple[int, list[str]]]:
        """The line and the cells of some rows, as they are written."""
        places = np.flatnonzero(chosen).tolist()
        if not places:
            return []
        texts = [text.split("\n") for text in self._texts.values()]
        return [(int(self.lines[i]), [text[i].strip() for text in texts]) for i in places]

    def row(self, i: int) -> Row:
        """A row as the row-by-row reader has it, to raise that reader's errors."""
        chosen = np.zeros(self.count, dtype=bool)
        chosen[i] = True
        [(line, cells)] = self.rows(chosen)
        return Row(dict(zip(self.columns, cells, strict=True)), self.name, line)

    @staticmethod
    def first(mask: Mask) -> int | None:
        found = np.flatnonzero(mask)
        return int(found[0]) if found.size else None

    def cells(self, column: str) -> list[str]:
        """A column's cells, empty where they are missing."""
        if column not in self._texts:
            return [""] * self.count
        text = self._texts[column]
        cells = text.split("\n")
        if not text.isascii() or any(blank in text for blank in _BLANKS):
            cells = [cell.strip() for cell in cells]
        if not MISSING.isdisjoint(cells):
            cells = ["" if cell in MISSING else cell for cell in cells]
        return cells

    def coded(self, column: str) -> Coded:
        """A column of few different words."""
        if column not in self._texts:
            return Coded(np.array([""], dtype=object), np.zeros(self.count, dtype=np.intp))
        cells = self.cells(column)
        index = {word: i for i, word in enumerate(dict.fromkeys(cells))}
        codes = np.fromiter(map(index.__getitem__, cells), np.intp, self.count)
        return Coded(np.array(list(index), dtype=object), codes)

    def filled(self, column: str) -> Mask:
        """The rows in which the column is not empty."""
        return self.coded(column).rows_where(bool)

    def constant(self, column: str) -> str:
        """The value of a column that is the same in every row; empty if it is not."""
        found = self.coded(column).words
        return str(found[0]) if len(found) == 1 else ""

    def flag(self, column: str) -> Mask:
        """The rows in which a flag is set."""
        words = self.coded(column).mapped(str.lower)
        if (i := self.first(~words.rows_where(_FLAG_WORDS.__contains__))) is not None:
            self.row(i).flag(column)
        return words.rows_where(_TRUE.__contains__)

    def numbers(self, column: str) -> Array:
        """A column of numbers, nan where empty."""
        if column not in self._texts:
            return np.full(self.count, np.nan)
        cells = self.cells(column)
        empty = np.zeros(self.count, dtype=bool)
        try:
            found = np.fromiter(map(float, cells), np.float64, self.count)
        except ValueError:
            empty = np.array([not cell for cell in cells], dtype=bool)
            found = np.array([_float(cell) for cell in cells])
        if (i := self.first(~(np.abs(found) <= LARGEST) & ~empty)) is not None:
            self.row(i).number(column)
        return found

    def shares(self, column: str) -> Array:
        """A column of shares from 0 to 1, nan where empty."""
        values = self.numbers(column)
        if (i := self.first((values < 0) | (values > 1))) is not None:
            self.row(i).share(column)
        return values

    def places(self, column: str) -> Positions:
        """A column of positions, 0 where empty."""
        values = self.numbers(column)
        odd = ~np.isnan(values) & ~((values > 0) & (values < 2**31) & (values % 1 == 0))
        if (i := self.first(odd)) is not None:
            self.row(i).position(column)
        return np.nan_to_num(values).astype(np.int32)

    def words(self, column: str) -> Words:
        """A column of words that are mostly different."""
        return np.array(self.cells(column), dtype=object)

    def complex_rows(self) -> Mask:
        """Rows that are not one variant by its letters with one weight."""
        found = np.zeros(self.count, dtype=bool)
        for column in _FLAGS:
            found |= self.flag(column)
        found |= self.filled("variant_type") | self.filled("fallback_for")
        found |= ~self.coded("effect_allele").mapped(str.upper).rows_where(LETTERS.fullmatch)
        found |= self._hla_names()
        by_dosage = self.filled("dosage_0_weight") | self.filled("dosage_1_weight")
        by_dosage |= self.filled("dosage_2_weight")
        return found | (by_dosage & ~self.filled("effect_weight")) if by_dosage.any() else found

    def _hla_names(self) -> Mask:
        """The rows whose rsID is a name of an HLA allele or residue."""
        text = self._texts.get("rsID", "").upper()
        if not any(part in text for part in ("HLA", "AA_", "*")):
            return np.zeros(self.count, dtype=bool)
        return np.array([is_hla_name(cell) for cell in self.cells("rsID")], dtype=bool)

    def require_same_by_dosage(self, weights: Array, skipped: Mask) -> None:
        """Raise ModelFormatError where a dosage weight is not what effect_weight says."""
        dominant, recessive = self.flag("is_dominant"), self.flag("is_recessive")
        second: Array = np.where(dominant | recessive, 1.0, 2.0)
        copies: list[Array] = [np.zeros(self.count), np.where(recessive, 0.0, 1.0), second]
        for number, coded in enumerate(copies):
            given = self.numbers(f"dosage_{number}_weight")
            same = np.isclose(given, weights * coded, rtol=1e-3, atol=1e-6)
            odd = ~(same | np.isnan(given) | np.isnan(weights) | skipped)
            if (i := self.first(odd)) is not None:
                raise self.row(i).error(BY_DOSAGE_DIFFERS)

    def require_terms(self) -> None:
        """Raise ModelFormatError for a standard error or a status that no term can have."""
        errors, status = self.numbers("standard_error"), self.coded("status")
        if (i := self.first(errors < 0)) is not None:
            raise self.row(i).error(f"standard_error is {errors[i]:g}, below 0")
        if (i := self.first(~status.rows_where({"", *Status}.__contains__))) is not None:
            raise self.row(i).error(f"status is {status.column[i]!r}; {STATUS_WORDS}")

    def ratio_differs(self, weights: Array, ratios: Array) -> Mask:
        """The rows that have a ratio which is not that of their weight."""
        texts = np.where(self.filled("OR"), self.words("OR"), self.words("HR"))
        found = ~(np.isnan(weights) | np.isnan(ratios))
        for i in np.flatnonzero(found).tolist():
            found[i] = not agrees(weights[i], ratios[i], texts[i])
        return found

    def weights(self, weights: Array, ratios: Array, origin: Origin, skipped: Mask) -> Array:
        """The weights on the log scale."""
        given = np.isnan(weights)
        values = np.where(given, ratios, weights)
        to_log = given | origin.ratios
        if (i := self.first((np.isnan(values) | (to_log & (values <= 0))) & ~skipped)) is not None:
            raise self.row(i).error(
                "effect_weight is empty" if np.isnan(values[i]) else "the ratio has no logarithm"
            )
        logs = np.log(np.where(to_log & (values > 0), values, 1.0))
        return np.where(to_log, logs, values)


def _float(cell: str) -> float:
    try:
        return number_of(cell)
    except ValueError:
        return float("nan")
