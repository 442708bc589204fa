"""Percentiles of a few variants against the formula of percentile.py, every genotype written out.

Weights and frequencies are such that each genotype's value is a step of the grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.models.model import RiskModel
from riskscore.samples.frame import read_frame
from riskscore.scoring.observed import percentile
from tests.scoring.panels import alleles
from tests.scoring.snps import ms_of_snps

WEIGHTS, FREQUENCIES = (0.25, -0.5, 0.125, 1.0), (0.5, 0.25, 0.75, 0.5)
GAP = math.nan
Draw = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def model() -> RiskModel:
    """Four variants of ms with other weights and frequencies."""
    return ms_of_snps(WEIGHTS, FREQUENCIES)


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
    people += [[0.125, 2, 0, 0], [2, 0, 2, 1.875]]  # nearly the least and the greatest sum
    people += [[1, 0.25, 1.5, GAP]]  # most of the variance is lost
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


SMOKE, DRB1, BOTH, COPIES = 0.75, 1.0, -0.5, 0.375  # weights; the last of a variant
SMOKERS, VARIANT = 0.45, 0.5  # shares of the population


@pytest.fixture(scope="module")
def with_genes(model: RiskModel) -> RiskModel:
    """DRB1*15:01 and smoking, which act together, and one variant."""
    ms = rs.load_model("ms")
    terms = {term.id: term for term in ms.terms}
    gene, smoking = terms["HLA-DRB1*15:01"], terms["smoking=ever"]
    factors = (*smoking.factors, *gene.factors)
    return replace(
        ms,
        terms=(
            replace(gene, weight=DRB1),
            replace(smoking, weight=SMOKE),
            replace(terms["smoking_x_drb1_1501_x_no_a_0201"], weight=BOTH, factors=factors),
            replace(model.terms[0], weight=COPIES),
        ),
    )


def genotypes_of_drb1(model: RiskModel) -> list[float]:
    """The shares of people with 0, 1 and 2 copies of DRB1*15:01."""
    shares = alleles("DRB1", ("DRB1",), model.genes)
    f = shares["15:01"] / sum(shares.values())
    return [(1 - f) ** 2, 2 * f * (1 - f), f * f]


def value(copies: int, smokes: int) -> float:
    return DRB1 * copies + SMOKE * smokes + BOTH * copies * smokes


def test_of_genes_and_exposures_that_act_together(with_genes: RiskModel) -> None:
    """What is known places a person among the means that it gives; the rest is nothing."""
    hardy, smoke = genotypes_of_drb1(with_genes), [1 - SMOKERS, SMOKERS]
    mean = sum(value(k, s) * hardy[k] * smoke[s] for k in range(3) for s in range(2))
    names = ["01:01+03:01", "15:01+03:01", "15:01+15:01"]
    levels = ["never", "ever"]
    people = [
        (k, s, c)
        for k, s, c in product((0, 1, 2, None), (0, 1, None), (0, 2, None))
        if k is not None or c is not None  # of exposures alone there is no percentile
    ]
    frame = pd.DataFrame(
        {
            "DRB1": ["" if k is None else names[k] for k, _, _ in people],
            "smoking": ["" if s is None else levels[s] for _, s, _ in people],
            str(with_genes.terms[-1].factors[0]): [GAP if c is None else c for _, _, c in people],
        }
    )
    found = rs.score(read_frame(frame, [with_genes])).of("ms").numbers["percentile"]
    for (k, s, c), placed in zip(people, found.tolist(), strict=True):
        # Means given what is known, each with its share of the population.
        of_genes: dict[tuple[int | None, int | None], list[float]] = {}
        for i, j in product(range(3), range(2)):
            key = None if k is None else i, None if s is None else j
            own = of_genes.setdefault(key, [0.0, 0.0])
            own[0] += hardy[i] * smoke[j]
            own[1] += hardy[i] * smoke[j] * value(i, j)
        variants = {None: 1.0} if c is None else {0: 0.25, 1: 0.5, 2: 0.25}

        def place(own: list[float], copies: int | None) -> float:
            return own[1] / own[0] - mean + (0 if copies is None else COPIES * (copies - 1))

        x, total = place(of_genes[k, s], c), 0.0
        for own in of_genes.values():
            for copies, share in variants.items():
                apart = x - place(own, copies)
                at = 0.5 if abs(apart) < 1e-6 else float(apart > 0)
                total += 100 * own[0] * share * at
        assert placed == pytest.approx(total, abs=0.2), (k, s, c)


def test_of_an_imputed_gene_beside_exposures(with_genes: RiskModel) -> None:
    """The genes' part shrinks by 1 - q and is blurred, in quarters of a doubling of q; an exposure
    by itself stays as it is.
    """
    snus, used = 0.5, 0.05
    term = next(t for t in rs.load_model("ms").terms if t.id == "snus=ever")
    model = replace(with_genes, terms=(*with_genes.terms, replace(term, weight=snus)))
    hardy, smoke = genotypes_of_drb1(model), [1 - SMOKERS, SMOKERS]
    every = [(hardy[k] * smoke[s], value(k, s)) for k in range(3) for s in range(2)]
    mean = sum(share * v for share, v in every)

    def number(copies: int, smokes: int | None) -> float:
        """With smoking unknown the mean over smokers and others."""
        if smokes is not None:
            return value(copies, smokes)
        return sum(share * value(copies, own) for own, share in enumerate(smoke))

    people: list[tuple[float, int | None, int | None, float]] = [
        (0.125, 0, 0, 1), (1.25, 1, 0, 2), (0.9375, 1, 1, 0), (0.5, 1, None, 1),
        (0.5, 1, 0, 0.25), (1.0625, None, 0, 2), (0.0625, None, 1, 1.5),
    ]  # fmt: skip
    frame = pd.DataFrame(
        {
            "DRB1*15:01": [d for d, _, _, _ in people],
            "DRB1*03:01": [2 - d for d, _, _, _ in people],
            "smoking": ["" if s is None else ["never", "ever"][s] for _, s, _, _ in people],
            "snus": ["" if e is None else ["never", "ever"][e] for _, _, e, _ in people],
            str(with_genes.terms[-1].factors[0]): [float(c) for _, _, _, c in people],
        }
    )
    found = rs.score(read_frame(frame, [model])).of("ms").numbers["percentile"]
    for (d, s, e, c), placed in zip(people, found.tolist(), strict=True):
        genes = every if s is not None else [(hardy[k], number(k, None)) for k in range(3)]
        variance = sum(share * (v - mean) ** 2 for share, v in genes)
        low, upper = math.floor(d), d % 1
        step = number(low + 1, s) - number(low, s)
        doubt = upper * (1 - upper) * step**2
        if s is None:  # half of what gene and smoking bring together is the gene's
            doubt += upper * (1 - upper) * BOTH**2 * SMOKERS * (1 - SMOKERS) / 2
        q = 2 ** (round(4 * math.log2(doubt / variance)) / 4)
        unsure = c % 1 * (1 - c % 1) / 0.5  # of the variant, whose copies vary by 1/2
        unsure = 2 ** (round(2 * math.log2(unsure)) / 2) if unsure else 0.0
        blur = variance * q * (1 - q) + COPIES**2 * 0.5 * unsure * (1 - unsure)
        x = (1 - upper) * number(low, s) + upper * number(low + 1, s) - mean + COPIES * (c - 1)
        exposures = {0.0: 1.0} if e is None else {-used * snus: 1 - used, snus - used * snus: used}
        x += 0.0 if e is None else snus * (e - used)
        total = 0.0
        for (share, v), (k, p), (other, r) in product(
            genes, ((0, 0.25), (1, 0.5), (2, 0.25)), exposures.items()
        ):
            centre = (1 - q) * (v - mean) + (1 - unsure) * COPIES * (k - 1) + other
            total += 100 * share * p * r * NormalDist(centre, math.sqrt(blur)).cdf(x)
        assert placed == pytest.approx(total, abs=0.01), (d, s, e)


@pytest.mark.parametrize("size", [1.0, 1 / 32])
def test_few_frequencies_tell_what_the_whole_grid_does(
    model: RiskModel, monkeypatch: pytest.MonkeyPatch, size: float
) -> None:
    """Of a wide and of a narrow sum, blurred much and hardly: summed, and transformed back."""
    own = replace(model, terms=tuple(replace(t, weight=t.weight * size) for t in model.terms))
    people = [[1, 0, 1.5, 1], [0.5, 1.25, GAP, 1.0], [1, 1, 1.0625, 2], [1.01, 0, 2, 2]]
    found = percentiles(own, people)
    monkeypatch.setattr(percentile, "_FEW", 0)
    assert found.tolist() == pytest.approx(percentiles(own, people).tolist(), abs=1e-9)


def test_people_of_whom_all_is_known_are_placed_in_the_whole_distribution(draw: Draw) -> None:
    """To the last digit, though a model has stand-ins for genes that are not typed."""
    scores = rs.score(read_frame(draw(rs.load_model("ra"), 6, 31), [rs.load_model("ra")]))
    own = scores.of("ra")
    places = zip(scores.cohort.sex, own.numbers["log_odds"], strict=True)
    wanted = [own.reference.by_sex[s].distribution.percentile(np.array([x]))[0] for s, x in places]
    assert own.numbers["percentile"].tolist() == wanted
