"""The ledger, the match report and the coverage of two people, each number worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import UsageError
from riskscore.genetics.missing import ADVICE, Missing
from riskscore.models.terms import Part, VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.scoring.account.coverage import (
    MatchRow,
    coverage_table,
    match_report,
    tally_scores,
)
from riskscore.scoring.account.ledger import Entry, ledger, uncertainty_rows
from riskscore.scoring.scores.scored import ModelScores, ScoredCohort

MODEL = rs.load_model("t1d")
SNPS = [variant.name for variant in MODEL.frequencies][:3]
# "a" is DR3-DQ2.5 with DR4-DQ8.1, "b" DR15-DQ6.2 with DR13-DQ6.4; each variant but the third of a
# cell is called, the third is not in the frame.
PEOPLE = pd.DataFrame(
    {
        "DRB1": ["03:01+04:01", "15:01+13:02"],
        "DQA1": ["05:01+03:01", "01:02+01:02"],
        "DQB1": ["02:01+03:02", "06:02+06:04"],
        SNPS[0]: [1.0, 2.0],
        SNPS[1]: [0.0, np.nan],
        "sex": ["female", "male"],
    },
    index=["a", "b"],
)


@pytest.fixture(scope="module")
def scores() -> ScoredCohort:
    return rs.score(read_frame(PEOPLE, [MODEL]))


@pytest.fixture(scope="module")
def table(scores: ScoredCohort) -> ModelScores:
    return scores.of("t1d")


def by_term(scores: ScoredCohort, sample: str) -> dict[str, Entry]:
    entries = ledger(scores.cohort, scores.of("t1d").reference, sample)
    assert [entry.term for entry in entries] == [term.id for term in MODEL.terms]
    return {entry.term: entry for entry in entries}


def moments(name: str) -> tuple[str, float, float, float]:
    """Of a variant's only term its id, weight, mean and variance in Hardy-Weinberg proportions."""
    (term,) = [
        term
        for term in MODEL.terms
        if isinstance(term.factors[0], VariantFactor) and term.factors[0].variant.name == name
    ]
    (factor,) = term.factors
    assert isinstance(factor, VariantFactor)
    f = MODEL.frequencies[factor.variant]["EUR"]
    return term.id, term.weight, 2 * f, 2 * f * (1 - f)


def test_the_ledger_sums_to_the_log_odds(scores: ScoredCohort, table: ModelScores) -> None:
    for place, sample in enumerate(("a", "b")):
        entries = by_term(scores, sample).values()
        total = sum(entry.contribution for entry in entries)
        assert total == pytest.approx(table.numbers["log_odds"][place])
        for entry in entries:
            assert entry.contribution == pytest.approx(entry.weight * (entry.dosage - entry.mean))
        lacking = {entry.term for entry in entries if entry.missing == "absent"}
        assert len(lacking) > 50
        # of a term that nothing was found of the mean stands, and all its variance is open
        assert all(entry.contribution == 0 for entry in entries if entry.missing)


def test_a_variant_in_the_ledger(scores: ScoredCohort) -> None:
    for sample, copies in (("a", (1.0, 0.0)), ("b", (2.0, None))):
        entries = by_term(scores, sample)
        for name, dosage in zip(SNPS, (*copies, None), strict=True):
            term, weight, mean, variance = moments(name)
            entry = entries[term]
            assert (entry.weight, entry.mean) == (weight, pytest.approx(mean))
            if dosage is None:
                assert entry.variance == pytest.approx(weight**2 * variance)
                assert entry.missing == ("no_call" if name == SNPS[1] else "absent")
                assert entry.dosage == pytest.approx(mean)
            else:
                assert entry.variance == 0
                assert entry.missing == ""
                assert entry.dosage == dosage
                assert entry.contribution == pytest.approx(weight * (dosage - mean))


def test_the_ledger_says_what_was_found(scores: ScoredCohort) -> None:
    first = MODEL.scheme.names[0]  # type: ignore[union-attr]
    assert by_term(scores, "a")[first].found == "DR3-DQ2.5 + DR4-DQ8.1 (P 1, typed alleles)"
    assert by_term(scores, "b")[first].found.endswith("(P 1, typed alleles)")


