"""A table of people (outcome, covariates, groups) or of counts, read from a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from riskscore.errors import StudyTableError
from riskscore.files import require_file
from riskscore.tables import read_rows

_SAMPLE_COLUMNS = ("sample", "IID", "#IID", "sample_id")
_UNKNOWN = {"", "NA", "nan", "NaN", "None", ".", "unknown", "<NA>"}


def read_people(path: Path | str, *, by_sample: bool = True) -> pd.DataFrame:
    """A TSV, CSV or Parquet file as a frame, numbers as numbers, indexed by its sample column.

    With ``by_sample`` False it is taken as it stands. Raises FileMissingError, InputError, or
    StudyTableError without a sample column or with a sample twice.
    """
    path = require_file(path, "table")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.DataFrame(read_rows(path))
        for column in frame.columns:
            frame[column] = _typed(frame[column])
    if not by_sample:
        return frame
    key = next((name for name in _SAMPLE_COLUMNS if name in frame.columns), None)
    if key is None:
        raise StudyTableError(
            "no column names the samples", where=path.name, fix="call it 'sample' (or IID)"
        )
    frame[key] = frame[key].astype(str)
    if frame[key].duplicated().any():
        raise StudyTableError(
            f"{int(frame[key].duplicated().sum())} sample(s) stand in more than one row",
            where=path.name,
        )
    return frame.set_index(key)


def _typed(column: pd.Series[str]) -> pd.Series[float] | pd.Series[str]:
    """A column as numbers where all of its known cells are, else as text; unknown cells missing."""
    known = column.where(~column.isin(_UNKNOWN))
    try:
        return pd.to_numeric(known)
    except (ValueError, TypeError):
        return known
