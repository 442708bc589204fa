"""Sums over people: those of parts add up to those of all, and are the plain means."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from riskscore.errors import ShardError
from riskscore.scoring.scores.tally import Covered, Tally, Thing, exact_sum

UNIT = Fraction(1, 2**40)


def made(people: dict[str, int], seen: tuple[int, ...], covered: Covered) -> Tally:
    """A tally of three terms, whose expected variances differ between the sexes."""
    thing = Thing("hla", "gene", "HLA-B", (1, 2), "found", "typed alleles", None, True)
    return Tally(
        model="m",
        components=("snps", "hla", "hla"),
        expected={"female": (1.0, 2.0, 3.0), "male": (2.0, 4.0, 0.0), "unknown": (1.5, 3.0, 1.5)},
        things=(thing,),
        people=people,
        seen=seen,
        reasons=((5, 0, 1), (2, 4, 0), (0, 1, 5)),
        covered={"all": covered},
        unscored=1,
        alleles=6,
        uncentred=0.25,
    )


FIRST = made({"female": 3, "male": 2, "unknown": 1}, (2**40, 2**41, 0), Covered(2**40, 2, 0.25))
SECOND = made({"female": 1, "male": 0, "unknown": 2}, (2**39, 0, 2**40), Covered(2**39, 1, 0.5))


def test_a_sum_is_exact_in_any_order_and_any_parts() -> None:
    shares = np.random.default_rng(1).random((10_000, 2))
    units = [[round(Fraction(x) / UNIT) for x in column] for column in shares.T.tolist()]
    total = exact_sum(shares)
    assert total.tolist() == [sum(column) for column in units]
    assert exact_sum(shares[::-1]).tolist() == total.tolist()
    parts = exact_sum(shares[:4097]) + exact_sum(shares[4097:])
    assert parts.tolist() == total.tolist()


def test_coverage_is_of_those_whom_the_component_concerns() -> None:
    covered = Covered.of(np.array([0.5, np.nan, 0.25, 1.0]))
    assert covered == Covered(7 * 2**38, 3, 0.25)
    assert covered.mean == (0.5 + 0.25 + 1.0) / 3
    nobody = Covered.of(np.array([np.nan]))
    assert nobody == Covered(0, 0, None)
    assert np.isnan(nobody.mean)
    assert covered + nobody == nobody + covered == covered
    assert (nobody + nobody).minimum is None
    assert covered + Covered(2**40, 1, 0.125) == Covered(11 * 2**38, 4, 0.125)


def test_the_tally_of_two_parts() -> None:
    whole = FIRST + SECOND
    assert whole.people == {"female": 4, "male": 2, "unknown": 3}
    assert whole.count == 9
    assert whole.seen == (3 * 2**39, 2**41, 2**40)
    assert whole.reasons == ((10, 0, 2), (4, 8, 0), (0, 2, 10))
    assert whole.covered == {"all": Covered(3 * 2**39, 3, 0.25)}
    assert whole.unscored == 2
    assert (whole.alleles, whole.uncentred) == (6, 0.25)  # of the model, not of its people
    assert whole == SECOND + FIRST


def test_means_over_people() -> None:
    by_hand = [(3 * 1 + 2 * 2 + 1.5) / 6, (3 * 2 + 2 * 4 + 3) / 6, (3 * 3 + 2 * 0 + 1.5) / 6]
    np.testing.assert_allclose(FIRST.pooled_variance(), by_hand)
    np.testing.assert_allclose(FIRST.observed(), [1 / 6, 2 / 6, 0])
    nobody = replace(FIRST, people={"female": 0}, seen=(0, 0, 0))
    assert nobody.pooled_variance().tolist() == nobody.observed().tolist() == [0, 0, 0]
    one = replace(FIRST, people={"male": 1}, seen=(2**40, 0, 0))
    assert one.pooled_variance().tolist() == [2, 4, 0]
    assert one.observed().tolist() == [1, 0, 0]


def test_the_usual_reason_is_that_of_most_terms() -> None:
    assert FIRST.reason([0]) == 0
    assert FIRST.reason([1]) == 1
    assert FIRST.reason([2, 2, 1]) == 2
    assert FIRST.reason([2, 1, 1]) == 1


def test_a_tally_reads_back_from_json() -> None:
    assert Tally.from_data(json.loads(json.dumps(FIRST.as_data()))) == FIRST


@pytest.mark.parametrize("name", ["model", "seen", "covered"])
def test_a_tally_that_lacks_a_part_is_refused(name: str) -> None:
    data = FIRST.as_data()
    del data[name]
    with pytest.raises(ShardError, match="cannot be read"):
        Tally.from_data(data)


@pytest.mark.parametrize(
    "change",
    [{"alleles": 8}, {"uncentred": None}, {"model": "n"}, {"things": ()}, {"components": ("a",)}],
)
def test_parts_that_answer_otherwise_do_not_add(change: dict[str, object]) -> None:
    with pytest.raises(ShardError, match=f"the parts differ in the {next(iter(change))}"):
        FIRST + replace(SECOND, **change)  # type: ignore[arg-type]
