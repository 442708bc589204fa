"""Progression by autoantibodies: the published table, and the curve between its points."""

import csv
import math
from pathlib import Path

import pytest

from riskscore.errors import UsageError
from riskscore.files import reference_root
from riskscore.models.progression import all_progressions, progressions

PUBLISHED = Path(__file__).parents[1] / "published" / "t1d" / "t1d_autoantibodies.tsv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_the_table_is_as_published() -> None:
    assert _rows(reference_root() / "populations" / "t1d_autoantibodies.tsv") == _rows(PUBLISHED)


def test_published_points_come_out() -> None:
    for curve in all_progressions():
        for point in curve.points:
            assert curve.risk(point.years) == pytest.approx(point.risk)
            assert point.source
            if point.ci:
                assert point.ci[0] <= point.risk <= point.ci[1]
        assert curve.risk(0) == 0
        assert curve.cohort


def test_between_points_the_hazard_is_constant() -> None:
    (curve,) = progressions("multiple (2+)", "seroconversion")
    # Ziegler 2013: 43.5% at 5 years, 69.7% at 10.
    expected = 1 - (1 - 0.435) * math.exp(math.log((1 - 0.697) / (1 - 0.435)) * 0.4)
    assert curve.risk(7) == pytest.approx(expected)


def test_what_was_not_seen_is_not_told() -> None:
    (curve,) = progressions("single", "seroconversion")
    assert curve.risk(10) == pytest.approx(0.145)
    with pytest.raises(UsageError, match="followed for 10 years"):
        curve.risk(12)
    with pytest.raises(UsageError, match="multiple"):
        progressions("seven")
