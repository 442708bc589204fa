"""T1D GRS2 against an independent implementation, through the command line, person by person."""

import csv
import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

DATA = Path(__file__).parents[1] / "data"
Run = Callable[..., CompletedProcess[str]]


def test_published_score_equals_the_expected_totals(riskscore: Run, tmp_path: Path) -> None:
    out = tmp_path / "scores.tsv"
    done = riskscore("score", DATA / "t1d_b38_clean.vcf.gz", "-m", "t1d", "-o", out)
    assert done.returncode == 0, done.stderr
    with out.open() as stream:
        found = {row["sample"]: row for row in csv.DictReader(stream, delimiter="\t")}
    with (DATA / "t1d_b38_clean_luckett25_expected.tsv").open() as stream:
        expected = {r["IID"]: float(r["total"]) for r in csv.DictReader(stream, delimiter="\t")}
    assert len(expected) == len(found) == 200
    for sample, total in expected.items():
        assert math.isclose(float(found[sample]["published_score"]), total, abs_tol=1e-6)


def test_flags_are_empty_unless_tags_count_more_than_two_haplotypes(
    riskscore: Run, tmp_path: Path
) -> None:
    out = tmp_path / "scores.tsv"
    riskscore("score", DATA / "t1d_b38_clean.vcf.gz", "-m", "t1d", "-o", out)
    with out.open() as stream:
        flags = {row["flags"] for row in csv.DictReader(stream, delimiter="\t")}
    assert flags == {"", "more_than_two_haplotypes"}
