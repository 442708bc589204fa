"""Charts of a fit: odds ratios as a forest, and HLA association along each gene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from riskscore.distribution import extra
from riskscore.errors import UsageError
from riskscore.studies.association.fit import Fit
from riskscore.studies.charts.theme import (
    DASHED,
    HEIGHT,
    LOWERS,
    RAISES,
    WIDTH,
    Chart,
    finish,
    people,
)

with extra("report"):
    import altair as alt

_LEAST_P = 1e-300  # so that p = 0 has a place on the chart


class FitPlots:
    """``fit.plot``: each method returns an Altair chart."""

    def __init__(self, fit: Fit) -> None:
        self._fit = fit

    def forest(self, most: int = 25) -> Chart:
        """Odds ratios (of a quantitative trait, betas) with 95% intervals, the strongest ``most``
        by p, in that order.

        Raises UsageError when nothing was estimated.
        """
        frame = self._estimated().sort_values("p").head(most)
        linear = self._fit.study.quantitative
        shown, none = ("beta", 0.0) if linear else ("odds_ratio", 1.0)
        name = "Effects on the trait" if linear else "Odds ratios"
        digits = ".3g" if linear else ".2f"
        ends, span = frame[["low", "high"]].to_numpy(), frame[shown].to_numpy()
        # An interval far wider than the estimates would squeeze all the others: it is cut.
        if linear:
            low, high = 4 * min(0.0, span.min()), 4 * max(0.0, span.max())
        else:
            low, high = min(0.5, span.min()) / 4, max(2.0, span.max()) * 4
        frame = frame.assign(
            shown_low=np.clip(ends[:, 0], low, high),
            shown_high=np.clip(ends[:, 1], low, high),
            text=[
                f"{value:{digits}} ({a:{digits}} to {b:{digits}})"
                for value, (a, b) in zip(span, ends, strict=True)
            ],
        )
        y = alt.Y("term:N", sort=frame["term"].tolist(), title=None)
        scale = alt.Scale(type="linear" if linear else "log", domain=[low, high])
        title = "Effect on the trait" if linear else "Odds ratio"
        title += " (95% interval)" if linear else " (95% interval, log scale)"
        x = alt.X(f"{shown}:Q", scale=scale, title=title)
        base = alt.Chart(frame).encode(y=y)
        colour = alt.condition(alt.datum.beta > 0, alt.value(RAISES), alt.value(LOWERS))
        one = alt.Chart(pd.DataFrame({"x": [none]})).mark_rule(**DASHED)
        chart = alt.layer(
            one.encode(x=alt.X("x:Q", scale=scale)),
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X("shown_low:Q", scale=scale), x2="shown_high:Q", color=colour
            ),
            base.mark_point(filled=True, size=70, opacity=1).encode(
                x=x, color=colour, tooltip=["term", shown, "low", "high", "p", "n", "note"]
            ),
            base.mark_text(align="left", fontSize=12).encode(
                text="text:N", x=alt.value(WIDTH + 10)
            ),
        ).properties(width=WIDTH, height=max(120, 24 * len(frame)))
        cut = f", the {len(frame)} strongest" if len(frame) < len(self._estimated()) else ""
        return finish(chart, name + cut, self._who())

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
        kinds = ["position, all residues", *(f"residue, {does}" for does in self._words)]
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
            tooltip=["label", "p", "beta", "n"],
        )  # fmt: skip
        rule = base.mark_rule(**DASHED).encode(y="mean(threshold):Q")
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
                "beta": e.beta, "label": e.term,
                "what": f"residue, {self._words[0 if e.beta > 0 else 1]}",
            }
            for e in own
        ]  # fmt: skip
        for test in self._fit.omnibus:
            if test.kind == "residue" and test.df:
                rows.append(
                    {"gene": f"HLA-{test.gene}", "position": test.position, "p": test.p,
                     "n": test.n, "beta": np.nan, "label": f"position {test.position}",
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

    @property
    def _words(self) -> tuple[str, str]:
        what = "the trait" if self._fit.study.quantitative else "the odds"
        return f"raises {what}", f"lowers {what}"

    def _who(self) -> str:
        study = self._fit.study
        known = study.complete(np.empty((len(study.y), 0)))
        return people(known.sum(), None if study.quantitative else study.y[known].sum())
