"""Percentiles are uniform in the reference population, however much of the score is observed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import riskscore as rs
from riskscore.samples.frame import read_frame

Draw = Callable[..., pd.DataFrame]
PEOPLE = 1500


def percentiles(frame: pd.DataFrame, name: str) -> np.ndarray:
    return rs.score(read_frame(frame, [rs.load_model(name)])).of(name).numbers["percentile"]


def single_variants(frame: pd.DataFrame) -> pd.DataFrame:
    """Drawn people without HLA, whose few genotypes would be steps, and without exposures."""
    return frame[[column for column in frame.columns if column.startswith("rs")]].copy()


@pytest.mark.parametrize("name", ["ms", "ra"])
def test_uniform_with_whole_loci_absent(name: str, draw: Draw) -> None:
    frame = single_variants(draw(rs.load_model(name), PEOPLE, 21))
    kept = frame.columns[:: 3 if name == "ms" else 2]
    found = percentiles(frame[kept], name)
    assert kstest(found / 100, "uniform").pvalue > 0.01


def test_uniform_with_genotypes_missing_person_by_person(draw: Draw) -> None:
    """From a tenth to nine tenths of each person's genotypes, by chance."""
    frame = single_variants(draw(rs.load_model("ms"), PEOPLE, 22))
    rng = np.random.default_rng(23)
    lost = rng.random(frame.shape) < rng.uniform(0.1, 0.9, (len(frame), 1))
    found = percentiles(frame.mask(lost), "ms")
    assert kstest(found / 100, "uniform").pvalue > 0.01
    few, many = lost.mean(axis=1) < 0.4, lost.mean(axis=1) > 0.6
    for people in (few, many):
        assert kstest(found[people] / 100, "uniform").pvalue > 0.01


def test_a_person_alone_and_among_others(draw: Draw) -> None:
    frame = single_variants(draw(rs.load_model("ra"), 40, 26))
    rng = np.random.default_rng(27)
    lost = rng.random(frame.shape) < 0.3
    lost[:, 0] = False  # each file has the same loci
    frame = frame.mask(lost)
    together = percentiles(frame, "ra")
    for i in range(3):
        pair = frame.iloc[[i, i + 10, i + 20]]
        assert percentiles(pair, "ra")[0] == together[i]
