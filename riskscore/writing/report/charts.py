"""The charts of a report, as Vega-Lite specifications with their data counted beforehand.

Histograms and quantiles are worked out here, so that a cohort's report holds no person's number.
Charts are as wide as the page, on a phone too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from riskscore.arrays import Array
from riskscore.distribution import extra
from riskscore.models.model import RiskModel
from riskscore.samples.ancestry.table import component_table
from riskscore.studies.charts.ancestry import components_chart
from riskscore.writing.plain_words import part_words
from riskscore.writing.report.results import Results

with extra("report"):
    import altair as alt

Spec = dict[str, Any]
LABELS = 190  # pixels: longer labels of an axis are cut, and whole in the tooltip
_WRAP = 24  # letters of a line of a label, of at most two
_BRACKETS = re.compile(r" \([^)]*\)")  # what a label explains, which the table has whole
# Beside the chart a legend would take the width of a phone, and three names in a row are cut there.
ABOVE = alt.Legend(orient="top", offset=4, columns=2)
_THREE: dict[str, Any] = {"orient": "top", "offset": 4, "columns": 3}  # of short names
_BINS = 40
_MOST = 700.0  # log odds: exp of more is past the largest number
# Colours that people with a colour vision deficiency tell apart (Okabe and Ito 2008).
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
OBSERVED, LOST = "#0072b2", "#b8b8c2"


def spec(chart: Any) -> Spec:
    """A chart as plain data, as wide as its place on the page."""
    content: Spec = chart.properties(
        width="container", autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    ).to_dict()
    return content


def ancestry_chart(components: Array) -> Spec:
    """One person's first two components, the reference people behind."""
    return spec(components_chart(components, component_table()).properties(height=320))


