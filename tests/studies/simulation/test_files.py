"""The files of a simulation: what other tools read in them, noise of a stated quality, errors."""

import csv
import gzip
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import riskscore as rs
from riskscore.cli import command_line
from riskscore.errors import (
    OutputError,
    PopulationError,
    RiskscoreError,
    UsageError,
)

FILES = {
    "cohort.vcf.gz", "cohort.vcf.gz.tbi", "exposures.tsv", "outcome.tsv", "truth.tsv",
    "variants.tsv", "simulation.json",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("noisy") / "sim"
    rs.simulate(["ms", "t1d"], 3000, seed=5, r2=0.8, out=folder)
    return folder


def test_the_folder_is_complete_and_says_it_is_simulated(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command_line(),
        ["simulate", "-m", "t1d", "-m", "ms", "-n", "60", "--seed", "7", "--out", f"{tmp_path}/s"],
    )
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "s").iterdir()} == FILES
    assert f"riskscore: in s/: {', '.join(sorted(FILES))}" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["s"]
    with gzip.open(tmp_path / "s" / "cohort.vcf.gz", "rt") as stream:
        head = [line for line in stream if line.startswith("#")]
    assert any("simulated people, none of them real" in line for line in head)
    samples = head[-1].split()[9:]
    assert samples[0] == "SIM000001"
    assert len(samples) == 60
    notes = json.loads((tmp_path / "s" / "simulation.json").read_text())
    assert notes["notice"].startswith("simulated people, none of them real")
    for name in ("exposures.tsv", "outcome.tsv", "truth.tsv"):
        table = rows(tmp_path / "s" / name)
        assert [row["sample"] for row in table] == samples
    assert {row["ms"] for row in rows(tmp_path / "s" / "outcome.tsv")} <= {"0", "1"}


def test_bcftools_reads_what_is_written(oracle: Callable[[str], str], noisy: Path) -> None:
    bcftools = oracle("bcftools")
    for name in ("cohort.vcf.gz", "truth.vcf.gz"):
        shown = subprocess.run(
            [bcftools, "view", "-H", str(noisy / name)], check=True, capture_output=True, text=True
        )
        assert shown.stderr == ""
        table = rows(noisy / "variants.tsv")
        assert [line.split("\t", 3)[2] for line in shown.stdout.splitlines()] == [
            row["id"] for row in table
        ]
        # By its index: the records of one place, and all of them together.
        assert run(bcftools, "index", "-n", str(noisy / name)).strip() == str(len(table))
        one = run(
            bcftools, "query", "-r", "chr6:32413000-32420000", "-f", "%ID\n", f"{noisy / name}"
        )
        inside = [
            row["id"]
            for row in table
            if row["chromosome"] == "6" and 32413000 <= int(row["position"]) <= 32420000
        ]
        assert one.split() == inside
    # Frequencies as bcftools counts them.
    counted = run(bcftools, "query", "-f", "%ID\t%INFO/AF[\t%GT]\n", f"{noisy}/truth.vcf.gz")
    for line in counted.splitlines():
        name, share, *cells = line.split("\t")
        assert abs(float(share) - "".join(cells).count("1") / (2 * len(cells))) < 1e-6, name


def test_dosages_agree_with_each_other(oracle: Callable[[str], str], noisy: Path) -> None:
    text = run(
        oracle("bcftools"), "query", "-s", "SIM000001,SIM000002,SIM000003",
        "-f", "[%GT\t%DS\t%HDS\t%GP\n]", f"{noisy}/cohort.vcf.gz",
    )  # fmt: skip
    seen = 0
    for line in text.splitlines():
        gt, ds, hds, gp = line.split("\t")
        a, b = map(float, hds.split(","))
        none, one, two = map(float, gp.split(","))
        assert math.isclose(float(ds), a + b, abs_tol=1e-6)
        assert math.isclose(none + one + two, 1, abs_tol=2e-4)
        assert math.isclose(two, a * b, abs_tol=1e-4)
        assert math.isclose(none, (1 - a) * (1 - b), abs_tol=1e-4)
        assert gt == f"{int(a > 0.5)}|{int(b > 0.5)}"
        seen += 0 < a < 1
    assert seen > 50


def cells(path: Path, field: int) -> dict[str, np.ndarray]:
    """ID to one colon-separated field of every sample, as numbers of ALT."""
    found = {}
    with gzip.open(path, "rt") as stream:
        for line in stream:
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            texts = [cell.split(":")[field] for cell in columns[9:]]
            found[columns[2]] = np.array(
                [float(t) if field else float(t.count("1")) for t in texts]
            )
    return found


