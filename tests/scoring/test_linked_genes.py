"""Uncertain DR-DQ genes together: against brute force, against simulated truth, and where certain.

The brute force is scalar, written from the formula: every phase of every combination of genotypes
is weighed by the population's haplotypes, and the combinations are fitted to each gene's own
posterior in turn until nothing moves.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.panel import DRDQ, reference_panel
from riskscore.samples.cohort import Cohort
from riskscore.samples.exposures import Exposures
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.loci.dosages import Dosages
from riskscore.scoring.design import Measurements
from riskscore.scoring.ledger import ledger
from riskscore.scoring.linkage import joint_weights
from riskscore.scoring.reference import build_reference
from riskscore.scoring.score import score_cohort
from riskscore.scoring.unknowns import VarianceSource

ROOT = Path(__file__).parents[2]
PANEL = reference_panel()
MS = rs.load_model("ms")
TERMS = [term.id for term in MS.terms]
TOGETHER = TERMS.index("HLA-DRB1*15:01_x_HLA-DQA1*01:01")
# The terms of DR-DQ alone, without what acts with exposures.
ALONE = replace(
    MS,
    terms=tuple(
        t for t in MS.terms if all(getattr(factor, "gene", "") in DRDQ for factor in t.factors)
    ),
)
POPULATIONS = ("AFR", "AMR", "EAS", "EUR", "SAS")

Row = tuple[str, str, float, bool]  # two alleles, probability, whether in order of chromosome
Person = Mapping[str, Sequence[Row]]


@cache
def haplotypes(population: str) -> dict[tuple[str, ...], float]:
    with (ROOT / "reference/hla/drdq_haplotypes.tsv").open() as stream:
        return {
            tuple(row[gene] for gene in DRDQ): float(row["frequency"])
            for row in csv.DictReader(stream, delimiter="\t")
            if row["population"] == population
        }


def cohort_of(people: Sequence[Person], population: str) -> Cohort:
    genes = {}
    for gene in DRDQ:
        rows = [(i, *row) for i, person in enumerate(people) for row in person.get(gene, ())]
        names = sorted({name for _, a, b, _, _ in rows for name in (a, b)})
        columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
        genes[gene] = GeneCalls(
            gene,
            tuple(HLAAllele.parse(name) for name in names),
            np.array(columns[0], dtype=np.int64),
            np.array([names.index(name) for name in columns[1]], dtype=np.int64),
            np.array([names.index(name) for name in columns[2]], dtype=np.int64),
            np.array(columns[3], dtype=np.float64),
            "made up",
            np.array(columns[4], dtype=bool),
        )
    return Cohort(
        tuple(f"s{i}" for i in range(len(people))),
        (MS,),
        Dosages((), np.zeros((0, len(people)), dtype=np.float32)),
        HLACalls({gene: calls for gene, calls in genes.items() if len(calls.sample)}),
        Exposures(),
        population,
    )


def measured(people: Sequence[Person], population: str = "EUR") -> Measurements:
    reference = build_reference(MS, PANEL, population)
    return Measurements(cohort_of(people, population), reference, PANEL, range(len(people)))


def together(own: Measurements) -> np.ndarray:
    """In whom several genes have one joint posterior."""
    known = [
        reading.states.known
        for reading in own.evidence("haplotype DR-DQ").readings
        if len({getattr(factor, "gene", "") for factor in reading.factors}) > 1
    ]
    return np.logical_or.reduce([np.zeros(own.count, dtype=bool), *known])


def brute_force(person: Person, population: str) -> dict[tuple[Row, ...], float] | None:
    """The probability of every combination of the genes' genotypes.

    None where fitting gene after gene takes more rounds than a scalar program has time for.
    """
    listed = haplotypes(population)
    cells: dict[tuple[Row, ...], float] = {}
    for combination in product(*(person[gene] for gene in DRDQ)):
        total = 0.0
        for turned in product((False, True), repeat=3):
            if any(
                turn and (ordered or a == b)
                for turn, (a, b, _, ordered) in zip(turned, combination, strict=True)
            ):
                continue  # the same arrangement again, or one that the known phase rules out
            one = tuple(b if t else a for t, (a, b, _, _) in zip(turned, combination, strict=True))
            two = tuple(a if t else b for t, (a, b, _, _) in zip(turned, combination, strict=True))
            total += (listed.get(one, 0.0) + 1e-6) * (listed.get(two, 0.0) + 1e-6)
        cells[combination] = total
    for _ in range(3_000):
        moved = 0.0
        for place, gene in enumerate(DRDQ):
            sums = dict.fromkeys(person[gene], 0.0)
            for combination, weight in cells.items():
                sums[combination[place]] += weight
            for row in sums:
                moved = max(moved, abs(row[2] / sums[row] - 1))
            for combination in cells:
                row = combination[place]
                cells[combination] *= row[2] / sums[row]
        if moved < 1e-14:
            return cells
    return None


def copies(row: Row, allele: str) -> int:
    return (row[0] == allele) + (row[1] == allele)


def drdq_score(combination: tuple[Row, ...]) -> float:
    """The DR-DQ terms of the MS model by hand (Moutsianas 2015 as given by Bycroft 2018)."""
    drb1, dqa1, dqb1 = combination
    score = 0.0
    for allele, weight, homozygous in (
        ("DRB1*15:01", 1.36609, -0.61619),
        ("DRB1*03:01", 0.14842, 0.94779),
        ("DRB1*13:03", 0.96317, 0.0),
        ("DRB1*08:01", 0.43825, 0.0),
    ):
        n = copies(drb1, allele)
        score += weight * n + homozygous * (n == 2)
    score += -0.43078 * (copies(drb1, "DRB1*15:01") > 0) * copies(dqa1, "DQA1*01:01")
    eight, seven = copies(dqb1, "DQB1*03:02") > 0, copies(dqb1, "DQB1*03:01") > 0
    return score + 0.26236 * eight - 0.51083 * (eight and seven)


def generated(rng: np.random.Generator, population: str) -> Person:
    """Two pairs of haplotypes that the person may have, and a stranger's pair at every gene."""
    listed, shares = list(haplotypes(population)), np.array([*haplotypes(population).values()])
    own = [h for h in listed if h[0] == "DRB1*15:01" or h[1] == "DQA1*01:01"]
    person: dict[str, list[Row]] = {gene: [] for gene in DRDQ}
    phased = bool(rng.random() < 0.3)
    drawn = [listed[i] for i in rng.choice(len(listed), 6, p=shares / shares.sum())]
    if own and rng.random() < 0.7:
        drawn[0] = own[rng.integers(len(own))]
    weights = rng.dirichlet([2.0, 1.0, 0.5])
    for place, gene in enumerate(DRDQ):
        noise = rng.dirichlet([2.0, 2.0, 2.0])
        mixed = 0.5 * weights + 0.5 * noise
        found: dict[tuple[str, str], float] = {}
        for k, p in enumerate(mixed.tolist()):
            pair = (drawn[2 * k][place], drawn[2 * k + 1][place])
            pair = pair if phased else (min(pair), max(pair))
            found[pair] = found.get(pair, 0.0) + p
        person[gene] = [(a, b, p, phased) for (a, b), p in found.items()]
    return person


