"""What a cohort's family histories make of its risks, by the integral of two normal liabilities."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.models.model import Heritability
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import Status
from riskscore.samples.frame import read_frame
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.family import Relative
from riskscore.scoring.risk.family_history import FamilyHistories, family_histories

HERITABILITY = 0.6
EXPLAINED = {Sex.FEMALE: 0.3, Sex.MALE: 0.2, None: 0.25}
GENETIC = {Sex.FEMALE: 0.8, Sex.MALE: 0.5, None: 0.65}


def by_integral(
    risk: float, average: float, relative: Relative, v: float, g: float, shared: float = 0.5
) -> float:
    """The risk given a parent: v is explained by the score, g of it inherited."""
    threshold, theirs = norm.isf(average), norm.isf(relative.risk)
    mean = threshold + math.sqrt(1 - v) * norm.ppf(risk)  # of the person's liability
    down = shared * g / v * mean  # of the parent's
    sd = math.sqrt(1 - shared**2 * g * g / v)
    slope = shared * (HERITABILITY - g) / sd**2  # of the person's rest on the parent's
    rest = math.sqrt(1 - v - (slope * sd) ** 2)

    def both(x: float) -> float:
        ill = norm.sf((threshold - mean - slope * (x - down)) / rest)
        return float(norm.pdf(x, down, sd) * ill)

    if relative.affected:
        return quad(both, theirs, 12)[0] / norm.sf(theirs, down, sd)
    return quad(both, -12, theirs)[0] / norm.cdf(theirs, down, sd)


def test_each_person_by_what_is_known_of_the_score() -> None:
    """Rows 4 to 8 of a cohort; coverage is rounded to twentieths, and a missing risk stays so."""
    mother, father = Relative("mother", True, 0.02), Relative("father", False, 0.05)
    relatives = {4: (mother,), 5: (father,), 7: (mother,), 8: (mother,)}
    found = Heritability(HERITABILITY, "a paper", Status.FOUND)
    histories = FamilyHistories(relatives, found, EXPLAINED, GENETIC)
    sex = [Sex.FEMALE, Sex.MALE, Sex.MALE, None, Sex.FEMALE]
    numbers = {
        "average_risk": np.array([0.01, 0.02, 0.02, 0.015, np.nan]),
        "coverage": np.array([0.51, 1.0, 0.5, 0.26, 1.0]),
        "probability": np.array([0.03, 0.01, 0.02, 0.002, np.nan]),
        "probability_low": np.array([0.02, 0.005, 0.01, 0.001, np.nan]),
        "probability_high": np.array([0.05, 0.03, 0.04, 0.004, np.nan]),
        "odds_ratio": np.full(5, 2.0),
    }
    before = {name: values.copy() for name, values in numbers.items()}
    histories.apply(numbers, range(4, 9), sex)
    for name, values in before.items():
        for i, (seen, own) in enumerate(zip([0.5, 1.0, None, 0.25, None], sex, strict=True)):
            wanted = float(values[i])
            if seen is not None and name.startswith("probability"):
                v = EXPLAINED[own] * seen
                average, (relative,) = float(before["average_risk"][i]), relatives[i + 4]
                wanted = by_integral(wanted, average, relative, v, v * GENETIC[own])
            assert numbers[name][i] == pytest.approx(wanted, rel=2e-3, nan_ok=True), (name, i)
    assert histories.flagged(["", "a", "b", "", "c"], range(4, 9)) == [
        "family=1", "a;family=1", "b", "family=1", "c;family=1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sex", "shared"), [(Sex.MALE, 0.5 * 1.3), (Sex.FEMALE, 0.5 * 0.7), (None, 0.5)]
)
def test_children_resemble_their_fathers_more(sex: Sex | None, shared: float) -> None:
    """An affected child says more of a man; of whom the sex is unknown it says the mean."""
    child, risk = Relative("child", True, 0.03), 0.02
    heritability = Heritability(HERITABILITY, "a paper", Status.FOUND, fathers=1.3)
    histories = FamilyHistories({0: (child,)}, heritability, EXPLAINED, GENETIC)
    names = ("probability", "probability_low", "probability_high")
    numbers = {name: np.array([risk]) for name in names}
    numbers |= {"average_risk": np.array([0.015]), "coverage": np.array([1.0])}
    histories.apply(numbers, range(1), [sex])
    v = EXPLAINED[sex]
    wanted = by_integral(risk, 0.015, child, v, v * GENETIC[sex], shared)
    for name in names:
        assert numbers[name][0] == pytest.approx(wanted, rel=2e-3)


def test_shares_of_the_liability_and_risks_of_relatives(tmp_path: Path) -> None:
    """A variant and an exposure: six states, whose risks give what the score explains."""
    ms = rs.load_model("ms")
    terms = {term.id: term for term in ms.terms}
    variant = replace(terms["rs10801908"].factors[0], frequency={"EUR": 0.3})
    model = replace(
        ms,
        terms=(
            replace(terms["rs10801908"], weight=0.8, factors=(variant,)),
            replace(terms["smoking=ever"], weight=0.9),
        ),
    )
    path = tmp_path / "family.tsv"
    path.write_text(
        "sample\trelation\taffected\tage\nb\tmother\tyes\t20\nb\tfather\tno\t30\n"
        "b\tsibling\tyes\t\nb\tchild\tno\t0\n"
    )
    people = pd.DataFrame({"rs10801908": [0, 1], "sex": ["female", "male"]}, index=["a", "b"])
    cohort = rs.score(read_frame(people, [model]), family=path).cohort
    reference = build_reference(model, reference_panel(), "EUR", 0.02)
    ages, none = np.array([0.0, 10.0, 40.0]), np.zeros(2)
    tables = {
        Sex.FEMALE: Rates(ages, np.array([0.001, 0.004]), none),
        Sex.MALE: Rates(ages, np.array([0.002, 0.001]), none),
    }
    found = family_histories(cohort, reference, tables)
    assert found is not None
    assert ms.heritability is not None
    assert found.heritability == ms.heritability
    # Cumulated: women 0.01 at 10, 0.05 at 20, 0.13 at 40; men 0.02, 0.03, 0.05, 0.04 at 30.
    cumulated = {"mother": [0.05], "father": [0.04], "sibling": [0.13, 0.05], "child": [0.0, 0.0]}
    assert list(found.relatives) == [1]
    for one in found.relatives[1]:
        rates = cumulated[one.relation]
        chance = sum(1 - math.exp(-rate) for rate in rates) / len(rates)
        assert one.risk == pytest.approx(max(chance, 1e-9), rel=1e-12)
        assert one.affected == (one.relation in ("mother", "sibling"))
    frequency, smokers = 0.3, 0.45
    states = [
        (0.8 * (k - 2 * frequency) + 0.9 * (s - smokers), share * (smokers if s else 1 - smokers))
        for k, share in enumerate([0.49, 0.42, 0.09])
        for s in (0, 1)
    ]
    genetic, exposure = 0.8**2 * 0.42, 0.9**2 * smokers * (1 - smokers)

    def risk(alpha: float, value: float) -> float:
        return 1 / (1 + math.exp(-alpha - value))

    def miss(alpha: float, prevalence: float) -> float:
        return sum(p * risk(alpha, x) for x, p in states) - prevalence

    for sex, own in reference.by_sex.items():
        alpha = brentq(miss, -9, 0, args=(own.prevalence,))
        quantiles = [(norm.ppf(risk(alpha, x)), p) for x, p in states]
        mean = sum(q * p for q, p in quantiles)
        variance = sum(p * (q - mean) ** 2 for q, p in quantiles)
        assert found.explained[sex] == pytest.approx(variance / (1 + variance), rel=1e-4)
        assert found.genetic[sex] == pytest.approx(genetic / (genetic + exposure), rel=1e-9)