def test_imputation_reaches_its_quality_and_is_calibrated(noisy: Path) -> None:
    truth, dosage = cells(noisy / "truth.vcf.gz", 0), cells(noisy / "cohort.vcf.gz", 1)
    table = {row["id"]: row for row in rows(noisy / "variants.tsv")}
    achieved = []
    for name, copies in truth.items():
        p = copies.mean() / 2
        if min(p, 1 - p) < 0.02:
            continue
        r2 = float(np.corrcoef(copies, dosage[name])[0, 1]) ** 2
        assert math.isclose(float(table[name]["imputation_r2"]), r2, abs_tol=1e-4)
        achieved.append(r2)
    assert len(achieved) > 200
    assert abs(np.mean(achieved) - 0.8) < 0.01
    assert np.abs(np.array(achieved) - 0.8).max() < 0.1
    # Among dosages near d, the mean of the truth is d.
    everyone, called = np.concatenate([*truth.values()]), np.concatenate([*dosage.values()])
    for low in np.arange(0.05, 1.9, 0.2):
        near = (called >= low) & (called < low + 0.2)
        count = int(near.sum())
        error = everyone[near].mean() - called[near].mean()
        assert count > 200
        assert abs(error) < 5 * 0.8 / math.sqrt(count)


def test_noise_stays_on_its_haplotype(noisy: Path) -> None:
    def halves(name: str, field: int, separator: str) -> dict[str, np.ndarray]:
        found = {}
        with gzip.open(noisy / name, "rt") as stream:
            for line in stream:
                columns = line.rstrip("\n").split("\t")
                if columns[0].startswith("#") or columns[2] not in {"HLA_DRB1*15:01", "rs6670198"}:
                    continue
                parts = [cell.split(":")[field].split(separator) for cell in columns[9:]]
                found[columns[2]] = np.array(parts, dtype=float)
        return found

    truth, dosage = halves("truth.vcf.gz", 0, "|"), halves("cohort.vcf.gz", 2, ",")
    assert len(truth) == 2
    for name, alleles in truth.items():
        for side in (0, 1):
            own = np.corrcoef(alleles[:, side], dosage[name][:, side])[0, 1] ** 2
            other = np.corrcoef(alleles[:, side], dosage[name][:, 1 - side])[0, 1] ** 2
            assert abs(own - 0.8) < 0.06
            assert other < 0.01


def test_dosages_of_a_genes_alleles_sum_to_two(noisy: Path) -> None:
    dosage = cells(noisy / "cohort.vcf.gz", 1)
    for gene in ("A", "B", "C", "DRB1", "DQA1", "DQB1", "DPA1", "DPB1"):
        for fields in (1, 2):
            own = [
                values
                for name, values in dosage.items()
                if name.startswith(f"HLA_{gene}*") and name.count(":") == fields - 1
            ]
            assert own
            assert np.abs(np.sum(own, axis=0) - 2).max() < 0.1


def test_noise_changes_no_truth_and_widens_scores(noisy: Path, tmp_path: Path) -> None:
    clean = rs.simulate(["ms", "t1d"], 3000, seed=5, out=tmp_path / "clean")
    for name in ("truth.tsv", "outcome.tsv", "exposures.tsv"):
        assert (tmp_path / "clean" / name).read_bytes() == (noisy / name).read_bytes()
    without, true = cells(tmp_path / "clean" / "cohort.vcf.gz", 0), cells(noisy / "truth.vcf.gz", 0)
    assert without.keys() == true.keys()
    assert all((without[name] == true[name]).all() for name in true)
    scored = rs.score(noisy / "cohort.vcf.gz", "ms", exposures=noisy / "exposures.tsv")
    found, truth = scored.of("ms").numbers["log_odds"], clean.log_odds["ms"]
    known = ~np.isnan(found)
    assert known.mean() > 0.99
    # A calibrated imputation shrinks: the slope of truth on score is 1.
    slope = np.polyfit(found[known], truth[known], 1)[0]
    assert 0.7 < np.corrcoef(found[known], truth[known])[0, 1] ** 2 < 0.98
    assert abs(slope - 1) < 0.1


@pytest.mark.parametrize("options", [{}, {"r2": 0.6, "hla": "P/A"}, {"trios": True}])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, options: dict[str, object]) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        rs.simulate("ms", 120, seed=seed, out=tmp_path / name, **options)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert (tmp_path / "a" / "cohort.vcf.gz").read_bytes() != (
        tmp_path / "c" / "cohort.vcf.gz"
    ).read_bytes()


