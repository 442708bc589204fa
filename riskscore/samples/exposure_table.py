"""Exposures and sex from a table: whom it speaks of, and the line of each cell that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from riskscore.errors import ExposureLevelError, ExposureTableError
from riskscore.files import require_file
from riskscore.models.model import RiskModel
from riskscore.samples.exposures import SEX, Exposures, exposure_of, exposures_of_columns, matching
from riskscore.tables import Joined, Table, joined, open_table, sample_column

_SHOWN = 10  # names in a message


def read_exposures(
    table: Path | str | Any,
    samples: Sequence[str],
    models: Iterable[RiskModel],
    sex_column: str = "sex",
    people: range | None = None,
    age_column: str | None = None,
) -> Exposures:
    """Read a table (see :mod:`riskscore.tables`), or a pandas frame, whose ``sample`` names people.

    The index of a frame names them where no column does. People of the cohort who are not in the
    table have unknown exposures; other rows are passed over. A dose's unit may stand in its column
    name, ``vitamin_d [ng/mL]``, or in the cell. ``age_column`` names a column of ages in years.
    With ``people`` the cells are those of a part of
    the samples; those of all are checked.

    Raises ExposureTableError, ExposureLevelError or ExposureRangeError, naming line and column.
    """
    if isinstance(table, str | Path):
        opened = open_table(require_file(table, "exposures file"))
    else:
        opened = _table_of_frame(table)
    models, whole = tuple(models), range(len(samples))
    if age_column and matching(opened.columns, age_column) is None:
        raise ExposureTableError(
            f"no column {age_column!r} gives ages", where=opened.file, fix="name it --age-column"
        )
    cells = _read_cells(
        opened, samples, models, sex_column, age_column, whole if people is None else people
    )
    given = exposures_of_columns(
        cells.columns, models, sex_column, opened.file, cells.lines, age_column
    )
    return replace(
        given,
        unused=tuple(cells.unused),
        joined=cells.joined,
        notes=tuple(opened.warnings()),
    )


@dataclass(frozen=True)
class _Cells:
    """The cells of a part of the people by column, and the line each text first stands on."""

    columns: dict[str, tuple[str, ...]]
    lines: dict[str, dict[str, int]]
    unused: list[str]
    joined: Joined


def _read_cells(
    table: Table,
    samples: Sequence[str],
    models: Sequence[RiskModel],
    sex_column: str,
    age_column: str | None,
    part: range,
) -> _Cells:
    if table.names is None:
        raise ExposureTableError(
            "no column names the samples", where=table.file, fix="call it 'sample' (or IID)"
        )
    used, unused = _used_columns(table, models, sex_column, age_column)
    at, known, mine = (
        table.columns.index(table.names),
        set(samples),
        set(samples[part.start : part.stop]),
    )
    own: dict[str, list[str]] = {}
    lines: dict[str, dict[str, int]] = {name: {} for name in used}
    sexes: set[str] = set()
    sex = used.get(matching(table.columns, sex_column) or "", -1)
    count, seen = 0, set()
    for line, row in table.rows:
        sample = row[at]
        if not sample:
            raise ExposureTableError("a row names nobody", where=f"{table.file}, line {line}")
        count += 1
        seen.add(sample)
        if sex >= 0:
            sexes.add(row[sex])
        if sample not in known:
            continue
        for name, place in used.items():
            lines[name].setdefault(row[place], line)
        if sample in mine:
            own[sample] = [row[place] for place in used.values()]
    _check_people(table.file, count, seen, known)
    if sexes - {""} == {"0", "1"} or sexes - {""} == {"0.0", "1.0"}:
        raise ExposureLevelError(
            f"sex is 0 or 1 throughout, which is male and female in some files and female and male "
            f"in others (column {table.columns[sex]})",
            where=table.file,
            fix="write male and female, or PLINK's 1 (male) and 2 (female)",
        )
    nothing = [""] * len(used)
    cells = [own.get(samples[place], nothing) for place in part]
    columns = {name: tuple(row[i] for row in cells) for i, name in enumerate(used)}
    return _Cells(columns, lines, unused, joined(table.file, seen, samples))


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


def _check_people(file: str, count: int, seen: set[str], known: set[str]) -> None:
    if not count:
        raise ExposureTableError("the exposures table has no rows", where=file)
    if len(seen) < count:
        raise ExposureTableError(
            f"{count - len(seen)} sample(s) stand in more than one row", where=file
        )
    if not seen & known:
        hint = joined(file, seen, known).hint
        raise ExposureTableError(
            "none of the table's samples is in the VCF",
            where=file,
            fix=f"check the sample names{f': {hint}' if hint else ''}",
        )


def _table_of_frame(frame: Any) -> Table:
    """A pandas frame as a table of text; its index names the samples if no column does."""
    if sample_column([str(name) for name in frame.columns]) is None:
        frame = frame.rename_axis("sample").reset_index()
    texts = frame.astype(object).where(frame.notna(), "")
    columns = tuple(str(name) for name in frame.columns)
    rows = ([str(value) for value in row] for row in texts.itertuples(index=False, name=None))
    numbered = ((0, row) for row in rows)
    return Table("the exposures frame", columns, "", numbered, sample_column(columns))


def unused_columns(names: Sequence[str]) -> list[str]:
    """What to say of columns that no model uses: ten by name, and how many more.

    >>> unused_columns(["note"])
    ['columns of the exposures no model uses: note']
    """
    if not names:
        return []
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"columns of the exposures no model uses: {', '.join(names[:_SHOWN])}{more}"]
