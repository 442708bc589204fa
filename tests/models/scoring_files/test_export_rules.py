"""What a scoring file of a model holds and leaves out: each rule on a model made for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from riskscore.errors import ModelExportError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.sex import Sex
from riskscore.genetics.variant import Variant
from riskscore.models.catalog import load_model
from riskscore.models.folders.folder import read_folder
from riskscore.models.model import (
    BaselineRisk,
    Card,
    Citation,
    Exposure,
    HaplotypeScheme,
    Marker,
    NamedHaplotype,
    RiskModel,
)
from riskscore.models.scoring_files.export import export_pgs
from riskscore.models.scoring_files.term_rows import as_text, rows_of, weight_cells
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    NO_COPY,
    RECESSIVE,
    AminoAcidFactor,
    Coding,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    Status,
    Term,
    VariantFactor,
)

DISEASE = {"name": "a disease", "mondo": "MONDO:0000001", "efo": "EFO_1"}


def snp(
    name: str = "rs1", in_38: int | None = 100, in_37: int | None = 90, base: str = ""
) -> Variant:
    return Variant(name, "1", in_38, in_37, "A", "G", base)


def term(*factors: Factor, **given: object) -> Term:
    told = {"id": "t", "weight": 0.5, "component": "C", "source": "a paper", "status": Status.FOUND}
    return Term(factors=factors, **(told | given))  # type: ignore[arg-type]


def model(*terms: Term, disease: Mapping[str, str] = DISEASE, **given: object) -> RiskModel:
    citations = (Citation("a", "A = B  (2020)"), Citation("b", "C"))
    card = Card(disease, "an outcome", "EUR", "", (), (), (), citations)
    return RiskModel("m", "m", "1.2.3", "e", terms, card, **given)  # type: ignore[arg-type]


def allele(name: str, coding: Coding = ADDITIVE) -> HLAAlleleFactor:
    one = HLAAllele.parse(name)
    return HLAAlleleFactor(one.gene, (one,), coding)


def written(one: RiskModel) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The header's keys, and the rows of the file."""
    lines = export_pgs(one, lossy=True).text.splitlines()
    keys = dict(line[1:].split("=") for line in lines if "=" in line and line[1] != "#")
    table = [line.split("\t") for line in lines if line[0] != "#"]
    return keys, [dict(zip(table[0], cells, strict=True)) for cells in table[1:]]


# Builds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "build", "positions", "harmonised"),
    [
        ([(100, 90), (200, 190)], "GRCh38", ["100", "200"], ["90", "190"]),
        ([(100, None), (200, 190)], "GRCh38", ["100", "200"], None),
        ([(None, 90), (200, 190)], "GRCh37", ["90", "190"], None),
    ],
)
def test_the_build_is_one_that_all_variants_have(
    places: Sequence[tuple[int | None, int | None]], build: str, positions: list[str],
    harmonised: list[str] | None,
) -> None:  # fmt: skip
    """GRCh38 if it can be; with both, GRCh37 stands in the harmonised columns."""
    terms = [
        term(VariantFactor(snp(f"rs{i}", *place)), id=str(i)) for i, place in enumerate(places)
    ]
    keys, rows = written(model(*terms))
    assert keys["genome_build"] == build
    assert [row["chr_position"] for row in rows] == positions
    assert keys.get("HmPOS_build", "") == ("GRCh37" if harmonised else "")
    if harmonised:
        assert [row["hm_pos"] for row in rows] == harmonised
        assert [(r["hm_rsID"], r["hm_chr"], r["hm_source"]) for r in rows] == [
            ("rs0", "1", "Author-reported"), ("rs1", "1", "Author-reported"),
        ]  # fmt: skip
    else:
        assert "hm_pos" not in rows[0]


