"""Percentiles of a few variants against the formula of percentile.py, every genotype written out.

Weights and frequencies are such that each genotype's value is a step of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.models.model import RiskModel
from riskscore.models.terms import VariantFactor
from riskscore.samples.frame import read_frame

WEIGHTS, FREQUENCIES = (0.25, -0.5, 0.125, 1.0), (0.5, 0.25, 0.75, 0.5)
GAP = math.nan


@pytest.fixture(scope="module")
def model() -> RiskModel:
    """Four variants of ms with other weights and frequencies."""
    ms = rs.load_model("ms")
    single = [t for t in ms.terms if len(t.factors) == 1 and type(t.factors[0]) is VariantFactor]
    terms = [
        replace(term, weight=weight, factors=(replace(term.factors[0], frequency={"EUR": share}),))
        for term, weight, share in zip(single, WEIGHTS, FREQUENCIES, strict=False)
    ]
    return replace(ms, terms=tuple(terms))


def percentiles(model: RiskModel, people: Sequence[Sequence[float]], loci: int = 4) -> np.ndarray:
    names = [str(term.factors[0]) for term in model.terms][:loci]
    frame = pd.DataFrame(people, columns=names, dtype=float)
    return rs.score(read_frame(frame, [model])).of("ms").numbers["percentile"]


def variances(loci: int) -> list[float]:
    known = zip(WEIGHTS[:loci], FREQUENCIES[:loci], strict=True)
    return [w**2 * 2 * f * (1 - f) for w, f in known]


def states(loci: int) -> list[tuple[float, float]]:
    """The centred sum of each combination of genotypes, with its probability."""
    found = []
    for copies in product(range(3), repeat=loci):
        value, share = 0.0, 1.0
        for k, w, f in zip(copies, WEIGHTS, FREQUENCIES, strict=False):
            value += w * (k - 2 * f)
            share *= math.comb(2, k) * f**k * (1 - f) ** (2 - k)
        found.append((value, share))
    return found


def score(copies: Sequence[float]) -> float:
    """A gap counts as the mean."""
    known = zip(copies, WEIGHTS, FREQUENCIES, strict=False)
    return sum(w * (k - 2 * f) for k, w, f in known if not math.isnan(k))


def below(x: float, scale: float, blur: float, loci: int) -> float:
    """100 P(X <= x) with half of what is at x itself, of the shrunk and blurred sum."""
    total = 0.0
    for value, share in states(loci):
        apart = x - scale * value
        if blur:
            total += share * NormalDist(0, math.sqrt(blur)).cdf(apart)
        else:
            total += share * (0.5 if abs(apart) < 1e-6 else float(apart > 0))
    return 100 * total


@pytest.mark.parametrize("loci", [4, 3])
def test_of_whole_genotypes(model: RiskModel, loci: int) -> None:
    """Of all variants, and of those that the file has."""
    people = [[1, 0, 2, 1], [2, 2, 0, 0], [0, 1, 1, 2], [2, 0, 2, 2], [0, 2, 0, 0]]
    people = [own[:loci] for own in people]
    wanted = [below(score(own), 1.0, 0.0, loci) for own in people]
    assert percentiles(model, people, loci).tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("loci", [4, 3])
def test_of_missing_genotypes(model: RiskModel, loci: int) -> None:
    """The distribution shrinks by the root of the variance that is left, in sixteenths."""
    people = [[GAP, 0, 2, 1], [1, GAP, GAP, 2], [GAP, 2, GAP, 1], [GAP, 1, 2, GAP]]
    own = [person[:loci] for person in people]
    wanted = []
    for person in own:
        lost = sum(v for v, k in zip(variances(loci), person, strict=True) if math.isnan(k))
        scale = round(16 * math.sqrt(1 - lost / sum(variances(loci)))) / 16
        wanted.append(below(score(person), scale, 0.0, loci))
    assert percentiles(model, own, loci).tolist() == pytest.approx(wanted, abs=1e-6)


def test_of_unsure_genotypes(model: RiskModel) -> None:
    """A share q of the variance is open, in steps of half a doubling: shrunk by 1 - q and blurred
    by V q (1 - q).

    A dosage between two numbers of copies is these two, with the dosage as their mean.
    """
    people = [[0.5, 0, 2, 1], [1, 0.25, 1.5, 0.75], [GAP, 1, 1, 1.875], [1, 1, 1, 1.9999999]]
    wanted = []
    for person in people:
        pairs = list(zip(person, WEIGHTS, variances(4), strict=True))
        left = sum(v for k, _, v in pairs if not math.isnan(k))
        doubt = sum(w**2 * (k % 1) * (1 - k % 1) for k, w, _ in pairs if not math.isnan(k))
        share = doubt / left
        q = 2 ** (round(2 * math.log2(share)) / 2) if share > 2**-12 else 0.0
        scale = round(16 * math.sqrt(left / sum(variances(4)))) / 16
        blur = sum(variances(4)) * scale**2 * q * (1 - q)
        wanted.append(below(score(person), scale * (1 - q), blur, 4))
    # Steps of 1/512 in place of a normal density are off by 1e-5 of a share at most.
    assert percentiles(model, people).tolist() == pytest.approx(wanted, abs=2e-3)
