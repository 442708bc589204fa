"""The terms of HLA genes over pairs of haplotypes: each sum written out row by row, in loops."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ModelError
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import DRDQ, Tag, reference_panel
from riskscore.models.terms import ADDITIVE, DOMINANT, RECESSIVE, Coding, HLAAlleleFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HLACalls, TagCalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.account.ledger import ledger
from riskscore.scoring.design import Measurements
from riskscore.scoring.kinds.mhc import _counted
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading
from riskscore.scoring.observed.uncertainty import VarianceSource
from riskscore.scoring.population.build import build_reference
from riskscore.scoring.score import score_cohort
from tests.scoring.panels import counted

PANEL = reference_panel()
MS = rs.load_model("ms")
PEOPLE = 60


def generated(seed: int, genes: tuple[str, ...] = ("A", "B", *DRDQ)) -> Cohort:
    """People of whom two haplotypes are possible on either chromosome, some genes not at all."""
    rng = np.random.default_rng(seed)
    table = counted(("A", "B", *DRDQ), ["EUR"])
    names, shares = list(table), np.array(list(table.values()))
    rows: dict[str, list[tuple[int, str, str, float]]] = defaultdict(list)
    for person in range(PEOPLE):
        drawn = [names[k] for k in rng.choice(len(names), 4, p=shares)]
        q = float(rng.choice([1.0, 0.9, 0.6]))
        for place, gene in enumerate(("A", "B", *DRDQ)):
            if rng.random() < 0.15 or gene not in genes:
                continue
            found: dict[tuple[str, str], float] = defaultdict(float)
            for one, two, p in ((drawn[0], drawn[1], q), (drawn[2], drawn[3], 1 - q)):
                found[min(one[place], two[place]), max(one[place], two[place])] += p
            rows[gene] += [(person, a, b, p) for (a, b), p in found.items() if p > 0]
    return Cohort(
        tuple(f"s{i}" for i in range(PEOPLE)),
        (MS,),
        Dosages((), np.zeros((0, PEOPLE), dtype=np.float32)),
        HLACalls({gene: _calls(gene, own) for gene, own in rows.items()}),
        Exposures(),
    )


def _calls(gene: str, rows: list[tuple[int, str, str, float]]) -> GeneCalls:
    names = sorted({name for _, a, b, _ in rows for name in (a, b)})
    return GeneCalls(
        gene,
        tuple(HLAAllele.parse(f"{gene}*{name}") for name in names),
        np.array([i for i, _, _, _ in rows]),
        np.array([names.index(a) for _, a, _, _ in rows]),
        np.array([names.index(b) for _, _, b, _ in rows]),
        np.array([p for _, _, _, p in rows]),
        "made up",
    )


def hla_terms() -> list[int]:
    """The terms of HLA genes alone, by place."""
    return [j for j, term in enumerate(MS.terms) if all(factor.gene for factor in term.factors)]


def by_hand(cohort: Cohort) -> list[list[tuple[float, dict[int, float]]]]:
    """By person the possible rows: a probability, and the number of each term."""
    pairs = haplotype_pairs(MHCReading.of([MS], PANEL, "EUR"), cohort.hla, range(PEOPLE))
    carried = {
        factor: [a + b for a, b in zip(*pairs.carried(factor), strict=True)]
        for j in hla_terms()
        for factor in MS.terms[j].factors
    }
    found: list[list[tuple[float, dict[int, float]]]] = [[] for _ in range(PEOPLE)]
    for sample, pair, p in zip(pairs.sample, pairs.pair, pairs.probability, strict=True):
        numbers = {}
        for j in hla_terms():
            number = 1.0
            for factor in MS.terms[j].factors:
                number *= factor.coding.values[int(carried[factor][pair])]
            numbers[j] = number
        found[sample].append((float(p), numbers))
    return found


def test_terms_and_their_variance_against_sums_over_pairs() -> None:
    cohort = generated(1)
    reference = build_reference(MS, PANEL, "EUR")
    design = Measurements(cohort, reference, range(PEOPLE)).design()
    weights = [term.weight for term in MS.terms]
    alone = replace(MS, terms=tuple(MS.terms[j] for j in hla_terms()))
    table = score_cohort(replace(cohort, models=(alone,)), PANEL).of("ms")
    spread = table.variance[VarianceSource.GENOTYPES] + table.variance[VarianceSource.MISSING]
    for person, rows in enumerate(by_hand(cohort)):
        if not rows:
            continue
        for j in hla_terms():
            mean = sum(p * numbers[j] for p, numbers in rows)
            square = sum(p * numbers[j] ** 2 for p, numbers in rows)
            assert design.expected[person, j] == pytest.approx(mean, abs=1e-9)
            assert design.variance[person, j] == pytest.approx(square - mean**2, abs=1e-9)
        score = [(p, sum(weights[j] * n for j, n in numbers.items())) for p, numbers in rows]
        mean = sum(p * x for p, x in score)
        variance = sum(p * (x - mean) ** 2 for p, x in score)
        assert spread[person] == pytest.approx(variance, abs=1e-9)


def test_a_gene_not_typed_follows_from_its_neighbours() -> None:
    """DRB1*15:01 of people typed for DQA1 and DQB1 alone: nearly certain, and said to be absent."""
    cohort = generated(2, ("DQA1", "DQB1"))
    whole = generated(2)
    reference = build_reference(MS, PANEL, "EUR")
    place = [term.id for term in MS.terms].index("HLA-DRB1*15:01")
    some, every = (Measurements(c, reference, range(PEOPLE)).design() for c in (cohort, whole))
    assert (some.missing[:, place] != 0).all()
    typed = every.missing[:, place] == 0
    both = np.corrcoef(some.expected[typed, place], every.expected[typed, place])[0, 1]
    assert both > 0.8


def test_the_ledger_shares_out_the_variance() -> None:
    cohort = generated(3)
    table = score_cohort(cohort, PANEL).of("ms")
    for i, sample in enumerate(cohort.samples[:15]):
        entries = ledger(cohort, table.reference, sample)
        unknown = sum(
            float(table.variance[source][i])
            for source in VarianceSource
            if source not in (VarianceSource.WEIGHTS, VarianceSource.BASELINE)
        )
        assert sum(e.variance for e in entries) == pytest.approx(unknown, abs=1e-9)
        total = sum(e.contribution for e in entries)
        assert total == pytest.approx(table.numbers["log_odds"][i], abs=1e-9)


def test_chunks_change_no_bit() -> None:
    cohort = generated(4)
    whole = score_cohort(cohort, PANEL).of("ms")
    parts = score_cohort(cohort, PANEL, chunk=7).of("ms")
    for name, values in whole.numbers.items():
        assert np.array_equal(values, parts.numbers[name], equal_nan=True), name


def test_a_tag_speaks_of_those_alone_who_are_not_typed() -> None:
    """Two people are typed and have the tag too; of the last two one has no call of it."""
    allele = HLAAllele.parse("A*02:01")
    typed = _calls("A", [(0, "01:01", "02:01", 1.0), (1, "01:01", "01:01", 1.0)])
    tag = Tag(allele, None, {}, {})  # type: ignore[arg-type]
    copies = np.array([2, 2, 1, np.nan], dtype=np.float32)
    cohort = Cohort(
        ("s0", "s1", "s2", "s3"),
        (MS,),
        Dosages((), np.zeros((0, 4), dtype=np.float32)),
        HLACalls({"A": typed}, {allele: TagCalls(tag, copies, weak=False)}),
        Exposures(),
    )
    reference = build_reference(MS, PANEL, "EUR")
    design = Measurements(cohort, reference, range(4)).design()
    factor = next(
        f for f in MS.factors if isinstance(f, HLAAlleleFactor) and f.alleles == (allele,)
    )
    place = next(j for j, term in enumerate(MS.terms) if term.factors == (factor,))
    value = factor.coding.values
    wanted = [value[1], value[0], value[1]]
    assert design.expected[:3, place].tolist() == pytest.approx(wanted)
    assert design.missing[:, place].tolist() == [0, 0, 0, Missing.NO_CALL]


@pytest.mark.parametrize(
    "coding", [ADDITIVE, DOMINANT, RECESSIVE, Coding("by dosage", (0.5, -1.0, 2.0))]
)
def test_a_number_from_chances_on_each_of_two_haplotypes(coding: Coding) -> None:
    factor = HLAAlleleFactor("A", (HLAAllele.parse("A*02:01"),), coding)
    chances = [0.0, 0.25, 0.6, 1.0]
    one, other = (np.array(side) for side in zip(*product(chances, repeat=2), strict=True))
    wanted = [
        sum(
            (p if i else 1 - p) * (q if j else 1 - q) * coding.values[i + j]
            for i, j in product((0, 1), repeat=2)
        )
        for p, q in product(chances, repeat=2)
    ]
    assert _counted(factor, one, other).tolist() == pytest.approx(wanted)


def test_pairs_that_are_drawn_have_the_means_and_nearly_the_variances_of_all(monkeypatch) -> None:
    """Of all pairs of 240 haplotypes, and of the 5,050 of the 100 most frequent and some draws."""
    every = build_reference(MS, PANEL, "EUR").kinds["MHC"].population
    monkeypatch.setattr("riskscore.scoring.kinds.mhc._MOST_PAIRS", 10_000)
    drawn = build_reference(MS, PANEL, "EUR").kinds["MHC"].population
    exact, found = ((s.probability @ s.values, s.probability @ s.values**2) for s in (every, drawn))
    assert found[0].tolist() == pytest.approx(exact[0].tolist(), rel=1e-5)
    assert found[1].tolist() == pytest.approx(exact[1].tolist(), rel=1e-5)
    assert len(drawn.probability) != len(every.probability)


def test_a_model_of_too_many_alleles_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr("riskscore.scoring.kinds.mhc._MOST_HAPLOTYPES", 100)
    with pytest.raises(ModelError, match="terms tell apart more haplotypes of A, B, DRB1"):
        build_reference(MS, PANEL, "EUR")