def test_the_header() -> None:
    keys, _ = written(model(term(VariantFactor(snp()))))
    assert keys == {
        "format_version": "2.0", "pgs_id": "m", "pgs_name": "m 1.2.3 (e)",
        "trait_reported": "an outcome", "trait_mapped": "a disease", "trait_efo": "MONDO_0000001",
        "genome_build": "GRCh38", "variants_number": "1", "weight_type": "beta",
        "citation": "A : B (2020); C", "HmPOS_build": "GRCh37",
    }  # fmt: skip
    disease = {"name": "x", "mondo": "", "efo": "EFO_1"}
    assert written(model(term(VariantFactor(snp())), disease=disease))[0]["trait_efo"] == "EFO_1"


# What is lost ---------------------------------------------------------------------------------

SMOKING = Exposure("smoking", "Smoking")
SCHEME = HaplotypeScheme((NamedHaplotype("a", {}, snp("tag"), 1, {}),))
UNTAGGED = HaplotypeScheme((NamedHaplotype("a", {}, None, 1, {}),))


@pytest.mark.parametrize(
    ("one", "losses"),
    [
        (model(term(VariantFactor(snp()))), []),
        (model(term(VariantFactor(snp(), RECESSIVE))), []),
        (model(term(allele("B*27:05"), allele("A*02:01"))), []),
        (model(term(VariantFactor(snp(), NO_COPY))), []),  # by dosage weights
        (model(term(allele("B*27:05"), allele("A*02:01", DOMINANT))),
         ["interactions that do not multiply copies (t)"]),
        (model(term(VariantFactor(snp()), fallback_for="DRB1")),
         ["stand-ins where HLA is not typed (t)"]),
        (model(term(allele("B*27:05"), allele("A*02:01", DOMINANT), fallback_for="DRB1")),
         ["stand-ins where HLA is not typed (t)"]),
        (model(exposures=(SMOKING, SMOKING)), ["2 exposures"]),
        (model(term(allele("B*27:05"), ExposureFactor("smoking"))), ["1 gene-environment terms"]),
        (model(term(ExposureFactor("smoking"))), []),
        (model(markers=(Marker("rs1", "B", (), "A", "", Status.FOUND),)),
         ["1 SNPs that mark HLA alleles"]),
        (model(scheme=SCHEME), ["the ranking of haplotypes and the tag SNPs that call them"]),
        (model(scheme=UNTAGGED), []),
        (model(term(VariantFactor(Variant("rs1", "1", 1, 1, "A", "T", "A")))),
         ["the reference base, which proves the strand of 1 palindromes"]),
        (model(term(VariantFactor(Variant("rs1", "1", 1, 1, "A", "T")))), []),
        (model(term(VariantFactor(snp(base="A")))), []),
    ],
)  # fmt: skip
def test_what_is_lost(one: RiskModel, losses: list[str]) -> None:
    assert export_pgs(one, lossy=True).losses == tuple(losses)
    if losses:
        with pytest.raises(ModelExportError, match="cannot say all of m: ") as error:
            export_pgs(one)
        assert losses[0] in error.value.what
    else:
        assert export_pgs(one).losses == ()


def test_what_is_not_kept_is_noted() -> None:
    found = export_pgs(model(term(VariantFactor(snp())))).notes
    assert [note.partition(" ")[0] for note in found] == ["each"]
    risk = BaselineRisk(Sex.MALE, 0.1, "", Status.FOUND)
    found = export_pgs(
        model(term(VariantFactor(snp()), standard_error=0.0), baseline=(risk,))
    ).notes
    assert [note.partition(" ")[0] for note in found] == ["each", "the", "standard"]


def test_a_genome_wide_score_is_a_scoring_file_already(
    tmp_path: Path, scoring_file: Callable[..., Path]
) -> None:
    columns = "rsID chr_name chr_position effect_allele other_allele effect_weight"
    path = scoring_file(columns, [f"rs{i} 1 {i} A G -0.5" for i in range(1, 2101)])
    with pytest.raises(ModelExportError, match="PGS999001 is a scoring file already"):
        export_pgs(load_model(path, force=True))


# Rows -----------------------------------------------------------------------------------------


