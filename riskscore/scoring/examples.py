"""A model's examples, worked by hand by its author, worked again by the machine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from riskscore.errors import ModelFormatError
from riskscore.models.model import Example, RiskModel
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import ExposureFactor, Part
from riskscore.samples.hla.calls import HaplotypeCalls
from riskscore.samples.person import person
from riskscore.samples.question import Question
from riskscore.scoring.account.ledger import Entry, ledger
from riskscore.scoring.score import Scores, score_cohort

_TOLERANCE = 1e-6  # hand-worked numbers are written with six to eight decimals


def check_examples(model: RiskModel) -> int:
    """Work through every example; returns how many. Raises ModelFormatError at the first wrong one.

    >>> from riskscore.models.catalog import load_model
    >>> check_examples(load_model("ra")) >= 3
    True
    """
    for example in model.examples:
        _check(model, example)
    return len(model.examples)


def example_scores(model: RiskModel, example: Example) -> Scores:
    """The scores of one example, between its ages if it has any."""
    given: dict[str, Any] = dict(example.given)
    ages = (given.pop("from_age", None), given.pop("to_age", None))
    cohort = person([model], **given, population=_population(model))
    if ages[0] is not None:
        question = Question.of(model, population=cohort.population, horizon=ages)
        cohort = replace(cohort, question=question)
    if not cohort.hla.genes:  # tags by hand are called as the paper calls them
        cohort = replace(cohort, haplotype_calls=HaplotypeCalls.PUBLISHED)
    return score_cohort(cohort, reference_panel())


def _check(model: RiskModel, example: Example) -> None:
    scores = example_scores(model, example)
    table = scores.tables[0]
    entries = ledger(scores.cohort, table.reference, scores.cohort.samples[0])
    expect: dict[str, Any] = dict(example.expect)
    for name, value in expect["terms"].items():
        _agree(model, example, name, value, _uncentred(model, entries, name))
    if expect["sum"] is not None:
        known = sum(entry.weight * entry.dosage for entry in entries if not entry.missing)
        _agree(model, example, "the sum", expect["sum"], known)
    for column in ("average_risk", "probability", "published_score"):
        if expect.get(column) is not None:
            _agree(model, example, column, expect[column], float(table.numbers[column][0]))


def _population(model: RiskModel) -> str:
    """EUR, or the first population that the model has frequencies of."""
    known = model.reference_populations
    return known[0] if known and "EUR" not in known else "EUR"


def _uncentred(model: RiskModel, entries: list[Entry], name: str) -> float:
    """Weight times dosage of the terms of that name, or of the levels of that exposure."""
    found = [
        entry.weight * entry.dosage
        for entry, term in zip(entries, model.terms, strict=True)
        if name in (term.id, "_x_".join(str(factor) for factor in term.factors))
        or (
            term.part is Part.EXPOSURE
            and isinstance(term.factors[0], ExposureFactor)
            and term.factors[0].exposure == name
        )
    ]
    return sum(found) if found else math.nan


def _agree(model: RiskModel, example: Example, what: str, expected: float, found: float) -> None:
    if not abs(expected - found) <= _TOLERANCE:
        raise ModelFormatError(
            f"example {example.name!r}: {what} should be {expected:.10g} and is {found:.10g}",
            where=model.id,
        )
