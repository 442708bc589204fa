"""What is not known of several variants at once, against sums over all their genotypes."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import DesignMatrix, Measurements
from riskscore.scoring.observed.uncertainty import Uncertainty, VarianceSource
from riskscore.scoring.observed.variance import shares_by_term, uncertainty
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import NODES
from tests.scoring.snps import ms_of_snps

WEIGHTS, FREQUENCIES = (0.8, -1.5, 1.1, 0.6), (0.3, 0.4, 0.1, 0.05)
NAN = math.nan
PEOPLE = [(1.0, NAN, NAN, 2.0), (NAN, NAN, NAN, 1.0), (0.0, 1.0, 2.0, 0.0), (1.0, NAN, 2.0, NAN)]
Known = tuple[DesignMatrix, Uncertainty, Reference, np.ndarray]


@pytest.fixture(scope="module")
def known() -> Known:
    model = ms_of_snps(WEIGHTS, FREQUENCIES)
    frame = pd.DataFrame(PEOPLE, columns=[str(t.factors[0]) for t in model.terms])
    reference = build_reference(model, reference_panel(), "EUR")
    measured = Measurements(read_frame(frame, [model]), reference, range(len(PEOPLE)))
    design = measured.design()
    shares = shares_by_term(measured, design, reference)
    return design, uncertainty(measured, design, reference), reference, shares


def states(person: tuple[float, ...]) -> list[tuple[float, float]]:
    """Of the variants without a call every combination: its deviation from the mean, and share."""
    lost = [
        [(w * (k - 2 * f), p) for k, p in enumerate(((1 - f) ** 2, 2 * f * (1 - f), f * f))]
        for w, f, copies in zip(WEIGHTS, FREQUENCIES, person, strict=True)
        if math.isnan(copies)
    ]
    return [
        (sum(x for x, _ in chosen), math.prod(p for _, p in chosen)) for chosen in product(*lost)
    ]


def test_genotypes_that_are_missing_are_the_populations_together(known: Known) -> None:
    spectrum = known[1].spectrum
    for i, person in enumerate(PEOPLE):
        for k, t in enumerate(NODES.tolist()):
            phi = sum(p * complex(math.cos(t * x), math.sin(t * x)) for x, p in states(person))
            assert spectrum.real[k, i] == pytest.approx(phi.real, abs=1e-12)
            assert spectrum.imaginary[k, i] == pytest.approx(phi.imag, abs=1e-12)


def test_their_moments(known: Known) -> None:
    _, found, _, shares = known
    for i, person in enumerate(PEOPLE):
        variance, third = (sum(p * x**n for x, p in states(person)) for n in (2, 3))
        assert found.variance[VarianceSource.MISSING][i] == pytest.approx(variance)
        assert found.third[i] == pytest.approx(third)
        assert found.variance[VarianceSource.GENOTYPES][i] == 0
        for k, copies in enumerate(person):
            own = WEIGHTS[k] ** 2 * 2 * FREQUENCIES[k] * (1 - FREQUENCIES[k])
            assert shares[i, k] == pytest.approx(own if math.isnan(copies) else 0.0)
