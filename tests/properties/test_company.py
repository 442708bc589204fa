"""A person's HLA calls and score are the same bits alone and among others, however incomplete."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.samples.hla.table import read_hla_calls
from tests.samples.hla.test_records import DIALECTS, NAMES

Make = Callable[..., Path]
FINE = [name for name in NAMES if ":" in name]


@dataclass(frozen=True)
class Person:
    """Two alleles, one of them perhaps of no record, and the records in which nothing is known."""

    pair: tuple[str, str]
    lost: frozenset[str]

    def copies(self, name: str) -> int:
        return sum(allele == name or allele.startswith(f"{name}:") for allele in self.pair)


PEOPLE = st.builds(
    Person,
    st.tuples(*[st.sampled_from([*FINE, "08:01", "15:02"])] * 2),
    st.frozensets(st.sampled_from(NAMES), max_size=4),
)


def rows(dialect: str, people: Sequence[Person]) -> list[tuple[Any, ...]]:
    """The dialect's records, with cells that say nothing where a person's record is lost."""
    made = []
    for name in NAMES:
        row = list(DIALECTS[dialect][0](name, [person.copies(name) for person in people]))
        keys, cells = row[5].split(":"), row[6]
        nothing = ":".join("./." if key == "GT" else "." for key in keys)
        row[6] = [nothing if name in p.lost else c for p, c in zip(people, cells, strict=True)]
        made.append(tuple(row))
    return made


def pairs(path: Path, sample: int) -> list[tuple[str, str, float]]:
    genes = read_hla_calls(path)[1].genes
    found = genes["DRB1"].pairs(sample) if "DRB1" in genes else []
    return [(repr(one), repr(other), share) for one, other, share in found]


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_calls_do_not_depend_on_who_else_is_in_the_file(
    make_vcf: Make, dialect: str, data: st.DataObject
) -> None:
    person = data.draw(PEOPLE)
    others = data.draw(st.lists(PEOPLE, min_size=1, max_size=8))
    place = data.draw(st.integers(0, len(others)))
    everybody = [*others[:place], person, *others[place:]]
    names = [f"P{number}" for number in range(len(everybody))]
    alone = make_vcf(["P"], rows(dialect, [person]), name="alone.vcf.gz")
    among = make_vcf(names, rows(dialect, everybody), name="among.vcf.gz")
    assert pairs(alone, 0) == pairs(among, place)


def test_scores_do_not_either(make_vcf: Make) -> None:
    draw = np.random.default_rng(5)
    people = [
        Person(
            (FINE[draw.integers(len(FINE))], [*FINE, "08:01"][draw.integers(len(FINE) + 1)]),
            frozenset(draw.choice(NAMES, draw.integers(0, 4), replace=False).tolist()),
        )
        for _ in range(12)
    ]
    names = [f"P{number}" for number in range(len(people))]
    together = rs.score(make_vcf(names, rows("D2", people)), ["ms", "ra"]).to_frame()
    for name, person in zip(names[:2], people, strict=False):
        alone = rs.score(make_vcf([name], rows("D2", [person]), name="one.vcf.gz"), ["ms", "ra"])
        own = together[together["sample"] == name].reset_index(drop=True)
        assert own.equals(alone.to_frame())
