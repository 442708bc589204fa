"""People with some genes typed and the others imputed from SNPs, by sums written out in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import GeneCalls, HaplotypePosterior, HLACalls
from riskscore.scoring.mhc.imputed import OTHER, told_by_snps
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.reading import MHCReading

GENES = ("DRB1", "DQA1", "DQB1")
HAPLOTYPES = (
    "03:01~05:01~02:01", "04:01~03:01~03:02", "04:01~03:01~03:01", "04:04~03:01~03:02",
    "03:01~01:02~06:02", "07:01~02:01~02:01", "15:01~01:02~06:02", "15:01~03:01~03:02",
)  # fmt: skip
Row = tuple[str, str, float]
# Of DR-DQ haplotypes a person's pairs, of a typed gene the person's pairs of names.
Person = tuple[list[Row], dict[str, list[Row]]]


def calls_of(gene: str, rows: Sequence[list[Row]]) -> GeneCalls:
    """Rows by person of two names of a gene and a probability."""
    names = sorted({name for own in rows for row in own for name in row[:2]})
    table = [
        (p, names.index(a), names.index(b), q) for p, own in enumerate(rows) for a, b, q in own
    ]
    sample, first, second, probability = (np.array(column) for column in zip(*table, strict=True))
    alleles = tuple(HLAAllele.parse(f"{gene}*{name}") for name in names)
    return GeneCalls(gene, alleles, sample, first, second, probability)


def cohort_of(people: Sequence[Person]) -> HLACalls:
    """What a reader makes of them: typed genes as they are, the others from the pairs."""
    alleles = [sorted({name.split("~")[k] for name in HAPLOTYPES}) for k in range(3)]
    codes = [[alleles[k].index(n.split("~")[k]) for k in range(3)] for n in HAPLOTYPES]
    table = [
        (p, HAPLOTYPES.index(a), HAPLOTYPES.index(b), q)
        for p, (pairs, _) in enumerate(people)
        for a, b, q in pairs
    ]
    told = HaplotypePosterior(
        GENES,
        tuple(
            tuple(HLAAllele.parse(f"{gene}*{name}") for name in own)
            for gene, own in zip(GENES, alleles, strict=True)
        ),
        np.array(codes),
        *(np.array(column) for column in zip(*table, strict=True)),
    )
    genes = {}
    for k, gene in enumerate(GENES):
        rows = [
            types.get(gene, [(a.split("~")[k], b.split("~")[k], q) for a, b, q in pairs])
            for pairs, types in people
        ]
        used = calls_of(gene, rows)
        every = calls_of(gene, [*rows, [(name, name, 1.0) for name in alleles[k]]])
        place = np.array([every.alleles.index(name) for name in used.alleles])
        genes[gene] = replace(
            used, alleles=every.alleles, first=place[used.first], second=place[used.second]
        )
    imputed = {gene: np.array([gene not in types for _, types in people]) for gene in GENES}
    return HLACalls(genes, imputed=imputed, haplotypes=(told,))


def enumerated(person: Person) -> list[tuple[list[str], list[str], float]]:
    """Pairs of haplotypes as lists of names, and their probabilities, from the formula."""
    pairs, types = person
    rows = [(a.split("~"), b.split("~"), q) for a, b, q in pairs]
    for gene, typed in types.items():
        k, found = GENES.index(gene), []
        for one, other, q in rows:
            for first, second, p in typed:
                for s, t in ((first, second), (second, first)):
                    own, mate, weight = list(one), list(other), q * p
                    for side, name in ((own, s), (mate, t)):
                        if not side[k].startswith(name):  # a name of one field begins its alleles
                            weight *= OTHER
                            side[k] = name
                    found.append((own, mate, weight))
        total = sum(row[2] for row in found)
        rows = [(own, mate, weight / total) for own, mate, weight in found]
    return rows


def made(rng: np.random.Generator) -> Person:
    """Three pairs, and one or two genes typed: as a pair has them, by halves, or as none has."""
    pairs = [
        (HAPLOTYPES[a], HAPLOTYPES[b], float(q))
        for (a, b), q in zip(
            rng.integers(0, len(HAPLOTYPES), (3, 2)), rng.dirichlet([2, 1, 0.5]), strict=True
        )
    ]
    types: dict[str, list[Row]] = {}
    for gene in rng.permutation(["DRB1", "DQB1"])[: rng.integers(1, 3)].tolist():
        k = GENES.index(gene)
        known = [HAPLOTYPES[i].split("~")[k] for i in rng.integers(0, len(HAPLOTYPES), 3)]
        if rng.random() < 0.6:
            known[:2] = (name.split("~")[k] for name in pairs[rng.integers(3)][:2])
        if gene == "DRB1" and rng.random() < 0.3:
            known[0] = known[0].partition(":")[0]
        types[gene] = [(known[0], known[1], 1.0)]
        if rng.random() < 0.3:
            types[gene] = [(known[0], known[1], 0.7), (known[0], known[2], 0.3)]
    return pairs, types


@pytest.mark.parametrize("population", ["EUR", "AFR"])
def test_pairs_given_the_types_are_those_of_the_formula(population: str) -> None:
    """The copies of each class, and whether DR3 stands with DR4-DQ8, in 100 made people each."""
    rng = np.random.default_rng([11, ord(population[0])])
    people = [made(rng) for _ in range(100)]
    calls = cohort_of(people)
    model = rs.load_model("t1d-grs1")
    reading = MHCReading.of([model], reference_panel(), population)
    assert told_by_snps(reading.prior, calls, range(len(people))).all()
    pairs = haplotype_pairs(reading, calls, range(len(people)), least=0.0)
    assert model.scheme is not None
    one, other = (side[pairs.pair] for side in pairs.classes(model.scheme))
    dr3, dr4 = (model.scheme.names.index(name) for name in ("DR3", "DR4-DQ8"))

    def kind(side: list[str]) -> int:
        if side == ["03:01", "05:01", "02:01"]:
            return dr3
        dq8 = side[0][:2] == "04" and side[1:] == ["03:01", "03:02"]
        return dr4 if dq8 else len(model.scheme.names) if model.scheme else -1

    for number, person in enumerate(people):
        own = pairs.sample == number
        expected: dict[tuple[int, int], float] = {}
        for left, right, weight in enumerated(person):
            low, high = sorted((kind(left), kind(right)))
            expected[low, high] = expected.get((low, high), 0.0) + weight
        found: dict[tuple[int, int], float] = {}
        for a, b, p in zip(one[own], other[own], pairs.probability[own], strict=True):
            low, high = sorted((int(a), int(b)))
            found[low, high] = found.get((low, high), 0.0) + float(p)
        assert {key: found.get(key, 0.0) for key in expected} == pytest.approx(expected, abs=1e-9)
        assert sum(found.values()) == pytest.approx(1)


def test_an_allele_that_no_pair_carries_is_put_in_its_place_and_the_rest_is_kept() -> None:
    """DR3 and DR7 by SNPs, typed DR4 and DR7: DQ stays as it was, and nothing carries DR3."""
    person: Person = (
        [("03:01~05:01~02:01", "07:01~02:01~02:01", 1.0)],
        {"DRB1": [("04:01", "07:01", 1.0)]},
    )
    model = rs.load_model("t1d-grs1")
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, cohort_of([person]), range(1))
    assert model.scheme is not None
    classes = np.stack(pairs.classes(model.scheme), axis=1)[pairs.pair]
    assert (classes == len(model.scheme.names)).all()


def test_a_person_who_is_typed_throughout_is_weighed_by_the_population() -> None:
    types = {gene: [("03:01", "04:01", 1.0)] for gene in ("DRB1",)}
    types |= {"DQA1": [("05:01", "03:01", 1.0)], "DQB1": [("02:01", "03:02", 1.0)]}
    pairs = [(HAPLOTYPES[0], HAPLOTYPES[1], 1.0)]
    calls = cohort_of([(pairs, types), (pairs, {})])
    reading = MHCReading.of([rs.load_model("t1d-grs1")], reference_panel(), "EUR")
    assert told_by_snps(reading.prior, calls, range(2)).tolist() == [False, True]


def test_genes_of_imputed_records_are_not_joined_with_the_same_snps_again() -> None:
    calls = cohort_of(
        [([(HAPLOTYPES[0], HAPLOTYPES[1], 1.0)], {"DRB1": [("03:01", "04:01", 1.0)]})]
    )
    records = dict(calls.genes) | {"DRB1": replace(calls.genes["DRB1"], imputed=True)}
    reading = MHCReading.of([rs.load_model("t1d-grs1")], reference_panel(), "EUR")
    assert told_by_snps(reading.prior, calls, range(1)).all()
    assert not told_by_snps(reading.prior, replace(calls, genes=records), range(1)).any()
