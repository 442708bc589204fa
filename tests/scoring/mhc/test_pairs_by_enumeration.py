"""Posteriors over pairs of haplotypes against the formula, pair by pair, in generated people."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskscore.genetics.hla import AlleleList, HLAAllele, HLAName
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.evidence import Panel
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import AlleleQuestion
from riskscore.scoring.mhc.reading import MHCReading
from tests.scoring.mhc import naive

GENES = ("A", "B", "DRB1", "DQB1", "DPB1")
FIELDS = {
    "A": ("01:01", "02:01"),
    "B": ("08:01", "08:04"),
    "DRB1": ("03:01", "04:01", "04:02"),
    "DQB1": ("02:01", "03:02"),
    "DPB1": ("01:01", "04:01"),
}
SWITCH = 0.1


def _table(rng: random.Random) -> list[dict[str, str]]:
    """Haplotypes of two populations, some of one alone; every allele stands on one."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    chosen = [tuple(rng.choice(FIELDS[g]) for g in GENES) for _ in range(9)]
    chosen += [tuple(FIELDS[g][k % len(FIELDS[g])] for g in GENES) for k in range(3)]
    for haplotype in chosen:
        row = dict(zip(GENES, haplotype, strict=True))
        row |= {"EUR": str(rng.choice((0, 1, 3, 9))), "AFR": str(rng.choice((1, 2)))}
        rows[haplotype] = row
    rows[chosen[0]]["EUR"] = "5"
    return list(rows.values())


def _gene(rng: random.Random, gene: str) -> tuple[list[tuple[HLAName, HLAName, float]], bool, int]:
    """Rows of names with probabilities, whether in phase, and the phase set."""
    listed: list[HLAName] = [HLAAllele.parse(f"{gene}*{f}") for f in FIELDS[gene]]
    names = [*listed, HLAAllele(gene, ())]
    if gene in ("B", "DRB1"):
        coarse = HLAAllele(gene, (FIELDS[gene][-1][:2],))
        names += (
            [coarse, AlleleList.of(listed[:2])]
            if all(isinstance(n, HLAAllele) for n in listed)
            else []
        )
    pairs = list({tuple(sorted((rng.choice(names), rng.choice(names)), key=str)) for _ in range(3)})
    pairs = pairs[: rng.choice((1, 1, 2, 3))]
    q = [rng.uniform(0.05, 1) for _ in pairs]
    ordered = len(pairs) == 1 and rng.random() < 0.5
    rows = [(a, b, p / sum(q)) for (a, b), p in zip(pairs, q, strict=True)]
    if ordered and rng.random() < 0.5:
        rows = [(b, a, p) for a, b, p in rows]
    return rows, ordered, rng.choice((0, 0, 7))


def _alleles(name: HLAName) -> frozenset[str]:
    gene = name.gene
    listed = [HLAAllele.parse(f"{gene}*{f}") for f in FIELDS[gene]]
    return frozenset(
        f
        for f, a in zip(FIELDS[gene], listed, strict=True)
        if any(m.covers(a) for m in name.members)
    )


def reading_of(
    rows: list[dict[str, str]], genes: tuple[str, ...], most: int | None = None
) -> MHCReading:
    """A reading that asks for every allele by itself, or for the first so many of each gene."""
    table = ReferenceHaplotypes.of(rows, GENES, ("EUR", "AFR"))
    panel = ReferencePanel({}, {}, ResidueTable({}), (), {}, table)
    prior = HaplotypePrior.of(table, "EUR", genes)
    questions = tuple(
        AlleleQuestion(gene, alleles=(HLAAllele.parse(f"{gene}*{f}"),))
        for gene in genes
        for f in FIELDS[gene][:most]
    )
    return MHCReading(Panel(panel, "EUR", prior), prior, questions)


def calls_of(
    people: list[dict[str, tuple[list[tuple[HLAName, HLAName, float]], bool, int]]],
) -> HLACalls:
    found = {}
    for gene in GENES:
        place: dict[HLAName, int] = {}
        rows = [
            (
                k,
                place.setdefault(a, len(place)),
                place.setdefault(b, len(place)),
                p,
                ordered,
                number,
            )
            for k, person in enumerate(people)
            if gene in person
            for pairs, ordered, number in [person[gene]]
            for a, b, p in pairs
        ]
        if rows:
            columns = [np.array(column) for column in zip(*rows, strict=True)]
            found[gene] = GeneCalls(
                gene, tuple(place), columns[0], columns[1], columns[2], columns[3], "", columns[4],
                columns[5],
            )  # fmt: skip
    return HLACalls(found)


@pytest.mark.parametrize("seed", range(20))
def test_posterior_is_that_of_enumeration(seed: int) -> None:
    _compare(seed, None)


