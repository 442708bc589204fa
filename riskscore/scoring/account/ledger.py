"""The ledger of one person: every term, what was found, and what it adds. It sums to log_odds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from riskscore.errors import UsageError
from riskscore.genetics.missing import Missing
from riskscore.genetics.sex import Sex
from riskscore.samples.cohort import Cohort
from riskscore.scoring.design import Measurements
from riskscore.scoring.observed.uncertainty import VarianceSource
from riskscore.scoring.observed.variance import shares_by_term
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.scores.scored import ModelScores, ScoredCohort


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger: ``contribution = weight x (dosage - mean)``."""

    term: str
    label: str
    component: str
    found: str
    dosage: float
    mean: float
    weight: float
    standard_error: float | None
    contribution: float
    variance: float
    missing: str
    status: str
    source: str


LEDGER_COLUMNS = tuple(field.name for field in fields(Entry))
UNCERTAINTY_COLUMNS = ("source", "variance", "share", "note")


def ledger(cohort: Cohort, reference: Reference, sample: str) -> list[Entry]:
    """The entries of one sample in model order; raises UsageError for an unknown sample.

    The contributions sum to the sample's log_odds. ``variance`` is the term's part of the variance
    from what is not known of the person, its covariance with the whole score; it sums to that
    variance, and is negative for a term that offsets others.
    """
    place = _place(cohort, sample)
    rows = range(place, place + 1)
    measured = Measurements(cohort, reference, rows)
    design = measured.design()
    shares = shares_by_term(measured, design, reference)
    entries = []
    for j, term in enumerate(reference.model.terms):
        reason = Missing(int(design.missing[0, j]))
        words = [reference.kinds.of(f).words(f, cohort, place) for f in term.factors]
        dosage, mean = float(design.expected[0, j]), float(reference.centre[j])
        entries.append(
            Entry(
                term=term.id,
                label=term.label,
                component=term.component,
                found=" and ".join(dict.fromkeys(words)),
                dosage=dosage,
                mean=mean,
                weight=term.weight,
                standard_error=term.standard_error,
                contribution=term.weight * (dosage - mean),
                variance=float(shares[0, j]),
                missing=reason.name.lower() if reason else "",
                status=term.status.value,
                source=term.source,
            )
        )
    return entries


def uncertainty_rows(scores: ScoredCohort, table: ModelScores, sample: str) -> list[dict[str, Any]]:
    """The variance of one sample's log odds by source, and its total; UNCERTAINTY_COLUMNS."""
    place = _place(scores.cohort, sample)
    variance = {source: float(table.variance[source][place]) for source in VarianceSource}
    total = sum(variance.values())
    notes = _notes(table, scores.cohort.sex[place])
    rows = [
        {
            "source": source.value,
            "variance": variance[source],
            "share": variance[source] / total if total else 0.0,
            "note": notes.get(source, ""),
        }
        for source in VarianceSource
    ]
    return [*rows, {"source": "total", "variance": total, "share": 1.0, "note": ""}]


def _notes(table: ModelScores, sex: Sex | None) -> dict[VarianceSource, str]:
    """What a reader must know of the sources that look more certain than they are."""
    terms, own = table.model.terms, table.reference.by_sex[sex]
    bare = sum(term.standard_error is None for term in terms)
    risks = table.model.baseline_risks(sex, table.reference.population)
    notes = {}
    if bare:
        notes[VarianceSource.WEIGHTS] = (
            "weights' error unknown"
            if bare == len(terms)
            else f"weights' error unknown of {bare} of {len(terms)}, which count as certain"
        )
    if own.prevalence is None:
        notes[VarianceSource.BASELINE] = "the model has no baseline"
    elif sex is None and own.alpha_sd:
        notes[VarianceSource.BASELINE] = "the sex is unknown: the spread between the sexes"
    elif not own.alpha_sd:
        given = "given as certain" if own.prevalence not in {r.value for r in risks} else ""
        notes[VarianceSource.BASELINE] = given or "no interval was published: counted as certain"
    return notes


def _place(cohort: Cohort, sample: str) -> int:
    if sample not in cohort.samples:
        raise UsageError("no such sample in the VCF", fix="list them with: bcftools query -l")
    return cohort.samples.index(sample)
