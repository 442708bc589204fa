"""The HLA parts of MS and RA on the 2,504 real people, by a scalar computation from the tables.

The truth here is written from the published tables and the VCF's text alone: no reader, no model
file and no scoring code of riskscore takes part in it.
"""

import csv
import gzip
import math
import re
from collections import defaultdict
from functools import cache
from itertools import product
from pathlib import Path
from statistics import median

import pytest

import riskscore as rs
from riskscore.models.reference.panel import DRDQ
from riskscore.scoring.design import design_matrix
from tests.scoring.panels import alleles, block

ROOT = Path(__file__).parents[2]
VCF = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
PUBLISHED = ROOT / "tests" / "published"
HLA = ROOT / "reference" / "hla"
Pair = tuple[str, str]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@cache
def people() -> dict[str, dict[str, Pair]]:
    """Two-field types by sample and gene, from the presence records of the VCF."""
    types: dict[str, dict[str, list[str]]] = {}
    with gzip.open(VCF, "rt") as stream:
        for line in stream:
            if line.startswith("#CHROM"):
                samples = line.rstrip("\n").split("\t")[9:]
                types = {sample: defaultdict(list) for sample in samples}
            elif not line.startswith("#"):
                columns = line.rstrip("\n").split("\t")
                gene, _, fields = columns[2].removeprefix("HLA_").partition("*")
                if columns[2].startswith("HLA_") and ":" in fields:
                    for sample, cell in zip(samples, columns[9:], strict=True):
                        types[sample][gene] += [fields] * int(cell.split(":")[1])
    return {
        sample: {gene: (names[0], names[1]) for gene, names in genes.items()}
        for sample, genes in types.items()
    }


def ms_formula(types: dict[str, Pair], weight: dict[tuple[str, str], float]) -> float:
    """The conditional HLA model of Moutsianas 2015 (as printed by Bycroft 2018, Table 1)."""

    def copies(allele: str) -> int:
        gene, fields = allele.split("*")
        return types[gene].count(fields)

    total = 0.0
    for allele in ("DRB1*15:01", "A*02:01", "DRB1*03:01"):
        total += weight[allele, "additive"] * copies(allele)
        total += weight[allele, "homozygote_correction"] * (copies(allele) == 2)
    for allele in ("DRB1*13:03", "DRB1*08:01", "B*44:02", "B*38:01", "B*55:01"):
        total += weight[allele, "additive"] * copies(allele)
    if copies("DRB1*15:01"):
        total += weight["DQA1*01:01", "additive_in_presence_of_DRB1*15:01"] * copies("DQA1*01:01")
    if copies("DQB1*03:02"):
        total += weight["DQB1*03:02", "dominant"]
        if copies("DQB1*03:01"):
            total += weight["DQB1*03:01", "allelic_interaction_with_DQB1*03:02"]
    return total


# The rows of the model beyond those of the paper: DRB1*15:01 without A*02:01 has 5.0 where the
# others have 5.5197, and the average effect of mononucleosis in its carriers is taken out once.
NOT_SMOKING = -0.098879  # ln of 5.0 / 5.5197, before that was rounded
NO_MONONUCLEOSIS = -round(math.log((0.9 + 0.1 * 2.17 * 1.9201) / (0.9 + 0.1 * 2.17)), 6)


def ms_joint_rows(types: dict[str, Pair]) -> float:
    """What those two rows add."""
    if "15:01" not in types["DRB1"]:
        return 0.0
    return NO_MONONUCLEOSIS + NOT_SMOKING * ("02:01" not in types["A"])


MS_GENES = ("A", "B", "DRB1", "DQA1", "DQB1")


