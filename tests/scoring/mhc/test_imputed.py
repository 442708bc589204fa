"""Imputed genes: the errors of one imputation are shared by the genes of a haplotype."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.hla.calls import GeneCalls, HLACalls
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.reading import MHCReading

GENES = ("DRB1", "DQA1", "DQB1")


def _imputed(gene: str, first: dict[str, float], second: dict[str, float]) -> GeneCalls:
    """The product of the distributions of two chromosomes, as haplotype dosages are called."""
    names = sorted({*first, *second})
    rows = [
        (names.index(a), names.index(b), p * q) for a, p in first.items() for b, q in second.items()
    ]
    one, other, probability = (np.array(column) for column in zip(*rows, strict=True))
    alleles = tuple(HLAAllele.parse(f"{gene}*{name}") for name in names)
    ordered = np.ones(len(rows), dtype=bool)
    return GeneCalls(
        gene, alleles, np.zeros(len(rows), dtype=np.int64), one, other, probability, "", ordered,
        imputed=True,
    )  # fmt: skip


def test_a_chromosomes_genes_are_one_evidence_the_geometric_mean_of_their_likelihoods() -> None:
    """Each chromosome apart: P(h) = prior(h) * product over genes of (q / frequency)^(1/3)."""
    first = {
        "DRB1": {"03:01": 0.7, "04:01": 0.3},
        "DQA1": {"05:01": 0.7, "03:01": 0.3},
        "DQB1": {"02:01": 0.7, "03:02": 0.3},
    }
    second = {
        "DRB1": {"15:01": 0.55, "07:01": 0.45},
        "DQA1": {"01:02": 0.55, "02:01": 0.45},
        "DQB1": {"06:02": 0.6, "02:02": 0.4},
    }
    calls = HLACalls({gene: _imputed(gene, first[gene], second[gene]) for gene in GENES})
    model = rs.load_model("t1d-grs1")
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, calls, range(1), least=0.0)
    assert model.scheme is not None
    one, other = pairs.classes(model.scheme)
    names = (*model.scheme.names, "other")
    found: dict[frozenset[str], float] = {}
    for row, p in zip(pairs.pair.tolist(), pairs.probability.tolist(), strict=True):
        key = frozenset((names[one[row]], names[other[row]]))
        found[key] = found.get(key, 0.0) + p

    table = reference_panel().haplotypes
    prior = HaplotypePrior.of(table, "EUR", GENES)

    def of_chromosome(dosages: dict[str, dict[str, float]]) -> dict[tuple[str, ...], float]:
        weights = {}
        for haplotype in product(*(dosages[gene] for gene in GENES)):
            codes = [
                alleles.index(HLAAllele.parse(f"{gene}*{name}"))
                for gene, alleles, name in zip(GENES, prior.alleles, haplotype, strict=True)
            ]
            weight = float(prior.probability(np.array([codes]))[0])
            for gene, code, name in zip(GENES, codes, haplotype, strict=True):
                own = table.codes[:, table.genes.index(gene)] == code
                frequency = (
                    0.99 * table.frequency("EUR")[own].sum() + 0.01 * table.pooled[own].sum()
                )
                weight *= (dosages[gene][name] / max(frequency, 1e-3)) ** (1 / 3)
            weights[haplotype] = weight
        total = sum(weights.values())
        return {haplotype: weight / total for haplotype, weight in weights.items()}

    dr3 = of_chromosome(first)["03:01", "05:01", "02:01"]
    dr4 = of_chromosome(first)["04:01", "03:01", "03:02"]
    assert dr3 + dr4 > 0.99
    assert found[frozenset(("DR3", "other"))] == pytest.approx(dr3, abs=2e-3)
    assert found[frozenset(("DR4-DQ8", "other"))] == pytest.approx(dr4, abs=2e-3)


def _chromosomes(
    rng: np.random.Generator, people: int, r2: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True haplotypes, the ones that an imputation mixes in, and the true ones' weights."""
    prior = HaplotypePrior.of(reference_panel().haplotypes, "EUR", GENES)
    truth = prior.drawn(2 * people, rng)
    wrong = prior.drawn(2 * people, rng)
    return truth, wrong, rng.beta(1, 1 / r2 - 1, 2 * people)


@pytest.mark.parametrize("r2", [0.9, 0.6, 0.3])
def test_posteriors_are_calibrated_when_an_imputation_errs_in_haplotypes(r2: float) -> None:
    """Of a chromosome imputed as w of one haplotype and 1 - w of another, the first is true in w.

    With w ~ Beta(1, k) and both haplotypes drawn from the population, the squared errors are about
    as large as the posterior's variances say; taking each gene's likelihood as evidence of its own
    makes them three times as large.
    """
    people = 1500
    rng = np.random.default_rng(7)
    truth, wrong, share = _chromosomes(rng, people, r2)
    # The truth is given the mixture as often as its weight says: w of a Dirichlet of two.
    swap = rng.random(2 * people) > share
    actual = np.where(swap[:, None], wrong, truth)
    prior = HaplotypePrior.of(reference_panel().haplotypes, "EUR", GENES)
    genes = {}
    for k, gene in enumerate(GENES):
        rows = []
        for person in range(people):
            sides = []
            for side in (2 * person, 2 * person + 1):
                own: dict[int, float] = {}
                for code, p in ((truth[side, k], share[side]), (wrong[side, k], 1 - share[side])):
                    own[int(code)] = own.get(int(code), 0.0) + float(p)
                sides.append(own)
            rows += [
                (person, a, b, p * q) for a, p in sides[0].items() for b, q in sides[1].items()
            ]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        genes[gene] = GeneCalls(
            gene, prior.alleles[k], *columns, "", np.ones(len(rows), dtype=bool), imputed=True
        )
    model = rs.load_model("t1d")
    assert model.scheme is not None
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, HLACalls(genes), range(people))
    first, second = pairs.classes(model.scheme)
    certain = HLACalls(
        {
            gene: GeneCalls(
                gene, prior.alleles[k], np.arange(people), actual[::2, k], actual[1::2, k],
                np.ones(people), "", np.ones(people, dtype=bool),
            )
            for k, gene in enumerate(GENES)
        }
    )  # fmt: skip
    known = haplotype_pairs(reading, certain, range(people), switch_error=0.0, least=0.5)
    one, other = known.classes(model.scheme)
    dr3 = model.scheme.names.index("DR3-DQ2.5")
    dr4 = model.scheme.names.index("DR4-DQ8.1")
    for place in (dr3, dr4):
        copies = ((first == place).astype(float) + (second == place))[pairs.pair]
        mean = np.bincount(pairs.sample, pairs.probability * copies, people)
        spread = np.bincount(pairs.sample, pairs.probability * copies**2, people) - mean**2
        true = np.zeros(people)
        true[known.sample] = ((one == place).astype(float) + (other == place))[known.pair]
        error = float(((true - mean) ** 2).sum())
        assert 0.75 < error / float(spread.sum()) < 1.5
        slope = float(np.polyfit(mean, true, 1)[0])
        assert 0.85 < slope < 1.15
