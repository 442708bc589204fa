"""A scoring file on the command line: one argument, whatever is wrong with it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from riskscore.errors import (
    BuildMismatchError,
    InputError,
    ModelDoubtError,
    ModelFormatError,
    PopulationError,
)

DATA = Path(__file__).parents[1] / "data"
PUBLISHED = Path(__file__).parents[1] / "published" / "t1d" / "grs2_snps.tsv"
VCF = DATA / "t1d_b38_clean.vcf.gz"
Run = Callable[..., CompletedProcess[str]]


def write(path: Path, *, sign: int = 1, build: str = "38") -> Path:
    """The SNPs of GRS2 outside HLA as a scoring file."""
    with PUBLISHED.open() as stream:
        rows = [
            row
            for row in csv.DictReader(stream, delimiter="\t")
            if row["score"] == "t1dgrs2-luckett25" and row["component"] == "Non_HLA"
        ]
    lines = [f"#pgs_id={path.stem}", f"#genome_build=GRCh{build}", "#trait_efo=EFO_0001359"]
    lines.append("rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight")
    for row in rows:
        place = row[f"pos_grch{build}"]
        cells = (row["rsid"], row["chrom"], place, row["effect_allele"], row["other_allele"])
        lines.append("\t".join([*cells, repr(sign * float(row["beta"]))]))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_scoring_file_is_a_model(riskscore: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "PGS999006.txt")
    done = riskscore("score", VCF, "-m", path, "-o", "scores.tsv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "scores.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert len(rows) == 200
    assert {row["model"] for row in rows} == {"PGS999006"}
    assert all(row["published_score"] and row["log_odds"] for row in rows)
    assert {row["probability"] for row in rows} == {""}
    assert all("centred_on=cohort" in row["flags"] for row in rows)
    assert str(tmp_path) not in (tmp_path / "scores.tsv").read_text()


def test_a_reversed_file_is_refused_unless_forced(riskscore: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "PGS999007.txt", sign=-1)
    refused = riskscore("score", VCF, "-m", path)
    assert refused.returncode == ModelDoubtError.exit_code
    assert "points the other way" in refused.stderr
    assert refused.stdout == ""
    assert riskscore("score", VCF, "-m", path, "--force").returncode == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [("", ModelFormatError), ("not a scoring file", ModelFormatError),
     ("a\tb\n1\t2\n", ModelFormatError)],
)  # fmt: skip
def test_other_files_are_refused(
    riskscore: Run, tmp_path: Path, text: str, code: type[ModelFormatError]
) -> None:
    (tmp_path / "x.txt").write_text(text)
    done = riskscore("score", VCF, "-m", "x.txt")
    assert done.returncode == code.exit_code
    assert "Traceback" not in done.stderr


def test_the_other_build_is_refused(riskscore: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "PGS999008.txt", build="37")
    done = riskscore("score", VCF, "-m", path)
    assert done.returncode == BuildMismatchError.exit_code
    assert "GRCh38" in done.stderr


def test_what_needs_frequencies_says_so(riskscore: Run, tmp_path: Path) -> None:
    """A scoring file has none as a rule: no explorer, no simulated people, and no traceback."""
    path = write(tmp_path / "PGS999008.txt")
    for verb in (("explore", path, "-o", "page.html"),
                 ("simulate", "--model", path, "-n", "5", "--prevalence", "0.01", "--seed", "1",
                  "--out", "people")):  # fmt: skip
        done = riskscore(*verb)
        assert done.returncode == PopulationError.exit_code
        assert "does not say the frequency of" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_model_without_a_baseline_explains_itself(riskscore: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "PGS999007.txt")
    done = riskscore("explain", VCF, "-m", path, "-s", "S001")
    assert done.returncode == 0, done.stderr
    assert "no probability" in done.stderr
    assert "nan in" not in done.stderr


def test_report_and_verify_of_a_scoring_file(
    riskscore: Run, make_vcf: Callable[..., Path], tmp_path: Path
) -> None:
    """A model that is not a shipped one is given again, and known by its checksum."""
    vcf = make_vcf(["p", "q"], [("6", 100, "rs1", "G", "A", "GT", ["0/1", "1/1"])])
    text = (
        "#pgs_id=PGS999001\n#genome_build=GRCh38\n"
        "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
        "rs1\t6\t100\tA\tG\t1.3\n"
    )
    model = tmp_path / "models" / "mine.txt"
    model.parent.mkdir()
    model.write_text(text)
    results, page = tmp_path / "results", tmp_path / "r.html"
    asked = ("-m", model, "--weight-type", "OR")
    assert riskscore("score", vcf, *asked, "--out", results).returncode == 0
    lost = riskscore("report", results, "-o", page)
    assert lost.returncode == InputError.exit_code
    assert "PGS999001" in lost.stderr
    assert riskscore("report", results, "-o", page, "-m", model).returncode == 0
    assert "PGS999001" in page.read_text()
    one = ("--individual", "p", "--vcf", vcf)
    assert riskscore("report", results, "-o", page, "-m", model, *one).returncode == 0
    assert "0.262" in page.read_text()  # ln 1.3
    assert "unchecked\tmodel PGS999001" in riskscore("verify", results).stdout
    for place in (tmp_path, model):
        assert "same\tmodel PGS999001" in riskscore("verify", results, "--inputs", place).stdout
    model.write_text(text.replace("1.3", "1.4"))
    changed = riskscore("report", results, "-o", page, "-m", model)
    assert changed.returncode == InputError.exit_code
