"""What a factor makes of copies, and whether it counts an allele."""

from __future__ import annotations

import math

import numpy as np
import pytest

from riskscore.genetics.hla import AlleleList, HLAAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    HLAAlleleFactor,
)
from riskscore.scoring.kinds.counting import carries, coded

ONE = HLAAllele.parse("DRB1*15:01")
TABLE = ResidueTable({("DRB1", 11): {"DRB1*15:01": "P", "DRB1*03:01": "S"}})
PANEL = ReferencePanel({}, {}, TABLE, ())


@pytest.mark.parametrize("coding", [ADDITIVE, DOMINANT, RECESSIVE, Coding("by dosage", (3, -1, 2))])
def test_numbers_of_copies(coding: Coding) -> None:
    """By the coding at whole counts; between them a straight line."""
    none, single, both = coding.values
    factor = HLAAlleleFactor("DRB1", (ONE,), coding)
    told = coded(factor, np.array([0.0, 1.0, 2.0, 0.25, 1.5, math.nan]))
    wanted = [none, single, both, 0.75 * none + 0.25 * single, (single + both) / 2, math.nan]
    assert told.tolist() == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "allele", "residue"),
    [
        ("DRB1*15:01", True, True),
        ("DRB1*15:01:01", True, True),
        ("DRB1*03:01", False, False),
        ("DRB1*07:01", False, None),  # of which the table has no row
        ("DRB1*15", None, True),  # too coarse for the allele; all that the table lists has a P
    ],
)
def test_what_carries(name: str, allele: bool | None, residue: bool | None) -> None:
    parsed = HLAAllele.parse(name)
    assert carries(HLAAlleleFactor("DRB1", (ONE,), ADDITIVE), parsed, PANEL) is allele
    factor = AminoAcidFactor("DRB1", ((11, "P"),), ADDITIVE)
    assert carries(factor, parsed, PANEL) is residue


def test_a_list_of_alleles_carries_what_all_of_them_do() -> None:
    factor = HLAAlleleFactor("DRB1", (ONE, HLAAllele.parse("DRB1*03:01")), ADDITIVE)
    both = AlleleList((ONE, HLAAllele.parse("DRB1*03:01")))
    mixed = AlleleList((ONE, HLAAllele.parse("DRB1*07:01")))
    assert carries(factor, both, PANEL) is True
    assert carries(factor, mixed, PANEL) is None
