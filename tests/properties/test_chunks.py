"""Results are the same bits for any chunk size and any order of the models."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.models.panel import reference_panel
from riskscore.scoring.score import score_cohort

ROOT = Path(__file__).parents[2]
COHORT = rs.read_cohort(
    ROOT / "tests" / "data" / "t1d_b38_clean.vcf.gz", [rs.load_model("t1d"), rs.load_model("ra")]
)
WHOLE = score_cohort(COHORT, reference_panel())


@settings(max_examples=8)
@given(chunk=st.integers(1, 250))
def test_chunks_change_no_bit(chunk: int) -> None:
    pieces = score_cohort(COHORT, reference_panel(), chunk=max(chunk, 7))
    for whole, piece in zip(WHOLE.tables, pieces.tables, strict=True):
        assert whole.flags == piece.flags
        for name, values in whole.numbers.items():
            assert np.array_equal(values, piece.numbers[name], equal_nan=True), name