def ms_population_mean(weight: dict[tuple[str, str], float]) -> float:
    """The formula's mean over Hardy-Weinberg pairs of European haplotypes, term by term."""
    read = MS_GENES
    nobody = dict.fromkeys(read, ("-", "-"))
    mean = 0.0
    for gene in ("A", "B"):
        shares = alleles(gene, (gene,), read)
        for (first, p), (second, q) in product(shares.items(), repeat=2):
            mean += p * q * ms_formula(nobody | {gene: (first, second)}, weight)
    # Haplotypes that the formula does not tell apart are one.
    kinds: dict[tuple[str, ...], float] = defaultdict(float)
    for (drb1, dqa1, dqb1), share in block(DRDQ, read).items():
        names = (
            drb1 if drb1 in ("15:01", "03:01", "13:03", "08:01") else "-",
            dqa1 if dqa1 == "01:01" else "-",
            dqb1 if dqb1 in ("03:01", "03:02") else "-",
        )
        kinds[names] += share
    for (one, p), (two, q) in product(kinds.items(), repeat=2):
        pairs = zip(DRDQ, zip(one, two, strict=True), strict=True)
        mean += p * q * ms_formula(nobody | dict(pairs), weight)
    return mean


def test_ms_hla_part_equals_the_formula_for_every_person() -> None:
    weight = {
        (row["allele"], row["coding"]): float(row["beta"])
        for row in rows(PUBLISHED / "ms" / "ms_hla.tsv")
        if row["model"] == "IMSGC_Moutsianas2015_conditional" and row["status"] == "found"
    }
    assert len(weight) == 14
    scores = rs.score(VCF, "ms")
    # No other locus of the model is in this file, so the genetic score is its HLA part.
    found = dict(zip(scores.cohort.samples, scores.of("ms").numbers["genetic_score"], strict=True))
    assert len(found) == 2504
    left = {s: found[s] - ms_formula(t, weight) - ms_joint_rows(t) for s, t in people().items()}
    # What is left is the population's mean, with its sign turned.
    assert math.log(5.0 / 5.5197) == pytest.approx(NOT_SMOKING, abs=1e-5)
    centre = median(left.values())
    other = [types for sample, types in people().items() if abs(left[sample] - centre) > 1e-9]
    # The joint row asks for A and DRB1, which are nearly independent, so that product is near.
    carriers = 1 - (1 - alleles("DRB1", DRDQ, MS_GENES)["15:01"]) ** 2
    without = (1 - alleles("A", ("A",), MS_GENES)["02:01"]) ** 2
    joint = carriers * (without * NOT_SMOKING + NO_MONONUCLEOSIS)
    assert centre == pytest.approx(-ms_population_mean(weight) - joint, abs=0.002)
    # Both carry DQB1*03:19, a member of the G group of 03:01, beside 03:02: that it may be the
    # other member counts for at most 0.004.
    assert [types["DQB1"] for types in other] == [("03:02", "03:19")] * 2
    assert [types["DRB1"] for types in other] == [("04:05", "13:04"), ("04:05", "11:01")]


def test_ra_residue_haplotypes_equal_the_table_for_every_person() -> None:
    beta = {
        row["haplotype"]: float(row["beta"])
        for row in rows(PUBLISHED / "ra" / "ra_hla_drb1_haplotypes.tsv")
    }
    residues: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows(HLA / "residues.tsv"):
        if row["gene"] == "DRB1":
            residues[row["allele"].split("*")[1]][int(row["position"])] = row["residue"]

    def haplotype(fields: str) -> str:
        return "".join(residues.get(fields, {}).get(position, "?") for position in (11, 71, 74))

    def score(pair: Pair) -> float:
        return sum(beta.get(haplotype(fields), 0.0) for fields in pair)

    shares = alleles("DRB1", ("DRB1",), ("B", "DRB1", "DPB1"))
    assert all(fields in residues for fields in shares)
    known = {fields: share for fields, share in shares.items() if fields in residues}
    mean = sum(2 * share * beta.get(haplotype(fields), 0.0) for fields, share in known.items())
    mean /= sum(known.values())
    scores = rs.score(VCF, "ra")
    reference = scores.of("ra").reference
    mine = [j for j, term in enumerate(reference.model.terms) if re.fullmatch("[A-Z]{3}", term.id)]
    assert len(mine) == 16
    design = design_matrix(scores.cohort, reference)
    found = (design.expected - reference.mean)[:, mine] @ reference.weights[mine]
    checked = 0
    for sample, total in zip(design.samples, found.tolist(), strict=True):
        pair = people()[sample]["DRB1"]
        if all(fields in residues for fields in pair):
            assert math.isclose(total, score(pair) - mean, abs_tol=1e-9)
            checked += 1
    assert checked == 2504
