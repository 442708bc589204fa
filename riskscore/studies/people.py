"""Outcomes and covariates, aligned to people; what cannot be read is refused, not guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import OutcomeError, StudyTableError

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

_CASE = frozenset({"1", "1.0", "true", "yes", "case", "affected"})
_CONTROL = frozenset({"0", "0.0", "false", "no", "control", "unaffected"})
_UNKNOWN = frozenset({"", "na", "nan", "none", ".", "unknown", "<na>", "nat", "-9"})


def read_outcome(outcome: Any, samples: Sequence[Any], *, both: bool = True) -> Array:
    """The outcome of each sample: 1 case, 0 control, nan unknown; shape (samples,).

    ``outcome`` is a pandas Series indexed by sample, a mapping of sample to value, or one value a
    sample in their order. Values are 0 and 1, False and True, control and case, no and yes.

    Raises OutcomeError for other values (PLINK's 1 and 2 among them), and, unless ``both`` is
    False, when nobody is a case or nobody is a control.

    >>> read_outcome({"a": "case", "b": 0}, ["a", "b", "c"])
    array([ 1.,  0., nan])
    """
    y = np.array([_status(value) for value in aligned(outcome, samples, "the outcome")])
    known = y[~np.isnan(y)]
    if not known.size:
        raise OutcomeError(
            "the outcome of everyone is missing", fix="check that the sample names agree"
        )
    if both and np.ptp(known) == 0:
        who = "a case" if known[0] else "a control"
        raise OutcomeError(
            f"everyone whose outcome is known ({known.size}) is {who}",
            fix="cases and controls are both needed",
        )
    return y


def _status(value: Any) -> float:
    text = str(value).strip().lower()
    if text in _CASE:
        return 1.0
    if text in _CONTROL:
        return 0.0
    if text in _UNKNOWN:
        return float("nan")
    fix = "write 0 for controls and 1 for cases"
    if text in {"2", "2.0"}:
        fix += " (PLINK's 1 and 2 are control and case: subtract 1)"
    raise OutcomeError(f"the outcome is {str(value)!r} in one or more people", fix=fix)


def aligned(given: Any, samples: Sequence[Any], what: str) -> list[Any]:
    """One value a sample, None where there is none.

    Raises StudyTableError when a sample is named twice, none is found, or the length is wrong.
    """
    index = getattr(given, "index", None)
    by_sample = given if isinstance(given, Mapping) else None
    if index is not None and not callable(index) and not _is_plain(index, samples):
        if index.has_duplicates:
            raise StudyTableError(f"{what} names a sample twice")
        by_sample = dict(zip(index, given, strict=True))
    if by_sample is not None:
        if not by_sample.keys() & set(samples):
            raise StudyTableError(f"{what} names none of the samples", fix="check the sample names")
        return [by_sample.get(sample) for sample in samples]
    values = list(given)
    if len(values) != len(samples):
        raise StudyTableError(f"{what} has {len(values)} values for {len(samples)} people")
    return values


def _is_plain(index: Any, samples: Sequence[Any]) -> bool:
    """An index that only counts, or is the samples' own, says nothing: the order holds."""
    return (type(index).__name__ == "RangeIndex" and len(index) == len(samples)) or list(
        index
    ) == list(samples)


def read_covariates(
    covariates: pandas.DataFrame | None, samples: Sequence[Any]
) -> tuple[Array, tuple[str, ...]]:
    """Covariates as numbers, shape (samples, columns), and their names; nan where unknown.

    Text becomes one column a level above the first, named ``column=level``.
    """
    if covariates is None or not len(covariates.columns):
        return np.empty((len(samples), 0)), ()
    columns, names = [], []
    for name in covariates.columns:
        for label, values in numeric(covariates[name], str(name)).items():
            columns.append(np.array(aligned_numbers(values, covariates.index, samples, label)))
            names.append(label)
    return np.column_stack(columns), tuple(names)


def aligned_numbers(values: Array, index: Any, samples: Sequence[Any], what: str) -> list[float]:
    """Numbers aligned to the samples, nan where there is none."""
    import pandas as pd

    found = aligned(pd.Series(values, index=index), samples, what)
    return [float("nan") if value is None else float(value) for value in found]


def numeric(values: pandas.Series[Any], name: str) -> dict[str, Array]:
    """A column as numbers, or one 0/1 column a level above the first; nan where unknown.

    >>> import pandas as pd
    >>> {k: v.tolist() for k, v in numeric(pd.Series(["f", "m", None]), "sex").items()}
    {'sex=m': [0.0, 1.0, nan]}
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return {name: values.to_numpy(dtype=float, na_value=np.nan)}
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = [str(level) for level in values.cat.categories]
        present = values.dropna().astype(str)
        levels = [level for level in levels if (present == level).any()]
    else:
        levels = sorted({str(value) for value in values.dropna()})
    if not levels:
        return {name: np.full(len(values), np.nan)}
    unknown = values.isna().to_numpy()
    text = values.astype(str).to_numpy()
    return {
        f"{name}={level}": np.where(unknown, np.nan, (text == level).astype(float))
        for level in levels[1:] or levels
    }


def column_of(frame: pandas.DataFrame, name: str) -> pandas.Series[Any]:
    """A column of a frame; raises StudyTableError naming those there are."""
    if name not in frame.columns:
        known = ", ".join(str(column) for column in frame.columns[:12])
        raise StudyTableError(f"the table has no column {name!r}", fix=f"use one of: {known}")
    return frame[name]
