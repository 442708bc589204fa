"""Parquet: numbers as doubles, as they were computed; everything else as text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from riskscore.samples.hla.table import HLA_COLUMNS
from riskscore.scoring.scores.columns import NUMBERS, Z_ADJUSTED, columns_of
from riskscore.writing.tables.text_columns import Block, cell


def schema_of(columns: Sequence[str], numbers: frozenset[str]) -> Any:
    """An Arrow schema of columns of doubles (those in ``numbers``) and of text."""
    import pyarrow as pa

    return pa.schema([(name, pa.float64() if name in numbers else pa.string()) for name in columns])


def scores_schema(*, by_ancestry: bool) -> Any:
    """The schema of a table of scores; ``by_ancestry`` as in :func:`columns_of`."""
    return schema_of(columns_of(by_ancestry=by_ancestry), frozenset((*NUMBERS, Z_ADJUSTED)))


def hla_schema() -> Any:
    """The schema of a table of HLA genotypes."""
    return schema_of(HLA_COLUMNS, frozenset({"posterior"}))


def as_table(block: Block, schema: Any) -> Any:
    """Rows by columns as an Arrow table; nan and None become null in columns of numbers."""
    import pyarrow as pa

    arrays = []
    for one in schema:
        values = block[one.name]
        if pa.types.is_floating(one.type):
            arrays.append(pa.array(values, type=one.type, from_pandas=True))
        else:
            texts = [value if type(value) is str else cell(value) for value in values]
            arrays.append(pa.array(texts, type=one.type))
    return pa.table(arrays, schema=schema)


def write_parquet(stream: IO[bytes], tables: Iterable[Any], schema: Any, rows: int) -> None:
    """Arrow tables as one Parquet file with ``rows`` rows a group, however they were split."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(stream, schema) as writer:
        for table in _of_length(tables, rows):
            writer.write_table(table, row_group_size=rows)


def parquet_bytes(tables: Iterable[Any], schema: Any, rows: int) -> bytes:
    """As :func:`write_parquet`, but the bytes are returned."""
    sink = io.BytesIO()
    write_parquet(sink, tables, schema, rows)
    return sink.getvalue()


def block_of(table: Any) -> Block:
    """An Arrow table as rows by columns: numbers as arrays, nan where there is none."""
    import pyarrow as pa

    return {
        name: column.to_numpy() if pa.types.is_floating(column.type) else column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _of_length(tables: Iterable[Any], rows: int) -> Iterator[Any]:
    """The rows of all tables, ``rows`` at a time, and what is left."""
    import pyarrow as pa

    held: list[Any] = []
    count = 0
    for table in tables:
        held.append(table)
        count += len(table)
        if count >= rows:
            whole = pa.concat_tables(held)
            for start in range(0, count - rows + 1, rows):
                yield whole.slice(start, rows).combine_chunks()
            held = [whole.slice(count - count % rows)]
            count %= rows
    if count:
        yield pa.concat_tables(held).combine_chunks()
