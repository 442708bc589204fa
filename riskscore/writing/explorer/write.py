"""Write the explorer of a model: one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

from riskscore.distribution import extra
from riskscore.files.outputs import atomic_write
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.writing.explorer.equations import equations
from riskscore.writing.page import asset, render

with extra("report"):
    from markupsafe import Markup

_FOLDER = "riskscore.writing.explorer"


def body() -> Markup:
    """The HTML element of the explorer, which its script fills."""
    return Markup(asset(_FOLDER, "body.html"))


def style() -> str:
    """The CSS that the explorer adds to a page."""
    return asset(_FOLDER, "explorer.css")


def script() -> str:
    """The explorer's arithmetic and its controls."""
    arithmetic = asset(_FOLDER, "explorer.js").replace("export function", "function")
    return arithmetic + asset(_FOLDER, "page.js")


def write_explorer(model: RiskModel, path: str | Path, *, population: str = "EUR") -> Path:
    """Write a page on which one chooses a genotype, exposures and a baseline, and sees the risk.

    One HTML file that needs no network. ``population`` is the superpopulation whose frequencies are
    the reference. Raises PopulationError when the model has no frequencies there, or OutputError.

    >>> from riskscore.models.catalog import load_model
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_explorer(load_model("ms-2013"), f"{folder}/explorer.html").name
    'explorer.html'
    """
    path = Path(path)
    content = [equations(model, reference_panel(), population)]
    html = render(
        _FOLDER,
        "explorer.html.j2",
        {
            "equations": content,
            "name": model.name,
            "id": model.id,
            "model_version": model.version,
            "ancestry": model.card.ancestry,
            "body": body(),
        },
        style=asset("riskscore.writing.report", "style.css") + style(),
        script=script(),
    )
    with atomic_write(path) as stream:
        stream.write(html.encode())
    return path
