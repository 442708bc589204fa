"""The contract of the score table, the bundle, and the ledger, through the command line."""

import csv
import gzip
import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).parents[2]
VCF = ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz"
PEOPLE = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
COLUMNS = (
    "sample model model_version probability probability_low probability_high average_risk "
    "risk_ratio percentile odds_ratio log_odds genetic_score exposure_score interaction_score "
    "published_score coverage z_adjusted flags"
).split()
Run = Callable[..., CompletedProcess[str]]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_one_row_a_sample_and_model_on_standard_output(riskscore: Run) -> None:
    done = riskscore("score", VCF, "-m", "t1d", "-m", "ra")
    rows = table(done.stdout)
    assert list(rows[0]) == COLUMNS
    assert len(rows) == 2 * 200
    assert {(row["sample"], row["model"]) for row in rows}.__len__() == 400
    for row in rows:
        number = {name: float(row[name]) for name in COLUMNS[3:14]}
        parts = number["genetic_score"] + number["exposure_score"] + number["interaction_score"]
        assert number["log_odds"] == pytest.approx(parts, abs=1e-12)
        assert number["odds_ratio"] == pytest.approx(math.exp(number["log_odds"]))
        assert 0 < number["probability_low"] <= number["probability_high"] < 1
        assert 0 <= number["percentile"] <= 100
        assert (row["published_score"] != "") == (row["model"] == "t1d")


def test_without_snps_of_ancestry_all_is_as_with_eur_and_a_note_says_so_once(
    riskscore: Run,
) -> None:
    asked = ("score", PEOPLE, "-m", "ms", "-m", "ra")
    done, eur = riskscore(*asked), riskscore(*asked, "--population", "EUR")
    rows = table(done.stdout)
    assert {row.pop("z_adjusted") for row in rows} == {""}
    assert rows == table(eur.stdout)
    note = "percentiles are of EUR: the file has no ancestry SNPs"
    assert done.stderr.replace(f"riskscore: {note}\n", "") == eur.stderr
    assert done.stderr.count(note) == 1
    assert note not in riskscore(*asked, "-q").stderr
    assert note in riskscore("check", PEOPLE, "-m", "ms").stdout


def test_parquet_holds_the_same_numbers(riskscore: Run, tmp_path: Path) -> None:
    import pandas as pd

    text = riskscore("score", VCF, "-m", "t1d").stdout
    riskscore("score", VCF, "-m", "t1d", "-o", "scores.parquet")
    frame = pd.read_parquet(tmp_path / "scores.parquet")
    assert list(frame.columns) == COLUMNS
    found = [float(row["log_odds"]) for row in table(text)]  # text has twelve decimals
    assert frame["log_odds"].tolist() == pytest.approx(found, rel=0, abs=6e-13)


def test_the_bundle(riskscore: Run, tmp_path: Path) -> None:
    done = riskscore("score", VCF, "-m", "t1d", "--out", "results")
    assert (done.returncode, done.stdout) == (0, "")
    folder = tmp_path / "results"
    assert {path.name for path in folder.iterdir()} == {
        "scores.tsv", "match_report.tsv", "coverage.tsv", "provenance.json",
        "aggregated_scores.txt.gz", "riskscore_mqc.json",
    }  # fmt: skip
    report = table((folder / "match_report.tsv").read_text())
    assert {row["code"] for row in report if row["kind"] == "variant"} == {"found", "swapped"}
    shares = [float(row["variance_share"]) for row in report]
    assert sum(shares) == pytest.approx(1)
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["inputs"]["vcf"]["name"] == VCF.name
    assert provenance["models"][0]["edition"] == "luckett25"
    for path in folder.iterdir():
        packed = path.read_bytes()
        text = gzip.decompress(packed) if path.suffix == ".gz" else packed
        assert str(tmp_path).encode() not in text
        assert str(ROOT).encode() not in text


