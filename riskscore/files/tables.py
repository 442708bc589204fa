"""Small tables beside genotypes: one rule for lines, separators, headers and names of people.

Lines end at a newline, alone or after a carriage return, and nowhere else. Cells are separated by
tabs, commas, semicolons or white space, as the header shows. A table with tabs has no quotes: a
quote in it is a letter like any other, unless every name of the header stands in quotes, as R
writes them. Names of people are text: they are never made numbers, and never cut.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from riskscore.errors import InputError
from riskscore.files.coded_texts import TextCells
from riskscore.files.inputs import TEXT_LIMIT, text_blocks, text_lines

MOST_COLUMNS = 100_000
MOST_DIGITS = 100  # letters of a cell that is a number
# The columns that name people, the surest first; compared without regard to case.
SAMPLE_COLUMNS = (
    "sample", "iid", "sample_id", "sample.id", "sampleid", "subject", "id", "eid",
)  # fmt: skip
UNKNOWN = frozenset({"", "na", "nan", "none", ".", "unknown", "n/a", "<na>"})
_FAMILY = "fid"
# Letters that a regular block has not: quotes, ends of lines, and blanks that a cell is rid of.
_SPECIAL = tuple(bytes([letter]) for letter in b'"\r\0\v\f\x1c\x1d\x1e\x1f')
_ROWS = 4096  # of a block that is read row by row
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", " ": "spaces"}


def sample_column(columns: Sequence[str]) -> str | None:
    """The column that names people: ``sample``, ``IID``, ``Sample_ID`` and so on; None if none.

    >>> sample_column(["FID", "IID", "sex"]), sample_column(["Sample", "ID"]), sample_column(["x"])
    ('IID', 'Sample', None)
    """
    lower = [name.lower() for name in columns]
    place = next((lower.index(name) for name in SAMPLE_COLUMNS if name in lower), None)
    return None if place is None else columns[place]


def is_unknown(cell: str) -> bool:
    """Whether a cell says that nothing is known, in any of the usual words.

    >>> is_unknown("NA"), is_unknown("."), is_unknown("NULL")
    (True, True, False)
    """
    return cell.lower() in UNKNOWN


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of a table by column: the line each row is on, and the cells of some columns."""

    lines: Sequence[int]
    columns: tuple[Sequence[str], ...]


@dataclass
class Table:
    """A table as it is read: its columns, and its rows one by one, each with the line it is on.

    ``separator`` is a tab, comma, semicolon or space. ``names`` is the column that names people, or
    None. ``cut`` is True once the last row was read and had no end of line: the file may be cut.
    ``plain`` is the file, and the line of its header, where the rows are as they stand in the text.
    """

    file: str
    columns: tuple[str, ...]
    separator: str
    rows: Iterator[tuple[int, list[str]]]
    names: str | None
    cut: bool = field(default=False)
    plain: tuple[Path, int] | None = None

    def blocks(self, places: Sequence[int]) -> Iterator[RowBlock]:
        """The rows by column, some thousand at a time, of the columns at ``places``.

        They are those of ``rows``, which has none left then. Text of usual form is split a block
        at a time; from the first block of any other on the rows are read one by one.
        """
        line = -1
        if self.plain is not None:
            path, line = self.plain
            header = f"{self.separator.join(self.columns)}\n".encode()
            for block in _whole_blocks(path, line):
                cells = _regular(block, self.separator, len(self.columns))
                if cells is None or b"\n" + header in b"\n" + block:
                    break
                count = len(cells) // len(self.columns)
                columns = tuple(cells[place :: len(self.columns)] for place in places)
                yield RowBlock(range(line + 1, line + 1 + count), columns)
                line += count
            else:
                return
        rest = (row for row in self.rows if row[0] > line)
        while several := list(islice(rest, _ROWS)):
            by_row = [[cells[place] for _, cells in several] for place in places]
            yield RowBlock([number for number, _ in several], tuple(by_row))

    @property
    def plink(self) -> bool:
        """Whether its header is that of PLINK, by which -9 is a missing value."""
        return {"fid", "iid"} <= {name.lower() for name in self.columns}

    def warnings(self) -> list[str]:
        """What is to be told of the file, after its last row."""
        if not self.cut:
            return []
        return [f"{self.file}: the last line has no end; the file may be cut short"]


