"""The model t1d-hla gives back the odds ratios that were published of typed T1DGC families."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import product

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Share = dict[str, float]
CASES, CONTROLS = 3542, 2758
GENES = ("DRB1", "DQA1", "DQB1")
# Haplotype classes by the alleles that tell them, where names in the published table are as here.
GROUPED = {"DQA1*03": "DQA1*03:01", "DQA1*05": "DQA1*05:05", "DQA1*01": "DQA1*01:01"}


def _alleles(row: Row) -> tuple[str, ...]:
    """The first name of each gene, as the published table writes the haplotype."""
    first = [part.split("/")[0].removeprefix("HLA-") for part in row["effect_allele"].split(";")]
    return tuple(GROUPED.get(name, name) for name in first)


@pytest.fixture(scope="module")
def haplotypes(weights: Read) -> dict[str, Row]:
    """The rows of haplotypes, by the name of the published table."""
    rows = [row for row in weights("t1d-hla") if row["is_haplotype"]]
    return {"-".join(_alleles(row)): row for row in rows}


@pytest.fixture(scope="module")
def counted(published: Read) -> dict[str, tuple[int, int, float]]:
    """Chromosomes of probands and controls, and the odds ratio, by haplotype."""
    found = {}
    for row in published("t1d/hla_typed_t1d"):
        counts = re.search(r"crude from counts (\d+)/(\d+)", row["coding"])
        if counts and " on " not in row["allele_or_genotype"]:
            cases, controls = map(int, counts.groups())
            found[row["allele_or_genotype"]] = (cases, controls, float(row["OR"]))
    return found


def test_odds_ratios_of_counted_haplotypes_come_back(
    haplotypes: dict[str, Row], counted: dict[str, tuple[int, int, float]]
) -> None:
    """Against all others, in a population that has the haplotypes as the controls have them."""
    assert len(counted) == 9
    reference_cases, reference_controls, _ = counted["DRB1*13:02-DQA1*01:02-DQB1*06:04"]
    scale = (reference_cases / CASES) / (reference_controls / CONTROLS)
    for name, (_, controls, odds_ratio) in counted.items():
        own = controls / CONTROLS
        of_cases = own * scale * math.exp(float(haplotypes[name]["effect_weight"]))
        odds = of_cases / (1 - of_cases) / (own / (1 - own))
        assert odds == pytest.approx(odds_ratio, abs=0.0051)


def test_standard_errors_are_those_of_four_counts(
    haplotypes: dict[str, Row], counted: dict[str, tuple[int, int, float]]
) -> None:
    reference = 1 / 93 + 1 / 80
    for name, (cases, controls, _) in counted.items():
        row = haplotypes[name]
        if row["standard_error"]:
            expected = math.sqrt(1 / cases + 1 / controls + reference)
            assert float(row["standard_error"]) == pytest.approx(expected, rel=1e-5)
        else:
            assert float(row["effect_weight"]) == 0


def test_other_haplotypes_have_the_published_odds_ratio_and_status(
    haplotypes: dict[str, Row], counted: dict[str, tuple[int, int, float]], published: Read
) -> None:
    theirs = {
        row["allele_or_genotype"]: row
        for row in published("t1d/hla_typed_t1d")
        if row["kind"] == "DR-DQ haplotype" and row["allele_or_genotype"] not in counted
    }
    ours = {name: row for name, row in haplotypes.items() if name not in counted}
    for name, row in ours.items():
        assert float(row["OR"]) == float(theirs[name]["OR"])
        assert (row["status"] == "recalled") == (theirs[name]["status"] == "recalled")
        assert ("recalled" in row["source"]) == (row["status"] == "recalled")
    assert len(ours) == 8
    assert sum(row["status"] == "recalled" for row in ours.values()) == 7


def _europeans(reference: Read, rows: list[Row]) -> Share:
    """Share of chromosomes by haplotype of the model, "" for the others."""
    shares: Share = defaultdict(float)
    for found in reference("hla/drdq_haplotypes"):
        if found["population"] == "EUR":
            names = (found["DRB1"], found["DQA1"], found["dqb1_split"].split("/")[0])
            shares[_class_of(names, rows)] += float(found["frequency"])
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _class_of(names: tuple[str, ...], rows: list[Row]) -> str:
    def fits(gene: str, allowed: str) -> bool:
        parts = [part.removeprefix("HLA-") for part in allowed.split("/")]
        return any(gene == part or gene.startswith(part + ":") for part in parts)

    for row in rows:
        if all(map(fits, names, row["effect_allele"].split(";"))):
            return row["locus_name"]
    return ""


def test_genotypes_of_europeans_come_near_what_was_published(
    weights: Read, reference: Read
) -> None:
    """Every pair of haplotypes of 1000 Genomes Europeans, weighed as the file says.

    DR3/DR4 against all other genotypes is 16.59 (13.7 to 20.1) and DR15-DQ6.2 against all other
    haplotypes 0.03 (0.01 to 0.07). HLA alone separates well: 0.80 to 0.92.
    """
    rows = [row for row in weights("t1d-hla") if row["is_haplotype"]]
    single = {"": 0.0} | {row["locus_name"]: float(row["effect_weight"]) for row in rows}
    pairs = {
        frozenset(row["locus_name"].split("+")): float(row["effect_weight"])
        for row in weights("t1d-hla")
        if row["is_diplotype"]
    }
    shares = _europeans(reference, rows)
    assert set(shares) >= {"DR3-DQ2.5", "DR15-DQ6.2", "DR7-DQ2.2", "DR11:01-DQ7.5", ""}
    people = [
        (a, b, shares[a] * shares[b], pairs.get(frozenset((a, b)), single[a] + single[b]))
        for a, b in product(shares, repeat=2)
    ]
    cases = [p * math.exp(score) for _, _, p, score in people]
    total = sum(cases)

    def odds_ratio(of: Callable[[str, str], float]) -> float:
        """Of a share of each genotype, from 0 to 1."""
        sick = sum(c * of(a, b) for c, (a, b, _, _) in zip(cases, people, strict=True)) / total
        well = sum(p * of(a, b) for a, b, p, _ in people)
        return sick / (1 - sick) / (well / (1 - well))

    def dr3_dr4(a: str, b: str) -> float:
        four = [name for name in (a, b) if name.startswith("DR4") and name.endswith("DQ8")]
        return float("DR3-DQ2.5" in (a, b) and len(four) == 1 and four[0] != "DR4:03-DQ8")

    assert 0.01 < odds_ratio(lambda a, b: ((a == "DR15-DQ6.2") + (b == "DR15-DQ6.2")) / 2) < 0.07
    assert 13.7 < odds_ratio(dr3_dr4) < 20.1
    auc = sum(
        c / total * q * (1.0 if score > other else 0.5 if score == other else 0.0)
        for c, (_, _, _, score) in zip(cases, people, strict=True)
        for _, _, q, other in people
    )
    assert 0.80 < auc < 0.92


def test_class_one_alleles_are_as_published(weights: Read, published: Read) -> None:
    theirs = {
        row["allele_or_genotype"]: row
        for row in published("t1d/hla_typed_t1d")
        if row["kind"] == "class I allele adj. for class II"
    }
    ours = [row for row in weights("t1d-hla") if row["component"] == "HLA_Class_1"]
    assert {row["effect_allele"] for row in ours} == {f"HLA-{name}" for name in theirs}
    for row in ours:
        table = theirs[row["effect_allele"].removeprefix("HLA-")]
        assert float(row["effect_weight"]) == pytest.approx(math.log(float(table["OR"])), abs=1e-5)
        assert row["status"] == table["status"]