def test_products_against_brute_force_in_500_generated_people() -> None:
    rng = np.random.default_rng(41)
    compared = linked = far = 0
    for population in POPULATIONS:
        drawn = [generated(rng, population) for _ in range(115)]
        fitted = [(person, brute_force(person, population)) for person in drawn]
        pairs = [(person, cells) for person, cells in fitted if cells is not None][:100]
        people = [person for person, _ in pairs]
        own = measured(people, population)
        design = own.design()
        alone = replace(cohort_of(people, population), models=(ALONE,))
        variance = score_cohort(alone, PANEL).of("ms").variance[VarianceSource.GENOTYPES]
        for i, (person, cells) in enumerate(pairs):
            numbers = [(copies(c[0], "DRB1*15:01") > 0) * copies(c[1], "DQA1*01:01") for c in cells]
            first = sum(p * n for p, n in zip(cells.values(), numbers, strict=True))
            second = sum(p * n * n for p, n in zip(cells.values(), numbers, strict=True))
            assert design.expected[i, TOGETHER] == pytest.approx(first, abs=1e-12)
            assert design.variance[i, TOGETHER] == pytest.approx(second - first**2, abs=1e-12)
            mean = sum(p * drdq_score(c) for c, p in cells.items())
            spread = sum(p * (drdq_score(c) - mean) ** 2 for c, p in cells.items())
            assert variance[i] == pytest.approx(spread, abs=1e-11)
            apart = sum(p for a, b, p, _ in person["DRB1"] if "DRB1*15:01" in (a, b)) * sum(
                p * copies((a, b, p, o), "DQA1*01:01") for a, b, p, o in person["DQA1"]
            )
            compared += 1
            linked += together(own)[i]
            far += abs(apart - first) > 0.01
    assert compared == 500
    assert linked > 300
    assert far > 50  # multiplying the genes' own expectations would be wrong there


