"""A genome-wide scoring file from the file to the table: plink2's sums, and what goes with them."""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.scoring_files.pgs import read_scoring_file
from riskscore.scoring.account.coverage import match_report
from tests.samples.files.blocks.bgzf_files import write_vcf
from tests.samples.genome_wide.test_sums import SAMPLES, made, naive

Made = tuple[Path, Path, list[float], np.ndarray]
ROWS = 3000  # above the number that makes a scoring file genome-wide


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A VCF, a scoring file of its variants and three it lacks, and the sums by hand."""
    folder = tmp_path_factory.mktemp("genome_wide")
    lines, rows = made(random.Random(11), ROWS, "GT")
    for i, line in enumerate(lines):  # names that plink2 can match on
        columns = line.split("\t")
        columns[2] = f"v{i}"
        lines[i] = "\t".join(columns)
    vcf = write_vcf(folder / "a.vcf.gz", SAMPLES, lines, random.Random(1), 65_280)
    for row in rows:
        row["coding"] = "additive"
    header = "#pgs_id=PGS000000\n#genome_build=GRCh38\n#weight_type=beta\n"
    names = "rsID chr_name chr_position effect_allele other_allele effect_weight".split()
    table = [
        [f"v{r['line']}", r["chromosome"], r["position"], r["effect"], r["other"], r["weight"]]
        for r in rows
    ] + [[f"x{i}", "6", str(i + 1), "A", "G", "0.1"] for i in range(3)]
    text = header + "\n".join("\t".join(row) for row in [names, *table]) + "\n"
    (folder / "score.txt").write_text(text)
    gaps = np.array([[cell == "./." for cell in lines[int(r["line"])].split()[9:]] for r in rows])
    return vcf, folder / "score.txt", naive(lines, rows), gaps


class _Letters(NamedTuple):
    effect: str
    other: str


def _letters(scoring: Path) -> list[_Letters]:
    rows = [line.split("\t") for line in scoring.read_text().splitlines()[4:]]
    return [_Letters(row[3], row[4]) for row in rows]


def test_the_sum_and_what_was_lost(files: Made) -> None:
    vcf, scoring, expected, gaps = files
    model = read_scoring_file(scoring)
    assert model.plain is not None
    assert not model.terms
    scores = rs.score(vcf, [model])
    numbers = scores.of(model.id).numbers
    np.testing.assert_allclose(numbers["published_score"], expected, rtol=0, atol=1e-6)
    assert abs(numbers["genetic_score"].mean()) < 1e-6  # centred on these very people
    palindromes = sum({r.effect, r.other} in ({"A", "T"}, {"C", "G"}) for r in _letters(scoring))
    marks = f"absent=genome_wide(3);palindromes=as_written({palindromes});centred_on=cohort"
    for flag, person in zip(scores.of(model.id).flags, gaps.T, strict=True):
        own = f"no_call=genome_wide({person.sum()});" if person.any() else ""
        assert flag == own + marks
    report = match_report(scores)
    assert len(report) == len(model.plain)
    lost = [row for row in report if row.code == "absent"]
    assert [row.name for row in lost] == ["x0", "x1", "x2"]
    assert all(row.observed == 0 and row.record == "" and row.advice for row in lost)
    assert all(row.lost_share == row.variance_share > 0 for row in lost)
    for row, cells in zip(report, gaps, strict=False):
        assert row.observed == pytest.approx(1 - cells.mean())
        assert row.lost_share == pytest.approx(row.variance_share * cells.mean())
        assert row.record
        assert not row.advice
    shares = np.array([row.variance_share for row in report])
    unseen = shares[: len(gaps)] @ gaps + shares[len(gaps) :].sum()
    assert unseen.min() > 0
    np.testing.assert_allclose(numbers["coverage"], 1 - unseen, rtol=0, atol=1e-6)
    assert np.isnan(numbers["percentile"]).all()


def test_plink2_sums_the_same(files: Made, oracle: Callable[[str], str], tmp_path: Path) -> None:
    vcf, scoring, *_ = files
    rows = [line.split("\t") for line in scoring.read_text().splitlines() if line[0] in "vx"]
    (tmp_path / "score.tsv").write_text("".join(f"{r[0]}\t{r[3]}\t{r[5]}\n" for r in rows))
    subprocess.run(
        [oracle("plink2"), "--vcf", str(vcf), "--score", str(tmp_path / "score.tsv"),
         "cols=scoresums", "--out", str(tmp_path / "plink")],
        check=True, capture_output=True,
    )  # fmt: skip
    table = [line.split() for line in (tmp_path / "plink.sscore").read_text().splitlines()]
    theirs = np.array([float(row[-1]) for row in table[1:]])
    numbers = rs.score(vcf, [read_scoring_file(scoring)]).tables[0].numbers
    np.testing.assert_allclose(numbers["published_score"], theirs, rtol=1e-5, atol=1e-5)
