"""What is made of typings that people really have: names, phase, gaps. Truth from known haplotypes.

DRB1*03:01~DQA1*05:01~DQB1*02:01 (DR3-DQ2.5), DRB1*07:01~DQA1*02:01~DQB1*02:02 (DR7-DQ2.2),
DRB1*11~DQA1*05:05~DQB1*03:01 and DRB1*04:01~DQA1*03~DQB1*03:02 (DR4-DQ8.1) are the haplotypes that
textbooks name; DQB1*03:19 is in the G group of DQB1*03:01.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele, HLAName
from riskscore.genetics.hla_names import read_name
from riskscore.genetics.missing import Missing
from riskscore.models.model import HaplotypeScheme
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.pairs import HaplotypePairs, haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading

Types = Mapping[str, tuple[str, str]]


def typed(
    people: Sequence[Types], *, phased: bool = False, sets: Mapping[str, int] | None = None
) -> HLACalls:
    """Certain calls; an empty name is an allele not known."""
    genes = {}
    for gene in sorted({gene for person in people for gene in person}):
        names: dict[HLAName, int] = {}
        rows = [
            (number, *(names.setdefault(_name(text, gene), len(names)) for text in person[gene]))
            for number, person in enumerate(people)
            if gene in person
        ]
        sample, first, second = (np.array(column) for column in zip(*rows, strict=True))
        one = np.ones(len(rows))
        genes[gene] = GeneCalls(
            gene, tuple(names), sample, first, second, one, "", np.full(len(rows), phased),
            np.full(len(rows), (sets or {}).get(gene, 0)),
        )  # fmt: skip
    return HLACalls(genes)


def _name(text: str, gene: str) -> HLAName:
    return read_name(text, gene) or HLAAllele(gene, ())


def drdq(drb1: str, dqa1: str, dqb1: str) -> Types:
    """Types written as 03:01/07:01; a gene without any is not typed."""
    pairs = {"DRB1": drb1, "DQA1": dqa1, "DQB1": dqb1}
    return {g: (p.split("/")[0], p.split("/")[1]) for g, p in pairs.items() if p}


def pairs_of(model: str, calls: HLACalls, population: str = "EUR") -> HaplotypePairs:
    reading = MHCReading.of([rs.load_model(model)], reference_panel(), population)
    return haplotype_pairs(reading, calls, range(1))


def diplotype(model: str, calls: HLACalls, *names: str) -> float:
    """The probability that a person has two classes of a model's scheme."""
    pairs = pairs_of(model, calls)
    scheme = rs.load_model(model).scheme
    assert isinstance(scheme, HaplotypeScheme)
    listed = (*scheme.names, "other")
    first, second = pairs.classes(scheme)
    held = [
        sorted((listed[a], listed[b])) == sorted(names)
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]
    return float(pairs.probability[np.array(held)[pairs.pair]].sum())


def copies(model: str, calls: HLACalls, term: str, population: str = "EUR") -> float:
    """The expected copies of what a model's term counts."""
    pairs = pairs_of(model, calls, population)
    factor = next(f for t in rs.load_model(model).terms for f in t.factors if str(f) == term)
    first, second = pairs.carried(factor)
    return float((pairs.probability * (first + second)[pairs.pair]).sum())


@pytest.mark.parametrize("dqb1", ["02:01/02:02", "02:01/02:01"])  # at two fields, by G group
def test_finer_names_do_not_make_phase_less_certain(dqb1: str) -> None:
    calls = typed([drdq("03:01/07:01", "05:01/02:01", dqb1)])
    assert diplotype("t1d", calls, "DR3-DQ2.5", "DR7-DQ2.2") > 0.999
    assert diplotype("t1d-grs1", calls, "DR3", "other") > 0.999


def test_dqa1_by_group_and_at_two_fields_is_one() -> None:
    calls = typed([drdq("03:01/11:01", "05:01/05:05", "02:01/03:01")])
    assert diplotype("t1d", calls, "DR3-DQ2.5", "DR11/DR12-DQ7.5") > 0.999


def test_a_class_is_decided_by_groups() -> None:
    for dqb1 in ("03:19/02:02", "03:01/02:02"):
        calls = typed([drdq("11:02/07:01", "05:05/02:01", dqb1)])
        assert diplotype("t1d", calls, "DR11/DR12-DQ7.5", "DR7-DQ2.2") > 0.999


