"""Exposures and sex from a table; errors name the line of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from riskscore.errors import ExposureLevelError, ExposureTableError
from riskscore.files.coded_texts import CodedTexts, Codes, numbered_texts
from riskscore.files.frames import as_pandas
from riskscore.files.inputs import require_file
from riskscore.files.tables import Table, joined, open_table, sample_column
from riskscore.models.model import RiskModel
from riskscore.samples.exposures import SEX, Exposures, exposure_of, exposures_of_columns, matching

Chosen = list[bool] | None  # which of some rows; None for all
Cell = TypeVar("Cell", str, int, bool)


def read_exposures(
    table: Path | str | Any,
    samples: Sequence[str],
    models: Iterable[RiskModel],
    sex_column: str = "sex",
    people: range | None = None,
    age_column: str | None = None,
) -> Exposures:
    """Read a table (see :mod:`riskscore.files.tables`), or a frame, whose ``sample`` names people.

    The index of a pandas frame names them where no column does. People of the cohort who are not in
    the table have unknown exposures; other rows are passed over. A dose's unit may stand in its
    column name, ``vitamin_d [ng/mL]``, or in the cell. ``age_column`` names a column of ages
    in years. With ``people`` the cells are those of a part of the samples; those of all are
    checked.

    Raises ExposureTableError, ExposureLevelError or ExposureRangeError, naming line and column.
    """
    if isinstance(table, str | Path):
        opened = open_table(require_file(table, "exposures file"))
    else:
        opened = _table_of_frame(as_pandas(table))
    models, whole = tuple(models), range(len(samples))
    if age_column and matching(opened.columns, age_column) is None:
        raise ExposureTableError(
            f"no column {age_column!r} gives ages", where=opened.file, fix="name it --age-column"
        )
    return _of_table(
        opened, samples, models, sex_column, age_column, whole if people is None else people
    )


def _of_table(
    table: Table,
    samples: Sequence[str],
    models: Sequence[RiskModel],
    sex_column: str,
    age_column: str | None,
    part: range,
) -> Exposures:
    """The exposures of a part of the people; the cells of all samples are checked."""
    if table.names is None:
        raise ExposureTableError(
            "no column names the samples", where=table.file, fix="call it 'sample' (or IID)"
        )
    used, unused = _used_columns(table, models, sex_column, age_column)
    people, found = _People(samples, part), {name: _Column() for name in used}
    sex, sexes = matching(table.columns, sex_column), set[str]()
    for block in table.blocks([table.columns.index(table.names), *used.values()]):
        names, columns = list(block.columns[0]), block.columns[1:]
        if not all(names):
            line = block.lines[names.index("")]
            raise ExposureTableError("a row names nobody", where=f"{table.file}, line {line}")
        known, mine = people.add(names)
        for name, cells in zip(used, columns, strict=True):
            found[name].add(cells, block.lines, known, mine)
            if name == sex:
                sexes.update(cells)
    people.check(table.file)
    if sexes - {""} == {"0", "1"} or sexes - {""} == {"0.0", "1.0"}:
        raise ExposureLevelError(
            f"sex is 0 or 1 throughout, which is male and female in some files and female and male "
            f"in others (column {sex})",
            where=table.file,
            fix="write male and female, or PLINK's 1 (male) and 2 (female)",
        )
    rows = people.rows_of_samples()
    columns_of_part = {name: column.at(rows) for name, column in found.items()}
    lines = {name: column.lines for name, column in found.items()}
    given = exposures_of_columns(columns_of_part, models, sex_column, table.file, lines, age_column)
    met = joined(table.file, people.seen, samples)
    notes = (*table.warnings(), *given.notes)
    return replace(given, unused=tuple(unused), joined=met, notes=notes)


class _People:
    """Whom the rows of a table name, and whose of a part of the samples are kept."""

    def __init__(self, samples: Sequence[str], part: range) -> None:
        self.known, self.part = frozenset(samples), samples[part.start : part.stop]
        self.whole = len(self.part) == len(samples)
        self._mine = self.known if self.whole else frozenset(self.part)
        self.seen: set[str] = set()
        self.count = 0  # of all rows
        self.kept: list[str] = []  # whose rows are kept

    def add(self, names: Sequence[str]) -> tuple[Chosen, Chosen]:
        """Which of some rows are of samples, and which of those of the part."""
        self.count += len(names)
        self.seen.update(names)
        known = _members(names, self.known)
        mine = known if self.whole else _members(names, self._mine)
        self.kept += _chosen(names, mine)
        return known, mine

    def check(self, file: str) -> None:
        """Raise ExposureTableError for no rows, for two of a name, and for none of a sample."""
        if not self.count:
            raise ExposureTableError("the exposures table has no rows", where=file)
        if len(self.seen) < self.count:
            raise ExposureTableError(
                f"{self.count - len(self.seen)} sample(s) stand in more than one row", where=file
            )
        if not self.seen & self.known:
            hint = joined(file, self.seen, self.known).hint
            raise ExposureTableError(
                "none of the table's samples is in the VCF",
                where=file,
                fix=f"check the sample names{f': {hint}' if hint else ''}",
            )

    def rows_of_samples(self) -> list[int] | None:
        """The place of each sample's row among those kept, -1 without one; None if all in order."""
        if self.kept == list(self.part):
            return None
        place = {name: row for row, name in enumerate(self.kept)}
        return [place.get(name, -1) for name in self.part]


