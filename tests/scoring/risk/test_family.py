"""Family history: against exact integrals, simulated families, and published recurrence risks."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from riskscore.errors import UsageError
from riskscore.models.catalog import load_model
from riskscore.scoring.risk.family import (
    Inheritance,
    Relative,
    explained_variance,
    family_risk,
)

FAMILY = Path(__file__).parents[2] / "published" / "risk_by_age" / "family.tsv"


@pytest.mark.parametrize("affected", [True, False])
@pytest.mark.parametrize("relation", ["mother", "identical_twin"])
def test_one_relative_is_the_bivariate_normal(relation: str, affected: bool) -> None:
    shared, heritability, average, theirs = {"mother": 0.5}.get(relation, 1.0), 0.6, 0.02, 0.015
    relative = Relative(relation, affected, theirs)
    found = family_risk(np.array([average]), average, [relative], Inheritance(heritability))[0]
    rho, mine, other = shared * heritability, norm.isf(average), norm.isf(theirs)

    def both(x: float) -> float:
        tail = norm.sf((mine - rho * x) / np.sqrt(1 - rho**2))
        return float(norm.pdf(x) * tail)

    joint = quad(both, other, 12)[0] if affected else quad(both, -12, other)[0]
    assert found == pytest.approx(joint / (theirs if affected else 1 - theirs), rel=1e-3)


@pytest.mark.parametrize(
    ("relation", "parent", "shared"),
    [("father", 1.0, 0.6), ("mother", 1.0, 0.4), ("sibling", 1.0, 0.5), ("child", 0.8, 0.4)],
)
def test_fathers_apart_from_mothers(relation: str, parent: float, shared: float) -> None:
    """As the bivariate normal of that correlation, by quadrature."""
    average, inheritance = 0.02, Inheritance(0.6, fathers=1.2, parent=parent)
    relative = [Relative(relation, True, average)]
    found = family_risk(np.array([average]), average, relative, inheritance)[0]
    t, rho = norm.isf(average), shared * 0.6
    joint = quad(lambda x: norm.pdf(x) * norm.sf((t - rho * x) / np.sqrt(1 - rho**2)), t, 12)[0]
    assert found == pytest.approx(joint / average, rel=1e-3)


def test_a_sibling_shares_more_with_the_father_too() -> None:
    """Three liabilities by simulation; 1.2 * 0.5 from the father to both children."""
    h2, average = 0.7, 0.1
    r = np.array([[1, 0.6 * h2, 0.6 * h2], [0.6 * h2, 1, 0.5 * h2], [0.6 * h2, 0.5 * h2, 1]])
    drawn = np.random.default_rng(5).multivariate_normal(np.zeros(3), r, 1_000_000)
    father, sibling, person = (drawn > norm.isf(average)).T
    truth = person[father & sibling].mean()
    relatives = [Relative("father", True, average), Relative("sibling", True, average)]
    found = family_risk(np.array([average]), average, relatives, Inheritance(h2, fathers=1.2))
    assert found[0] == pytest.approx(truth, rel=0.02)


def test_two_parents_and_a_known_score() -> None:
    inheritance, average, risk = Inheritance(0.7, 0.3, 0.25), 0.03, 0.08
    t, mean = norm.isf(average), norm.isf(average) + np.sqrt(0.7) * norm.ppf(risk)
    # Liabilities of the person's rest, father and mother, given the score.
    down = 0.5 * 0.25 / 0.3 * mean
    own = 1 - 0.25 * 0.25**2 / 0.3
    cross = -0.25 * 0.25**2 / 0.3
    covariance = [[0.7, 0.225, 0.225], [0.225, own, cross], [0.225, cross, own]]
    # P(rest > t - mean, father > t, mother < t) by reflection.
    sign = np.diag([-1.0, -1.0, 1.0])
    moved = sign @ np.array(covariance) @ sign
    limits = np.array([mean - t, down - t, t - down])
    joint = multivariate_normal([0, 0, 0], moved, abseps=1e-9, releps=1e-9).cdf(limits)
    given = multivariate_normal([0, 0], moved[1:, 1:], abseps=1e-9, releps=1e-9).cdf(limits[1:])
    relatives = [Relative("father", True, average), Relative("mother", False, average)]
    found = family_risk(np.array([risk]), average, relatives, inheritance)[0]
    assert found == pytest.approx(joint / given, rel=2e-3)


def _families(count: int, v: float, h2: float, average: float) -> dict[str, np.ndarray]:
    """Father, mother, two children: the score and the rest are inherited side by side."""
    rng = np.random.default_rng(5)

    def trait(variance: float) -> list[np.ndarray]:
        father, mother = (rng.normal(0, np.sqrt(variance), count) for _ in range(2))
        children = [
            (father + mother) / 2 + rng.normal(0, np.sqrt(variance / 2), count) for _ in range(2)
        ]
        return [father, mother, *children]

    score, rest = trait(v), trait(h2 - v)
    ill = [
        s + r + rng.normal(0, np.sqrt(1 - h2), count) > norm.isf(average)
        for s, r in zip(score, rest, strict=True)
    ]
    risk = norm.sf((norm.isf(average) - score[2]) / np.sqrt(1 - v))
    return {"risk": risk, "father": ill[0], "mother": ill[1], "child": ill[2], "sibling": ill[3]}


def test_simulated_families() -> None:
    v, h2, average = 0.25, 0.7, 0.1
    families = _families(1_500_000, v, h2, average)
    inheritance = Inheritance(h2, v, v)
    for father, mother, sibling in [(True, False, False), (False, True, True), (False,) * 3]:
        chosen = (
            (families["father"] == father)
            & (families["mother"] == mother)
            & (families["sibling"] == sibling)
        )
        relatives = [
            Relative("father", father, average),
            Relative("mother", mother, average),
            Relative("sibling", sibling, average),
        ]
        risk = families["risk"][chosen]
        told = family_risk(risk, average, relatives, inheritance)
        ill = families["child"][chosen]
        middle = np.median(risk)
        for part in (risk <= middle, risk > middle):
            assert told[part].mean() == pytest.approx(ill[part].mean(), rel=0.02)


def test_the_score_is_not_counted_twice() -> None:
    average, mother = 0.01, [Relative("mother", True, 0.01)]
    alone = family_risk(np.array([average]), average, mother, Inheritance(0.6))[0]
    # A score that explains all that is inherited leaves a family history nothing to say.
    risk = np.array([0.002, 0.01, 0.05])
    np.testing.assert_allclose(
        family_risk(risk, average, mother, Inheritance(0.6, 0.6, 0.6)), risk, rtol=1e-6
    )
    half = family_risk(risk, average, mother, Inheritance(0.6, 0.3, 0.3))
    assert (half > risk).all()
    assert half[1] / risk[1] < alone / average


def test_no_history_and_unknown_risks() -> None:
    risk = np.array([0.01, np.nan])
    assert family_risk(risk, 0.01, [], Inheritance(0.6)) is risk
    mother = [Relative("mother", True, 0.01)]
    told = family_risk(risk, 0.01, mother, Inheritance(0.6, 0.2, 0.2))
    assert told[0] > 0.01
    assert np.isnan(told[1])


@pytest.mark.parametrize("explained", [0.1, 0.4])
def test_explained_variance(explained: float) -> None:
    liability = np.linspace(-8, 8, 2001) * np.sqrt(explained)
    weight = norm.pdf(liability, scale=np.sqrt(explained))
    risk = norm.sf((norm.isf(0.02) - liability) / np.sqrt(1 - explained))
    assert explained_variance(risk, weight / weight.sum()) == pytest.approx(explained, rel=1e-6)


@pytest.mark.parametrize(
    ("relation", "risk", "words"),
    [
        ("uncle", 0.1, "choose from"),
        ("mother", 1.2, "between 0 and"),
        ("mother", 1.0, "between 0 and"),
        ("mother", 0.0, "between 0 and"),
    ],
)
def test_relatives_that_cannot_be(relation: str, risk: float, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Relative(relation, True, risk)


def test_an_identical_twin_of_no_heritability_tells_nothing() -> None:
    """At the limits of what shares may be: 0 and 1 are allowed, beyond them nothing."""
    twin = [Relative("identical_twin", True, 0.01)]
    found = family_risk(np.array([0.01]), 0.01, twin, Inheritance(0.0))
    assert found.tolist() == pytest.approx([0.01], rel=1e-3)
    assert Inheritance(1.0, 0.5, 0.5).rest == 0.5
    assert Inheritance(0.25, 0.5, 0.5).rest == 0
    for wrong in ((-0.1,), (1.1,), (0.5, 1.0), (0.5, 0.2, 0.3), (0.5, 0.2, -0.1)):
        with pytest.raises(UsageError, match="between 0 and 1"):
            Inheritance(*wrong)


def _published(disease: str, relation: str, measure: str, source: str) -> dict[str, str]:
    with FAMILY.open(encoding="utf-8", newline="") as stream:
        (row,) = [
            row
            for row in csv.DictReader(stream, delimiter="\t")
            if (row["disease"], row["relation"], row["measure"]) == (disease, relation, measure)
            and row["source"].startswith(source)
        ]
    return row


def _recurrence(relation: str, risk: float, heritability: float) -> float:
    relative = [Relative(relation, True, risk)]
    return float(family_risk(np.array([risk]), risk, relative, Inheritance(heritability))[0])


def test_recurrence_of_multiple_sclerosis() -> None:
    """Sweden: siblings 7.1 times the risk, heritability 0.64 (Westerlind 2014)."""
    row = _published("multiple sclerosis", "sibling", "relative_risk", "Westerlind 2014")
    heritability = _published("multiple sclerosis", "liability", "heritability", "Westerlind 2014")
    risk = (0.0091 + 0.004) / 2  # the lifetime baseline of ms, both sexes
    ratio = _recurrence("sibling", risk, float(heritability["value"])) / risk
    assert float(row["lower"]) <= ratio <= float(row["upper"])


def test_recurrence_of_rheumatoid_arthritis() -> None:
    """Sweden: siblings' odds ratio 3.6, heritability 0.5 of seropositive disease (Frisell 2013)."""
    row = _published("rheumatoid arthritis", "sibling", "odds_ratio", "Frisell, EULAR 2013")
    heritability = _published(
        "rheumatoid arthritis, ACPA-positive", "liability", "heritability", "Frisell 2013"
    )
    risk = (0.024 + 0.011) / 2  # the lifetime baseline of ra, both sexes
    told = _recurrence("sibling", risk, float(heritability["value"]))
    ratio = told / (1 - told) / (risk / (1 - risk))
    assert float(row["lower"]) <= ratio <= float(row["upper"])


