"""HLA from the SNPs of a file: strands, builds, dosages, typed people first, and refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import NothingMatchedError, UsageError
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.table import read_hla_calls
from riskscore.scoring.score import score_cohort
from tests.samples.hla.imputation.conftest import Split

Write = Callable[..., Path]


def test_strand_order_of_letters_and_build_make_no_difference(
    split: Split, write_vcf: Write
) -> None:
    few = split.others.of_people(np.arange(12))
    plain = rs.read_hla(write_vcf(few), impute=True, panel=split.path)
    assert set(plain["gene"]) == {"DRB1", "DQA1", "DQB1"}
    assert len(plain) == 36
    assert set(plain["source"]) == {"imputed from SNPs"}
    for options in (
        {"turned": True}, {"swapped": True}, {"build": "GRCh37"},
        {"build": "GRCh37", "turned": True, "swapped": True},
    ):  # fmt: skip
        other = rs.read_hla(write_vcf(few, **options), impute=True, panel=split.path)
        assert other.equals(plain)


def test_typed_people_come_first(split: Split, write_vcf: Write, tmp_path: Path) -> None:
    few = split.others.of_people(np.arange(6))
    table = tmp_path / "typed.tsv"
    table.write_text("sample\tDRB1_1\tDRB1_2\ns1\t16:01\t16:02\n")
    cohort = rs.read_cohort(
        write_vcf(few), "ms-2013", hla=[str(table), "imputed"], panel=split.path
    )
    calls = cohort.hla.genes["DRB1"]
    assert [str(name) for name in (calls.best(1) or ())[:2]] == ["DRB1*16:01", "DRB1*16:02"]
    assert cohort.hla.imputed["DRB1"].tolist() == [True, False, True, True, True, True]
    assert calls.called(6).all()
    scores = rs.score(cohort)
    flags = scores.of("ms-2013").flags
    assert ["imputed_hla=" in flag for flag in flags] == [True, False, True, True, True, True]
    chunks = score_cohort(cohort, reference_panel(), chunk=4).of("ms-2013")
    assert chunks.flags == flags
    assert any("HLA-A cannot be imputed" in warning for warning in cohort.warnings)


def test_what_a_file_lacks_is_said(split: Split, write_vcf: Write) -> None:
    few = split.others.of_people(np.arange(3))
    path = write_vcf(few)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:9]) + "\n")
    with pytest.raises(NothingMatchedError, match="HLA-DRB1 cannot be imputed: the file has"):
        rs.read_hla(path, impute=True, panel=split.path)


def test_missing_calls_are_no_letters(split: Split, write_vcf: Write) -> None:
    """A person without genotypes has no call, and changes nobody else's."""
    few = split.others.of_people(np.arange(4))
    genotypes = few.genotypes()
    genotypes[2] = 3
    path = write_vcf(few, genotypes)
    samples, calls = read_hla_calls(path, impute=True, panel=split.path)
    _, plain = read_hla_calls(write_vcf(few), impute=True, panel=split.path)
    assert samples == ("s0", "s1", "s2", "s3")
    assert calls.genes["DQB1"].called(4).tolist() == [True, True, False, True]
    assert calls.imputed["DQB1"].tolist() == [True, True, False, True]
    assert calls.genes["DQB1"].best(3) == plain.genes["DQB1"].best(3)


def test_a_table_has_no_snps(tmp_path: Path) -> None:
    table = tmp_path / "typed.tsv"
    table.write_text("sample\tDRB1_1\tDRB1_2\ns1\t16:01\t16:02\n")
    with pytest.raises(UsageError, match="no SNPs"):
        rs.read_hla(table, impute=True)
