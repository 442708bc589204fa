"""A table of people (outcome, covariates, groups) or of counts, read from a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from riskscore.errors import InputError, StudyTableError
from riskscore.files.inputs import require_file
from riskscore.files.tables import (
    MOST_DIGITS,
    SAMPLE_COLUMNS,
    Table,
    is_unknown,
    joined,
    open_table,
    sample_column,
)

_MISSING_CODE = "-9"
_MOST_CELLS = 250_000_000  # of a Parquet file: two gigabytes as numbers
_NAMES = {*SAMPLE_COLUMNS, "fid"}  # columns that hold names, which are never numbers


def read_people(path: Path | str, *, by_sample: bool = True) -> tuple[pd.DataFrame, list[str]]:
    """A table of text or Parquet as a frame indexed by sample, and warnings about it.

    Columns in which every known cell is a number are numbers; names of people are text. Of a PLINK
    table (with FID and IID, or without a header) -9 is missing, and the family is left out. With
    ``by_sample`` False the table is taken as it stands.

    Raises FileMissingError, InputError, or StudyTableError without a sample column or with a sample
    twice.
    """
    path = require_file(path, "table")
    notes: list[str] = []
    if path.suffix == ".parquet":
        frame = _parquet(path)
        names = sample_column([str(column) for column in frame.columns])
    else:
        table = open_table(path, headless=by_sample)
        names = table.names
        frame, notes = _frame(table)
    if names is not None:
        frame[names] = _text(frame[names], path.name)
    if by_sample:
        frame = _by_sample(frame, names, path.name)
    return frame, notes


def _parquet(path: Path) -> pd.DataFrame:
    """A Parquet file as a frame; InputError when it cannot be read, or would fill the memory.

    A column that is the same in two hundred million rows takes a thousand bytes of a file.
    """
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    try:
        with pq.ParquetFile(path) as file:
            cells = file.metadata.num_rows * file.metadata.num_columns
            if cells > _MOST_CELLS:
                raise InputError(
                    f"the table has {cells:,} cells, more than {_MOST_CELLS:,}",
                    where=path.name,
                    fix="give the columns and the people that are needed",
                )
            frame: pd.DataFrame = file.read().to_pandas()
            return frame
    except (ArrowException, OSError, ValueError) as error:
        raise InputError("the Parquet file cannot be read", where=path.name) from error


def met_words(path: Path, people: Collection[str], samples: Collection[str]) -> list[str]:
    """A warning about a table whose samples are not exactly those of the cohort."""
    met = joined(path.name, people, samples)
    return [] if met.whole else [str(met)]


def _frame(table: Table) -> tuple[pd.DataFrame, list[str]]:
    """The rows as columns of numbers or text, and warnings about them."""
    rows = [cells for _, cells in table.rows]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.columns)
    notes, missing = table.warnings(), 0
    frame = {}
    for name, cells in zip(table.columns, columns, strict=True):
        column = pd.Series(cells, dtype=object)
        if name.lower() not in _NAMES:
            if table.plink:
                coded = column == _MISSING_CODE
                missing += int(coded.sum())
                column = column.where(~coded, None)
            column = _typed(column)
        frame[name] = column
    if missing:
        notes.append(f"{table.file}: {missing} cells are -9, PLINK's missing value")
    return pd.DataFrame(frame, columns=list(table.columns)), notes


def _typed(column: pd.Series[str]) -> pd.Series[float] | pd.Series[str]:
    """A column as numbers where all of its known cells are, else as text; unknown cells missing.

    A column in which -9 may be a missing code stays text; using it as numbers is an error.
    """
    words = {cell: None for cell in column.unique() if cell is None or is_unknown(cell)}
    known = column.where(~column.isin(list(words)), None)
    try:
        numbers = pd.to_numeric(known)
    except (ValueError, TypeError):
        return known
    if known.dropna().str.len().max() > MOST_DIGITS or _may_be_missing(known, numbers):
        return known
    return numbers.astype(float) if numbers.isna().any() else numbers


def _may_be_missing(texts: pd.Series[str], numbers: pd.Series[float]) -> bool:
    """Whether a column has -9 and no other number below -4.5, so that -9 may mean missing."""
    coded = texts == _MISSING_CODE
    others = numbers[~coded].dropna()
    return bool(coded.any() and len(others) and others.min() > float(_MISSING_CODE) / 2)


def _text(names: pd.Series[str], file: str) -> pd.Series[str]:
    """A column of names as text. Raises StudyTableError where they are fractional numbers."""
    if pd.api.types.is_float_dtype(names):
        raise StudyTableError(
            f"the column {names.name!r} holds numbers with decimals, not names",
            where=file,
            fix="write the names of people as text",
        )
    if names.isna().any() or (names == "").any():
        raise StudyTableError("a row names nobody", where=file)
    return names.astype(str).astype(object)


def _by_sample(frame: pd.DataFrame, names: str | None, file: str) -> pd.DataFrame:
    if names is None:
        raise StudyTableError(
            "no column names the samples", where=file, fix="call it 'sample' (or IID)"
        )
    if frame[names].duplicated().any():
        raise StudyTableError(
            f"{int(frame[names].duplicated().sum())} sample(s) stand in more than one row",
            where=file,
        )
    families = [column for column in frame.columns if str(column).lower() == "fid"]
    return frame.set_index(names).drop(columns=families)