def test_rows_of_every_kind(made_folder: Callable[..., Path]) -> None:
    """Written by hand from the description of the format: genetic terms alone have rows."""
    keys, rows = written(read_folder(made_folder()))
    assert keys["variants_number"] == "6"
    columns = "rsID effect_allele locus_name effect_weight dosage_1_weight variant_type".split()
    columns += ["is_haplotype", "is_diplotype", "allelefrequency_effect_EUR"]
    dr3, dr4 = "HLA-DRB1*03:01;HLA-DQB1*02:01", "HLA-DRB1*04:01;HLA-DQB1*03:02"
    assert [[row[c] for c in columns] for row in rows] == [
        ["rs1", "A", "", "0.25", "", "", "", "", "0.5"],
        ["rs2", "C", "", "", "-0.5", "", "", "", "0.25"],
        [".", "HLA-B*27:05", "HLA-B", "1.5", "", "HLA_allele", "", "", ""],
        [".", dr3, "DR3", "1.0", "", "HLA_allele", "True", "", "0.2"],
        [".", dr4, "DR4", "2.0", "", "HLA_allele", "True", "", ""],
        [".", "DR3+DR4", "DR3+DR4", "1.0", "", "HLA_allele", "", "True", ""],  # 4 less 1 and 2
    ]
    assert [row["variant_description"] for row in rows[:4]] == [
        "source: Paper_1", "source: Paper_2", "source: Paper_2", "source: Paper_1",
    ]  # fmt: skip


def test_what_cannot_be_said_has_no_row() -> None:
    kept, lost = term(VariantFactor(snp())), term(VariantFactor(snp("rs2")), fallback_for="DRB1")
    product = term(allele("B*27:05"), allele("A*02:01", DOMINANT))
    assert [row["rsID"] for row in written(model(kept, lost, product))[1]] == ["rs1"]


def test_a_pair_adds_what_it_weighs_above_the_rows_of_its_haplotypes() -> None:
    """Of haplotypes that have no row nothing is taken off."""
    pairs = [term(DiplotypeFactor(names), weight=4.0) for names in (("a", "a"), ("a", "b"))]
    rows = written(model(term(HaplotypeFactor("a"), weight=1.5), *pairs, scheme=UNTAGGED))[1]
    assert [row["effect_weight"] for row in rows] == ["1.5", "1.0", "2.5"]


def test_descriptions_have_the_label_unless_it_is_the_locus() -> None:
    labelled = [term(allele("B*27:05"), id=str(i), label=label)
                for i, label in enumerate(["HLA-B", "B27", ""])]  # fmt: skip
    _, rows = written(model(*labelled))
    assert [row["variant_description"] for row in rows] == [
        "source: a paper", "B27; source: a paper", "source: a paper",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("coding", "cells"),
    [
        (ADDITIVE, {"effect_weight": "0.5"}),
        (DOMINANT, {"effect_weight": "0.5", "is_dominant": "True"}),
        (RECESSIVE, {"effect_weight": "0.5", "is_recessive": "True"}),
        (NO_COPY, {"dosage_0_weight": "0.5", "dosage_1_weight": "0.0", "dosage_2_weight": "0.0"}),
    ],
)
def test_a_weight_by_its_coding(coding: Coding, cells: dict[str, str]) -> None:
    assert weight_cells(0.5, coding) == cells


def row(*factors: Factor, scheme: HaplotypeScheme | None = None, **given: object) -> dict[str, str]:
    [(_, cells)] = rows_of(model(term(*factors, **given), scheme=scheme))
    return cells


