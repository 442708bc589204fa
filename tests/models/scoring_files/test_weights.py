"""Rows as terms: what each is called and counts, in a model folder and in a file of the catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from riskscore.errors import ModelFormatError
from riskscore.genetics.build import Build
from riskscore.models.scoring_files.origin import Origin
from riskscore.models.scoring_files.rows import Row
from riskscore.models.scoring_files.variants import read_snp_haplotype, read_variant
from riskscore.models.scoring_files.weights import Weights, read_terms
from riskscore.models.terms import Status

FOLDER = Origin(True, Build.GRCh38)
CATALOG = Origin(False, Build.GRCh38, source="PGS1", status=Status.DERIVED)
SNP = {"rsID": "rs1", "chr_name": "1", "chr_position": "100", "effect_allele": "A",
       "other_allele": "G", "effect_weight": "0.5"}  # fmt: skip
ALLELE = {"chr_name": "6", "effect_allele": "HLA-B*27:05", "effect_weight": "0.5",
          "variant_type": "HLA_allele"}  # fmt: skip
TOLD = {"source": "a paper", "status": "found"}


def read(rows: Sequence[dict[str, str]], origin: Origin = CATALOG) -> Weights:
    told = TOLD if origin.strict else {}
    return read_terms((Row(told | row, "f.txt", k) for k, row in enumerate(rows, 8)), origin)


def refused(message: str, *rows: dict[str, str], origin: Origin = CATALOG) -> None:
    with pytest.raises(ModelFormatError, match=rf"{message}.*\(f.txt, line {len(rows) + 7}\)"):
        read(rows, origin)


@pytest.mark.parametrize(
    ("rows", "in_catalog", "in_folder"),
    [
        ([SNP], "rs1", "rs1"),
        ([SNP | {"is_dominant": "True"}], "rs1 (dominant)", "rs1 (dominant)"),
        ([SNP, SNP | {"effect_allele": "C"}], "rs1 rs1:C", "rs1 rs1:C"),
        ([SNP, SNP | {"is_recessive": "1"}], "rs1 rs1 (recessive)", "rs1 rs1 (recessive)"),
        ([ALLELE], "HLA-B*27:05", "HLA-B*27:05"),
        ([ALLELE | {"effect_allele": "B*27:05"}], "B*27:05", "B*27:05"),
        ([ALLELE | {"locus_name": "HLA-B"}], "HLA-B*27:05", "HLA-B*27:05"),
        ([ALLELE | {"locus_name": "B27"}], "HLA-B*27:05", "B27"),
        ([ALLELE | {"effect_allele": "HLA_B_2705"}], "HLA-B*27:05", "HLA_B_2705"),
        ([ALLELE | {"effect_allele": "HLA-B:9D", "variant_type": "HLA_AA"}], *["HLA-B:9D"] * 2),
    ],
)  # fmt: skip
def test_what_a_term_is_called(rows: list[dict[str, str]], in_catalog: str, in_folder: str) -> None:
    for origin, names in ((CATALOG, in_catalog), (FOLDER, in_folder)):
        found = [term.id.replace(" (", "(") for term in read(rows, origin).terms]
        assert found == names.replace(" (", "(").split(" ")


def test_what_else_a_term_has() -> None:
    own = {"component": "C", "source": "here", "status": "recalled", "standard_error": "0.25"}
    own |= {"variant_description": "words", "locus_name": "GENE", "fallback_for": "HLA-DRB1"}
    for origin in (CATALOG, FOLDER):
        [term] = read([SNP | own], origin).terms
        assert (term.component, term.source, term.status) == ("C", "here", Status.RECALLED)
        assert (term.standard_error, term.label, term.fallback_for) == (0.25, "words", "DRB1")
    snp, allele = read([SNP | {"locus_name": "GENE"}, ALLELE]).terms
    assert (snp.component, allele.component) == ("Non_HLA", "HLA")
    assert (snp.source, snp.status, snp.label) == ("PGS1, line 8", Status.DERIVED, "GENE")
    assert allele.source == "PGS1, line 9"
    assert (snp.standard_error, snp.fallback_for, allele.label) == (None, "", "")
    assert read([SNP], FOLDER).terms[0].component == "genetic"


@pytest.mark.parametrize("status", ["", "guessed"])
def test_a_status_is_one_of_three_words(status: str) -> None:
    refused("status is '", SNP | {"status": status}, origin=FOLDER)
    if status:
        refused("status is 'guessed'", SNP | {"status": status})
    else:
        assert read([SNP | {"status": status}]).terms
    refused("source is empty", SNP | {"source": ""}, origin=FOLDER)


APOE = {"chr_name": "19", "effect_allele": "e4", "effect_weight": "1"}


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (APOE | {"variant_type": "APOE_allele"}, "APOE e4 (rs429358)"),
        (APOE | {"locus_name": "apoe"}, "APOE e4 (rs429358)"),
        (APOE | {"rsID": "APOE_e4"}, "APOE e4 (rs429358)"),
        (SNP | {"locus_name": "APOE"}, "rs1"),  # a SNP of the gene
        (SNP | {"rsID": "APOE_rs1"}, "APOE_rs1"),
    ],
)
def test_apoe_alleles_and_snps_of_the_gene(row: dict[str, str], name: str) -> None:
    for origin in (CATALOG, FOLDER):
        [term] = read([row], origin).terms
        assert term.id == name


def test_an_apoe_genotype_is_a_product_and_e3_a_difference() -> None:
    rows = [
        APOE | {"variant_type": "APOE_allele", "effect_allele": text} for text in ("e2/e4", "e3")
    ]
    pair, one, other = read(rows).terms
    assert pair.id == "APOE e2/e4 (rs429358_x_rs7412)"
    assert (one.weight, other.weight) == (1, -1)


# Interactions ---------------------------------------------------------------------------------

BOTH = {"rsID": "rs1_x_rs2", "chr_name": "1_x_2", "chr_position": "100_x_200",
        "effect_allele": "A_x_C", "other_allele": "G_x_T", "effect_weight": "0.5",
        "is_interaction": "True"}  # fmt: skip


@pytest.mark.parametrize("origin", [CATALOG, FOLDER])
def test_parts_of_an_interaction_have_their_codings(origin: Origin) -> None:
    [term] = read([BOTH | {"interaction_coding": "dominant_x_absent"}], origin).terms
    assert term.id == "rs1_x_rs2"
    assert [factor.coding.name for factor in term.factors] == ["dominant", "absent"]
    assert [factor.variant.position_grch38 for factor in term.factors] == [100, 200]  # type: ignore[union-attr]
    for coding in ("dominant", "dominant_x_absent_x_additive", "dominant_x_twice"):
        message = "an interaction needs one coding a part"
        refused(message, BOTH | {"interaction_coding": coding}, origin=origin)


def test_an_interaction_without_codings_multiplies_copies() -> None:
    [term] = read([BOTH]).terms
    assert [factor.coding.name for factor in term.factors] == ["additive", "additive"]
    [unflagged] = read([BOTH | {"is_interaction": ""}]).terms
    assert unflagged.factors == term.factors
    refused("an interaction needs one coding a part", BOTH, origin=FOLDER)
    refused("joins its parts by _x_", SNP | {"is_interaction": "True"})
    refused("which part is meant", BOTH | {"is_dominant": "True"})
    itself = BOTH | {"rsID": "rs1_x_rs1", "chr_name": "1_x_1", "chr_position": "100_x_100",
                     "effect_allele": "A_x_A", "other_allele": "G_x_G"}  # fmt: skip
    refused("of a variant with itself", itself)
    one = {"interaction_coding": "dominant", "effect_allele": "A", "is_interaction": "1"}
    refused("an interaction needs one coding a part", SNP | one, origin=FOLDER)


# Haplotypes and pairs -------------------------------------------------------------------------

DR3 = ALLELE | {"effect_allele": "HLA-DRB1*03:01;HLA-DQB1*02:01", "is_haplotype": "True",
                "locus_name": "DR3", "effect_weight": "1"}  # fmt: skip
DR4 = DR3 | {"effect_allele": "HLA-DRB1*04:01;HLA-DQB1*03:02", "locus_name": "DR4",
             "effect_weight": "2"}  # fmt: skip
PAIR = ALLELE | {"effect_allele": "DR3+DR4", "is_diplotype": "True", "effect_weight": "0.25"}


def test_a_pair_takes_the_haplotypes_place_in_a_model() -> None:
    """In the catalog's format rows add up, in a folder the pair's weight stands alone."""
    assert [t.weight for t in read([DR3, DR4, PAIR]).terms] == [1, 2, 3.25]
    assert [t.weight for t in read([DR3, DR4, PAIR], FOLDER).terms] == [1, 2, 0.25]
    by_alleles = PAIR | {"effect_allele": f"{DR3['effect_allele']}/{DR4['effect_allele']}"}
    assert read([DR3, DR4, by_alleles]).terms[2].factors == read([DR3, DR4, PAIR]).terms[2].factors


def test_a_haplotype_is_of_alleles_by_its_type_or_its_names() -> None:
    """Without either it would be of SNPs."""
    plain = read([DR3]).haplotypes
    assert read([DR3 | {"variant_type": ""}]).haplotypes == plain
    assert read([DR3 | {"effect_allele": "HLA_DRB1_0301;HLA_DQB1_0201"}]).haplotypes == plain


def test_a_pair_of_haplotypes_that_have_no_row() -> None:
    alone = PAIR | {"effect_allele": f"{DR3['effect_allele']}+{DR4['effect_allele']}"}
    found = read([alone])
    names = (DR3["effect_allele"], DR4["effect_allele"])
    assert found.terms[0].factors[0].names == names  # type: ignore[union-attr]
    assert set(found.haplotypes) == set(names)
    assert set(found.haplotype_frequency) == set(names)
    refused("is not one of the haplotypes above", alone, origin=FOLDER)


@pytest.mark.parametrize("text", ["DR3", "DR3+DR4+DR3", "DR3+DR9", "DR9+DR3"])
def test_a_pair_is_of_two_haplotypes_above(text: str) -> None:
    refused("of the haplotypes above", DR3, DR4, PAIR | {"effect_allele": text})


def test_names_of_haplotypes() -> None:
    assert read([DR3 | {"locus_name": ""}]).terms[0].id == DR3["effect_allele"]
    refused("a haplotype needs a locus_name", DR3 | {"locus_name": ""}, origin=FOLDER)
    refused("stands for two different ones", DR3, DR4 | {"locus_name": "DR3"}, origin=FOLDER)
    refused("the term 'DR3' occurs twice", DR3, DR3, origin=FOLDER)
    shares = read([DR3 | {"allelefrequency_effect_EUR": "0.25"}, DR4]).haplotype_frequency
    assert shares == {"DR3": {"EUR": 0.25}, "DR4": {}}


@pytest.mark.parametrize("origin", [CATALOG, FOLDER])
@pytest.mark.parametrize(
    ("text", "codings"),
    [("HLA-B*27:05+HLA-B*27:05", ["recessive"]), ("HLA-B*27:05/HLA-B*07:02", ["one copy"] * 2)],
)
def test_pairs_of_alleles(origin: Origin, text: str, codings: list[str]) -> None:
    [term] = read([PAIR | {"effect_allele": text}], origin).terms
    assert [factor.coding.name for factor in term.factors] == codings


def test_pairs_of_alleles_of_two_genes_are_none() -> None:
    refused("of the haplotypes above", PAIR | {"effect_allele": "HLA-B*27:05+HLA-C*01:02"})


# Presence and absence, and what is not known ----------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "values"), [("P", (0, 1, 2)), ("T", (0, 1, 2)), ("A", (2, 1, 0))]
)
def test_an_allele_by_its_rsid(letter: str, values: tuple[float, ...]) -> None:
    row = ALLELE | {"rsID": "HLA_B*27:05", "effect_allele": letter, "variant_type": ""}
    [term] = read([row]).terms
    assert str(term.factors[0]) == "HLA-B*27:05"
    assert term.factors[0].coding.values == values
    if letter == "A":
        refused("copy by copy only", row | {"is_dominant": "True"})
    else:
        [term] = read([row | {"is_dominant": "True"}]).terms
        assert term.factors[0].coding.values == (0, 1, 1)


def test_a_weight_for_each_number_of_copies() -> None:
    by_dosage = SNP | {"effect_weight": "", "dosage_0_weight": "0.5", "dosage_1_weight": "0",
                       "dosage_2_weight": "-1"}  # fmt: skip
    [term] = read([by_dosage]).terms
    assert (term.id, term.weight, term.factors[0].coding.values) == (
        "rs1 (by dosage)", 1, (0.5, 0, -1),
    )  # fmt: skip
    for change in ({"dosage_1_weight": ""}, {"is_dominant": "1"}, {"is_recessive": "1"}):
        refused("all three dosage weights and no other flag", by_dosage | change)
    refused("variant_type 'CYP_allele' is not known", SNP | {"variant_type": "CYP_allele"})
    refused("effect_weight is empty", SNP | {"effect_weight": ""})
    refused("both dominant and recessive", SNP | {"is_dominant": "1", "is_recessive": "1"})


def test_a_variant_without_name_is_called_by_its_place() -> None:
    def named(**cells: str) -> str:
        return read_variant(Row(SNP | {"rsID": ""} | cells, "f", 1), CATALOG, Counter()).name

    assert named() == "1:100:G:A"
    assert named(other_allele="") == "1:100:?:A"
    assert named(chr_position="", position_grch37="90") == "1:90:G:A"
    assert named(chr_position="") == "1:0:G:A"
    refused("chr_position is '', not a position", SNP | {"chr_position": ""}, origin=FOLDER)
    refused("'A' and 'N' are not two sequences", SNP | {"other_allele": "N"}, origin=FOLDER)


def test_haplotypes_of_snps_are_of_two_places_on_one_chromosome() -> None:
    row = SNP | {"rsID": "a;b", "chr_position": "100;200", "effect_allele": "A;C",
                 "other_allele": "G;T"}  # fmt: skip
    found = read_snp_haplotype(Row(row, "f", 1), FOLDER, Counter())
    assert [(m.name, m.position_grch38, m.effect_allele) for m in found.members] == [
        ("a", 100, "A"), ("b", 200, "C"),
    ]  # fmt: skip
    flag = {"is_haplotype": "True"}
    refused("several SNPs", row | flag | {"chr_position": "100;100"}, origin=FOLDER)
    refused("on one chromosome", row | flag | {"chr_name": "1;2"}, origin=FOLDER)
    [term] = read([row | flag | {"allelefrequency_effect_EUR": "0.5"}], FOLDER).terms
    assert term.factors[0].frequency == {"EUR": 0.5}  # type: ignore[union-attr]
