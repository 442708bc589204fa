"""Progression to type 1 diabetes by islet autoantibodies: published curves, each of its cohort.

``t1d-autoantibodies`` is no score and stands apart from the models of genes. Its clock is not age
but the years since antibodies appeared, were found by screening, or a stage began, and the cohorts
are mostly children chosen for their HLA types or relatives. So it is never multiplied by a genetic
score: what the HLA types say is in the cohort already.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

from riskscore.errors import UsageError
from riskscore.files import reference_root
from riskscore.models.terms import Status
from riskscore.tables import read_rows

_YEARS = re.compile(r"(\d+) years")


@dataclass(frozen=True)
class Point:
    """The share that has progressed by so many years, with its 95% interval where published."""

    years: float
    risk: float
    ci: tuple[float, float] | None
    source: str
    status: Status
    note: str = ""


@dataclass(frozen=True)
class Progression:
    """The published points of one group in one cohort, by the clock that they count from."""

    group: str
    clock: str
    cohort: str
    points: tuple[Point, ...]

    def risk(self, years: float) -> float:
        """The share that has progressed, its hazard taken as constant between published points.

        Raises UsageError beyond the last point, where nothing was seen.

        >>> (curve,) = progressions("multiple (2+)", "seroconversion")
        >>> [round(curve.risk(years), 3) for years in (0, 5, 7.5, 10)]
        [0.0, 0.435, 0.586, 0.697]
        """
        last = self.points[-1].years
        if not 0 <= years <= last:
            raise UsageError(
                f"{self.group} were followed for {last:g} years",
                fix=f"ask for 0 to {last:g} years",
            )
        before, hazard = 0.0, 0.0
        for point in self.points:
            reached = -math.log1p(-point.risk)
            if years <= point.years:
                hazard += (reached - hazard) * (years - before) / (point.years - before)
                break
            before, hazard = point.years, reached
        return -math.expm1(-hazard)


@cache
def all_progressions() -> tuple[Progression, ...]:
    """Every group that has a point in years, as reference/populations holds them."""
    held: dict[tuple[str, str, str], list[Point]] = {}
    for row in read_rows(reference_root() / "populations" / "t1d_autoantibodies.tsv"):
        years = _YEARS.fullmatch(row["horizon"])
        if years is None or row["unit"] != "percent":
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


def progressions(group: str, clock: str = "") -> tuple[Progression, ...]:
    """The curves of a group, one a cohort, of all clocks or of one; raises UsageError for none.

    >>> [curve.cohort.split(",")[0] for curve in progressions("one")]
    ['TEDDY']
    """
    found = tuple(
        curve for curve in all_progressions() if curve.group == group and clock in ("", curve.clock)
    )
    if not found:
        groups = sorted({curve.group for curve in all_progressions()})
        raise UsageError(
            f"no cohort has the group {group!r}", fix=f"choose from: {'; '.join(groups)}"
        )
    return found
