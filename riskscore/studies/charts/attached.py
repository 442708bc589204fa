"""Which charts belong to which result; each kind is imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskscore.plotting import attach

if TYPE_CHECKING:
    from riskscore.studies.charts.ancestry import AncestryPlots
    from riskscore.studies.charts.evaluation import EvaluationPlots
    from riskscore.studies.charts.fit import FitPlots
    from riskscore.studies.charts.interaction import InteractionPlots
    from riskscore.studies.charts.scores import ScorePlots


def attach_charts() -> None:
    """Attach all charts to their results."""
    attach("Ancestry", _of_ancestry)
    attach("Scores", _of_scores)
    attach("Fit", _of_fit)
    attach("Evaluation", _of_evaluation)
    attach("Interaction", _of_interaction)


def _of_ancestry(found: Any) -> AncestryPlots:
    from riskscore.studies.charts.ancestry import AncestryPlots

    return AncestryPlots(found)


def _of_scores(scores: Any) -> ScorePlots:
    from riskscore.studies.charts.scores import ScorePlots

    return ScorePlots(scores)


def _of_fit(fit: Any) -> FitPlots:
    from riskscore.studies.charts.fit import FitPlots

    return FitPlots(fit)


def _of_evaluation(evaluation: Any) -> EvaluationPlots:
    from riskscore.studies.charts.evaluation import EvaluationPlots

    return EvaluationPlots(evaluation)


def _of_interaction(interaction: Any) -> InteractionPlots:
    from riskscore.studies.charts.interaction import InteractionPlots

    return InteractionPlots(interaction)