def test_statistical_phase_is_weighed_against_what_haplotypes_there_are() -> None:
    switched = drdq("03:01/04:01", "05:01/03:01", "03:02/02:01")
    assert diplotype("t1d", typed([switched], phased=True), "DR3-DQ2.5", "DR4-DQ8.1") > 0.99
    assert diplotype("t1d", typed([switched]), "DR3-DQ2.5", "DR4-DQ8.1") > 0.99


def test_a_file_whose_phase_is_never_wrong_is_believed() -> None:
    """Without switch errors the pair is what the file says, although nobody of the panel has it."""
    switched = typed([drdq("03:01/04:01", "05:01/03:01", "03:02/02:01")], phased=True)
    reading = MHCReading.of([rs.load_model("t1d")], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, switched, range(1), switch_error=0.0)
    scheme = rs.load_model("t1d").scheme
    assert scheme is not None
    first, second = pairs.classes(scheme)
    other = len(scheme.haplotypes)
    assert {*first[pairs.pair].tolist(), *second[pairs.pair].tolist()} == {other}


def test_nothing_is_known_of_phase_between_phase_sets() -> None:
    person = [drdq("03:01/04:01", "05:01/03:01", "03:02/02:01")]
    sets = {"DRB1": 7, "DQA1": 7, "DQB1": 9}
    reading = MHCReading.of([rs.load_model("t1d")], reference_panel(), "EUR")
    by_sets, unphased = (
        haplotype_pairs(reading, calls, range(1))
        for calls in (typed(person, phased=True, sets=sets), typed(person))
    )
    held = [
        {
            tuple(sorted((tuple(p.first[row].tolist()), tuple(p.second[row].tolist())))): share
            for row, share in zip(p.pair.tolist(), p.probability.tolist(), strict=True)
        }
        for p in (by_sets, unphased)
    ]
    best = max(held[1], key=lambda pair: held[1][pair])
    assert held[0][best] == pytest.approx(held[1][best], abs=1e-3)


def test_an_untyped_gene_follows_from_its_neighbours() -> None:
    calls = typed([drdq("03:01/04:01", "", "02:01/03:02")])
    assert diplotype("t1d", calls, "DR3-DQ2.5", "DR4-DQ8.1") > 0.99
    missing = pairs_of("t1d", calls).missing[0].tolist()
    assert missing == [Missing.NOT_MISSING, Missing.ABSENT, Missing.NOT_MISSING]


def test_first_fields_are_weighed_by_haplotypes() -> None:
    calls = typed([drdq("03/04", "05/03", "02/03:02")])
    assert diplotype("t1d", calls, "DR3-DQ2.5", "DR4-DQ8.1") > 0.98


@pytest.mark.parametrize("other", ["", "07:10", "04:999"])
def test_an_allele_known_beside_a_lost_one_stays_known(other: str) -> None:
    vka = "DRB1:11V;DRB1:71K;DRB1:74A"
    term = next(
        str(f)
        for t in rs.load_model("ra").terms
        for f in t.factors
        if str(f).replace("HLA-", "") == vka
    )
    assert 1 - 1e-9 <= copies("ra", typed([{"DRB1": ("04:01", other)}]), term) < 1.75
    if other == "07:10":  # no allele of its first field carries it
        assert copies("ra", typed([{"DRB1": ("04:01", other)}]), term) == pytest.approx(1)


def test_class_one_tells_of_class_two_that_was_not_seen() -> None:
    """A*01:01~C*07:01~B*08:01 is a haplotype with DRB1*03:01 in Europeans (AH8.1)."""
    blind = copies("ms", typed([{"A": ("02:01", "02:01")}]), "HLA-DRB1*03:01")
    carrier = {"A": ("01:01", "02:01"), "B": ("08:01", "44:02")}
    assert blind < 0.3
    assert copies("ms", typed([carrier]), "HLA-DRB1*03:01") > 0.6


def test_every_superpopulation_and_their_mixture_has_haplotypes() -> None:
    person = typed([{"B": ("08:01", "44:02")}])
    by_population = [
        copies("ms", person, "HLA-DRB1*15:01", p) for p in ("AFR", "AMR", "EAS", "EUR", "SAS")
    ]
    assert len(set(by_population)) == 5
    mixed = copies("ms", person, "HLA-DRB1*15:01", "EUR=0.5,AFR=0.5")
    assert by_population[0] < mixed < by_population[3]


def test_nobody_typed_has_no_rows() -> None:
    pairs = pairs_of("t1d", HLACalls())
    assert len(pairs.sample) == 0
    assert (pairs.missing == Missing.ABSENT).all()
