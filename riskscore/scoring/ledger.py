"""The ledger of one person: every term, what was found, and what it adds. It sums to log_odds."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.errors import UsageError
from riskscore.genetics.missing import Missing
from riskscore.models.model import Sex
from riskscore.models.panel import ReferencePanel
from riskscore.models.terms import (
    AminoAcidFactor,
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    HLAAlleleFactor,
    VariantFactor,
)
from riskscore.samples.cohort import Cohort
from riskscore.scoring.design import Measurements
from riskscore.scoring.diplotypes import DiplotypeCalls, call_diplotypes
from riskscore.scoring.reference import Reference
from riskscore.scoring.slots import Source
from riskscore.scoring.systems import OTHER
from riskscore.scoring.tag_copies import single_allele
from riskscore.scoring.uncertainty import shares_by_term

if TYPE_CHECKING:
    from riskscore.scoring.people_scores import ModelScores
    from riskscore.scoring.score import Scores


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

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


LEDGER_COLUMNS = tuple(field.name for field in fields(Entry))
UNCERTAINTY_COLUMNS = ("source", "variance", "share", "note")


def ledger(cohort: Cohort, reference: Reference, panel: ReferencePanel, sample: str) -> list[Entry]:
    """The entries of one sample in model order; raises UsageError for an unknown sample.

    The contributions sum to the sample's log_odds. ``variance`` is the term's part of the variance
    from what is not known of the person, its covariance with the whole score; it sums to that
    variance, and is negative for a term that offsets others.
    """
    place = _place(cohort, sample)
    rows = range(place, place + 1)
    measured = Measurements(cohort, reference, panel, rows)
    design = measured.design()
    shares = shares_by_term(measured, design, reference)
    scheme = reference.model.scheme
    haplotypes = call_diplotypes(cohort, scheme, panel, rows) if scheme else None
    entries = []
    for j, term in enumerate(reference.model.terms):
        reason = Missing(int(design.missing[0, j]))
        seen = " and ".join(
            dict.fromkeys(_seen(f, cohort, reference, haplotypes, place) for f in term.factors)
        )
        dosage, mean = float(design.expected[0, j]), float(reference.centre[j])
        entries.append(
            Entry(
                term=term.id,
                label=term.label,
                component=term.component,
                found=seen,
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


def uncertainty_rows(scores: Scores, table: ModelScores, sample: str) -> list[dict[str, Any]]:
    """The variance of one sample's log odds by source, and its total; UNCERTAINTY_COLUMNS."""
    place = _place(scores.cohort, sample)
    variance = {source: float(table.variance[source][place]) for source in Source}
    total = sum(variance.values())
    notes = _notes(table, scores.cohort.sex[place])
    rows = [
        {
            "source": source.value,
            "variance": variance[source],
            "share": variance[source] / total if total else 0.0,
            "note": notes.get(source, ""),
        }
        for source in Source
    ]
    return [*rows, {"source": "total", "variance": total, "share": 1.0, "note": ""}]


def _notes(table: ModelScores, sex: Sex | None) -> dict[Source, str]:
    """What a reader must know of the sources that look more certain than they are."""
    terms, own = table.model.terms, table.reference.by_sex[sex]
    bare = sum(term.standard_error is None for term in terms)
    risks = table.model.baseline_risks(sex, table.reference.population)
    notes = {}
    if bare:
        notes[Source.WEIGHTS] = (
            f"{bare} of {len(terms)} weights have no published standard error and count as certain"
        )
    if own.prevalence is None:
        notes[Source.BASELINE] = "the model has no baseline"
    elif sex is None and own.alpha_sd:
        notes[Source.BASELINE] = "the sex is unknown: the spread between the sexes"
    elif not own.alpha_sd:
        given = "given as certain" if own.prevalence not in {r.value for r in risks} else ""
        notes[Source.BASELINE] = given or "no interval was published: counted as certain"
    return notes


def _place(cohort: Cohort, sample: str) -> int:
    if sample not in cohort.samples:
        raise UsageError("no such sample in the VCF", fix="list them with: bcftools query -l")
    return cohort.samples.index(sample)


def _seen(
    factor: Factor,
    cohort: Cohort,
    reference: Reference,
    haplotypes: DiplotypeCalls | None,
    place: int,
) -> str:
    """In words, what the cohort holds of what a factor reads."""
    match factor:
        case VariantFactor():
            match_ = cohort.dosages.match(factor.variant)
            return match_.record if not match_.missing else "no record used"
        case ExposureFactor():
            cells = cohort.exposures.columns.get(factor.exposure)
            return f"{factor.exposure} = {(cells[place] if cells else '') or 'unknown'}"
        case HaplotypeFactor() | DiplotypeFactor():
            return _diplotype(haplotypes, reference)
        case HLAAlleleFactor() | AminoAcidFactor():
            return _genotype(factor, cohort, place)


def _diplotype(calls: DiplotypeCalls | None, reference: Reference) -> str:
    if calls is None or not len(calls.sample) or reference.model.scheme is None:
        return "no haplotype call"
    names = (*reference.model.scheme.names, OTHER)
    best = int(calls.probability.argmax())
    pair = f"{names[calls.first[best]]} + {names[calls.second[best]]}"
    return f"{pair} (P {calls.probability[best]:.3g}, {calls.source})"


def _genotype(factor: HLAAlleleFactor | AminoAcidFactor, cohort: Cohort, place: int) -> str:
    calls = cohort.hla.genes.get(factor.gene)
    best = calls.best(place) if calls else None
    if best is not None:
        return f"{best[0]}, {best[1]} (P {best[2]:.3g})"
    allele = single_allele([factor])
    tag = cohort.hla.tags.get(allele) if allele else None
    if tag and not np.isnan(tag.copies[place]):
        return f"tag {tag.tag.variant.name}"
    return f"HLA-{factor.gene} not {'called' if calls or tag else 'typed'}"
