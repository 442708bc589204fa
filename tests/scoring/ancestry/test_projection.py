"""Projection: by numpy's least squares, and on panels whose people are left out of it."""

import numpy as np
import pytest

from riskscore.arrays import Array
from riskscore.samples.ancestry.sums import sums_of
from riskscore.samples.ancestry.table import ComponentTable, component_table
from riskscore.scoring.ancestry.projection import project
from tests.scoring.ancestry.panels import EACH, distances, left_out, projected, small_panel


def plain(table: ComponentTable, genotypes: Array) -> Array:
    """Least squares by numpy, on each person's called loci."""
    found = []
    for row in genotypes:
        seen = ~np.isnan(row)
        loadings, rest = table.loadings[seen], row[seen] - table.mean[seen]
        found.append(np.linalg.lstsq(loadings, rest, rcond=None)[0])
    return np.array(found)


def slopes(found: Array, truth: Array) -> Array:
    return np.asarray((found * truth).sum(axis=0) / (truth * truth).sum(axis=0))


def test_it_is_least_squares_on_the_called_loci_with_the_loadings_noise_taken_off() -> None:
    table, rng = component_table(), np.random.default_rng(2)
    genotypes = rng.binomial(2, table.expected(table.components[::500])).astype(float)
    genotypes[rng.random(genotypes.shape) < 0.4] = np.nan
    for row, unshrunk in zip(genotypes, projected(table, genotypes), strict=True):
        seen = ~np.isnan(row)
        loadings = table.loadings[seen]
        fitted = np.linalg.lstsq(loadings, row[seen] - table.mean[seen], rcond=None)[0]
        squares = loadings.T @ loadings
        expected = np.linalg.inv(squares - table.noise[seen].sum() * np.eye(4)) @ squares @ fitted
        np.testing.assert_allclose(unshrunk, expected, atol=2e-6)
        assert np.linalg.norm(fitted) < np.linalg.norm(unshrunk)


@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_people_outside_the_panel_are_not_shrunk(missing: float) -> None:
    """New people of the panel's frequencies: plain least squares shrinks them, this does not."""
    table, _, frequency = small_panel(1)
    rng = np.random.default_rng(9)
    new = rng.binomial(2, frequency).astype(float)
    new[rng.random(new.shape) < missing] = np.nan
    shrunk = slopes(plain(table, new), table.components)
    unshrunk = slopes(projected(table, new), table.components)
    # components of the panel have noise of their own in them, so that 1 is reached by PC1 and PC2
    assert shrunk[2] < 0.93
    assert shrunk[3] < 0.92
    assert (np.abs(1 - unshrunk) < np.abs(1 - shrunk)).all()
    assert np.abs(1 - unshrunk[:2]).max() < 0.015
    means = projected(table, new).reshape(5, EACH, 4).mean(axis=1)
    np.testing.assert_allclose(means, table.centres, atol=0.004)


def test_the_panels_own_people_left_out_land_within_their_superpopulation() -> None:
    panel = small_panel(4)
    table, chosen = panel[0], np.arange(0, len(panel[1]), 5)
    found = left_out(panel, chosen)
    distance = distances(table, found, table.superpopulation[chosen])
    assert np.mean(distance < 18.5) > 0.95  # 0.999, df 4
    assert np.abs(1 - slopes(found, table.components[chosen])[:2]).max() < 0.02


def test_standard_errors_are_those_of_repeated_genotypes() -> None:
    table, rng = component_table(), np.random.default_rng(3)
    frequency = table.expected(table.components[[10, 700, 1500]])
    for row in frequency:
        genotypes = rng.binomial(2, row, (150, len(row))).astype(float)
        genotypes[:, rng.random(len(row)) < 0.7] = np.nan
        done = project(sums_of(table, slice(0, len(row)), genotypes))
        seen = done.components.std(axis=0, ddof=1)
        np.testing.assert_allclose(done.standard_error[0], seen, rtol=0.35)


def test_too_few_loci_and_lists_of_variants_are_not_projected() -> None:
    table = component_table()
    genotypes = np.full((3, len(table.mean)), np.nan)
    genotypes[0, :999] = 0.0
    genotypes[1, :1000] = 0.0
    genotypes[2, :5000] = 1.0
    done = project(sums_of(table, slice(0, len(table.mean)), genotypes))
    assert done.done.tolist() == [False, True, False]
    assert np.isnan(done.components[[0, 2]]).all()
    assert not np.isnan(done.components[1]).any()
