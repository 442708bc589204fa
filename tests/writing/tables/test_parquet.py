"""Parquet holds the numbers as they are, in groups that do not depend on how they came."""

import io
from itertools import pairwise

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from riskscore.writing.tables.parquet import as_table, block_of, parquet_bytes, schema_of

SCHEMA = schema_of(["name", "number"], frozenset({"number"}))
ROWS = st.lists(st.tuples(st.text(max_size=4), st.floats()), max_size=30)


@given(ROWS, st.lists(st.integers(0, 30), max_size=4), st.integers(1, 9))
def test_any_split_gives_the_same_bytes_and_the_same_doubles(
    rows: list[tuple[str, float]], cuts: list[int], group: int
) -> None:
    ends = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [rows[start:end] for start, end in pairwise(ends)]
    tables = [
        as_table({"name": [n for n, _ in part], "number": np.array([x for _, x in part])}, SCHEMA)
        for part in parts
    ]
    data = parquet_bytes(tables, SCHEMA, group)
    whole = {"name": [n for n, _ in rows], "number": np.array([x for _, x in rows])}
    assert data == parquet_bytes([as_table(whole, SCHEMA)], SCHEMA, group)
    found = block_of(pq.read_table(io.BytesIO(data)))
    assert found["name"] == whole["name"]
    assert np.array_equal(found["number"], whole["number"], equal_nan=True)
    meta = pq.ParquetFile(io.BytesIO(data)).metadata
    assert all(meta.row_group(i).num_rows == group for i in range(meta.num_row_groups - 1))


def test_cells_of_text_that_are_not_text_are_written_as_in_tsv() -> None:
    schema = schema_of(["a"], frozenset())
    assert block_of(as_table({"a": [None, 2, "x"]}, schema))["a"] == ["", "2", "x"]
