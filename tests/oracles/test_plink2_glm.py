"""The scan of a region against plink2 --glm: whole calls, dosages, covariates, gaps."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs

PEOPLE, VARIANTS = 240, 25


@pytest.fixture
def study(make_vcf: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    """A VCF of a region, of GT or DS with gaps; and PLINK's table of phenotypes and covariates."""
    rng = np.random.default_rng(19)
    samples = [f"S{i:03}" for i in range(PEOPLE)]
    rows, first = [], np.zeros(PEOPLE)
    for j in range(VARIANTS):
        copies = rng.binomial(2, rng.uniform(0.1, 0.9), PEOPLE)
        known = rng.random(PEOPLE) > 0.03
        first = np.where(known, copies, 0) if j == 3 else first
        ref, alt = ("A", "T") if j % 4 == 0 else ("G", "A")  # palindromes among them
        if j % 2:
            dose = np.clip(copies + rng.integers(-4, 5, PEOPLE) / 16, 0, 2)
            cells = [f"{d:g}" if k else "." for d, k in zip(dose, known, strict=True)]
        else:
            words = ("0/0", "0/1", "1/1")
            cells = [words[c] if k else "./." for c, k in zip(copies, known, strict=True)]
        key = "DS" if j % 2 else "GT"
        rows.append(("6", 32_400_000 + 100 * j, f"rs{j + 1}", ref, alt, key, cells))
    rows += [("6", 32_399_999, "rs900", "G", "A", "GT", ["0/1"] * PEOPLE)]  # before the region
    rows.sort(key=lambda row: row[1])
    age = rng.normal(50, 10, PEOPLE)
    case = rng.random(PEOPLE) < 1 / (1 + np.exp(0.6 - 0.7 * first - 0.02 * (age - 50)))
    frame = pd.DataFrame({"#FID": samples, "IID": samples, "T1D": np.where(case, 2, 1)})
    frame["height"] = 170 + 2 * first + 0.1 * age + rng.normal(0, 6, PEOPLE)
    frame["age"], frame["PC1"] = age, rng.normal(0, 1, PEOPLE)
    frame.loc[5, "T1D"] = -9
    frame.to_csv(tmp_path / "people.txt", sep="\t", index=False)
    return make_vcf(samples, rows), tmp_path / "people.txt"


def plink2(plink: str, vcf: Path, people: Path, phenotype: str) -> pd.DataFrame:
    """--glm of the ALT alleles of the region, by variant."""
    out = people.with_name(f"plink_{phenotype}")
    command = [
        plink, "--vcf", vcf, "dosage=DS", "--double-id", "--from-bp", "32400000", "--to-bp",
        "32700000", "--chr", "6", "--pheno", people, "--pheno-name", phenotype, "--covar", people,
        "--covar-name", "age,PC1", "--covar-variance-standardize", "--glm", "omit-ref",
        "hide-covar", "no-firth", "cols=+beta", "--out", out, "--threads", "1",
    ]  # fmt: skip
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    (table,) = people.parent.glob(f"plink_{phenotype}.*.glm.*")
    return pd.read_csv(table, sep="\t").set_index("ID")


def scan(vcf: Path, people: Path, phenotype: str, tmp_path: Path, *options: str) -> pd.DataFrame:
    """The same by `riskscore fit`."""
    from typer.testing import CliRunner

    from riskscore.cli import command_line

    covariates = people.with_name("covariates.txt")
    pd.read_csv(people, sep="\t")[["#FID", "IID", "age", "PC1"]].to_csv(
        covariates, sep="\t", index=False
    )
    result = CliRunner().invoke(
        command_line(),
        ["fit", str(vcf), "--region", "chr6:32,400,000-32,700,000", "--outcome", str(people),
         "--outcome-column", phenotype, "--covariates", str(covariates), "--build", "GRCh38",
         *options, "-o", str(tmp_path / "found.tsv")],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return pd.read_csv(tmp_path / "found.tsv", sep="\t").set_index("term")


def test_a_region_of_cases_and_controls(
    study: tuple[Path, Path], oracle: Callable[[str], str], tmp_path: Path
) -> None:
    theirs = plink2(oracle("plink2"), *study, "T1D")
    own = scan(*study, "T1D", tmp_path)
    assert set(own.index) == set(theirs.index) == {f"rs{j + 1}" for j in range(VARIANTS)}
    theirs = theirs.loc[own.index]
    assert (own["effect_allele"] == theirs["A1"]).all()
    assert (own["other_allele"] == theirs["REF"]).all()
    assert (own["locus"] == "6:" + theirs["POS"].astype(str)).all()
    assert (own["n"] == theirs["OBS_CT"]).all()
    for ours, column in (("beta", "BETA"), ("se", "SE"), ("p", "P")):
        np.testing.assert_allclose(own[ours], theirs[column], rtol=2e-4, atol=2e-4)


def test_a_quantitative_trait(
    study: tuple[Path, Path], oracle: Callable[[str], str], tmp_path: Path
) -> None:
    theirs = plink2(oracle("plink2"), *study, "height")
    own = scan(*study, "height", tmp_path, "--quantitative")
    theirs = theirs.loc[own.index]
    assert (own["n"] == theirs["OBS_CT"]).all()
    assert not {"odds_ratio", "cases"} & set(own.columns)
    for ours, column in (("beta", "BETA"), ("se", "SE"), ("p", "P")):
        np.testing.assert_allclose(own[ours], theirs[column], rtol=2e-4, atol=2e-4)


def test_a_region_of_a_cohort_without_models(study: tuple[Path, Path]) -> None:
    cohort = rs.read_cohort(study[0], (), regions="6:32400000-32400500", build="GRCh38")
    assert [match.variant.name for match in cohort.dosages.matches] == [
        f"rs{j}" for j in range(1, 7)
    ]
