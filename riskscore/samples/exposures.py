"""Exposures and sex of samples, in text: checked against the models that use them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import (
    ExposureError,
    ExposureLevelError,
    ExposureRangeError,
    ExposureTableError,
)
from riskscore.files.coded_texts import CodedTexts
from riskscore.files.tables import MOST_DIGITS, UNKNOWN, Joined, number_of
from riskscore.genetics.sex import Sex
from riskscore.models.model import Exposure, RiskModel
from riskscore.samples.family import MOST_AGE

_UNIT = re.compile(r"^(?P<name>[^\[(]+?)\s*[\[(](?P<unit>[^\])]+)[\])]$")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(\s*[^\d\s].*)?")
_WHOLE = re.compile(r"-?\d+\.0+")
_PLINK_MISSING = -9
Value = TypeVar("Value")
SEX = "sex"  # the column of sex, if no other is named
_EVERYBODY = slice(None)
_QUANTITY = re.compile(r"^(?P<number>[+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(?P<unit>\D.*)?$", re.ASCII)
_SEXES = {
    "male": Sex.MALE, "m": Sex.MALE, "1": Sex.MALE, "1.0": Sex.MALE,
    "female": Sex.FEMALE, "f": Sex.FEMALE, "2": Sex.FEMALE, "2.0": Sex.FEMALE,
}  # fmt: skip


@dataclass(frozen=True)
class Exposures:
    """The cells of the table, aligned to the cohort's samples; "" where nothing is known.

    ``columns`` maps an exposure to its cells, ``units`` to the unit its column name gives.
    ``age`` is in years, nan where unknown; empty if no column of ages was named.
    ``joined`` says how the people of the table meet the samples, ``notes`` what else to tell of it.
    """

    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    sex: tuple[Sex | None, ...] = ()
    age: tuple[float, ...] = ()
    joined: Joined | None = None
    notes: tuple[str, ...] = ()
    _decoded: dict[Hashable, dict[str, float]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _numbers: dict[Hashable, NDArray[Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __repr__(self) -> str:
        return f"Exposures({', '.join(self.columns) or 'none'})"

    def coded(self, name: str) -> CodedTexts:
        """The cells of an exposure, each text once."""
        return CodedTexts.of(self.columns[name])

    def levels(
        self, exposure: Exposure, samples: int, people: slice = _EVERYBODY
    ) -> NDArray[np.int64]:
        """The level each of ``people`` is at, by its place among the exposure's; -1 unknown."""
        if exposure.id not in self.columns:
            return np.full(samples, -1, dtype=np.int64)[people]
        return self._cells(exposure, people, np.int64)

    def doses(self, exposure: Exposure, samples: int, people: slice = _EVERYBODY) -> Array:
        """Doses in the exposure's own unit; nan unknown."""
        if exposure.id not in self.columns:
            return np.full(samples, np.nan)[people]
        return self._cells(exposure, people, np.float64)

    def foreign(self, exposure: Exposure) -> list[str]:
        """The texts that are levels of other models and not of this exposure's own."""
        _, decode = self._decoder(exposure)
        texts = sorted(self.coded(exposure.id).held)
        return [text for text in texts if text.lower() not in UNKNOWN and decode(text) < 0]

    def check(self, exposure: Exposure, lines: Mapping[str, int], where: str) -> None:
        """Decode each of the texts; an error names the line that ``lines`` gives for it."""
        key, decode = self._decoder(exposure)
        self._decoded[key] = _decode_each(decode, lines, where)

    def _decoder(self, exposure: Exposure) -> tuple[Hashable, Callable[[str], float]]:
        """What turns a cell into a number, with a key that is equal where it does the same."""
        if exposure.is_dose:
            default = self.units.get(exposure.id, exposure.unit)
            units = tuple(exposure.other_units.items())
            key = ("doses", exposure.id, exposure.unit, exposure.range, *units)
            factors = {exposure.unit.lower(): 1.0} | {
                name.lower(): factor for name, factor in exposure.other_units.items()
            }
            return key, lambda cell: _dose(cell, default, exposure, factors)
        # A level may be called "none": the model's own words come before those for unknown.
        known = dict.fromkeys(UNKNOWN, -1) | {
            name.lower(): place
            for place, level in enumerate(exposure.levels)
            for name in (*level.aliases, level.value)
        }
        return ("levels", exposure.id, *known.items()), lambda cell: _level(cell, known, exposure)

    def _cells(self, exposure: Exposure, people: slice, kind: type) -> NDArray[Any]:
        """Cells of a column as numbers, each text decoded once."""
        key, decode = self._decoder(exposure)
        cells = self.coded(exposure.id)
        if key not in self._numbers:
            known = self._decoded.setdefault(key, {})
            for text in set(cells.texts).difference(known):
                known[text] = decode(text)
            self._numbers[key] = np.array([known[text] for text in cells.texts], dtype=kind)
        return self._numbers[key][cells.codes[people]]


