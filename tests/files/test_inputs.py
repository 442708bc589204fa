"""Nothing is fetched over a network, and that is said; so is that a pipe has no name.

What a table may hold is bounded: empty lines too, of which a few kilobytes unpack to many.
"""

import os
from pathlib import Path

import pytest

from riskscore.errors import FileMissingError, InputError
from riskscore.files import inputs
from riskscore.files.inputs import require_file, text_lines


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
