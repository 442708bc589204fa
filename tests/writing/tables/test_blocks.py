"""A table written block by block is the table written cell by cell."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskscore.writing.tables.write import cell, tsv_parts, write_blocks, write_table

COLUMNS = ("name", "value")
ROWS = st.lists(
    st.tuples(st.text(max_size=5), st.floats(allow_nan=True, allow_infinity=True)), max_size=12
)


@given(ROWS, st.integers(1, 5))
def test_blocks_of_any_length_write_what_the_cells_would(
    rows: list[tuple[str, float]], length: int
) -> None:
    stretches = [rows[i : i + length] for i in range(0, len(rows), length)]
    blocks = [
        {"name": [name for name, _ in part], "value": np.array([value for _, value in part])}
        for part in stretches
    ]
    expected = "name\tvalue\n" + "".join(f"{cell(name)}\t{cell(value)}\n" for name, value in rows)
    assert b"".join(tsv_parts(blocks, COLUMNS)).decode() == expected


def test_files_of_blocks_and_of_rows_are_the_same(tmp_path) -> None:
    values = [0.1, math.nan, 3.0]
    rows = [{"name": f"n{i}", "value": value} for i, value in enumerate(values)]
    blocks = [
        {"name": ["n0"], "value": np.array(values[:1])},
        {"name": ["n1", "n2"], "value": np.array(values[1:])},
    ]
    for ending in ("tsv", "parquet"):
        write_table(rows, COLUMNS, tmp_path / f"rows.{ending}")
        write_blocks(blocks, COLUMNS, tmp_path / f"blocks.{ending}")
        assert (tmp_path / f"rows.{ending}").read_bytes() == (
            tmp_path / f"blocks.{ending}"
        ).read_bytes()