def test_families_of_mixed_ancestry_from_the_command_line(tmp_path: Path) -> None:
    options = "-n 20 --trios --admixture EUR=0.7,AFR=0.3 --hla none --build GRCh37 --liability"
    command = ["simulate", "-m", "ms", *options.split(), "--out", f"{tmp_path}/s"]
    result = CliRunner().invoke(command_line(), command)
    assert result.exit_code == 0, result.output
    truth = rows(tmp_path / "s" / "truth.tsv")
    assert len(truth) == 60
    assert all(
        math.isclose(float(row["ancestry_EUR"]) + float(row["ancestry_AFR"]), 1, abs_tol=2e-4)
        for row in truth
    )
    with gzip.open(tmp_path / "s" / "cohort.vcf.gz", "rt") as stream:
        records = [line.split("\t", 3) for line in stream if not line.startswith("#")]
    assert {record[0] for record in records} >= {"1", "6", "22"}
    assert not any(record[2].startswith("HLA_") for record in records)
    result = CliRunner().invoke(
        command_line(), [*command[:-1], f"{tmp_path}/t", "--admixture", "EUR=most"]
    )
    assert isinstance(result.exception, PopulationError)


def test_pedigree_names_the_parents(tmp_path: Path) -> None:
    rs.simulate("ms", 5, seed=3, out=tmp_path / "sim", trios=True)
    lines = [x.split("\t") for x in (tmp_path / "sim" / "pedigree.fam").read_text().splitlines()]
    assert len(lines) == 15
    for father, mother, child in zip(lines[0::3], lines[1::3], lines[2::3], strict=True):
        assert father[0] == mother[0] == child[0]
        assert child[2:4] == [father[1], mother[1]]
        assert father[4] == "1"
        assert mother[4] == "2"
        assert father[2:4] == ["0", "0"]


def test_plink2_reads_it_too(oracle: Callable[[str], str], noisy: Path, tmp_path: Path) -> None:
    run(
        oracle("plink2"), "--vcf", f"{noisy}/cohort.vcf.gz", "dosage=HDS", "--freq",
        "--vcf-half-call", "error", "--out", f"{tmp_path}/p",
    )  # fmt: skip
    mean = {
        name: float(values.mean()) / 2 for name, values in cells(noisy / "cohort.vcf.gz", 1).items()
    }
    with (tmp_path / "p.afreq").open() as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            assert abs(float(row["ALT_FREQS"]) - mean[row["ID"]]) < 1e-3


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"n": 0}, UsageError),
        ({"n": -5}, UsageError),
        ({"n": 5, "r2": 0.0}, UsageError),
        ({"n": 5, "r2": 1.01}, UsageError),
        ({"n": 5, "r2": -0.1}, UsageError),
        ({"n": 5, "r2": math.nan}, UsageError),
        ({"n": 5, "seed": -1}, UsageError),
        ({"n": 5, "prevalence": 1.0}, UsageError),
        ({"n": 5, "population": "XXX"}, PopulationError),
        ({"n": 5, "admixture": {"EUR": 0.5, "AFR": 0.4}}, UsageError),
        ({"n": 5, "admixture": {"EUR": 0.5, "MARS": 0.5}}, PopulationError),
        ({"n": 5, "admixture": {}}, UsageError),
        ({"n": 5, "cases": 5, "controls": 5}, UsageError),
        ({"cases": 5}, UsageError),
        ({"cases": 0, "controls": 0}, UsageError),
        ({"cases": -1, "controls": 5}, UsageError),
        ({"cases": 5, "controls": 5, "disease": "t1d"}, UsageError),
        ({"cases": 5, "controls": 5, "trios": True}, UsageError),
        ({"cases": 10**6, "controls": 5, "prevalence": 1e-6}, UsageError),
        ({"n": 5, "hla": "xyz"}, UsageError),
        ({"n": 5, "build": "GRCh36"}, UsageError),
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: dict[str, object], error: type[RiskscoreError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        rs.simulate("ms", out=tmp_path / "sim", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("riskscore.studies.simulation.write._truth", refuse)
    with pytest.raises(OutputError, match="No space left"):
        rs.simulate("ms", 5, out=tmp_path / "sim")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError) as caught:
        rs.simulate("ms", 10**9, out=tmp_path / "sim")
    assert str(tmp_path) not in str(caught.value)
    assert [path.name for path in (tmp_path / "sim").iterdir()] == ["mine.txt"]


def test_a_population_the_model_does_not_know_ends_with_its_code(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command_line(),
        ["simulate", "-m", "t1d", "-n", "5", "--population", "XXX", "--out", f"{tmp_path}/s"],
    )
    assert isinstance(result.exception, PopulationError)
    assert result.exception.exit_code == 23
