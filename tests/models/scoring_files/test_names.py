"""What a row counts, read from its name, in the words of papers, typers and the catalog."""

from __future__ import annotations

from itertools import product

import pytest

from riskscore.errors import HLAFormatError, ModelFormatError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_fields import FIRST_FIELDS
from riskscore.models.scoring_files.factors import (
    parse_alleles,
    parse_apoe,
    parse_residues,
    parse_serotype,
)
from riskscore.models.scoring_files.haplotype_pairs import (
    of_the_same_genes,
    require_all_pairs,
    serotype_haplotype,
    whole_pairs,
)
from riskscore.models.terms import (
    ADDITIVE,
    DOMINANT,
    RECESSIVE,
    Coding,
    DiplotypeFactor,
    Factor,
    HaplotypeFactor,
    Status,
    Term,
    VariantFactor,
)

# Amino acids by their one and three letters (IUPAC-IUB 1983).
LETTERS = dict(zip(
    "ARNDCQEGHILKMFPSTWYV",
    "Ala Arg Asn Asp Cys Gln Glu Gly His Ile Leu Lys Met Phe Pro Ser Thr Trp Tyr Val".split(),
    strict=True,
))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HLA-B:9D", ("B", ((9, "D"),))), ("B:9D", ("B", ((9, "D"),))),
        ("HLA-DRB1:-25K", ("DRB1", ((-25, "K"),))), ("HLA-DRB1:11SL", ("DRB1", ((11, "SL"),))),
        ("HLA-DRB1:11V; HLA-DRB1:71K", ("DRB1", ((11, "V"), (71, "K")))),
        ("AA_B_9_31324201_D", ("B", ((9, "D"),))), ("AA_A_-15_29910359_V", ("A", ((-15, "V"),))),
        ("AA_B_67_31324201_CFY", ("B", ((67, "CFY"),))),
        ("AA_B_9_31324201_D_exon2", ("B", ((9, "D"),))),
        ("HLA-DQB1_30_Y", ("DQB1", ((30, "Y"),))),
        ("HLA-B_Asp9", ("B", ((9, "D"),))), ("HLA-B:Asp-5", ("B", ((-5, "D"),))),
        ("HLA-B:9D;HLA-C:9D", None), ("HLA-B:9", None), ("HLA-B Xaa9", None), ("B_9_D", None),
        ("HLA-B:D9", None), ("", None),
    ],
)  # fmt: skip
def test_residues(text: str, found: tuple[str, tuple[tuple[int, str], ...]] | None) -> None:
    if found is None:
        with pytest.raises(HLAFormatError):
            parse_residues(text, ADDITIVE)
    else:
        factor = parse_residues(text, RECESSIVE)
        assert (factor.gene, factor.residues, factor.coding) == (*found, RECESSIVE)


def test_residues_by_the_three_letters_of_each_amino_acid() -> None:
    for letter, three in LETTERS.items():
        assert parse_residues(f"HLA-B {three}9", ADDITIVE).residues == ((9, letter),)


def test_alleles_that_count_alike() -> None:
    factor = parse_alleles("HLA-DRB1*01/DRB1*10:01", DOMINANT)
    assert [str(allele) for allele in factor.alleles] == ["DRB1*01", "DRB1*10:01"]
    assert (factor.gene, factor.coding, factor.name) == ("DRB1", DOMINANT, "")
    with pytest.raises(HLAFormatError, match="mixes genes"):
        parse_alleles("HLA-DRB1*01/HLA-DQB1*05", ADDITIVE)


@pytest.mark.parametrize("text", ["DR4", "HLA-DR4", "hla-dr4", " DR*4 "])
def test_serotypes_by_any_of_their_names(text: str) -> None:
    factor = parse_serotype(text, DOMINANT)
    assert (factor.gene, factor.alleles, factor.coding) == (
        "DRB1", (HLAAllele.parse("DRB1*04"),), DOMINANT,
    )  # fmt: skip


# APOE: e2 has T at rs7412, e4 C at rs429358, e3 neither ----------------------------------------


def weighed(products: list[tuple[tuple[Factor, ...], float]], genotype: str) -> float:
    """The sum of products of codings, for a genotype of two alleles."""
    e4, e2 = genotype.count("4"), genotype.count("2")
    copies = {("rs429358", "C"): e4, ("rs429358", "T"): 2 - e4, ("rs7412", "T"): e2}
    total = 0.0
    for factors, sign in products:
        value = sign
        for factor in factors:
            assert isinstance(factor, VariantFactor)
            one = factor.variant
            value *= factor.coding.values[copies[one.name, one.effect_allele]]
        total += value
    return total


