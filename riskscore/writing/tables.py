"""Tables out: TSV or Parquet by the ending of the name, whole or not at all."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from riskscore.errors import OutputError, UsageError
from riskscore.files import atomic_write

ENDINGS = (".tsv", ".parquet")
Block = Mapping[str, Sequence[Any] | np.ndarray[Any, Any]]  # some rows of a table, by column


def cell(value: Any) -> str:
    r"""A value as text: numbers to their last bit, nothing for what is missing.

    >>> [cell(v) for v in (0.1, float("nan"), None, 3, "a\tb")]
    ['0.1', '', '', '3', 'a b']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(value)
    return str(value).replace("\t", " ").replace("\n", " ").replace("\r", " ")


def to_tsv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as TSV text with a header line."""
    return "".join(tsv_parts(as_block(rows, columns), columns))


def as_block(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> list[Block]:
    """A table of few rows as one block."""
    held = list(rows)
    return [{column: [row[column] for row in held] for column in columns}]


def tsv_parts(blocks: Iterable[Block], columns: Sequence[str]) -> Iterator[str]:
    r"""A table as TSV text, a block at a time, the header line first.

    >>> list(tsv_parts([{"a": np.array([0.5, np.nan]), "b": ("x", "y")}], ["a", "b"]))
    ['a\tb\n', '0.5\tx\n\ty\n']
    """
    yield "\t".join(columns) + "\n"
    for block in blocks:
        cells = [_cells(block[column]) for column in columns]
        yield "".join(["\t".join(row) + "\n" for row in zip(*cells, strict=True)])


def _cells(values: Sequence[Any] | np.ndarray[Any, Any]) -> Sequence[str]:
    """A column as text: what :func:`cell` makes of each value, a column at a time where it can."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        if not values.size:
            return []
        texts = repr(values.tolist())[1:-1].split(", ")  # a list shows the repr of each number
        for i in np.flatnonzero(np.isnan(values)):
            texts[i] = ""
        return texts
    if all(type(value) is str for value in values):
        together = "".join(values)
        if not any(control in together for control in "\t\n\r"):
            return list(values)
    return [cell(value) for value in values]


def check_ending(path: Path | None) -> None:
    """Refuse a name that is neither TSV nor Parquet, before any work is done."""
    if path is not None and path.suffix not in ENDINGS:
        raise UsageError(
            f"cannot tell the format of {path.name}", fix=f"end it in {' or '.join(ENDINGS)}"
        )


def write_table(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], path: Path | None
) -> None:
    """Write rows to a TSV or Parquet file, or as TSV to standard output without a path."""
    write_blocks(as_block(rows, columns), columns, path)


def write_blocks(blocks: Iterable[Block], columns: Sequence[str], path: Path | None) -> None:
    """As :func:`write_table`, for a table that comes in blocks and is never whole in memory.

    Parquet is the exception: its columns are gathered first.
    """
    check_ending(path)
    if path is None:
        try:
            for part in tsv_parts(blocks, columns):
                sys.stdout.write(part)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputError("the reader of the output closed it early") from error
    elif path.suffix == ".parquet":
        with atomic_write(path) as stream:
            stream.write(_parquet(blocks, columns))
    else:
        with atomic_write(path) as stream:
            for part in tsv_parts(blocks, columns):
                stream.write(part.encode())


def _parquet(blocks: Iterable[Block], columns: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays, held = {}, list(blocks)
    for column in columns:
        values = [value for block in held for value in block[column]]
        number = any(isinstance(value, float) for value in values)
        kind = pa.float64() if number else pa.string()
        arrays[column] = pa.array(
            [None if cell(v) == "" and number else v for v in values], type=kind
        )
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()
