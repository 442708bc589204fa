"""Charts of an evaluation: ROC, calibration, decision curve, odds ratios by decile."""

from __future__ import annotations

from typing import Any

import pandas as pd

from riskscore.distribution import extra
from riskscore.errors import UsageError
from riskscore.studies.charts.theme import (
    COLOURS,
    DASHED,
    HEIGHT,
    QUIET,
    WIDTH,
    Chart,
    finish,
    people,
)
from riskscore.studies.evaluation.evaluate import Evaluation

with extra("report"):
    import altair as alt


class EvaluationPlots:
    """``evaluation.plot``: each method returns an Altair chart."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._found = evaluation

    def roc(self) -> Chart:
        """ROC curves, with the AUC and its 95% interval beside each model's name."""
        areas = self._areas()
        names = {
            r.model: f"{r.model}: AUC {r.estimate:.3f} ({r.low:.3f} to {r.high:.3f})"
            for r in areas.itertuples()
        }
        curve = self._found.roc.assign(label=self._found.roc["model"].map(names))
        diagonal = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
        chart = alt.layer(
            alt.Chart(diagonal).mark_line(**DASHED).encode(x="x:Q", y="y:Q"),
            alt.Chart(curve).mark_line(interpolate="linear", strokeWidth=2.2).encode(
                x=alt.X("false_positive_rate:Q", title="1 - specificity (share of controls)"),
                y=alt.Y("true_positive_rate:Q", title="Sensitivity (share of cases)"),
                order="false_positive_rate:Q",
                color=alt.Color("label:N", title=None, sort=list(names.values()),
                                legend=alt.Legend(orient="bottom", columns=1)),
            ),
        ).properties(width=HEIGHT, height=HEIGHT)  # fmt: skip
        return finish(chart, "How well the scores separate", self._who())

    def calibration(self) -> Chart:
        """Observed against predicted risk: tenths with 95% intervals, and a smooth curve.

        Raises UsageError where no score has a baseline risk.
        """
        frame = self._found.calibration
        if frame.empty:
            raise UsageError("scores without a baseline have no calibration")
        charts = [_calibration(name, own) for name, own in frame.groupby("model", sort=False)]
        how = "Points: tenths of the people, 95% intervals. Line: smooth curve. Dashed: perfect"
        return finish(alt.hconcat(*charts), "Are the risks right?", [self._who(), how])

    def decision(self) -> Chart:
        """Net benefit over thresholds, against treating all and treating none.

        Raises UsageError where no score has a baseline risk.
        """
        frame = self._found.decision
        if frame.empty:
            raise UsageError("scores without a baseline have no net benefit")
        everyone = frame.drop_duplicates("threshold").assign(
            model="treat all", net_benefit=lambda f: f["treat_all"]
        )
        nobody = everyone.assign(model="treat none", net_benefit=0.0)
        lines = pd.concat([frame, everyone, nobody], ignore_index=True)
        top = float(lines["net_benefit"].max())
        lines = lines[lines["net_benefit"] >= -0.15 * top]
        models = [*dict.fromkeys(frame["model"]), "treat all", "treat none"]
        colours = [*COLOURS[: len(models) - 2], QUIET, "#222222"]
        chart = (
            alt.layer(
                alt.Chart(lines).mark_line(strokeWidth=2.2).encode(
                    x=alt.X("threshold:Q", title="Risk at which one would act",
                            axis=alt.Axis(format=".2~%")),
                    y=alt.Y("net_benefit:Q", title="Net benefit (true positives per person)",
                            scale=alt.Scale(domain=[-0.15 * top, 1.05 * top], nice=False),
                            axis=alt.Axis(format="~g")),
                    color=alt.Color("model:N", title=None,
                                    scale=alt.Scale(domain=models, range=colours)),
                )
            )
            .properties(width=WIDTH, height=HEIGHT)
        )  # fmt: skip
        return finish(chart, "What acting on the scores brings", self._who())

    def deciles(self) -> Chart:
        """Odds ratios by tenth of the population, against its middle."""
        frame = self._found.deciles.dropna(subset=["odds_ratio"])
        low = 0.7 * float(frame["odds_ratio"].min())
        scale = alt.Scale(type="log", domainMin=low)
        shown = frame.assign(low=frame["low"].clip(lower=low), one=1.0)
        base = alt.Chart(shown).encode(
            x=alt.X("decile:O", title="Tenth of the population by score",
                    axis=alt.Axis(labelAngle=0))
        )  # fmt: skip
        chart = alt.layer(
            alt.Chart(shown).mark_rule(**DASHED).encode(y=alt.Y("mean(one):Q", scale=scale)),
            base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
                y=alt.Y("low:Q", scale=scale), y2="high:Q"
            ),
            base.mark_point(filled=True, size=70, opacity=1, color=COLOURS[0]).encode(
                y=alt.Y("odds_ratio:Q", scale=scale, title="Odds ratio (95% interval, log scale)"),
                tooltip=["decile", "odds_ratio", "low", "high", "n", "cases"],
            ),
        ).properties(width=HEIGHT, height=HEIGHT)
        faceted = chart.facet(
            column=alt.Column("model:N", title=None, sort=list(dict.fromkeys(frame["model"])))
        )
        return finish(
            faceted, "Odds by tenth of the score", [self._who(), "Against tenths 5 and 6 together"]
        )

    def _areas(self) -> pd.DataFrame:
        frame = self._found.measures
        return frame[(frame["measure"] == "auc") & (frame["group"] == "everyone")]

    def _who(self) -> str:
        first = self._areas().iloc[0]
        text = people(first["n"], first["cases"])
        if self._found.prevalence is not None:
            text += f"; prevalence in the population {self._found.prevalence:.2%}"
        return text


def _calibration(name: Any, frame: pd.DataFrame) -> Chart:
    """The calibration of one model, on its own scale."""
    top = 1.2 * float(frame[["predicted", "observed"]].max().max())
    axis = alt.Axis(format="%" if top > 0.1 else ".2~%", tickCount=6)
    scale = alt.Scale(domain=[0, top], nice=False)
    x = alt.X("predicted:Q", title="Predicted risk", axis=axis, scale=scale)
    y = alt.Y("observed:Q", title="Observed risk", axis=axis, scale=scale)
    low = alt.Y("low:Q", scale=scale)
    smooth, tenths = (alt.Chart(frame[frame["kind"] == kind]) for kind in ("smooth", "group"))
    diagonal = alt.Chart(pd.DataFrame({"predicted": [0, top], "observed": [0, top]}))
    return alt.layer(
        diagonal.mark_line(**DASHED).encode(x=x, y=y),
        smooth.mark_area(opacity=0.15, color=COLOURS[0], clip=True).encode(x=x, y=low, y2="high:Q"),
        smooth.mark_line(color=COLOURS[0], clip=True).encode(x=x, y=y),
        tenths.mark_rule(color=COLOURS[1], clip=True).encode(x=x, y=low, y2="high:Q"),
        tenths.mark_point(filled=True, size=60, color=COLOURS[1], opacity=1).encode(
            x=x, y=y, tooltip=["predicted", "observed", "low", "high", "n", "cases"]
        ),
    ).properties(width=HEIGHT, height=HEIGHT, title=alt.TitleParams(str(name), fontSize=13))
