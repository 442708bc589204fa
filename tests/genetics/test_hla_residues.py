"""Residues of alleles, by the rules that a table of some alleles leaves for the others."""

import pytest

from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable

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
