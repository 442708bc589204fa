"""People, or the counts of a published table, by the levels of two exposures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import FewPeopleError, NoVariationError, OutcomeError, StudyTableError
from riskscore.studies.people import (
    column_of,
    numeric,
    read_covariates,
    read_outcome,
    refuse_odd_cells,
)

if TYPE_CHECKING:
    import pandas

    from riskscore.studies.people import BySample


_UNEXPOSED = frozenset({"no", "never", "none", "unexposed", "absent", "false", "0", "non-carrier"})
_MOST = 12  # levels; a column with more is a measurement, not an exposure in levels


@dataclass(frozen=True)
class JointTable:
    """Rows of people: outcome, both exposures, covariates, and how many people a row is.

    ``levels`` has the names of the levels of each exposure, the reference first, and ``first`` and
    ``second`` each person's place among them. Of a continuous exposure the levels are the value of
    reference and the one to compare, and the place is how far between them a person's value is.
    """

    exposures: tuple[str, str]
    levels: tuple[tuple[str, ...], tuple[str, ...]]
    y: Array
    first: NDArray[Any]
    second: NDArray[Any]
    continuous: tuple[bool, bool]
    covariates: Array
    covariate_names: tuple[str, ...]
    count: Array
    notes: tuple[str, ...]

    def design(self) -> tuple[Array, tuple[str, ...]]:
        """Columns of the levels, of their products and of the covariates, and their names."""
        a, b = self._columns(0), self._columns(1)
        products = [x * z for x in a for z in b]
        names = [self.name(i + 1, 0) for i in range(len(a))]
        names += [self.name(0, j + 1) for j in range(len(b))]
        names += [self.name(i + 1, j + 1) for i in range(len(a)) for j in range(len(b))]
        columns = np.column_stack([*a, *b, *products, self.covariates])
        return columns, (*names, *self.covariate_names)

    def _columns(self, which: int) -> list[Array]:
        """One column for each level above the reference, or the continuous exposure itself."""
        place = (self.first, self.second)[which]
        if self.continuous[which]:
            return [place]
        return [(place == i).astype(float) for i in range(1, len(self.levels[which]))]

    def name(self, i: int, j: int) -> str:
        """The name of a level of the first (j = 0) or second exposure, or of their product."""
        one = f"{self.exposures[0]}={self.levels[0][i]}"
        two = f"{self.exposures[1]}={self.levels[1][j]}"
        return f"{one} x {two}" if i and j else one if i else two

    def cell(self, i: int, j: int) -> tuple[int | None, int | None]:
        """Cases and controls at these levels; None where an exposure is continuous."""
        if any(self.continuous):
            return None, None
        here = (self.first == i) & (self.second == j)
        cases = float(self.count[here] @ self.y[here])
        return round(cases), round(float(self.count[here].sum()) - cases)


def read_joint(
    frame: pandas.DataFrame,
    outcome: BySample | str | None,
    exposures: Sequence[str],
    covariates: Sequence[str],
    cases: str | None,
    controls: str | None,
    reference: Mapping[str, str],
    per: Mapping[str, float] | None,
) -> JointTable:
    """People of a frame with an ``outcome``, or the ``cases`` and ``controls`` of a table's cells.

    Raises StudyTableError, OutcomeError, NoVariationError for an exposure with one level, or
    FewPeopleError for a combination of levels that nobody has.
    """
    if len(exposures) != 2 or exposures[0] == exposures[1]:
        raise StudyTableError(f"an interaction is between two exposures, not {len(exposures)}")
    frame, y, count = _outcome(frame, outcome, cases, controls)
    names = [str(name) for name in exposures]
    steps = per or {}
    if unknown := sorted(set(steps) - set(names)):
        raise StudyTableError(f"{unknown[0]!r} is not one of the two exposures")
    coded: list[tuple[tuple[str, ...], NDArray[Any]]] = [
        between(column_of(frame, n), n, reference.get(n), steps[n])
        if n in steps
        else levels_of(column_of(frame, n), n, reference.get(n))
        for n in names
    ]
    columns = [column_of(frame, name).name for name in covariates]
    values, value_names = read_covariates(frame[columns], list(frame.index))
    missing = {
        f"have no {name}": np.isnan(place) if name in steps else place < 0
        for (_, place), name in zip(coded, names, strict=True)
    }
    missing["have no outcome"] = np.isnan(y)
    missing["lack a covariate"] = np.isnan(values).any(axis=1)
    lost = {what: int(count[gone].sum()) for what, gone in missing.items()}
    rows = ~np.any(list(missing.values()), axis=0) & (count > 0)
    table = JointTable(
        (names[0], names[1]), (coded[0][0], coded[1][0]), y[rows], coded[0][1][rows],
        coded[1][1][rows], (names[0] in steps, names[1] in steps), values[rows], value_names,
        count[rows], tuple(f"{people} people {what}" for what, people in lost.items() if people),
    )  # fmt: skip
    _check(table)
    return table


def _outcome(
    frame: pandas.DataFrame,
    outcome: BySample | str | None,
    cases: str | None,
    controls: str | None,
) -> tuple[pandas.DataFrame, Array, Array]:
    """A row for each person, or two for each cell of a table; their outcomes and their counts."""
    if (cases is None) != (controls is None) or (outcome is None) == (cases is None):
        raise StudyTableError("give an outcome, or the columns of cases and controls")
    if outcome is not None:
        named = column_of(frame, outcome) if isinstance(outcome, str) else outcome
        return frame, read_outcome(named, list(frame.index)), np.ones(len(frame))
    import pandas as pd

    each = [_counts(column_of(frame, str(name))) for name in (cases, controls)]
    y, count = np.repeat([1.0, 0.0], len(frame)), np.concatenate(each)
    return pd.concat([frame, frame], ignore_index=True), y, count


def _counts(column: pandas.Series[Any]) -> Array:
    counts = column.to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(counts).any() or (counts < 0).any() or (counts != np.rint(counts)).any():
        raise StudyTableError("the numbers of cases and controls must be whole and not missing")
    return np.asarray(counts)


def between(
    column: pandas.Series[Any], name: str, reference: str | None, step: float
) -> tuple[tuple[str, ...], Array]:
    """A continuous exposure: the texts of its reference value and of the one a step above.

    And each person's distance from the reference in steps, nan where unknown. Without a
    ``reference`` the median is taken. Raises StudyTableError for what is no number.

    >>> import pandas as pd
    >>> between(pd.Series([20.0, 30, None]), "age", "20", 10)
    (('20', '30'), array([ 0.,  1., nan]))
    """
    values = numeric(column, name)
    if list(values) != [name]:
        raise StudyTableError(f"{name} is not a number, so it has no step")
    if step == 0 or not np.isfinite(step):
        raise StudyTableError(f"a step of {step:g} in {name} compares nothing")
    own = values[name]
    try:
        start = float(np.nanmedian(own)) if reference is None else float(reference)
    except ValueError:
        raise StudyTableError(f"the reference of {name} is {reference!r}, no number") from None
    return (f"{start:g}", f"{start + step:g}"), (own - start) / step


def levels_of(
    column: pandas.Series[Any], name: str, reference: str | None
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The levels of an exposure, reference first, and each person's place among them; -1 unknown.

    Numbers stand in their order; categories in theirs; of text the reference must be named,
    or be a word such as never or no. Raises StudyTableError for too many levels, or where it is not
    plain which is the reference, and NoVariationError where there is one level alone.

    >>> import pandas as pd
    >>> levels_of(pd.Series(["ever", "never", None]), "smoking", None)
    (('never', 'ever'), array([ 1,  0, -1]))
    """
    refuse_odd_cells(column, name)
    texts = [_text(level) for level in _ordered(column)]
    if len(texts) < 2:
        raise NoVariationError(
            f"the exposure {name} is the same in everyone" if texts else f"nobody has {name}"
        )
    if len(texts) > _MOST:
        raise StudyTableError(
            f"{name} has {len(texts)} levels",
            fix="cut it into a few first, or say what step of it to compare: "
            f"per={{'{name}': 10}}, or --per {name}=10",
        )
    first = _reference_level(column, name, texts) if reference is None else reference
    if first not in texts:
        raise StudyTableError(
            f"{name} has no level {first!r}", fix=f"use one of: {', '.join(texts)}"
        )
    texts = [first, *(text for text in texts if text != first)]
    place = {text: i for i, text in enumerate(texts)}
    missing = column.isna().to_numpy()
    values = [
        -1 if gone else place[_text(v)] for v, gone in zip(column.tolist(), missing, strict=True)
    ]
    return tuple(texts), np.array(values, dtype=np.int64)


