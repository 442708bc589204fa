"""Terms that share measurements, and their joint states: against searches and loops by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import DOMINANT, RECESSIVE, Term, VariantFactor
from riskscore.scoring.kinds.kind import Kinds
from riskscore.scoring.kinds.of_model import kinds_of_model
from riskscore.scoring.population.components import (
    Component,
    Enumeration,
    components,
    enumerated,
    factor_numbers,
    is_single_variant,
)

MS = rs.load_model("ms")
SINGLE = [t for t in MS.terms if type(t.factors[0]) is VariantFactor][:6]
FREQUENCIES = (0.3, 0.4, 0.2, 0.5, 0.1, 0.25)
FACTORS = [
    replace(term.factors[0], frequency={"EUR": f})
    for term, f in zip(SINGLE, FREQUENCIES, strict=True)
]


def term(*places: int, weight: float = 1.0) -> Term:
    return replace(SINGLE[0], factors=tuple(FACTORS[k] for k in places), weight=weight)


def kinds_of(terms: list[Term]) -> Kinds:
    return kinds_of_model(replace(MS, terms=tuple(terms)), reference_panel(), "EUR")


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True), max_size=7))
def test_terms_go_together_that_share_a_measurement(read: list[list[int]]) -> None:
    """Terms as knots, a shared variant as a line: what can be reached from each by a search."""
    terms = [term(*places) for places in read]
    kinds = kinds_of([term(k) for k in range(6)])
    names = [kinds.name(factor) for factor in FACTORS]
    found = components(terms, kinds)
    groups = []
    left = list(range(len(read)))
    while left:
        group, reached = [], [left[0]]
        while reached:
            one = reached.pop()
            if one in left:
                left.remove(one)
                group.append(one)
                reached += [k for k in left if set(read[k]) & set(read[one])]
        groups.append(tuple(sorted(group)))
    assert [part.terms for part in found] == sorted(groups)
    for part in found:
        own = dict.fromkeys(names[k] for place in part.terms for k in read[place])
        assert part.kinds == tuple(own)


def test_one_term_of_one_variant() -> None:
    exposed = next(t for t in MS.terms if t.id == "vitamin_d")
    assert is_single_variant([term(0)])
    for terms in ([term(0), term(0)], [term(0, 1)], [exposed], []):
        assert not is_single_variant(terms)


def test_joint_states_of_two_variants() -> None:
    """Nine genotypes: two terms of one variant each, their product, and another coding."""
    one, other = FACTORS[:2]
    coded = replace(one, coding=DOMINANT), replace(other, coding=RECESSIVE)
    terms = [
        term(0, weight=0.4),
        term(0, 1, weight=-0.7),
        replace(SINGLE[0], factors=coded, weight=1.5),
    ]
    kinds = kinds_of(terms)
    names = [kinds.name(one), kinds.name(other)]
    found = enumerated(names, terms, kinds)
    numbers = factor_numbers(names, [one, other, *coded], kinds)
    hardy = [[(1 - f) ** 2, 2 * f * (1 - f), f * f] for f in FREQUENCIES]
    rows = []
    for a, b in product(range(3), repeat=2):
        counted = (a, a * b, float(a > 0) * float(b == 2))
        value = sum(w * x for w, x in zip((0.4, -0.7, 1.5), counted, strict=True))
        rows.append((hardy[0][a] * hardy[1][b], counted, value))
    assert found.probability == pytest.approx([p for p, _, _ in rows])
    assert found.numbers.T.tolist() == [list(map(float, counted)) for _, counted, _ in rows]
    assert found.value == pytest.approx([value for _, _, value in rows])
    states = list(product(range(3), repeat=2))
    assert numbers[one].tolist() == [a for a, _ in states]
    assert numbers[other].tolist() == [b for _, b in states]
    assert numbers[coded[0]].tolist() == [float(a > 0) for a, _ in states]
    assert numbers[coded[1]].tolist() == [float(b == 2) for _, b in states]

    merged = found.states
    mean = sum(p * value for p, _, value in rows)
    by_value: dict[float, float] = {}
    for p, _, value in rows:
        by_value[round(value - mean, 9)] = by_value.get(round(value - mean, 9), 0.0) + p
    told = dict(zip(merged.values[:, 0].round(9), merged.probability, strict=True))
    assert told == pytest.approx(by_value)
    assert len(merged.probability) == len(by_value)
    tilted = [p * math.exp(value) for p, _, value in rows]
    for k, mean_of in enumerate(found.case_means.tolist()):
        own = [counted[k] for _, counted, _ in rows]
        by_hand = sum(t * x for t, x in zip(tilted, own, strict=True)) / sum(tilted)
        assert mean_of == pytest.approx(by_hand)


def test_case_means_of_large_values_are_numbers() -> None:
    """exp(1000) is none; of two states the more harmful has all the cases."""
    found = Enumeration(np.array([0.5, 0.5]), np.array([[0.0, 2.0]]), np.array([500.0]))
    assert found.case_means.tolist() == [2.0]
    found = Enumeration(np.array([0.5, 0.5]), np.array([[1.0, 2.0]]), np.array([math.log(3)]))
    assert found.case_means.tolist() == pytest.approx([(1 + 2 * 3) / 4])


def test_no_terms_have_no_components() -> None:
    assert components([], kinds_of([term(0)])) == ()
    assert components([term(0)], kinds_of([term(0)])) == (
        Component((kinds_of([term(0)]).name(FACTORS[0]),), (0,)),
    )
