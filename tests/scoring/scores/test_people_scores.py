"""Every number of a few people's scores, from two variants' genotypes written out."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

import riskscore as rs
from riskscore.models.model import MissingPolicy, RiskModel
from riskscore.models.terms import VariantFactor
from riskscore.samples.frame import read_frame

WEIGHTS, FREQUENCIES, ERRORS = (0.8, -0.5), (0.3, 0.4), (0.1, 0.2)
PREVALENCE = {"female": 0.02, "male": 0.01}
PEOPLE = [(1.0, 1.0, "female"), (math.nan, 2.0, "male"), (2.0, math.nan, None), (0.0, 0.0, "male")]
GENOTYPES = [[(1 - f) ** 2, 2 * f * (1 - f), f * f] for f in FREQUENCIES]


@pytest.fixture(scope="module")
def model() -> RiskModel:
    ms = rs.load_model("ms")
    single = [t for t in ms.terms if type(t.factors[0]) is VariantFactor]
    terms = [
        replace(
            term,
            weight=weight,
            standard_error=error,
            factors=(replace(term.factors[0], frequency={"EUR": share}),),
        )
        for term, weight, share, error in zip(single, WEIGHTS, FREQUENCIES, ERRORS, strict=False)
    ]
    return replace(ms, terms=tuple(terms))


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
