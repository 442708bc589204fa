"""Frames of other libraries (polars, pyarrow and the like) as pandas frames."""

from __future__ import annotations

from typing import Any

from riskscore.files.tables import sample_column


def as_pandas(table: Any) -> Any:
    """A table that offers the dataframe interchange protocol as a pandas frame.

    A column that names samples becomes the index, which those frames do not have. Whatever is a
    pandas frame already, or no table, comes back as it is.

    >>> import pyarrow as pa
    >>> as_pandas(pa.table({"sample": ["a", "b"], "age": [51, None]})).age.to_dict()
    {'a': 51.0, 'b': nan}
    """
    if hasattr(table, "iloc") or not hasattr(table, "__dataframe__"):
        return table
    import pyarrow
    from pyarrow.interchange import from_dataframe

    if hasattr(table, "__arrow_c_stream__"):  # without a copy, where that is offered
        found = pyarrow.table(table).to_pandas()
    else:
        found = from_dataframe(table).to_pandas()
    names = sample_column([str(column) for column in found.columns])
    return found if names is None else found.set_index(names)
