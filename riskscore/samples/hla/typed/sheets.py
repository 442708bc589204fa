"""A delimited HLA table as rows of cells; errors name the line and never the person."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from riskscore.errors import HLAFormatError
from riskscore.files.inputs import text_lines
from riskscore.files.tables import SAMPLE_COLUMNS, number_of
from riskscore.genetics.hla import GENES, HLAName
from riskscore.genetics.hla_names import Codes, read_name

_SHOWN = 20  # cells that one error names
_HEADERS = {*SAMPLE_COLUMNS, "fid", "locus"}  # of #IID, #FID and seq2HLA's #Locus


@dataclass(frozen=True)
class Problem:
    """A cell that is no allele: where it stands, what it says, and what is wrong with it."""

    line: int
    column: str
    text: str
    error: HLAFormatError

    @property
    def place(self) -> str:
        return f"line {self.line}" + (f", column {self.column}" if self.column else "")


@dataclass(frozen=True)
class Sheet:
    """Rows of a table, the first of them perhaps a header. ``line`` counts from 1 in the file.

    Cells have no blanks about them; ``padded`` are those that end in one in the file, by row and
    place. ``comments`` are the lines that begin with #. ``problems`` are cells that are no allele,
    which one error names together at the end.
    """

    file: str
    rows: tuple[tuple[str, ...], ...]
    codes: Codes
    lines: tuple[int, ...]
    padded: Mapping[tuple[int, int], str]
    comments: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list, compare=False)

    @property
    def header(self) -> tuple[str, ...]:
        return self.rows[0]

    def error(self, message: str, row: int | None = None, fix: str = "") -> HLAFormatError:
        where = self.file if row is None else f"{self.file}, line {self.lines[row]}"
        return HLAFormatError(message, where=where, fix=fix)

    def rectangular(self) -> Sheet:
        """The sheet, if every row is as long as the first; else an error."""
        for number, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise self.error(
                    f"{len(row)} columns where the header has {len(self.header)}", number
                )
        return self

    def column(self, *names: str) -> int:
        """The place of the first of these columns that is there, whatever its case; -1 if none.

        A blank in a column's name counts as an underscore.
        """
        lower = [cell.lower().replace(" ", "_") for cell in self.header]
        return next((lower.index(name) for name in names if name in lower), -1)

    @property
    def samples(self) -> int:
        """The place of the column that names the samples; -1 if there is none."""
        return self.column(*SAMPLE_COLUMNS)

    def sample(self, row: int, place: int) -> str:
        """The sample's name in a row, with the blanks at its end; HLAFormatError if it is empty."""
        name = self.rows[row][place]
        if not name:
            raise self.error("a row has no sample", row)
        return self.padded.get((row, place), name)

    def name(self, row: int, text: str, gene: str = "", place: int = -1) -> HLAName | None:
        """A cell read as an allele; what cannot be read is kept for :meth:`all_read`.

        ``place`` is the column it stands in.
        """
        try:
            return read_name(text, gene, self.codes)
        except HLAFormatError as error:
            self.problem(row, text, error, place)
            return None

    def problem(self, row: int, text: str, error: HLAFormatError, place: int = -1) -> None:
        """Keep a cell that cannot be read, for :meth:`all_read`."""
        column = self.header[place] if 0 <= place < len(self.header) else ""
        self.problems.append(Problem(self.lines[row], column, text, error))

    def all_read(self) -> None:
        """Raise one HLAFormatError that names every cell that could not be read."""
        if not self.problems:
            return
        first = self.problems[0]
        if len(self.problems) == 1:
            raise HLAFormatError(
                first.error.what, where=f"{self.file}, {first.place}", fix=first.error.fix
            )
        by_text: dict[str, list[str]] = {}
        for problem in self.problems[:_SHOWN]:
            by_text.setdefault(problem.text, []).append(problem.place)
        cells = "; ".join(f"{text!r} in {' and '.join(at)}" for text, at in by_text.items())
        more = len(self.problems) - _SHOWN
        raise HLAFormatError(
            f"{len(self.problems)} cells are no HLA alleles that can be read: {cells}"
            + (f"; and {more} more" if more > 0 else "")
            + f". The first: {first.error.what}",
            where=self.file,
            fix=first.error.fix,
        )

    def number(self, row: int, text: str, low: float, high: float, what: str) -> float | None:
        """A cell read as a number in a range; None when it is empty."""
        if text.upper() in {"", "NA", "."}:
            return None
        try:
            value = number_of(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise self.error(f"{what} is {text!r}, not a number from {low:g} to {high:g}", row)
        return min(value, high)


def read_sheet(path: Path, codes: Codes) -> Sheet:
    """A table separated by tabs, commas, semicolons or white space, whichever its first line has.

    Lines that are empty are left out, and those that begin with #, unless they are a header. A row
    without any tab is cut at white space in a table with tabs. Row names, as
    R writes them in rows with one cell more than the header, are left out.
    """
    numbers: list[int] = []
    rows: list[tuple[str, ...]] = []
    comments: list[str] = []
    cut: Callable[[str], list[str]] | None = None
    for number, text, _ in text_lines(path):
        line = text
        if line.startswith("#"):
            if cut is not None or _first_word(line[1:]) not in _HEADERS:
                comments.append(line)
                continue
            line = line[1:]
        if not line.strip():
            continue
        cut = cut or _cutting(line)
        rows.append(
            tuple(cell.lstrip() for cell in _cells(cut, line, f"{path.name}, line {number}"))
        )
        numbers.append(number)
    if not rows:
        raise HLAFormatError("the HLA table is empty", where=path.name)
    found = _without_row_names(rows)
    stripped = tuple(tuple(cell.rstrip() for cell in row) for row in found)
    padded = {
        (i, j): cell
        for i, row in enumerate(found)
        if row != stripped[i]
        for j, cell in enumerate(row)
        if cell != stripped[i][j]
    }
    return Sheet(path.name, stripped, codes, tuple(numbers), padded, tuple(comments))


def _first_word(line: str) -> str:
    words = line.replace(",", " ").replace(";", " ").split()
    return words[0].lower() if words else ""


def _cutting(header: str) -> Callable[[str], list[str]]:
    """How the lines of a table are cut into cells, by the first of them."""
    if "\t" in header:
        cells = header.rstrip("\t").split("\t")
        quoted = all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells)
        return lambda line: _bare(line.split("\t" if "\t" in line else None), quoted)
    for separator in (",", ";"):
        if separator in header:
            return partial(_separated, separator)
    quoted = all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in header.split())
    return lambda line: _bare(line.split(), quoted)