@pytest.mark.parametrize("model", ["ms", "ra", "t1d"])
def test_the_ledger_sums_to_log_odds(riskscore: Run, model: str) -> None:
    done = riskscore("explain", PEOPLE, "-m", model, "-s", "HG00096")
    assert done.returncode == 0, done.stderr
    ledger = table(done.stdout)
    total = math.fsum(float(row["contribution"]) for row in ledger)
    scored = table(riskscore("score", PEOPLE, "-m", model).stdout)
    log_odds = next(float(r["log_odds"]) for r in scored if r["sample"] == "HG00096")
    assert total == pytest.approx(log_odds, abs=1e-9)
    assert all(row["source"] for row in ledger)
    assert "not diagnostic" in done.stderr


def test_an_unknown_sample_is_a_clear_error(riskscore: Run) -> None:
    done = riskscore("explain", VCF, "-m", "t1d", "-s", "secret-name")
    assert done.returncode == 2
    assert "secret-name" not in done.stderr


def test_typed_hla_without_the_snps_it_goes_with_is_told_of_the_model_for_it(
    riskscore: Run,
) -> None:
    """GRS2 counts DR15 by class II SNPs: without them its odds are 0.24, not the published 0.03."""
    note = "t1d-hla is made for typed HLA alone"
    done = riskscore("score", PEOPLE, "-m", "t1d", "-m", "t1d-hla", "-o", "s.tsv", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(note) == 1
    assert "t1d: its weights of HLA go together with SNPs of its HLA class II part" in done.stderr
    assert note in riskscore("check", PEOPLE, "-m", "t1d").stdout
    assert note not in riskscore("score", VCF, "-m", "t1d", "-o", "s.tsv").stderr


def test_check_says_what_is_missing_and_why(riskscore: Run) -> None:
    done = riskscore("check", PEOPLE, "-m", "ms")
    assert done.returncode == 0, done.stderr
    assert "2,504 samples, GRCh38" in done.stdout
    assert "Non_HLA" in done.stdout
    assert "0.0% of it was observed" in done.stdout


def test_hla_table(riskscore: Run) -> None:
    rows = table(riskscore("hla", PEOPLE).stdout)
    mine = {
        row["gene"]: {row["allele_1"], row["allele_2"]}
        for row in rows
        if row["sample"] == "HG00096"
    }
    assert mine["DRB1"] == {"DRB1*03:01", "DRB1*07:01"}
    assert mine["A"] == {"A*01:01", "A*29:02"}


def test_demo_twice(riskscore: Run, tmp_path: Path) -> None:
    for _ in range(2):
        done = riskscore("demo")
        assert done.returncode == 0, done.stderr
    assert "2504 people" in done.stdout
    assert done.stdout.count("503 people of that ancestry: median") == 3
    assert done.stdout.count("of 2001 others no risk is summed up") == 3
    assert "times the average of 7.71 in 1,000" in done.stdout
    medians = [line for line in done.stdout.splitlines() if "median" in line]
    assert medians
    assert not any("log odds" in line for line in medians)
    with (tmp_path / "demo-results" / "scores.tsv").open() as stream:
        assert sum(1 for _ in stream) == 1 + 3 * 2504


def test_ages_of_the_models_own_horizon_change_nothing(riskscore: Run, tmp_path: Path) -> None:
    """By age 20 is by age 20, asked for or not; of two people the sex is known."""
    (tmp_path / "sex.tsv").write_text("sample\tsex\nS001\tfemale\nS002\tmale\n")
    asked = ("score", VCF, "-m", "t1d", "--exposures", "sex.tsv")
    default = table(riskscore(*asked).stdout)
    by_age = table(riskscore(*asked, "--from-age", "0", "--to-age", "20").stdout)
    assert [row["sample"] for row in by_age] == [row["sample"] for row in default]
    for name in ("probability", "probability_low", "probability_high", "average_risk"):
        found, wanted = ([float(row[name]) for row in rows] for rows in (by_age, default))
        assert found == pytest.approx(wanted, rel=0, abs=1e-9)
    assert len({row["average_risk"] for row in default}) == 3
