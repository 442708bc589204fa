"""What the report says of one person: the ledger, the risk in natural frequencies, the unknown."""

from __future__ import annotations

import math
from typing import Any

from riskscore.errors import UsageError
from riskscore.scoring.ledger import Entry, ledger, uncertainty_rows
from riskscore.scoring.people_scores import ModelScores
from riskscore.scoring.score import Scores
from riskscore.writing.report.charts import Spec, uncertainty_chart, waterfall_chart
from riskscore.writing.words import natural

_STEPS = 12
_UNKNOWN = 10
_CROWDS = (100, 1_000, 10_000, 100_000)


def individual_context(scores: Scores, sample: str) -> dict[str, Any]:
    """Everything the template shows of one person; raises UsageError for an unknown sample."""
    if sample not in scores.cohort.samples:
        raise UsageError("no such sample in the results")
    charts: dict[str, Spec] = {}
    models = [_model(scores, table, sample, charts) for table in scores.tables]
    return {"sample": sample, "models": models, "charts": charts}


def _model(
    scores: Scores, table: ModelScores, sample: str, charts: dict[str, Spec]
) -> dict[str, Any]:
    place = scores.cohort.samples.index(sample)
    numbers = {name: float(values[place]) for name, values in table.numbers.items()}
    entries = ledger(scores.cohort, table.reference, scores.panel, sample)
    steps = waterfall_steps(entries)
    chart = f"chart-ledger-{table.model.id}"
    charts[chart] = waterfall_chart(steps, f"{table.model.id}: what adds up to this person's score")
    sources = [row for row in uncertainty_rows(scores, table, sample) if row["source"] != "total"]
    doubt = f"chart-doubt-{table.model.id}"
    charts[doubt] = uncertainty_chart(sources, f"{table.model.id}: what makes the interval wide")
    unknown = sorted((e for e in entries if e.missing and e.variance), key=lambda e: -e.variance)
    total = sum(entry.variance for entry in entries) or 1.0
    risk = numbers["probability"]
    known = not math.isnan(risk)
    return {
        "model": table.model,
        "numbers": numbers,
        "flags": table.flags[place],
        "risk": natural(risk) if known else None,
        "low": natural(numbers["probability_low"]) if known else None,
        "high": natural(numbers["probability_high"]) if known else None,
        "icons": icon_array(risk) if known else None,
        "chart": chart,
        "doubt": doubt,
        "sources": sources,
        "steps": steps,
        "entries": entries,
        "unknown": [(entry, entry.variance / total) for entry in unknown[:_UNKNOWN]],
        "unknown_more": max(0, len(unknown) - _UNKNOWN),
    }


def waterfall_steps(entries: list[Entry]) -> list[dict[str, Any]]:
    """The largest contributions in turn, the rest together, and the sum they reach."""
    ranked = sorted(entries, key=lambda entry: -abs(entry.contribution))
    steps, reached = [], 0.0
    shown = [(f"{e.dosage:.3g} x {e.term}", e.contribution) for e in ranked[:_STEPS]]
    rest = math.fsum(entry.contribution for entry in ranked[_STEPS:])
    if ranked[_STEPS:]:
        shown.append((f"{len(ranked) - _STEPS} other terms", rest))
    for label, contribution in shown:
        steps.append(
            {
                "label": label,
                "start": reached,
                "end": reached + contribution,
                "contribution": contribution,
                "direction": "raises" if contribution > 0 else "lowers",
            }
        )
        reached += contribution
    total = math.fsum(entry.contribution for entry in entries)
    whole = {"label": "log odds", "start": 0.0, "end": total, "contribution": total}
    return [*steps, {**whole, "direction": "sum"}]


def icon_array(risk: float) -> dict[str, Any]:
    """A crowd in which the risk is a count of people: its size, its shape, who is hit.

    The smallest crowd of 100, 1,000, 10,000 or 100,000 in which at least one person is expected.

    >>> icons = icon_array(0.0031)
    >>> icons["crowd"], icons["hit"], icons["columns"]
    (1000, 3, 40)
    """
    crowd = next((size for size in _CROWDS if risk * size >= 1), _CROWDS[-1])
    hit = round(risk * crowd)
    columns = {100: 20, 1_000: 40, 10_000: 125, 100_000: 400}[crowd]
    rows = crowd // columns
    places = [(n % columns, n // columns) for n in range(hit)]
    return {"crowd": crowd, "hit": hit, "columns": columns, "rows": rows, "places": places}
