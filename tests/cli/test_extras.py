"""Without the packages of the extras the main job is done, and the rest says which it wants."""

import subprocess
import sys
from pathlib import Path

import pytest

from riskscore.files.inputs import reference_root

DATA = Path(__file__).resolve().parent.parent / "data"
VCF = str(DATA / "t1d_b38_clean.vcf.gz")
HLA = str(reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz")
WITHOUT = """
import sys
for name in ("altair", "jinja2", "markupsafe", "vl_convert", "firthmodels", "bgen", "pgenlib"):
    sys.modules[name] = None
from riskscore.cli import main
main()
"""


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def sample() -> str:
    import pysam

    with pysam.VariantFile(VCF) as file:
        return next(iter(file.header.samples))


def test_the_core_scores_explains_checks_and_reads_hla(sample: str, tmp_path: Path) -> None:
    out = tmp_path / "results"
    for words in (
        ["score", VCF, "-m", "t1d", "--out", str(out)],
        ["explain", VCF, "-m", "t1d", "--sample", sample],
        ["check", VCF, "-m", "t1d"],
        ["hla", HLA],
    ):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    report = run("report", str(out), "-o", str(tmp_path / "report.html"))
    assert report.returncode == 4, report.stderr
    assert "pip install 'riskscore-hla[report]'" in report.stderr


@pytest.mark.parametrize(
    ("ending", "start", "extra"),
    [
        (".pgen", b"\x6c\x1b\x10" + bytes(30), "pgen"),
        (".bgen", bytes([20, 0, 0, 0, 20, 0, 0, 0]) + bytes(8) + b"bgen" + bytes(8), "bgen"),
    ],
)
def test_files_of_an_extra_name_it(ending: str, start: bytes, extra: str, tmp_path: Path) -> None:
    path = tmp_path / f"cohort{ending}"
    path.write_bytes(start)
    done = run("score", str(path), "-m", "t1d")
    assert done.returncode == 4, done.stderr
    assert f"riskscore-hla[{extra}]" in done.stderr
