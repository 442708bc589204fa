"""Lines and cells of scoring files: blank lines, comments, rows of another length."""

from __future__ import annotations

import numpy as np
import pytest

from riskscore.errors import ModelFormatError
from riskscore.models.scoring_files import columns as column_reader
from riskscore.models.scoring_files.columns import read_columns
from riskscore.models.scoring_files.plain_reader import parse_plain
from tests.models.scoring_files.both_readers import READERS, SNP, read, refused, text_of

LINES = ["a\t1", "", "bb\t", "\tccc", " \t ", "\r", "d\t4", "", "e\t5"]


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("piece", [0, 1, 2, 3, 5, 8, 13, 100])
def test_a_file_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch, piece: int, end: str) -> None:
    """A line of blanks is no row, one of tabs has empty cells; rows have the numbers of lines."""
    monkeypatch.setattr(column_reader, "_PIECE", piece)
    text = "head\tline\n" + "\n".join(LINES) + end
    found = read_columns(text, len("head\tline\n"), ("x", "y"), "f.txt", 2)
    rows = [(k, line.split("\t")) for k, line in enumerate(LINES, 2) if line.strip(" \r")]
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