def test_haplotypes_from_tags_say_so() -> None:
    assert MODEL.scheme is not None
    tags = {h.tag.name: [0.0, 0.0] for h in MODEL.scheme.haplotypes if h.tag}
    one, other, *_ = tags
    frame = pd.DataFrame(tags | {one: [1.0, 0.0], other: [1.0, 2.0]}, index=["a", "b"])
    scored = rs.score(read_frame(frame, [MODEL]))
    names = {
        h.tag.name: name
        for h, name in zip(MODEL.scheme.haplotypes, MODEL.scheme.names, strict=True)
        if h.tag
    }
    first = MODEL.scheme.names[0]
    assert by_term(scored, "a")[first].found == f"{names[one]} + {names[other]} (P 1, tags)"
    assert by_term(scored, "b")[first].found == f"{names[other]} + {names[other]} (P 1, tags)"
    (row,) = [row for row in match_report(scored) if row.kind == "haplotypes"]
    assert row.record == "tag SNPs"
    untagged = rs.score(read_frame(frame[[]].assign(sex="female"), [MODEL]))
    assert by_term(untagged, "a")[first].found == "no haplotype call"
    (row,) = [row for row in match_report(untagged) if row.kind == "haplotypes"]
    assert (row.code, row.record, row.observed) == ("absent", "", 0.0)
    assert row.advice == ADVICE[Missing.ABSENT]


def test_the_variance_by_source(scores: ScoredCohort, table: ModelScores) -> None:
    for place, sample in enumerate(("a", "b")):
        *rows, total = uncertainty_rows(scores, table, sample)
        assert total["source"] == "total"
        assert total["variance"] == pytest.approx(sum(row["variance"] for row in rows))
        assert sum(row["share"] for row in rows) == pytest.approx(1)
        for row in rows:
            assert row["share"] == pytest.approx(row["variance"] / total["variance"])
        by_source = {row["source"]: row["variance"] for row in rows}
        entries = by_term(scores, sample).values()
        of_person = by_source["genotypes"] + by_source["missing"] + by_source["exposures"]
        assert sum(entry.variance for entry in entries) == pytest.approx(of_person)
        # Errors of weights are independent. Where a weight is larger the intercept is lower, by the
        # term's mean among the affected: each has se^2 E[(x - that)^2], x being unsure as well.
        affected = table.reference.by_sex[scores.cohort.sex[place]].case_means.tolist()
        by_weights = sum(
            (entry.standard_error or 0) ** 2
            * ((entry.dosage - mean) ** 2 + entry.variance / entry.weight**2)
            for entry, mean in zip(entries, affected, strict=True)
        )
        assert by_source["weights"] == pytest.approx(by_weights, rel=1e-6)


def test_what_the_files_answered(scores: ScoredCohort, table: ModelScores) -> None:
    report: dict[str, MatchRow] = {row.name: row for row in match_report(scores)}
    sexes = (table.reference.expected_variance(sex).sum() for sex in scores.cohort.sex)
    whole = sum(sexes) / 2
    for name, code, observed, frequency, reason in [
        (SNPS[0], "given", 1.0, 0.75, Missing.NOT_MISSING),
        (SNPS[1], "given", 0.5, 0.0, Missing.NOT_MISSING),
        (SNPS[2], "absent", 0.0, np.nan, Missing.ABSENT),
    ]:
        row = report[name]
        _, weight, _, variance = moments(name)
        share = weight**2 * variance / whole
        assert (row.code, row.observed) == (code, observed)
        assert row.frequency == pytest.approx(frequency, nan_ok=True)
        assert row.variance_share == pytest.approx(share)
        assert row.lost_share == pytest.approx(share * (1 - observed))
        assert row.advice == ADVICE.get(reason, "")
    assert report["DR-DQ"].record == "typed alleles"
    assert report["DR-DQ"].observed == pytest.approx(1)
    assert np.isnan(report["DR-DQ"].frequency)
    assert sum(row.variance_share for row in report.values()) == pytest.approx(1)


