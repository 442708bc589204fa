"""The rows of a scoring file, read strictly; errors name the line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from riskscore.errors import ModelFormatError
from riskscore.files.inputs import read_rows_text
from riskscore.files.tables import MOST_DIGITS, number_of

FREQUENCY = "allelefrequency_effect_"
OWN_FREQUENCY = "file"  # the key of allelefrequency_effect, whose population the file does not name
STANDARD = frozenset(
    "rsID chr_name chr_position effect_allele other_allele locus_name is_haplotype is_diplotype "
    "is_interaction is_dominant is_recessive effect_weight dosage_0_weight dosage_1_weight "
    "dosage_2_weight OR HR allelefrequency_effect variant_type variant_description "
    "imputation_method inclusion_criteria".split()
)
HARMONISED = frozenset(
    "hm_source hm_rsID hm_chr hm_pos hm_inferOtherAllele hm_match_chr hm_match_pos".split()
)
FORMAT_1 = frozenset(["reference_allele", "weight_type"])  # columns of format 1.0 only
EXTENSION = frozenset(
    "position_grch37 position_grch38 reference_allele interaction_coding fallback_for component "
    "standard_error standard_error_source source status".split()
)
# The columns of the format, whatever the case they are written in (rsid, EFFECT_ALLELE).
LARGEST = 1e100  # squares of numbers up to it can be summed without overflow
_CASES = {name.lower(): name for name in STANDARD | HARMONISED | FORMAT_1 | EXTENSION}
# The header of format 1.0 named its keys in words.
_KEYS_1 = {
    "pgs id": "pgs_id", "pgs name": "pgs_name", "reported trait": "trait_reported",
    "original genome build": "genome_build", "number of variants": "variants_number",
    "pgp id": "pgp_id", "citation": "citation", "license": "license",
}  # fmt: skip
# The catalog's words for ancestry, and the superpopulations of the 1000 Genomes Project.
_POPULATIONS = {
    "european": "EUR", "eur": "EUR", "african": "AFR", "afr": "AFR", "east asian": "EAS",
    "east_asian": "EAS", "eas": "EAS", "south asian": "SAS", "south_asian": "SAS", "sas": "SAS",
    "hispanic or latin american": "AMR", "hispanic_or_latin_american": "AMR", "amr": "AMR",
}  # fmt: skip
STATUS_WORDS = "write found, derived or recalled"
MISSING = frozenset(["", ".", "NA", "NaN", "nan", "NR"])


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file: its cells by column, and errors that name it."""

    cells: Mapping[str, str]
    file: str
    line: int

    def __getitem__(self, column: str) -> str:
        text = self.cells.get(column, "")
        return "" if text in MISSING else text

    def error(self, message: str, fix: str = "") -> ModelFormatError:
        return ModelFormatError(message, where=f"{self.file}, line {self.line}", fix=fix)

    def number(self, column: str) -> float | None:
        text = self[column]
        if not text:
            return None
        try:
            value = number_of(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"{column} is {text!r}, not a finite number")
        if abs(value) > LARGEST:
            raise self.error(f"{column} is {text!r}, too large a number to count with")
        return value

    def flag(self, column: str) -> bool:
        text = self[column].lower()
        if text not in {"", "true", "false", "1", "0"}:
            raise self.error(f"{column} is {text!r}; write True or leave it empty")
        return text in {"true", "1"}

    def position(self, column: str) -> int | None:
        text = self[column]
        if not text:
            return None
        digits = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
        if not digits or not 0 < int(text) < 2**31:
            raise self.error(f"{column} is {text[:MOST_DIGITS]!r}, not a position")
        return int(text)

    def share(self, column: str) -> float | None:
        value = self.number(column)
        if value is not None and not 0 <= value <= 1:
            raise self.error(f"{column} is {value}, not a share between 0 and 1")
        return value

    @property
    def frequency(self) -> dict[str, float]:
        """Effect-allele frequency by superpopulation; by OWN_FREQUENCY where none is named."""
        shares = {name: self.share(column) for column, name in populations_of(self.cells).items()}
        return {name: share for name, share in shares.items() if share is not None}

    def split(self, separator: str, columns: Sequence[str]) -> list[Row]:
        """The row as its parts: each of ``columns`` cut at the separator, other cells repeated.

        The effect allele says how many parts there are. A cell of one piece belongs to all parts;
        one with another number of pieces is an error.
        """
        count = len(self.cells["effect_allele"].split(separator))
        parts: list[dict[str, str]] = [dict(self.cells) for _ in range(count)]
        for column in columns:
            pieces = [piece.strip() for piece in self.cells.get(column, "").split(separator)]
            if len(pieces) not in {1, count}:
                raise self.error(
                    f"{column} has {len(pieces)} parts, effect_allele {count} (joined by "
                    f"{separator.strip()})"
                )
            for i, part in enumerate(parts):
                part[column] = pieces[i if len(pieces) > 1 else 0]
        return [replace(self, cells=part) for part in parts]


@dataclass(frozen=True)
class ScoringTable:
    """A scoring file as text: header keys in the words of format 2.0, columns, and rows."""

    name: str
    header: Mapping[str, str]
    columns: tuple[str, ...]
    lines: Sequence[tuple[int, list[str]]]
    count: int  # rows of the file; ``lines`` may be some of them

    @property
    def rows(self) -> Iterator[Row]:
        for number, cells in self.lines:
            yield Row(dict(zip(self.columns, cells, strict=True)), self.name, number)


