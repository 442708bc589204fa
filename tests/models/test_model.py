"""What a model says of itself: its variants, genes and frequencies, and whom its risks concern."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import BuildMismatchError, PopulationError, UsageError
from riskscore.genetics.build import Build
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.sex import Sex
from riskscore.genetics.variant import Variant
from riskscore.models.folders.folder import read_folder
from riskscore.models.model import BaselineRisk, Card, Marker, RiskModel
from riskscore.models.plain import PlainVariants
from riskscore.models.terms import (
    ADDITIVE,
    CODINGS,
    COPIES,
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Part,
    Status,
    Term,
    VariantFactor,
    counted_alone,
    factors_of,
)

MadeFolder = Callable[..., Path]
CARD = Card({"name": "x"}, "", "Mostly EUR, some EAS; no SASS or eur", "", (), (), (), ())


def made(*factors: Factor, **given: object) -> RiskModel:
    terms = tuple(
        Term(f"t{i}", (factor,), 0.5, "", "", Status.FOUND) for i, factor in enumerate(factors)
    )
    return RiskModel("m", "m", "1.0.0", "e", terms, CARD, **given)  # type: ignore[arg-type]


def snp(name: str, in_38: int | None = 1, in_37: int | None = 1) -> Variant:
    return Variant(name, "1", in_38, in_37, "A", "G")


def counted(name: str, **frequency: float) -> VariantFactor:
    return VariantFactor(snp(name), ADDITIVE, frequency)


def plain(in_38: Sequence[int], in_37: Sequence[int]) -> PlainVariants:
    words = np.array(["A"] * len(in_38), dtype=object)
    return PlainVariants(
        words, words, np.array(in_38, np.int32), np.array(in_37, np.int32), words, words,
        np.ones(len(in_38)), np.zeros(len(in_38), np.uint8), {}, np.arange(len(in_38)), "x",
    )  # fmt: skip


# What it reads --------------------------------------------------------------------------------


def test_variants_are_snps_then_tags_each_once(made_folder: MadeFolder) -> None:
    model = read_folder(made_folder())
    assert [variant.name for variant in model.variants] == ["rs1", "rs2", "rs7"]
    assert model.snp_haplotypes == ()
    assert model.genes == ("A", "B", "DQB1", "DRB1")
    pair = Variant.haplotype([snp("rs3"), snp("rs1")])
    both = made(VariantFactor(snp("rs1")), VariantFactor(pair), VariantFactor(pair))
    assert [variant.name for variant in both.variants] == ["rs1", "rs3"]  # its SNPs, not itself
    assert both.snp_haplotypes == (pair,)
    assert len(both.factors) == 3


def test_genes_are_those_of_alleles_residues_haplotypes_and_markers(
    made_folder: MadeFolder,
) -> None:
    allele = HLAAllele.parse("C*06:02")
    assert made(HLAAlleleFactor("C", (allele,)), AminoAcidFactor("B", ((9, "D"),))).genes == (
        "B",
        "C",
    )
    marker = Marker("rs1", "DPB1", (), "A", "", Status.FOUND)
    assert made(counted("rs1"), markers=(marker,)).genes == ("DPB1",)
    assert made(counted("rs1")).genes == ()
    scheme = read_folder(made_folder()).scheme
    assert made(HaplotypeFactor("DR3"), scheme=scheme).genes == ("DQB1", "DRB1")


def test_how_it_shows_itself() -> None:
    model = made(*(counted(f"rs{i}") for i in range(1200)))
    assert repr(model) == "RiskModel('m', version 1.0.0, e: 1,200 terms)"
    model = made(counted("rs1"), plain=plain([1] * 2500, [0] * 2500))
    assert repr(model) == "RiskModel('m', version 1.0.0, e: 1 terms and 2,500 plain variants)"


def test_the_ancestries_that_the_card_names() -> None:
    assert made().ancestries == {"EUR", "EAS"}
    assert replace(made(), card=replace(CARD, ancestry="not stated")).ancestries == frozenset()


# Frequencies ----------------------------------------------------------------------------------

KNOWN = made(
    counted("both", EUR=0.5, AFR=0.1), counted("one", EUR=0.2), counted("other", AFR=0.4),
    counted("marks", EUR=0.3), stand_in_population="EUR",
    markers=(Marker("marks", "B", (), "A", "", Status.FOUND),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("population", "frequencies", "stand_ins"),
    [
        ("EUR", (0.5, 0.2, None, 0.3), ""), ("AFR", (0.1, 0.2, 0.4, 0.3), "one"),
        ("EAS", (0.5, 0.2, None, 0.3), "both one"), ("EUR=1", (0.5, 0.2, None, 0.3), ""),
        ("EUR=0.5,AFR=0.5", (0.3, 0.2, None, 0.3), "one"),
        ("AFR=0.5,EAS=0.5", (0.3, 0.2, None, 0.3), "both one"),
    ],
)  # fmt: skip
def test_a_frequency_is_the_populations_or_the_stand_ins(
    population: str, frequencies: Sequence[float | None], stand_ins: str
) -> None:
    names = ("both", "one", "other", "marks")
    for name, frequency in zip(names, frequencies, strict=True):
        found = KNOWN.frequency_in(snp(name), population)
        assert found == (None if frequency is None else pytest.approx(frequency))
    assert [variant.name for variant in KNOWN.stand_ins(population)] == stand_ins.split()


def test_how_many_stand_in_is_said() -> None:
    assert KNOWN.about_stand_ins("EUR") == ""
    assert KNOWN.about_stand_ins("EAS").startswith(
        "2 of 4 SNPs of m take frequencies of EUR, since"
    )
    nobody = replace(KNOWN, stand_in_population="")
    assert nobody.stand_ins("EAS") == ()
    assert nobody.frequency_in(snp("one"), "AFR") is None
    assert KNOWN.marker(snp("marks")) is KNOWN.markers[0]
    assert KNOWN.marker(snp("one")) is None


def test_populations_that_may_be_asked_for() -> None:
    model = made(reference_populations=("EUR", "AFR"))
    for population in ("EUR", "AFR", "EUR=0.5,AFR=0.5", "AFR=1"):
        assert model.require_population(population) == population
    for population in ("EAS", "EUR=0.5,EAS=0.5"):
        with pytest.raises(PopulationError, match="choose --population from: EUR, AFR"):
            model.require_population(population)
    assert made(reference_populations=()).require_population("EAS") == "EAS"  # it has none at all


# Builds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "in_38", "in_37"),
    [
        (made(VariantFactor(snp("a", 1, None))), True, False),
        (made(VariantFactor(snp("a", None, 1))), False, True),
        (made(VariantFactor(snp("a", 1, None)), VariantFactor(snp("b", None, 1))), True, True),
        (made(), True, True),  # of HLA types alone: any build will do
        (made(plain=plain([0, 5], [0, 0])), True, False),
        (made(plain=plain([0, 0], [5, 0])), False, True),
        (made(VariantFactor(snp("a", 1, None)), plain=plain([0], [5])), True, True),
    ],
)
def test_in_which_build_a_file_may_be(model: RiskModel, in_38: bool, in_37: bool) -> None:
    for build, good in ((Build.GRCh38, in_38), (Build.GRCh37, in_37)):
        if good:
            model.require_build(build)
        else:
            with pytest.raises(BuildMismatchError, match=f"m has no position in {build}"):
                model.require_build(build)


def test_positions_of_plain_variants() -> None:
    some = plain([0, 5], [7, 0])
    assert (some.positions(Build.GRCh38).tolist(), some.positions(Build.GRCh37).tolist()) == (
        [0, 5], [7, 0],
    )  # fmt: skip
    assert [plain(a, b).placed for a, b in (([0], [0]), ([1], [0]), ([0], [1]))] == [
        False, True, True,
    ]  # fmt: skip
    assert len(some) == 2


# Whom a risk and a term concern ---------------------------------------------------------------

F, M = Sex.FEMALE, Sex.MALE


def risk(sex: Sex, value: float, population: str = "", horizon: str = "") -> BaselineRisk:
    return BaselineRisk(sex, value, "", Status.FOUND, None, population, horizon)


RISKS = made(
    horizon="lifetime",
    baseline=(
        risk(F, 0.1), risk(M, 0.2), risk(F, 0.3, "AFR"), risk(M, 0.4, "AFR"),
        risk(F, 0.5, "EAS"), risk(F, 0.6, "", "by 20"), risk(M, 0.7, "AFR", "by 20"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("sex", "population", "horizon", "values"),
    [
        (F, "EUR", None, [0.1]), (M, "EUR", None, [0.2]), (None, "EUR", None, [0.1, 0.2]),
        (F, "AFR", None, [0.3]), (None, "AFR", None, [0.3, 0.4]), (F, "EAS", None, [0.5]),
        (M, "EAS", None, [0.2]),  # of the population none of the sex
        (F, "EUR", "lifetime", [0.1]), (F, "EUR", "by 20", [0.6]), (M, "AFR", "by 20", [0.7]),
        (M, "EUR", "by 20", []), (F, "AFR", "by 20", [0.6]), (F, "EUR", "", [0.1]),
    ],
)  # fmt: skip
def test_the_risk_of_the_average_person(
    sex: Sex | None, population: str, horizon: str | None, values: list[float]
) -> None:
    if horizon == "":
        with pytest.raises(UsageError, match="m has no horizon ''"):
            RISKS.baseline_risks(sex, population, horizon)
        return
    found = RISKS.baseline_risks(sex, population, horizon)
    assert [one.value for one in found] == values


def test_horizons() -> None:
    assert RISKS.horizons == ("lifetime", "by 20")
    with pytest.raises(UsageError, match="choose from: lifetime, by 20"):
        RISKS.baseline_risks(F, "EUR", "by 30")
    with pytest.raises(UsageError, match="leave it out"):
        made().baseline_risks(F, "EUR", "lifetime")


def test_terms_of_one_sex_need_a_known_sex(made_folder: MadeFolder) -> None:
    """Births are of women; a term of no exposure, or of smoking, is of all."""
    model = read_folder(made_folder())
    concerned: Mapping[str, Sequence[bool]] = {
        term.id: [model.applies(term, sex) for sex in (F, M, None)] for term in model.terms
    }
    assert concerned["only"] == [True, False, False]
    assert all(concerned[name] == [True] * 3 for name in concerned if name != "only")
    assert model.exposure("packs").unit == "packs"


# Terms ----------------------------------------------------------------------------------------


def test_codings_are_the_numbers_of_0_1_and_2_copies() -> None:
    assert {name: coding.values for name, coding in CODINGS.items()} == {
        "additive": (0, 1, 2), "dominant": (0, 1, 1), "recessive": (0, 0, 1),
        "absent": (1, 0, 0), "one copy": (0, 1, 0),
    }  # fmt: skip
    for copies, coding in enumerate(COPIES):  # exactly so many
        assert coding.values == tuple(float(k == copies) for k in range(3))


GENE, SMOKING = (
    HLAAlleleFactor("B", (HLAAllele.parse("B*27:05"),)),
    ExposureFactor("smoking", "now"),
)


@pytest.mark.parametrize(
    ("factors", "part"),
    [((GENE,), Part.GENETIC), ((GENE, counted("rs1")), Part.GENETIC), ((SMOKING,), Part.EXPOSURE),
     ((SMOKING, SMOKING), Part.EXPOSURE), ((SMOKING, GENE), Part.INTERACTION),
     ((GENE, SMOKING, GENE), Part.INTERACTION)],
)  # fmt: skip
def test_the_part_of_a_term(factors: tuple[Factor, ...], part: Part) -> None:
    assert Term("t", factors, 1, "", "", Status.FOUND).part is part


@pytest.mark.parametrize(
    ("factor", "words", "reads"),
    [
        (counted("rs1"), "rs1", "variant rs1:A"),
        (GENE, "HLA-B*27:05", "gene B"),
        (replace(GENE, name="B27"), "B27", "gene B"),
        (AminoAcidFactor("B", ((9, "D"), (67, "SY"))), "HLA-B:9D;HLA-B:67SY", "gene B"),
        (HaplotypeFactor("DR3"), "DR3", "haplotypes"),
        (DiplotypeFactor(("DR3", "DR4")), "DR3+DR4", "haplotypes"),
        (SMOKING, "smoking=now", "exposure smoking"),
        (ExposureFactor("packs"), "packs", "exposure packs"),
    ],
)
def test_what_a_factor_is_called(factor: Factor, words: str, reads: str) -> None:
    assert (str(factor), factor.reads) == (words, reads)


def test_factors_of_a_class_and_terms_of_one_factor() -> None:
    def term(*factors: Factor) -> Term:
        return Term("t", factors, 1, "", "", Status.FOUND)

    first, second = counted("rs1"), counted("rs2")
    terms = [term(first), term(GENE, second), term(SMOKING), term(first, first)]
    assert factors_of(terms, VariantFactor) == (first, second, first, first)
    assert list(counted_alone(terms, VariantFactor)) == [(terms[0], first)]
    assert list(counted_alone(terms, HLAAlleleFactor)) == []


def test_every_shipped_model_names_its_ancestry_by_a_superpopulation() -> None:
    assert all(rs.load_model(name).ancestries for name in rs.list_models())
