"""Shares of superpopulations: nearest mixtures by scipy, admixed people, and who is outside."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from riskscore.samples.ancestry.sums import sums_of
from riskscore.samples.ancestry.table import component_table
from riskscore.scoring.ancestry.projection import Projection, project
from riskscore.scoring.ancestry.shares import Placement, nearest_shares, place

TABLE = component_table()


def placed(shares: list[float], people: int, seed: int) -> Placement:
    """People whose alleles are drawn by a mixture of the superpopulations' frequencies."""
    frequency = np.array(shares) @ TABLE.expected(TABLE.centres)
    genotypes = np.random.default_rng(seed).binomial(2, frequency, (people, len(frequency)))
    sums = sums_of(TABLE, slice(0, len(frequency)), genotypes.astype(float))
    return place(project(sums), TABLE)


def test_nearest_mixture_is_that_of_an_optimiser() -> None:
    rng = np.random.default_rng(1)
    centres, root = rng.normal(size=(5, 4)), rng.normal(size=(4, 4))
    covariance = root @ root.T + np.eye(4)
    inverse = np.linalg.inv(covariance)
    points = rng.normal(size=(30, 4)) * 1.5
    found = nearest_shares(points, centres, covariance)
    for point, shares in zip(points, found, strict=True):

        def squared(q: np.ndarray, point: np.ndarray = point) -> float:
            rest = point - q @ centres
            return float(rest @ inverse @ rest)

        best = minimize(
            squared, np.full(5, 0.2), bounds=[(0, 1)] * 5, method="SLSQP", tol=1e-14,
            constraints=[{"type": "eq", "fun": lambda q: q.sum() - 1}],
        )  # fmt: skip
        assert shares.min() >= 0
        assert shares.sum() == pytest.approx(1)
        assert squared(shares) <= best.fun + 1e-7
        np.testing.assert_allclose(shares, best.x, atol=2e-3)


@pytest.mark.parametrize(
    "shares",
    [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0],
        [0.5, 0.0, 0.0, 0.5, 0.0],
        [0.8, 0.0, 0.0, 0.2, 0.0],
        [0.0, 0.5, 0.0, 0.5, 0.0],
        [0.0, 0.0, 0.5, 0.0, 0.5],
        [0.25, 0.0, 0.25, 0.25, 0.25],
        [0.0, 0.3, 0.7, 0.0, 0.0],
    ],
)
def test_shares_of_admixed_people_come_back_within_5_points(shares: list[float]) -> None:
    found = placed(shares, 60, 8)
    assert np.abs(found.shares.mean(axis=0) - shares).max() < 0.05
    assert (np.abs(found.shares - shares) < 0.05).mean() > 0.85
    assert not found.outside.any()
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)


def test_an_error_is_that_of_repeated_genotypes_inside_the_simplex() -> None:
    """Where no share is held at 0: all superpopulations at once, in equal parts."""
    found = placed([0.2] * 5, 300, 5)
    np.testing.assert_allclose(found.standard_error[0], found.shares.std(axis=0), rtol=0.25)


def test_reference_people_are_most_like_their_own() -> None:
    """By their components in the source; the people of ACB, ASW and PUR among them are admixed."""
    people = len(TABLE.components)
    covariance = np.zeros((people, 4, 4))
    found = place(Projection(TABLE.components, covariance, np.ones(people, bool)), TABLE)
    right = found.likeness.argmax(axis=1) == TABLE.superpopulation
    assert right.mean() > 0.98
    assert found.outside.mean() < 0.002
    np.testing.assert_allclose(found.likeness.sum(axis=1), 1)


def test_who_is_beyond_a_superpopulation_is_outside() -> None:
    eas, eur = TABLE.populations.index("EAS"), TABLE.populations.index("EUR")
    beyond = TABLE.centres[eas] + 0.4 * (TABLE.centres[eas] - TABLE.centres[eur])
    frequency = TABLE.expected(beyond[None])[0]
    genotypes = np.random.default_rng(2).binomial(2, frequency, (20, len(frequency)))
    sums = sums_of(TABLE, slice(0, len(frequency)), genotypes.astype(float))
    found = place(project(sums), TABLE)
    assert found.outside.all()
    assert (found.shares[:, eas] == 1).all()


def test_of_who_is_not_projected_nothing_is_said() -> None:
    nothing = np.full((2, 4), np.nan)
    found = place(Projection(nothing, np.full((2, 4, 4), np.nan), np.zeros(2, bool)), TABLE)
    assert np.isnan(found.shares).all()
    assert np.isnan(found.likeness).all()
    assert not found.outside.any()


@pytest.fixture(scope="module")
def unsure() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Components of four people near others, the covariance of their errors, and that with all
    loci, which the first has: (L'L - I sum(s))^-1 (sum s L L') (L'L - I sum(s))^-1.
    """
    squares = np.zeros((4, 4))
    scatter = np.zeros((4, 4))
    for row, noise in zip(TABLE.loadings, TABLE.noise, strict=True):
        squares += np.outer(row, row) - noise * np.eye(4)
        scatter += noise * np.outer(row, row)
    own = np.linalg.inv(squares) @ scatter @ np.linalg.inv(squares)
    mixtures = np.array([[1, 0, 0, 0, 0], [0.3, 0, 0, 0.7, 0], [0, 0, 1, 0, 0], [0.2] * 5])
    moved = np.random.default_rng(4).normal(size=(4, 4)) * np.sqrt(np.diag(own)) * 2
    covariance = np.array([own, 3 * own, 0.5 * own, 8 * own])
    return mixtures @ TABLE.centres + moved, covariance, own


def test_likeness_and_distance_of_few_loci(
    unsure: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Normal densities around each centre: who is less sure of a place is compared more widely.

    The spread of the reference people has the error of all loci in it; twice that error more is
    added to it where the error is three times as large, and nothing where it is smaller.
    """
    components, covariance, own = unsure
    found = place(Projection(components, covariance, np.ones(4, bool)), TABLE)
    for i, more in enumerate((0.0, 2.0, 0.0, 7.0)):
        densities = [
            multivariate_normal(centre, spread + more * own).pdf(components[i])
            for centre, spread in zip(TABLE.centres, TABLE.spreads, strict=True)
        ]
        by_hand = [density / sum(densities) for density in densities]
        assert found.likeness[i].tolist() == pytest.approx(by_hand, rel=1e-6, abs=1e-12)
        shares = found.shares[i]
        spread = sum(q * s for q, s in zip(shares, TABLE.spreads, strict=True)) + more * own
        rest = components[i] - sum(q * c for q, c in zip(shares, TABLE.centres, strict=True))
        assert found.distance[i] == pytest.approx(rest @ np.linalg.inv(spread) @ rest)
        # Errors of shares go with those of components: slopes are of two linear equations.
        slopes = np.linalg.inv(np.vstack([TABLE.centres.T, np.ones(5)]))[:, :4]
        errors = np.sqrt(np.diag(slopes @ covariance[i] @ slopes.T))
        assert found.standard_error[i].tolist() == pytest.approx(errors.tolist())
    alone = place(Projection(components[3:], covariance[3:], np.ones(1, bool)), TABLE)
    assert alone.distance[0] == found.distance[3]
    assert not found.unknown.any()
