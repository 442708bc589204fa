"""The results of a batch as if of one cohort; sample sets are weighted by their people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskscore.files.tables import read_rows
from riskscore.writing.provenance import require_written

Row = Mapping[str, Any]


def is_batch(record: Mapping[str, Any]) -> bool:
    """Whether a provenance is that of a batch."""
    return "sample_sets" in record


def batch_scores(folder: Path, record: Mapping[str, Any]) -> Iterator[Row]:
    """The score rows of every model, sample set after sample set."""
    import pyarrow.parquet as pq

    for entry in record["models"]:
        part = f"scores/model={entry['id']}/scores.parquet"
        for row in pq.read_table(require_written(folder, record, part)).to_pylist():
            numbers = {n: math.nan if v is None and n != "flags" else v for n, v in row.items()}
            yield {**numbers, "model": entry["id"], "flags": row["flags"] or ""}


def batch_table(folder: Path, record: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    """A table of the batch, with its column ``sample_set``."""
    return read_rows(require_written(folder, record, name))


def merged_matches(rows: Sequence[Row], people: Mapping[str, int]) -> Iterator[Row]:
    """One row by model and locus, gene or exposure: mean shares, and the most frequent code."""
    for members in _grouped(rows, ("model", "kind", "name")):
        codes: Counter[str] = Counter()
        for row in members:
            codes[str(row["code"])] += people[str(row["sample_set"])]
        code = codes.most_common(1)[0][0]
        same = next(row for row in members if row["code"] == code)
        shares = ("observed", "variance_share", "lost_share", "frequency")
        yield {**same, **{name: _mean(members, name, people) for name in shares}}


def merged_coverage(rows: Sequence[Row], people: Mapping[str, int]) -> Iterator[Row]:
    """One row for each model and component: means over people, and the lowest minimum."""
    for members in _grouped(rows, ("model", "component")):
        lowest = [r["coverage_minimum"] for r in members if not math.isnan(r["coverage_minimum"])]
        shares = ("variance_share", "coverage_mean")
        yield {
            **members[0],
            **{name: _mean(members, name, people) for name in shares},
            "coverage_minimum": min(lowest, default=math.nan),
        }


def merged_provenance(record: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance of a batch in the shape of a cohort's."""
    sets = record["sample_sets"]
    cohorts = [entry["cohort"] for entry in sets.values()]
    return {
        **record,
        "inputs": {
            f"{name}, {role}": entry
            for name, held in sets.items()
            for role, entry in held["inputs"].items()
        },
        "cohort": {
            "samples": sum(cohort["samples"] for cohort in cohorts),
            "build": ", ".join(sorted({cohort["build"] for cohort in cohorts})),
            "population": ", ".join(sorted({cohort["population"] for cohort in cohorts})),
            "percentiles": ", ".join(
                sorted({cohort.get("percentiles", cohort["population"]) for cohort in cohorts})
            ),
            "hla": {gene: how for cohort in cohorts for gene, how in cohort["hla"].items()},
        },
    }


def _grouped(rows: Sequence[Row], keys: tuple[str, ...]) -> Iterator[list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    yield from groups.values()


def _mean(rows: Sequence[Row], name: str, people: Mapping[str, int]) -> float:
    known = [(row[name], people[str(row["sample_set"])]) for row in rows]
    known = [(value, n) for value, n in known if not math.isnan(value)]
    count = sum(n for _, n in known)
    return math.fsum(value * n for value, n in known) / count if count else math.nan