def number_of(text: str) -> float:
    """The number that a text means, by ASCII digits; as ``float`` else, nan and inf included.

    Python reads ``1_0`` as 10, and digits of every script: no table means that.

    >>> number_of("1e-3"), number_of(" -2.5")
    (0.001, -2.5)
    >>> number_of("1_0")
    Traceback (most recent call last):
    ValueError: '1_0' is not a number
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def open_table(path: Path, *, separator: str | None = None, headless: bool = False) -> Table:
    """A table with a header, plain or gzip, UTF-8 or (with its mark) UTF-16.

    Lines that begin with # are comments, unless they name a column of people, as ``#IID`` does;
    below the header one with as many cells as the header is a row. A row without anything in it is
    passed over. Where rows have one cell more than the header, as R writes row names, the first
    cells are left out, if another column names the people. With ``headless`` a table may begin as
    PLINK's without a header do, with family, person and numbers: its columns are then FID, IID,
    VALUE1, VALUE2 and so on.

    Raises InputError saying what cannot be read and in which line.
    """
    return _TableReader(path, separator, headless).table()


def read_rows(path: Path, *, separator: str | None = None) -> list[dict[str, str]]:
    """The rows of :func:`open_table`, each with its cells by column."""
    table = open_table(path, separator=separator)
    return [
        dict(zip(table.columns, cells, strict=True))
        for block in table.blocks(range(len(table.columns)))
        for cells in zip(*block.columns, strict=True)
    ]


def read_columns(path: Path, columns: Sequence[str]) -> tuple[list[str], ...]:
    """The cells of some columns of :func:`open_table`, each from the first row to the last."""
    table = open_table(path)
    found: tuple[list[str], ...] = tuple([] for _ in columns)
    for block in table.blocks([table.columns.index(name) for name in columns]):
        for cells, more in zip(found, block.columns, strict=True):
            cells.extend(more)
    return found


Line = tuple[int, str, bool]  # its number, its text, and whether it has an end


class _TableReader:
    """Reads one table."""

    def __init__(self, path: Path, separator: str | None, headless: bool) -> None:
        self.path, self.file = path, path.name
        self.separator, self.headless = separator or "", headless
        self.lines = text_lines(path)
        self.quoted = False  # every cell in quotes, as R writes them
        self.row_names = False
        self.names = -1  # the place of the column that names people

    def table(self) -> Table:
        header, plain = self._header(), False
        self.separator = self.separator or _separator(header[1])
        if self.headless and (columns := _plink_columns(self._split(*header[:2]))):
            first: Line | None = header
        else:
            columns, first = self._columns(*header[:2])
            plain = not self.quoted and not self.row_names and self.separator != " "
        name = sample_column(columns)
        self.names = -1 if name is None else columns.index(name)
        rows = self._rows(columns, first)
        self.opened = Table(
            self.file, tuple(columns), self.separator, rows, name,
            plain=(self.path, header[0]) if plain else None,
        )  # fmt: skip
        return self.opened

    def error(self, what: str, line: int = 0, fix: str = "") -> InputError:
        where = f"{self.file}, line {line}" if line else self.file
        return InputError(what, where=where, fix=fix)

    def _header(self) -> Line:
        """The line of the header."""
        for number, text, ended in self.lines:
            if not text.strip():
                continue
            if not text.startswith("#"):
                return number, text, ended
            first = text[1:].replace(",", "\t").replace(";", "\t").split()[:1]
            if first and first[0].lower() in {*SAMPLE_COLUMNS, _FAMILY}:
                return number, text[1:], ended
        raise self.error("the table is empty")

    def _columns(self, number: int, text: str) -> tuple[list[str], Line | None]:
        """The names of the columns, and the first row's line, which tells of row names."""
        cells = self._split(number, text)
        self.quoted = self.separator in "\t " and all(map(_in_quotes, cells))
        columns = [name.strip() for name in (map(_bare, cells) if self.quoted else cells)]
        while len(columns) > 1 and not columns[-1]:
            columns.pop()  # what a spreadsheet writes of empty columns
        if len(columns) > MOST_COLUMNS:
            raise self.error(f"the table has more than {MOST_COLUMNS:,} columns", number)
        repeated = [name for name, count in Counter(columns).items() if count > 1]
        if repeated:
            raise self.error(f"the column {repeated[0]!r} occurs twice", number)
        first = next((line for line in self.lines if line[1].strip()), None)
        if first is not None and len(self._cells(first[0], first[1])) == len(columns) + 1:
            self.row_names = bool(self._cells(first[0], first[1])[-1])
        if self.row_names and sample_column(columns) is None:
            raise self.error(
                "the rows have one cell more than the header, as R writes row names", first[0],  # type: ignore[index]
                fix="write the row names as a column called 'sample'",
            )  # fmt: skip
        return columns, first

    def _rows(self, columns: list[str], first: Line | None) -> Iterator[tuple[int, list[str]]]:
        width = len(columns)
        lines = self.lines if first is None else _before(first, self.lines)
        for number, text, ended in lines:
            self.opened.cut = not ended
            if not text.strip():
                continue
            cells = self._cells(number, text)
            if self.row_names:
                if len(cells) <= width:
                    raise self.error(
                        "fewer cells than the first row, which begins with a row name", number
                    )
                del cells[0]
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if len(cells) != width:
                if text.startswith("#"):
                    continue
                raise self.error(
                    f"{len(cells)} columns where the header has {width} (separated by "
                    f"{_SEPARATORS.get(self.separator, self.separator)})", number,
                )  # fmt: skip
            if cells == columns:
                raise self.error(
                    "the header stands here again", number,
                    fix="take it out; where two tables were put together, check the rows behind it",
                )  # fmt: skip
            if any(cells):
                yield number, cells

    def _cells(self, number: int, text: str) -> list[str]:
        """The cells of a row, without blanks about them; a name keeps those behind it."""
        cells = self._split(number, text)
        if self.quoted:
            cells = [self._unquoted(number, cell) for cell in cells]
        place = self.names + self.row_names if self.names >= 0 else -1
        name = cells[place] if 0 <= place < len(cells) else ""
        cells = [_plain(cell.strip()) for cell in cells]
        if name.strip():
            cells[place] = _plain(name.lstrip())
        return cells

    def _split(self, number: int, text: str) -> list[str]:
        if self.separator == " ":
            return text.split()
        if self.separator == "\t" or '"' not in text:
            return text.split(self.separator)
        try:
            [cells] = csv.reader([text], delimiter=self.separator, strict=True)
        except (csv.Error, ValueError) as error:
            raise self.error(
                "a quote that is not closed on its line, or a cell too long", number,
                fix="write each row on one line, and a quote within quotes twice",
            ) from error  # fmt: skip
        return cells

    def _unquoted(self, number: int, cell: str) -> str:
        if '"' not in cell:
            return cell
        if not _in_quotes(cell) or '"' in cell[1:-1]:
            raise self.error("a quote that does not enclose its cell", number)
        return cell[1:-1]