def test_a_certain_gene_leaves_every_bit() -> None:
    """At most one gene is uncertain: the numbers are those of the genes one by one."""
    certain = {
        "DRB1": [("DRB1*15:01", "DRB1*01:01", 1.0, False)],
        "DQA1": [("DQA1*01:02", "DQA1*01:01", 1.0, False)],
        "DQB1": [("DQB1*06:02", "DQB1*05:01", 1.0, False)],
    }
    unsure = [("DQA1*01:01", "DQA1*01:02", 0.3, False), ("DQA1*01:01", "DQA1*01:01", 0.7, False)]
    people = [certain, certain | {"DQA1": unsure}, {"DRB1": certain["DRB1"], "DQA1": unsure}]
    own = measured(people)
    assert not together(own).any()
    design = own.design()
    assert design.expected[:, TOGETHER].tolist() == [1.0, 0.3 * 1 + 0.7 * 2, 0.3 * 1 + 0.7 * 2]
    # Alleles that the model does not tell apart are no uncertainty either.
    alike = [("DRB1*15:01", "DRB1*01:01", 0.4, False), ("DRB1*15:01", "DRB1*01:02", 0.6, False)]
    assert not together(measured([certain | {"DRB1": alike, "DQA1": unsure}])).any()


def test_a_missing_gene_is_the_populations_and_the_others_stay_together() -> None:
    """Of the two that are called the joint posterior is taken; the third's terms are missing."""
    drb1 = [("DRB1*15:01", "DRB1*07:01", 0.5, False), ("DRB1*01:01", "DRB1*07:01", 0.5, False)]
    dqa1 = [("DQA1*01:02", "DQA1*02:01", 0.5, False), ("DQA1*01:01", "DQA1*02:01", 0.5, False)]
    design = measured([{"DRB1": drb1, "DQA1": dqa1}, {"DRB1": drb1}]).design()
    assert design.missing[0, TOGETHER] == 0
    assert design.expected[0, TOGETHER] < 0.01  # apart it would be 0.25
    reference = build_reference(MS, PANEL, "EUR")
    share = sum(s for h, s in haplotypes("EUR").items() if h[1] == "DQA1*01:01")
    share /= sum(haplotypes("EUR").values())
    assert design.missing[1, TOGETHER] != 0
    assert design.expected[1, TOGETHER] == pytest.approx(0.5 * 2 * share)
    place = next(j for j, term in enumerate(MS.terms) if str(term.factors[0]) == "HLA-DQB1*03:02")
    assert design.expected[0, place] == reference.mean[place]


def test_the_ledger_shares_out_the_variance_of_linked_genes() -> None:
    people = [generated(np.random.default_rng(seed), "EUR") for seed in range(20)]
    cohort = cohort_of(people, "EUR")
    table = score_cohort(cohort, PANEL).of("ms")
    for i, sample in enumerate(cohort.samples):
        entries = ledger(cohort, table.reference, PANEL, sample)
        unknown = sum(float(table.variance[source][i]) for source in VarianceSource) - sum(
            float(table.variance[source][i])
            for source in (VarianceSource.WEIGHTS, VarianceSource.BASELINE)
        )
        assert sum(e.variance for e in entries) == pytest.approx(unknown, abs=1e-10)
        total = sum(e.contribution for e in entries)
        assert total == pytest.approx(table.numbers["log_odds"][i], abs=1e-10)


def test_chunks_change_no_bit_of_linked_genes() -> None:
    people = [generated(np.random.default_rng(seed), "EUR") for seed in range(30)]
    cohort = cohort_of(people, "EUR")
    whole = score_cohort(cohort, PANEL).of("ms")
    parts = score_cohort(cohort, PANEL, chunk=7).of("ms")
    for name, values in whole.numbers.items():
        assert np.array_equal(values, parts.numbers[name], equal_nan=True), name


def test_coarse_names_are_every_allele_they_may_be() -> None:
    """DRB1*15 with an uncertain DQA1 is what the list of its alleles by frequency is."""
    dqa1 = [("DQA1*01:02", "DQA1*02:01", 0.5, False), ("DQA1*01:01", "DQA1*02:01", 0.5, False)]
    shares = PANEL.candidates(HLAAllele.parse("DRB1*15"), "EUR")
    spelled = [(str(name), "DRB1*07:01", share, False) for name, share in shares]
    coarse = [("DRB1*15", "DRB1*07:01", 1.0, False)]
    design = measured([{"DRB1": coarse, "DQA1": dqa1}, {"DRB1": spelled, "DQA1": dqa1}]).design()
    assert design.expected[0, TOGETHER] == pytest.approx(design.expected[1, TOGETHER], abs=1e-12)


