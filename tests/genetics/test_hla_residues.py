"""Residues of alleles, by the rules that a table of some alleles leaves for the others."""

import pytest

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable, aligned

TABLE = ResidueTable.of(
    [
        {"gene": "B", "position": "9", "allele": allele, "residue": residue}
        for allele, residue in (
            ("B*07:02", "Y"), ("B*07:05", "Y"), ("B*08:01", "D"), ("B*08:26", "Y"),
            ("B*39:01", "Y"),
        )
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "residue"),
    [
        ("B*08:01", "D"),
        ("B*08:01:01:02", "D"),  # finer than the table: changes behind the second field are silent
        ("B*07", "Y"),  # coarser: all that it begins agree
        ("B*08", None),  # and here they do not
        ("B*39", "Y"),
        ("B*44:02", None),  # of which the table knows nothing
        ("B*07:02N", "none"),  # makes no protein
    ],
)
def test_an_allele_has_the_residue_that_the_table_leaves_no_doubt_of(
    name: str, residue: str | None
) -> None:
    assert TABLE.residue(HLAAllele.parse(name), 9) == residue


def test_whether_an_allele_carries_residues() -> None:
    verdicts = [
        TABLE.carries(HLAAllele.parse(name), [(9, "D")]) for name in ("B*08:01:01", "B*07", "B*08")
    ]
    assert verdicts == [True, False, None]


def table(**residues: str) -> ResidueTable:
    rows = {"gene": "B", "position": "9"}
    names = {name.replace("_", ":"): residue for name, residue in residues.items()}
    return ResidueTable.of(
        [rows | {"allele": f"B*{k[1:]}", "residue": r} for k, r in names.items()]
    )


def test_a_short_name_in_the_table_speaks_for_finer_alleles() -> None:
    by_family = table(B07="Y", B08_01="D")
    assert by_family.residue(HLAAllele.parse("B*07:02"), 9) == "Y"
    assert by_family.residue(HLAAllele.parse("B*07:02:01"), 9) == "Y"


def test_an_allele_that_may_be_one_listed_otherwise_is_not_told() -> None:
    # B*08:01 of a typing at two fields may be B*08:01:05, which has another residue.
    mixed = table(B08="D", B08_01_05="Y")
    assert mixed.residue(HLAAllele.parse("B*08:02"), 9) == "D"
    assert mixed.residue(HLAAllele.parse("B*08:01"), 9) is None


def test_null_alleles_of_the_table_do_not_contradict() -> None:
    with_null = table(B08_01="D", B08_08N="*")
    assert with_null.residue(HLAAllele.parse("B*08"), 9) == "D"


def test_an_absent_gene_carries_no_residue() -> None:
    rows = [{"gene": "DRB3", "position": "11", "allele": "DRB3*01:01", "residue": "R"}]
    drb3 = ResidueTable.of(rows)
    assert drb3.residue(HLAAllele.absent("DRB3"), 11) == "absent"
    assert drb3.carries(HLAAllele.absent("DRB3"), [(11, "R")]) is False


def test_an_alignment_has_the_positions_at_which_alleles_differ() -> None:
    """F and L at 54; G in both at 55; not known in one at 56; lacking in one at 57."""
    row = {"gene": "DQA1", "first": "54"}
    rows = [row | {"allele": "a", "sequence": "FG*A"}, row | {"allele": "b", "sequence": "LGT."}]
    assert aligned(rows) == {("DQA1", 54): {"a": "F", "b": "L"}, ("DQA1", 57): {"a": "A", "b": "."}}
