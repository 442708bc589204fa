"""A delimited HLA table as rows of cells, with errors that say where, and never whose."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from riskscore.errors import HLAFormatError
from riskscore.genetics.hla import GENES, HLAName
from riskscore.genetics.hla_names import Codes, read_name

SAMPLE_COLUMNS = ("sample", "sample_id", "sample.id", "sampleid", "subject", "iid", "id", "eid")


@dataclass(frozen=True)
class Sheet:
    """Rows of a table, the first of them perhaps a header. ``line`` counts from 1 in the file."""

    file: str
    rows: tuple[tuple[str, ...], ...]
    codes: Codes
    lines: tuple[int, ...]

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
        """The place of the first of these columns that is there, whatever its case; -1 if none."""
        lower = [cell.lower() for cell in self.header]
        return next((lower.index(name) for name in names if name in lower), -1)

    def sample(self, row: int, place: int) -> str:
        """The sample's name in a row; an error if it is empty."""
        name = self.rows[row][place]
        if not name:
            raise self.error("a row has no sample", row)
        return name

    def name(self, row: int, text: str, gene: str = "") -> HLAName | None:
        """A cell read as an allele, errors naming the line."""
        try:
            return read_name(text, gene, self.codes)
        except HLAFormatError as error:
            raise self.error(error.what, row, error.fix) from error

    def number(self, row: int, text: str, low: float, high: float, what: str) -> float | None:
        """A cell read as a number in a range; None when it is empty."""
        if text.upper() in {"", "NA", "."}:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise self.error(f"{what} is {text!r}, not a number from {low:g} to {high:g}", row)
        return min(value, high)


def read_sheet(text: str, file: str, codes: Codes) -> Sheet:
    """Cells of a table separated by tabs, else commas, else white space.

    Lines that are empty or begin with # are left out.
    """
    numbered = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not numbered:
        raise HLAFormatError("the HLA table is empty", where=file)
    lines = [line for _, line in numbered]
    if "\t" in lines[0]:
        rows = list(csv.reader(lines, delimiter="\t"))
    elif "," in lines[0]:
        rows = list(csv.reader(lines))
    elif ";" in lines[0]:
        raise HLAFormatError(
            "the HLA table is separated by semicolons",
            where=file,
            fix="save it with tabs or commas",
        )
    else:
        rows = [line.split() for line in lines]
    cleaned = tuple(tuple(cell.strip() for cell in row) for row in rows)
    return Sheet(file, cleaned, codes, tuple(number for number, _ in numbered))


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
