"""Nothing is fetched over a network, and that is said."""

from pathlib import Path

import pytest

from riskscore.errors import FileMissingError
from riskscore.files import require_file


@pytest.mark.parametrize("name", ["https://example.org/x.vcf.gz", "s3://bucket/x.vcf.gz"])
@pytest.mark.parametrize("kind", [str, Path])
def test_an_address_is_no_file(name: str, kind: type) -> None:
    with pytest.raises(FileMissingError, match="nothing is fetched over a network"):
        require_file(kind(name), "genotype file")
