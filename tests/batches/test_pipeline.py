"""The Snakemake workflow leaves out what batch leaves out, and gives the same bytes."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

ROOT = Path(__file__).parents[2]
SNAKEMAKE = ROOT / ".cache" / "pipeline" / "bin" / "snakemake"
Run = Callable[..., CompletedProcess[str]]
Make = Callable[..., Path]
Results = Callable[[Path], dict[str, bytes]]

pytestmark = pytest.mark.skipif(not SNAKEMAKE.is_file(), reason="no Snakemake: make pipeline")


def run(folder: Path, model: str = "t1d") -> CompletedProcess[str]:
    """The workflow on ``folder/manifest.tsv``, on this machine."""
    command = Path(sys.executable).parent
    return subprocess.run(
        [
            *(str(SNAKEMAKE), "-s", str(ROOT / "pipelines" / "Snakefile"), "--cores", "2"),
            *("--directory", str(folder), "--quiet", "rules", "progress"),
            *("--config", "source=manifest.tsv", f"models=[{model}]", "shards=2", "tsv=True"),
            *("report=False", f"riskscore={command / 'riskscore'}"),
        ],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def cohorts(tmp_path: Path, make_cohorts: Make) -> Path:
    """Two good files, one that is no VCF, one with a wrong exposure, and one that is not there."""
    make_cohorts(tmp_path / "vcf", 4)
    (tmp_path / "vcf" / "c001.vcf.gz").write_bytes(b"PK\x03\x04 a zip")
    (tmp_path / "wrong.tsv").write_text("sample\tsex\nP2x0\tperhaps\n")
    rows = ["sample_set\tvcf\texposures"]
    rows += [f"c{i}\tvcf/c00{i}.vcf.gz\t{'wrong.tsv' * (i == 2)}" for i in range(5)]
    (tmp_path / "manifest.tsv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_bad_files_are_left_out_as_batch_leaves_them_out(
    cohorts: Path, riskscore: Run, results_in: Results
) -> None:
    made = run(cohorts)
    assert made.returncode == 3, made.stderr
    assert "3 sample sets failed" in made.stderr
    options = ("-m", "t1d", "--shards", "2", "--tsv", "--out", "batch")
    assert riskscore("batch", "manifest.tsv", *options).returncode == 3
    assert results_in(cohorts / "results") == results_in(cohorts / "batch")
    with open(cohorts / "results" / "failed.tsv") as stream:
        failed = {row["sample_set"]: row for row in csv.DictReader(stream, delimiter="\t")}
    assert {name: row["error"] for name, row in failed.items()} == {
        "c1": "VCFFormatError",
        "c2": "ExposureLevelError",
        "c4": "FileMissingError",
    }
    assert "VCFFormatError" in (cohorts / "results-work" / "checks" / "c1.txt").read_text()

    again = run(cohorts)  # nothing is done again, and it is told again
    assert again.returncode == 3, again.stderr
    for name in ("c001", "c004"):  # once mended, a file is scored
        for ending in (".vcf.gz", ".vcf.gz.tbi"):
            data = (cohorts / "vcf" / f"c000{ending}").read_bytes()
            (cohorts / "vcf" / f"{name}{ending}").write_bytes(data)
    (cohorts / "wrong.tsv").write_text("sample\tsex\nP2x0\tmale\n")
    mended = run(cohorts)
    assert mended.returncode == 0, mended.stderr
    assert riskscore("batch", "manifest.tsv", *options).returncode == 0
    assert results_in(cohorts / "results") == results_in(cohorts / "batch")


def test_a_wrong_model_is_no_file_s_fault(cohorts: Path) -> None:
    made = run(cohorts, "nothing")
    assert made.returncode == 1
    assert "ModelNotFoundError" in made.stderr
    assert not (cohorts / "results").exists()
