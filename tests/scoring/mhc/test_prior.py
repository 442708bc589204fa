"""Frequencies of haplotypes against the formula of prior.py, haplotype by haplotype."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.ragged import packed, unpacked
from tests.scoring.mhc import naive

GENES = ("A", "C", "B", "DRB1", "DQB1", "DPB1")
ROWS = [  # A, C, B, DRB1, DQB1, DPB1, and how many chromosomes of EUR and AFR have them
    ("01:01", "07:01", "08:01", "03:01", "02:01", "04:01", 5, 0),
    ("02:01", "07:01", "08:01", "03:01", "02:01", "01:01", 3, 1),
    ("02:01", "05:01", "44:02", "04:01", "03:02", "04:01", 4, 2),
    ("01:01", "05:01", "44:02", "04:01", "03:01", "04:01", 0, 3),
    ("03:01", "07:02", "07:02", "15:01", "06:02", "04:01", 6, 1),
    ("03:01", "07:02", "08:01", "04:01", "03:02", "01:01", 0, 2),
]
TABLE = ReferenceHaplotypes.of(
    [
        dict(zip(GENES, row, strict=False)) | {"EUR": str(row[-2]), "AFR": str(row[-1])}
        for row in ROWS
    ],
    GENES,
    ("EUR", "AFR"),
)


def frequencies(population: str | None) -> dict[tuple[str, ...], float]:
    """Of whole haplotypes, in a population or in both together."""
    counts = {
        row[:6]: {"EUR": row[-2], "AFR": row[-1], None: row[-2] + row[-1]}[population]
        for row in ROWS
    }
    total = sum(counts.values())
    return {haplotype: count / total for haplotype, count in counts.items()}


@pytest.mark.parametrize("population", ["EUR", "AFR"])
@pytest.mark.parametrize(
    "genes",
    [
        ("A",), ("C", "B"), ("A", "B"), ("A", "DRB1"), ("A", "DPB1"), ("DRB1", "DQB1", "DPB1"),
        ("B", "DRB1", "DPB1"), ("A", "DQB1", "DPB1"), ("A", "C", "DRB1", "DPB1"),
    ],
    ids="~".join,
)  # fmt: skip
def test_every_combination_of_alleles(genes: tuple[str, ...], population: str) -> None:
    """Genes side by side, with others between them that are summed over; they sum to 1."""
    prior = HaplotypePrior.of(TABLE, population, genes[::-1])
    assert prior.genes == genes
    places = [GENES.index(gene) for gene in genes]
    tables = []
    for one in (population, None):
        own: dict[tuple[str, ...], float] = {}
        for haplotype, share in frequencies(one).items():
            part = tuple(haplotype[k] for k in places)
            own[part] = own.get(part, 0.0) + share
        tables.append(own)
    codes = np.array(list(product(*(range(len(alleles)) for alleles in prior.alleles))))
    found = prior.probability(codes)
    names = [[str(a).partition("*")[2] for a in alleles] for alleles in prior.alleles]
    for row, told in zip(codes.tolist(), found.tolist(), strict=True):
        haplotype = tuple(own[k] for own, k in zip(names, row, strict=True))
        assert told == pytest.approx(naive.prior(haplotype, genes, *tables), rel=1e-12)
    assert found.sum() == pytest.approx(1)
    assert (found > 0).all() or len(genes) == 1


@pytest.mark.parametrize("genes", [("A", "C", "B", "DRB1"), ("A", "DRB1", "DQB1")], ids="~".join)
def test_drawn_haplotypes_are_as_frequent_as_they_are_probable(genes: tuple[str, ...]) -> None:
    prior = HaplotypePrior.of(TABLE, "EUR", genes)
    count = 40_000
    drawn = prior.drawn(count, np.random.default_rng(3))
    kinds, seen = np.unique(drawn, axis=0, return_counts=True)
    expected = prior.probability(kinds) * count
    # Poisson: five standard deviations, of those expected more than five times.
    common = expected > 5
    assert np.abs(seen - expected)[common].max() < 5 * np.sqrt(expected.max())
    z = (seen - expected)[common] / np.sqrt(expected[common])
    assert np.abs(z).max() < 4.5
    assert seen[common].sum() > 0.98 * count


def test_no_genes_have_one_haplotype() -> None:
    prior = HaplotypePrior.of(TABLE, "EUR", ["DPA1"])
    assert prior.genes == ()
    assert prior.probability(np.zeros((2, 0), dtype=np.int64)).tolist() == [1.0, 1.0]
    assert prior.drawn(3, np.random.default_rng(1)).shape == (3, 0)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.data())
def test_rows_as_numbers_keep_their_order(sizes: list[int], data: st.DataObject) -> None:
    one = st.tuples(*(st.integers(0, size - 1) for size in sizes))
    rows = data.draw(st.lists(one, min_size=1, max_size=8))
    keys = packed(np.array(rows), sizes)
    assert unpacked(keys, sizes).tolist() == [list(row) for row in rows]
    assert np.argsort(keys, kind="stable").tolist() == sorted(
        range(len(rows)), key=rows.__getitem__
    )
    last = tuple(size - 1 for size in sizes)
    assert packed(np.array([last]), sizes)[0] == np.prod(sizes) - 1


def test_a_haplotype_of_no_place_is_in_no_stretch() -> None:
    """Below 0 stands what is not known, or is not one haplotype."""
    prior = HaplotypePrior.of(TABLE, "EUR", ["A", "B"])
    (stretch,) = prior.stretches.values()
    seen, shares = stretch.places, stretch.frequency
    assert stretch.look_up(seen).tolist() == shares.tolist()
    for below in (-1, -2):
        for column in (0, 1):
            lost = seen.copy()
            lost[:, column] = below
            assert not stretch.look_up(lost).any()
