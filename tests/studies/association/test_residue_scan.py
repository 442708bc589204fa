"""The scan of residues: every position at which the shipped sequences differ, counted by hand."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.files.inputs import reference_root
from riskscore.samples.cohort import Cohort
from riskscore.studies.association.candidates import Candidates, cohort_candidates

GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")


@pytest.fixture(scope="module")
def real() -> Cohort:
    """The HLA types of 2,504 real people (1000 Genomes Project), at seven genes."""
    vcf = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    if not vcf.is_file():
        pytest.skip("the example VCF is in a checkout only")
    return rs.read_cohort(vcf, (), genes=GENES)


@pytest.fixture(scope="module")
def scan(real: Cohort) -> Candidates:
    return cohort_candidates(real, ["residue"])


def letters() -> dict[str, dict[int, str]]:
    """The residue of each allele of alignment.tsv by position, read line by line."""
    found: dict[str, dict[int, str]] = {}
    with Path(reference_root() / "hla" / "alignment.tsv").open() as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            places = range(int(row["first"]), int(row["first"]) + len(row["sequence"]))
            own = dict(zip(places, row["sequence"], strict=True))
            found[row["allele"]] = {p: letter for p, letter in own.items() if letter != "*"}
    return found


def test_every_position_at_which_alleles_differ_is_scanned(scan: Candidates, real: Cohort) -> None:
    seen: dict[tuple[str, int], set[str]] = defaultdict(set)
    here: dict[tuple[str, int], set[str]] = defaultdict(set)
    carried = {str(a) for gene in GENES for a in real.hla.genes[gene].alleles}
    for allele, own in letters().items():
        for position, letter in own.items():
            seen[allele.partition("*")[0], position].add(letter)
            if allele in carried and letter != ".":
                here[allele.partition("*")[0], position].add(letter)
    expected = {
        f"HLA-{gene}:{position}{letter}"
        for (gene, position), several in here.items()
        for letter in several
        if len(seen[gene, position]) > 1
    }
    names = {column.name for column in scan.columns}
    assert expected <= names
    # What is beyond are residues of rare alleles that residues.tsv alone has.
    assert {name.partition(":")[0] for name in names - expected} <= {
        "HLA-DRB1",
        "HLA-B",
        "HLA-DPB1",
    }
    assert len({(column.gene, column.position) for column in scan.columns}) > 300


def test_copies_of_residues_are_those_counted_allele_by_allele(
    scan: Candidates, real: Cohort
) -> None:
    own = letters()
    for gene, position, letter in (
        ("DQB1", 57, "D"), ("DQA1", 52, "R"), ("DQA1", 56, "G"), ("A", 97, "R"), ("B", 97, "V"),
        ("C", 80, "K"), ("DRB1", 13, "H"), ("DRB1", 37, "N"), ("DPB1", 69, "K"),
    ):  # fmt: skip
        names = [column.name for column in scan.columns]
        values = scan.values[:, names.index(f"HLA-{gene}:{position}{letter}")]
        compared = 0
        for i in range(0, len(real.samples), 7):
            best = real.hla.genes[gene].best(i)
            pair = [str(allele) for allele in best[:2]] if best else []
            if len(pair) == 2 and all(position in own.get(allele, {}) for allele in pair):
                compared += 1
                assert values[i] == sum(own[allele][position] == letter for allele in pair)
        assert compared > 250


def test_the_position_that_raises_the_risk_is_found(scan: Candidates, real: Cohort) -> None:
    """As Asp57 of DQB1 protects from type 1 diabetes (Todd et al., Nature 1987, 329:599)."""
    names = [column.name for column in scan.columns]
    copies = scan.values[:, names.index("HLA-DQB1:57D")]
    rng = np.random.default_rng(5)
    ill = (rng.random(len(copies)) < 1 / (1 + np.exp(0.2 + 0.9 * copies))).astype(int)
    outcome = pd.Series(ill, index=list(real.samples))
    only = rs.read_cohort(
        reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz", (), genes=["DQB1"]
    )
    tests = rs.fit(only, outcome, terms=["residue"]).omnibus_frame()
    assert tests.loc[tests["p"].idxmin(), "group"] == "HLA-DQB1:57"


def test_a_model_of_a_scanned_residue_counts_it(tmp_path: Path) -> None:
    """Scores read a position that residues.tsv lacks from the alignment: DQB1*03:02 has Ala57."""
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"HLA-DQB1:57A": rng.binomial(2, 0.3, 400)})
    people["case"] = (rng.random(400) < 0.3 + 0.15 * people["HLA-DQB1:57A"]).astype(int)
    found = rs.fit(people, "case", joint=True)
    told = {
        "disease": {"name": "a disease", "mondo": "MONDO:0000001"}, "outcome": "a disease",
        "ancestry": "EUR", "source": "our study",
    }  # fmt: skip
    own = rs.model_of(found, id="mine", name="Mine", prevalence=0.01, **told)
    model = rs.load_model(rs.write_model(own, tmp_path / "mine"))
    scores = [
        rs.score(rs.person([model], hla={"DQB1": hla})).of("mine").numbers["log_odds"][0]
        for hla in ("03:02 06:02", "06:02 06:02")
    ]
    assert scores[0] - scores[1] == pytest.approx(model.terms[0].weight)
