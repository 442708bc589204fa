"""What was read and what was not: a row a locus, gene or exposure, with the variance it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from riskscore.arrays import Mask
from riskscore.genetics.missing import ADVICE, Missing
from riskscore.genetics.sex import Sex
from riskscore.genetics.variant import Strand
from riskscore.models.plain import PlainVariants
from riskscore.models.terms import Factor, Part
from riskscore.samples.cohort import Cohort
from riskscore.scoring.scores.genome_wide import COMPONENT, plain_reference
from riskscore.scoring.scores.scored import ModelScores, ScoredCohort
from riskscore.scoring.scores.tally import Covered, Tally, Thing


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One thing a model needs, and how the file and the table answered.

    ``observed`` is the mean share over samples of its terms' variance that was seen;
    ``variance_share`` is what its terms carry of the score's expected variance, and
    ``lost_share`` the part of that which was not seen. ``note`` counts odd cells.
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
    note: str


MATCH_COLUMNS = tuple(field.name for field in fields(MatchRow))
COVERAGE_COLUMNS = ("model", "component", "variance_share", "coverage_mean", "coverage_minimum")


def tally_scores(scores: ScoredCohort) -> list[Tally]:
    """What the reports need to know of a cohort, a tally a model."""
    return [_tally(scores, table) for table in scores.tables]


def match_report(scores: ScoredCohort) -> list[MatchRow]:
    """One row a model and each variant, HLA gene, haplotype scheme and exposure it needs."""
    return match_rows(tally_scores(scores)) + plain_report(scores)


def match_rows(tallies: Sequence[Tally]) -> list[MatchRow]:
    """The rows of :func:`match_report` that tallies hold."""
    return [row for tally in tallies for row in _rows(tally)]


def plain_report(scores: ScoredCohort) -> list[MatchRow]:
    """One row for each variant of the genome-wide models, which no tally holds."""
    return [
        row
        for table in scores.tables
        if table.model.plain is not None
        for row in _plain_rows(scores.cohort, table.model.id, table.model.plain)
    ]


def _plain_rows(cohort: Cohort, model: str, plain: PlainVariants) -> Iterator[MatchRow]:
    """A row for each variant of a genome-wide score."""
    sums = cohort.plain[model]
    ground = plain_reference(plain, sums, cohort.population)
    expected = plain.weight**2 * ground.variance
    shares = expected / (expected.sum() or 1.0)
    ways = tuple(Strand)
    for i, share in enumerate(shares.tolist()):
        reason = Missing(int(sums.missing[i]))
        place = f"{plain.chromosome[i]}:{plain.positions(cohort.build)[i]}"
        observed = 0.0 if reason else float(sums.called[i])
        yield MatchRow(
            model,
            COMPONENT,
            "variant",
            str(plain.name[i]) or place,
            reason.name.lower() if reason else str(ways[sums.strand[i]]),
            "" if reason else place,
            float(sums.frequency[i]),
            observed,
            share,
            share * (1.0 - observed),
            ADVICE.get(reason, ""),
            "",
        )


def coverage_table(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """Coverage by model and component: a row each, then a row for the whole model."""
    rows = []
    for tally in tallies:
        expected = tally.pooled_variance()
        names = np.array(tally.components)
        for name, covered in tally.covered.items():
            part = expected.sum() if name == "all" else expected[names == name].sum()
            rows.append(
                {
                    "model": tally.model,
                    "component": name,
                    "variance_share": float(part / expected.sum()) if expected.sum() else 0.0,
                    "coverage_mean": covered.mean,
                    "coverage_minimum": covered.minimum,
                }
            )
    return rows


def _tally(scores: ScoredCohort, table: ModelScores) -> Tally:
    sexes: dict[str, Sex | None] = {**{sex.value: sex for sex in Sex}, "unknown": None}
    counts = Counter(scores.cohort.sex)
    components = {**table.component_coverage, "all": table.numbers["coverage"]}
    return Tally(
        model=table.model.id,
        components=tuple(term.component for term in table.model.terms),
        expected={
            name: tuple(table.reference.expected_variance(sex).tolist())
            for name, sex in sexes.items()
        },
        things=tuple(_things(scores, table)),
        people={name: counts[sex] for name, sex in sexes.items()},
        seen=tuple(table.term_seen.tolist()),
        reasons=tuple(tuple(row) for row in table.term_reasons.tolist()),
        covered={name: Covered.of(values) for name, values in components.items()},
        unscored=table.unscored,
        alleles=_alleles(scores, table),
        uncentred=None if table.model.published_score else _uncentred(table),
    )


def _alleles(scores: ScoredCohort, table: ModelScores) -> int:
    """How many alleles the weighted sum is over: two a genetic term, and two a plain variant read.

    Of terms of which nothing is known, not even a frequency, none is in the sum.
    """
    plain = table.model.plain and scores.cohort.plain[table.model.id].observed.sum()
    return 2 * int(_summed(table).sum() + (plain or 0))


def _uncentred(table: ModelScores) -> float:
    """What the genetic score lacks to the weighted sum of counts: what was taken off each."""
    reference = table.reference
    return float((reference.weights * reference.centre)[_summed(table)].sum())


def _summed(table: ModelScores) -> Mask:
    """The terms that make up the weighted sum: all genetic ones but stand-ins."""
    reference = table.reference
    own = np.array([not term.fallback_for for term in table.model.terms], dtype=bool)
    return np.asarray((reference.parts == Part.GENETIC) & own & ~reference.unknown)


def _rows(tally: Tally) -> Iterator[MatchRow]:
    expected, observed = tally.pooled_variance(), tally.observed()
    total = expected.sum() or 1.0
    for thing in tally.things:
        terms = list(thing.terms)
        weight = expected[terms].sum()
        seen = (
            float(expected[terms] @ observed[terms] / weight)
            if weight
            else float(observed[terms].mean())
        )
        code, record = thing.code, thing.record
        if thing.by_reason and (usual := Missing(tally.reason(terms))):
            code, record = usual.name.lower(), ""
        reason = Missing[code.upper()] if code.upper() in Missing.__members__ else None
        if "not_phased" in thing.note:
            reason = Missing.NOT_PHASED
        yield MatchRow(
            tally.model,
            thing.component,
            thing.kind,
            thing.name,
            code,
            record,
            float("nan") if thing.frequency is None else thing.frequency,
            seen,
            float(weight / total),
            float(weight / total * (1 - seen)),
            ADVICE.get(reason, "") if reason else "",
            thing.note,
        )


def _things(scores: ScoredCohort, table: ModelScores) -> Iterator[Thing]:
    """The loci, genes and exposures of a model, with the places of their terms."""
    kinds = table.reference.kinds
    members: dict[tuple[str, str], list[int]] = {}
    readers: dict[tuple[str, str], Factor] = {}
    for j, term in enumerate(table.model.terms):
        # An interaction is charged to the last thing it reads: the exposure, or the second gene.
        factor = term.factors[-1 if term.part is Part.GENETIC else 0]
        thing = kinds.of(factor).thing(factor)
        members.setdefault(thing, []).append(j)
        readers.setdefault(thing, factor)
    for (kind, name), terms in members.items():
        answer = kinds.of(readers[kind, name]).answer(readers[kind, name], scores.cohort)
        known = answer.frequency is not None and not np.isnan(answer.frequency)
        yield Thing(
            table.model.terms[terms[0]].component,
            kind,
            name,
            tuple(terms),
            answer.code,
            answer.record,
            float(answer.frequency or 0.0) if known else None,
            answer.by_reason,
            answer.note,
        )
