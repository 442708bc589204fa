"""Absolute risk by age: against numerical integration, pyicare, and what it must average to."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from riskscore.models.reference.incidence import AgeRates
from riskscore.scoring.risk.absolute import AbsoluteRisk, Rates, absolute_risk, relative_hazard

RELATIVE = np.array([0.05, 0.5, 1.0, 4.0, 60.0])
SHARE = np.array([0.1, 0.4, 0.3, 0.19, 0.01])
INCIDENCE = AgeRates((0.0, 5.0, 20.0, 60.0, 100.0), (2e-4, 5e-4, 3e-4, 1e-3))
MORTALITY = AgeRates((0.0, 1.0, 50.0, 80.0, 100.0), (5e-3, 4e-4, 8e-3, 0.09))
ICARE = Path(__file__).parents[2] / "data" / "pyicare_absolute_risk.json"


def _model(mortality: AgeRates = MORTALITY) -> AbsoluteRisk:
    return absolute_risk(Rates.on_grid(INCIDENCE, mortality), RELATIVE, SHARE)


def _hazard(rates: AgeRates, age: float) -> float:
    return float(rates.rates[np.searchsorted(rates.ages, age, side="right") - 1])


ages = st.floats(0, 100).filter(lambda age: age == 0 or age > 1e-6)


@pytest.mark.parametrize(("start", "end"), [(0, 20), (3.5, 60.25), (80, 100)])
def test_risk_is_the_integral_of_hazard_and_survival(start: float, end: float) -> None:
    model, relative = _model(), 4.0

    def density(age: float) -> float:
        step = np.searchsorted(model.rates.ages, age, side="right") - 1
        slope = np.diff(model.baseline)[step] / np.diff(model.rates.ages)[step]
        cuts = [cut for cut in MORTALITY.ages if start < cut < age]
        died = quad(lambda a: _hazard(MORTALITY, a), start, age, points=cuts or None)[0]
        ill = relative * (model.at(age) - model.at(start))
        return float(slope * relative * np.exp(-died - ill))

    whole = sum(
        quad(density, max(start, low), min(end, low + 1), limit=10)[0]
        for low in range(int(start), int(np.ceil(end)))
    )
    assert model.risk(np.array([relative]), start, end)[0] == pytest.approx(whole, rel=1e-9)


@given(first=ages, second=ages, third=ages)
@settings(deadline=None)
def test_risks_over_adjoining_ages_compose(first: float, second: float, third: float) -> None:
    start, middle, end = sorted([first, second, third])
    model = _model()
    alive = np.exp(-sum(
        rate * max(0.0, min(middle, high) - max(start, low))
        for rate, low, high in zip(
            MORTALITY.rates, MORTALITY.ages, MORTALITY.ages[1:], strict=False
        )
    ))  # fmt: skip
    still_free = alive * model.free(RELATIVE, middle) / model.free(RELATIVE, start)
    whole = model.risk(RELATIVE, start, end)
    parts = model.risk(RELATIVE, start, middle) + still_free * model.risk(RELATIVE, middle, end)
    assert whole == pytest.approx(parts, rel=1e-9, abs=1e-15)


@given(first=st.integers(0, 100), second=st.integers(0, 100))
@settings(deadline=None)
def test_average_over_the_survivors_is_the_table(first: int, second: int) -> None:
    start, end = sorted([first, second])
    for mortality in (MORTALITY, AgeRates((0.0, 100.0), (0.0,))):
        model = _model(mortality)
        survivors = SHARE * model.free(RELATIVE, start)
        mean = survivors @ model.risk(RELATIVE, start, end) / survivors.sum()
        # Within a step the baseline is constant, and the survivors' mean falls a little: without
        # death that leaves nothing, with death a share of a step's deaths.
        assert mean == pytest.approx(model.rates.risk(start, end), abs=1e-6)


def test_survivors_are_at_lower_risk() -> None:
    model = _model()
    slope = np.diff(model.baseline) / np.diff(model.rates.ages)
    # Had nobody fallen ill, the baseline would be the table's rate over the mean relative hazard.
    unshifted = model.rates.incidence / (SHARE @ RELATIVE)
    assert slope[0] == pytest.approx(unshifted[0], rel=0.01)
    assert (slope[1:] > unshifted[1:]).all()


def test_pyicare() -> None:
    """The same model by pyicare; tests/data/README.md says how the numbers were made."""
    case = json.loads(ICARE.read_text())
    grid = tuple(float(age) for age in range(len(case["incidence"]) + 1))
    rates = Rates.on_grid(
        AgeRates(grid, tuple(case["incidence"])), AgeRates(grid, tuple(case["mortality"]))
    )
    population = np.exp(np.array(case["reference_log_hazard"]))
    share = np.full(len(population), 1 / len(population))
    model = absolute_risk(rates, population, share)
    people = np.exp(np.array(case["person_log_hazard"]))
    for start, length, theirs in case["risks"]:
        assert model.risk(people, start, start + length) == pytest.approx(theirs, abs=1e-6)
        assert max(theirs) > 1e-3


def test_ages_outside_the_table() -> None:
    rates = Rates.on_grid(AgeRates((18.0, 85.0), (1e-4,)), MORTALITY)
    assert [rates.holds(age) for age in (17.9, 18.0, 85.0, 85.1)] == [False, True, True, False]


SHORT = AgeRates((10.1, 20.0, 31.3), (0.0, 2e-3))
DEATHS = AgeRates((12.0, 15.0, 25.0), (1e-3, 4e-3))


def test_rates_on_a_grid_step_by_step() -> None:
    """The grid has both tables' ages and quarters of a year; before and after the deaths' table
    its first and its last rate hold.
    """
    rates = Rates.on_grid(SHORT, DEATHS, factor=3.0)
    quarters = [k / 4 for k in range(41, 126)]  # from 10.25 to 31.25
    grid = sorted({10.1, 31.3, *quarters})
    assert rates.ages.tolist() == grid
    for age, incidence, mortality in zip(grid, rates.incidence, rates.mortality, strict=False):
        assert incidence == (3 * 2e-3 if age >= 20 else 0.0)
        assert mortality == (4e-3 if age >= 15 else 1e-3)
    assert len(rates.incidence) == len(rates.mortality) == len(grid) - 1
    cumulated = [3 * 2e-3 * max(0.0, age - 20) for age in grid]
    assert rates.cumulated == pytest.approx(cumulated, abs=1e-15)


@pytest.mark.parametrize(("start", "end"), [(10.1, 31.3), (14.9, 22.6), (20.0, 20.1), (25, 25)])
def test_shares_between_ages_within_steps(start: float, end: float) -> None:
    """Closed forms of two rates of death and one of disease, from the age of 20 on."""
    rates = Rates.on_grid(SHORT, DEATHS)
    ill = max(0.0, end - max(start, 20))
    died = 4e-3 * max(0.0, end - max(start, 15)) + 1e-3 * max(0.0, min(end, 15) - start)
    assert rates.free(start, end) == pytest.approx(np.exp(-2e-3 * ill), rel=1e-12)
    assert rates.alive(start, end) == pytest.approx(np.exp(-died), rel=1e-12)
    reached = rates.alive(start, max(start, min(20, end)))
    risk = reached * 2e-3 / 6e-3 * -np.expm1(-6e-3 * ill)
    assert rates.risk(start, end) == pytest.approx(risk, rel=1e-12, abs=1e-18)


def test_the_risk_of_many_people_is_that_of_each() -> None:
    """More than are worked on at once."""
    model = _model()
    relative = np.geomspace(0.01, 50, 1100)
    found = model.risk(relative, 3.5, 60.25)
    for place in (0, 511, 512, 513, 1023, 1024, 1099):
        alone = model.risk(relative[place : place + 1], 3.5, 60.25)
        assert found[place] == pytest.approx(alone[0], rel=1e-14)


@given(start=ages, end=ages, relative=st.lists(st.floats(1e-4, 100), min_size=1, max_size=4))
@settings(deadline=None)
def test_the_hazard_behind_a_risk(start: float, end: float, relative: list[float]) -> None:
    start, end = sorted([start, end])
    model = _model()
    risk = model.risk(np.array(relative), start, end)
    if end - start > 1 and (risk < 0.5).all():  # near the highest risk any hazard gives it
        found = relative_hazard(model, risk, start, end)
        assert found == pytest.approx(relative, rel=1e-7)
        assert model.risk(found, start, end) == pytest.approx(risk, rel=1e-10)
