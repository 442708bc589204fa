"""One reader of small tables: lines, separators, headers, names of people, and what is refused."""

import csv
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.errors import InputError
from riskscore.files.tables import joined, open_table, read_rows, sample_column

Rows = list[dict[str, str]]


def _read(tmp_path: Path, data: str | bytes) -> Rows:
    path = tmp_path / "people.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_rows(path)


PEOPLE = [{"sample": "001", "sex": "male"}, {"sample": "002", "sex": "female"}]


@pytest.mark.parametrize(
    "text",
    {
        "tabs": "sample\tsex\n001\tmale\n002\tfemale\n",
        "commas": "sample,sex\n001,male\n002,female\n",
        "semicolons": "sample;sex\n001;male\n002;female\n",
        "spaces": "sample sex\n001  male\n 002 female\n",
        "a space after each comma": "sample, sex\n001, male\n002, female\n",
        "of a spreadsheet, forced to text": 'sample,sex\n="001",male\n="002",female\n',
        "empty columns of a spreadsheet": "sample,sex,,\n001,male,,\n002,female,,\n",
        "carriage returns": "sample\tsex\r\n001\tmale\r\n002\tfemale\r\n",
        "a mark in front": "\ufeffsample\tsex\n001\tmale\n002\tfemale\n",
        "blank rows": "sample\tsex\n001\tmale\n\t\n\n002\tfemale\n\t\n",
        "a comment": "# from the clinic\nsample\tsex\n001\tmale\n002\tfemale\n",
        "quotes of CSV": '"sample","sex"\n"001","male"\n"002","female"\n',
        "R, tabs and quotes": '"sample"\t"sex"\n"001"\t"male"\n"002"\t"female"\n',
        "R, row names and spaces": '"sample" "sex"\n"1" "001" "male"\n"2" "002" "female"\n',
        "R, row names": "sample\tsex\n1\t001\tmale\n2\t002\tfemale\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_one_table_written_in_many_ways(tmp_path: Path, text: tuple[str, str]) -> None:
    assert _read(tmp_path, text[1]) == PEOPLE


def test_two_byte_text_with_its_mark(tmp_path: Path) -> None:
    """What a spreadsheet calls Unicode text."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = "\ufeffsample\tsex\r\n001\tmale\r\n002\tfemale\r\n"
        assert _read(tmp_path, text.encode(encoding)) == PEOPLE


@pytest.mark.parametrize("name", ["IID", "#IID", "Sample", "SAMPLE_ID", "sample.id", "eid", "ID"])
def test_columns_that_name_people(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.tsv"
    path.write_text(f"{name}\tsex\n001\t1\n")
    table = open_table(path)
    assert (table.names, list(table.rows)) == (name.lstrip("#"), [(2, ["001", "1"])])


def test_a_family_is_no_person() -> None:
    assert sample_column(["FID", "IID", "SEX"]) == "IID"
    assert sample_column(["FID", "SEX"]) is None


def test_plink_names_columns_behind_a_hash(tmp_path: Path) -> None:
    text = "##fileformat\n#FID\tIID\tSEX\nF\t1\t2\n#2\t#2\t1\n"
    assert _read(tmp_path, text) == [
        {"FID": "F", "IID": "1", "SEX": "2"},
        {"FID": "#2", "IID": "#2", "SEX": "1"},
    ]


def test_plink_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "pheno.txt"
    path.write_text("F 01 1 -9\nF 02 2 0.5\n")
    table = open_table(path, headless=True)
    assert table.columns == ("FID", "IID", "VALUE1", "VALUE2")
    assert list(table.rows) == [(1, ["F", "01", "1", "-9"]), (2, ["F", "02", "2", "0.5"])]
    path.write_text("a b c\n1 2 3\n")  # words above numbers are a header
    assert open_table(path, headless=True).columns == ("a", "b", "c")


def test_a_quote_is_a_letter_where_tabs_separate(tmp_path: Path) -> None:
    """A reader of CSV takes the rows between two such quotes for one cell."""
    rows = _read(
        tmp_path, 'sample\tsmoking\tnote\na\tever\t"x\nb\tever\ty\nc\tever\t"z\nd\tever\tw\n'
    )
    assert [row["sample"] for row in rows] == list("abcd")
    assert rows[0]["note"] == '"x'


@pytest.mark.parametrize(
    "mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"]
)
def test_only_a_newline_ends_a_line(tmp_path: Path, mark: str) -> None:
    rows = _read(
        tmp_path, f"sample\tsmoking\tnote\na\tever\tx{mark}b\tnever\ty\n".replace("\tnever\ty", "")
    )
    assert [(row["sample"], row["note"]) for row in rows] == [("a", f"x{mark}b")]


def test_a_name_keeps_the_blank_behind_it(tmp_path: Path) -> None:
    """Else the row of one person would be given to another."""
    rows = _read(tmp_path, "sample\tsex\nS1 \tmale \nS1\tfemale\n")
    assert [tuple(row.values()) for row in rows] == [("S1 ", "male"), ("S1", "female")]


@pytest.mark.parametrize(
    ("data", "says"),
    {
        "nothing": (b"", "the table is empty"),
        "a short row": (b"sample\tsex\na\n", "1 columns where the header has 2 .*line 2"),
        "a name twice": (b"sample\tsex\tsex\na\t1\t1\n", "the column 'sex' occurs twice"),
        "a quote left open": (b'sample,note\na,"x\nb,y\n', "a quote that is not closed .*line 2"),
        "a stray quote in R's": (b'"sample"\t"x"\n"a"\t"y"z"\n', "does not enclose .*line 2"),
        "row names alone": (b"sex\tage\n1\tmale\t30\n", "as R writes row names .*called 'sample'"),
        "other letters": (b"sample\tsex\nM\xfcller\t1\n", "not UTF-8 .*line 2"),
        "two bytes a letter": ("sample\tsex\n".encode("utf-16-le"), "a byte that is 0"),
        "carriage returns alone": (b"sample\tsex\ra\t1\r", "a carriage return inside a line"),
        "a cell too long": (b'sample,x\na,"' + b"x" * 200_000 + b'"\n', "a cell too long .*line 2"),
        "a line too long": (b"sample\tx\na\t" + b"x" * 2**24, "a line of more than 16 MB .*line 2"),
        "too many columns": (b"\t".join(b"%d" % i for i in range(100_001)), "than 100,000 columns"),
    }.values(),
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        _read(tmp_path, data)


def test_a_file_that_may_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    for text, told in (("sample\tdose\na\t10\n", 0), ("sample\tdose\na\t10", 1)):
        path.write_text(text)
        table = open_table(path)
        list(table.rows)
        assert len(table.warnings()) == told


def test_thirty_thousand_columns_take_no_longer_than_their_letters(tmp_path: Path) -> None:
    path = tmp_path / "wide.tsv"
    names = [f"f.{i}.0.0" for i in range(30_000)]
    path.write_text("\t".join(["eid", *names]) + "\n" + "\t".join(["1"] * 30_001) + "\n")
    began = time.process_time()
    assert len(read_rows(path)[0]) == 30_001
    assert time.process_time() - began < 2  # 13 seconds where each name is sought in the header


CELLS = st.text(st.characters(exclude_characters="\n\r\t\0", exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(CELLS.map(str.strip), min_size=2, max_size=2), max_size=5))
def test_cells_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """Written by the standard library's writer of CSV, and by joining with tabs."""
    rows = [["s" + first, second] for first, second in rows]
    plain = [row for row in rows if '="' not in "".join(row)]
    folder = tmp_path_factory.mktemp("rows")
    with open(folder / "a.csv", "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["sample", "note"], *plain])
    text = "\n".join(map("\t".join, [["sample", "note"], *plain])) + "\n"
    (folder / "a.tsv").write_bytes(text.encode())
    for name in ("a.csv", "a.tsv"):
        assert [list(row.values()) for row in read_rows(folder / name)] == plain


def test_how_people_meet() -> None:
    one = joined("t", ["1", "2", "100"], ["001", "002", "100"])
    assert (one.people, one.samples, one.both, one.whole) == (3, 3, 1, False)
    assert "zeros" in one.hint
    assert joined("t", ["b", "a"], ["a", "b"]).whole
    assert "blanks" in joined("t", ["a "], ["a", "b"]).hint
    assert joined("t", ["a", "c"], ["a", "b"]).hint == ""


_ODD = st.sampled_from(
    ["", " ", "a ", " b", "é", "#c", '"d"', "e", "1.5", "two or more", "\u00a0", "f\x1c", '="7"']
)


@given(st.lists(st.tuples(_ODD, _ODD, _ODD), max_size=8), st.sampled_from("\t,;"), st.booleans())
def test_blocks_hold_the_cells_of_the_rows(
    rows: list[tuple[str, str, str]], separator: str, ended: bool
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        text = "\n".join(map(separator.join, [("sample", "x", "y"), *rows]))
        path.write_text(text + "\n" * ended)
        table = open_table(path)
        expected = list(table.rows)
        again = open_table(path)
        blocks = list(again.blocks([2, 0]))
    found = [
        (line, list(cells))
        for block in blocks
        for line, *cells in zip(block.lines, *block.columns, strict=True)
    ]
    assert found == [(line, [cells[2], cells[0]]) for line, cells in expected]
    assert again.warnings() == table.warnings()


def test_a_regular_file_is_read_by_blocks_to_the_row_that_is_not(tmp_path: Path) -> None:
    path = tmp_path / "many.tsv"
    lines = [f"P{number}\t{number % 7}" for number in range(200_000)]
    path.write_text("\n".join(["sample\tx", *lines, "Q\t5\t6"]) + "\n")
    blocks = open_table(path).blocks([0, 1])
    first = next(blocks)
    assert isinstance(first.lines, range)
    assert (first.lines[0], first.columns[0][0], first.columns[1][8]) == (2, "P0", "1")
    with pytest.raises(InputError, match="3 columns where the header has 2") as caught:
        list(blocks)
    assert caught.value.where == "many.tsv, line 200002"
