"""The sums of a projection: exact, whatever is read with whom, and equal to their definition."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskscore.arrays import Array
from riskscore.samples.ancestry.sums import ProjectionSums, sums_of
from riskscore.samples.ancestry.table import component_table

FIELDS = ("squares", "products", "noise", "scatter", "loci", "hom_ref")
LOCI = slice(0, 400)


def drawn(seed: int, people: int) -> Array:
    rng = np.random.default_rng(seed)
    copies = rng.integers(0, 3, (people, 400)).astype(float)
    copies += rng.normal(0, 0.05, copies.shape) * (rng.random(copies.shape) < 0.3)
    copies = copies.clip(0, 2)
    copies[rng.random(copies.shape) < 0.2] = np.nan
    return copies


def person(sums: ProjectionSums, i: int) -> list[Array]:
    return [getattr(sums, field)[i] for field in FIELDS]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), people=st.integers(2, 40), cut=st.integers(1, 399))
def test_company_and_steps_change_no_bit(seed: int, people: int, cut: int) -> None:
    table, copies = component_table(), drawn(seed, people)
    together = sums_of(table, LOCI, copies)
    parts = [
        sums_of(table, slice(0, cut), copies[:1, :cut]),
        sums_of(table, slice(cut, 400), copies[:1, cut:]),
    ]
    alone = sums_of(table, LOCI, copies[:1])
    for field in FIELDS:
        assert (getattr(together, field)[0] == getattr(alone, field)[0]).all()
        summed = getattr(parts[0], field)[0] + getattr(parts[1], field)[0]
        assert (summed == getattr(alone, field)[0]).all()


def test_sums_are_those_of_the_called_loci() -> None:
    table, copies = component_table(), drawn(7, 3)
    sums = sums_of(table, LOCI, copies)
    for i, row in enumerate(copies):
        squares, products, noise = np.zeros((4, 4)), np.zeros(4), 0.0
        scatter, loci, hom_ref = np.zeros((4, 4)), 0, 0
        for j, x in enumerate(row):
            if np.isnan(x):
                continue
            loading = table.loadings[j]
            squares += np.outer(loading, loading)
            products += loading * (x - table.mean[j])
            noise += table.noise[j]
            scatter += table.noise[j] * np.outer(loading, loading)
            loci += 1
            hom_ref += x < 0.5
        expected = [squares, products, noise, scatter, loci, hom_ref]
        for found, wanted in zip(person(sums, i), expected, strict=True):
            # genotypes count in thousandths: a sum of 400 products differs by less than this
            np.testing.assert_allclose(found, wanted, atol=0.5, rtol=1e-4)


def test_who_has_no_reference_homozygote_lists_variants_only() -> None:
    table = component_table()
    copies = np.full((3, 400), np.nan)
    copies[0, :60] = 1.0
    copies[1, :60] = [1.0] * 59 + [0.0]
    copies[2, :40] = 2.0  # too few to say
    assert sums_of(table, LOCI, copies).variants_only.tolist() == [True, False, False]
