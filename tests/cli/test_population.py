"""The verbs that describe people and models: population, models show --joint, explain."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).parents[2]
VCF = ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz"
PEOPLE = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
LABELS = ROOT / "reference" / "examples" / "1000G_samples.tsv"
Run = Callable[..., CompletedProcess[str]]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_population_of_real_people(riskscore: Run) -> None:
    done = riskscore("population", PEOPLE, "-m", "ra", "-m", "ms")
    assert done.returncode == 0
    rows = table(done.stdout)
    truth = {row["sample"]: row["superpopulation"] for row in table(LABELS.read_text())}
    right = sum(row["most_similar"] == truth[row["sample"]] for row in rows)
    assert right / len(rows) > 0.86
    for row in rows:
        shares = [float(value) for name, value in row.items() if name.startswith("P_")]
        assert sum(shares) == pytest.approx(1)
        assert float(row["posterior"]) == max(shares)
        foreign = "" if row["most_similar"] == "EUR" else "ra,ms"
        assert row["weights_from_others"] == foreign
    assert "4 HLA genes (A, B, DRB1, DPB1)" in done.stderr
    others = sum(row["most_similar"] != "EUR" for row in rows)
    assert f"the weights of ra, ms come from EUR; {others} of 2504 people" in done.stderr
    assert "nothing was adjusted" in done.stderr


def test_where_nothing_can_be_compared_nothing_is_said(riskscore: Run) -> None:
    """A file of T1D loci alone: those of GRS1 have frequencies in Europeans only."""
    done = riskscore("population", VCF, "-m", "t1d-grs1")
    assert done.returncode == 0
    assert {row["most_similar"] for row in table(done.stdout)} == {""}
    assert "compared by 0 variants and 0 HLA genes" in done.stderr
    assert "warning" not in done.stderr


def test_scores_against_another_population_say_whose_weights_they_are(riskscore: Run) -> None:
    done = riskscore("score", PEOPLE, "-m", "ms", "--population", "AFR")
    assert all("weights_from=EUR" in row["flags"] for row in table(done.stdout))
    done = riskscore("score", PEOPLE, "-m", "ms")
    assert not any("weights_from" in row["flags"] for row in table(done.stdout))


def test_joint_table(riskscore: Run) -> None:
    rows = table(riskscore("models", "show", "ra", "--joint").stdout)
    assert len(rows) == 6
    assert float(rows[0]["odds_ratio"]) == 1
    assert riskscore("models", "show", "ra", "--joint", "--sources").returncode == 2


def test_uncertainty_of_a_person(riskscore: Run) -> None:
    done = riskscore("explain", PEOPLE, "-m", "ms", "-s", "NA12878", "--uncertainty")
    rows = {row["source"]: row for row in table(done.stdout)}
    assert set(rows) == {"weights", "genotypes", "missing", "exposures", "baseline", "total"}
    parts = [float(row["variance"]) for source, row in rows.items() if source != "total"]
    assert sum(parts) == pytest.approx(float(rows["total"]["variance"]))
    assert "the sex is unknown" in rows["baseline"]["note"]
    assert "in 1,000" in done.stderr
    assert "unsure because of weights" in done.stderr


def test_a_horizon_that_no_model_has(riskscore: Run) -> None:
    done = riskscore("score", VCF, "-m", "t1d", "--horizon", "lifetime")
    assert done.returncode == 2
    assert "choose from: by age 20" in done.stderr
    same = riskscore("score", VCF, "-m", "t1d", "--horizon", "by age 20")
    assert same.stdout == riskscore("score", VCF, "-m", "t1d").stdout