def coverage_chart(results: Results) -> Spec:
    """By model and component, the share of the expected variance that was and was not observed."""
    several = len(results.models) > 1
    rows = [
        {
            "part of the score": f"{row['model']}: {name}" if several else name,
            "part": part,
            "share": row["variance_share"] * share,
        }
        for row in results.coverage
        if row["component"] != "all"
        for name in [part_words(row["component"])]
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
            x=alt.X("share:Q", title="share of the variance")
            .axis(format="%", tickCount=4)
            .scale(domainMin=0, nice=False),
            y=alt.Y("part of the score:N", title=None, sort=None).axis(labelLimit=LABELS),
            color=alt.Color("part:N", title=None, legend=ABOVE).scale(
                domain=["observed", "not observed"], range=[OBSERVED, LOST]
            ),
            order=alt.Order("part:N", sort="descending"),
            tooltip=["part of the score", "part", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(
            height=18 * max(1, len(rows) // 2),
            title=f"What was observed (n = {people:,})",
        )
    )
    return spec(chart)


def distribution_chart(results: Results, model: RiskModel) -> Spec | None:
    """The risk over the average by group: the middle half, 5 to 95%, and the median.

    The odds where a model gives no risk; None if nobody is scored.
    """
    rows = [row for row in results.of(model.id) if not math.isnan(row["log_odds"])]
    if not rows:
        return None
    told = [row for row in rows if row["risk_ratio"] > 0]
    what, title = "odds", "times the average odds (log scale)"
    values = np.array([row["log_odds"] for row in rows])
    if told:
        rows, what = told, "risk against the average"
        title = "times the average risk (log scale)"
        values = np.log([row["risk_ratio"] for row in rows])
    labels = np.array([results.label(row) for row in rows])
    counted = []
    for label in sorted(set(labels)):
        mine = values[labels == label]
        shares = np.percentile(mine, (5, 25, 50, 75, 95))
        p5, p25, p50, p75, p95 = np.exp(np.minimum(shares, _MOST)).tolist()
        name = f"{label} (n = {len(mine):,})"
        counted.append({"group": name, "p5": p5, "p25": p25, "p50": p50, "p75": p75, "p95": p95})
    odds = alt.Scale(type="log", nice=False, padding=12)
    shown = [alt.Tooltip(f"p{n}:Q", format=".3g") for n in (5, 25, 50, 75, 95)]
    base = alt.Chart(pd.DataFrame(counted)).encode(
        y=alt.Y("group:N", title=None, sort=None).axis(labelLimit=LABELS),
        tooltip=[alt.Tooltip("group:N"), *shown],
    )
    ends = (min(row["p5"] for row in counted), max(row["p95"] for row in counted))
    axis = alt.Axis(values=log_ticks(*ends), labelOverlap=True, format="~g")
    wide = base.mark_bar(color=PALETTE[5], opacity=0.6, height=10).encode(
        x=alt.X("p5:Q", title=title, scale=odds, axis=axis), x2="p95:Q"
    )
    half = base.mark_bar(color=PALETTE[0], height=16).encode(
        x=alt.X("p25:Q", scale=odds), x2="p75:Q"
    )
    middle = base.mark_tick(color="white", thickness=3, height=16).encode(
        x=alt.X("p50:Q", scale=odds)
    )
    chart = (wide + half + middle).properties(
        height=28 * len(counted),
        title=f"{model.id}: {what} (n = {len(rows):,})",
    )
    return spec(chart)


def risk_chart(
    results: Results, model: RiskModel, marks: Sequence[tuple[str, float]], horizon: str
) -> Spec | None:
    """Absolute risks over a horizon, on a log scale, with the mean and the averages marked."""
    values = 1000 * np.array([row["probability"] for row in results.of(model.id)])
    values = values[values > 0]
    if not values.size:
        return None
    places = np.log10(values)
    counts, edges = np.histogram(places, bins=_BINS)
    bars = pd.DataFrame({"low": 10 ** edges[:-1], "high": 10 ** edges[1:], "people": counts})
    log = alt.Scale(type="log", nice=False)
    base = alt.Chart(bars).mark_rect(color=PALETTE[0], opacity=0.8).encode(
        x=alt.X("low:Q", title="risk in 1,000 (log scale)", scale=log).axis(
            values=log_ticks(values.min(), values.max()), format="~g", labelOverlap=True
        ),
        x2="high:Q",
        y=alt.Y("people:Q", title="people"),
        y2=alt.datum(0),
        tooltip=[
            alt.Tooltip("low:Q", format=".3g"),
            alt.Tooltip("high:Q", format=".3g"),
            "people",
        ],
    )  # fmt: skip
    lines = pd.DataFrame([{"what": what, "risk": 1000 * risk} for what, risk in marks])
    rules = (
        alt.Chart(lines)
        .mark_rule(strokeWidth=2.5)
        .encode(
            x=alt.X("risk:Q", scale=log),
            color=alt.Color("what:N", title=None, sort=None, legend=ABOVE).scale(
                range=list(PALETTE[1:])
            ),
            strokeDash=alt.StrokeDash("what:N", title=None, sort=None, legend=ABOVE),
            tooltip=["what", alt.Tooltip("risk:Q", format=".3g")],
        )
    )
    chart = (base + rules).properties(
        height=200,
        title=f"{model.id}: risk, {horizon} (n = {values.size:,})",
    )
    return spec(chart)


def log_ticks(low: float, high: float) -> list[float]:
    """Where a logarithmic axis is labelled: at powers of ten; on a short one at 2 and 5 too.

    >>> log_ticks(0.03, 4), log_ticks(0.002, 900)
    ([0.05, 0.1, 0.2, 0.5, 1.0, 2.0], [0.01, 0.1, 1.0, 10.0, 100.0])
    """
    steps = (1, 2, 5) if high < 300 * low else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = (float(f"{n}e{power}") for power in powers for n in steps)
    return [tick for tick in ticks if low <= tick <= high]


def age_chart(rows: Sequence[Mapping[str, Any]]) -> Spec:
    """The risk by age of one person, and the average, in 1,000 people."""
    frame = pd.DataFrame(
        [
            {"age": row["age"], "in 1,000": 1000 * row[name], "who": who}
            for row in rows
            for name, who in (("risk", "this score"), ("average_risk", "the average"))
        ]
    )
    chart = (
        alt.Chart(frame)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("age:Q", title="age (years)").axis(tickCount=5).scale(nice=False),
            y=alt.Y("in 1,000:Q", title="people in 1,000").axis(tickCount=5),
            color=alt.Color("who:N", title=None, sort=None, legend=ABOVE).scale(
                domain=["this score", "the average"], range=[PALETTE[1], PALETTE[0]]
            ),
            strokeDash=alt.StrokeDash("who:N", title=None, sort=None, legend=ABOVE).scale(
                domain=["this score", "the average"]
            ),
            tooltip=["who", "age", alt.Tooltip("in 1,000:Q", format=".3g")],
        )
        .properties(height=200, title="Risk by age")
    )
    return spec(chart)


def waterfall_chart(steps: Sequence[Mapping[str, Any]]) -> Spec:
    """A ledger as bars, each from where the one before ended; in log odds."""
    short = (_BRACKETS.sub("", step["label"]) for step in steps)
    lines = ["\n".join(wrap(name, _WRAP, max_lines=2, placeholder=" …")) for name in short]
    frame = pd.DataFrame(list(steps)).assign(lines=lines)
    tall = any("\n" in line for line in lines)
    chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("start:Q", title="log odds").axis(tickCount=5, labelOverlap=True),
            x2="end:Q",
            y=alt.Y("lines:N", title=None, sort=None).axis(
                labelLimit=LABELS,
                labelExpr="split(datum.label, '\\n')",
                labelOffset={
                    "condition": {"test": "indexof(datum.label, '\\n') >= 0", "value": -7},
                    "value": 0,
                },
            ),
            color=alt.Color("direction:N", title=None, legend=alt.Legend(**_THREE)).scale(
                domain=["raises", "lowers", "sum"], range=[PALETTE[1], PALETTE[0], "#77777f"]
            ),
            tooltip=["label", alt.Tooltip("contribution:Q", format="+.3f")],
        )
        .properties(
            height=(32 if tall else 24) * len(steps), title="What adds up to this person's score"
        )
    )
    return spec(chart)


def uncertainty_chart(shares: Sequence[Mapping[str, Any]]) -> Spec:
    """What the width of the interval comes from: shares of the variance by source."""
    chart = (
        alt.Chart(pd.DataFrame(list(shares)))
        .mark_bar(color=PALETTE[0])
        .encode(
            x=alt.X("share:Q", title="share of the variance").axis(format="%", tickCount=5),
            y=alt.Y("source:N", title=None, sort="-x").axis(labelLimit=LABELS),
            tooltip=["source", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=24 * len(shares), title="What makes the interval wide")
    )
    return spec(chart)
