"""The chart of joint effects: two exposures alone and together, and the expected effects."""

from __future__ import annotations

import pandas as pd

from riskscore.distribution import extra
from riskscore.studies.charts.theme import COLOURS, DASHED, HEIGHT, WIDTH, Chart, finish, people
from riskscore.studies.interaction.interaction import Interaction, JointEffect

with extra("report"):
    import altair as alt


class InteractionPlots:
    """``interaction.plot``: each method returns an Altair chart."""

    def __init__(self, found: Interaction) -> None:
        self._found = found

    def joint(self) -> Chart:
        """Odds ratios of every pair of levels, and where two both together would lie if their
        effects added (OR10 + OR01 - 1) or multiplied (OR10 x OR01).
        """
        one, two = self._found.table.exposures
        frame = pd.DataFrame([self._row(effect) for effect in self._found.joint])
        order = frame["pair"].tolist()
        top = min(1.3 * float(frame["high"].max()), 6 * float(frame["odds_ratio"].max()))
        bottom = min(0.5, float(frame["odds_ratio"].min()) / 2)
        frame["high"], frame["low"] = frame["high"].clip(upper=top), frame["low"].clip(lower=bottom)
        scale = alt.Scale(type="log", domain=[bottom, top])
        lines = alt.Axis(labelAngle=0, labelExpr="split(datum.label, ' | ')")
        x = alt.X("pair:N", sort=order, title=f"{one} (above), {two} (below)", axis=lines)
        base = alt.Chart(frame).encode(x=x)
        y = alt.Y("odds_ratio:Q", scale=scale, title="Odds ratio (95% interval, log scale)")
        expected = frame.melt(
            id_vars=["pair"], value_vars=["if effects add", "if effects multiply"],
            var_name="expected", value_name="value",
        ).dropna()  # fmt: skip
        marks = alt.Chart(expected).mark_tick(thickness=3, size=34, opacity=1).encode(
            x=x, y=alt.Y("value:Q", scale=scale),
            color=alt.Color("expected:N", title="Expected together",
                            scale=alt.Scale(domain=["if effects add", "if effects multiply"],
                                            range=[COLOURS[2], COLOURS[3]])),
        )  # fmt: skip
        line = alt.Chart(pd.DataFrame({"y": [1.0]})).mark_rule(**DASHED)
        chart = alt.layer(
            line.encode(y=alt.Y("y:Q", scale=scale)),
            marks,
            base.mark_rule(strokeWidth=2, color=COLOURS[0]).encode(
                y=alt.Y("low:Q", scale=scale), y2="high:Q"
            ),
            base.mark_point(filled=True, size=90, opacity=1, color=COLOURS[0]).encode(
                y=y, tooltip=["pair", "odds_ratio", "low", "high", "cases", "controls"]
            ),
            base.mark_text(dx=9, align="left", fontSize=12).encode(
                y=y, text=alt.Text("odds_ratio:Q", format=".2f")
            ),
        ).properties(width=max(WIDTH, 110 * len(order)), height=HEIGHT)
        table = self._found.table
        counted = people(float(table.count.sum()), float(table.count @ table.y))
        subtitle = [text for text in (counted, self._measures()) if text]
        return finish(chart, f"{one} and {two}, apart and together", subtitle)

    def _row(self, e: JointEffect) -> dict[str, object]:
        ratios = {(j.first, j.second): j.odds_ratio for j in self._found.joint}
        first0, second0 = self._found.table.levels[0][0], self._found.table.levels[1][0]
        row: dict[str, object] = {
            "pair": f"{e.first} | {e.second}",
            **{name: getattr(e, name)
               for name in ("odds_ratio", "low", "high", "cases", "controls")},
            "if effects add": None, "if effects multiply": None,
        }  # fmt: skip
        if e.first != first0 and e.second != second0:
            apart = ratios[e.first, second0], ratios[first0, e.second]
            row |= {
                "if effects add": apart[0] + apart[1] - 1,
                "if effects multiply": apart[0] * apart[1],
            }
        return row

    def _measures(self) -> str:
        """RERI, AP and S in a line, where there is one pair of levels."""
        found = [m for m in self._found.measures if m.measure != "product"]
        if len(found) != 3:
            return ""
        return "; ".join(
            f"{m.measure} {m.estimate:.2f} ({m.low:.2f} to {m.high:.2f})" for m in found
        )
