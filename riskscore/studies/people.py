"""Outcomes and covariates, aligned to samples; unreadable values are an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import OutcomeError, StudyTableError
from riskscore.files.tables import MOST_DIGITS

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    # One value for each sample: by its name, or in the order of the samples.
    BySample = pandas.Series[Any] | Mapping[Any, Any] | Sequence[Any] | NDArray[Any]
    # Columns of the people's own frame by name, or a frame indexed by sample.
    Covariates = pandas.DataFrame | Sequence[str] | str


_MISSING_CODE = "-9"
_MOSTLY = 0.5  # a column with a larger share of numbers is numeric
_SHOWN = 40  # letters of a cell in a message
_UNKNOWN = ("", "na", "nan", "none", ".", "unknown", "n/a", "<na>", "nat", "-9", "-9.0")
_UNKNOWN_TRAIT = frozenset(_UNKNOWN) - {"-9", "-9.0"}  # which can be the value of a trait
_CODES = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "case", "affected"), 1.0),
    **dict.fromkeys(("0", "0.0", "false", "no", "control", "unaffected"), 0.0),
    **dict.fromkeys(_UNKNOWN, float("nan")),
}
# PLINK's phenotypes: 1 is unaffected and 2 affected.
_PLINK_CASE = frozenset(["2", "2.0"])
_PLINK = {
    **dict.fromkeys(_PLINK_CASE, 1.0),
    **dict.fromkeys(("1", "1.0"), 0.0),
    **dict.fromkeys(_UNKNOWN, float("nan")),
}


def read_outcome(outcome: BySample, samples: Sequence[Any]) -> Array:
    """The outcome of each sample: 1 case, 0 control, nan unknown; shape (samples,).

    ``outcome`` is a pandas Series indexed by sample, a mapping of sample to value, or one value a
    sample in their order. Values are 0 and 1, False and True, control and case, no and yes, or
    PLINK's 1 (control) and 2 (case), with -9 for unknown.

    Raises OutcomeError for other values, and when nobody is a case or nobody is a control.

    >>> read_outcome({"a": "case", "b": 0}, ["a", "b", "c"])
    array([ 1.,  0., nan])
    >>> read_outcome(["2", "1", "-9"], ["a", "b", "c"])
    array([ 1.,  0., nan])
    """
    texts = [str(value).strip().lower() for value in aligned(outcome, samples, "the outcome")]
    codes = _PLINK if not _PLINK_CASE.isdisjoint(texts) else _CODES
    odd = next((text for text in texts if text not in codes), None)
    if odd is not None:
        mixed = codes is _PLINK and odd in _CODES
        raise OutcomeError(
            f"the outcome is {odd!r} in one or more people"
            + (", and 2 in others" if mixed else ""),
            fix="write 0 for controls and 1 for cases (or PLINK's 1 and 2), and NA for unknown; "
            "for a quantitative trait ask for quantitative",
        )
    y = np.array([codes[text] for text in texts])
    known = y[~np.isnan(y)]
    if not known.size:
        raise OutcomeError(
            "the outcome of everyone is missing", fix="check that the sample names agree"
        )
    if np.ptp(known) == 0:
        who = "a case" if known[0] else "a control"
        raise OutcomeError(
            f"everyone whose outcome is known ({known.size}) is {who}",
            fix="cases and controls are both needed",
        )
    return y


def read_trait(outcome: BySample, samples: Sequence[Any]) -> Array:
    """A quantitative trait of each sample, nan where unknown; shape (samples,).

    ``outcome`` is given as to :func:`read_outcome`. Raises OutcomeError where it is not numeric
    or unknown of everyone, and StudyTableError for a cell among numbers that is not one.

    >>> read_trait({"a": 1.5, "b": "NA"}, ["a", "b", "c"])
    array([1.5, nan, nan])
    """
    import pandas as pd

    given = pd.Series(aligned(outcome, samples, "the outcome"), dtype=object)
    known = given.where(~given.map(lambda v: str(v).strip().lower() in _UNKNOWN_TRAIT))
    numbers = pd.to_numeric(known, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if (known.notna().to_numpy() & ~np.isfinite(numbers)).any():
        refuse_odd_cells(known, "the outcome")
        raise OutcomeError("the outcome is no numbers", fix="a quantitative trait is of numbers")
    seen = numbers[~np.isnan(numbers)]
    if not seen.size:
        raise OutcomeError(
            "the outcome of everyone is missing", fix="check that the sample names agree"
        )
    return numbers


def aligned(given: BySample, samples: Sequence[Any], what: str) -> list[Any]:
    """One value for each sample, None where there is none.

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
    """Whether an index only numbers the rows, or equals the samples: then rows match by order."""
    return (type(index).__name__ == "RangeIndex" and len(index) == len(samples)) or list(
        index
    ) == list(samples)


def read_covariates(
    covariates: pandas.DataFrame | None, samples: Sequence[Any]
) -> tuple[Array, tuple[str, ...]]:
    """Covariates as numbers, shape (samples, columns), and their names; nan where unknown.

    Text becomes one column for each level above the first, named ``column=level``.
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

    Raises StudyTableError for a column of numbers with a cell that is none.

    >>> import pandas as pd
    >>> {k: v.tolist() for k, v in numeric(pd.Series(["f", "m", None]), "sex").items()}
    {'sex=m': [0.0, 1.0, nan]}
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return {name: values.to_numpy(dtype=float, na_value=np.nan)}
    refuse_odd_cells(values, name)
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


def refuse_odd_cells(values: pandas.Series[Any], name: str) -> None:
    """Raise StudyTableError for text of which more than half are numbers, naming the odd cell.

    So a decimal comma, NULL, #N/A or a code for missing does not turn numbers into categories.

    >>> import pandas as pd
    >>> refuse_odd_cells(pd.Series(["never", "1", None]), "smoking")  # words, one of them a digit
    """
    import pandas as pd

    if values.dtype.kind in "biufcmM" or isinstance(values.dtype, pd.CategoricalDtype):
        return
    texts = values.astype(object).where(values.notna(), None).map(str, na_action="ignore")
    texts = texts.reset_index(drop=True).dropna()
    numbers = pd.to_numeric(texts, errors="coerce")
    commas = texts.str.fullmatch(r"[+-]?\d+,\d+")
    usual = np.isfinite(numbers) & (texts != _MISSING_CODE) & (texts.str.len() <= MOST_DIGITS)
    if not len(texts) or (usual | commas).mean() <= _MOSTLY or usual.all():
        return
    place = int(texts.index[~usual][0])
    cell = str(texts[place])
    fix = "write NA (or nothing) where it is unknown"
    if commas[place]:
        fix = "write a decimal point"
    elif cell == _MISSING_CODE:
        fix += "; -9.0 is taken for the number"
    raise StudyTableError(
        f"{name} is {cell[:_SHOWN]!r} in row {place + 1} below the header, among numbers", fix=fix
    )


def column_of(frame: pandas.DataFrame, name: str) -> pandas.Series[Any]:
    """A column of a frame; raises StudyTableError naming those there are."""
    if name not in frame.columns:
        known = ", ".join(str(column) for column in frame.columns[:12])
        headless = "VALUE1" in frame.columns
        raise StudyTableError(
            f"the table has no column {name!r}" + ", and no header" * headless,
            fix=f"use one of: {known}" + " (numbered from the third column)" * headless,
        )
    return frame[name]
