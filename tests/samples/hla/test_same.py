"""People of whom records say the same, against grouping their rows in a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskscore.genetics.hla import HLAAllele
from riskscore.samples.hla.calls import GeneCalls
from riskscore.samples.hla.same import SamePeople

_ROWS = st.lists(st.integers(0, 2), max_size=3)


@given(people=st.lists(_ROWS, min_size=1, max_size=40))
def test_kinds_are_the_different_rows(people: list[list[int]]) -> None:
    same = _same(people)
    assert [people[who] for who in same.first[same.kind]] == people
    kinds = list(dict.fromkeys(map(tuple, people)))
    if len(kinds) <= len(people) // 2:
        assert [tuple(people[who]) for who in same.first] == kinds
    else:
        assert same.first.tolist() == same.kind.tolist() == list(range(len(people)))


def test_calls_of_a_kind_are_those_of_each_of_its_people() -> None:
    same = _same([[1], [2, 3], [], [2, 3], [1], []])
    assert same.first.tolist() == [0, 1, 2]
    alleles = tuple(HLAAllele.parse(f"DRB1*{name}") for name in ("03:01", "04:01"))
    kinds = GeneCalls(
        "DRB1",
        alleles,
        sample=np.array([0, 1, 1]),
        first=np.array([0, 0, 1]),
        second=np.array([0, 1, 1]),
        probability=np.array([1.0, 0.25, 0.75]),
        ordered=np.array([True, False, False]),
        phase_set=np.array([7, 0, 0]),
    )
    calls = same.calls_of_everybody(kinds)
    assert calls.sample.tolist() == [0, 1, 1, 3, 3, 4]
    for person, kind in enumerate([0, 1, 2, 1, 0, 2]):
        assert calls.pairs(person) == kinds.pairs(kind)
    assert calls.ordered.tolist() == [True, False, False, False, False, True]
    assert calls.phase_set.tolist() == [7, 0, 0, 0, 0, 7]


def _same(people: list[list[int]]) -> SamePeople:
    sample = np.repeat(np.arange(len(people)), [len(rows) for rows in people])
    said = np.array([number for rows in people for number in rows], dtype=np.int64)
    return SamePeople.of_rows(sample, said, len(people))
