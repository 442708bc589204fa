"""The table of reference/ancestry/, by what its source says of it."""

import numpy as np

from riskscore.genetics.build import Build
from riskscore.samples.ancestry.table import component_table

PEOPLE = {"AFR": 661, "AMR": 347, "EAS": 504, "EUR": 503, "SAS": 489}  # 1000 Genomes, phase 3


def test_people_and_their_components() -> None:
    table = component_table()
    counts = dict(zip(table.populations, np.bincount(table.superpopulation), strict=True))
    assert counts == PEOPLE
    people = table.components
    np.testing.assert_allclose(people.T @ people, np.eye(4), atol=5e-4)
    assert np.abs(people.sum(axis=0)).max() < 1e-3


def test_snps_are_told_apart_by_their_letters_and_lie_outside_the_mhc() -> None:
    variants = component_table().variants
    assert not any(v.palindromic for v in variants)
    assert all(v.known_in(build) for v in variants for build in Build)
    assert all(v.reference_allele == v.other_allele for v in variants)
    inside = [v for v in variants if v.chromosome == "6"]
    assert not any(25_000_000 <= v.position(Build.GRCh38) <= 34_000_000 for v in inside)
    places = [(int(v.chromosome), v.position(Build.GRCh38)) for v in variants]
    assert places == sorted(set(places))


def test_expected_letters_average_to_the_mean() -> None:
    """Components sum to 0 over the people, so the expectation's mean is the SNP's."""
    table = component_table()
    expected = table.mean + (table.components @ table.loadings.T).mean(axis=0)
    np.testing.assert_allclose(expected, table.mean, atol=2e-5)
    assert table.mean.min() > 0
    assert table.mean.max() < 2
    frequency = table.expected(table.components)
    naive = [(2 * f * (1 - f)).mean() for f in frequency.T[:50]]
    np.testing.assert_allclose(table.noise[:50], naive)