def _separated(separator: str, line: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator, strict=True))


def _bare(cells: list[str], quoted: bool) -> list[str]:
    return [cell.strip('"') for cell in cells] if quoted else cells


def _cells(cut: Callable[[str], list[str]], line: str, where: str) -> list[str]:
    try:
        return cut(line)
    except (csv.Error, StopIteration) as error:
        raise HLAFormatError("a quote that is not closed on its line", where=where) from error


def _without_row_names(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows without row names: 1, 2, 3 and so on, or the sample's name once more."""
    header, *below = rows
    width, lower = len(header), [cell.rstrip().lower() for cell in header]
    place = next((lower.index(name) for name in SAMPLE_COLUMNS if name in lower), -1)
    if place < 0 or not below or any(len(row) != width + 1 for row in below):
        return tuple(rows)
    counted = all(row[0].rstrip() == str(number) for number, row in enumerate(below, start=1))
    if counted or all(row[0] == row[place + 1] for row in below):
        return (header, *(row[1:] for row in below))
    return tuple(rows)


def gene_of(text: str) -> str:
    """The gene a column or cell names; empty if it names none.

    >>> gene_of("HLA-DRB1"), gene_of("Cw"), gene_of("Reads")
    ('DRB1', 'C', '')
    """
    plain = text.upper().removeprefix("HLA-").removeprefix("HLA_")
    plain = {"CW": "C"}.get(plain, plain)
    return plain if plain in GENES else ""


def genes_in(words: Sequence[str]) -> list[str]:
    """The genes that these words name, once each."""
    return list(dict.fromkeys(gene for word in words if (gene := gene_of(word))))
