"""A gene without haplotypes in the panel: sums over its alleles, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import PopulationError
from riskscore.genetics.hla import AlleleList, HLAAllele, HLAName
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import ADDITIVE, RECESSIVE, AminoAcidFactor, HLAAlleleFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.kinds.gene import GeneKind

MS = rs.load_model("ms")
SHARES = {"01:03": 0.6, "02:01": 0.3, "02:02": 0.06, "03:01": 0.04}
COUNTED = HLAAlleleFactor("DPA1", (HLAAllele.parse("DPA1*02:01"),), ADDITIVE)
BOTH = replace(COUNTED, coding=RECESSIVE)
RESIDUE = AminoAcidFactor("DPA1", ((31, "Q"),), ADDITIVE)  # which DPA1*03:01 has no row of
CARRIED = {"01:03": (0, 0), "02:01": (1, 1), "02:02": (0, 1)}  # the allele, and the residue


def allele(fields: str) -> HLAAllele:
    return HLAAllele.parse(f"DPA1*{fields}")


@pytest.fixture(scope="module")
def kind() -> GeneKind:
    table = {("EUR", "DPA1"): {allele(fields): share for fields, share in SHARES.items()}}
    residues = {("DPA1", 31): {"DPA1*01:03": "M", "DPA1*02:01": "Q", "DPA1*02:02": "Q"}}
    panel = ReferencePanel(table, {}, ResidueTable(residues), ())
    return GeneKind("gene DPA1", (COUNTED, BOTH, RESIDUE), panel, "EUR")


def numbers(one: str, two: str) -> tuple[int, int, int]:
    copies = CARRIED[one][0] + CARRIED[two][0]
    return copies, int(copies == 2), CARRIED[one][1] + CARRIED[two][1]


def mean(shares: dict[tuple[str, str], float]) -> tuple[list[float], list[float]]:
    """E[x] and E[x^2] of the three factors over pairs of alleles."""
    total = sum(shares.values())
    rows = [(p / total, numbers(*pair)) for pair, p in shares.items()]
    return (
        [sum(p * x[k] for p, x in rows) for k in range(3)],
        [sum(p * x[k] ** 2 for p, x in rows) for k in range(3)],
    )


def test_the_population_leaves_out_what_nothing_tells(kind: GeneKind) -> None:
    known = {name: share for name, share in SHARES.items() if name in CARRIED}
    first, second = mean({(a, b): known[a] * known[b] for a, b in product(known, repeat=2)})
    for k, factor in enumerate((COUNTED, BOTH, RESIDUE)):
        one, two = kind.population_moments([factor])
        assert one == pytest.approx(first[k])
        assert two == pytest.approx(second[k])


def test_typed_people(kind: GeneKind) -> None:
    """Two possible pairs, coarse names shared out by frequency, names that nothing tells."""
    coarse = allele("02")
    several = AlleleList((allele("01:03"), allele("02:02"), allele("03:01")))  # 03:01: not told
    names: list[HLAName] = [allele("01:03"), allele("02:01"), coarse, several, allele("03:01")]
    two = {"02:01": 0.3 / 0.36, "02:02": 0.06 / 0.36}
    one_or_other = {"01:03": 0.6 / 0.66, "02:02": 0.06 / 0.66}
    possible: list[dict[str, float]] = [{"01:03": 1.0}, {"02:01": 1.0}, two, one_or_other, {}]
    people = [
        [(0, 1, 1.0)], [(1, 2, 1.0)], [(2, 2, 1.0)], [(0, 1, 0.25), (1, 2, 0.75)],
        [(3, 2, 1.0)], [(0, 4, 1.0)], [], [(0, 1, 1.0)],
    ]  # fmt: skip
    for chosen in (people, [own for own in people if len(own) < 2]):
        rows = [(i, *row) for i, own in enumerate(chosen) for row in own]
        sample, first, second, chance = (np.array(column) for column in zip(*rows, strict=True))
        calls = GeneCalls("DPA1", tuple(names), sample, first, second, chance, "")
        samples = tuple(f"p{i}" for i in range(len(chosen)))
        no_snps = Dosages((), np.zeros((0, len(chosen)), dtype=np.float32))
        cohort = Cohort(samples, (MS,), no_snps, HLACalls({"DPA1": calls}), Exposures())
        found = kind.evidence(cohort, slice(None))
        part = kind.evidence(cohort, slice(2, 5)).moments([BOTH])
        for whole, own in zip(found.moments([BOTH]), part, strict=True):
            assert own.tolist() == whole[2:5].tolist()
        for k, factor in enumerate((COUNTED, BOTH, RESIDUE)):
            told = found.moments([factor])
            for i, own in enumerate(chosen):
                shares: dict[tuple[str, str], float] = {}
                for a, b, q in own:
                    for (x, p), (y, r) in product(possible[a].items(), possible[b].items()):
                        shares[x, y] = shares.get((x, y), 0.0) + q * p * r
                if not own:
                    assert found.missing[i, k] == Missing.NO_CALL
                elif not shares:
                    assert found.missing[i, k] == Missing.LOW_RESOLUTION
                else:
                    assert found.missing[i, k] == Missing.NOT_MISSING
                    wanted = mean(shares)
                    assert told[0][i] == pytest.approx(wanted[0][k]), (i, k)
                    assert told[1][i] == pytest.approx(wanted[1][k]), (i, k)


def test_a_population_without_the_gene() -> None:
    with pytest.raises(PopulationError, match="DPA1 in EUR"):
        GeneKind("gene DPA1", (COUNTED,), ReferencePanel({}, {}, ResidueTable({}), ()), "EUR")
