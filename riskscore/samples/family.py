"""Family histories: a table of relatives, one row each, beside the people it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskscore.errors import ExposureLevelError, ExposureRangeError, ExposureTableError
from riskscore.files.inputs import require_file
from riskscore.files.tables import is_unknown, number_of, open_table

RELATIONS = ("father", "mother", "sibling", "child", "identical_twin")
_SINGLE = ("father", "mother")
_AFFECTED = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}
MOST_AGE = 120.0


@dataclass(frozen=True, order=True)
class KnownRelative:
    """A relative as people report it; ``age`` (at onset, if affected) is None where unknown."""

    relation: str
    affected: bool
    age: float | None = None


def read_family(path: Path) -> Mapping[str, tuple[KnownRelative, ...]]:
    """The relatives of each person, from a table with sample, relation, affected and age.

    ``affected`` is yes or no (or 1 and 0); ``age`` is the age at onset of one who is affected (or
    empty), and the present age, or that at death, of one who is not, which must be known.
    Raises ExposureTableError, ExposureLevelError or ExposureRangeError, naming the line.
    """
    table = open_table(require_file(path, "family history file"))
    columns = {name.lower(): place for place, name in enumerate(table.columns)}
    lacking = {"relation", "affected", "age"} - set(columns)
    if table.names is None or lacking:
        raise ExposureTableError(
            f"no column {sorted(lacking)[0]!r}" if lacking else "no column names the samples",
            where=table.file,
            fix="it needs sample, relation, affected, age: a row a relative",
        )
    at = table.columns.index(table.names)
    found: dict[str, list[KnownRelative]] = {}
    for line, row in table.rows:
        relation, affected, age = (
            row[columns[name]].strip().lower() for name in ("relation", "affected", "age")
        )
        where = f"{table.file}, line {line}"
        one, others = _relative(relation, affected, age, where), found.setdefault(row[at], [])
        if not row[at].strip():
            raise ExposureTableError("a row names nobody", where=where)
        if relation in _SINGLE and any(other.relation == relation for other in others):
            raise ExposureTableError(
                f"a second {relation} of the same person", where=where,
                fix="keep one row of each parent",
            )  # fmt: skip
        others.append(one)
    return {sample: tuple(sorted(relatives, key=_order)) for sample, relatives in found.items()}


def _order(one: KnownRelative) -> tuple[str, bool, float]:
    return (one.relation, one.affected, -1.0 if one.age is None else one.age)


def _relative(relation: str, affected: str, age: str, where: str) -> KnownRelative:
    if relation not in RELATIONS:
        raise ExposureLevelError(
            f"the relation is {relation!r}", where=where, fix=f"use one of: {', '.join(RELATIONS)}"
        )
    if affected not in _AFFECTED:
        raise ExposureLevelError(
            f"affected is {affected!r}",
            where=where,
            fix="write yes or no; leave out a relative of whom it is not known",
        )
    if is_unknown(age):
        if not _AFFECTED[affected]:
            raise ExposureLevelError(
                "an unaffected relative has no age",
                where=where,
                fix="write the age until which the relative had no disease, or leave the row out",
            )
        return KnownRelative(relation, True)
    try:
        years = number_of(age)
    except ValueError as error:
        raise ExposureLevelError(f"the age is {age!r}", where=where, fix="write years") from error
    if not 0 <= years <= MOST_AGE:
        raise ExposureRangeError(f"the age is {age!r}", where=where, fix="write 0 to 120 years")
    return KnownRelative(relation, _AFFECTED[affected], years)
