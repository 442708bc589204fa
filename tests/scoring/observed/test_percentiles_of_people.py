"""Percentiles of real people, left out of the panel that the reference is made of, are uniform.

See left_out.py for who they are, and what of a score in steps is uniform. The whole table is
printed by ``python -m tests.benchmarks.percentiles``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

import riskscore as rs
from riskscore.samples.frame import read_frame
from riskscore.scoring.score import score_cohort
from tests.scoring.observed.left_out import FOLDS, Ranks, fold, placed

MODELS = ("ra", "t1d", "ms")
POPULATIONS = ("EUR", "AFR", "AMR", "EAS", "SAS")
FEW_STEPS = {"ms"}  # which the middles of steps are of


@pytest.mark.parametrize("population", POPULATIONS)
def test_uniform_with_hla_typed(population: str) -> None:
    for model in MODELS:
        parts = [
            placed(one.typed(population), one.count(population), model, population, one.panel)
            for one in map(fold, range(FOLDS))
        ]
        ranks = Ranks.of(parts)
        inside = (ranks.below <= ranks.reported) & (ranks.reported <= ranks.up_to)
        assert inside.mean() > 0.95  # not of those whose phase is open
        assert kstest(ranks.drawn, "uniform").pvalue > 0.01, model
        if model not in FEW_STEPS:
            assert kstest(ranks.reported, "uniform").pvalue > 0.01, model


def test_uniform_with_hla_imputed() -> None:
    """A fifth of everybody, each in their own superpopulation."""
    one = fold(0)
    for model in MODELS:
        ranks = [
            placed(one.imputed(name), one.count(name), model, name, one.panel)
            for name in POPULATIONS
        ]
        for name, own in zip(POPULATIONS, ranks, strict=True):
            assert kstest(own.drawn, "uniform").pvalue > 0.01, (model, name)
        together = Ranks.of(ranks)
        assert kstest(together.drawn, "uniform").pvalue > 0.01, model
        if model not in FEW_STEPS:
            assert kstest(together.reported, "uniform").pvalue > 0.01, model
        # With the step known, the middle of it is what is reported but for what is not known.
        assert abs(float(np.mean(together.reported)) - 0.5) < 0.03, model


def test_a_step_of_variants_that_are_imputed_is_blurred() -> None:
    """Most Africans carry nothing of GRS1; who may with little probability stands with them."""
    one = fold(0)
    calls, count = one.imputed("AFR"), one.count("AFR")
    ranks = placed(calls, count, "t1d-grs1", "AFR", one.panel)
    middles = (ranks.below + ranks.up_to) / 2
    assert abs(float(np.mean(ranks.reported)) - float(np.mean(middles))) < 0.02
    assert 0.8 < float(np.var(ranks.reported)) / float(np.var(middles)) < 1.25


def test_imputed_people_compared_with_others_keep_their_scores() -> None:
    """Africans beside Europeans: what SNPs told is not weighed by European haplotypes.

    Weighed again by them, scores of `ms` went with those of typed HLA at 0.62.
    """
    one = fold(0)
    people = pd.DataFrame(index=[f"p{i}" for i in range(one.count("AFR"))])
    cohort = read_frame(people, [rs.load_model("ms")], population="EUR")
    typed, imputed = (
        score_cohort(replace(cohort, hla=calls), one.panel).tables[0].numbers["genetic_score"]
        for calls in (one.typed("AFR"), one.imputed("AFR"))
    )
    assert np.corrcoef(typed, imputed)[0, 1] > 0.9
