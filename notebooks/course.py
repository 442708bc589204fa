"""What several lessons share: questions with checks, and charts that a lesson need not spell out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import altair as alt
import pandas as pd

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#C8C8D0"


def question(answer: Any, right: Callable[[Any], bool], hint: str) -> str:
    """Grade an answer: "right", a hint, or that there is none yet.

    >>> question(2, lambda n: n == 2, "count again"), question(None, bool, "")
    ('right', 'no answer yet')
    """
    if answer is None:
        return "no answer yet"
    return "right" if right(answer) else f"not yet: {hint}"


def live(draw: Callable[..., Any], **controls: tuple[float, float, float, float]) -> Any:
    """What ``draw`` makes, with a slider for each of its arguments where ipywidgets is installed.

    A control is its first value, its least, its most and its step. Without ipywidgets, as where
    the stored outputs are made, it is the picture of the first values.

    >>> live(lambda copies: f"{copies} copies", copies=(1, 0, 2, 1)) if not find_spec("ipywidgets") else "1 copies"
    '1 copies'
    """
    if find_spec("ipywidgets") is None:
        return draw(**{name: first for name, (first, *_) in controls.items()})
    widgets = import_module("ipywidgets")
    sliders = {}
    for name, (first, least, most, step) in controls.items():
        kind = widgets.IntSlider if isinstance(step, int) else widgets.FloatSlider
        sliders[name] = kind(
            value=first, min=least, max=most, step=step, description=name.replace("_", " "),
            continuous_update=False, readout_format="d" if isinstance(step, int) else ".3g",
        )  # fmt: skip
    return widgets.interactive(draw, **sliders)


def people(hit: int, of: int, title: str, columns: int = 40) -> alt.Chart:
    """A crowd in which ``hit`` of ``of`` people are marked."""
    crowd = pd.DataFrame(
        {
            "x": [n % columns for n in range(of)],
            "y": [n // columns for n in range(of)],
            "who": ["affected" if n < hit else "not affected" for n in range(of)],
        }
    )
    size = 9 if of > 400 else 14
    return (
        alt.Chart(crowd)
        .mark_circle(size=size * 5, opacity=1)
        .encode(
            x=alt.X("x:O", axis=None),
            y=alt.Y("y:O", axis=None),
            color=alt.Color("who:N", title=None).scale(
                domain=["affected", "not affected"], range=[ORANGE, GREY]
            ),
        )
        .properties(width=columns * size, height=of // columns * size, title=title)
    )


def crowds(risks: Mapping[str, float], hit: str, title: str) -> alt.Chart:
    """Crowds of 1,000 side by side, one a risk, those whom it hits first."""
    told = {name: round(1000 * risk) for name, risk in risks.items()}
    frame = pd.DataFrame(
        [
            {"x": n % 40, "y": n // 40, "ill": hit if n < ill else "does not", "who": f"{name}: {ill} of 1,000"}
            for name, ill in told.items()
            for n in range(1000)
        ]
    )  # fmt: skip
    return (
        alt.Chart(frame)
        .mark_circle(size=28, opacity=1)
        .encode(
            x=alt.X("x:O", axis=None),
            y=alt.Y("y:O", axis=None),
            color=alt.Color("ill:N", title=None)
            .scale(domain=[hit, "does not"], range=[ORANGE, GREY])
            .legend(orient="bottom"),
            facet=alt.Facet(
                "who:N", title=None, sort=list(frame["who"].unique()), header=alt.Header(labelFontSize=13)
            ),
        )
        .properties(width=290, height=200, title=title)
        .configure_view(stroke=None)
    )  # fmt: skip


def risk_after(odds_ratio: float, risk: float) -> float:
    """The risk of those whose odds are ``odds_ratio`` times those of people with ``risk``.

    >>> round(risk_after(3, 0.1), 3)
    0.25
    """
    odds = odds_ratio * risk / (1 - risk)
    return odds / (1 + odds)


def odds_curves(risks: Mapping[str, float], odds_ratio: float) -> alt.LayerChart:
    """The risk by odds ratio, a line for each comparison person's risk, marked at ``odds_ratio``."""
    curves = pd.DataFrame(
        [
            {
                "disease": name,
                "odds ratio": 10 ** (n / 30),
                "risk": risk_after(10 ** (n / 30), risk),
            }
            for name, risk in risks.items()
            for n in range(61)
        ]
    )
    here = pd.DataFrame({"disease": list(risks), "odds ratio": odds_ratio})
    here["risk"] = [risk_after(odds_ratio, risk) for risk in risks.values()]
    here["label"] = [f"{1000 * risk:.0f} of 1,000" for risk in here["risk"]]
    colour = (
        alt.Color("disease:N", title="comparison person's risk from", sort=list(risks)[::-1])
        .scale(range=[ORANGE, BLUE, GREEN, PINK])
        .legend(labelLimit=300)
    )
    base = alt.Chart(curves).encode(
        x=alt.X("odds ratio:Q", title="odds ratio (log scale)").scale(type="log", domain=[1, 100]),
        y=alt.Y("risk:Q", title="risk").axis(format="%").scale(domain=[0, 1]),
        color=colour,
    )
    dots = base.mark_circle(size=70, opacity=1).properties(data=here)
    layers = [base.mark_line(strokeWidth=2.2), dots]
    # above the line, and the first, whose line runs close below another, under its own
    for rows, place in (
        (here[1:], {"align": "right", "dx": -10, "dy": -8}),
        (here[:1], {"align": "left", "dx": 8, "dy": 10}),
    ):
        words = base.encode(text="label:N").properties(data=rows)
        layers += [
            words.mark_text(fontSize=12, stroke="white", strokeWidth=4, **place),
            words.mark_text(fontSize=12, **place),
        ]
    return alt.layer(*layers).properties(
        width=400, height=300, title="The same odds ratio, four base rates (formula, no people)"
    )


def bars(
    values: Mapping[str, float],
    title: str,
    axis: str,
    marked: Sequence[str] = (),
    form: str = ".0%",
) -> alt.Chart:
    """Named numbers as horizontal bars, those of ``marked`` in another colour."""
    frame = pd.DataFrame({"name": list(values), "value": list(values.values())})
    frame["colour"] = [ORANGE if name in marked else BLUE for name in frame["name"]]
    return (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            x=alt.X("value:Q", title=axis).axis(format=form, tickCount=5),
            y=alt.Y("name:N", title=None, sort=None).axis(labelLimit=240),
            color=alt.Color("colour:N", scale=None),
        )
        .properties(width=420, title=title)
    )


def strand(letters: str, other: str, place: int) -> alt.Chart:
    """A stretch of DNA on two chromosomes, with the place at which they differ marked."""
    rows = [
        {"place": i, "letter": letter, "chromosome": name, "differs": i == place}
        for name, text in (("from the mother", letters), ("from the father", other))
        for i, letter in enumerate(text)
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("place:O", axis=None), y=alt.Y("chromosome:N", title=None, sort=None)
    )
    tiles = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color("differs:N", legend=None).scale(domain=[False, True], range=[GREY, ORANGE])
    )
    words = base.mark_text(fontSize=15, font="monospace").encode(text="letter:N")
    return (tiles + words).properties(width=30 * len(letters), height=80)