def test_every_gene_keeps_its_posterior_where_few_haplotypes_bear_it_out() -> None:
    """Haplotypes 0 and 1 are known, all others are not: fitting in turn would take thousands."""
    a = [HLAAllele.parse(f"DRB1*{n}") for n in ("15:01", "03:01", "07:01")]
    rows = [(name, name, p, False) for name, p in zip(a, (0.5, 0.3, 0.2), strict=True)]
    others = [(name, name, p, False) for name, p in zip(a, (0.5, 0.2, 0.3), strict=True)]
    prior = np.full((3, 3), 1e-12)
    prior[np.diag_indices(3)] = (0.2, 0.01, 0.05)
    weights = joint_weights([rows, others], prior.ravel()).reshape(3, 3)
    assert weights.sum(axis=1) == pytest.approx([0.5, 0.3, 0.2], rel=1e-11)
    assert weights.sum(axis=0) == pytest.approx([0.5, 0.2, 0.3], rel=1e-11)
    # The fit keeps the odds ratios of the prior: what they are made of is a rank-one table.
    table = np.log(weights / prior)
    centred = table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()
    assert np.abs(centred).max() < 1e-8


PEOPLE = 1500


@cache
def simulated() -> tuple[list[Person], list[Person]]:
    """What imputation says gene by gene, and the truth, drawn as often as it says.

    On each chromosome three haplotypes are possible, often such as carry the interaction's alleles.
    """
    rng = np.random.default_rng(43)
    listed, shares = list(haplotypes("EUR")), np.array([*haplotypes("EUR").values()])
    raised = [8.0 if h[0] == "DRB1*15:01" or h[1] == "DQA1*01:01" else 1.0 for h in listed]
    shares = shares * raised / (shares * raised).sum()
    said: list[Person] = []
    true: list[Person] = []
    for _ in range(PEOPLE):
        sides = []
        for _ in range(2):
            places = rng.choice(len(listed), 3, replace=False, p=shares)
            sides.append(
                [(listed[k], p) for k, p in zip(places, rng.dirichlet([1] * 3), strict=True)]
            )
        drawn = [side[rng.choice(3, p=[p for _, p in side])][0] for side in sides]
        person: dict[str, list[Row]] = {}
        for place, gene in enumerate(DRDQ):
            found: dict[tuple[str, str], float] = {}
            for (one, p), (two, q) in product(*sides):
                pair = (min(one[place], two[place]), max(one[place], two[place]))
                found[pair] = found.get(pair, 0.0) + p * q
            person[gene] = [(a, b, p, False) for (a, b), p in found.items()]
        said.append(person)
        true.append(
            {
                gene: [(drawn[0][place], drawn[1][place], 1.0, False)]
                for place, gene in enumerate(DRDQ)
            }
        )
    return said, true


def test_the_interaction_is_unbiased_in_simulated_imputation() -> None:
    said, true = simulated()
    expected, truth = measured(said).design(), measured(true).design()
    error = truth.expected[:, TOGETHER] - expected.expected[:, TOGETHER]
    variance = expected.variance[:, TOGETHER]
    unsure = variance > 1e-3
    assert unsure.sum() > 500
    assert abs(error.mean()) < 3 * error.std() / np.sqrt(PEOPLE)
    assert 0.9 < (error[unsure] ** 2).sum() / variance[unsure].sum() < 1.1
    # The product of the genes' own expectations is not.
    apart = [
        sum(p for a, b, p, _ in person["DRB1"] if "DRB1*15:01" in (a, b))
        * sum(p * copies((a, b, p, o), "DQA1*01:01") for a, b, p, o in person["DQA1"])
        for person in said
    ]
    wrong = truth.expected[:, TOGETHER] - np.array(apart)
    assert abs(wrong.mean()) > 6 * wrong.std() / np.sqrt(PEOPLE)


def test_intervals_of_the_score_hold_where_the_interaction_is_uncertain() -> None:
    said, true = simulated()
    found = score_cohort(cohort_of(said, "EUR"), PANEL).of("ms")
    truth = score_cohort(cohort_of(true, "EUR"), PANEL).of("ms")
    unsure = measured(said).design().variance[:, TOGETHER] > 0.05
    error = (truth.numbers["log_odds"] - found.numbers["log_odds"])[unsure]
    variance = found.variance[VarianceSource.GENOTYPES][unsure]
    assert len(error) > 300
    assert abs(error.mean()) < 3 * error.std() / np.sqrt(len(error))
    assert 0.9 < (error**2).sum() / variance.sum() < 1.1
    assert 0.93 < np.mean(np.abs(error) < 1.96 * np.sqrt(variance)) < 0.985
