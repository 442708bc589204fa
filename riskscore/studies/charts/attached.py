"""Attach charts to results; the module of a chart is imported when it is first used."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from riskscore.plotting import attach

_PLOTS = {
    "Ancestry": "ancestry.AncestryPlots",
    "Scores": "scores.ScorePlots",
    "Fit": "fit.FitPlots",
    "Evaluation": "evaluation.EvaluationPlots",
    "Interaction": "interaction.InteractionPlots",
}


def attach_charts() -> None:
    """Attach all charts to their results."""
    for result, place in _PLOTS.items():
        attach(result, partial(_plots, *place.split(".")))


def _plots(module: str, name: str, result: Any) -> Any:
    """The charts of one result."""
    return getattr(import_module(f"riskscore.studies.charts.{module}"), name)(result)
