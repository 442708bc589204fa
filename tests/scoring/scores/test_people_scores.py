"""Every number of a few people's scores, from two variants' genotypes written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import riskscore as rs
from riskscore.models.model import MissingPolicy, RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.score import score_cohort
from riskscore.scoring.scores import people_scores
from tests.scoring.snps import ms_of_snps

WEIGHTS, FREQUENCIES, ERRORS = (0.8, -0.5), (0.3, 0.4), (0.1, 0.2)
PREVALENCE = {"female": 0.02, "male": 0.01}
PEOPLE = [(1.0, 1.0, "female"), (math.nan, 2.0, "male"), (2.0, math.nan, None), (0.0, 0.0, "male")]
Made = TypeVar("Made")
GENOTYPES = [[(1 - f) ** 2, 2 * f * (1 - f), f * f] for f in FREQUENCIES]


@pytest.fixture(scope="module")
def model() -> RiskModel:
    return ms_of_snps(WEIGHTS, FREQUENCIES, standard_error=ERRORS)


def frame(model: RiskModel) -> pd.DataFrame:
    names = [str(term.factors[0]) for term in model.terms]
    table = pd.DataFrame([person[:2] for person in PEOPLE], columns=names)
    return table.assign(sex=[sex or "" for _, _, sex in PEOPLE])


def risk(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def intercept(prevalence: float) -> float:
    def miss(alpha: float) -> float:
        return -prevalence + sum(
            GENOTYPES[0][a] * GENOTYPES[1][b] * risk(alpha + centred((a, b)))
            for a, b in product(range(3), repeat=2)
        )

    return float(brentq(miss, -12, 0, xtol=1e-13))


def centred(copies: tuple[float, float]) -> float:
    """A gap counts as the mean."""
    known = zip(copies, WEIGHTS, FREQUENCIES, strict=True)
    return sum(w * (k - 2 * f) for k, w, f in known if not math.isnan(k))


def test_all_numbers_of_a_person(model: RiskModel) -> None:
    cohort = read_frame(frame(model), [model])
    numbers = rs.score(cohort, prevalence=PREVALENCE).of("ms").numbers
    both = [intercept(value) for value in PREVALENCE.values()]
    for i, (first, second, sex) in enumerate(PEOPLE):
        average = PREVALENCE[sex] if sex else sum(PREVALENCE.values()) / 2
        alpha, x = intercept(average), centred((first, second))
        states: list[tuple[float, float]] = [(0.0, 1.0)]  # of what is not known
        total = 0.0 if sex else ((both[0] - both[1]) / 2) ** 2
        third, seen = 0.0, 0.0
        for copies, w, f, error, shares in zip(
            (first, second), WEIGHTS, FREQUENCIES, ERRORS, GENOTYPES, strict=True
        ):
            tilted = [p * math.exp(w * k) for k, p in enumerate(shares)]
            among_cases = sum(k * p for k, p in enumerate(tilted)) / sum(tilted)
            if math.isnan(copies):
                states = [(w * (k - 2 * f), p) for k, p in enumerate(shares)]
                total += sum(p * u**2 for u, p in states)
                third += sum(p * u**3 for u, p in states)
                spread = sum(p * (k - among_cases) ** 2 for k, p in enumerate(shares))
            else:
                seen += w * w * 2 * f * (1 - f)
                spread = (copies - among_cases) ** 2
            total += error**2 * spread
        z, sd = norm.ppf(0.975), math.sqrt(total)
        shift = (z * z - 1) / 6 * third / sd**3
        wanted = {
            "log_odds": x,
            "genetic_score": x,
            "exposure_score": 0.0,
            "interaction_score": 0.0,
            "odds_ratio": math.exp(x),
            "average_risk": average,
            "probability": sum(p * risk(alpha + x + u) for u, p in states),
            "probability_low": risk(alpha + x + sd * (shift - z)),
            "probability_high": risk(alpha + x + sd * (shift + z)),
            "coverage": seen
            / sum(w * w * 2 * f * (1 - f) for w, f in zip(WEIGHTS, FREQUENCIES, strict=True)),
        }
        wanted["risk_ratio"] = wanted["probability"] / average
        for name, value in wanted.items():
            assert numbers[name][i] == pytest.approx(value, rel=1e-6, abs=1e-9), (name, i)


def test_a_policy_that_refuses_gaps(model: RiskModel) -> None:
    """Nothing is told of who has any; of nobody else is anything changed."""
    strict = replace(model, missing=MissingPolicy.REFUSE)
    plain, refused = (rs.score(read_frame(frame(m), [m])).of("ms") for m in (model, strict))
    for name, values in plain.numbers.items():
        told = [None if math.isnan(v) else v for v in refused.numbers[name].tolist()]
        assert told == [
            None if math.isnan(a) or math.isnan(b) or math.isnan(v) else v
            for (a, b, _), v in zip(PEOPLE, values.tolist(), strict=True)
        ]
    assert refused.unscored == 2
    assert [text.startswith("not_scored") for text in refused.flags] == [False, True, True, False]


class InTurn:
    """One half after the other; counts what it was asked for."""

    def __init__(self) -> None:
        self.tables: list[tuple[int, int]] = []

    def both(self, mine: Callable[[], Made], theirs: Callable[[], Made]) -> tuple[Made, Made]:
        return mine(), theirs()

    def table(self, rows: int, columns: int) -> np.ndarray:
        self.tables.append((rows, columns))
        return np.empty((rows, columns))


@pytest.mark.parametrize(("worth", "halved"), [(8, True), (9, False)])
@pytest.mark.parametrize("first", [1, 2, 16])
def test_so_many_people_times_terms_are_halved(
    model: RiskModel, monkeypatch: pytest.MonkeyPatch, first: int, worth: int, *, halved: bool
) -> None:
    """Four people, two terms: to the same bits, whoever is scored before the halves."""
    monkeypatch.setattr(people_scores, "_WORTH_HALVING", worth)
    monkeypatch.setattr(people_scores, "_FIRST", first)
    cohort, halves = read_frame(frame(model), [model]), InTurn()
    whole = score_cohort(cohort, reference_panel()).of("ms")
    found = score_cohort(cohort, reference_panel(), chunk=1, halves=halves).of("ms")
    assert [people for _, people in halves.tables] == ([4] if halved else [])
    for name, values in whole.numbers.items():
        assert np.array_equal(values, found.numbers[name], equal_nan=True), name
    assert found.flags == whole.flags
    assert np.array_equal(found.term_reasons, whole.term_reasons)
    assert np.array_equal(found.term_seen, whole.term_seen)


@pytest.mark.parametrize("least", [0.0, 0.4, 0.7, 1.0])
def test_a_published_score_where_enough_was_read(model: RiskModel, least: float) -> None:
    """The plain weighted sum, a gap at its mean, with this share of the variance seen."""
    own = replace(model, published_score="made up", published_minimum_coverage=least)
    numbers = rs.score(read_frame(frame(own), [own])).of("ms").numbers
    spread = [w * w * 2 * f * (1 - f) for w, f in zip(WEIGHTS, FREQUENCIES, strict=True)]
    assert spread[0] / sum(spread) == pytest.approx(0.69, abs=0.005)
    for i, (*copies, _) in enumerate(PEOPLE):
        gaps = [math.isnan(own) for own in copies]
        seen = sum(v for v, gap in zip(spread, gaps, strict=True) if not gap) / sum(spread)
        read = zip(copies, gaps, WEIGHTS, FREQUENCIES, strict=True)
        total = sum(w * (2 * f if gap else k) for k, gap, w, f in read)
        wanted = total if seen >= least else math.nan
        assert numbers["published_score"][i] == pytest.approx(wanted, nan_ok=True), i