def test_rows_of_weights_tsv() -> None:
    told = {"component": "C", "source": "a paper", "status": "found"}
    assert row(VariantFactor(snp(base="G"), ADDITIVE, {"EUR": 0.25, "file": 0.5})) == {
        "rsID": "rs1", "chr_name": "1", "chr_position": "100", "position_grch37": "90",
        "effect_allele": "A", "other_allele": "G", "reference_allele": "G",
        "allelefrequency_effect_EUR": "0.25", "allelefrequency_effect": "0.5",
        "effect_weight": "0.5", **told,
    }  # fmt: skip
    unnamed = row(VariantFactor(snp("1:100:G:A", 100, None)), standard_error=0.125, label="L")
    assert (unnamed["rsID"], unnamed["standard_error"]) == (".", "0.125")
    assert unnamed["variant_description"] == "L"
    assert "position_grch37" not in unnamed
    assert "chr_position" not in row(VariantFactor(snp(in_38=None)))
    assert row(allele("B*27:05"), fallback_for="B")["fallback_for"] == "HLA-B"
    one = row(AminoAcidFactor("B", ((9, "D"),)))
    assert (one["locus_name"], one["variant_type"]) == ("HLA-B", "HLA_AA")
    assert "is_haplotype" not in one
    several = row(AminoAcidFactor("B", ((9, "D"), (67, "S"))))
    assert several["effect_allele"] == "HLA-B:9D;HLA-B:67S"
    assert several["locus_name"] == "t"  # the name that the model gives it, such as VKA of RA
    assert several["is_haplotype"] == "True"
    pair = row(DiplotypeFactor(("a", "b")))
    assert (pair["effect_allele"], pair["is_diplotype"]) == ("a+b", "True")
    assert rows_of(model(term(ExposureFactor("smoking")))) == []


def test_rows_that_join() -> None:
    pair = Variant.haplotype([snp("rs1", 100, None), snp("rs2", 200, None)])
    joined = row(VariantFactor(pair, ADDITIVE, {"EUR": 0.5}))
    assert (joined["rsID"], joined["chr_name"], joined["chr_position"]) == (
        "rs1;rs2",
        "1",
        "100;200",
    )
    assert (joined["effect_allele"], joined["is_haplotype"]) == ("A;A", "True")
    assert joined["allelefrequency_effect_EUR"] == "0.5"
    assert "position_grch37" not in joined
    product = row(VariantFactor(snp()), allele("B*27:05", RECESSIVE))
    assert product["rsID"] == "rs1_x_"
    assert (product["chr_name"], product["chr_position"]) == ("1_x_6", "100_x_")
    assert product["effect_allele"] == "A_x_HLA-B*27:05"
    assert product["interaction_coding"] == "additive_x_recessive"
    assert product["is_interaction"] == "True"
    alleles = row(allele("B*27:05"), allele("A*02:01"))
    assert (alleles["chr_name"], alleles["variant_type"]) == ("6_x_6", "HLA_allele_x_HLA_allele")
    assert "rsID" not in alleles


def test_a_haplotype_has_its_alleles_and_frequency() -> None:
    genes = {"DRB1": (HLAAllele.parse("DRB1*04:01"), HLAAllele.parse("DRB1*04:02")),
             "DQB1": (HLAAllele.parse("DQB1*03:02"),)}  # fmt: skip
    other = NamedHaplotype("b", {}, None, 2, {})
    scheme = HaplotypeScheme((other, NamedHaplotype("a", genes, None, 1, {"EUR": 0.25})))
    cells = row(HaplotypeFactor("a"), scheme=scheme)
    assert cells["effect_allele"] == "HLA-DRB1*04:01/HLA-DRB1*04:02;HLA-DQB1*03:02"
    assert (cells["locus_name"], cells["allelefrequency_effect_EUR"]) == ("a", "0.25")


def test_a_table_has_the_columns_that_are_filled_and_those_of_every_file() -> None:
    rows = [{"locus_name": "a  b\tc"}, {"rsID": "rs1", "component": "C"}]
    order = ["rsID", "chr_name", "locus_name", "component", "status", "effect_weight"]
    text = as_text({"": {"a": "1"}, "B": {"c": "2"}}, rows, order)
    assert text.splitlines()[1:] == [
        "#a=1", "##B", "#c=2", "rsID\tchr_name\tlocus_name\tcomponent\teffect_weight",
        ".\t\ta b c\t\t", "rs1\t\t\tC\t",
    ]  # fmt: skip
    assert text.endswith("\n")
