"""A model's card: its use, limits, construction, the weight of each part, and sources."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.reference.progression import progression_card, with_autoantibodies
from riskscore.models.scoring_files.weights import BY_DOSAGE
from riskscore.models.terms import Part, Status, Term
from riskscore.scoring.examples import example_scores
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.population.reference import Reference
from riskscore.writing.plain_words import NOTICE, natural

_SHOWN = 15
WEIGHT_COLUMNS = (
    "term", "label", "component", "part", "weight", "odds_ratio", "standard_error",
    "variance_share", "status", "source",
)  # fmt: skip
# The items of PRS-RS and TRIPOD+AI that the card answers in other lines than those of `reporting`.
_TITLES = {
    "study_design": "Study design",
    "participants": "Participants",
    "genetic_data": "Genetic data",
    "non_genetic_variables": "Non-genetic variables",
    "missing_data": "Missing data",
    "construction": "Construction",
    "model_type": "Type of model",
    "model_fit": "Fit of the integrated model",
    "distribution": "Distribution",
    "calibration": "Calibration",
    "subgroups": "Subgroups and fairness",
    "generalisability": "Generalisability",
    "availability": "Availability",
    "funding": "Funding",
}


def card_words(model: RiskModel, panel: ReferencePanel) -> Iterator[str]:
    """The model card as text: the items of PRS-RS and TRIPOD+AI, then what the score is made of."""
    card = model.card
    yield f"{model.name} ({model.id} {model.version}, {model.edition})"
    yield f"Disease: {card.disease['name']} ({card.disease['mondo'] or 'no id'})."
    yield f"Predicted outcome: {card.outcome}; horizon: {model.horizon or 'none given'}"
    yield f"Weights from people of ancestry: {card.ancestry}. {NOTICE}"
    yield f"Intended use: {card.intended_use}"
    for title, lines in (("Not for", card.not_for), ("Limits", card.limits)):
        yield f"{title}:"
        yield from (f"  - {' '.join(line.split())}" for line in lines)
    yield from _beside(model)
    yield "Report (PRS-RS, TRIPOD+AI):"
    yield from (f"  {line}" for line in _reporting(model))
    yield from _baseline(model)
    yield "Performance, as published:"
    yield from (
        f"  - {p['measure']}: {p['value']} ({p['source']}; {p['status']})" for p in card.performance
    )
    if not card.performance:
        yield "  - none in the tables used"
    yield "Citations:"
    for citation in card.citations:
        links = [f"doi {citation.doi}"] * bool(citation.doi) + [f"PMID {citation.pmid}"] * bool(
            citation.pmid
        )
        yield f"  - {citation.text} {' '.join(links)}".rstrip()
    yield from _construction(model, panel)


def progression_words() -> Iterator[str]:
    """The card of t1d-autoantibodies, which is no score: curves, their cohorts and their limits."""
    card = progression_card()
    yield f"{card['name']} ({card['id']} {card['version']})"
    yield f"Disease: {card['disease']}. {NOTICE}"
    for key in ("outcome", "population", "construction", "intended_use"):
        yield f"{key.replace('_', ' ').capitalize()}: {card[key]}"
    for key in ("not_for", "limits"):
        yield f"{key.replace('_', ' ').capitalize()}:"
        yield from (f"  - {line}" for line in card[key])
    yield "Curves (riskscore progression prints them by year):"
    for curve in with_autoantibodies():
        points = ", ".join(
            f"{p.risk:.1%}{' (recalled)' * (p.status is Status.RECALLED)} at {p.years:g} years"
            for p in curve.points
        )
        yield f"  - {curve.group}, from {curve.clock}: {points}; {curve.cohort}"
        yield f"    {curve.points[-1].source}"


def _beside(model: RiskModel) -> Iterator[str]:
    """The model to be read beside this one, with the risks of both for the examples."""
    if model.beside is None:
        return
    other = model.beside.model
    yield f"Beside it: {other.id}, {other.name} ({other.card.outcome}): {model.beside.reason}."
    for example in model.examples:
        scores = example_scores(model, example)
        own, beside = scores.of(model.id), scores.beside(model.id)
        ratios = [
            f"{table.model.id} {table.numbers['risk_ratio'][0]:.2g} times its average"
            for table in (own, beside)
            if table is not None and not math.isnan(table.numbers["risk_ratio"][0])
        ]
        if len(ratios) == 2:
            yield f"  - {example.name}: {', '.join(ratios)}"


def _reporting(model: RiskModel) -> Iterator[str]:
    """Each item in words, or "not stated"."""
    given = dict(model.card.reporting)
    if model.exposures:
        given.setdefault("non_genetic_variables", "")
        given["non_genetic_variables"] = given["non_genetic_variables"] or ", ".join(
            f"{e.label}{'' if e.weighted else ' (shown, not weighted)'}" for e in model.exposures
        )
    elif not given.get("non_genetic_variables"):
        given["non_genetic_variables"] = "none"
    for key, title in _TITLES.items():
        yield f"{title}: {' '.join((given.get(key) or 'not stated').split())}"


def _baseline(model: RiskModel) -> Iterator[str]:
    for risk in model.baseline:
        interval = f" ({natural(risk.ci[0])} to {natural(risk.ci[1])})" if risk.ci else ""
        where = f", {risk.population}" if risk.population else ""
        yield (
            f"Baseline, {risk.sex.value}{where}: {natural(risk.value)}{interval} "
            f"({risk.horizon or model.horizon}; {risk.source}; {risk.status.value})"
        )
    if model.heritability:
        given = model.heritability
        parents = f", with fathers {given.fathers:g} times" if given.fathers != 1 else ""
        yield (
            f"Heritability of the liability, for family histories: {given.value:g}{parents} "
            f"({given.source}; {given.status.value})"
        )
    if not model.baseline:
        yield "Baseline: none, so the score has no probability"


def _construction(model: RiskModel, panel: ReferencePanel) -> Iterator[str]:
    """The parts of the score, with their expected shares of its variance."""
    parts = [term.part for term in model.terms]
    recalled = sum(term.status is Status.RECALLED for term in model.terms)
    plain = f", {len(model.plain)} plain variants" if model.plain is not None else ""
    yield (
        f"Terms: {parts.count(Part.GENETIC)} genetic, {parts.count(Part.EXPOSURE)} exposure, "
        f"{parts.count(Part.INTERACTION)} gene-environment{plain}; {recalled} with recalled weights"
    )
    if Part.INTERACTION in parts:
        yield "Genes and exposures together, with RERI, AP and S on the additive scale: --joint"
    yield from _frequencies(model)
    rows = weight_rows(model, panel)
    if not model.reference_populations:
        yield "Expected variance: not known, since the model brings no frequencies"
    else:
        population = model.reference_populations[0]
        shares: dict[str, float] = {}
        for row in rows:
            shares[row["component"]] = shares.get(row["component"], 0.0) + row["variance_share"]
        yield f"Expected variance of the score in {population}, by component:"
        yield from (f"  {name:<18} {share:6.1%}" for name, share in shares.items())
    shown = sorted(rows, key=lambda row: -(row["variance_share"] or abs(row["weight"])))[:_SHOWN]
    if shown:
        yield f"The {len(shown)} weightiest of {len(rows)} terms (all: --weights):"
    for row in shown:
        share = "" if math.isnan(row["variance_share"]) else f"  {row['variance_share']:6.1%}"
        words = f"  {row['odds_ratio']:8.3f} odds ratio{share}  {row['term']}  {row['label']}"
        yield words.rstrip()


def _frequencies(model: RiskModel) -> Iterator[str]:
    """The number of SNPs whose frequency in a population is taken from another one."""
    counts = {name: len(model.stand_ins(name)) for name in model.reference_populations}
    lacking = [f"{name} {count}" for name, count in counts.items() if count]
    if lacking:
        yield (
            f"Frequencies: of {len(model.frequencies)} SNPs some are known in "
            f"{model.stand_in_population} only and stand in elsewhere: {', '.join(lacking)}"
        )


def weight_rows(model: RiskModel, panel: ReferencePanel) -> list[dict[str, Any]]:
    """One row for each term: its weight and odds ratio, and its share of the expected variance.

    The share is of people of unknown sex in the model's first population; nan without frequencies.
    A row with a weight for each number of copies is shown as two copies against none.
    """
    shares = [math.nan] * len(model.terms)
    if model.reference_populations:
        reference = build_reference(model, panel, model.reference_populations[0])
        shares = _shares(reference)
    return [
        {
            "term": term.id,
            "label": term.label,
            "component": term.component,
            "part": term.part.value,
            "weight": _contrast(term),
            "odds_ratio": math.exp(_contrast(term)),
            "standard_error": term.standard_error,
            "variance_share": share,
            "status": term.status.value,
            "source": term.source,
        }
        for term, share in zip(model.terms, shares, strict=True)
    ]


def _contrast(term: Term) -> float:
    """A term's weight; of one by dosage, whose weights its coding holds, two copies to none."""
    coding = term.factors[0].coding
    if len(term.factors) == 1 and coding.name == BY_DOSAGE:
        return float(term.weight * (coding.values[2] - coding.values[0]))
    return term.weight


def _shares(reference: Reference) -> list[float]:
    """Each term's part of the expected variance, averaged over the sexes."""
    parts = np.mean([reference.expected_variance(sex) for sex in Sex], axis=0)
    total = float(parts.sum())
    return [float(part) / total if total else 0.0 for part in parts]