def _whole_blocks(path: Path, lines: int) -> Iterator[bytes]:
    """The text of a file behind its first lines, in blocks of whole lines, up to TEXT_LIMIT."""
    size = 0
    for block in text_blocks(path):
        size += len(block)
        start = 0
        while lines and (start := block.find(b"\n", start) + 1):
            lines -= 1
        if not lines and start < len(block):
            yield block[start:] if size <= TEXT_LIMIT else b""


def _regular(block: bytes, separator: str, width: int) -> TextCells | None:
    """The cells of a block, row by row, where each is as it stands in the text.

    None where a line has other than ``width`` cells, or no end, or nothing in it, or where there
    are quotes, blanks about a cell, or letters beyond ASCII.
    """
    mark = separator.encode()
    blanks = (b" \n", b"\n ", b" " + mark, mark + b" ")
    if (
        not block.endswith(b"\n")
        or not block.isascii()
        or any(letter in block for letter in _SPECIAL)
        or (b" " in block and (block[:1] == b" " or any(pair in block for pair in blanks)))
        or b"\n" + mark * (width - 1) + b"\n" in b"\n" + block
    ):
        return None
    letters = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero((letters == ord(mark)) | (letters == ord("\n")))
    of_row = np.frombuffer(mark * (width - 1) + b"\n", dtype=np.uint8)
    if len(ends) % width or (letters[ends].reshape(-1, width) != of_row).any():
        return None
    return TextCells(block, np.append(0, ends[:-1] + 1), ends)


