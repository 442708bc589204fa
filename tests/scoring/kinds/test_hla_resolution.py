"""Coarse names, groups, tags and failing sums: what is not known is carried, and never made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_names import read_name
from riskscore.models.reference.panel import DRDQ, ReferencePanel, Tag, reference_panel
from riskscore.models.terms import ADDITIVE, AminoAcidFactor, HLAAlleleFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.hla.typed.typing import Genotype, Typings, typed_calls
from riskscore.scoring.design import Measurements
from riskscore.scoring.kinds.counting import carries
from riskscore.scoring.kinds.tags import tag_chances
from riskscore.scoring.population.build import build_reference
from tests.scoring.panels import alleles

Make = Callable[..., Path]
ROOT = Path(__file__).parents[3]
PANEL = reference_panel()
MS = rs.load_model("ms")
REFERENCE = build_reference(MS, PANEL, "EUR")


READ = ("A", "B", "DRB1", "DQA1", "DQB1")  # the genes of the MS model


def frequencies(gene: str) -> dict[str, float]:
    """In Europeans, by name, of the alleles that the model's population has."""
    genes = DRDQ if gene in DRDQ else (gene,)
    return {f"{gene}*{fields}": share for fields, share in alleles(gene, genes, READ).items()}


def typed(**pairs: tuple[str, str]) -> Cohort:
    """One person, typed as these cells of a table say."""
    genes = {}
    for gene, cells in pairs.items():
        names = [read_name(cell, gene) or HLAAllele(gene, ()) for cell in cells]
        genes[gene] = Genotype(((names[0], names[1]),))
    calls, _ = typed_calls(Typings("test", {"x": genes}), ["x"], list(genes), PANEL, "EUR")
    return replace(rs.person([MS], name="x"), hla=HLACalls(calls))


def dosage(cohort: Cohort, term: str) -> tuple[float, float]:
    """Expected number and variance of a term of the MS model."""
    design = Measurements(cohort, REFERENCE, range(1)).design()
    place = [t.id for t in MS.terms].index(term)
    assert design.missing[0, place] == 0
    return float(design.expected[0, place]), float(design.variance[0, place])


def test_a_first_field_is_shared_out_by_frequency() -> None:
    table = frequencies("DRB1")
    own = {name: f for name, f in table.items() if name.startswith("DRB1*15")}
    share = own["DRB1*15:01"] / sum(own.values())
    mean, variance = dosage(typed(DRB1=("15", "03:01")), "HLA-DRB1*15:01")
    assert mean == pytest.approx(share, abs=1e-4)  # haplotypes of a share below 1e-6 are left out
    assert variance == pytest.approx(share * (1 - share), abs=1e-4)


def test_one_known_allele_leaves_the_other_to_the_population() -> None:
    share = frequencies("DRB1")["DRB1*15:01"]
    share /= sum(frequencies("DRB1").values())
    mean, _ = dosage(typed(DRB1=("15:01", "")), "HLA-DRB1*15:01")
    assert mean == pytest.approx(1 + share, abs=1e-4)


def test_a_list_of_alleles_is_weighed_by_frequency() -> None:
    table = frequencies("A")
    share = table["A*02:01"] / (table["A*02:01"] + table["A*02:05"])
    mean, variance = dosage(typed(A=("02:01/02:05", "01:01")), "HLA-A*02:01")
    assert mean == pytest.approx(share, abs=1e-4)  # haplotypes of a share below 1e-6 are left out
    assert variance == pytest.approx(share * (1 - share), abs=1e-4)


def test_a_group_is_its_common_members() -> None:
    """DQB1*02:01:01G is 02:01 or 02:02, as often as typing at two fields finds them."""
    group = read_name("DQB1*02:01:01G")
    assert group is not None
    shares = {str(a): p for a, p in PANEL.candidates(group, "EUR")}
    assert shares == pytest.approx({"DQB1*02:01": 86 / 171, "DQB1*02:02": 85 / 171}, abs=1e-4)
    mean, variance = dosage(typed(DRB1=("15:01:01G", "03:01:01G")), "HLA-DRB1*15:01")
    assert (mean, variance) == (1, 0)


def test_null_and_absent_alleles_carry_nothing() -> None:
    assert dosage(typed(A=("02:01", "24:09N")), "HLA-A*02:01") == (1, 0)
    residues = AminoAcidFactor("DRB1", ((11, "V"),), ADDITIVE)
    assert carries(residues, HLAAllele.parse("DRB1*04:01"), PANEL) is True
    assert carries(residues, HLAAllele.parse("DRB1*04:01N"), PANEL) is False
    counted = HLAAlleleFactor("DRB4", (HLAAllele.parse("DRB4*01"),), ADDITIVE)
    assert carries(counted, HLAAllele.absent("DRB4"), PANEL) is False


