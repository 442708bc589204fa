"""Imputed genes without phase: the haplotypes of both chromosomes from their summed dosages."""

from __future__ import annotations

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.samples.hla.posterior import calls_from_dosages
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.reading import MHCReading

GENES = ("DRB1", "DQA1", "DQB1")
HAPLOTYPES = {
    "DR3": ("03:01", "05:01", "02:01"),
    "DR4-DQ8": ("04:01", "03:01", "03:02"),
    "DR15": ("15:01", "01:02", "06:02"),
    "DR7": ("07:01", "02:01", "02:02"),
}


def _calls(people: list[dict[str, float]], genes: tuple[str, ...] = GENES) -> HLACalls:
    """Calls from the dosages of alleles that mixtures of haplotypes have, each summing to 2."""
    found = {}
    for k, gene in enumerate(GENES):
        names = sorted({own[k] for own in HAPLOTYPES.values()})
        dosage = np.zeros((len(names), len(people)))
        for person, mixture in enumerate(people):
            for name, copies in mixture.items():
                dosage[names.index(HAPLOTYPES[name][k]), person] += copies
        if gene in genes:
            alleles = [HLAAllele.parse(f"{gene}*{name}") for name in names]
            found[gene] = calls_from_dosages(gene, alleles, dosage, "")
    return HLACalls(found)


def _copies(calls: HLACalls, people: int, name: str) -> np.ndarray:
    """The mean copies of a DR-DQ class of t1d-grs1 in each person."""
    model = rs.load_model("t1d-grs1")
    assert model.scheme is not None
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, calls, range(people))
    place = model.scheme.names.index(name)
    one, other = pairs.classes(model.scheme)
    copies = ((one == place).astype(float) + (other == place))[pairs.pair]
    return np.bincount(pairs.sample, pairs.probability * copies, people)


def test_every_haplotype_has_the_copies_that_were_mixed() -> None:
    people = [
        {"DR3": 1.2, "DR4-DQ8": 0.5, "DR15": 0.3},
        {"DR3": 0.1, "DR4-DQ8": 0.9, "DR15": 0.8, "DR7": 0.2},
        {"DR4-DQ8": 1.7, "DR7": 0.3},
    ]
    calls = _calls(people)
    assert _copies(calls, 3, "DR3") == pytest.approx([1.2, 0.1, 0.0], abs=1e-4)
    assert _copies(calls, 3, "DR4-DQ8") == pytest.approx([0.5, 0.9, 1.7], abs=1e-4)


def test_two_copies_are_as_probable_as_each_gene_says() -> None:
    """From dosages alone 1.2 copies are two in 0.2, the least that they allow."""
    model = rs.load_model("t1d-grs1")
    assert model.scheme is not None
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, _calls([{"DR3": 1.2, "DR4-DQ8": 0.5, "DR15": 0.3}]), range(1))
    one, other = pairs.classes(model.scheme)
    dr3 = model.scheme.names.index("DR3")
    twice = ((one == dr3) & (other == dr3))[pairs.pair]
    assert pairs.probability[twice].sum() == pytest.approx(0.2, abs=1e-4)
    assert pairs.probability.sum() == pytest.approx(1)


def test_a_gene_without_records_takes_its_share_within_the_others() -> None:
    """DQA1 untold: of haplotypes with DRB1*03:01 and DQB1*02:01 those with DQA1*05:01."""
    prior = HaplotypePrior.of(reference_panel().haplotypes, "EUR", GENES)
    (block,) = prior.blocks
    names = [[str(prior.alleles[k][c]) for k, c in enumerate(row)] for row in block.codes.tolist()]
    both = np.array([own[0] == "DRB1*03:01" and own[2] == "DQB1*02:01" for own in names])
    whole = both & np.array([own[1] == "DQA1*05:01" for own in names])
    expected = 1.2 * block.share[whole].sum() / block.share[both].sum()
    mixture = [{"DR3": 1.2, "DR4-DQ8": 0.5, "DR15": 0.3}]
    found = _copies(_calls(mixture, ("DRB1", "DQB1")), 1, "DR3")
    assert found[0] == pytest.approx(expected, rel=1e-3)


def test_dosages_of_no_mixture_are_one_evidence() -> None:
    """DRB1 says DR3 in 1.8 of 2, DQB1 in 0.4: W(h) = share * product of (d / f)^(1/3), normed."""
    dosages = {
        "DRB1": {"03:01": 1.8, "04:01": 0.2},
        "DQA1": {"05:01": 1.0, "03:01": 1.0},
        "DQB1": {"02:01": 0.4, "03:02": 1.6},
    }
    genes: dict[str, GeneCalls] = {}
    for gene, own in dosages.items():
        alleles = [HLAAllele.parse(f"{gene}*{name}") for name in own]
        genes[gene] = calls_from_dosages(gene, alleles, np.array([[d] for d in own.values()]), "")
    table = reference_panel().haplotypes
    prior = HaplotypePrior.of(table, "EUR", GENES)
    (block,) = prior.blocks
    weight = block.share.copy()
    for k, (gene, own) in enumerate(dosages.items()):
        column = table.codes[:, table.genes.index(gene)]
        for row, code in enumerate(block.codes[:, k].tolist()):
            carried = column == code
            frequency = (
                0.99 * table.frequency("EUR")[carried].sum() + 0.01 * table.pooled[carried].sum()
            )
            copies = own.get(":".join(prior.alleles[k][code].fields), 0.0)
            weight[row] *= (copies / 2 / max(frequency, 1e-3)) ** (1 / 3)
    weight *= 2 / weight.sum()
    dr3 = [[str(prior.alleles[k][c]) for k, c in enumerate(row)] for row in block.codes.tolist()]
    place = dr3.index(["DRB1*03:01", "DQA1*05:01", "DQB1*02:01"])
    assert _copies(HLACalls(genes), 1, "DR3")[0] == pytest.approx(weight[place], rel=0.02)
    assert 0.2 < weight[place] < 1.8


def test_alleles_that_nobody_has_together_keep_what_each_gene_says() -> None:
    """DR3 in DRB1 and DQA1 with the DQB1 of DR15, which the panel has in none: DR3 is none."""
    genes = dict(_calls([{"DR3": 1.9, "DR15": 0.1}]).genes)
    names = [HLAAllele.parse("DQB1*06:02"), HLAAllele.parse("DQB1*05:01")]
    genes["DQB1"] = calls_from_dosages("DQB1", names, np.array([[1.9], [0.1]]), "")
    assert _copies(HLACalls(genes), 1, "DR3")[0] < 0.05


def test_a_block_of_which_nothing_is_told_is_the_population() -> None:
    """DR-DQ imputed, A untold: A*02:01 has twice its frequency, and DR3 the copies that it has."""
    model = rs.load_model("ms")
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, _calls([{"DR3": 1.2, "DR15": 0.8}]), range(1))
    table = reference_panel().haplotypes
    a = table.alleles[table.genes.index("A")].index(HLAAllele.parse("A*02:01"))
    carried = table.codes[:, table.genes.index("A")] == a
    frequency = 0.99 * table.frequency("EUR")[carried].sum() + 0.01 * table.pooled[carried].sum()
    factors = {str(f): f for term in model.terms for f in term.factors}

    def copies(name: str) -> float:
        one, other = pairs.carried(factors[name])
        return float(pairs.probability @ (one.astype(float) + other)[pairs.pair])

    assert copies("HLA-A*02:01") == pytest.approx(2 * frequency, rel=1e-3)
    assert copies("HLA-DRB1*15:01") == pytest.approx(0.8, abs=1e-4)
