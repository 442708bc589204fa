"""A sample of what `make fuzz` does for as long as one likes."""

from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.two_paths import check

CASES = 60  # a block; a case takes a twentieth of a second


@pytest.mark.parametrize("block", range(3))
def test_blocks_and_pysam_agree_on_changed_files(tmp_path: Path, block: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(CASES * block, CASES * (block + 1)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        counts += check(seed, folder)
    assert counts["equal"] > 5 * CASES, counts  # and not because little could be read
    assert counts["by blocks alone"], counts  # the two are two