def test_residue_haplotypes_are_judged_allele_by_allele() -> None:
    """Of two alleles neither of which has V at 11 with K at 71, the list has not either."""
    several = read_name("DRB1*04:04/DRB1*03:01")  # V11 R71 and S11 K71
    assert several is not None
    both = AminoAcidFactor("DRB1", ((11, "V"), (71, "K")), ADDITIVE)
    assert carries(both, several, PANEL) is False
    assert carries(AminoAcidFactor("DRB1", ((11, "V"),), ADDITIVE), several, PANEL) is None
    aspartate = AminoAcidFactor("B", ((9, "D"),), ADDITIVE)
    assert carries(aspartate, HLAAllele.parse("B*08:01"), PANEL) is True
    assert carries(aspartate, HLAAllele.parse("B*08"), PANEL) is None  # B*08:26 has not
    assert carries(aspartate, HLAAllele.parse("B*07:02"), PANEL) is False


def test_an_allele_without_residues_stands_for_its_first_field() -> None:
    """07:10 and 13:113 are not in the alignment, whose two-field alleles around them are.

    DRB1*13:113 may be any DRB1*13: a person with it has the residues of those, weighed.
    """
    for name in ("DRB1*07:10", "DRB1*11:169", "DRB1*13:113"):
        assert PANEL.residues.residue(HLAAllele.parse(name), 11) is None
    for name in ("DRB1*11:168", "DRB1*11:170", "DRB1*13:112", "DRB1*13:114"):
        assert PANEL.residues.residue(HLAAllele.parse(name), 11) is not None
    ra = rs.load_model("ra")
    genes = {"DRB1": Genotype(((HLAAllele.parse("DRB1*13:113"), HLAAllele.parse("DRB1*01:01")),))}
    calls, _ = typed_calls(Typings("test", {"x": genes}), ["x"], ["DRB1"], PANEL, "EUR")
    cohort = replace(rs.person([ra], name="x"), hla=HLACalls(calls))
    reference = build_reference(ra, PANEL, "EUR")
    design = Measurements(cohort, reference, range(1)).design()
    terms = [t.id for t in ra.terms]
    found = {name: design.expected[0, terms.index(name)] for name in ("SEA", "SKA", "SRE")}
    shares = {
        name: share
        for name, share in alleles("DRB1", ("DRB1",), ("B", "DRB1", "DPB1")).items()
        if name.startswith("13:")
    }
    by_hand = dict.fromkeys(found, 0.0)
    for name, share in shares.items():
        allele = HLAAllele.parse(f"DRB1*{name}")
        letters = [PANEL.residues.residue(allele, at) for at in (11, 71, 74)]
        if None not in letters and (word := "".join(map(str, letters))) in by_hand:
            by_hand[word] += share / sum(shares.values())
    assert found == pytest.approx(by_hand, abs=1e-3)
    assert sum(found.values()) > 0.9


def copies_by_tag(tag: Tag, copies: float) -> list[float]:
    """P(0, 1, 2 copies of the allele), from r2 by the definition of linkage disequilibrium."""
    p = PANEL.frequency(HLAAllele.parse("DRB1*15:01"), "EUR")
    q, r2 = tag.frequency["EUR"], tag.r2["EUR"]
    d = (r2 * p * (1 - p) * q * (1 - q)) ** 0.5
    with_, without = (p * q + d) / q, (p * (1 - q) - d) / (1 - q)
    draws = {0: (without, without), 1: (with_, without), 2: (with_, with_)}[int(copies)]
    a, b = draws
    return [(1 - a) * (1 - b), a * (1 - b) + b * (1 - a), a * b]


def tagged_vcf(make_vcf: Make) -> tuple[Path, Tag]:
    tags = PANEL.tags_of(HLAAllele.parse("DRB1*15:01"), "EUR")
    tag = next(t for t in tags if t.variant.name == "rs3135388")
    v = tag.variant
    row = (
        "6",
        v.position_grch38,
        v.name,
        v.other_allele,
        v.effect_allele,
        "GT",
        ["0/0", "0/1", "1/1"],
    )
    return make_vcf(["a", "b", "c"], [row]), tag


def test_a_tag_speaks_as_surely_as_its_r2(make_vcf: Make) -> None:
    path, tag = tagged_vcf(make_vcf)
    cohort = rs.read_cohort(path, [MS])
    measured = Measurements(cohort, REFERENCE, range(3))
    found = tag_chances(cohort.hla.tags[tag.allele], PANEL, "EUR", measured.span)
    for person in range(3):
        assert found[person] == pytest.approx(copies_by_tag(tag, person))
    design = measured.design()
    place = [t.id for t in MS.terms].index("HLA-DRB1*15:01")
    assert design.expected[:, place] == pytest.approx(found @ [0, 1, 2])
    assert (design.missing[:, place] == 0).all()
    flags = rs.score(cohort).of("ms").flags
    assert all("tag=DRB1*15:01:rs3135388(AMR+EUR)" in text for text in flags)


