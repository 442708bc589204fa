"""Progression by autoantibodies: the published table, and the curve between its points."""

import csv
import math
from pathlib import Path

import pytest

from riskscore.errors import UsageError
from riskscore.files.inputs import reference_root
from riskscore.models.reference.progression import (
    Point,
    Progression,
    all_progressions,
    progression_card,
    progression_rows,
    with_autoantibodies,
)
from riskscore.models.terms import Status

PUBLISHED = Path(__file__).parents[2] / "published" / "t1d" / "t1d_autoantibodies.tsv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_the_table_is_as_published() -> None:
    assert _rows(reference_root() / "populations" / "t1d_autoantibodies.tsv") == _rows(PUBLISHED)


def curve_of(group: str, clock: str = "") -> Progression:
    """The only curve of a group, from one clock where it has several."""
    [curve] = [c for c in all_progressions() if c.group == group and clock in ("", c.clock)]
    return curve


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
    curve = curve_of("multiple (2+)", "seroconversion")
    # Ziegler 2013: 43.5% at 5 years, 69.7% at 10.
    expected = 1 - (1 - 0.435) * math.exp(math.log((1 - 0.697) / (1 - 0.435)) * 0.4)
    assert curve.risk(7) == pytest.approx(expected)


def test_what_was_not_seen_is_not_told() -> None:
    curve = curve_of("single", "seroconversion")
    assert curve.risk(10) == pytest.approx(0.145)
    with pytest.raises(UsageError, match="followed for 10 years"):
        curve.risk(12)
    with pytest.raises(UsageError, match="no number of autoantibodies"):
        with_autoantibodies("seven")


def test_a_gain_of_antibodies_is_no_progression_to_diabetes() -> None:
    rows = _rows(PUBLISHED)
    gains = {row["group"] for row in rows if row["group"].startswith("risk of")}
    assert gains == {"risk of becoming multiple-positive", "risk of any antibody, free so far"}
    assert not gains & {curve.group for curve in all_progressions()}


def test_numbers_of_antibodies_are_those_of_the_groups_names() -> None:
    numbers = {curve.group: curve.autoantibodies for curve in all_progressions()}
    assert len(numbers) == 21  # the table's groups with antibodies and a point in years
    assert {g for g, n in numbers.items() if n == "0"} == {"full sibling, negative"}
    assert {g for g, n in numbers.items() if n == "2"} == {"two", "two at seroconversion"}
    assert {g for g, n in numbers.items() if n == "3"} == {"three", "three at seroconversion"}
    assert {g for g, n in numbers.items() if n == "1"} == {
        "single", "one", "one at seroconversion", "single, reverted by 2 years",
        "single, stable at 2 years", "single, became multiple by 2 years",
        "stable single, higher HLA risk", "stable single, lower HLA risk", "full sibling, single",
    }  # fmt: skip
    assert all(number in {"0", "1", "2", "3", "2+"} for number in numbers.values())
    found = {curve.autoantibodies for curve in with_autoantibodies("2")}
    assert found == {"2", "2+"}


def test_a_risk_between_published_points_is_derived_and_has_no_interval() -> None:
    curve = curve_of("multiple (2+)", "seroconversion")
    rows = {row["years"]: row for row in progression_rows([curve])}
    assert list(rows) == list(range(16))
    assert rows[10]["status"] == "found"
    assert rows[10]["published"]
    assert (rows[10]["risk_low"], rows[10]["risk_high"]) == pytest.approx((0.651, 0.743))
    assert rows[7]["status"] == "derived"
    assert not rows[7]["published"]
    assert math.isnan(rows[7]["risk_low"])
    # A curve with a recalled point is recalled between its points too.
    stage = curve_of("stage 2 (2+, dysglycaemia)")
    assert [row["status"] for row in progression_rows([stage], 3)] == ["recalled"]


def test_a_risk_between_points_has_the_source_of_the_last() -> None:
    for curve in all_progressions():
        row = curve.row(curve.points[0].years / 2)
        assert row["source"] == curve.points[-1].source
        assert not row["published"]


def test_the_card_says_what_it_is_and_is_not() -> None:
    card = progression_card()
    assert card["id"] == "t1d-autoantibodies"
    assert any("genetic score" in line for line in card["not_for"])
    assert len(card["limits"]) >= 5


def made(*points: tuple[float, float]) -> Progression:
    """A curve of risks by years, as a table could have it."""
    return Progression(
        "two", "seroconversion", "a cohort",
        tuple(Point(years, risk, None, "x", Status.FOUND, "") for years, risk in points),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("years", "free"),
    [
        (0, 1), (1, 0.8**0.5), (2, 0.8), (3, 0.8 * 0.5**0.25), (4, 0.8 * 0.5**0.5), (6, 0.4),
        (7, 0.4 * 0.25**0.5), (8, 0.1),
    ],
)  # fmt: skip
def test_the_share_free_of_disease_falls_by_equal_parts_in_equal_times(
    years: float, free: float
) -> None:
    """80% are free after 2 years, half of them after 4 more, a quarter of these after 2 more."""
    curve = made((2, 0.2), (6, 0.6), (8, 0.9))
    assert curve.risk(years) == pytest.approx(1 - free)


def test_years_that_were_seen() -> None:
    short, long = made((2, 0.2), (6, 0.6)), made((4, 0.3))
    for years in (-0.1, 6.1):
        with pytest.raises(UsageError, match="ask for 0 to 6 years"):
            short.risk(years)
        with pytest.raises(UsageError, match="ask for 0 to 6 years"):
            progression_rows([long, short], years)
    assert [row["years"] for row in progression_rows([long, short], 5)] == [5]
    assert [row["years"] for row in progression_rows([long, short], 4)] == [4, 4]
    assert [row["risk"] for row in progression_rows([long, short], 0)] == [0, 0]
    assert [row["risk"] for row in progression_rows([short], 6)] == [pytest.approx(0.6)]
    assert [row["years"] for row in progression_rows([made((1.5, 0.2), (3, 0.3))])] == [
        0, 1, 1.5, 2, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["", "0", "1", "2", "3", "2+"])
def test_curves_by_number_and_clock(number: str) -> None:
    """2 and 3 bring those published as two or more; 2+ brings two, three and more."""
    alike = {"2": {"2", "2+"}, "3": {"3", "2+"}, "2+": {"2", "3", "2+"}, "0": {"0"}, "1": {"1"}}
    wanted = [c for c in all_progressions() if not number or c.autoantibodies in alike[number]]
    assert list(with_autoantibodies(number)) == wanted
    for clock in {curve.clock for curve in wanted}:
        found = with_autoantibodies(number, clock)
        assert found == tuple(curve for curve in wanted if curve.clock == clock)
    with pytest.raises(UsageError, match="counts from 'birthday'"):
        with_autoantibodies(number, "birthday")
