"""What was read and what was not: a row a locus, gene or exposure, with the variance it carries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from riskscore.genetics.missing import ADVICE, Missing
from riskscore.genetics.variant import Strand
from riskscore.models.model import Sex
from riskscore.models.plain import PlainVariants
from riskscore.models.terms import (
    DiplotypeFactor,
    ExposureFactor,
    Factor,
    HaplotypeFactor,
    Part,
    VariantFactor,
)
from riskscore.samples.cohort import Cohort
from riskscore.samples.loci.dosages import LocusMatch
from riskscore.scoring.genome_wide import COMPONENT, plain_reference
from riskscore.scoring.people_scores import ModelScores
from riskscore.scoring.score import Scores
from riskscore.scoring.tally import Covered, Tally, Thing


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
    note: str = ""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


MATCH_COLUMNS = tuple(field.name for field in fields(MatchRow))
COVERAGE_COLUMNS = ("model", "component", "variance_share", "coverage_mean", "coverage_minimum")


def tally_scores(scores: Scores) -> list[Tally]:
    """What the reports need to know of a cohort, a tally a model."""
    return [_tally(scores, table) for table in scores.tables]


def match_report(scores: Scores | Sequence[Tally]) -> list[MatchRow]:
    """One row a model and each variant, HLA gene, haplotype scheme and exposure it needs."""
    tallies = tally_scores(scores) if isinstance(scores, Scores) else scores
    rows = [row for tally in tallies for row in _rows(tally)]
    return rows + (plain_report(scores) if isinstance(scores, Scores) else [])


def plain_report(scores: Scores) -> list[MatchRow]:
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
        yield MatchRow(
            model,
            COMPONENT,
            "variant",
            str(plain.name[i]) or place,
            reason.name.lower() if reason else str(ways[sums.strand[i]]),
            "" if reason else place,
            float(sums.frequency[i]),
            0.0 if reason else 1.0,
            share,
            share if reason else 0.0,
            ADVICE.get(reason, ""),
            "",
        )


def coverage_table(scores: Scores | Sequence[Tally]) -> list[dict[str, Any]]:
    """Coverage by model and component: a row each, then a row for the whole model."""
    tallies = tally_scores(scores) if isinstance(scores, Scores) else scores
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


def _tally(scores: Scores, table: ModelScores) -> Tally:
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
    )


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


def _things(scores: Scores, table: ModelScores) -> Iterator[Thing]:
    """The loci, genes and exposures of a model, with the places of their terms."""
    members: dict[tuple[str, str], list[int]] = {}
    for j, term in enumerate(table.model.terms):
        # An interaction is charged to the last thing it reads: the exposure, or the second gene.
        members.setdefault(_thing(term.factors[-1 if term.part is Part.GENETIC else 0]), []).append(
            j
        )
    for (kind, name), terms in members.items():
        code, record, frequency, by_reason = _answer(scores, table, kind, name, terms[0])
        component = table.model.terms[terms[0]].component
        known = None if frequency is None or np.isnan(frequency) else float(frequency)
        note = _note(scores, table, name, terms[0]) if kind == "variant" else ""
        yield Thing(component, kind, name, tuple(terms), code, record, known, by_reason, note)


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


def _match(scores: Scores, table: ModelScores, name: str, term: int) -> LocusMatch:
    """How the variant of that name in a term was matched."""
    factor = next(
        f
        for f in table.model.terms[term].factors
        if isinstance(f, VariantFactor) and f.variant.name == name
    )
    return scores.cohort.dosages.match(factor.variant)


def _note(scores: Scores, table: ModelScores, name: str, term: int) -> str:
    """What was seen of a variant beside its code: other letters, odd cells."""
    match = _match(scores, table, name, term)
    seen = f"has {match.how}" if match.missing and match.how else ""
    return "; ".join(part for part in (seen, match.note) if part)


def _answer(
    scores: Scores, table: ModelScores, kind: str, name: str, term: int
) -> tuple[str, str, float | None, bool]:
    """Code, record and frequency of one thing, and whether the reasons for gaps come before."""
    cohort = scores.cohort
    if kind == "variant":
        match = _match(scores, table, name, term)
        code = match.missing.name.lower() if match.missing else match.how
        return code, match.record, match.frequency, False
    if kind == "exposure":
        return ("given" if name in cohort.exposures.columns else "not_given"), "", None, False
    if kind == "gene" and name.removeprefix("HLA-") in cohort.hla.genes:
        return "found", cohort.hla.genes[name.removeprefix("HLA-")].source, None, False
    if kind == "haplotypes" and table.model.scheme:
        typed = all(gene in cohort.hla.genes for gene in table.model.scheme.genes)
        return "found", "typed alleles" if typed else "tag SNPs", None, True
    return "tagged", "tag SNPs", None, True
