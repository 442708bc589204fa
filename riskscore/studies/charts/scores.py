"""Charts of one person's score: what each term adds to it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskscore.distribution import extra
from riskscore.scoring.score import Scores
from riskscore.studies.charts.theme import DASHED, LOWERS, RAISES, WIDTH, Chart, finish

with extra("report"):
    import altair as alt


class ScorePlots:
    """``scores.plot``: each method returns an Altair chart."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    def waterfall(self, sample: str, model: str | None = None, *, most: int = 15) -> Chart:
        """How one person's terms add up to the log odds, the ``most`` largest one by one.

        Bars run from 0, the population's average; the last is their sum, the score. ``model`` may
        be left out when only one was scored. Raises UsageError for an unknown sample.
        """
        ledger = self._scores.explain(sample, model)
        name = model or self._scores.tables[0].model.id
        steps = _steps(ledger, most)
        order = steps["term"].tolist()
        total = float(ledger["contribution"].sum())
        y = alt.Y("term:N", sort=order, title=None)
        domain = ["raises the odds", "lowers the odds", "the score"]
        base = alt.Chart(steps).encode(y=y)
        span = steps[["start", "end"]].to_numpy()
        room = 0.12 * float(np.ptp(span)) or 1.0
        scale = alt.Scale(domain=[span.min() - room, span.max() + room], nice=False)
        chart = alt.layer(
            alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(**DASHED).encode(
                x=alt.X("x:Q", scale=scale)
            ),
            base.mark_bar(height=15).encode(
                x=alt.X("start:Q", scale=scale,
                        title="Log odds against a person of average score (natural logarithm)"),
                x2="end:Q",
                color=alt.Color("what:N", title=None,
                                scale=alt.Scale(domain=domain, range=[RAISES, LOWERS, "#444444"]),
                                legend=alt.Legend(orient="bottom")),
                tooltip=["term", "found", "contribution", "missing"],
            ),
            base.transform_filter(alt.datum.contribution >= 0)
            .mark_text(align="left", dx=4, fontSize=11)
            .encode(x=alt.X("right:Q", scale=scale), text="text:N"),
            base.transform_filter(alt.datum.contribution < 0)
            .mark_text(align="right", dx=-4, fontSize=11)
            .encode(x=alt.X("left:Q", scale=scale), text="text:N"),
        ).properties(width=WIDTH, height=24 * len(steps))  # fmt: skip
        missing = int((ledger["missing"] != "").sum())
        lines = [
            f"{name}: odds {np.exp(total):.2f} times the average (log odds {total:+.2f})",
            f"n = {len(ledger)} terms, {missing} of them not observed (at the population's mean)",
        ]
        return finish(chart, "What adds up to this person's score", lines)


def _steps(ledger: pd.DataFrame, most: int) -> pd.DataFrame:
    """The largest contributions, the others together, and the sum, each with its bar."""
    size = ledger["contribution"].abs()
    ranked = ledger.loc[size.sort_values(ascending=False, kind="stable").index]
    shown, others = ranked.head(most), ranked.iloc[most:]
    rows = [
        {"term": _name(str(r.term), str(r.label)), "contribution": r.contribution, "found": r.found,
         "missing": r.missing}
        for r in shown.itertuples()
    ]  # fmt: skip
    if len(others):
        rest = {"term": f"{len(others)} other terms", "found": "", "missing": ""}
        rows.append({**rest, "contribution": float(others["contribution"].sum())})
    steps = pd.DataFrame(rows)
    steps["end"] = steps["contribution"].cumsum()
    steps["start"] = steps["end"] - steps["contribution"]
    steps["what"] = np.where(steps["contribution"] >= 0, "raises the odds", "lowers the odds")
    total = float(ledger["contribution"].sum())
    last = {"term": "Score", "contribution": total, "start": 0.0, "end": total, "found": "",
            "missing": "", "what": "the score"}  # fmt: skip
    steps = pd.concat([steps, pd.DataFrame([last])], ignore_index=True)
    steps["left"] = steps[["start", "end"]].min(axis=1)
    steps["right"] = steps[["start", "end"]].max(axis=1)
    steps["text"] = [f"{value:+.2f}" for value in steps["contribution"]]
    return steps


def _name(term: str, label: str) -> str:
    """The id of a term, with its label if that is different."""
    return f"{term} ({label})" if label and label not in term and len(label) < 28 else term
