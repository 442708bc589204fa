"""Nothing is fetched over a network, and that is said; so is that a pipe has no name.

What a table may hold is bounded: empty lines too, of which a few kilobytes unpack to many.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from riskscore.errors import FileMissingError, InputError
from riskscore.files import inputs
from riskscore.files.inputs import read_json, read_rows_text, read_text, require_file, text_lines


@pytest.mark.parametrize("name", ["https://example.org/x.vcf.gz", "s3://bucket/x.vcf.gz"])
@pytest.mark.parametrize("kind", [str, Path])
def test_an_address_is_no_file(name: str, kind: type) -> None:
    with pytest.raises(FileMissingError, match="nothing is fetched over a network"):
        require_file(kind(name), "genotype file")


def test_a_pipe_is_told_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    """As ``score <(bcftools view ...)`` gives one."""
    os.mkfifo(tmp_path / "63")
    with pytest.raises(FileMissingError, match=r"is a pipe.*write - for it"):
        require_file(tmp_path / "63", "genotype file")
    with pytest.raises(FileMissingError, match=r"is a pipe.*write it to a file, and name that"):
        require_file(tmp_path / "63", "exposures file")


def test_a_table_of_more_lines_than_any_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LINES_LIMIT", 1000)
    path = tmp_path / "table.tsv"
    path.write_text("sample\n" + 999 * "\n")
    assert len(list(text_lines(path))) == 1000
    path.write_text("sample\n" + 1000 * "\n")
    with pytest.raises(InputError, match="more than 1,000 lines"):
        list(text_lines(path))


# Both ways of reading the lines of a table: one by one, and all at once.
BY_LINE_AND_AT_ONCE: list[Callable[[Path], object]] = [
    lambda path: list(text_lines(path)),
    read_rows_text,
]
ROW = b"sample\tage\n"


@pytest.mark.parametrize("read", BY_LINE_AND_AT_ONCE)
@pytest.mark.parametrize("line", [b"", b"#", b"# words", b" ", b"\t\t", b"\r", b",,,", b"; ;"])
def test_lines_without_a_cell_are_bounded(
    read: Callable[[Path], object],
    line: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inputs, "EMPTY_LIMIT", 1000)
    path = tmp_path / "table.tsv.gz"
    path.write_bytes(gzip.compress(ROW + 1000 * (line + b"\n" + ROW)))
    assert read(path)
    path.write_bytes(gzip.compress(ROW + 1001 * (line + b"\n" + ROW)))
    with pytest.raises(InputError, match="more than 1,000 lines that are empty or comments"):
        read(path)


@pytest.mark.parametrize("read", BY_LINE_AND_AT_ONCE)
def test_all_lines_are_bounded(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LINES_LIMIT", 1000)
    path = tmp_path / "table.tsv"
    path.write_bytes(1000 * ROW)
    assert read(path)
    path.write_bytes(1001 * ROW)
    with pytest.raises(InputError, match="more than 1,000 lines"):
        read(path)


@pytest.mark.parametrize("read", BY_LINE_AND_AT_ONCE)
@pytest.mark.parametrize("text", [b"x", b"x\n", b"y\nx", b"x\ny\n"])
def test_a_line_is_bounded(
    read: Callable[[Path], object], text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "LINE_LIMIT", 1 << 20)
    path = tmp_path / "table.tsv"
    path.write_bytes(text.replace(b"x", b"x" * ((1 << 20) - 1)))
    assert read(path)
    path.write_bytes(text.replace(b"x", b"x" * ((1 << 20) + 1)))
    where = rf"a line of more than 1 MB \(table.tsv, line {1 + (text[:1] == b'y')}\)"
    with pytest.raises(InputError, match=where):
        read(path)


@pytest.mark.parametrize("read", [*BY_LINE_AND_AT_ONCE, read_text])
def test_text_packed_smaller_than_any_table_is_bounded(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "_ALWAYS", 1 << 20)
    path, rows = tmp_path / "table.tsv.gz", (2 << 20) // len(ROW)
    path.write_bytes(gzip.compress(rows * ROW))
    assert path.stat().st_size < rows * len(ROW) / 200
    with pytest.raises(InputError, match=r"more than 1 MB of text, 200 times.*unpack it"):
        read(path)
    path.write_bytes(rows * ROW)
    assert read(path)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_is_bounded(mark: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_ALWAYS", 1 << 20)
    path = tmp_path / "table.tsv"
    path.write_bytes(mark + bytes(1 << 20))
    with pytest.raises(InputError, match="more than 1 MB of text"):
        list(text_lines(path))


def test_json_nested_too_deeply_is_told_with_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(ValueError, match=r"nested too deeply: [0-9,]+ levels are the limit"):
        read_json(path)
