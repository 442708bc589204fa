"""A model's letters against a record's: swapped, flipped, palindromes, several ALTs."""

import pytest

from riskscore.errors import BuildMismatchError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Strand, Variant, match_alleles

SNP = Variant("snp", "6", 100, 90, "A", "G")
PALINDROME = Variant("palindrome", "6", 100, 90, "A", "T")


@pytest.mark.parametrize(
    ("ref", "alts", "strand", "index"),
    [
        ("G", ["A"], Strand.FOUND, 1),
        ("A", ["G"], Strand.SWAPPED, 0),
        ("g", ["a"], Strand.FOUND, 1),
        ("C", ["T"], Strand.FLIPPED, 1),
        ("T", ["C"], Strand.FLIPPED, 0),
        ("G", ["C", "A"], Strand.FOUND, 2),
        ("C", ["*", "T"], Strand.FLIPPED, 2),
        ("G", ["A", "<NON_REF>"], Strand.FOUND, 1),
    ],
)
def test_met(ref: str, alts: list[str], strand: Strand, index: int) -> None:
    found = match_alleles(SNP, ref, alts)
    assert found is not None
    assert (found.strand, found.effect_index) == (strand, index)
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("ref", "alts"),
    [
        ("A", ["T"]),
        ("A", ["<NON_REF>"]),
        ("A", ["T", "C"]),  # C and T are the other strand's letters, but REF is A
        ("G", ["*"]),
        ("A", []),
    ],
)
def test_not_met(ref: str, alts: list[str]) -> None:
    assert match_alleles(SNP, ref, alts) is None


def test_a_palindrome_says_so() -> None:
    for ref, alt, index in [("A", "T", 0), ("T", "A", 1)]:
        found = match_alleles(PALINDROME, ref, [alt])
        assert found is not None
        assert found.ambiguous
        assert found.effect_index == index


def test_an_indel_has_no_other_strand() -> None:
    deletion = Variant("indel", "6", 100, 90, "T", "TG")
    found = match_alleles(deletion, "TG", ["T"])
    assert found is not None
    assert found.strand is Strand.FOUND
    assert match_alleles(deletion, "CA", ["A"]) is None


def test_an_effect_allele_alone() -> None:
    alone = Variant("alone", "6", 100, 90, "A", "")
    found = match_alleles(alone, "G", ["A"])
    assert found is not None
    assert not found.ambiguous
    either = match_alleles(alone, "T", ["A"])
    assert either is not None
    assert either.ambiguous
    assert (either.effect_index, either.other_index, either.flipped) == (1, 0, False)
    assert match_alleles(alone, "GC", ["G"]) is None


def test_both_alleles_may_be_alts() -> None:
    found = match_alleles(SNP, "T", ["A", "G"])
    assert found is not None
    assert (found.effect_index, found.other_index, found.strand) == (1, 2, Strand.FOUND)


def test_two_alts_of_a_longer_reference_may_be_other_indels() -> None:
    insertion = Variant("indel", "6", 100, 90, "AG", "A")
    assert match_alleles(insertion, "AGG", ["AG", "A"]) is None
    found = match_alleles(insertion, "A", ["AG", "AGG"])
    assert found is not None
    assert (found.effect_index, found.other_index) == (1, 0)


@pytest.mark.parametrize(
    ("ref", "alts", "effect", "other"),
    [("A", ["G"], 0, 1), ("G", ["A"], 1, 0), ("T", ["C"], 0, 1), ("C", ["G", "T"], 2, 0)],
)
def test_the_other_allele_of_an_effect_allele_alone(
    ref: str, alts: list[str], effect: int, other: int
) -> None:
    found = match_alleles(Variant("alone", "6", 100, 90, "A", ""), ref, alts)
    assert found is not None
    assert (found.effect_index, found.other_index) == (effect, other)


def test_the_place_of_a_haplotype_is_that_of_its_first_variant() -> None:
    haplotype = Variant.haplotype([SNP, Variant("second", "6", None, 120, "C", "T")])
    assert haplotype.position(Build.GRCh38) == 100
    assert haplotype.position(Build.GRCh37) == 90
    assert not haplotype.palindromic


def test_a_place_may_be_known_in_one_build() -> None:
    variant = Variant("old", "6", None, 90, "A", "G")
    assert variant.known_in(Build.GRCh37)
    assert not variant.known_in(Build.GRCh38)
    with pytest.raises(BuildMismatchError, match="where old lies in GRCh38"):
        variant.position(Build.GRCh38)
