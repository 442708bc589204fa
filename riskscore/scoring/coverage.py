"""What was read and what was not: a row a locus, gene or exposure, with the variance it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from riskscore.genetics.missing import ADVICE, Missing
from riskscore.models.model import Sex
from riskscore.models.terms import (
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    Part,
    VariantFactor,
)
from riskscore.scoring.score import ModelScores, Scores


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One thing a model needs, and how the file and the table answered.

    ``observed`` is the mean share over samples of its terms' variance that was seen;
    ``variance_share`` is what its terms carry of the score's expected variance, and
    ``lost_share`` the part of that which was not seen.
    """

    model: str
    component: str
    kind: str
    name: str
    code: str
    record: str
    frequency: float
    observed: float
    variance_share: float
    lost_share: float
    advice: str

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


MATCH_COLUMNS = tuple(field.name for field in fields(MatchRow))
COVERAGE_COLUMNS = ("model", "component", "variance_share", "coverage_mean", "coverage_minimum")


def match_report(scores: Scores) -> list[MatchRow]:
    """One row a model and each variant, HLA gene, haplotype scheme and exposure it needs."""
    return [row for table in scores.tables for row in _rows(scores, table)]


def _rows(scores: Scores, table: ModelScores) -> Iterator[MatchRow]:
    model = table.model
    expected = _pooled_variance(scores, table)
    total = expected.sum() or 1.0
    members: dict[tuple[str, str], list[int]] = {}
    for j, term in enumerate(model.terms):
        # An interaction is charged to the last thing it reads: the exposure, or the second gene.
        members.setdefault(_thing(term.factors[-1 if term.part is Part.GENETIC else 0]), []).append(
            j
        )
    for (kind, name), terms in members.items():
        weight = expected[terms].sum()
        seen = (
            float(expected[terms] @ table.term_coverage[terms] / weight)
            if weight
            else float(table.term_coverage[terms].mean())
        )
        code, record, frequency = _found(scores, table, kind, name, terms)
        reason = Missing[code.upper()] if code.upper() in Missing.__members__ else None
        yield MatchRow(
            model.id,
            model.terms[terms[0]].component,
            kind,
            name,
            code,
            record,
            frequency,
            seen,
            float(weight / total),
            float(weight / total * (1 - seen)),
            ADVICE.get(reason, "") if reason else "",
        )


def _pooled_variance(scores: Scores, table: ModelScores) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Each term's expected variance, averaged over the cohort's sexes."""
    counts: Counter[Sex | None] = Counter(scores.cohort.sex)
    return np.asarray(
        sum(n * table.reference.expected_variance(sex) for sex, n in counts.items())
        / counts.total()
    )


def _thing(factor: Factor) -> tuple[str, str]:
    match factor:
        case VariantFactor():
            return "variant", factor.variant.name
        case ExposureFactor():
            return "exposure", factor.exposure
        case HaplotypeFactor() | DiplotypeFactor():
            return "haplotypes", "DR-DQ"
        case _:
            return "gene", f"HLA-{factor.gene}"


def _found(
    scores: Scores, table: ModelScores, kind: str, name: str, terms: list[int]
) -> tuple[str, str, float]:
    """The reason code, the record and the frequency in the file, of one thing."""
    cohort, nothing = scores.cohort, float("nan")
    if kind == "variant":
        factor = next(
            f
            for f in table.model.terms[terms[0]].factors
            if isinstance(f, VariantFactor) and f.variant.name == name
        )
        match = cohort.dosages.match(factor.variant)
        return (
            match.missing.name.lower() if match.missing else match.how,
            match.record,
            match.frequency,
        )
    if kind == "exposure":
        return ("given" if name in cohort.exposures.columns else "not_given"), "", nothing
    if kind == "gene" and name.removeprefix("HLA-") in cohort.hla.genes:
        return "found", cohort.hla.genes[name.removeprefix("HLA-")].source, nothing
    reasons = Counter(table.term_reasons[j] for j in terms)
    reason = Missing(reasons.most_common(1)[0][0])
    if kind == "haplotypes" and table.model.scheme and not reason:
        typed = all(gene in cohort.hla.genes for gene in table.model.scheme.genes)
        return "found", "typed alleles" if typed else "tag SNPs", nothing
    return (reason.name.lower(), "", nothing) if reason else ("tagged", "tag SNPs", nothing)


def coverage_table(scores: Scores) -> list[dict[str, Any]]:
    """Coverage by model and component: a row each, then a row for the whole model."""
    rows = []
    for table in scores.tables:
        expected = _pooled_variance(scores, table)
        names = np.array([term.component for term in table.model.terms])
        for name, values in [*table.component_coverage.items(), ("all", table.numbers["coverage"])]:
            part = expected.sum() if name == "all" else expected[names == name].sum()
            known = values[~np.isnan(values)]
            rows.append(
                {
                    "model": table.model.id,
                    "component": name,
                    "variance_share": float(part / expected.sum()) if expected.sum() else 0.0,
                    "coverage_mean": float(known.mean()) if known.size else float("nan"),
                    "coverage_minimum": float(known.min()) if known.size else float("nan"),
                }
            )
    return rows
