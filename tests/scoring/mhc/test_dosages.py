"""Mixtures of haplotypes taken apart again: what was mixed is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.scoring.mhc.dosages import ROUNDING, unmixed

ALLELES = 4
CODES = np.array(np.meshgrid(*[range(ALLELES)] * 3)).reshape(3, -1).T  # every combination


def _dosages(weights: np.ndarray) -> list[np.ndarray]:
    """By gene the sums of the weights of the haplotypes with each allele; weights (rows, 64)."""
    return [
        np.column_stack([weights[:, CODES[:, gene] == a].sum(axis=1) for a in range(ALLELES)])
        for gene in range(3)
    ]


@given(
    st.permutations(range(ALLELES)),
    st.permutations(range(ALLELES)),
    st.sampled_from([(0.6, 0.3, 0.1), (0.5, 0.27, 0.23), (0.8, 0.17, 0.03)]),
)
def test_haplotypes_without_a_shared_allele_come_back(
    second: list[int], third: list[int], shares: tuple[float, ...]
) -> None:
    weights = np.zeros((1, len(CODES)))
    for k, share in enumerate(shares):
        weights[0, ([k, second[k], third[k]] == CODES).all(axis=1)] = share
    found = unmixed(_dosages(weights), CODES, np.full((1, len(CODES)), 1 / len(CODES)))
    assert found == pytest.approx(weights)


@given(st.integers(0, 2**32 - 1))
def test_no_allele_has_more_than_its_dosage(seed: int) -> None:
    """Of any mixture of any of the haplotypes; what is left of each gene is the same."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(5, 0.7), 3)
    mixture = np.zeros((3, len(CODES)))
    for row, own in enumerate(weights):
        np.add.at(mixture[row], rng.integers(0, len(CODES), 5), own)
    frequency = rng.dirichlet(np.ones(len(CODES)))[None]
    found = unmixed(_dosages(mixture), CODES, frequency)
    assert (found >= 0).all()
    for left in (
        whole - own for whole, own in zip(_dosages(mixture), _dosages(found), strict=True)
    ):
        assert (left > -1e-12).all()
        assert left.sum(axis=1) == pytest.approx(1 - found.sum(axis=1))


def test_of_equal_weights_the_more_frequent_haplotype_is_taken() -> None:
    """0.5 of two alleles in all genes may be two pairs of haplotypes; nobody has the rare two."""
    codes = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 0]])
    half = [np.array([[0.5, 0.5]])] * 3
    common, rare = 0.49, 0.01
    found = unmixed(half, codes, np.array([[common, common, rare, rare]]))
    assert found.tolist() == [[0.5, 0.5, 0.0, 0.0]]
    turned = unmixed(half, codes, np.array([[rare, rare, common, common]]))
    assert turned.tolist() == [[0.0, 0.0, 0.5, 0.5]]


def test_haplotypes_that_cannot_be_have_no_weight() -> None:
    codes = np.array([[0, 0], [0, 1], [1, 1]])
    dosages = [np.array([[0.6, 0.4], [0.6, 0.4]]), np.array([[0.1, 0.9], [0.1, 0.9]])]
    possible = np.array([[0.5, 0.0, 0.5], [0.4, 0.3, 0.3]])
    found = unmixed(dosages, codes, possible)
    assert found[0] == pytest.approx([0.1, 0, 0.4])
    assert found[1] == pytest.approx([0, 0.6, 0.3])
    alone = unmixed([np.array([[0.7, 0.3]])], np.array([[0], [1]]), np.array([[1.0, 0.0]]))
    assert alone.tolist() == [[0.7, 0.0]]


def test_dosages_of_genes_that_agree_in_nothing_are_not_explained() -> None:
    dosages = [np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]
    assert unmixed(dosages, np.array([[0, 0], [1, 1]]), np.full((1, 2), 0.5)).sum() == 0


def test_rounding_is_no_haplotype() -> None:
    """Dosages of 0.996 and 0.004 in one gene alone, written with three decimals."""
    codes = np.array([[0, 0], [1, 0], [1, 1]])
    dosages = [np.array([[0.996, 0.004]]), np.array([[1.0, 0.0]])]
    assert ROUNDING > 0.004
    found = unmixed(dosages, codes, np.full((1, 3), 1 / 3))
    assert found.tolist() == [[0.996, 0.0, 0.0]]
