"""The example's HLA types against each published typing, and its VCF against its types."""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.oracles.hla_typings import (
    CONSENSUS,
    GENES,
    METHODS,
    POPULATIONS,
    SINGLE,
    agreement,
    table,
)

ROOT = Path(__file__).parents[2]
VCF = ROOT / "reference" / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"


def test_the_types_agree_with_each_typing_in_every_population() -> None:
    found = agreement()
    for gene in GENES:
        for population in POPULATIONS:
            for method in METHODS:
                for fields, least in ((1, 0.97), (2, 0.9)):
                    same, of = found.get((gene, method, fields, population), (1, 1))
                    assert same / of > least, (gene, method, population, fields)
    # Sanger sequencing is not of all people, and no typing but HLA*LA has DQA1 and DPB1.
    assert {method for gene, method, *_ in found if gene in {"DQA1", "DPB1"}} == {"HLA*LA"}


def test_what_one_typing_made_up_is_not_in_the_types() -> None:
    """Of people that HLA*LA gave DRB1*15:13, PolyPheMe gives none any DRB1*15."""
    with gzip.open(SINGLE, "rt") as stream:
        typed = {row["sample"]: row for row in table(stream)}
    with CONSENSUS.open() as stream:
        ours = {row["sample"]: row for row in table(stream)}
    carriers = [s for s, row in typed.items() if "15:13" in (row["DRB1_1"], row["DRB1_2"])]
    assert len(carriers) == 84
    for sample in carriers:
        for row, columns in (
            (typed[sample], ("DRB1_1_abi", "DRB1_2_abi")),
            (ours[sample], ("DRB1_1", "DRB1_2")),
        ):
            assert not any(row[column].startswith("15") for column in columns)


def records() -> Iterator[tuple[str, str, dict[str, int]]]:
    """Gene, allele and each sample's copies, of the two-field records of the example."""
    copies = {"0/0": 0, "0/1": 1, "1/1": 2}
    samples: list[str] = []
    with gzip.open(VCF, "rt") as stream:
        for cells in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if cells[0] == "#CHROM":
                samples = cells[9:]
            match = re.match(r"HLA_(\w+)\*(\d+:\d+)$", cells[2]) if len(cells) > 9 else None
            if match:
                found = (copies[cell.split(":")[0]] for cell in cells[9:])
                yield match[1], match[2], dict(zip(samples, found, strict=True))


def test_the_records_of_the_vcf_are_the_types() -> None:
    """Each person's alleles are the types'; gaps are filled, and groups of DQB1 told apart."""
    with CONSENSUS.open() as stream:
        ours = {row["sample"]: row for row in table(stream)}
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gene, allele, copies in records():
        for sample, count in copies.items():
            pairs[gene, sample] += [allele] * count
    differ: Counter[str] = Counter()
    for gene in GENES:
        for sample, row in ours.items():
            typed = [row[f"{gene}_{side}"] for side in (1, 2)]
            assert len(pairs[gene, sample]) == 2
            differ[gene] += all(typed) and sorted(typed) != sorted(pairs[gene, sample])
    assert differ == {gene: 50 if gene == "DQB1" else 0 for gene in GENES}


def test_the_records_of_the_vcf_are_the_haplotypes() -> None:
    """Copies of each allele by superpopulation, against reference/hla/haplotypes.tsv."""
    with (ROOT / "reference" / "examples" / "1000G_samples.tsv").open() as stream:
        population = {row["sample"]: row["superpopulation"] for row in table(stream)}
    with (ROOT / "reference" / "hla" / "haplotypes.tsv").open() as stream:
        haplotypes = table(stream)
    for gene, allele, copies in records():
        counted = Counter[str]()
        for sample, count in copies.items():
            counted[population[sample]] += count
        for name in POPULATIONS:
            expected = sum(int(row[name]) for row in haplotypes if row[gene] == allele)
            assert counted[name] == expected, (gene, allele, name)
