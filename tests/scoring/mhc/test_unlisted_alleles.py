"""An allele that the panel does not list takes the place of its first field, and stays itself."""

from __future__ import annotations

import numpy as np
import pytest

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import ADDITIVE, AminoAcidFactor, HLAAlleleFactor
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.evidence import Panel
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import AlleleQuestion
from riskscore.scoring.mhc.reading import MHCReading

# Haplotypes of two blocks, C~B and A, as often as each of 24 chromosomes.
TABLE = {("01:01", "07:01", "08:01"): 12, ("02:01", "07:02", "07:02"): 6,
         ("02:05", "05:01", "44:02"): 6}  # fmt: skip
RESIDUES = {
    ("A", 9): {"A*01:01": "F", "A*02:01": "Y", "A*02:05": "F", "A*02:77": "F"},
    ("B", 9): {"B*08:01": "D", "B*07:02": "Y", "B*44:02": "Y", "B*07:99": "D"},
}
COUNTED = (
    AminoAcidFactor("A", ((9, "F"),), ADDITIVE),
    AminoAcidFactor("B", ((9, "D"),), ADDITIVE),
    HLAAlleleFactor("B", (HLAAllele.parse("B*07"),), ADDITIVE),
)


@pytest.fixture(scope="module")
def reading() -> MHCReading:
    rows = [{"A": a, "C": c, "B": b, "EUR": str(count)} for (a, c, b), count in TABLE.items()]
    table = ReferenceHaplotypes.of(rows, ("A", "C", "B"), ("EUR",))
    panel = ReferencePanel({}, {}, ResidueTable(RESIDUES), (), {}, table)
    prior = HaplotypePrior.of(table, "EUR", ("A", "C", "B"))
    questions = (
        AlleleQuestion("A", residues=((9, "F"),)),
        AlleleQuestion("B", residues=((9, "D"),)),
        AlleleQuestion("B", alleles=(HLAAllele.parse("B*07"),)),
        AlleleQuestion("C", alleles=(HLAAllele.parse("C*07:01"),)),
    )
    return MHCReading(Panel(panel, "EUR", prior), prior, questions)


def calls(**typed: tuple[str, str]) -> HLACalls:
    found = {}
    for gene, names in typed.items():
        alleles = tuple(HLAAllele.parse(f"{gene}*{name}") for name in names)
        zero = np.zeros(1, dtype=np.int64)
        found[gene] = GeneCalls(gene, alleles, zero, zero, zero + 1, np.ones(1), "")
    return HLACalls(found)


@pytest.mark.parametrize(
    ("typed", "copies"),
    [
        ({"A": ("01:01", "02:77"), "B": ("08:01", "07:02")}, (2, 1, 1)),
        ({"A": ("02:01", "02:77"), "B": ("07:02", "07:99")}, (1, 1, 2)),
        ({"A": ("02:77", "02:77"), "B": ("07:99", "44:02")}, (2, 1, 1)),
        ({"A": ("02:05", "02:01"), "B": ("07:99", "07:99")}, (1, 2, 2)),
    ],
)
def test_residues_are_its_own(
    reading: MHCReading, typed: dict[str, tuple[str, str]], copies: tuple[int, ...]
) -> None:
    """Of typed genes each copy is certain, whatever the panel's haplotypes say."""
    pairs = haplotype_pairs(reading, calls(**typed), range(1))
    assert pairs.probability.sum() == pytest.approx(1)
    for factor, wanted in zip(COUNTED, copies, strict=True):
        one, two = pairs.carried(factor)
        assert ((one + two)[pairs.pair] == wanted).all(), str(factor)


def test_its_neighbours_are_those_of_its_first_field(reading: MHCReading) -> None:
    """A*02:77 beside A*01:01: its B is that of A*02:01 or of A*02:05, as often as these are."""
    coarse, own = (
        haplotype_pairs(reading, calls(A=("01:01", name)), range(1)) for name in ("02", "02:77")
    )
    for factor in COUNTED[1:]:
        means = [
            float(sum(side[p.pair] @ p.probability for side in p.carried(factor)))
            for p in (coarse, own)
        ]
        assert means[0] == pytest.approx(means[1])
        assert 0.4 < means[0] < 1.1
