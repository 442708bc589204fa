"""Exposures and sex, from a table: checked against the models that use them, joined by sample."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.errors import ExposureLevelError, ExposureRangeError, ExposureTableError
from riskscore.files import iter_rows, require_file
from riskscore.models.model import Exposure, RiskModel, Sex

UNKNOWN = frozenset({"", "na", "nan", "none", ".", "unknown", "n/a", "<na>"})
_SAMPLE_COLUMNS = ("sample", "IID", "#IID", "sample_id")
_UNIT = re.compile(r"^(?P<name>[^\[(]+?)\s*[\[(](?P<unit>[^\])]+)[\])]$")
_QUANTITY = re.compile(r"^(?P<number>[+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(?P<unit>\D.*)?$")
_SEXES = {
    "male": Sex.MALE, "m": Sex.MALE, "1": Sex.MALE,
    "female": Sex.FEMALE, "f": Sex.FEMALE, "2": Sex.FEMALE,
}  # fmt: skip


@dataclass(frozen=True)
class Exposures:
    """The cells of the table, aligned to the cohort's samples; "" where nothing is known.

    ``columns`` maps an exposure to its cells, ``units`` to the unit its column name gives.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    sex: tuple[Sex | None, ...] = ()
    _numbers: dict[Hashable, NDArray[Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def levels(self, exposure: Exposure, samples: int) -> NDArray[np.int64]:
        """The level each sample is at, by its place among the exposure's levels; -1 unknown."""
        if exposure.id not in self.columns:
            return np.full(samples, -1, dtype=np.int64)
        # A level may be called "none": the model's own words come before those for unknown.
        known = dict.fromkeys(UNKNOWN, -1) | {
            name.lower(): place
            for place, level in enumerate(exposure.levels)
            for name in (*level.aliases, level.value)
        }
        key = ("levels", exposure.id, *known.items())
        return self._decoded(key, exposure, lambda cell: _level(cell, known, exposure), np.int64)

    def doses(self, exposure: Exposure, samples: int) -> NDArray[np.float64]:
        """Doses in the exposure's own unit; nan unknown."""
        if exposure.id not in self.columns:
            return np.full(samples, np.nan)
        default = self.units.get(exposure.id, exposure.unit)
        units = tuple(exposure.other_units.items())
        key = ("doses", exposure.id, exposure.unit, exposure.range, *units)
        return self._decoded(key, exposure, lambda cell: _dose(cell, default, exposure), np.float64)

    def _decoded(
        self, key: Hashable, exposure: Exposure, decode: Callable[[str], float], kind: type
    ) -> NDArray[Any]:
        """A column's cells as numbers, each text decoded once, and the column once."""
        if key not in self._numbers:
            cells = self.columns[exposure.id]
            known = {cell: decode(cell) for cell in dict.fromkeys(cells)}
            self._numbers[key] = np.array([known[cell] for cell in cells], dtype=kind)
        return self._numbers[key]


def _level(cell: str, known: Mapping[str, int], exposure: Exposure) -> int:
    if cell.lower() not in known:
        raise ExposureLevelError(
            f"{exposure.id} is {cell!r} in one or more rows",
            fix=f"use one of: {', '.join(level.value for level in exposure.levels)}",
        )
    return known[cell.lower()]


def _dose(cell: str, default_unit: str, exposure: Exposure) -> float:
    if cell.lower() in UNKNOWN:
        return math.nan
    match = _QUANTITY.match(cell)
    try:
        number = float(match["number"]) if match else math.nan
    except ValueError:
        number = math.nan
    if not match or math.isnan(number):
        raise ExposureLevelError(f"{exposure.id} is {cell!r} in one or more rows, not a number")
    unit = (match["unit"] or default_unit).strip()
    factors = {exposure.unit.lower(): 1.0} | {
        name.lower(): factor for name, factor in exposure.other_units.items()
    }
    if unit.lower() not in factors:
        raise ExposureLevelError(
            f"{exposure.id} is given in {unit!r}",
            fix=f"use one of: {', '.join([exposure.unit, *exposure.other_units])}",
        )
    dose = number * factors[unit.lower()]
    low, high = exposure.range
    if not low <= dose <= high:
        raise ExposureRangeError(
            f"{exposure.id} is {dose:g} {exposure.unit}, outside {low:g} to {high:g}",
            fix="check the value and its unit",
        )
    return dose


def read_exposures(
    table: Path | str | Any,
    samples: Sequence[str],
    models: Iterable[RiskModel],
    sex_column: str = "sex",
    people: range | None = None,
) -> Exposures:
    """Read a TSV or CSV file, or a pandas frame, whose ``sample`` column (or index) names people.

    People of the cohort who are not in the table have unknown exposures; other rows are passed
    over. A dose's unit may stand in its column name, ``vitamin_d [ng/mL]``, or in the cell.
    With ``people`` the cells are those of a part of the samples; those of all are checked.

    Raises ExposureTableError, ExposureLevelError or ExposureRangeError.
    """
    if isinstance(table, str | Path):
        path = require_file(table, "exposures file")
        rows, where = iter_rows(path), path.name
    else:
        rows, where = iter(_rows_of_frame(table)), "the exposures frame"
    models, whole = tuple(models), range(len(samples))
    columns, others = _columns(rows, where, samples, whole if people is None else people)
    if any(others.values()):  # whoever has a wrong cell, every part is refused alike
        exposures_of_columns(others, models, sex_column, where)
    return exposures_of_columns(columns, models, sex_column, where)


_Cells = dict[str, tuple[str, ...]]


def _columns(
    rows: Iterator[dict[str, str]], where: str, samples: Sequence[str], people: range
) -> tuple[_Cells, _Cells]:
    """The cells of some of the samples by column, and the different cells of the other samples."""
    first = next(rows, None)
    if first is None:
        raise ExposureTableError("the exposures table has no rows", where=where)
    key = next((name for name in _SAMPLE_COLUMNS if name in first), None)
    if key is None:
        raise ExposureTableError(
            "no column names the samples", where=where, fix="call it 'sample' (or IID)"
        )
    names = [name for name in first if name != key]
    known, mine = set(samples), set(samples[people.start : people.stop])
    own: dict[str, list[str]] = {}
    others: dict[str, dict[str, None]] = {name: {} for name in names}
    count, seen = 0, set()
    for row in chain([first], rows):
        sample = row[key]
        count += 1
        seen.add(sample)
        if sample in mine:
            own[sample] = [row[name] for name in names]
        elif sample in known:
            for name in names:
                others[name][row[name]] = None
    if len(seen) < count:
        raise ExposureTableError(
            f"{count - len(seen)} sample(s) stand in more than one row", where=where
        )
    if not seen & known:
        raise ExposureTableError(
            "none of the table's samples is in the VCF", where=where, fix="check the sample names"
        )
    nothing = [""] * len(names)
    cells = [own.get(samples[place], nothing) for place in people]
    columns = {name: tuple(row[i] for row in cells) for i, name in enumerate(names)}
    return columns, {name: tuple(different) for name, different in others.items()}


def exposures_of_columns(
    cells: Mapping[str, tuple[str, ...]],
    models: Iterable[RiskModel],
    sex_column: str = "sex",
    where: str = "the frame",
) -> Exposures:
    """Exposures from columns of text aligned to the samples; every cell is checked.

    Raises ExposureLevelError or ExposureRangeError.
    """
    models = tuple(models)
    wanted = {exposure.id for model in models for exposure in model.exposures}
    columns: dict[str, tuple[str, ...]] = {}
    units, unused = {}, []
    for column, texts in cells.items():
        match = _UNIT.match(column)
        name = match["name"].strip() if match else column
        if name in columns:
            raise ExposureTableError(f"{name} stands in two columns", where=where)
        if name in wanted:
            columns[name] = texts
            if match:
                units[name] = match["unit"].strip()
        elif column != sex_column:
            unused.append(column)
    sex = tuple(_sex(cell, where) for cell in cells.get(sex_column, ()))
    exposures = Exposures(columns, units, tuple(unused), sex)
    for model in models:  # every cell is checked before anything is scored
        for exposure in model.exposures:
            samples = len(columns.get(exposure.id, ()))
            (exposures.doses if exposure.is_dose else exposures.levels)(exposure, samples)
    return exposures


def _rows_of_frame(frame: Any) -> list[dict[str, str]]:
    """A pandas frame as rows of text; its index names the samples if no column does."""
    if not any(name in frame.columns for name in _SAMPLE_COLUMNS):
        frame = frame.rename_axis("sample").reset_index()
    texts = frame.astype(object).where(frame.notna(), "")
    return [
        {str(column): str(value) for column, value in row.items()}
        for row in texts.to_dict("records")
    ]


def _sex(cell: str, where: str) -> Sex | None:
    if cell.lower() in UNKNOWN | {"0"}:
        return None
    if cell.lower() not in _SEXES:
        raise ExposureLevelError(
            f"sex is {cell!r} in one or more rows", where=where, fix="use male, female or unknown"
        )
    return _SEXES[cell.lower()]
