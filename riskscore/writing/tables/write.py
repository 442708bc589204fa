"""Tables out: TSV, CSV or Parquet by the ending of the name, whole or not at all."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from riskscore.arrays import Letters, listed
from riskscore.errors import UsageError
from riskscore.files.outputs import atomic_write
from riskscore.writing.tables.parquet import as_table, schema_of, write_parquet
from riskscore.writing.tables.text_columns import (
    UNDECODABLE,
    Block,
    cell,
    joined,
    number_letters,
    text_letters,
)

ENDINGS = (".tsv", ".csv", ".parquet")
STDOUT = Path("-")
_FORMULA = frozenset("=+-@")
_ROWS = 4096  # rows turned into text at a time
_PARQUET_ROWS = 100_000  # of a row group


def to_tsv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as TSV text with a header line."""
    return b"".join(tsv_parts(as_block(rows, columns), columns)).decode()


def as_block(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> list[Block]:
    """A table of few rows as one block."""
    held = list(rows)
    return [{column: [row[column] for row in held] for column in columns}]


def tsv_parts(blocks: Iterable[Block], columns: Sequence[str]) -> Iterator[bytes]:
    r"""A table as TSV text, a block at a time, the header line first.

    >>> list(tsv_parts([{"a": np.array([0.5, np.nan]), "b": ("x", "y")}], ["a", "b"]))
    [b'a\tb\n', b'0.5\tx\n\ty\n']
    """
    yield "\t".join(columns).encode() + b"\n"
    for block in blocks:
        for start in range(0, len(block[columns[0]]), _ROWS):
            yield _lines([block[column][start : start + _ROWS] for column in columns])


def _lines(columns: Sequence[Sequence[Any] | np.ndarray[Any, Any]]) -> bytes:
    """Some rows as text; column by column where all cells can be written so."""
    found = [_letters(values) for values in columns]
    letters = [column for column in found if column is not None]
    if len(letters) == len(columns):
        return joined(letters)
    rows = zip(*(listed(values) for values in columns), strict=True)
    return "".join(["\t".join(map(cell, row)) + "\n" for row in rows]).encode(errors=UNDECODABLE)


def _letters(values: Sequence[Any] | np.ndarray[Any, Any]) -> Letters | None:
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return number_letters(values)
    cells = listed(values)
    kinds = set(map(type, cells))
    if kinds <= {float, type(None)}:
        return number_letters(np.array(cells, dtype=np.float64))  # None becomes nan
    letters = text_letters(cells) if kinds == {str} else None
    return text_letters([cell(value) for value in cells]) if letters is None else letters


def check_ending(path: Path | None) -> None:
    """Raise UsageError for a file name whose ending is not that of a table."""
    if path is not None and path != STDOUT and path.suffix not in ENDINGS:
        raise UsageError(
            f"cannot tell the format of {path.name}", fix=f"end it in {' or '.join(ENDINGS)}"
        )


def write_table(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], path: Path | None
) -> None:
    """Write rows to a TSV, CSV or Parquet file, or as TSV to standard output (no path, or -)."""
    write_blocks(as_block(rows, columns), columns, path)


def write_blocks(blocks: Iterable[Block], columns: Sequence[str], path: Path | None) -> None:
    """As :func:`write_table`, for a table that comes in blocks and is never whole in memory.

    Parquet is the exception: its columns are gathered first.
    """
    check_ending(path)
    if path is None or path == STDOUT:
        for part in tsv_parts(blocks, columns):
            sys.stdout.write(part.decode())
        sys.stdout.flush()
        return
    with atomic_write(path) as stream:
        if path.suffix == ".parquet":
            _write_parquet(stream, blocks, columns)
        else:
            parts = csv_parts if path.suffix == ".csv" else tsv_parts
            for part in parts(blocks, columns):
                stream.write(part)


def csv_parts(blocks: Iterable[Block], columns: Sequence[str]) -> Iterator[bytes]:
    r"""A table as CSV for spreadsheets, a block at a time, the header line first.

    Text that a spreadsheet would take for a formula has an apostrophe before it.

    >>> list(csv_parts([{"a": np.array([-0.5]), "b": ("=1+1, or not",)}], ["a", "b"]))
    [b'a,b\r\n', b'-0.5,"\'=1+1, or not"\r\n']
    """
    yield _csv_lines([columns])
    for block in blocks:
        rows = zip(*(listed(block[column]) for column in columns), strict=True)
        yield _csv_lines([[_safe(value) for value in row] for row in rows])


def _csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors=UNDECODABLE)


def _safe(value: Any) -> str:
    written = cell(value)
    return f"'{written}" if isinstance(value, str) and written[:1] in _FORMULA else written


def _write_parquet(stream: IO[bytes], blocks: Iterable[Block], columns: Sequence[str]) -> None:
    held = list(blocks)
    numbers = frozenset(
        column for column in columns if any(_has_numbers(block[column]) for block in held)
    )
    schema = schema_of(columns, numbers)
    write_parquet(stream, (as_table(block, schema) for block in held), schema, _PARQUET_ROWS)


def _has_numbers(values: Sequence[Any] | np.ndarray[Any, Any]) -> bool:
    if isinstance(values, np.ndarray):
        return bool(values.dtype == np.float64)
    return any(isinstance(value, float) for value in values)
