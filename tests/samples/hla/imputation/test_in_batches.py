"""HLA imputed in many files: batch and the workflow give what each file alone gives."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from tests.samples.hla.imputation.conftest import Split

ROOT = Path(__file__).parents[4]
SNAKEMAKE = ROOT / ".cache" / "pipeline" / "bin" / "snakemake"
Write = Callable[..., Path]
Results = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def files(split: Split, write_vcf: Write, tmp_path: Path) -> Path:
    """A manifest of two files, of the second of which one person is typed."""
    for name, people in (("a", range(5)), ("b", range(5, 9))):
        write_vcf(split.others.of_people(np.array(people))).rename(tmp_path / f"{name}.vcf")
    (tmp_path / "typed.tsv").write_text("sample\tDRB1_1\tDRB1_2\ns1\t15:01\t15:01\n")
    manifest = tmp_path / "manifest.tsv"
    manifest.write_text("sample_set\tvcf\thla\na\ta.vcf\t\nb\tb.vcf\ttyped.tsv\n")
    return manifest


@pytest.fixture
def batched(split: Split, files: Path) -> Path:
    out = files.parent / "batch"
    done = rs.batch(
        files, ["ms-2013"], out, shards=2, tsv=True, population="EUR", hla="imputed",
        panel=split.path,
    )  # fmt: skip
    assert not done.failures
    return out


def test_a_batch_scores_as_each_file_alone(split: Split, files: Path, batched: Path) -> None:
    with open(batched / "scores.tsv") as stream:
        rows = {
            (row["sample_set"], row["sample"]): row
            for row in csv.DictReader(stream, delimiter="\t")
        }
    assert len(rows) == 9
    for name, typed in (("a", []), ("b", [files.parent / "typed.tsv"])):
        alone = rs.score(
            files.parent / f"{name}.vcf", "ms-2013", population="EUR", panel=split.path,
            hla=[*map(str, typed), "imputed"],
        ).to_frame()  # fmt: skip
        for one in alone.itertuples():
            row = rows[name, one.sample]
            assert float(row["log_odds"]) == pytest.approx(one.log_odds, rel=1e-5)
            assert float(row["percentile"]) == pytest.approx(one.percentile, rel=1e-5)
            assert row["flags"] == one.flags
            assert ("imputed_hla=" in row["flags"]) == ((name, one.sample) != ("b", "s1"))


@pytest.mark.skipif(not SNAKEMAKE.is_file(), reason="no Snakemake: make pipeline")
def test_the_workflow_gives_the_same_bytes(
    split: Split, files: Path, batched: Path, results_in: Results
) -> None:
    folder = files.parent
    options = f"options={{population: EUR, hla: imputed, panel: {split.path}}}"
    made = subprocess.run(
        [
            *(str(SNAKEMAKE), "-s", str(ROOT / "pipelines" / "Snakefile"), "--cores", "2"),
            *("--directory", str(folder), "--quiet", "rules", "progress"),
            *("--config", f"source={files.name}", "models=[ms-2013]", "shards=2", "tsv=True"),
            *("report=False", f"riskscore={Path(sys.executable).parent / 'riskscore'}", options),
        ],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert results_in(folder / "results") == results_in(batched)
    assert "imputed" in (folder / "results-work" / "checks" / "a.txt").read_text()
