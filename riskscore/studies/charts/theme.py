"""The look of all charts: sizes, title, and colours that colour-blind people can distinguish."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskscore.distribution import extra
from riskscore.errors import UsageError
from riskscore.files.outputs import atomic_write

with extra("report"):
    import altair as alt

Chart = alt.LayerChart | alt.FacetChart | alt.HConcatChart

# Okabe and Ito's colours, the darker ones first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
RAISES, LOWERS, QUIET = "#D55E00", "#0072B2", "#8A8A8A"
WIDTH, HEIGHT = 520, 360
DASHED: dict[str, Any] = {"color": QUIET, "strokeDash": [4, 3]}  # a line to compare with
ENDINGS = (".html", ".png", ".svg", ".json")
NOTICE = "Illustrative, not diagnostic."


def finish(chart: Any, title: str, subtitle: str | Sequence[str]) -> Chart:
    """A chart with its title, the number of people, and the look that all charts share."""
    lines = [subtitle] if isinstance(subtitle, str) else list(subtitle)
    finished: Chart = (
        chart.properties(
            title=alt.TitleParams(
                title, subtitle=[*lines, NOTICE], anchor="start", frame="group", offset=12
            ),
            background="white",
            padding=12,
        )
        .configure_view(stroke=None)
        .configure_title(
            fontSize=17, subtitleFontSize=12, subtitleColor="#555555", subtitlePadding=4
        )
        .configure_axis(
            labelFontSize=12, titleFontSize=13, titleFontWeight="normal", titlePadding=8,
            gridColor="#E8E8E8", domainColor="#777777", tickColor="#777777", labelLimit=280,
        )
        .configure_legend(
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=320
        )
        .configure_header(labelFontSize=13, titleFontSize=13, labelFontWeight="bold")
        .configure_range(category=list(COLOURS))
    )  # fmt: skip
    return finished


def save_chart(chart: Chart, path: Path | str) -> None:
    """Write a chart as .html (one file, no network), .png, .svg or .json, by its name's ending.

    Raises UsageError for another ending, OutputError when it cannot be written.

    >>> import riskscore as rs
    >>> from tempfile import TemporaryDirectory
    >>> one = rs.person([rs.load_model("ms")], hla={"DRB1": "15:01 03:01"})
    >>> with TemporaryDirectory() as folder:
    ...     save_chart(rs.score(one).plot.waterfall("person"), f"{folder}/person.json")
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['person.json']
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise UsageError(
            f"cannot tell the format of {path.name}", fix=f"end it in {', '.join(ENDINGS)}"
        )
    text, raw = io.StringIO(), io.BytesIO()
    if path.suffix == ".png":
        chart.save(raw, format="png", scale_factor=2)
    elif path.suffix == ".html":
        chart.save(text, format="html", inline=True)
    else:
        chart.save(text, format="svg" if path.suffix == ".svg" else "json")
    with atomic_write(path) as stream:
        stream.write(raw.getvalue() or text.getvalue().encode())


def people(n: float, cases: float | None = None) -> str:
    """How many people, in words.

    >>> people(2504, 494)
    'n = 2,504 people, 494 of them cases'
    """
    text = f"n = {n:,.0f} people"
    return text if cases is None else f"{text}, {cases:,.0f} of them cases"
