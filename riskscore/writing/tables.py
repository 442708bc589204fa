"""Tables out: TSV or Parquet by the ending of the name, whole or not at all."""

from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.errors import OutputError, UsageError
from riskscore.files import atomic_write

ENDINGS = (".tsv", ".parquet")


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
    out = io.StringIO()
    out.write("\t".join(columns) + "\n")
    for row in rows:
        out.write("\t".join(cell(row[column]) for column in columns) + "\n")
    return out.getvalue()


def check_ending(path: Path | None) -> None:
    """Refuse a name that is neither TSV nor Parquet, before any work is done."""
    if path is not None and path.suffix not in ENDINGS:
        raise UsageError(
            f"cannot tell the format of {path.name}", fix=f"end it in {' or '.join(ENDINGS)}"
        )


def write_table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], path: Path | None
) -> None:
    """Write rows to a TSV or Parquet file, or as TSV to standard output without a path."""
    check_ending(path)
    if path is None:
        try:
            sys.stdout.write(to_tsv(rows, columns))
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputError("the reader of the output closed it early") from error
    elif path.suffix == ".parquet":
        with atomic_write(path) as stream:
            stream.write(_parquet(rows, columns))
    else:
        with atomic_write(path) as stream:
            stream.write(to_tsv(rows, columns).encode())


def _parquet(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for column in columns:
        values = [row[column] for row in rows]
        number = any(isinstance(value, float) for value in values)
        kind = pa.float64() if number else pa.string()
        arrays[column] = pa.array(
            [None if cell(v) == "" and number else v for v in values], type=kind
        )
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()
