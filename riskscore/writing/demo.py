"""The summary that the demo prints: coverage, risks, and the results of five people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.scoring.account.coverage import match_report
from riskscore.scoring.account.ledger import ledger
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.scored import ModelScores
from riskscore.writing.measurements import by_measurement
from riskscore.writing.plain_words import NOTICE, risk_words
from riskscore.writing.words import coverage_words


def summary_words(
    scores: Scores, groups: Sequence[str], examples: Mapping[str, str]
) -> Iterator[str]:
    """The demo's summary: coverage with its reasons, risks beside the average, a few ledgers."""
    yield f"{len(scores.cohort.samples)} people. {NOTICE}"
    labels = np.array(groups)
    rows = match_report(scores)
    for table in scores.tables:
        yield ""
        card = table.model.card
        yield f"{table.model.id}: {card.outcome}; weights from {card.ancestry}"
        mine = [row for row in rows if row.model == table.model.id]
        yield from coverage_words(scores, table.model.id, mine)
        yield from _risks_of_group(table, labels)
    yield ""
    yield "What moves five people's scores most (log odds against the average score):"
    for sample, model in examples.items():
        table = scores.of(model)
        place = scores.cohort.samples.index(sample)
        entries = ledger(scores.cohort, table.reference, sample)
        yield f"  {sample}, {model}: {risk_words({n: v[place] for n, v in table.numbers.items()})}"
        seen = [line for line in by_measurement(table.model, entries) if not line.missing]
        for line in seen[:3]:
            yield f"    {line.contribution:+.3f}  {line.name}: {line.reason or line.direction}"


def _risks_of_group(table: ModelScores, labels: NDArray[np.str_]) -> Iterator[str]:
    """The risks of those people whom the weights were made for, beside the average."""
    own = np.isin(labels, list(table.model.ancestries))
    ratio = table.numbers["risk_ratio"][own]
    ratio = ratio[~np.isnan(ratio)]
    if ratio.size:
        low, middle, high = np.percentile(ratio, (5, 50, 95))
        yield (
            f"  risk over the average of the same sex, {ratio.size} people of that ancestry: "
            f"median {middle:.2g}, from {low:.2g} (5%) to {high:.2g} (95%); "
            f"{int((ratio > 1).sum())} are above the average"
        )
    others = int((~own).sum())
    yield f"  of {others} others no risk is summed up: the weights were not made for them"
