"""The classes of a scheme: their frequencies, and what two of them count as, pair by pair."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.terms import DiplotypeFactor, HaplotypeFactor
from riskscore.scoring.kinds.scheme import (
    OTHER,
    Classes,
    haplotype_values,
    own_frequencies,
    paired_names,
)
from riskscore.scoring.kinds.scheme_tags import DiplotypeCalls

T1D = rs.load_model("t1d")
SCHEME = T1D.scheme
assert SCHEME is not None
NAMES = ("X", "Y", "Z", OTHER)
PAIRS = frozenset({frozenset({"X", "Y"}), frozenset({"Z"})})
STATES = list(product(range(4), repeat=2))
FIRST, SECOND = np.array([a for a, _ in STATES]), np.array([b for _, b in STATES])
HAPLOTYPE = next(f for f in T1D.factors if isinstance(f, HaplotypeFactor))
DIPLOTYPE = next(f for f in T1D.factors if isinstance(f, DiplotypeFactor))


@pytest.mark.parametrize("name", ["X", "Y", "Z"])
def test_copies_of_a_haplotype_but_in_pairs_of_their_own(name: str) -> None:
    found = haplotype_values(replace(HAPLOTYPE, name=name), NAMES, FIRST, SECOND, PAIRS)
    for (a, b), number in zip(STATES, found.tolist(), strict=True):
        own = [NAMES[a], NAMES[b]]
        assert number == (0 if frozenset(own) in PAIRS else own.count(name)), own


@pytest.mark.parametrize("names", [("X", "Y"), ("Y", "X"), ("Z", "Z")])
def test_a_pair_is_counted_in_both_orders(names: tuple[str, str]) -> None:
    found = haplotype_values(replace(DIPLOTYPE, names=names), NAMES, FIRST, SECOND, PAIRS)
    for (a, b), number in zip(STATES, found.tolist(), strict=True):
        assert number == (sorted((NAMES[a], NAMES[b])) == sorted(names))


def test_frequencies_of_all_classes_and_of_none() -> None:
    found = own_frequencies(SCHEME, "EUR")
    assert found is not None
    shares = [h.frequency["EUR"] for h in SCHEME.haplotypes]
    assert found.tolist() == pytest.approx([*shares, 1 - sum(shares)])
    bare = replace(SCHEME.haplotypes[0], frequency={})
    assert (
        own_frequencies(replace(SCHEME, haplotypes=(bare, *SCHEME.haplotypes[1:])), "EUR") is None
    )
    common = tuple(replace(h, frequency={"EUR": 0.4}) for h in SCHEME.haplotypes[:3])
    too_many = own_frequencies(replace(SCHEME, haplotypes=common), "EUR")
    assert too_many is not None
    assert too_many.tolist() == [0.4, 0.4, 0.4, 0.0]


def test_numbers_of_people_by_their_calls() -> None:
    """The second of three people has no call; the third two possible pairs."""
    named = [f for f in T1D.factors if isinstance(f, HaplotypeFactor | DiplotypeFactor)]
    classes = Classes.of(T1D, named)
    assert classes.names == (*SCHEME.names, OTHER)
    assert paired_names(T1D) == frozenset(
        frozenset(f.names) for f in named if isinstance(f, DiplotypeFactor)
    )
    other = len(SCHEME.names)
    rows = [(0, 0, 1, 1.0), (2, 1, 1, 0.25), (2, 2, other, 0.75)]
    sample, first, second, probability = (np.array(column) for column in zip(*rows, strict=True))
    calls = DiplotypeCalls(
        sample, first, second, probability, np.array([0, 2, 0], dtype=np.uint8), np.zeros(3)
    )
    found = classes.states(calls)
    assert found.known.tolist() == [True, False, True]
    for k, factor in enumerate(classes.factors):
        told = found.expected(found.values[:, k])
        for person in (0, 2):
            wanted = 0.0
            for owner, a, b, p in rows:
                own = [classes.names[a], classes.names[b]]
                if owner != person:
                    continue
                if isinstance(factor, DiplotypeFactor):
                    wanted += p * (sorted(own) == sorted(factor.names))
                elif frozenset(own) not in classes.pairs:
                    wanted += p * own.count(factor.name)
            assert told[person] == pytest.approx(wanted)
