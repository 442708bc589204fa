"""The risks in the models' examples, worked out by the formulas alone."""

from collections.abc import Iterable

import numpy as np
import pytest

import riskscore as rs
from riskscore.arrays import Array
from riskscore.genetics.sex import Sex
from riskscore.models.model import Example, RiskModel
from riskscore.models.terms import ExposureFactor, VariantFactor
from riskscore.scoring.examples import example_scores
from tests.models.naive_risk import risk_between

WIDTH = 1 / 2048  # of the grid on which parts are added


def _sum_of(blocks: Iterable[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Shares and values of a sum of independent parts (shares, values), each with its mean kept."""
    low, shares = 0, np.ones(1)
    for share, values in blocks:
        place = np.floor(values / WIDTH).astype(int)
        total = np.zeros(len(shares) + np.ptp(place) + 1)
        for p, value, cell in zip(share, values, place, strict=True):
            up = value / WIDTH - cell
            for step, part in ((0, p * (1 - up)), (1, p * up)):
                first = cell - place.min() + step
                total[first : first + len(shares)] += part * shares
        low, shares = low + int(place.min()), total
    return shares, WIDTH * (low + np.arange(len(shares)))


def _person(model: RiskModel, example: Example, scores: rs.Scores) -> tuple[Array, Array]:
    """The log odds a person may have: what is given, and all that single SNPs and habits may be."""
    ledger, population = scores.explain("person"), scores.tables[0].reference.population
    unknown = ledger["missing"].fillna("").to_numpy(str) != ""
    mean = dict(zip(ledger["term"], ledger["weight"] * ledger["mean"], strict=True))
    given = sum(value for name, value in mean.items() if name not in set(ledger["term"][unknown]))
    blocks = [(np.ones(1), np.array([example.expect["sum"] - given]))]
    habits: dict[str, dict[str, float]] = {}
    for term in np.array(model.terms, dtype=object)[unknown].tolist():
        (factor,) = term.factors
        if isinstance(factor, VariantFactor) and not term.fallback_for:
            f = model.frequencies[factor.variant][population]
            share = np.array([(1 - f) ** 2, 2 * f * (1 - f), f**2])
            blocks.append((share, term.weight * (np.arange(3) - 2 * f)))
        elif isinstance(factor, ExposureFactor):
            habits.setdefault(factor.exposure, {})[factor.level] = term.weight
    for name, weights in habits.items():
        levels = model.exposure(name).levels
        share = np.array([level.frequency for level in levels])
        value = np.array([weights.get(level.value, 0.0) for level in levels])
        blocks.append((share, value - share @ value))
    return _sum_of(blocks)


@pytest.mark.parametrize("name", rs.list_models())
def test_worked_risks_follow_from_the_formulas(name: str) -> None:
    """But for the spread of the score over people, which tests/scoring/population proves."""
    model = rs.load_model(name)
    worked = [
        e for e in model.examples if e.expect["probability"] and e.given["from_age"] is not None
    ]
    assert worked
    for example in worked:
        given = example.given
        scores = example_scores(model, example)
        own = scores.tables[0].reference.by_sex[Sex(given["sex"])]
        values, share = own.distribution.density
        person = _person(model, example, scores)
        ages = (given["from_age"], given["to_age"])
        risk = risk_between(model, given["sex"], (share, values), person, ages)
        assert example.expect["probability"] == pytest.approx(risk, rel=1e-4)
        # and it is told apart from the average, and from a person of average score
        assert not 0.9 < risk / example.expect["average_risk"] < 1.1