GENOTYPES = ["22", "23", "24", "33", "34", "44"]


@pytest.mark.parametrize(
    "word", ["e{}", "E{}", "APOE_e{}", "apoe-epsilon{}", "\u03b5{}", "APOE e{} "]
)
@pytest.mark.parametrize("allele", "234")
def test_apoe_alleles_are_counted(word: str, allele: str) -> None:
    products = parse_apoe(word.format(allele), ADDITIVE)
    for genotype in GENOTYPES:
        assert weighed(products, genotype) == genotype.count(allele)


@pytest.mark.parametrize("coding", [DOMINANT, RECESSIVE])
@pytest.mark.parametrize("allele", "24")
def test_apoe_alleles_by_coding(coding: Coding, allele: str) -> None:
    products = parse_apoe(f"e{allele}", coding)
    for genotype in GENOTYPES:
        assert weighed(products, genotype) == coding.values[genotype.count(allele)]
    with pytest.raises(HLAFormatError, match="copy by copy"):
        parse_apoe("e3", coding)


@pytest.mark.parametrize("joined", ["/", "+"])
@pytest.mark.parametrize(("first", "second"), list(product("234", repeat=2)))
def test_apoe_genotypes_in_either_order(first: str, second: str, joined: str) -> None:
    products = parse_apoe(f"e{first}{joined}e{second}", ADDITIVE)
    for genotype in GENOTYPES:
        assert weighed(products, genotype) == (sorted(genotype) == sorted(first + second))


# Pairs of haplotypes --------------------------------------------------------------------------


def term(factor: Factor, weight: float) -> Term:
    return Term(str(factor), (factor,), weight, "HLA", "a row", Status.FOUND)


def test_a_pair_stands_alone_with_what_its_haplotypes_weigh() -> None:
    """Rows add up in the format; of haplotypes whose rows are pairs with X nothing is added."""
    rows = (
        term(HaplotypeFactor("a"), 1.0), term(HaplotypeFactor("b"), 2.0),
        term(HaplotypeFactor("x"), 8.0), term(DiplotypeFactor(("a", "b")), 0.5),
        term(DiplotypeFactor(("a", "a")), 0.25), term(DiplotypeFactor(("b", "x")), 0.125),
        term(DiplotypeFactor(("c", "x")), 4.0),
    )  # fmt: skip
    found = whole_pairs(rows, {"x"})
    assert [one.weight for one in found] == [1, 2, 8, 3.5, 2.25, 2.125, 4]
    assert found[3].source == "a row: 0.5 and its two haplotypes' 3"
    assert [one.source for one in found[:3]] == ["a row"] * 3
    assert found[6] is rows[6]


def test_haplotypes_of_serotypes_have_any_allele_of_a_gene_they_leave_out() -> None:
    named = {"DR3": serotype_haplotype("HLA-DR3"), "DR4": serotype_haplotype("HLA-DR4; HLA-DQ8")}
    assert HLAAllele.parse("DQB1*03:02") in named["DR4"]["DQB1"]
    found = of_the_same_genes(named)
    assert [list(genes) for genes in found.values()] == [["DQB1", "DRB1"]] * 2
    assert {str(a) for a in found["DR3"]["DQB1"]} == {f"DQB1*{k}" for k in FIRST_FIELDS["DQB1"]}
    assert found["DR4"]["DQB1"] == named["DR4"]["DQB1"]
    with pytest.raises(HLAFormatError, match="two serotypes of one gene"):
        serotype_haplotype("HLA-DR3; HLA-DR4")


@pytest.mark.parametrize(
    ("pairs", "beside", "lacking"),
    [
        ("aa ab bb", "ab", ""), ("aa", "a", ""), ("", "", ""), ("aa ab", "ab", "b/b"),
        ("aa bb", "ab", "a/b"), ("ab bb", "ab", "a/a"), ("ab aa bb", "abc", "a/c"),
    ],
)  # fmt: skip
def test_every_pair_beside_any_other_is_given(pairs: str, beside: str, lacking: str) -> None:
    terms = [term(DiplotypeFactor((pair[0], pair[1])), 1) for pair in pairs.split()]
    if not lacking:
        require_all_pairs(terms, set(beside), "f.txt")
        return
    with pytest.raises(ModelFormatError, match=rf"leaves {lacking} open \(f.txt\)") as error:
        require_all_pairs(terms, set(beside), "f.txt")
    names = sorted(set(lacking) - {"/"})
    assert error.value.what.startswith(f"{' and '.join(names)} beside X")