def test_coverage_adds_up_by_component(scores: ScoredCohort, table: ModelScores) -> None:
    rows = {row["component"]: row for row in coverage_table(tally_scores(scores))}
    whole = rows.pop("all")
    assert whole["variance_share"] == 1
    assert sum(row["variance_share"] for row in rows.values()) == pytest.approx(1)
    by_hand = table.numbers["coverage"]
    assert whole["coverage_mean"] == pytest.approx(by_hand.mean())
    assert whole["coverage_minimum"] == pytest.approx(by_hand.min())
    report = match_report(scores)
    seen = sum(row.variance_share - row.lost_share for row in report)
    assert whole["coverage_mean"] == pytest.approx(seen, rel=0.01)
    for component, row in rows.items():
        own = [one for one in report if one.component == component]
        share = sum(one.variance_share for one in own)
        assert row["variance_share"] == pytest.approx(share)
        kept = sum(one.variance_share - one.lost_share for one in own)
        assert row["coverage_mean"] == pytest.approx(kept / share, rel=0.01, abs=1e-9)


def test_unknown_samples_are_refused(scores: ScoredCohort, table: ModelScores) -> None:
    with pytest.raises(UsageError, match="no such sample"):
        ledger(scores.cohort, table.reference, "c")
    with pytest.raises(UsageError, match="no such sample"):
        uncertainty_rows(scores, table, "c")


def test_a_score_of_0_adds_what_was_taken_off_to_the_weighted_sum() -> None:
    """The plain weighted sum of alleles, as other programs write it, from the centred score."""
    model = rs.load_model("ms-2013")
    alone = [
        (term.weight, factor.variant)
        for term in model.terms
        for factor in term.factors
        if isinstance(factor, VariantFactor) and len(term.factors) == 1
    ]
    rng = np.random.default_rng(3)
    table = {variant.name: rng.integers(0, 3, 4).astype(float) for _, variant in alone}
    scored = rs.score(read_frame(pd.DataFrame(table), [model]))
    (tally,) = tally_scores(scored)
    others = [term for term in model.terms if len(term.factors) == 1]
    hla = sum(
        term.weight * mean
        for term, mean in zip(model.terms, scored.tables[0].reference.mean, strict=True)
        if term.part is Part.GENETIC and not isinstance(term.factors[0], VariantFactor)
    )  # of genes that nobody is typed of the population's mean stands
    by_hand = sum(weight * table[variant.name] for weight, variant in alone) + hla
    assert tally.uncentred is not None
    found = scored.tables[0].numbers["genetic_score"] + tally.uncentred
    np.testing.assert_allclose(found, by_hand)
    assert tally.alleles == 2 * sum(term.part is Part.GENETIC for term in others)
    assert tally.count == 4


def test_notes_on_what_looks_more_certain_than_it_is(scores: ScoredCohort) -> None:
    def notes(scored: ScoredCohort) -> dict[str, str]:
        rows = uncertainty_rows(scored, scored.of("t1d"), "a")
        return {row["source"]: row["note"] for row in rows}

    assert notes(scores)["baseline"] == "no interval was published: counted as certain"
    given = rs.score(read_frame(PEOPLE, [MODEL]), prevalence=0.0123)
    assert notes(given)["baseline"] == "given as certain"
    unknown = rs.score(read_frame(PEOPLE.drop(columns="sex"), [MODEL]))
    assert notes(unknown)["baseline"] == "the sex is unknown: the spread between the sexes"
    bare_model = replace(MODEL, baseline=())
    assert notes(rs.score(read_frame(PEOPLE, [bare_model])))["baseline"] == (
        "the model has no baseline"
    )
    bare = sum(term.standard_error is None for term in MODEL.terms)
    told = notes(scores)["weights"]
    assert told == (
        f"weights' error unknown of {bare} of {len(MODEL.terms)}, which count as certain"
        if bare
        else ""
    )
