"""The table of reference/ancestry/, by what its source says of it."""

from itertools import pairwise

import numpy as np

from riskscore.genetics.build import Build
from riskscore.models.catalog import as_models, list_models
from riskscore.samples.ancestry.table import ComponentTable, component_table, scoring_table

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
    # stored in single precision
    np.testing.assert_allclose(table.noise[:50], naive, rtol=1e-6)


def test_snps_for_scores_are_apart_and_far_from_the_models_loci() -> None:
    variants = scoring_table().variants
    assert len(variants) == 2_000
    assert set(variants) < set(component_table().variants)
    places = [(v.chromosome, v.position(Build.GRCh38)) for v in variants]
    for (one, before), (other, after) in pairwise(places):
        assert one != other or after - before >= 300_000
    loci = [v for model in as_models(list_models()) for v in model.variants]
    known = [(v.chromosome, v.position(Build.GRCh38)) for v in loci if v.known_in(Build.GRCh38)]
    taken = {(c, p // 50_000) for c, p in known}
    assert not any((c, p // 50_000) in taken for c, p in places)


def test_snps_for_scores_tell_shares_better_than_as_many_others() -> None:
    """Standard errors of shares by plain least squares, against those of every fifth SNP."""

    def worst(table: ComponentTable, snps: slice) -> float:
        loadings, noise = table.loadings[snps], table.noise[snps]
        inverse = np.linalg.inv(loadings.T @ loadings)
        covariance = inverse @ (loadings.T * noise) @ loadings @ inverse
        shares = np.linalg.inv(np.vstack([table.centres.T, np.ones(5)]))[:, :4]
        return float(np.sqrt(np.diag(shares @ covariance @ shares.T)).max())

    assert worst(scoring_table(), slice(None)) < 0.07
    assert worst(scoring_table(), slice(None)) < 0.7 * worst(component_table(), slice(0, None, 5))
