"""Texts for the terminal: the preflight check, risks, reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from riskscore.models.model import RiskModel
from riskscore.samples.hla.words import report_words
from riskscore.samples.question import Question
from riskscore.scoring.account.coverage import MatchRow, coverage_table, match_report, tally_scores
from riskscore.scoring.score import Scores
from riskscore.scoring.scores.scored import ModelScores
from riskscore.writing.plain_words import lost_words, part_words, plain_code, risk_words

_SHOWN = 8
_PLAINLY = 0.5  # the reason is given for loci of which less was observed


def beside_words(scores: Scores, model: str) -> Iterator[str]:
    """Compare the risks of ``model`` with those of the model shown beside it.

    Nothing where there is no such model, or it scores none of these people.
    """
    table, other = scores.of(model), scores.beside(model)
    if other is None or table.model.beside is None:
        return
    ratios = other.numbers["risk_ratio"] / table.numbers["risk_ratio"]
    known = ~np.isnan(ratios)
    if not known.any():
        return
    beside = table.model.beside
    yield f"beside {model}, {beside.model.id} ({beside.model.card.outcome}): {beside.reason}"
    if len(ratios) == 1:
        yield f"  {model}: {risk_words(_first(table))}"
        yield f"  {other.model.id}: {risk_words(_first(other))}"
        return
    low, middle, high = np.percentile(ratios[known], (5, 50, 95))
    yield (
        f"  of {known.sum():,} people the risk over the average is by {other.model.id} "
        f"{middle:.2g} times that by {model} in the median, {low:.2g} (5%) to {high:.2g} (95%)"
    )


def typed_alone_words(scores: Scores) -> Iterator[str]:
    """Notes on models whose HLA weights need SNPs that were not observed.

    Such a model names another one for typed HLA by ``typed_alone``. The note is given where its HLA
    genes are called and less than half of that component was observed.
    """
    if not scores.cohort.samples:
        return
    for table in scores.tables:
        model, genes = table.model, scores.cohort.hla.genes
        if model.typed_alone is None or model.scheme is None:
            continue
        component = model.typed_alone.component
        seen = np.mean(table.component_coverage[component])
        if seen < _PLAINLY and any(gene in genes for gene in model.scheme.genes):
            yield (
                f"{model.id}: its weights of HLA go together with SNPs of its "
                f"{part_words(component)} part, of which {seen:.0%} was observed; "
                f"{model.typed_alone.model} is made for typed HLA alone"
            )


def _first(table: ModelScores) -> dict[str, float]:
    return {name: float(values[0]) for name, values in table.numbers.items()}


def doubt_words(row: Mapping[str, Any]) -> str:
    """One source of uncertainty with its share, or with the reason why it has none.

    >>> doubt_words({"source": "genotypes", "variance": 0.5, "share": 0.25, "note": ""})
    'genotypes 25%'
    >>> doubt_words({"source": "weights", "variance": 0.0, "share": 0.0, "note": "error unknown"})
    'weights: error unknown'
    """
    if row["note"] and not row["variance"]:
        return f"{row['source']}: {row['note']}"
    note = f" ({row['note']})" if row["note"] else ""
    return f"{row['source']} {row['share']:.0%}{note}"


def outcome_words(model: RiskModel, question: Question, age: float | None = None) -> str:
    """The outcome of a probability: the model's, or the disease between the ages asked.

    ``age`` is that of one person, where ages are those of a column.

    >>> from riskscore.models.catalog import load_model
    >>> outcome_words(load_model("ms"), Question())
    'multiple sclerosis, lifetime'
    >>> outcome_words(load_model("ms"), Question.of("ms", horizon=(35, 60)))
    'multiple sclerosis from age 35 to 60, in those free of it at 35'
    >>> outcome_words(load_model("ra"), Question.of("ra", age_column="age"), 52)
    'rheumatoid arthritis, seropositive, from age 52 to 100, in those free of it at 52'
    """
    if not question.by_age:
        return model.card.outcome
    name = model.card.disease["name"]
    name += "," if "," in name else ""
    end = question.to_age or (model.rates.to_age if model.rates else None)
    until = "" if end is None else f" to {end:g}"
    first = age if question.from_age is None else question.from_age
    if first is None:
        return f"{name} from the person's age{until}, in those free of it"
    start = f"{first:g}"
    return f"{name} from age {start}{until}, in those free of it at {start}"


def reference_words(scores: Scores) -> str:
    """The population of percentiles, where they were asked for by each person's own ancestry.

    >>> import riskscore as rs
    >>> from riskscore.files.inputs import reference_root
    >>> file = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    >>> reference_words(rs.score(file, "ms"))
    'percentiles are of EUR: the file has no ancestry SNPs'
    """
    cohort, placement = scores.cohort, scores.placement
    if placement is None:
        text = f"percentiles are of {cohort.population}: the file has no ancestry SNPs"
        return text if cohort.question.by_ancestry else ""
    unknown, people = int(placement.unknown.sum()), len(cohort.samples)
    if not unknown:
        return f"percentiles are of each person's own ancestry, all else of {cohort.population}"
    return (
        f"percentiles of {people - unknown} of {people} people are of their own ancestry; all "
        f"else is of {cohort.population} (of the others too few ancestry SNPs are read)"
    )


def check_words(scores: Scores) -> Iterator[str]:
    """The preflight report: what was found for each model, what is lost, and what would help."""
    cohort = scores.cohort
    people = len(cohort.samples)
    yield (
        f"{people:,} {'sample' if people == 1 else 'samples'}, {cohort.build}, reference "
        f"population {cohort.population}"
    )
    if percentiles := reference_words(scores):
        yield percentiles
    yield from report_words(cohort.hla.reports)
    for allele, call in cohort.hla.tags.items():
        held = ", ".join(f"{p} {r2:.2f}" for p, r2 in sorted(call.tag.r2.items()))
        yield f"HLA-{allele}: by tag SNP {call.tag.variant.name} (r2 {held})"
    rows = match_report(scores)
    for table in scores.tables:
        mine = [row for row in rows if row.model == table.model.id]
        lost = sorted((r for r in mine if r.lost_share > 1e-9), key=lambda r: -r.lost_share)
        yield ""
        yield f"{table.model.id} {table.model.version}: {table.model.name} ({table.model.edition})"
        yield from coverage_words(scores, table.model.id, mine)
        for row in lost[:_SHOWN]:
            advice = f"; {row.advice}" if row.advice else ""
            yield (
                f"  lost {row.lost_share:6.1%} of variance: "
                f"{row.kind} {row.name}: {lost_words(row.code, row.observed)}{advice}"
            )
        if len(lost) > _SHOWN:
            rest = sum(row.lost_share for row in lost[_SHOWN:])
            yield f"  lost {rest:6.1%} of variance: {len(lost) - _SHOWN} others"
    yield from typed_alone_words(scores)


def _share(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:6.1%}"


def coverage_words(scores: Scores, model: str, matches: Sequence[MatchRow]) -> Iterator[str]:
    """Coverage by component, with the reasons of what was not observed."""
    for row in coverage_table(tally_scores(scores)):
        if row["model"] == model:
            codes = Counter(
                plain_code(match.code)
                for match in matches
                if match.component == row["component"] and match.observed < _PLAINLY
            )
            why = ", ".join(f"{count} {code}" for code, count in codes.most_common())
            yield (
                f"  {part_words(row['component']):<18} carries {row['variance_share']:6.1%} of the "
                f"expected variance; {_share(row['coverage_mean'])} of it was observed"
                + (f" ({why})" if why else "")
            )
