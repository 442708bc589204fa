"""Nothing is fetched over a network, and that is said; so is that a pipe has no name."""

import os
from pathlib import Path

import pytest

from riskscore.errors import FileMissingError
from riskscore.files import require_file


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
