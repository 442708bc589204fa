"""The charts of a report, as Vega-Lite specifications with their data counted beforehand.

Histograms are counted here, so that a cohort's report holds no person's number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from riskscore.models.model import RiskModel
from riskscore.writing.report.results import Results

Spec = dict[str, Any]
WIDTH = 640
_BINS = 40
# Colours that people with a colour vision deficiency tell apart (Okabe and Ito 2008).
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
OBSERVED, LOST = "#0072b2", "#b8b8c2"


def spec(chart: Any) -> Spec:
    """A chart as plain data."""
    content: Spec = chart.to_dict()
    return content


def coverage_chart(results: Results) -> Spec:
    """By model and component, the share of the expected variance that was and was not observed."""
    rows = [
        {
            "model": row["model"],
            "component": row["component"].replace("_", " "),
            "part": part,
            "share": row["variance_share"] * share,
        }
        for row in results.coverage
        if row["component"] != "all"
        for part, share in (
            ("observed", np.nan_to_num(row["coverage_mean"])),
            ("not observed", 1 - np.nan_to_num(row["coverage_mean"])),
        )
    ]
    people = results.provenance["cohort"]["samples"]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title="share of the model's expected variance")
            .axis(format="%")
            .scale(domainMin=0, nice=False),
            y=alt.Y("component:N", title=None, sort=None).axis(labelLimit=200),
            color=alt.Color("part:N", title=None).scale(
                domain=["observed", "not observed"], range=[OBSERVED, LOST]
            ),
            order=alt.Order("part:N", sort="descending"),
            row=alt.Row("model:N", title=None, sort=[model.id for model in results.models])
            .header(
                labelAngle=0,
                labelAlign="left",
                labelAnchor="start",
                labelOrient="top",
                labelPadding=2,
            )
            .spacing(4),
            tooltip=["model", "component", "part", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width=WIDTH - 200, title=f"What was observed of each score (n = {people:,})")
        .resolve_scale(y="independent")
    )
    return spec(chart)


def distribution_chart(results: Results, model: RiskModel) -> Spec | None:
    """The distribution of log odds by group, as shares of the group; None if nobody is scored."""
    rows = [row for row in results.of(model.id) if not math.isnan(row["log_odds"])]
    if not rows:
        return None
    values = np.array([row["log_odds"] for row in rows])
    labels = np.array([results.label(row) for row in rows])
    edges = np.histogram_bin_edges(values, bins=_BINS)
    counted = []
    for label in sorted(set(labels)):
        mine = values[labels == label]
        counts, _ = np.histogram(mine, bins=edges)
        name = f"{label} (n = {len(mine):,})"
        counted += [
            {
                "group": name,
                "low": low,
                "high": high,
                "share": n / len(mine),
            }
            for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
            if n
        ]
    chart = (
        alt.Chart(pd.DataFrame(counted))
        .mark_rect(color=PALETTE[0])
        .encode(
            x=alt.X("low:Q", title="log odds against a person of average score"),
            x2="high:Q",
            y=alt.Y("share:Q", title=None).axis(format="%", tickCount=2),
            y2=alt.datum(0),
            row=alt.Row("group:N", title=None)
            .header(labelAngle=0, labelAlign="left", labelOrient="left")
            .spacing(4),
            tooltip=[
                "group",
                alt.Tooltip("low:Q", format=".2f"),
                alt.Tooltip("high:Q", format=".2f"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(
            width=WIDTH - 150,
            height=70 if len(set(labels)) > 1 else 160,
            title=f"{model.id}: log odds by group, shares of each group (n = {len(rows):,})",
        )
    )
    return spec(chart)


def risk_chart(
    results: Results, model: RiskModel, marks: Sequence[tuple[str, float]]
) -> Spec | None:
    """Absolute risks on a log scale, with the mean and the baselines marked."""
    values = np.array([row["probability"] for row in results.of(model.id)])
    values = values[~np.isnan(values)]
    if not values.size:
        return None
    places = np.log10(values)
    counts, edges = np.histogram(places, bins=_BINS)
    bars = pd.DataFrame({"low": 10 ** edges[:-1], "high": 10 ** edges[1:], "people": counts})
    log = alt.Scale(type="log", nice=False)
    base = alt.Chart(bars).mark_rect(color=PALETTE[0], opacity=0.8).encode(
        x=alt.X("low:Q", title=f"risk ({model.horizon}, log scale)", scale=log).axis(format="~%"),
        x2="high:Q",
        y=alt.Y("people:Q", title="people"),
        y2=alt.datum(0),
        tooltip=[
            alt.Tooltip("low:Q", format=".3%"),
            alt.Tooltip("high:Q", format=".3%"),
            "people",
        ],
    )  # fmt: skip
    lines = pd.DataFrame([{"what": what, "risk": risk} for what, risk in marks])
    rules = (
        alt.Chart(lines)
        .mark_rule(strokeWidth=2.5)
        .encode(
            x=alt.X("risk:Q", scale=log),
            color=alt.Color("what:N", title=None, sort=None).scale(range=list(PALETTE[1:])),
            strokeDash=alt.StrokeDash("what:N", title=None, sort=None),
            tooltip=["what", alt.Tooltip("risk:Q", format=".3%")],
        )
    )
    chart = (base + rules).properties(
        width=WIDTH - 170, height=200, title=f"{model.id}: absolute risk (n = {values.size:,})"
    )
    return spec(chart)


def waterfall_chart(steps: Sequence[Mapping[str, Any]], title: str) -> Spec:
    """A ledger as bars, each from where the one before ended; in log odds."""
    frame = pd.DataFrame(list(steps))
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("start:Q", title="log odds against a person of average score"),
            x2="end:Q",
            y=alt.Y("label:N", title=None, sort=None).axis(labelLimit=280),
            color=alt.Color("direction:N", title=None).scale(
                domain=["raises", "lowers", "sum"], range=[PALETTE[1], PALETTE[0], "#77777f"]
            ),
            tooltip=["label", alt.Tooltip("contribution:Q", format="+.3f")],
        )
        .properties(width=WIDTH - 280, height=alt.Step(20), title=title)
    )
    return spec(chart)


def uncertainty_chart(shares: Sequence[Mapping[str, Any]], title: str) -> Spec:
    """What the width of the interval comes from: shares of the variance by source."""
    chart = (
        alt.Chart(pd.DataFrame(list(shares)))
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X("share:Q", title="share of the variance of log odds").axis(format="%"),
            y=alt.Y("source:N", title=None, sort="-x").axis(labelLimit=240),
            tooltip=["source", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(width=WIDTH - 260, height=alt.Step(24), title=title)
    )
    return spec(chart)