@pytest.mark.parametrize("seed", range(20, 23))
def test_posterior_over_kinds_of_several_alleles(seed: int) -> None:
    """Only the first allele of each gene is asked for: the others are one kind."""
    _compare(seed, 1)


def _compare(seed: int, most: int | None) -> None:
    rng = random.Random(seed)
    rows = _table(rng)
    genes = GENES if seed % 2 else tuple(g for g in GENES if g != rng.choice(GENES))
    reading = reading_of(rows, genes, most)
    people = [
        {gene: _gene(rng, gene) for gene in GENES if rng.random() < 0.75}
        or {genes[0]: _gene(rng, genes[0])}
        for _ in range(10)
    ]
    pairs = haplotype_pairs(reading, calls_of(people), range(10), SWITCH, least=0.0)
    whole = [tuple(row[g] for g in genes) for row in rows]
    own: dict[naive.Haplotype, float] = {}
    everybody: dict[naive.Haplotype, float] = {}
    eur, both = sum(int(r["EUR"]) for r in rows), sum(int(r["EUR"]) + int(r["AFR"]) for r in rows)
    for haplotype, row in zip(whole, rows, strict=True):
        own[haplotype] = own.get(haplotype, 0.0) + int(row["EUR"]) / eur
        everybody[haplotype] = (
            everybody.get(haplotype, 0.0) + (int(row["EUR"]) + int(row["AFR"])) / both
        )
    kind = [
        [FIELDS[g][int(np.argmax(own))] if own.any() else "" for own in pairs.kinds.answers[k]]
        for k, g in enumerate(genes)
    ]
    for number, person in enumerate(people):
        known = {
            gene: naive.Gene(
                tuple((_alleles(a), _alleles(b), p) for a, b, p in found), ordered, phase_set
            )
            for gene, (found, ordered, phase_set) in person.items()
            if gene in genes
        }
        if not known:
            assert number not in pairs.sample
            continue
        wanted: dict[tuple[object, ...], float] = {}
        for pair, p in naive.posterior(known, genes, FIELDS, own, everybody, SWITCH).items():
            told = tuple(
                tuple(f if f in FIELDS[g][:most] else "" for g, f in zip(genes, h, strict=True))
                for h in pair
            )
            key = naive.by_block((told[0], told[1]), genes)
            wanted[key] = wanted.get(key, 0.0) + p
        got: dict[tuple[object, ...], float] = {}
        for row in np.flatnonzero(pairs.sample == number).tolist():
            first, second = (
                tuple(kind[k][c] for k, c in enumerate(side[pairs.pair[row]].tolist()))
                for side in (pairs.first, pairs.second)
            )
            key = naive.by_block((first, second), genes)
            assert key not in got
            got[key] = float(pairs.probability[row])
        assert got.keys() == {key for key, p in wanted.items() if p > 0}
        for key, p in wanted.items():
            assert got[key] == pytest.approx(p, rel=1e-9, abs=1e-15)


def test_the_prior_sums_to_one_over_every_combination() -> None:
    reading = reading_of(_table(random.Random(3)), GENES)
    assert reading.population.probability.sum() == pytest.approx(1, abs=1e-12)
    everything = (
        np.array(np.meshgrid(*(np.arange(len(FIELDS[g])) for g in GENES), indexing="ij"))
        .reshape(len(GENES), -1)
        .T
    )
    assert reading.prior.probability(everything).sum() == pytest.approx(1, abs=1e-12)


CALL = st.fixed_dictionaries({}, optional={g: st.integers(0, 10**6) for g in GENES})


@settings(max_examples=60, deadline=None)
@given(people=st.lists(CALL, min_size=2, max_size=6))
def test_a_person_alone_has_the_same_bits_as_among_others(people: list[dict[str, int]]) -> None:
    reading = reading_of(_table(random.Random(5)), GENES)
    cohort = [
        {gene: _gene(random.Random(seed), gene) for gene, seed in person.items()}
        for person in people
    ]
    together = haplotype_pairs(reading, calls_of(cohort), range(len(cohort)), SWITCH)
    for number, person in enumerate(cohort):
        alone = haplotype_pairs(reading, calls_of([person]), range(1), SWITCH)
        own = together.sample == number
        assert alone.probability.tolist() == together.probability[own].tolist()
        for mine, theirs, both in (
            (alone.first, together.first, together.kinds.answers),
            (alone.second, together.second, together.kinds.answers),
        ):
            for k, answers in enumerate(both):
                one = alone.kinds.answers[k][mine[alone.pair, k]]
                other = answers[theirs[together.pair[own], k]]
                assert one.tolist() == other.tolist()