def test_recurrence_of_type_1_diabetes() -> None:
    """Fathers' children have 1.7 times (1.3-2.2) the risk of mothers' by age 20 (Finland)."""
    model = load_model("t1d")
    assert model.heritability is not None
    risk = float(np.mean([one.value for one in model.baseline if not one.horizon]))
    inheritance = Inheritance(model.heritability.value, fathers=model.heritability.fathers)
    father, mother, sibling = (
        float(family_risk(np.array([risk]), risk, [Relative(name, True, risk)], inheritance)[0])
        for name in ("father", "mother", "sibling")
    )
    row = _published(
        "type 1 diabetes", "offspring of father v. mother", "relative_risk", "Harjutsalo 2006"
    )
    assert father / mother == pytest.approx(float(row["value"]), abs=0.03)
    assert float(row["lower"]) <= father / mother <= float(row["upper"])
    # Siblings by age 20: 4.1% in Finland, 4.4% in Colorado, near which the heritability is fitted.
    assert 0.041 <= sibling <= 0.047


def test_twelve_relatives_are_the_most() -> None:
    """Of a disease that is not inherited they tell nothing."""
    siblings = [Relative("sibling", k < 3, 0.01) for k in range(13)]
    found = family_risk(np.array([0.02]), 0.02, siblings[:12], Inheritance(0.0))
    assert found == pytest.approx([0.02])
    with pytest.raises(UsageError, match="13 relatives are more than 12"):
        family_risk(np.array([0.02]), 0.02, siblings, Inheritance(0.0))


def test_as_many_people_as_the_grid_has_points_are_each_as_alone() -> None:
    risk, mother = np.linspace(0.001, 0.2, 65), [Relative("mother", True, 0.02)]
    inheritance = Inheritance(0.6, 0.3, 0.3)
    alone = [family_risk(risk[k : k + 1], 0.02, mother, inheritance)[0] for k in (0, 31, 64)]
    assert family_risk(risk, 0.02, mother, inheritance)[[0, 31, 64]].tolist() == alone
