"""Copies of an allele by its tag SNP, chromosome by chromosome."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.panel import ReferencePanel, Tag
from riskscore.models.terms import ADDITIVE, RECESSIVE, AminoAcidFactor, HLAAlleleFactor
from riskscore.samples.hla.calls import GeneCalls, HLACalls, TagCalls
from riskscore.scoring.kinds.tags import people_by_tag, single_allele, tag_chances

DR15, DR3, A2 = (HLAAllele.parse(name) for name in ("DRB1*15:01", "DRB1*03:01", "A*02:01"))
P, Q, R2 = 0.15, 0.2, 0.6  # frequencies of the allele and of its tag, and their r2
COPIES = (0.0, 1.0, 2.0, 0.25, 1.5, math.nan)
D = math.sqrt(R2 * P * (1 - P) * Q * (1 - Q))


def calls(copies: tuple[float, ...], r2: float | None = R2, allele: HLAAllele = DR15) -> TagCalls:
    known = {} if r2 is None else {"EUR": r2}
    tag = Tag(allele, None, known, {"EUR": Q})  # type: ignore[arg-type]
    return TagCalls(tag, np.array(copies, dtype=np.float32), weak=False)


@pytest.mark.parametrize(
    ("r2", "carriage"),
    [
        (R2, (P - D / (1 - Q), P + D / Q)),
        (None, (0.0, 1.0)),  # of an unknown r2 the tag is taken for the allele
    ],
)
def test_chances_of_copies(r2: float | None, carriage: tuple[float, float]) -> None:
    """Each chromosome has the allele by itself, as often as those with or without the tag do."""
    panel = ReferencePanel({("EUR", "DRB1"): {DR15: P, DR3: 1 - P}}, {}, ResidueTable({}), ())
    assert panel.frequency(DR15, "EUR") == P
    found = tag_chances(calls(COPIES, r2), panel, "EUR", slice(None))
    for told, dosage in zip(found.tolist(), COPIES, strict=True):
        if math.isnan(dosage):
            assert all(map(math.isnan, told))
            continue
        low = math.floor(dosage)
        chances = {low: 1 - dosage % 1} | ({low + 1: dosage % 1} if dosage % 1 else {})
        wanted = [0.0, 0.0, 0.0]
        for tagged, share in chances.items():
            sides = [carriage[1]] * tagged + [carriage[0]] * (2 - tagged)
            for carried in product((0, 1), repeat=2):
                p = math.prod(s if c else 1 - s for c, s in zip(carried, sides, strict=True))
                wanted[sum(carried)] += share * p
        assert told == pytest.approx(wanted)
        assert sum(told) == pytest.approx(1)
    part = tag_chances(calls(COPIES, r2), panel, "EUR", slice(1, 3))
    assert part.tolist() == found[1:3].tolist()


def test_in_whom_a_tag_speaks() -> None:
    """Where its gene is typed in others: of the untyped those with a call of the tag."""
    one = np.zeros(1, dtype=np.int64)
    typed = GeneCalls("DRB1", (DR3,), np.array([1]), one, one, np.ones(1), "")
    tags = {DR15: calls((1.0, 0.0, math.nan, 2.0)), A2: calls((1.0,) * 4, allele=A2)}
    found = people_by_tag(HLACalls({"DRB1": typed}, tags), 4, slice(0, 4))
    assert {str(k): v.tolist() for k, v in found.items()} == {
        "DRB1*15:01": [True, False, False, True]
    }
    assert people_by_tag(HLACalls({"DRB1": typed}, tags), 4, slice(2, 4))[DR15].tolist() == [
        False, True,
    ]  # fmt: skip
    assert people_by_tag(HLACalls({}, tags), 4, slice(0, 4)) == {}


def test_the_one_allele_that_factors_count() -> None:
    one, again = (HLAAlleleFactor("DRB1", (DR15,), coding) for coding in (ADDITIVE, RECESSIVE))
    other = HLAAlleleFactor("DRB1", (DR3,), ADDITIVE)
    several = HLAAlleleFactor("DRB1", (DR15, DR3), ADDITIVE)
    residue = AminoAcidFactor("DRB1", ((11, "P"),), ADDITIVE)
    assert single_allele([one]) == single_allele([one, again]) == DR15
    for factors in ([one, other], [several], [residue], [one, residue], []):
        assert single_allele(factors) is None
