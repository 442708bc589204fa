"""Output on a terminal: the stage of a run, its summary, and a ledger in a few lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from riskscore.models.model import RiskModel
    from riskscore.scoring.account.ledger import Entry
    from riskscore.scoring.score import Scores

_MODELS = 6  # the most models whose coverage is listed
_LINES = 15  # the most lines of a ledger
_LITTLE = 0.2  # of the variance of a score
_LITTLE_SEEN = (
    "little was seen, so that risks are near the average; riskscore check says what is missing "
    "and why"
)


@contextmanager
def stages(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A function that shows the stage of a run on a terminal, in the place of the one before."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage: None
        return

    def show(stage: str) -> None:
        sys.stderr.write(f"\r\x1b[K{stage}" if stage else "\r\x1b[K")
        sys.stderr.flush()

    try:
        yield lambda stage: show(f"riskscore: {stage} ...")
    finally:
        show("")


def end_words(scores: Scores, output: Path | None, out: Path | None) -> list[str]:
    """The lines at the end of a run: people, coverage, units, warnings, percentiles, files."""
    from riskscore.writing.words import reference_words

    people, warnings = len(scores.cohort.samples), len(scores.cohort.warnings)
    means = {}
    for table in scores.tables:
        known = table.numbers["coverage"][~np.isnan(table.numbers["coverage"])]
        means[table.model.id] = float(known.mean()) if known.size else np.nan
    seen = [
        f"{name} -" if np.isnan(mean) else f"{name} {mean:.0%}"
        for name, mean in list(means.items())[:_MODELS]
    ]
    little = [name for name, mean in means.items() if mean < _LITTLE]
    if len(scores.tables) > _MODELS:
        seen.append(f"{len(scores.tables) - _MODELS} more")
    warned = f"; {warnings} warning{'s' if warnings > 1 else ''} above" if warnings else ""
    units = "".join(f"; {name} in {unit}" for name, unit in _units(scores).items())
    places = [f"{out.name}/"] if out is not None else []
    if output is not None or out is None:
        named = output is not None and str(output) != "-"
        places.append(output.name if output is not None and named else "standard output")
    percentiles = reference_words(scores)
    return [
        f"riskscore: {people:,} {'person' if people == 1 else 'people'}; "
        f"coverage {', '.join(seen)}{units}{warned}",
        *([f"riskscore: of {', '.join(little)} {_LITTLE_SEEN}"] if little else []),
        *([f"riskscore: {percentiles}"] if percentiles else []),
        f"riskscore: results in {' and '.join(places)}. Illustrative, not diagnostic.",
    ]


def _units(scores: Scores) -> dict[str, str]:
    """The unit of each column of doses, for cells that name none."""
    given = scores.cohort.exposures
    return {
        exposure.id: given.units.get(exposure.id, exposure.unit)
        for model in scores.cohort.models
        for exposure in model.exposures
        if exposure.is_dose and exposure.id in given.columns
    }


def ledger_lines(model: RiskModel, entries: Sequence[Entry]) -> Iterator[str]:
    """A person's ledger in words: the largest measurements, and the sum of the others."""
    from riskscore.writing.measurements import by_measurement

    lines = by_measurement(model, entries)
    seen = [line for line in lines if not line.missing]
    yield f"{model.id}: what the score is made of (log odds against the average)"
    for line in seen[:_LINES]:
        yield f"  {line.contribution:+7.3f}  {line.name}: {line.reason or line.direction}"
    if len(seen) > _LINES:
        rest = sum(line.contribution for line in seen[_LINES:])
        yield f"  {rest:+7.3f}  {len(seen) - _LINES} more"
    total = sum(line.contribution for line in lines)
    yield f"  {total:+7.3f}  in all; every term: --terms, or -o FILE"
    reasons: dict[str, list[str]] = {}
    for line in lines:
        if line.missing:
            reasons.setdefault(line.missing, []).append(line.name)
    for reason, names in reasons.items():
        yield f"  not seen ({reason}): {', '.join(names)}"