def _before(first: Line, lines: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from lines


def _separator(header: str) -> str:
    """What separates the cells of a header: a tab, else the commoner of , and ;, else spaces."""
    if "\t" in header:
        return "\t"
    commas, semicolons = header.count(","), header.count(";")
    if commas or semicolons:
        return "," if commas >= semicolons else ";"
    return " "


def _plink_columns(cells: list[str]) -> list[str]:
    """The columns of a PLINK table without a header, from its first row; none of any other."""
    values = cells[2:]
    if not values or sample_column(cells) or not all(map(_is_value, values)):
        return []
    return ["FID", "IID", *(f"VALUE{place}" for place in range(1, len(values) + 1))]


def _is_value(cell: str) -> bool:
    try:
        number_of(cell)
    except ValueError:
        return is_unknown(cell)
    return True


def _in_quotes(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == '"'


def _bare(cell: str) -> str:
    return cell[1:-1]


def _plain(cell: str) -> str:
    """A cell as it is meant: ``="001"`` is how a spreadsheet is made to keep the text 001."""
    return cell[2:-1] if cell[:2] == '="' and _in_quotes(cell[1:]) else cell


@dataclass(frozen=True, slots=True)
class Joined:
    """How the people of a table and those of a cohort meet.

    ``people`` are in the table, ``samples`` in the cohort, ``both`` in the two. ``hint`` says what
    the names of the others may lack.
    """

    table: str
    people: int
    samples: int
    both: int
    hint: str

    @property
    def whole(self) -> bool:
        """Whether each person of the cohort is in the table, and the other way round."""
        return self.people == self.samples == self.both

    def __str__(self) -> str:
        return (
            f"{self.table}: {self.both} of its {self.people} people are in the cohort, and "
            f"{self.both} of the cohort's {self.samples} are in it"
            + (f"; {self.hint}" if self.hint else "")
        )


def joined(table: str, people: Collection[str], samples: Collection[str]) -> Joined:
    """The people of a table met with the samples of a cohort, by their exact names.

    >>> print(joined("exposures.tsv", ["1", "3"], ["002", "3"]))
    exposures.tsv: 1 of its 2 people are in the cohort, and 1 of the cohort's 2 are in it
    >>> joined("exposures.tsv", ["1", "3"], ["001", "3"]).hint
    'more would be with the zeros in front of their names'
    """
    own, theirs = set(people), set(samples)
    both = own & theirs
    left, free = own - both, theirs - both
    hint = next(
        (words for words, alike in _NEARLY.items() if left and _meet(left, free, alike)), ""
    )
    return Joined(table, len(own), len(samples), len(both), hint)


_NEARLY: dict[str, Callable[[str], str]] = {
    "more would be without the blanks about their names": str.strip,
    "more would be with the zeros in front of their names": lambda name: name.lstrip("0"),
    "more would be if upper and lower case agreed": str.lower,
}


def _meet(left: Collection[str], free: Collection[str], alike: Callable[[str], str]) -> bool:
    return not {alike(name) for name in left}.isdisjoint({alike(name) for name in free})