def read_table(path: Path, *, allow_empty_columns: bool) -> ScoringTable:
    """Read a scoring file, format 1.0 or 2.0, plain or gzip.

    Raises ModelFormatError for a repeated column, a row of another length, no rows, or a column
    nobody knows: unless, with ``allow_empty_columns``, nothing stands in it.
    """
    return parse_table(read_rows_text(path), path.name, allow_empty_columns=allow_empty_columns)


def parse_table(text: str, name: str, *, allow_empty_columns: bool) -> ScoringTable:
    """The text of a scoring file as a table; raises ModelFormatError as :func:`read_table`."""
    header: dict[str, str] = {}
    lines: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("#"):
            read_key(line, header)
        elif line.strip():
            lines.append((number, [cell.strip() for cell in line.split("\t")]))
    if len(lines) < 2:
        raise ModelFormatError("no rows of weights", where=name)
    columns = standard_columns(lines[0][1], name)
    for number, cells in lines:
        if len(cells) != len(columns):
            raise ModelFormatError(
                f"{len(cells)} columns where the header has {len(columns)}",
                where=f"{name}, line {number}",
            )
    table = ScoringTable(name, header, columns, lines[1:], len(lines) - 1)
    _refuse_unknown(table, allow_empty_columns)
    return table


def read_rows_of(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a TSV file that has no other columns than these, and the first of them.

    Raises ModelFormatError for another column, or a row of another length.
    """
    lines = enumerate(read_rows_text(path).split("\n"), start=1)
    filled = [(n, line.rstrip("\r")) for n, line in lines if line.strip() and line[0] != "#"]
    header = [cell.strip() for cell in filled[0][1].split("\t")] if filled else []
    odd = (set(header) - set(columns)) or ({columns[0]} - set(header))
    if odd or len(set(header)) < len(header):
        raise ModelFormatError(
            f"the columns are not the documented ones: {sorted(odd or header)[0]!r}",
            where=path.name,
        )
    for number, line in filled[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(header):
            raise ModelFormatError(
                f"{len(cells)} columns where the header has {len(header)}",
                where=f"{path.name}, line {number}",
            )
        yield Row(dict(zip(header, cells, strict=True)), path.name, number)


def read_key(line: str, header: dict[str, str]) -> None:
    """Put a line ``#key=value`` into the header, its key in the words of format 2.0."""
    key, equals, value = line.strip("#").partition("=")
    if equals:
        words = key.strip().lower()
        header[_KEYS_1.get(words, words)] = value.strip()


def standard_columns(names: Sequence[str], file: str) -> tuple[str, ...]:
    """Column names in the words of format 2.0; raises ModelFormatError for a repeated one."""
    columns = [_CASES.get(name.lower(), name) for name in names]
    if "reference_allele" in columns and "other_allele" not in columns:
        columns[columns.index("reference_allele")] = "other_allele"  # renamed in format 2.0
    repeated = {name for name in columns if columns.count(name) > 1}
    if repeated:
        raise ModelFormatError(f"the column {sorted(repeated)[0]!r} occurs twice", where=file)
    if "effect_allele" not in columns:
        raise ModelFormatError(
            f"no column effect_allele{_written_otherwise(columns)}",
            where=file,
            fix="give a PGS Catalog scoring file: tab-separated, its columns named",
        )
    return tuple(columns)


def _written_otherwise(columns: Sequence[str]) -> str:
    """A hint why a header does not have the columns of a scoring file."""
    text = "\t".join(columns)
    if '"effect_allele"' in text:
        return ": the cells are in quotes"
    for separator, word in ((",", "commas"), (";", "semicolons"), (" ", "spaces")):
        if "effect_allele" in text.split(separator):
            return f": the columns are separated by {word}"
    return ""


def populations_of(columns: Iterable[str]) -> dict[str, str]:
    """The columns of effect-allele frequencies, and of which superpopulation each is.

    OWN_FREQUENCY stands for that of a column that names none.
    """
    named = {c: c.removeprefix(FREQUENCY) for c in columns if c.startswith(FREQUENCY)}
    found = {column: _POPULATIONS.get(name.lower(), name) for column, name in named.items()}
    own = {c: OWN_FREQUENCY for c in columns if c == "allelefrequency_effect"}
    return own | found


def is_known(column: str) -> bool:
    """Whether a column is one of the format, or one of our own."""
    return column in STANDARD | HARMONISED | FORMAT_1 | EXTENSION or column.startswith(FREQUENCY)


def _refuse_unknown(table: ScoringTable, allow_empty: bool) -> None:
    for place, column in enumerate(table.columns):
        if is_known(column):
            continue
        filled = next((number for number, cells in table.lines if cells[place]), None)
        if filled is not None or not allow_empty:
            raise unknown_column(column, f"{table.name}, line {filled}" if filled else table.name)


def unknown_column(column: str, where: str) -> ModelFormatError:
    """The error for an unknown column."""
    return ModelFormatError(
        f"the column {column!r} is not known",
        where=where,
        fix="rename it to what it means in the format, or take it out",
    )
