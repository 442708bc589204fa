"""Progression to type 1 diabetes by islet autoantibodies: published curves of single cohorts.

``t1d-autoantibodies`` is no score and stands apart from the models of genes. Its clock is not age
but the years since antibodies appeared, were found by screening, or a stage began, and the cohorts
are mostly children chosen for their HLA types or relatives. So it is never multiplied by a genetic
score: what the HLA types say is in the cohort already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from riskscore.errors import UsageError
from riskscore.files.inputs import reference_root
from riskscore.files.tables import read_rows
from riskscore.models.strict_yaml import read_yaml
from riskscore.models.terms import Status

PROGRESSION = "t1d-autoantibodies"
PROGRESSION_COLUMNS = (
    "cohort", "group", "autoantibodies", "clock", "years", "risk", "risk_low", "risk_high",
    "published", "status", "source",
)  # fmt: skip
_YEARS = re.compile(r"(\d+) years")
_GAIN = "risk of "  # groups who are free of antibodies, and whose outcome is to gain them
_NUMBERS = {
    "negative": "0", "single": "1", "one": "1", "two": "2", "three": "3", "multiple": "2+",
    "stage": "2+",
}  # fmt: skip
_NUMBER = re.compile(rf"\b({'|'.join(_NUMBERS)})\b")
# What to show for a number that is asked for: 2 and 3 are among two or more.
_ALIKE = {
    "": ("0", "1", "2", "3", "2+"), "0": ("0",), "1": ("1",), "2": ("2", "2+"),
    "3": ("3", "2+"), "2+": ("2", "3", "2+"),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """The share that has progressed by so many years, with its 95% interval where published."""

    years: float
    risk: float
    ci: tuple[float, float] | None
    source: str
    status: Status
    note: str


@dataclass(frozen=True)
class Progression:
    """The published points of one group in one cohort, by the clock that they count from."""

    group: str
    clock: str
    cohort: str
    points: tuple[Point, ...]

    @property
    def autoantibodies(self) -> str:
        """How many kinds of antibody the group had as the clock began: 0, 1, 2, 3 or 2+.

        >>> by_group = {curve.group: curve for curve in all_progressions()}
        >>> by_group["single, became multiple by 2 years"].autoantibodies
        '1'
        """
        word = _NUMBER.search(self.group)
        return _NUMBERS[word[1]] if word else ""

    @property
    def followed(self) -> float:
        """The years of the last published point."""
        return self.points[-1].years

    def risk(self, years: float) -> float:
        """The share that has progressed, its hazard taken as constant between published points.

        Raises UsageError beyond the last point.

        >>> (curve,) = [c for c in with_autoantibodies("2+", "seroconversion") if "(" in c.group]
        >>> [round(curve.risk(years), 3) for years in (0, 5, 7.5, 10)]
        [0.0, 0.435, 0.586, 0.697]
        """
        if not 0 <= years <= self.followed:
            raise UsageError(
                f"{self.group} were followed for {self.followed:g} years",
                fix=f"ask for 0 to {self.followed:g} years",
            )
        before, hazard = 0.0, 0.0
        for point in self.points:
            reached = -math.log1p(-point.risk)
            if years <= point.years:
                hazard += (reached - hazard) * (years - before) / (point.years - before)
                break
            before, hazard = point.years, reached
        return -math.expm1(-hazard)

    def row(self, years: float) -> dict[str, Any]:
        """The risk by so many years as a row of PROGRESSION_COLUMNS.

        A published point has its own status and interval; between points the risk is derived.
        """
        point = next((point for point in self.points if point.years == years), None)
        low, high = (point and point.ci) or (math.nan, math.nan)
        statuses = {point.status for point in self.points}
        between = Status.RECALLED if Status.RECALLED in statuses else Status.DERIVED
        values = (
            self.cohort, self.group, self.autoantibodies, self.clock, float(years),
            self.risk(years), low, high, point is not None,
            (point.status if point else between).value,
            (point or self.points[-1]).source,
        )  # fmt: skip
        return dict(zip(PROGRESSION_COLUMNS, values, strict=True))


@cache
def all_progressions() -> tuple[Progression, ...]:
    """Every group with antibodies, or tested for them, that has a point in years.

    They are as reference/populations holds them.

    >>> any(curve.group.startswith("risk of") for curve in all_progressions())
    False
    """
    held: dict[tuple[str, str, str], list[Point]] = {}
    for row in read_rows(reference_root() / "populations" / "t1d_autoantibodies.tsv"):
        years = _YEARS.fullmatch(row["horizon"])
        if years is None or row["unit"] != "percent" or row["group"].startswith(_GAIN):
            continue
        limits = (row["lower"], row["upper"])
        ci = (float(limits[0]) / 100, float(limits[1]) / 100) if all(limits) else None
        point = Point(
            float(years[1]), float(row["value"]) / 100, ci, row["source"], Status(row["status"]),
            row["note"],
        )  # fmt: skip
        held.setdefault((row["group"], row["clock_starts"], row["population"]), []).append(point)
    return tuple(
        Progression(*key, tuple(sorted(points, key=lambda point: point.years)))
        for key, points in held.items()
    )


def with_autoantibodies(number: str = "", clock: str = "") -> tuple[Progression, ...]:
    """The curves of people with so many kinds of antibody: 0, 1, 2, 3, 2+, or all.

    2 and 3 also bring the groups that were published as two or more, and 2+ those of two and of
    three. ``clock`` keeps those that count from it. Raises UsageError for another number, and for
    a clock that no such curve counts from.

    >>> [curve.group for curve in with_autoantibodies("1", "seroconversion")]
    ['single', 'one at seroconversion']
    """
    if number not in _ALIKE:
        raise UsageError(
            f"{number!r} is no number of autoantibodies", fix="choose 0, 1, 2, 3 or 2+"
        )
    curves = [c for c in all_progressions() if c.autoantibodies in _ALIKE[number]]
    clocks = dict.fromkeys(curve.clock for curve in curves)
    if clock and clock not in clocks:
        raise UsageError(f"no such curve counts from {clock!r}", fix=f"choose {', '.join(clocks)}")
    return tuple(curve for curve in curves if clock in ("", curve.clock))


def progression_rows(
    curves: Iterable[Progression], years: float | None = None
) -> list[dict[str, Any]]:
    """Each curve at so many years if it was followed as long, else at every year and point.

    Raises UsageError where none was followed so long, or the years are negative.

    >>> rows = progression_rows(with_autoantibodies("2", "first antibody"), 5)
    >>> [(row["group"], row["risk"], row["published"]) for row in rows]
    [('two', 0.36, True)]
    """
    curves = tuple(curves)
    if years is None:
        return [
            curve.row(year)
            for curve in curves
            for year in sorted({*range(int(curve.followed) + 1), *(p.years for p in curve.points)})
        ]
    longest = max(curve.followed for curve in curves)
    if not 0 <= years <= longest:
        raise UsageError(
            f"none of these people were followed for {years:g} years",
            fix=f"ask for 0 to {longest:g} years",
        )
    return [curve.row(years) for curve in curves if years <= curve.followed]


@cache
def progression_card() -> Mapping[str, Any]:
    """The use, misuse and limits of the curves.

    >>> progression_card()["id"]
    't1d-autoantibodies'
    """
    path = reference_root() / "populations" / "t1d_autoantibodies.yaml"
    content: dict[str, Any] = read_yaml(path).content
    return content
