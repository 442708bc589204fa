"""Whole HLA haplotypes against the types of the same people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Row = dict[str, str]
Read = Callable[[str], list[Row]]

GENES = ("A", "C", "B", "DRB1", "DQA1", "DQB1", "DPB1")
DQB1_GROUPS = {"02:02": "02:01", "03:19": "03:01", "03:42": "03:01", "06:10": "06:02"}
CHROMOSOMES = {"AFR": 1322, "AMR": 694, "EAS": 1008, "EUR": 1006, "SAS": 978}


def test_every_chromosome_is_counted_once(reference: Read) -> None:
    rows = reference("hla/haplotypes")
    assert len({tuple(row[gene] for gene in GENES) for row in rows}) == len(rows)
    assert {p: sum(int(row[p]) for row in rows) for p in CHROMOSOMES} == CHROMOSOMES


def test_the_alleles_are_those_of_the_types(reference: Read) -> None:
    """By gene and population, of people without a gap; members of G groups of DQB1 as one."""
    people, rows = reference("examples/1000G_hla_types"), reference("hla/haplotypes")
    for gene in GENES:
        for population in CHROMOSOMES:
            typed: Counter[str] = Counter()
            counted: Counter[str] = Counter()
            gaps = 0
            for row in people:
                pair = [row[f"{gene}_1"], row[f"{gene}_2"]]
                if row["superpopulation"] == population:
                    typed.update(pair if all(pair) else ())
                    gaps += not all(pair)
            for row in rows:
                counted[row[gene]] += int(row[population])
            if gene == "DQB1":
                for table in (typed, counted):
                    for member, first in DQB1_GROUPS.items():
                        table[first] += table.pop(member, 0)
            assert all(counted[allele] >= n for allele, n in typed.items())
            assert counted.total() - typed.total() == 2 * gaps


def test_artefacts_of_one_typing_are_gone(reference: Read) -> None:
    wrong = {"DRB1": {"15:13", "07:10"}, "A": {"11:50", "24:86"}}
    for row in reference("hla/haplotypes"):
        assert not any(row[gene].rstrip("NQ") in names for gene, names in wrong.items())
