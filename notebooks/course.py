"""What several lessons share: questions with checks, and charts that a lesson need not spell out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import altair as alt
import pandas as pd

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#C8C8D0"


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


def bars(
    values: Mapping[str, float], title: str, axis: str, marked: Sequence[str] = (), form: str = ".0%"
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
