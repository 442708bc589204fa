"""The earlier T1D scores on 200 people: GRS1 against an independent implementation's table, and the
GRS2 editions against the published rule worked through person by person, record by record.
"""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import pytest

import riskscore as rs

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
PUBLISHED = ROOT / "tests" / "published" / "t1d"
VCF = DATA / "t1d_b38_clean.vcf.gz"
Row = dict[str, str]
Genotypes = tuple[list[str], dict[tuple[str, str], tuple[str, str, list[int]]]]


def table(name: str) -> list[Row]:
    with (PUBLISHED / f"{name}.tsv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def genotypes() -> Genotypes:
    """Samples, and by chromosome and position REF, ALT and each person's copies of ALT."""
    records, samples = {}, []
    with gzip.open(VCF, "rt") as stream:
        for line in stream:
            cells = line.rstrip("\n").split("\t")
            if line.startswith("#CHROM"):
                samples = cells[9:]
            elif not line.startswith("#"):
                copies = [cell.split(":")[0].count("1") for cell in cells[9:]]
                records[cells[0].removeprefix("chr"), cells[1]] = (cells[3], cells[4], copies)
    return samples, records


def effect_copies(row: Row, genotypes: Genotypes) -> list[int]:
    ref, alt, copies = genotypes[1][row["chrom"], row["pos_grch38"]]
    assert {ref, alt} == {row["effect_allele"], row["other_allele"]}
    return copies if alt == row["effect_allele"] else [2 - n for n in copies]


def expected_totals(edition: str, genotypes: Genotypes) -> list[float]:
    """The rule of Sharp 2019: call haplotypes by tags, keep two by rank, a listed pair's total
    instead of the two haplotypes' sum, and every other SNP's weight for each copy.
    """
    snps = [row for row in table("grs2_snps") if row["score"] == f"t1dgrs2-{edition}"]
    rank = {row["dq"]: int(row["rank"]) for row in table("grs2_klitz_ranking")}
    beta = {row["dq_tag"]: float(row["beta_haplotype"]) for row in table("grs2_drdq_tags")}
    pairs = {
        frozenset((row["dq1"], row["dq2"])): float(row["beta_total"])
        for row in table("grs2_interactions")
    }
    tags = {row["dq_tag"]: effect_copies(row, genotypes) for row in snps if row["dq_tag"]}
    additive = [(float(r["beta"]), effect_copies(r, genotypes)) for r in snps if not r["dq_tag"]]
    assert (len(tags), len(additive)) == (14, 53)
    totals = []
    for i in range(len(genotypes[0])):
        by_rank = sorted(tags, key=lambda name: rank[name])
        called = [name for name in by_rank for _ in range(tags[name][i])]
        kept = called[:2]
        total = sum(beta[name] for name in kept)
        if len(kept) == 2 and frozenset(kept) in pairs:
            total = pairs[frozenset(kept)]
        totals.append(total + sum(weight * copies[i] for weight, copies in additive))
    return totals


@pytest.mark.parametrize("edition", ["sharp19", "sharp21", "luckett25"])
def test_grs2_editions(edition: str, genotypes: Genotypes) -> None:
    model = "t1d" if edition == "luckett25" else f"t1d-grs2-{edition}"
    found = rs.score(VCF, model).of(model).numbers["published_score"]
    expected = expected_totals(edition, genotypes)
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < 1e-6


def test_the_scalar_rule_is_that_of_the_reference_table(genotypes: Genotypes) -> None:
    with (DATA / "t1d_b38_clean_luckett25_expected.tsv").open() as stream:
        table = {row["IID"]: float(row["total"]) for row in csv.DictReader(stream, delimiter="\t")}
    totals = dict(zip(genotypes[0], expected_totals("luckett25", genotypes), strict=True))
    assert totals == pytest.approx(table, abs=1e-6)


def test_grs1_equals_the_independent_table() -> None:
    with (DATA / "t1d_b38_clean_grs1_expected.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    scores = rs.score(VCF, "t1d-grs1")
    found = dict(
        zip(scores.cohort.samples, scores.of("t1d-grs1").numbers["published_score"], strict=True)
    )
    assert len(rows) == 200
    for row in rows:
        assert math.isclose(found[row["IID"]], float(row["total"]), abs_tol=1e-6), row
    flags = dict(zip(scores.cohort.samples, scores.of("t1d-grs1").flags, strict=True))
    excess = {row["IID"] for row in rows if "excess" in row["hla_diplotype"]}
    assert excess == {sample for sample, flag in flags.items() if flag}
    assert {flags[sample] for sample in excess} == {"more_than_two_haplotypes"}


@pytest.mark.parametrize(
    ("dr3", "dr4", "expected"),
    [(1, 1, 3.87), (2, 1, 3.05), (1, 2, 3.09), (2, 2, 3.05), (0, 1, 1.95), (1, 0, 1.51), (0, 0, 0)],
)
def test_grs1_homozygote_comes_before_rank(dr3: int, dr4: int, expected: float) -> None:
    model = rs.load_model("t1d-grs1")
    nothing = {variant.name: 0.0 for variant in model.variants}
    person = rs.person([model], variants={**nothing, "rs2187668": dr3, "rs7454108": dr4})
    found = rs.score(person).of("t1d-grs1").numbers["published_score"][0]
    assert found == pytest.approx(expected, abs=1e-9)
