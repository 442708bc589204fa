"""DR-DQ haplotypes from typed alleles: real people's frequencies, and brute force over phases."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.panel import DRDQ, reference_panel
from riskscore.samples.hla.table import read_hla_calls
from riskscore.scoring.diplotypes import call_diplotypes
from riskscore.scoring.linkage import joint_weights
from riskscore.scoring.phasing import Phaser

ROOT = Path(__file__).parents[2]
VCF = ROOT / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"
PANEL = reference_panel()
MODEL = rs.load_model("t1d")
assert MODEL.scheme
SCHEME = MODEL.scheme
NAMES = (*SCHEME.names, "other")

# The classes of GRS2 in the paper's own words, applied by hand to two-field names.
CLASSES = {
    "DR15-DQ6.2": ("15:01", "01:02", "06:02"),
    "DR3-DQ2.5": ("03:01", "05:01", "02:01"),
    "DR1/DR10-DQ5.1": (("01", "10"), "01", "05:01"),
    "DR7-DQ2.2": ("07:01", "02:01", ("02:02", "02:01")),
    "DR11/DR12-DQ7.5": (("11", "12"), "05", "03:01"),
    "DR4-DQ8.1": ("04", "03", "03:02"),
    "DR13-DQ6.3": ("13:01", "01:03", "06:03"),
    "DR4-DQ7.3": ("04", "03", "03:01"),
    "DR7-DQ9.2": ("07:01", "02:01", "03:03"),
    "DR8-DQ4.2": ("08", "04:01", "04:02"),
    "DR14-DQ5.3": ("14", "01", "05:03"),
    "DR9-DQ9.3": ("09:01", "03", "03:03"),
    "DR13-DQ6.9": ("13:02", "01:02", "06:09"),
    "DR15-DQ6.1": ("15:02", "01:03", "06:01"),
}


def class_of(haplotype: tuple[str, ...]) -> str:
    for name, wanted in CLASSES.items():
        if all(fields.startswith(w) for fields, w in zip(haplotype, wanted, strict=True)):
            return name
    return "other"


def published(population: str) -> dict[tuple[str, ...], float]:
    """Haplotype frequencies as the table has them."""
    with (ROOT / "reference/hla/drdq_haplotypes.tsv").open() as stream:
        return {
            tuple(row[gene].split("*")[1] for gene in DRDQ): float(row["frequency"])
            for row in csv.DictReader(stream, delimiter="\t")
            if row["population"] == population
        }


def genotypes(*pairs: tuple[str, str]) -> list[list[tuple[HLAAllele, HLAAllele, float, bool]]]:
    return [
        [(HLAAllele.parse(f"{gene}*{a}"), HLAAllele.parse(f"{gene}*{b}"), 1.0, False)]
        for gene, (a, b) in zip(DRDQ, pairs, strict=True)
    ]


def test_class_frequencies_of_real_people_by_superpopulation() -> None:
    """Within each superpopulation the called classes have the frequencies of the EM estimate.

    The types are G groups: DQB1*02:01 also stands for 02:02 and DQA1*05:01 for 05:05, so that
    DR7-DQ2.2 is told by DRB1*07:01 and DR11-DQ7.5 by DQA1*05 alone.
    """
    with (ROOT / "reference/examples/1000G_samples.tsv").open() as stream:
        people = {r["sample"]: r["superpopulation"] for r in csv.DictReader(stream, delimiter="\t")}
    cohort = rs.read_cohort(VCF, [MODEL])
    groups = np.array([people[sample] for sample in cohort.samples])
    for population in sorted(set(groups)):
        phaser = Phaser(SCHEME, PANEL, population)
        calls = [cohort.hla.genes[gene] for gene in DRDQ]
        found: Counter[str] = Counter()
        members = np.flatnonzero(groups == population)
        for sample in members.tolist():
            typed = [[(a, b, p, False) for a, b, p in gene.pairs(sample)] for gene in calls]
            posterior = phaser.posterior(typed)
            assert posterior is not None
            for (i, j), p in posterior.items():
                found[NAMES[i]] += p
                found[NAMES[j]] += p
        expected: dict[str, float] = defaultdict(float)
        for haplotype, share in published(population).items():
            expected[class_of(haplotype)] += share
        for name in NAMES:
            share = found[name] / (2 * len(members))
            assert share == pytest.approx(expected[name], abs=0.004), (population, name)


def brute_force(
    pairs: list[tuple[str, str]], shares: dict[tuple[str, ...], float]
) -> dict[tuple[str, ...], float]:
    """Every assignment of alleles to two chromosomes, each weighed by its Hardy-Weinberg share."""
    weights: dict[tuple[str, ...], float] = defaultdict(float)
    for chosen in product(*(permutations(pair) for pair in pairs)):
        mother, father = tuple(c[0] for c in chosen), tuple(c[1] for c in chosen)
        weight = (shares.get(mother, 0.0) + 1e-6) * (shares.get(father, 0.0) + 1e-6)
        weights[tuple(sorted((class_of(mother), class_of(father))))] += weight
    total = sum(weights.values())
    return {pair: weight / total for pair, weight in weights.items()}


def test_phases_against_brute_force_in_500_generated_people() -> None:
    rng = np.random.default_rng(20)
    compared = ambiguous = 0
    for population in ("EUR", "AFR", "EAS", "AMR", "SAS"):
        shares = published(population)
        haplotypes, weights = list(shares), np.array(list(shares.values()))
        phaser = Phaser(SCHEME, PANEL, population)
        drawn = rng.choice(len(haplotypes), (100, 2), p=weights / weights.sum())
        for one, other in drawn:
            pairs = list(zip(haplotypes[one], haplotypes[other], strict=True))
            if rng.random() < 0.3:  # genes of different people: haplotypes nobody has seen
                stranger = haplotypes[rng.integers(len(haplotypes))]
                pairs[2] = (pairs[2][0], stranger[2])
            expected = brute_force(pairs, shares)
            posterior = phaser.posterior(genotypes(*pairs))
            assert posterior is not None
            found: dict[tuple[str, ...], float] = defaultdict(float)
            for (i, j), p in posterior.items():
                found[tuple(sorted((NAMES[i], NAMES[j])))] += p
            for pair in expected.keys() | found.keys():
                # What is left out as negligible is below 1e-9 in all.
                limit = 1e-12 if min(expected.values()) > 1e-9 else 2e-9
                assert abs(expected.get(pair, 0.0) - found.get(pair, 0.0)) <= limit
            compared += 1
            ambiguous += len(expected) > 1
    assert compared == 500
    assert ambiguous > 100


def test_known_phase_is_kept() -> None:
    """GL strings with ~ and haplotype dosages put alleles on chromosomes."""
    phaser = Phaser(SCHEME, PANEL, "EUR")
    rows = [
        [(HLAAllele.parse(f"DRB1*{a}"), HLAAllele.parse(f"DRB1*{b}"), 1.0, True)]
        for a, b in [("04:01", "13:01")]
    ]
    rows += [[(HLAAllele.parse("DQA1*03:01"), HLAAllele.parse("DQA1*01:03"), 1.0, True)]]
    for first, second, expected in (
        ("03:02", "06:03", {"DR4-DQ8.1", "DR13-DQ6.3"}),
        ("06:03", "03:02", {"other"}),
    ):
        dqb1 = [(HLAAllele.parse(f"DQB1*{first}"), HLAAllele.parse(f"DQB1*{second}"), 1.0, True)]
        posterior = phaser.posterior([*rows, dqb1])
        assert posterior is not None
        ((pair, p),) = posterior.items()
        assert {NAMES[i] for i in pair} == expected
        assert p == pytest.approx(1)


def test_coarse_and_group_names_are_told_by_their_haplotypes() -> None:
    phaser = Phaser(SCHEME, PANEL, "EUR")

    def classes(*pairs: tuple[str, str]) -> dict[tuple[str, str], float]:
        posterior = phaser.posterior(genotypes(*pairs))
        assert posterior is not None
        return {(NAMES[i], NAMES[j]): p for (i, j), p in posterior.items()}

    g_groups = classes(("03:01:01G", "07:01:01G"), ("05:01:01G", "02:01:01G"), ("02:01:01G",) * 2)
    assert g_groups == pytest.approx({("DR3-DQ2.5", "DR7-DQ2.2"): 1}, abs=1e-4)
    families = classes(("03", "04"), ("05", "03"), ("02", "03"))
    shares = published("EUR")
    four = {
        n: sum(s for h, s in shares.items() if h[0][:2] == "04" and h[1][:2] == "03" and h[2] == n)
        for n in ("03:01", "03:02")
    }
    assert families["DR3-DQ2.5", "DR4-DQ8.1"] / families["DR3-DQ2.5", "DR4-DQ7.3"] == pytest.approx(
        four["03:02"] / four["03:01"], rel=1e-3
    )


def test_joint_genotypes_keep_each_genes_posterior_and_lean_to_known_haplotypes() -> None:
    """Two uncertain genes: margins stay, and the association is the population's."""
    a, b = (HLAAllele.parse(n) for n in ("DRB1*15:01", "DRB1*03:01"))
    c, d = (HLAAllele.parse(n) for n in ("DQB1*06:02", "DQB1*02:01"))
    rows = [
        [(a, a, 0.6, False), (b, b, 0.4, False)],
        [(c, c, 0.7, False), (d, d, 0.3, False)],
    ]
    prior = np.array([0.1, 1e-6, 1e-6, 0.1])  # 15:01 goes with 06:02, 03:01 with 02:01
    weights = joint_weights(rows, prior).reshape(2, 2)
    assert weights.sum(axis=1) == pytest.approx([0.6, 0.4], abs=1e-9)
    assert weights.sum(axis=0) == pytest.approx([0.7, 0.3], abs=1e-9)
    # Four cells with these margins and this odds ratio have one solution.
    odds = weights[0, 0] * weights[1, 1] / (weights[0, 1] * weights[1, 0])
    assert odds == pytest.approx(1e10, rel=1e-6)
    assert weights[0, 0] > 0.599


def test_calls_do_not_depend_on_the_order_of_chromosomes_or_people() -> None:
    samples, calls = read_hla_calls(VCF)
    cohort = rs.read_cohort(VCF, [MODEL])
    whole = call_diplotypes(cohort, SCHEME, PANEL, range(len(samples)))
    part = call_diplotypes(cohort, SCHEME, PANEL, range(700, 1200))
    inside = (whole.sample >= 700) & (whole.sample < 1200)
    np.testing.assert_array_equal(whole.first[inside], part.first)
    np.testing.assert_array_equal(whole.probability[inside], part.probability)
    phaser = Phaser(SCHEME, PANEL, "EUR")
    for sample in range(0, 2504, 50):
        rows = [[(a, b, p, False) for a, b, p in calls.genes[g].pairs(sample)] for g in DRDQ]
        turned = [[(b, a, p, False) for a, b, p, _ in gene] for gene in rows]
        one, other = phaser.posterior(rows), phaser.posterior(turned)
        assert one is not None
        assert other is not None
        assert one.keys() == other.keys()
        assert list(one.values()) == pytest.approx(list(other.values()), abs=1e-15)