def test_an_unknown_population_is_flagged(make_vcf: Make) -> None:
    path, _ = tagged_vcf(make_vcf)
    cohort = rs.read_cohort(path, [MS], population="unknown")
    assert (cohort.population, cohort.question.population_known) == ("EUR", False)
    for text in rs.score(cohort).of("ms").flags:
        assert "population=unknown(EUR taken)" in text
        assert "tag=DRB1*15:01:rs3135388(holds in AMR+EUR, population unknown)" in text


def weak_panel(monkeypatch: pytest.MonkeyPatch, r2: float) -> None:
    """The panel as it would be if the tag held less well in Europeans."""
    tags = tuple(replace(t, r2={**t.r2, "EUR": r2}) for t in PANEL.tags)
    weak = ReferencePanel(
        PANEL.alleles, PANEL.drdq, PANEL.residues, tags, PANEL.groups, PANEL.haplotypes
    )
    monkeypatch.setattr("riskscore.samples.read.reference_panel", lambda: weak)


def test_a_weak_tag_is_refused_unless_the_user_insists(
    make_vcf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, tag = tagged_vcf(make_vcf)
    weak_panel(monkeypatch, 0.5)
    rows = [
        (v.chromosome, v.position_grch38, v.name, v.other_allele, v.effect_allele, "GT", ["0/1"])
        for v in (tag.variant, next(iter(MS.variants)))
    ]
    rows.sort(key=lambda row: (int(row[0]), row[1]))
    header = [f"##contig=<ID={name}>" for name in dict.fromkeys(row[0] for row in rows)]
    path = make_vcf(["a"], rows, header=header, name="weak.vcf.gz")
    refused = rs.read_cohort(path, [MS], build="GRCh38")
    assert tag.allele in refused.hla.invalid_tags
    assert "tag_not_valid" in rs.score(refused).of("ms").flags[0]
    insisted = rs.read_cohort(path, [MS], build="GRCh38", weak_tags=True)
    assert insisted.hla.tags[tag.allele].weak
    assert "weak, r2 0.50" in rs.score(insisted).of("ms").flags[0]


def records(cells: dict[str, list[str]]) -> list[tuple[Any, ...]]:
    return [
        ("6", 32546551 + i, f"HLA_DRB1*{name}", "A", "T", "GT", row)
        for i, (name, row) in enumerate(cells.items())
    ]


def test_no_score_from_a_gene_whose_sum_fails(make_vcf: Make) -> None:
    """Three alleles at DRB1: the term is missing and takes the population's mean."""
    good = {"15:01": ["0/1", "0/1"], "03:01": ["0/1", "0/1"], "04:01": ["0/0", "0/1"]}
    table = rs.score(rs.read_cohort(make_vcf(["a", "b"], records(good)), [MS])).of("ms")
    assert "no_call" in table.flags[1]
    assert "no_call" not in table.flags[0]
    place = [t.id for t in MS.terms].index("HLA-DRB1*15:01")
    cohort = rs.read_cohort(make_vcf(["a", "b"], records(good), name="two.vcf.gz"), [MS])
    design = Measurements(cohort, table.reference, range(2)).design()
    assert np.isnan(design.values[1, place])
    assert design.expected[1, place] == pytest.approx(table.reference.mean[place])


ALLELES = sorted(frequencies("DRB1"))
pairs = st.tuples(st.sampled_from(ALLELES), st.sampled_from(ALLELES))


def total(cohort: Cohort) -> float:
    """The sum of the MS model's terms, in a person of the European reference."""
    design = Measurements(cohort, REFERENCE, range(1)).design()
    return float((design.expected @ REFERENCE.weights)[0])


@settings(max_examples=40)
@given(pairs)
def test_the_two_chromosomes_are_alike(pair: tuple[str, str]) -> None:
    turned = (pair[1], pair[0])
    assert total(typed(DRB1=pair)) == pytest.approx(total(typed(DRB1=turned)), abs=1e-12)


@settings(max_examples=40)
@given(pairs, st.sampled_from([":01:01", ":01", ":02:03"]))
def test_names_finer_than_the_model_score_the_same(pair: tuple[str, str], more: str) -> None:
    """Reduction to two fields and scoring commute: no term of the model asks for more."""
    finer = typed(DRB1=(pair[0] + more, pair[1] + more))
    assert total(finer) == pytest.approx(total(typed(DRB1=pair)), abs=1e-12)


def test_calls_without_rows_for_a_sample_are_no_calls() -> None:
    empty = np.empty(0, dtype=np.int64)
    calls = GeneCalls("DRB1", (), empty, empty, empty, np.empty(0))
    assert calls.best(0) is None
    assert calls.pairs(0) == []
    assert calls.phase(0) is None