def _ordered(column: pandas.Series[Any]) -> list[Any]:
    """The levels that occur in a column: categories in their order, others sorted."""
    import pandas as pd

    present = set(column.dropna())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [level for level in column.cat.categories if level in present]
    return sorted(present)


def _reference_level(column: pandas.Series[Any], name: str, texts: list[str]) -> str:
    """The reference level of an exposure for which none was named.

    That is the first level of numbers and categories, and of text the one that is a word such as
    never or no. Raises StudyTableError where none or several of the levels are.
    """
    import pandas as pd

    if column.dtype.kind in "biuf" or isinstance(column.dtype, pd.CategoricalDtype):
        return texts[0]
    words = [text for text in texts if text.lower() in _UNEXPOSED]
    if len(words) != 1:
        raise StudyTableError(
            f"which level of {name} is the reference? It has {', '.join(texts)}",
            fix=f"name it: reference={{'{name}': ...}}, or --reference {name}=LEVEL",
        )
    return words[0]


def _text(level: Any) -> str:
    """A level's name; 1.0 and 1 are the same level."""
    return f"{level:g}" if isinstance(level, float) else str(level)


def _check(table: JointTable) -> None:
    """Raise an error for a table without variation, or with an empty combination of levels."""
    if not len(table.y) or np.ptp(table.y) == 0:
        raise OutcomeError("cases and controls are both needed, with both exposures known")
    for which, name in enumerate(table.exposures):
        seen = np.unique((table.first, table.second)[which])
        if len(seen) < 2:
            raise NoVariationError(f"the exposure {name} is the same in everyone")
    if any(table.continuous):
        return
    for i, one in enumerate(table.levels[0]):
        for j, two in enumerate(table.levels[1]):
            if not any(table.cell(i, j)):
                raise FewPeopleError(
                    f"nobody has {table.exposures[0]}={one} and {table.exposures[1]}={two}",
                    fix="join levels, or leave this one out",
                )
