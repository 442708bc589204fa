"""Results are the same bits for any chunk size and any order of the models."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.files.second_process import TwoProcesses
from riskscore.scoring.score import score_cohort
from riskscore.scoring.scores import people_scores

VCF = Path(__file__).parents[2] / "tests" / "data" / "t1d_b38_clean.vcf.gz"
MODELS = [rs.load_model(name) for name in ("t1d", "ra", "sle")]
COHORT = rs.read_cohort(VCF, MODELS)
WHOLE = score_cohort(COHORT, reference_panel())


@settings(max_examples=8)
@given(chunk=st.integers(1, 250))
def test_chunks_change_no_bit(chunk: int) -> None:
    pieces = score_cohort(COHORT, reference_panel(), chunk=max(chunk, 7))
    for whole, piece in zip(WHOLE.tables, pieces.tables, strict=True):
        assert whole.flags == piece.flags
        for name, values in whole.numbers.items():
            assert np.array_equal(values, piece.numbers[name], equal_nan=True), name


@pytest.mark.parametrize("chunk", [7, 64, 5000])
def test_people_scored_in_two_processes_change_no_bit(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(people_scores, "_WORTH_HALVING", 0)
    halves = score_cohort(COHORT, reference_panel(), chunk=chunk, halves=TwoProcesses())
    for whole, half in zip(WHOLE.tables, halves.tables, strict=True):
        assert (whole.flags, whole.model) == (half.flags, half.model)
        assert (whole.term_seen == half.term_seen).all()
        assert (whole.term_reasons == half.term_reasons).all()
        for name in ("numbers", "component_coverage", "variance"):
            ours, theirs = getattr(whole, name), getattr(half, name)
            assert list(ours) == list(theirs)
            for key, values in ours.items():
                assert np.array_equal(values, theirs[key], equal_nan=True), key


@settings(max_examples=5)
@given(models=st.permutations(MODELS))
def test_the_order_of_the_models_changes_no_bit(models: list[rs.RiskModel]) -> None:
    found = score_cohort(rs.read_cohort(VCF, models), reference_panel())
    for model, table in zip(models, found.tables, strict=True):
        whole = WHOLE.tables[MODELS.index(model)]
        assert whole.flags == table.flags
        for name, values in whole.numbers.items():
            assert np.array_equal(values, table.numbers[name], equal_nan=True), name
