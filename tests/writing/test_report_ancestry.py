"""One person's report where percentiles are among people of the same ancestry."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.samples.ancestry.sums import sums_of
from riskscore.samples.ancestry.table import component_table


@pytest.fixture(scope="module")
def scores() -> rs.Scores:
    """Three drawn people: EUR, half AFR, and beyond EAS."""
    table = component_table()
    eur, afr, eas = (table.centres[table.populations.index(name)] for name in ("EUR", "AFR", "EAS"))
    places = np.array([eur, (eur + afr) / 2, eas + 0.5 * (eas - eur)])
    frequency = table.expected(places)
    drawn = np.random.default_rng(4).binomial(2, frequency).astype(float)
    sums = sums_of(table, slice(0, frequency.shape[1]), drawn)
    return rs.score(replace(rs.simulate("ra", 3, seed=2).cohort(), projection=sums))


def page(scores: rs.Scores, place: int, folder: Path) -> str:
    sample = scores.cohort.samples[place]
    return rs.write_report(scores, folder / f"{place}.html", individual=sample).read_text()


def test_the_percentile_says_among_whom(scores: rs.Scores, tmp_path: Path) -> None:
    text = page(scores, 0, tmp_path)
    percentile = scores.tables[0].numbers["percentile"][0]
    assert f"Higher than {percentile:.0f} of 100 people of the same ancestry" in text
    assert re.search(r"By 9,559 SNPs .* shares of\s+superpopulations are EUR\(", text)
    assert 'data-chart="chart-ancestry"' in text
    assert "not made for people like this one" not in text


def test_of_mixed_ancestry_the_weights_are_still_of_others(
    scores: rs.Scores, tmp_path: Path
) -> None:
    text = page(scores, 1, tmp_path)
    assert "of 100 people of the same ancestry" in text
    before, warning, _ = text.partition("not made for people like this one")
    assert warning
    assert "<h2" not in before  # before any risk


def test_outside_the_reference_no_percentile_is_shown(scores: rs.Scores, tmp_path: Path) -> None:
    text = page(scores, 2, tmp_path)
    assert "No percentile is shown: This person lies outside the reference people." in text
    assert "of 100 people" not in text
