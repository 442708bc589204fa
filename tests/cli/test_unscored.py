"""A sample that cannot be scored keeps its row: empty scores, a flag that says why, exit code 3."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from riskscore.errors import EXIT_SOME_NOT_SCORED


def test_a_person_without_a_single_call(
    riskscore: Callable[..., CompletedProcess[str]], make_vcf: Callable[..., Path]
) -> None:
    rows = [
        ("6", 32658707, "rs9273369", "T", "C", "GT", ["0/1", "./.", "0/0"]),
        ("6", 33081408, "rs2567287", "G", "A", "GT", ["0/1", "./.", "./."]),
    ]
    done = riskscore("score", make_vcf(["A", "B", "C"], rows), "-m", "t1d")
    table = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))
    assert done.returncode == EXIT_SOME_NOT_SCORED
    assert [row["sample"] for row in table] == ["A", "B", "C"]
    assert [bool(row["log_odds"]) for row in table] == [True, False, True]
    empty = table[1]
    for column in ("genetic_score", "log_odds", "odds_ratio", "probability", "published_score"):
        assert empty[column] == ""
    assert "not_scored" in empty["flags"]
    assert "no_call" in empty["flags"]
    # Only a haplotype tag was called in C: the other haplotypes stay open.
    assert "haplotype_tags_missing=" in table[2]["flags"]
    assert float(table[2]["coverage"]) < 0.2
    assert table[2]["published_score"] == ""
