"""Incidence and mortality by age and sex: the shipped tables, and a table of the user's own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from riskscore.errors import ModelError, ModelFormatError, UsageError
from riskscore.files.inputs import reference_root, require_file
from riskscore.files.tables import read_rows
from riskscore.genetics.sex import Sex
from riskscore.models.terms import Status

OLDEST = 100.0  # the open end of the tables
_SEXES = {"female": Sex.FEMALE, "f": Sex.FEMALE, "male": Sex.MALE, "m": Sex.MALE}


@dataclass(frozen=True)
class AgeRates:
    """Rates per person-year that are constant between ages: ``ages`` has one entry more."""

    ages: tuple[float, ...]
    rates: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.ages) != len(self.rates) + 1 or not self.rates:
            raise ValueError("ages must be one more than rates")
        if any(a >= b for a, b in pairwise(self.ages)):
            raise ValueError("ages must rise")
        if not all(math.isfinite(rate) and rate >= 0 for rate in self.rates):
            raise ValueError("rates must be finite and not negative")


@dataclass(frozen=True)
class RateTable:
    """One published table: rates by sex, and where they come from.

    ``status`` is the weakest of its rows: recalled, else derived, else found.
    """

    id: str
    population: str
    period: str
    source: str
    status: Status
    by_sex: Mapping[Sex, AgeRates]

    @property
    def ages(self) -> tuple[float, float]:
        """The first and the last age that both sexes have."""
        return (
            max(rates.ages[0] for rates in self.by_sex.values()),
            min(rates.ages[-1] for rates in self.by_sex.values()),
        )


@cache
def incidence_tables() -> Mapping[str, RateTable]:
    """The shipped tables of incidence, by id.

    >>> incidence_tables()["RA_OLMSTED_SEX"].ages
    (18.0, 100.0)
    """
    path = reference_root() / "populations" / "incidence.tsv"
    return _tables(read_rows(path), path.name)


@cache
def mortality_tables() -> Mapping[str, RateTable]:
    """The shipped life tables, by id; a rate is -ln(1 - qx), of the year from age to age + 1.

    >>> round(mortality_tables()["US_SSA_2017"].by_sex[Sex.FEMALE].rates[0], 6)
    0.005243
    """
    path = reference_root() / "populations" / "mortality.tsv"
    rows = []
    for row in read_rows(path):
        age, dying = int(row["age"]), float(row["qx"])
        if age < OLDEST:  # the last row closes the table
            rate = -1e5 * math.log1p(-dying)
            rows.append(row | {"age_from": age, "age_to": age + 1, "rate_per_100000": rate})
    return _tables(rows, path.name)


def incidence_table(name: str) -> RateTable:
    """A shipped table of incidence; raises ModelError when there is none of that name."""
    return _named(incidence_tables(), name, "incidence")


def mortality_table(name: str) -> RateTable:
    """A shipped life table; raises ModelError when there is none of that name."""
    return _named(mortality_tables(), name, "mortality")


def _named(tables: Mapping[str, RateTable], name: str, kind: str) -> RateTable:
    if name not in tables:
        raise ModelError(
            f"no table of {kind} is called {name!r}",
            where=f"populations/{kind}.tsv",
            fix=f"choose from: {', '.join(sorted(tables))}",
        )
    return tables[name]


def read_incidence(path: Path | str) -> RateTable:
    """A table of the user's own, of one disease: TSV or CSV with sex, age_from, age_to and
    rate_per_100000 (person-years); population, period, source and status may be added.

    Raises ModelFormatError for a missing column, a rate that is none, or ages with a gap.
    """
    path = require_file(path, "incidence file")
    rows = read_rows(path)
    lacking = {"sex", "age_from", "age_to", "rate_per_100000"} - set(rows[0] if rows else ())
    if lacking:
        raise ModelFormatError(
            f"no column {sorted(lacking)[0]!r}",
            where=path.name,
            fix="it needs sex, age_from, age_to, rate_per_100000",
        )
    tables = _tables([{"table_id": "own", **row} for row in rows], path.name)
    if len(tables) > 1:
        raise UsageError(
            f"{path.name} holds {len(tables)} tables", fix="keep the rows of one table_id"
        )
    return next(iter(tables.values()))


def _tables(rows: Iterable[Mapping[str, object]], where: str) -> Mapping[str, RateTable]:
    found: dict[str, dict[Sex, list[tuple[float, float, float]]]] = {}
    words: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        name = str(row["table_id"])
        sex = _SEXES.get(str(row["sex"]).strip().lower())
        if sex is None:
            raise ModelFormatError(f"sex is {row['sex']!r}", where=where, fix="write female, male")
        try:
            ages_and_rate = (
                float(str(row["age_from"])),
                float(str(row["age_to"])),
                float(str(row["rate_per_100000"])) / 1e5,
            )
        except ValueError as error:
            raise ModelFormatError(f"{name}: {error}", where=where) from error
        found.setdefault(name, {}).setdefault(sex, []).append(ages_and_rate)
        for key in ("population", "period", "source", "status"):
            text = str(row.get(key) or "")
            words.setdefault(name, {}).setdefault(key, {})[text] = None
    return {
        name: RateTable(
            id=name,
            population="; ".join(words[name]["population"]),
            period="; ".join(words[name]["period"]),
            source="; ".join(words[name]["source"]),
            status=_weakest(words[name]["status"]),
            by_sex={sex: _rates(steps, name, where) for sex, steps in sexes.items()},
        )
        for name, sexes in found.items()
    }


def _rates(steps: list[tuple[float, float, float]], name: str, where: str) -> AgeRates:
    steps = sorted(steps)
    for (_, end, _), (start, _, _) in pairwise(steps):
        if start != end:
            raise ModelFormatError(
                f"{name}: after age {end:g} follows {start:g}",
                where=where,
                fix="each age_to is the next age_from",
            )
    try:
        ages = (*(start for start, _, _ in steps), steps[-1][1])
        return AgeRates(ages, tuple(rate for _, _, rate in steps))
    except ValueError as error:
        raise ModelFormatError(f"{name}: {error}", where=where) from error


def _weakest(statuses: Iterable[str]) -> Status:
    given = set(statuses)
    return next(
        s
        for s in (Status.RECALLED, Status.DERIVED, Status.FOUND)
        if s in given or s is Status.FOUND
    )
