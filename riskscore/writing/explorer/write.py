"""Write the explorer of a model: one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

from riskscore.files import atomic_write
from riskscore.models.model import RiskModel
from riskscore.models.panel import reference_panel
from riskscore.writing.explorer.equations import equations
from riskscore.writing.page import asset, render

_FOLDER = "riskscore.writing.explorer"


def write_explorer(model: RiskModel, path: str | Path, *, population: str = "EUR") -> Path:
    """Write the page; raises PopulationError when the model has no frequencies there."""
    path = Path(path)
    content = equations(model, reference_panel(), population)
    arithmetic = asset(_FOLDER, "explorer.js").replace("export function", "function")
    html = render(
        _FOLDER,
        "explorer.html.j2",
        {
            "equations": content,
            "name": model.name,
            "id": model.id,
            "model_version": model.version,
            "ancestry": model.card.ancestry,
            "outcome": model.card.outcome,
        },
        style=asset("riskscore.writing.report", "style.css") + asset(_FOLDER, "explorer.css"),
        script=arithmetic + asset(_FOLDER, "page.js"),
    )
    with atomic_write(path) as stream:
        stream.write(html.encode())
    return path
