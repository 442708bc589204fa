"""Tag SNPs beside typed genes of the MHC: who is read by which, and why others are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import HLAAlleleFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HLACalls, TagCalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.kinds.kind import Kind, KindEvidence
from riskscore.scoring.kinds.mhc import MHC, MHCEvidence
from riskscore.scoring.kinds.tags import tag_chances
from riskscore.scoring.population.build import build_reference

PANEL = reference_panel()
MS = rs.load_model("ms")
DR15, DR3 = HLAAllele.parse("DRB1*15:01"), HLAAllele.parse("DRB1*03:01")
TERMS = [t for t in MS.terms if t.id in ("HLA-DRB1*15:01", "HLA-DRB1*03:01")]
ONE, OTHER = (next(t.factors[0] for t in TERMS if t.id.endswith(n)) for n in ("15:01", "03:01"))
MODEL = replace(MS, terms=tuple(TERMS))
TAG = PANEL.tags_of(DR15, "EUR")[0]
CALLS = TagCalls(TAG, np.array([2.0, 1.0, np.nan, 0.25], dtype=np.float32), weak=False)
# The first of four people is typed, as DRB1*03:01 twice.
TYPED = GeneCalls("DRB1", (DR3,), *(np.zeros(1, dtype=np.int64) for _ in range(3)), np.ones(1), "")


@pytest.fixture(scope="module")
def kind() -> Kind:
    return build_reference(MODEL, PANEL, "EUR").kinds[MHC]


def evidence(kind: Kind, hla: HLACalls) -> KindEvidence:
    people = tuple("abcd")
    no_snps = Dosages((), np.zeros((0, len(people)), dtype=np.float32))
    return kind.evidence(Cohort(people, (MODEL,), no_snps, hla, Exposures()), slice(None))


def places(kind: Kind) -> list[int]:
    assert isinstance(ONE, HLAAlleleFactor)
    return [kind.factors.index(factor) for factor in (ONE, OTHER)]


@pytest.mark.parametrize("typed", [True, False], ids=["one is typed", "nobody is"])
def test_a_tag_speaks_of_its_allele_where_the_gene_is_not_typed(kind: Kind, *, typed: bool) -> None:
    """Of the typed the type counts, whatever the tag says; without either the population's mean.

    The other allele has no tag: of who is not typed it is not known.
    """
    found = evidence(kind, HLACalls({"DRB1": TYPED} if typed else {}, {DR15: CALLS}))
    one, other = places(kind)
    first, second, zero = found.moments([ONE])
    chances = tag_chances(CALLS, PANEL, "EUR", slice(None)).tolist()
    mean, square = kind.population_moments([ONE])
    for person, told in enumerate(chances):
        wanted = (told[1] + 2 * told[2], told[1] + 4 * told[2])
        if person == 2:
            wanted = mean, square
        if typed and person == 0:
            wanted = 0.0, 0.0
        assert (first[person], second[person]) == pytest.approx(wanted, rel=1e-6, abs=1e-9), person
    assert found.missing[:, one].tolist() == [0, 0, Missing.NO_CALL, 0]
    reason = Missing.NO_CALL if typed else Missing.ABSENT
    assert found.missing[:, other].tolist() == [0 if typed else reason, *[reason] * 3]
    assert zero.tolist() == [typed, False, False, False]
    assert found.moments([OTHER])[0][0] == pytest.approx(
        2.0 if typed else kind.population_moments([OTHER])[0], rel=1e-3
    )


def test_an_allele_whose_tag_does_not_hold_here(kind: Kind) -> None:
    invalid = HLACalls({}, {}, frozenset({DR15}))
    one, other = places(kind)
    found = evidence(kind, invalid)
    assert found.missing[:, one].tolist() == [Missing.TAG_NOT_VALID] * 4
    assert found.missing[:, other].tolist() == [Missing.ABSENT] * 4
    with_gene = evidence(kind, HLACalls({"DRB1": TYPED}, {}, frozenset({DR15})))
    assert with_gene.missing[:, one].tolist() == [0, *[Missing.TAG_NOT_VALID] * 3]
    assert with_gene.missing[:, other].tolist() == [0, *[Missing.NO_CALL] * 3]


def test_a_part_of_the_people_has_what_the_whole_has(kind: Kind) -> None:
    found = evidence(kind, HLACalls({"DRB1": TYPED}, {DR15: CALLS}))
    part = found.take(slice(1, 3))
    assert isinstance(part, MHCEvidence)
    assert (len(part.by_tags), len(part.excess)) == (2, 2)
    for factors in ([ONE], [OTHER], [ONE, OTHER]):
        for own, whole in zip(part.moments(factors), found.moments(factors), strict=True):
            assert own.tolist() == whole[1:3].tolist()
