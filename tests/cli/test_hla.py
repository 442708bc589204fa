"""The verb hla, and typed tables given to score, through the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

ROOT = Path(__file__).parents[2]
PEOPLE = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
Run = Callable[..., CompletedProcess[str]]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_what_was_seen_goes_to_stderr(riskscore: Run) -> None:
    done = riskscore("hla", PEOPLE, "--format", "wide")
    assert done.returncode == 0
    assert len(table(done.stdout)) == 2504
    assert "HLA-DRB1: HLA-TAPAS (A/T) records; 13 names of 1 field(s), 67 names of 2" in done.stderr
    assert "2504 called, 0 not; alleles a person 2.000 on average" in done.stderr
    assert "note: if the panel was typed by G groups" in done.stderr


def test_layouts_turn_into_each_other(riskscore: Run, tmp_path: Path) -> None:
    types = tmp_path / "types.tsv"
    types.write_text(
        "sample\tgl_string\n"
        "x\tHLA-A*01:01+HLA-A*02:01^HLA-DRB1*15:01~HLA-DQB1*06:02+HLA-DRB1*03:01~HLA-DQB1*02:01\n"
        "y\tHLA-A*02:01/HLA-A*02:05+HLA-A*03:01^HLA-DRB4*NNNN+HLA-DRB4*01:03\n"
    )
    long = tmp_path / "long.tsv"
    assert riskscore("hla", types, "-o", long).returncode == 0
    rows = {(row["sample"], row["gene"]): row for row in table(long.read_text())}
    assert rows["x", "DRB1"]["phase"] == "phased"
    assert (rows["x", "DRB1"]["allele_1"], rows["x", "DRB1"]["allele_2"]) == (
        "DRB1*15:01",
        "DRB1*03:01",
    )
    assert rows["y", "A"]["allele_1"] == "A*02:01/A*02:05"
    assert rows["y", "DRB4"]["state"] == "single copy"
    assert rows["x", "DRB4"]["state"] == "not typed"
    again = riskscore("hla", long)
    without = [{k: v for k, v in row.items() if k != "source"} for row in table(again.stdout)]
    assert without == [
        {k: v for k, v in row.items() if k != "source"} for row in table(long.read_text())
    ]


def test_a_typed_table_comes_before_the_records(riskscore: Run, tmp_path: Path) -> None:
    types = tmp_path / "types.tsv"
    types.write_text("sample\tDRB1_1\tDRB1_2\nNA12878\t15:01\t15:01\n")
    plain = riskscore("explain", PEOPLE, "-m", "ms", "-s", "NA12878")
    typed = riskscore("explain", PEOPLE, "-m", "ms", "-s", "NA12878", "--hla", types)
    assert typed.returncode == 0, typed.stderr
    found = {row["term"]: row["found"] for row in table(typed.stdout)}
    assert found["HLA-DRB1*15:01"] == "DRB1*15:01, DRB1*15:01 (P 1)"
    before = {row["term"]: row["found"] for row in table(plain.stdout)}
    assert before["HLA-DRB1*15:01"] != found["HLA-DRB1*15:01"]
    assert before["HLA-A*02:01"] == found["HLA-A*02:01"]


def test_failures_have_their_exit_codes(riskscore: Run, tmp_path: Path) -> None:
    types = tmp_path / "types.tsv"
    types.write_text("sample\tDRB1_1\tDRB1_2\nnobody\t15:01\t15:01\n")
    strangers = riskscore("score", PEOPLE, "-m", "ms", "--hla", types)
    assert strangers.returncode == 18
    assert "none of the 1 people of the HLA table" in strangers.stderr
    assert riskscore("hla", PEOPLE, "--format", "tall").returncode == 2
    assert riskscore("hla", tmp_path / "nothing.tsv").returncode == 11
    assert riskscore("score", PEOPLE, "-m", "t1d", "--haplotype-calls", "guess").returncode == 2


def test_published_haplotype_calls(riskscore: Run, tmp_path: Path) -> None:
    """In the named mode nothing is left open: no flag but that of more than two haplotypes."""
    vcf = ROOT / "tests/data/t1d_b38_clean.vcf.gz"
    done = riskscore("score", vcf, "-m", "t1d", "--haplotype-calls", "published")
    open_ = riskscore("score", vcf, "-m", "t1d")
    published, posterior = table(done.stdout), table(open_.stdout)
    assert {row["flags"] for row in published} == {"", "more_than_two_haplotypes"}
    changed = [
        one["flags"]
        for one, other in zip(published, posterior, strict=True)
        if one["log_odds"] != other["log_odds"]
    ]
    assert changed
    assert set(changed) == {"more_than_two_haplotypes"}
    assert [r["published_score"] for r in published] == [r["published_score"] for r in posterior]
