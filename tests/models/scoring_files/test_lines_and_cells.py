"""Lines and cells of scoring files: blank lines, comments, rows of another length."""

from __future__ import annotations

import numpy as np
import pytest

from riskscore.errors import ModelFormatError
from riskscore.models.scoring_files import columns as column_reader
from riskscore.models.scoring_files.columns import read_columns
from riskscore.models.scoring_files.origin import catalog_origin
from riskscore.models.scoring_files.plain_reader import parse_plain
from riskscore.models.scoring_files.rows import parse_table
from riskscore.models.scoring_files.weights import read_terms
from tests.models.scoring_files.both_readers import READERS, SNP, read, refused, text_of

LINES = ["a\t1", "", "bb\t", "\tccc", " \t ", "\r", "d\t4", "", "\t", "e\t5", "\t\r"]


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("piece", [0, 1, 2, 3, 5, 8, 13, 100])
def test_a_file_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch, piece: int, end: str) -> None:
    """A line without anything in its cells is no row; rows have the numbers of lines."""
    monkeypatch.setattr(column_reader, "_PIECE", piece)
    text = "head\tline\n" + "\n".join(LINES) + end
    found = read_columns(text, len("head\tline\n"), ("x", "y"), "f.txt", 2)
    rows = [(k, line.split("\t")) for k, line in enumerate(LINES, 2) if line.strip()]
    assert found.lines.tolist() == [number for number, _ in rows]
    for k, column in enumerate(found.texts):
        assert column.split("\n") == [cells[k] for _, cells in rows]


@pytest.mark.parametrize("piece", [0, 6, 100])
@pytest.mark.parametrize("row", ["c", "c\t3\t4"])
def test_a_row_of_another_length_is_named(
    monkeypatch: pytest.MonkeyPatch, piece: int, row: str
) -> None:
    monkeypatch.setattr(column_reader, "_PIECE", piece)
    text = "\n".join(["a\t1", "", "b\t2", row, "d\t4"])
    with pytest.raises(ModelFormatError, match=r"not have 2 columns \(f.txt, line 13\)"):
        read_columns(text, 0, ("x", "y"), "f.txt", 10)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", ["", "#genome_build=GRCh38\n", "\t".join(SNP.split()),
                                  "\t".join(SNP.split()) + "\n\n \n"])  # fmt: skip
def test_no_rows(reader: str, text: str) -> None:
    refused(reader, text, r"no rows of weights \(f.txt\)")


@pytest.mark.parametrize("reader", READERS)
def test_comments_and_blank_lines_before_the_header(reader: str) -> None:
    head = "\n### a file\n\n#genome_build=GRCh37\n \n#weight_type=beta\n"
    found, _ = read(reader, head + "\t".join(SNP.split()) + "\nrs1\t1\t100\tA\tG\t0.1")
    assert [(one["line"], one["places"]) for one in found] == [(8, (100, 0))]


def test_cells_of_other_letters_are_trimmed_too() -> None:
    text = text_of(SNP, ["rs1 1 100 A G 0.1"]).replace("rs1", "\u00a0rs\u00e9\u2003")
    found, _, _ = parse_plain(text.replace("\tA\t", "\t A\x0b\t"), "f.txt", None)
    assert (found.name[0], found.effect_allele[0]) == ("rs\u00e9", "A")
    assert np.array_equal(found.weight, [0.1])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("blank", ["\t\t\t\t\t", " \t \t\t\t\t\r", "\t", " "])
@pytest.mark.parametrize("first", [True, False])
def test_a_row_of_empty_cells_is_no_row(reader: str, blank: str, first: bool) -> None:
    """As a spreadsheet writes below its table."""
    text = text_of(SNP, ["rs1 1 100 A G 0.1"])
    head, row = text.rstrip("\n").rsplit("\n", 1)
    lines = [head, blank, row] if first else [head, row, blank]
    found, _ = read(reader, "\n".join(lines) + "\n")
    assert [one["line"] for one in found] == [5 if first else 4]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("standard_error", "-0.1", r"standard_error is -0.1, below 0 \(f.txt, line 5\)"),
        ("standard_error", "x", r"standard_error is 'x', not a finite number \(f.txt, line 5\)"),
        ("status", "sure", r"status is 'sure'; write found, derived or recalled \(f.txt, line 5\)"),
    ],
)
def test_what_no_term_can_have(reader: str, column: str, cell: str, words: str) -> None:
    rows = ["rs1 1 100 A G 0.1 _", f"rs2 1 200 A G 0.1 {cell}"]
    refused(reader, text_of(f"{SNP} {column}", rows), words)


@pytest.mark.parametrize("column", ["standard_error", "component", "source", "status"])
def test_what_is_not_held_of_many_variants_is_told(column: str) -> None:
    """Of a file read row by row each is the term's: its interval, its sum, its origin."""
    cell = {"standard_error": "0.1", "status": "recalled"}.get(column, "word")
    text = text_of(f"{SNP} {column}", ["rs1 1 100 A G 0.1 _", f"rs2 1 200 A G 0.1 {cell}"])
    assert read("columns", text)[1] == (
        f"1 row(s) have {column}, which is not used of plain variants in files of more than "
        "2,000 rows",
    )
    table = parse_table(text, "f.txt", allow_empty_columns=True)
    term = read_terms(table.rows, catalog_origin(table, None)).terms[1]
    assert str(getattr(term, column)) == cell