class _Column:
    """The cells of one column that are kept, and the line on which each text first stands."""

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}  # of samples, the first of each text
        self._codes: list[Codes] = []
        self._places = numbered_texts()

    def add(self, cells: Sequence[str], lines: Sequence[int], known: Chosen, mine: Chosen) -> None:
        coded = CodedTexts.of(cells)
        of_samples = coded.codes if known is None else coded.codes[known]
        kinds, first = np.unique(of_samples, return_index=True)
        order = np.argsort(first)  # numbered in the order in which they stand
        place = np.zeros(len(coded.texts), dtype=np.int32)
        told = _chosen(lines, known)
        for kind, row in zip(kinds[order].tolist(), first[order].tolist(), strict=True):
            text = coded.texts[kind]
            place[kind] = self._places[text]
            self.lines.setdefault(text, told[row])
        self._codes.append(place[coded.codes if mine is None else coded.codes[mine]])

    def at(self, rows: list[int] | None) -> CodedTexts:
        """The cells in some rows, "" where there is none (-1)."""
        codes = np.concatenate(self._codes)
        if rows is not None:
            codes = np.append(codes, np.int32(self._places[""]))[rows]
        texts = tuple(self._places)
        return CodedTexts(texts, codes.astype(np.min_scalar_type(len(texts))))


def _members(names: Sequence[str], of: frozenset[str]) -> Chosen:
    return None if of.issuperset(names) else [name in of for name in names]


def _chosen(cells: Sequence[Cell], chosen: Chosen) -> Sequence[Cell]:
    return cells if chosen is None else list(compress(cells, chosen))


def _used_columns(
    table: Table, models: Sequence[RiskModel], sex_column: str, age_column: str | None
) -> tuple[dict[str, int], list[str]]:
    """The place of each column that is used, by name, and the names of those that are not."""
    sex = matching(table.columns, sex_column)
    age = matching(table.columns, age_column) if age_column else None
    if sex is None and sex_column != SEX:
        raise ExposureTableError(
            f"no column {sex_column!r} gives sex",
            where=table.file,
            fix="name one with --sex-column",
        )
    wanted = {exposure.id.lower() for model in models for exposure in model.exposures}
    used: dict[str, int] = {}
    unused: list[str] = []
    for place, column in enumerate(table.columns):
        name = exposure_of(column)[0].lower()
        if name in wanted or column in (sex, age):
            used[column] = place
        elif column != table.names and column and column.lower() != "fid":
            unused.append(column)
    again = next((c for c in used if f"{c}.1" in table.columns), None)
    if again is not None:
        raise ExposureTableError(
            f"the columns {again!r} and '{again}.1' are one name twice, as R and pandas write it",
            where=table.file,
            fix="leave one of them",
        )
    return used, unused


def _table_of_frame(frame: Any) -> Table:
    """A pandas frame as a table of text; its index names the samples if no column does."""
    if sample_column([str(name) for name in frame.columns]) is None:
        frame = frame.rename_axis("sample").reset_index()
    texts = frame.astype(object).where(frame.notna(), "")
    columns = tuple(str(name) for name in frame.columns)
    rows = ([str(value) for value in row] for row in texts.itertuples(index=False, name=None))
    numbered = ((0, row) for row in rows)
    return Table("the exposures frame", columns, "", numbered, sample_column(columns))
