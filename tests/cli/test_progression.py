"""The verb progression, and the card of t1d-autoantibodies."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

PUBLISHED = Path(__file__).parents[1] / "published" / "t1d" / "t1d_autoantibodies.tsv"
Run = Callable[..., CompletedProcess[str]]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_risk_by_so_many_years_is_the_published_one(riskscore: Run) -> None:
    done = riskscore("progression", "--autoantibodies", "2", "--years", "5")
    assert done.returncode == 0
    rows = table(done.stdout)
    truth = {
        (row["group"], row["population"]): float(row["value"]) / 100
        for row in table(PUBLISHED.read_text())
        if row["horizon"] == "5 years" and row["unit"] == "percent"
    }
    told = {
        (row["group"], row["cohort"]): float(row["risk"])
        for row in rows
        if row["published"] == "True"
    }
    assert len(told) == 4
    assert told == {key: truth[key] for key in told}
    assert "apart from any genetic score" in done.stderr
    assert "Illustrative, not diagnostic" in done.stderr
    # Children of the screening were followed for 3 years only, which is told.
    assert "Bavaria, unselected children): followed 3 years" in done.stderr


def test_a_curve_counts_from_one_clock(riskscore: Run) -> None:
    rows = table(riskscore("progression", "-a", "1", "--clock", "first antibody").stdout)
    assert [row["years"] for row in rows] == ["0.0", "1.0", "2.0", "3.0", "4.0", "5.0"]
    assert {row["cohort"] for row in rows} == {"TEDDY, 8503 high-HLA children"}
    risks = [float(row["risk"]) for row in rows]
    assert risks == sorted(risks)
    assert risks[-1] == 0.11


def test_it_scores_nobody(riskscore: Run) -> None:
    done = riskscore("models", "show", "t1d-autoantibodies")
    assert done.returncode == 0
    assert "Illustrative, not diagnostic" in done.stdout
    assert "Ziegler 2013" in done.stdout
    assert "70.0% (recalled) at 10 years" in done.stdout
    refused = riskscore("score", PUBLISHED, "-m", "t1d-autoantibodies")
    assert refused.returncode != 0
    assert "riskscore progression" in refused.stderr


def test_odd_questions_are_refused(riskscore: Run) -> None:
    for options in (("-a", "7"), ("-y", "16"), ("-y", "-1"), ("-y", "nan"), ("--clock", "noon")):
        done = riskscore("progression", *options)
        assert done.returncode == 2, options
        assert "To fix it" in done.stderr