def _level(cell: str, known: Mapping[str, int], exposure: Exposure) -> int:
    text = cell.lower()
    if text not in known and _WHOLE.fullmatch(text):
        text = text.partition(".")[0]  # 1.0 is 1: a column of whole numbers with a gap
    if text not in known and text in words_of_models(exposure.id):
        return -1  # another model tells levels apart that this one does not have
    if text not in known:
        raise ExposureLevelError(
            f"{exposure.id} is {cell!r}",
            fix=f"use one of: {', '.join(level.value for level in exposure.levels)}",
        )
    return known[text]


def _dose(cell: str, default_unit: str, exposure: Exposure, factors: Mapping[str, float]) -> float:
    if cell.lower() in UNKNOWN:
        return math.nan
    if "," in cell and _DECIMAL_COMMA.fullmatch(cell):
        raise ExposureLevelError(
            f"{exposure.id} is {cell!r}, with a decimal comma", fix="write a decimal point"
        )
    match = _QUANTITY.match(cell) if len(cell) <= MOST_DIGITS else None
    try:
        number = number_of(match["number"]) if match else math.nan
    except ValueError:
        number = math.nan
    if not match or math.isnan(number):
        raise ExposureLevelError(
            f"{exposure.id} is {cell[:MOST_DIGITS]!r}, not a number",
            fix="leave the cell empty where nothing is known",
        )
    unit = (match["unit"] or default_unit).strip()
    if unit.lower() not in factors:
        raise ExposureLevelError(
            f"{exposure.id} is given in {unit!r}",
            fix=f"use one of: {', '.join([exposure.unit, *exposure.other_units])}",
        )
    dose = number * factors[unit.lower()]
    low, high = exposure.range
    if not low <= dose <= high:
        code = " (-9 is no missing value here)" if number == _PLINK_MISSING else ""
        raise ExposureRangeError(
            f"{exposure.id} is {dose:g} {exposure.unit}, outside {low:g} to {high:g}{code}",
            fix="check the value and its unit; leave the cell empty where nothing is known",
        )
    return dose


def exposures_of_columns(
    cells: Mapping[str, Sequence[str]],
    models: Iterable[RiskModel],
    sex_column: str = SEX,
    where: str = "the frame",
    lines: Mapping[str, Mapping[str, int]] | None = None,
    age_column: str | None = None,
) -> Exposures:
    """Exposures from columns of text aligned to the samples; every cell is checked.

    ``lines`` gives, by column, the line on which each text first stands, also that of people who
    are not among the samples. Raises ExposureLevelError or ExposureRangeError.
    """
    models = tuple(models)
    wanted = {e.id.lower(): e.id for model in models for e in model.exposures}
    sex_name = matching(tuple(cells), sex_column)
    age_name = matching(tuple(cells), age_column) if age_column else None
    columns: dict[str, str] = {}
    units, unused = {}, []
    for column in cells:
        named, unit = exposure_of(column)
        name = wanted.get(named.lower(), named)
        if name in columns:
            raise ExposureTableError(f"{name} stands in two columns", where=where)
        if name in wanted.values():
            columns[name] = column
            if unit:
                units[name] = unit
        elif column not in (sex_name, age_name):
            unused.append(column)
    texts = {
        column: lines[column] if lines else dict.fromkeys(own, 0) for column, own in cells.items()
    }
    coded = {column: CodedTexts.of(own) for column, own in cells.items()}
    exposures = Exposures({name: coded[column] for name, column in columns.items()}, units)
    for model in models:  # every cell is checked before anything is scored
        for exposure in model.exposures:
            if exposure.id in columns:
                exposures.check(exposure, texts[columns[exposure.id]], where)

    def decoded(name: str | None, decode: Callable[[str, str], Value]) -> tuple[Value, ...]:
        if name is None:
            return ()
        values = _decode_each(lambda cell: decode(cell, name), {"": 0, **texts[name]}, where)
        return tuple(coded[name].each(values.__getitem__))

    sex, age = decoded(sex_name, _sex), decoded(age_name, _age)
    notes = [note for model in models for note in _foreign(model, exposures)]
    return replace(exposures, unused=tuple(unused), sex=sex, age=age, notes=tuple(notes))


