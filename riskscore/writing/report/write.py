"""Write a report: of a cohort from scores or a results folder, or of one person."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from riskscore.distribution import extra
from riskscore.errors import ModelError, UsageError
from riskscore.files.outputs import atomic_write
from riskscore.models.reference.panel import reference_panel
from riskscore.scoring.score import Scores
from riskscore.writing.explorer import write as explorer_page
from riskscore.writing.explorer.equations import equations
from riskscore.writing.page import asset, render
from riskscore.writing.provenance import Inputs, files_of
from riskscore.writing.report.cohort import cohort_context, provenance_rows
from riskscore.writing.report.individual import individual_context
from riskscore.writing.report.results import Results
from riskscore.writing.report.sources import results_of_folder, results_of_scores

_FOLDER = "riskscore.writing.report"
_ASKED = tuple(f"parameter: {name}" for name in ("prevalence", "horizon", "to_age"))


def write_report(
    source: Scores | str | Path,
    path: str | Path,
    *,
    individual: str | None = None,
    groups: Mapping[str, str] | None = None,
    percentile: bool | None = None,
    models: Sequence[str | Path] = (),
    inputs: Inputs | None = None,
) -> Path:
    """Write one self-contained HTML file: no network, no eval, a strict content policy.

    ``source`` is scores, or the folder that ``riskscore score --out`` left. ``groups`` labels
    samples (by superpopulation, say) for the distributions. With ``individual`` the report is of
    that one sample, term by term, and needs scores; otherwise no person can be told from it.
    ``percentile`` shows or hides that person's place in the reference population; None shows it to
    those whose genotypes are like that population's.

    ``models`` are the folders or scoring files of a folder's models that are not shipped.
    ``inputs`` are the files that scores were made from, by role (``vcf``), for one person's report
    to name; exposures and HLA tables that were read from files are named in any case.

    Raises UsageError for an unknown sample, InputError for a folder that does not hold results.

    >>> import riskscore as rs
    >>> from tempfile import TemporaryDirectory
    >>> scores = rs.score(rs.simulate("ms", 20).cohort())
    >>> with TemporaryDirectory() as folder:
    ...     write_report(scores, f"{folder}/report.html").name
    'report.html'
    """
    path = Path(path)
    if isinstance(source, Scores):
        results = results_of_scores(source, groups)
    else:
        results = results_of_folder(Path(source), groups, models)
    context = _context(results)
    if individual is not None:
        if not isinstance(source, Scores):
            raise UsageError(
                "one person's report needs the genotypes", fix="give the VCF as well (--vcf)"
            )
        person = individual_context(source, individual, percentile=percentile)
        files = _names({**(inputs or {}), **source.cohort.question.input_files})
        context |= {"person": person, "charts": person["charts"], "inputs": files, "asked": _ASKED}
        template, second = "individual.html.j2", ""
    else:
        explorer = _explorable(results)
        context |= {"explorer": explorer, "explorer_body": explorer_page.body()}
        template, second = "cohort.html.j2", explorer_page.script() if explorer else ""
    html = render(
        _FOLDER,
        template,
        context,
        style=asset(_FOLDER, "style.css") + explorer_page.style(),
        script=_chart_script(),
        second_script=second,
    )
    with atomic_write(path) as stream:
        stream.write(html.encode())
    return path


def _names(inputs: Inputs) -> list[str]:
    return [file.name for given in inputs.values() for file in files_of(given)]


@cache
def _chart_script() -> str:
    """Vega, Vega-Lite and Vega-Embed with our own few lines, bundled into one script."""
    with extra("report"):
        import vl_convert

    bundle: str = vl_convert.javascript_bundle(asset(_FOLDER, "charts.js"))
    return bundle


def _explorable(results: Results) -> list[dict[str, Any]]:
    """The equations of the models that the explorer can show."""
    found = []
    for model in results.models:
        try:
            found.append(equations(model, reference_panel(), model.reference_populations[0]))
        except (ModelError, IndexError):
            continue  # no reference frequencies, or an interaction of single variants
    return found


def _today() -> date:
    """The day the report is made; SOURCE_DATE_EPOCH, if set, stands for the clock."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(float(given) if given else time.time(), UTC).date()


def _context(results: Results) -> dict[str, Any]:
    return {
        **cohort_context(results),
        "provenance_rows": provenance_rows(results.provenance),
        "version": results.provenance["software"]["riskscore"],
        "caution": results.provenance["cohort"].get("caution", ""),
        "date": _today().isoformat(),
    }
