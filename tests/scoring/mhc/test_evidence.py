"""What names of a gene stand for in the panel, as the docstrings of evidence.py say, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskscore.genetics.hla import AlleleList, HLAAllele, HLAName, OtherAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel
from riskscore.scoring.mhc.evidence import (
    Panel,
    _filled,
    gene_names,
    listed_answers,
    names_within,
    product_of,
)
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import AlleleQuestion

LISTED = ("01:01", "02:01", "02:05", "24:02", "24:09N")
COUNTS = {"EUR": (10, 50, 0, 25, 15), "AFR": (40, 20, 40, 0, 0)}
ALL = "01:01 02:01 02:05 24:02"  # that are expressed


def parsed(name: str) -> HLAAllele:
    return HLAAllele.parse(f"A*{name}")


@pytest.fixture(scope="module")
def panel() -> Panel:
    """One gene; A*02:09 is of the group of A*02:01, and A*02:05 has no residue in the table."""
    rows = [
        {"A": name} | {population: str(counts[k]) for population, counts in COUNTS.items()}
        for k, name in enumerate(LISTED)
    ]
    table = ReferenceHaplotypes.of(rows, ("A",), tuple(COUNTS))
    residues = {("A", 9): {"A*01:01": "F", "A*02:01": "Y", "A*24:02": "F", "A*02:77": "F"}}
    groups = {"EUR": {parsed("02:01"): ((parsed("02:01"), 0.9), (parsed("02:09"), 0.1))}}
    tables = ReferencePanel({}, {}, ResidueTable(residues), (), groups, table)
    return Panel(tables, "EUR", HaplotypePrior.of(table, "EUR", ["A"]))


def other(base: str, *measured: str) -> OtherAllele:
    return OtherAllele(parsed(base), tuple(map(parsed, measured)))


@pytest.mark.parametrize(
    ("name", "exact", "grouped", "known"),
    [
        (parsed("02:01"), "02:01", "02:01", True),
        (parsed("02:01:01:01"), "02:01", "02:01", True),
        (parsed("02"), "02:01 02:05", "02:01 02:05", True),
        (HLAAllele("A", ()), ALL, ALL, True),
        # A group's members, by the first name of the group; at one field the alleles it begins.
        (parsed("02:01:01G"), "02:01", "02:01", True),
        (parsed("02:09:01G"), "02:01", "02:01", True),
        (parsed("02:09P"), "02:01", "02:01", True),
        (parsed("02G"), "02:01 02:05", "02:01 02:05", True),
        # Not listed itself, but a member of a listed one's group; or of the first field; or any.
        (parsed("02:09"), "02:01", "02:01", False),
        (parsed("02:99"), "02:01 02:05", "02:01 02:05", False),
        (parsed("80:01"), ALL, ALL, False),
        # A null allele is itself, and no sibling or group of it.
        (parsed("24:09N"), "24:09N", "24:09N", True),
        (parsed("24:09:01:02N"), "24:09N", "24:09N", True),
        (parsed("02:09N"), "02:01 02:05", "02:01 02:05", False),
        (AlleleList((parsed("01:01"), parsed("02:09"))), "01:01", "01:01 02:01", True),
        (AlleleList((parsed("02:98"), parsed("24:98"))), ALL[6:], ALL[6:], False),
        # What imputation leaves: none of the measured ones, unless the base has no other.
        (other("02", "02:01"), "02:05", "02:05", True),
        (other("02", "02:01", "02:05"), "02:01 02:05", "02:01 02:05", True),
        (other("24", "02:01"), "24:02", "24:02", True),
    ],
    ids=str,
)  # fmt: skip
def test_alleles_that_a_name_may_be(
    panel: Panel, name: HLAName, exact: str, grouped: str, known: bool
) -> None:
    found, of_group, listed = panel.fit("A", name)
    assert " ".join(n for n, is_it in zip(LISTED, found, strict=True) if is_it) == exact
    assert " ".join(n for n, is_it in zip(LISTED, of_group, strict=True) if is_it) == grouped
    assert listed == known


def test_frequencies_are_the_populations_and_a_hundredth_of_everybodys(panel: Panel) -> None:
    own = [count / 100 for count in COUNTS["EUR"]]
    every = [sum(counts[k] for counts in COUNTS.values()) / 200 for k in range(5)]
    wanted = [0.99 * a + 0.01 * b for a, b in zip(own, every, strict=True)]
    assert panel.frequency["A"].tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("name", "known"),
    [("02:77", True), ("02:77:01", True), ("02:78", False), ("02:78N", True), ("02:05", False)],
)
def test_alleles_whose_residues_are_known(panel: Panel, name: str, known: bool) -> None:
    assert panel.in_alignment(parsed(name)) == known
    assert panel.in_alignment(HLAAllele.parse("B*07:02"))  # of no gene of the table


def questions() -> list[AlleleQuestion]:
    return [
        AlleleQuestion("A", alleles=(parsed("02"), parsed("02:77"))),
        AlleleQuestion("A", residues=((9, "F"),)),
        AlleleQuestion("A", residues=((77, "D"),)),  # which no table has
    ]


def test_answers_of_listed_alleles(panel: Panel) -> None:
    """A gap is the mean of its first field, by frequency; a null allele makes no protein."""
    found = listed_answers(panel, "A", questions())
    assert found[:, 0].tolist() == [0, 1, 1, 0, 0]
    assert found[:, 1].tolist() == [1, 0, 0, 1, 0]
    assert found[:, 2].tolist() == [0, 0, 0, 0, 0]


def test_names_of_calls_and_what_they_answer(panel: Panel) -> None:
    """A*02:77 takes the place of A*02, and answers for itself; what it does not tell is the mean
    of those in whose place it is.
    """
    asked = questions()[:2]
    listed = listed_answers(panel, "A", asked)
    names: list[HLAName] = [parsed("02:77"), parsed("01:01"), parsed("02:09"), parsed("80:01")]
    found = gene_names(panel, "A", names, asked, listed)
    assert found.named == 5
    answers = [
        None if found.kind[row] < 0 else found.answers[found.kind[row]].tolist()
        for row in found.row.tolist()
    ]
    # Neither A*02:09 nor A*80:01 is in the table of residues: they are those in whose place they
    # stand.
    assert answers == [[1, 1], None, None, None]
    assert found.exact[found.row].tolist() == [
        [0, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 0],
    ]  # fmt: skip
    assert found.exact[found.unknown].tolist() == [1, 1, 1, 1, 1]
    assert found.answers[found.kinds].tolist() == listed.tolist()


def test_an_answer_that_nothing_tells_is_the_mean(panel: Panel) -> None:
    """Of A*02:77 at position 77, which the table lacks, by the frequencies of 02:01 and 02:05."""
    asked = questions()[2:]
    listed = np.array([[0.0], [0.25], [0.75], [1.0], [0.0]])
    found = gene_names(panel, "A", [parsed("02:77")], asked, listed)
    one, two = panel.frequency["A"][1:3].tolist()
    wanted = (0.25 * one + 0.75 * two) / (one + two)
    (kind,) = found.kind[found.row].tolist()
    assert float(found.answers[kind][0]) == pytest.approx(wanted)
    assert not math.isclose(wanted, 0.25, abs_tol=1e-4)


def test_gaps_are_the_mean_of_the_first_field_or_else_of_all() -> None:
    """By frequency; a question that no allele answers is answered by no."""
    gap, frequency = math.nan, [0.4, 0.3, 0.1, 0.15, 0.05]
    table = [[0.25, 0.5, 0.75], [gap, gap, gap], [1.0, gap, gap], [0.0, 1.0, gap], [0.5, 0.0, gap]]
    alleles = [parsed(name) for name in ("01:01", "02:01", "02:05", "02:06", "24:02")]
    found = _filled(np.array(table), alleles, np.array(frequency))
    wanted = [list(row) for row in table]
    wanted[1][0] = (0.1 * 1.0 + 0.15 * 0.0) / (0.1 + 0.15)
    wanted[1][1] = wanted[2][1] = 1.0  # A*02:06 alone tells it
    every = 0.75  # A*01:01 alone tells it
    wanted[1][2] = wanted[2][2] = wanted[3][2] = wanted[4][2] = every
    assert found.tolist() == [pytest.approx(row) for row in wanted]
    one = np.array([[0.2], [gap], [0.6]])
    (_, mean, _) = _filled(one, [parsed("01:01"), parsed("02:01"), parsed("24:02")], np.ones(3))
    assert mean == pytest.approx([0.4])
    assert _filled(np.full((2, 1), gap), alleles[:2], np.ones(2)).tolist() == [[0], [0]]


def test_a_names_alleles_share_what_it_has_by_frequency(panel: Panel) -> None:
    names = gene_names(panel, "A", [parsed("02"), parsed("01:01")], [], np.zeros((5, 0)))
    own = panel.frequency["A"].tolist()
    found = names_within(names, panel.frequency["A"])[names.row].tolist()
    both = own[1] + own[2]
    wanted = [[0, own[1] / both, own[2] / both, 0, 0], [1, 0, 0, 0, 0]]
    assert found == [pytest.approx(row) for row in wanted]


def test_a_product_of_tables_is_that_of_numpy() -> None:
    rows, table = np.random.default_rng(4).random((2, 5, 5))
    rows[:, 2] = table[3] = table[1, 2] = 0
    assert product_of(rows, table) == pytest.approx(rows @ table)
