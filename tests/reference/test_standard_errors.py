"""Standard errors that were derived, against the published table, row by row."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
TABLE = Path(__file__).parents[1] / "published" / "standard_errors.tsv"


def _published(disease: str) -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [r for r in rows if r["disease"].startswith(disease) and r["score"] != "typed HLA"]


@pytest.mark.parametrize(
    ("model", "disease", "count"),
    [("t1d", "type 1 diabetes", 85), ("sle", "SLE", 39), ("hashimoto", "Hashimoto", 36)],
)
def test_derived_standard_errors(
    weights: Read, reference: Read, model: str, disease: str, count: int
) -> None:
    names = {}
    if model == "t1d":
        names = {row["code"]: row["name"] for row in reference("models/t1d/haplotypes")}
    published: dict[tuple[str, ...], list[Row]] = {}
    for row in _published(disease):
        parts = [names.get(part, part) for part in row["variant"].split("/")]
        published.setdefault(tuple(sorted(parts)), []).append(row)
    derived = [row for row in weights(model) if row["standard_error_source"]]
    assert len(derived) == count
    assert all(row["standard_error"] for row in weights(model))
    for row in derived:
        name = row["rsID"] if row["rsID"] != "." else row["locus_name"]
        assert any(
            row["standard_error"] == table["se"]
            and row["standard_error_source"] == f"derived: {table['method']}"
            and table["status"] == "derived"
            and abs(float(table["beta"]))
            == pytest.approx(abs(float(row["effect_weight"])), abs=1e-4)
            for table in published[tuple(sorted(name.split("+")))]
        ), name
