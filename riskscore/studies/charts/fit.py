"""Charts of a fit: odds ratios as a forest, and HLA association along each gene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from riskscore.distribution import extra
from riskscore.errors import UsageError
from riskscore.studies.association.fit import Fit
from riskscore.studies.charts.theme import (
    HEIGHT,
    LOWERS,
    QUIET,
    RAISES,
    WIDTH,
    Chart,
    finish,
    people,
)

with extra("report"):
    import altair as alt

_LEAST_P = 1e-300  # a p below what a float holds still has a place on the chart


class FitPlots:
    """``fit.plot``: each method returns an Altair chart."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit

    def forest(self, most: int = 25) -> Chart:
        """Odds ratios with 95% intervals, the strongest ``most`` by p, in that order.

        Raises UsageError when nothing was estimated.
        """
        frame = self._estimated().sort_values("p").head(most)
        ends = frame[["low", "high"]].to_numpy()
        span = frame["odds_ratio"].to_numpy()
        # An interval far wider than the estimates would squeeze all the others: it is cut.
        low, high = min(0.5, span.min()) / 4, max(2.0, span.max()) * 4
        frame = frame.assign(
            shown_low=np.clip(ends[:, 0], low, high),
            shown_high=np.clip(ends[:, 1], low, high),
            text=[f"{r.odds_ratio:.2f} ({r.low:.2f} to {r.high:.2f})" for r in frame.itertuples()],
        )
        y = alt.Y("term:N", sort=frame["term"].tolist(), title=None)
        scale = alt.Scale(type="log", domain=[low, high])
        x = alt.X("odds_ratio:Q", scale=scale, title="Odds ratio (95% interval, log scale)")
        base = alt.Chart(frame).encode(y=y)
        colour = alt.condition(alt.datum.odds_ratio > 1, alt.value(RAISES), alt.value(LOWERS))
        one = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color=QUIET, strokeDash=[4, 3])
        chart = alt.layer(
            one.encode(x=alt.X("x:Q", scale=scale)),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q", color=colour
            ),
            base.mark_point(filled=True, size=70, opacity=1).encode(
                x=x, color=colour, tooltip=["term", "odds_ratio", "low", "high", "p", "n", "note"]
            ),
            base.mark_text(align="left", fontSize=12).encode(
                text="text:N", x=alt.value(WIDTH + 10)
            ),
        ).properties(width=WIDTH, height=max(120, 24 * len(frame)))
        shown = f", the {len(frame)} strongest" if len(frame) < len(self._estimated()) else ""
        return finish(chart, f"Odds ratios{shown}", self._who())

    def hla(self) -> Chart:
        """Residues along each HLA gene: the test of a position as a whole, and each residue's.

        Raises UsageError without residues.
        """
        points = self._residues()
        tested = int(points["what"].eq("position, all residues").sum())
        line = -np.log10(0.05 / max(1, tested))
        points["threshold"] = line
        x = alt.X("position:O", title="Amino-acid position", axis=alt.Axis(labelAngle=0))
        y = alt.Y("strength:Q", title="-log10 p")
        kinds = ["position, all residues", "residue, raises the odds", "residue, lowers the odds"]
        base = alt.Chart(points)
        marks = base.mark_point(filled=True, opacity=0.85).encode(
            x=x, y=y,
            color=alt.Color("what:N", title=None, sort=kinds,
                            scale=alt.Scale(domain=kinds, range=["#222222", RAISES, LOWERS])),
            shape=alt.Shape("what:N", title=None, sort=kinds,
                            scale=alt.Scale(domain=kinds,
                                            range=["diamond", "triangle-up", "triangle-down"])),
            size=alt.Size("what:N", title=None, sort=kinds,
                          scale=alt.Scale(domain=kinds, range=[130, 55, 55])),
            tooltip=["label", "p", "odds_ratio", "n"],
        )  # fmt: skip
        rule = base.mark_rule(color=QUIET, strokeDash=[4, 3]).encode(y="mean(threshold):Q")
        genes = sorted(set(points["gene"]))
        chart = (
            alt.layer(rule, marks)
            .properties(width=alt.Step(46), height=HEIGHT)
            .facet(column=alt.Column("gene:N", title=None, sort=genes))
            .resolve_scale(x="independent")
        )
        return finish(
            chart, "HLA association by amino-acid residue",
            [self._who(), f"Dashed: p = 0.05 / {tested} positions"],
        )  # fmt: skip

    def _residues(self) -> pd.DataFrame:
        own = [e for e in self._fit.effects if e.kind == "residue" and not np.isnan(e.p)]
        if not own:
            raise UsageError("the fit has no residues to plot", fix="fit with terms=['residue']")
        rows: list[dict[str, Any]] = [
            {
                "gene": f"HLA-{e.gene}", "position": e.position, "p": e.p, "n": e.n,
                "odds_ratio": e.odds_ratio, "label": e.term,
                "what": f"residue, {'raises' if e.beta > 0 else 'lowers'} the odds",
            }
            for e in own
        ]  # fmt: skip
        for test in self._fit.omnibus:
            if test.kind == "residue" and test.df:
                rows.append(
                    {"gene": f"HLA-{test.gene}", "position": test.position, "p": test.p,
                     "n": test.n, "odds_ratio": np.nan, "label": f"position {test.position}",
                     "what": "position, all residues"}
                )  # fmt: skip
        points = pd.DataFrame(rows)
        points["strength"] = -np.log10(points["p"].clip(lower=_LEAST_P))
        return points

    def _estimated(self) -> pd.DataFrame:
        frame = self._fit.to_frame()
        frame = frame[frame["p"].notna()]
        if frame.empty:
            raise UsageError("the fit has no estimate to plot; its notes say why")
        return frame

    def _who(self) -> str:
        known = self._fit.study.complete(np.empty((len(self._fit.study.y), 0)))
        return people(known.sum(), self._fit.study.y[known].sum())
