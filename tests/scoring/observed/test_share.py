"""How much of a model was seen, and why the rest was not: by loops over people and terms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from riskscore.genetics.missing import Missing
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import DesignMatrix, design_matrix, people_by_sex
from riskscore.scoring.observed.share import (
    ObservedShare,
    component_coverage,
    covered,
    reason_counts,
    weighted,
)
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.reference import Reference
from tests.scoring.snps import ms_of_snps

FREQUENCIES, WEIGHTS = (0.3, 0.4, 0.2), (0.8, -0.5, 1.0)
COMPONENTS = ("one", "two", "two")
NAN = math.nan
PEOPLE = [(1.0, 0.0, 2.0), (NAN, 1.5, 0.0), (0.25, NAN, NAN), (NAN, NAN, NAN)]


@pytest.fixture(scope="module")
def seen() -> tuple[DesignMatrix, Reference]:
    """Four people at three variants, the second of which is a certain one in nobody else."""
    model = ms_of_snps(WEIGHTS, FREQUENCIES, component=COMPONENTS)
    frame = pd.DataFrame(PEOPLE, columns=[str(t.factors[0]) for t in model.terms])
    reference = build_reference(model, reference_panel(), "EUR")
    return design_matrix(read_frame(frame, [model]), reference), reference


def share(dosage: float, f: float) -> float:
    """1 less the variance that a dosage leaves, over that of the population's genotypes."""
    if math.isnan(dosage):
        return 0.0
    return 1 - (dosage % 1) * (1 - dosage % 1) / (2 * f * (1 - f))


def spread(k: int) -> float:
    return WEIGHTS[k] ** 2 * 2 * FREQUENCIES[k] * (1 - FREQUENCIES[k])


def test_shares_that_were_seen(seen: tuple[DesignMatrix, Reference]) -> None:
    found = ObservedShare(*seen)
    wanted = [[share(d, f) for d, f in zip(own, FREQUENCIES, strict=True)] for own in PEOPLE]
    np.testing.assert_allclose(found.shares, wanted, atol=1e-12)
    for weights in (np.array([1.0, 2.0, 0.0]), np.array([0.0, 0.5, 4.0])):
        for _ in range(2):  # what is asked again is the same
            by_hand = [sum(w * s for w, s in zip(weights, own, strict=True)) for own in wanted]
            np.testing.assert_allclose(found.weighted(weights), by_hand, atol=1e-12)


def test_a_number_that_does_not_vary_is_seen(seen: tuple[DesignMatrix, Reference]) -> None:
    """And one of whom more is unsure than of the population counts as not seen, not as less."""
    design, reference = seen
    fixed = replace(reference, variance=np.array([0.0, 0.1, reference.variance[2]]))
    shares = ObservedShare(design, fixed).shares
    assert shares[:, 0].tolist() == [1, 1, 1, 1]
    assert shares[:, 1].tolist() == [1, 0, 0, 0]  # 1 - 0.25 / 0.1 is below 0


def test_coverage_by_component(seen: tuple[DesignMatrix, Reference]) -> None:
    found = ObservedShare(*seen)
    by_sex = people_by_sex([Sex.FEMALE, None, Sex.FEMALE, Sex.MALE])
    wanted = [[share(d, f) for d, f in zip(own, FREQUENCIES, strict=True)] for own in PEOPLE]
    told = component_coverage(found, seen[1], by_sex)
    assert list(told) == ["one", "two"]
    for i, own in enumerate(wanted):
        assert told["one"][i] == pytest.approx(own[0])
        both = (spread(1) * own[1] + spread(2) * own[2]) / (spread(1) + spread(2))
        assert told["two"][i] == pytest.approx(both)
        whole = sum(spread(k) * own[k] for k in range(3)) / sum(spread(k) for k in range(3))
        assert covered(found, np.ones(3), seen[1], by_sex, 1.0)[i] == pytest.approx(whole)
    # Where no counted term has any variance the number for that stands.
    assert covered(found, np.zeros(3), seen[1], by_sex, 0.5).tolist() == [0.5] * 4
    assert np.isnan(covered(found, np.zeros(3), seen[1], by_sex, NAN)).all()


def test_reasons_are_counted(seen: tuple[DesignMatrix, Reference]) -> None:
    counts = reason_counts(seen[0])
    assert counts.shape == (3, len(Missing))
    for k, lost in enumerate((2, 2, 2)):
        wanted = [0] * len(Missing)
        wanted[Missing.NOT_MISSING], wanted[Missing.NO_CALL] = 4 - lost, lost
        assert counts[k].tolist() == wanted
    whole = replace(seen[0], missing=np.zeros((4, 1), dtype=np.uint8))
    assert reason_counts(whole)[0].tolist() == [4] + [0] * (len(Missing) - 1)
    last = replace(seen[0], missing=np.array([[max(Missing)], [0], [1]], dtype=np.uint8))
    assert reason_counts(last)[0].tolist() == [1, 1] + [0] * (len(Missing) - 3) + [1]


columns = hnp.arrays(np.float64, (4, 3), elements=st.floats(-5, 5))
row = hnp.arrays(np.float64, 3, elements=st.sampled_from([0.0, -1.5, 0.25, 2.0]))


@given(columns, row, row)
def test_sums_term_by_term_in_order(
    table: np.ndarray, weights: np.ndarray, less: np.ndarray
) -> None:
    """To the same bits as one addition after the other."""
    for taken in (None, less):
        found = weighted(table, weights, taken)
        for i, own in enumerate(table.tolist()):
            total = 0.0
            for k, x in enumerate(own):
                if weights[k]:
                    total += float(weights[k]) * (x if taken is None else x - float(taken[k]))
            assert found[i] == total
    gap = np.full((2, 3), NAN)
    assert weighted(gap, np.zeros(3)).tolist() == [0, 0]  # a term that does not count is not read
