"""Cells of a row and of whole columns: numbers and positions at the edge of what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from riskscore.errors import HLAFormatError, ModelFormatError
from riskscore.models.catalog import load_model
from riskscore.models.scoring_files.factors import parse_apoe
from riskscore.models.scoring_files.plain_reader import LARGE
from riskscore.models.scoring_files.rows import Row, read_rows_of
from riskscore.models.terms import ADDITIVE

ScoringFile = Callable[..., Path]
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"


@pytest.mark.parametrize(
    ("text", "place"),
    [("1", 1), ("2147483647", 2**31 - 1), ("", None), ("0", "x"), ("2147483648", "x"),
     ("-1", "x"), ("1.5", "x"), ("\u0663", "x"), pytest.param("9" * 5000, "x", id="long")],
)  # fmt: skip
def test_positions(text: str, place: int | str | None) -> None:
    row = Row({"chr_position": text}, "f.txt", 7)
    if place == "x":
        with pytest.raises(ModelFormatError, match=r"not a position \(f.txt, line 7\)"):
            row.position("chr_position")
    else:
        assert row.position("chr_position") == place


@pytest.mark.parametrize("rows", [1, LARGE + 1])
@pytest.mark.parametrize(("place", "good"), [("1", True), ("0", False), ("2147483648", False)])
def test_positions_of_few_rows_and_of_many(
    scoring_file: ScoringFile, rows: int, place: str, good: bool
) -> None:
    lines = [f"rs0 2 {place} A G 0.1"] + [f"rs{i} 1 {i} A G 0.1" for i in range(1, rows)]
    path = scoring_file(SNP, lines)
    if good:
        model = load_model(path, force=True)
        assert len(model.plain if model.plain is not None else model.terms) == rows
    else:
        with pytest.raises(ModelFormatError, match=r"not a position.*line 8"):
            load_model(path, force=True)


@pytest.mark.parametrize(
    ("header", "lines", "told"),
    [
        ("a\tb", ["1\t2"], None),
        ("a", ["1"], None),
        ("b", ["1"], "'a'"),
        ("a\tb\tc", ["1\t2\t3"], "'c'"),
        ("a\tb\tb", ["1\t2\t3"], "not the documented ones"),
        ("a\tb", ["1\t2\t3"], "3 columns where the header has 2.*line 3"),
        ("a\tb", ["1"], "1 columns where the header has 2.*line 3"),
    ],
)
def test_tables_of_a_model_folder(
    tmp_path: Path, header: str, lines: list[str], told: str | None
) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(["# what it is", header, *lines]) + "\n")
    if told:
        with pytest.raises(ModelFormatError, match=told):
            list(read_rows_of(path, ("a", "b")))
    else:
        [row] = read_rows_of(path, ("a", "b"))
        assert (row["a"], row["b"]) == ("1", "2" if "b" in header else "")


def test_apoe_genotypes_have_two_alleles() -> None:
    assert len(parse_apoe("e2/e3", ADDITIVE)) == 1
    for text in ("e2/e3/e4", "e5", "e2/x"):
        with pytest.raises(HLAFormatError, match="not an APOE allele"):
            parse_apoe(text, ADDITIVE)


@pytest.mark.parametrize("rows", [0, LARGE + 1])
def test_an_allele_counted_both_ways_is_noted(scoring_file: ScoringFile, rows: int) -> None:
    """The same SNP by its other letter; another letter, or another place, is another variant."""
    lines = [
        "rs1 1 100 A G 0.1", "rs1 1 100 G A 0.2", "rs2 1 200 A G 0.1", "rs2 1 200 C G 0.1",
        "rs3 1 300 A G 0.1", "rs4 2 300 G A 0.1",
    ]  # fmt: skip
    lines += [f"rs{i} 3 {i} A G 0.1" for i in range(10, 10 + rows)]
    model = load_model(scoring_file(SNP, lines), force=True)
    noted = [limit for limit in model.card.limits if "count the other allele" in limit]
    assert len(noted) == 1
    assert "1 row(s)" in noted[0]


def test_what_a_file_is_called(scoring_file: ScoringFile) -> None:
    row = ["rs1 1 100 A G 0.1"]
    assert load_model(scoring_file(SNP, row), force=True).edition == "PGS999001.txt"
    cited = load_model(scoring_file(SNP, row, citation="A. Author (2020)"), force=True)
    assert cited.edition == "A. Author (2020)"