@cache
def words_of_models(exposure: str) -> frozenset[str]:
    """The words by which the shipped models know the levels of an exposure, in small letters.

    >>> sorted({"former", "never", "seldom"} & words_of_models("smoking"))
    ['former', 'never']
    """
    from riskscore.models.catalog import shipped_models  # asked for odd words alone

    own = [e for model in shipped_models("") for e in model.exposures if e.id == exposure]
    levels = [level for e in own for level in e.levels]
    return frozenset(w.lower() for level in levels for w in (level.value, *level.aliases))


def _foreign(model: RiskModel, exposures: Exposures) -> Iterator[str]:
    """A warning about levels that other models have and this one has not."""
    for exposure in model.exposures:
        if exposure.is_dose or exposure.id not in exposures.columns:
            continue
        cells = exposures.coded(exposure.id)
        for cell in exposures.foreign(exposure):
            levels = ", ".join(level.value for level in exposure.levels)
            yield (
                f"{exposure.id} is {cell!r} in {cells.count(cell)} people, which is no level of "
                f"{model.id} ({levels}): unknown there"
            )


def exposure_of(column: str) -> tuple[str, str]:
    """The exposure that a column's name names, and its unit, if it names one."""
    match = _UNIT.match(column)
    return (match["name"].strip(), match["unit"].strip()) if match else (column, "")


def matching(columns: Sequence[str], wanted: str) -> str | None:
    """The column of that name, or else the only one that differs from it in case alone."""
    if wanted in columns:
        return wanted
    alike = [column for column in columns if column.lower() == wanted.lower()]
    return alike[0] if len(alike) == 1 else None


def _decode_each(
    decode: Callable[[str], Value], lines: Mapping[str, int], where: str
) -> dict[str, Value]:
    """Each text decoded; an error says on which line the first such text stands."""
    values = {}
    for cell, line in lines.items():
        try:
            values[cell] = decode(cell)
        except ExposureError as error:
            place = f"{where}, line {line}" if line else where
            raise type(error)(error.what, where=place, fix=error.fix) from error
    return values


def _sex(cell: str, column: str) -> Sex | None:
    if cell.lower() in UNKNOWN | {"0", "0.0"}:
        return None
    if cell.lower() not in _SEXES:
        raise ExposureLevelError(
            f"{column} is {cell!r}", fix="use male, female or unknown (or 1, 2 and 0)"
        )
    return _SEXES[cell.lower()]


def _age(cell: str, column: str) -> float:
    if cell.lower() in UNKNOWN:
        return math.nan
    try:
        age = number_of(cell) if len(cell) <= MOST_DIGITS else math.nan
    except ValueError:
        age = math.nan
    if math.isnan(age):
        raise ExposureLevelError(f"{column} is {cell!r}", fix="write the age in years, or NA")
    if not 0 <= age <= MOST_AGE:
        raise ExposureRangeError(
            f"{column} is {cell!r}, no age of a person",
            fix=f"write 0 to {MOST_AGE:g} years, or NA",
        )
    return age
