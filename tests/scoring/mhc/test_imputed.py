"""Imputed genes: the errors of one imputation are shared by the genes of a haplotype."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.haplotypes import ReferenceHaplotypes
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.hla.calls import GeneCalls, HaplotypePosterior, HLACalls
from riskscore.scoring.mhc.evidence import Panel
from riskscore.scoring.mhc.imputed import told_by_snps
from riskscore.scoring.mhc.pairs import haplotype_pairs
from riskscore.scoring.mhc.prior import HaplotypePrior
from riskscore.scoring.mhc.questions import AlleleQuestion
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


Dosages = dict[str, dict[str, float]]
SHARED: Dosages = {  # 0.7 of DR3-DQ2.5 and 0.3 of DR4-DQ8 in all genes
    "DRB1": {"03:01": 0.7, "04:01": 0.3},
    "DQA1": {"05:01": 0.7, "03:01": 0.3},
    "DQB1": {"02:01": 0.7, "03:02": 0.3},
}
APART: Dosages = {  # no mixture of haplotypes has such different ones
    "DRB1": {"03:01": 0.9, "04:01": 0.1},
    "DQA1": {"05:01": 0.5, "03:01": 0.5},
    "DQB1": {"02:01": 0.7, "03:02": 0.3},
}
OTHER: Dosages = {
    "DRB1": {"15:01": 0.55, "07:01": 0.45},
    "DQA1": {"01:02": 0.55, "02:01": 0.45},
    "DQB1": {"06:02": 0.6, "02:02": 0.4},
}


def _classes(calls: HLACalls) -> dict[frozenset[str], float]:
    """The probabilities of pairs of DR-DQ classes of one person."""
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
    return found


def _geometric(dosages: Dosages) -> dict[tuple[str, ...], float]:
    """P(h) = prior(h) * product over genes of (dosage / frequency)^(1/3), normed."""
    table = reference_panel().haplotypes
    prior = HaplotypePrior.of(table, "EUR", GENES)
    weights = {}
    for haplotype in product(*(dosages[gene] for gene in GENES)):
        codes = [
            alleles.index(HLAAllele.parse(f"{gene}*{name}"))
            for gene, alleles, name in zip(GENES, prior.alleles, haplotype, strict=True)
        ]
        weight = float(prior.probability(np.array([codes]))[0])
        for gene, code, name in zip(GENES, codes, haplotype, strict=True):
            own = table.codes[:, table.genes.index(gene)] == code
            frequency = 0.99 * table.frequency("EUR")[own].sum() + 0.01 * table.pooled[own].sum()
            weight *= (dosages[gene][name] / max(frequency, 1e-3)) ** (1 / 3)
        weights[haplotype] = weight
    total = sum(weights.values())
    return {haplotype: weight / total for haplotype, weight in weights.items()}


def test_a_chromosome_is_the_mixture_that_its_dosages_are() -> None:
    """Whatever the population's frequencies: the imputation has used them already."""
    calls = HLACalls({gene: _imputed(gene, SHARED[gene], OTHER[gene]) for gene in GENES})
    found = _classes(calls)
    assert found[frozenset(("DR3", "other"))] == pytest.approx(0.7, abs=1e-6)
    assert found[frozenset(("DR4-DQ8", "other"))] == pytest.approx(0.3, abs=1e-6)


def test_dosages_of_no_mixture_are_one_evidence_the_geometric_mean_of_their_likelihoods() -> None:
    calls = HLACalls({gene: _imputed(gene, APART[gene], OTHER[gene]) for gene in GENES})
    found = _classes(calls)
    dr3 = _geometric(APART)["03:01", "05:01", "02:01"]
    dr4 = _geometric(APART)["04:01", "03:01", "03:02"]
    assert dr3 + dr4 > 0.99
    assert found[frozenset(("DR3", "other"))] == pytest.approx(dr3, abs=2e-3)
    assert found[frozenset(("DR4-DQ8", "other"))] == pytest.approx(dr4, abs=2e-3)


def test_a_typed_gene_settles_which_of_the_imputed_haplotypes_it_is() -> None:
    """DRB1 typed as DR3 and DR15: of the first chromosome's mixture what has DR3 is left."""
    genes = {gene: _imputed(gene, SHARED[gene], OTHER[gene]) for gene in GENES}
    certain = ({"03:01": 1.0}, {"15:01": 1.0})
    typed = replace(_imputed("DRB1", *certain), imputed=False)
    found = _classes(HLACalls(genes | {"DRB1": typed}))
    assert found[frozenset(("DR3", "other"))] > 0.999


def test_an_untyped_gene_is_shared_out_as_the_population_has_it() -> None:
    """DRB1 and DQB1 alone: DQA1 takes its distribution within each pair of the two."""
    calls = HLACalls({gene: _imputed(gene, SHARED[gene], OTHER[gene]) for gene in ("DRB1", "DQB1")})
    table = reference_panel().haplotypes
    prior = HaplotypePrior.of(table, "EUR", GENES)

    def share(drb1: str, dqb1: str, dqa1: str) -> float:
        """Of haplotypes with two alleles those with a third, by the prior's frequencies."""
        names = [tuple(str(prior.alleles[k][c]) for k, c in enumerate(row))
                 for row in prior.blocks[0].codes.tolist()]  # fmt: skip
        both = np.array([n[0] == f"DRB1*{drb1}" and n[2] == f"DQB1*{dqb1}" for n in names])
        all_three = both & np.array([n[1] == f"DQA1*{dqa1}" for n in names])
        return float(prior.blocks[0].share[all_three].sum() / prior.blocks[0].share[both].sum())

    found = _classes(calls)
    dr3 = 0.7 * share("03:01", "02:01", "05:01")
    dr4 = 0.3 * share("04:01", "03:02", "03:01")
    assert 0.29 < dr4 <= 0.3
    assert found[frozenset(("DR3", "other"))] == pytest.approx(dr3, rel=1e-3)
    assert found[frozenset(("DR4-DQ8", "other"))] == pytest.approx(dr4, rel=1e-3)


def test_imputed_blocks_are_no_evidence_for_each_other() -> None:
    """A*01:01~B*08:01 goes with DR3 in Europeans, which the dosages of DR3 know already."""
    genes = {gene: _imputed(gene, SHARED[gene], OTHER[gene]) for gene in GENES}
    genes["A"] = _imputed("A", {"01:01": 0.5, "02:01": 0.5}, {"03:01": 1.0})
    genes["B"] = _imputed("B", {"08:01": 0.5, "44:02": 0.5}, {"07:02": 1.0})
    model = rs.load_model("t1d")
    reading = MHCReading.of([model], reference_panel(), "EUR")
    pairs = haplotype_pairs(reading, HLACalls(genes), range(1), least=0.0)
    assert model.scheme is not None
    dr3 = model.scheme.names.index("DR3-DQ2.5")
    one, other = pairs.classes(model.scheme)
    copies = ((one == dr3).astype(float) + (other == dr3))[pairs.pair]
    assert float(pairs.probability @ copies) == pytest.approx(0.7, abs=1e-3)


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


def _told(genes: tuple[str, ...], rows: list[list[tuple[str, str, float]]]) -> HaplotypePosterior:
    """Rows by person of two haplotypes, written as alleles joined by ~, and a probability."""
    names = sorted({name for own in rows for row in own for name in row[:2]})
    split = [name.split("~") for name in names]
    alleles = [sorted({parts[k] for parts in split}) for k in range(len(genes))]
    places = [[alleles[k].index(parts[k]) for k in range(len(genes))] for parts in split]
    table = [
        (p, names.index(a), names.index(b), q) for p, own in enumerate(rows) for a, b, q in own
    ]
    sample, first, second, probability = (np.array(column) for column in zip(*table, strict=True))
    return HaplotypePosterior(
        genes,
        tuple(
            tuple(HLAAllele.parse(f"{gene}*{name}") for name in own)
            for gene, own in zip(genes, alleles, strict=True)
        ),
        np.array(places), sample, first, second, probability,
    )  # fmt: skip


def _of_gene(told: HaplotypePosterior, gene: str) -> GeneCalls:
    k = told.genes.index(gene)
    first, second = (told.haplotypes[rows, k] for rows in (told.first, told.second))
    return GeneCalls(gene, told.alleles[k], told.sample, first, second, told.probability)


@pytest.mark.parametrize("population", ["EUR", "AFR"])
def test_what_snps_told_is_not_weighed_again_by_the_population(population: str) -> None:
    """Of 200 made people: sums over the imputation's pairs, each block by itself, by hand.

    Of the three pairs of a person one or more are of haplotypes that the population does not have.
    """
    rng, people = np.random.default_rng(5), 200
    table = reference_panel().haplotypes
    rows: dict[tuple[str, ...], list[list[tuple[str, str, float]]]] = {}
    for genes in (GENES, ("A",), ("B",)):
        columns = [table.genes.index(gene) for gene in genes]
        names = [
            "~".join(
                ":".join(table.alleles[column][code].fields)
                for column, code in zip(columns, codes[columns], strict=True)
            )
            for codes in table.codes
        ]
        rows[genes] = [
            [
                (names[a], names[b], q)
                for (a, b), q in zip(
                    rng.integers(0, len(names), (3, 2)), rng.dirichlet([2, 1, 0.5]), strict=True
                )
            ]
            for _ in range(people)
        ]
    told = {genes: _told(genes, own) for genes, own in rows.items()}
    calls = HLACalls(
        {gene: _of_gene(own, gene) for genes, own in told.items() for gene in genes},
        imputed=dict.fromkeys((*GENES, "A", "B"), np.ones(people, dtype=bool)),
        haplotypes=(told[GENES],),
    )
    ms, grs = rs.load_model("ms"), rs.load_model("t1d-grs1")
    reading = MHCReading.of([ms, grs], reference_panel(), population)
    pairs = haplotype_pairs(reading, calls, range(people), least=0.0)
    assert grs.scheme is not None
    classes = np.stack(pairs.classes(grs.scheme), axis=1)
    factors = {str(factor): factor for factor in ms.factors}
    dr15, a2 = (np.add(*pairs.carried(factors[name])) for name in ("HLA-DRB1*15:01", "HLA-A*02:01"))
    values = {
        "DR3": (classes == grs.scheme.names.index("DR3")).sum(axis=1),
        "DR15": dr15, "A2": a2, "both": (dr15 > 0) & (a2 > 0),
    }  # fmt: skip
    for person in range(people):
        drdq, a = rows[GENES][person], rows["A",][person]
        carries = sum(q for x, y, q in drdq if "15:01" in (x[:5], y[:5]))
        expected = {
            "DR3": sum(q * [x, y].count("03:01~05:01~02:01") for x, y, q in drdq),
            "DR15": sum(q * [x[:5], y[:5]].count("15:01") for x, y, q in drdq),
            "A2": sum(q * [x, y].count("02:01") for x, y, q in a),
            "both": carries * sum(q for x, y, q in a if "02:01" in (x, y)),
        }
        own = pairs.sample == person
        for name, value in expected.items():
            found = pairs.probability[own] @ values[name][pairs.pair[own]]
            assert found == pytest.approx(value, abs=1e-9), name


def test_a_typed_gene_is_weighed_with_what_snps_told_of_the_others() -> None:
    """The second of two people alike was typed: his DRB1 is DR4 twice, whatever SNPs told."""
    told = _told(GENES, [[("04:01~03:01~03:02", "03:01~05:01~02:01", 1.0)]] * 2)
    genes = {gene: _of_gene(told, gene) for gene in GENES}
    dr4 = told.alleles[0].index(HLAAllele.parse("DRB1*04:01"))
    own = replace(genes["DRB1"], first=np.where([False, True], dr4, genes["DRB1"].first))
    genes["DRB1"] = replace(own, second=np.where([False, True], dr4, own.second))
    imputed = dict.fromkeys(GENES, np.ones(2, dtype=bool)) | {"DRB1": np.array([True, False])}
    calls = HLACalls(genes, imputed=imputed, haplotypes=(told,))
    model = rs.load_model("t1d-grs1")
    pairs = haplotype_pairs(MHCReading.of([model], reference_panel(), "EUR"), calls, range(2))
    assert model.scheme is not None
    assert pairs.sample.tolist() == sorted(pairs.sample.tolist())
    dr3 = model.scheme.names.index("DR3")
    copies = (np.stack(pairs.classes(model.scheme), axis=1) == dr3).sum(axis=1)[pairs.pair]
    found = np.bincount(pairs.sample, pairs.probability * copies)
    assert found == pytest.approx([1, 0], abs=1e-9)


@pytest.mark.parametrize("by_chromosome", [False, True])
def test_an_imputed_name_of_several_alleles_is_shared_out_by_frequency(by_chromosome: bool) -> None:
    """B*08 is 08:01 or 08:04, as often as the smoothed population has them; and 08:01 itself."""
    rows = [
        {"B": "08:01", "EUR": "6", "AFR": "1"}, {"B": "08:04", "EUR": "3", "AFR": "1"},
        {"B": "07:02", "EUR": "1", "AFR": "8"},
    ]  # fmt: skip
    table = ReferenceHaplotypes.of(rows, ("B",), ("EUR", "AFR"))
    panel = ReferencePanel({}, {}, ResidueTable({}), (), {}, table)
    prior = HaplotypePrior.of(table, "EUR", ("B",))
    names = tuple(HLAAllele.parse(f"B*{name}") for name in ("08:01", "08:04", "07:02"))
    questions = tuple(AlleleQuestion("B", alleles=(name,)) for name in names)
    reading = MHCReading(Panel(panel, "EUR", prior), prior, questions)
    calls = GeneCalls(
        "B", (HLAAllele.parse("B*08"), names[0], names[2]), np.zeros(3, dtype=np.int64),
        np.array([0, 0, 0]), np.array([0, 1, 2]), np.array([0.6, 0.15, 0.25]), "",
        ordered=np.full(3, by_chromosome),
    )  # fmt: skip
    known = HLACalls({"B": calls}, imputed={"B": np.ones(1, dtype=bool)})
    pairs = haplotype_pairs(reading, known, range(1), least=0.0)
    one, two = (0.99 * own / 10 + 0.01 * both / 20 for own, both in ((6, 7), (3, 4)))
    p, q = one / (one + two), two / (one + two)
    wanted = {
        ("08:01", "08:01"): 0.6 * p * p + 0.15 * p,
        ("08:01", "08:04"): 0.6 * 2 * p * q + 0.15 * q,
        ("08:04", "08:04"): 0.6 * q * q, ("07:02", "08:01"): 0.25 * p,
        ("07:02", "08:04"): 0.25 * q,
    }  # fmt: skip
    sides = []
    for codes in (pairs.first, pairs.second):
        answers = pairs.kinds.answers[0][codes[:, 0]]
        sides.append([str(names[k])[2:] for k in answers.argmax(axis=1).tolist()])
    found: dict[tuple[str, ...], float] = {}
    for row, probability in zip(pairs.pair.tolist(), pairs.probability.tolist(), strict=True):
        key = tuple(sorted((sides[0][row], sides[1][row])))
        found[key] = found.get(key, 0.0) + probability
    assert found == pytest.approx(wanted)


def test_people_worked_on_together_or_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven people, told by SNPs or typed in turn: two at a time they have the same pairs."""
    dr15 = "15:01~01:02~06:02"
    rows = [
        [("04:01~03:01~03:02", "03:01~05:01~02:01", k / 10), (dr15, dr15, 1 - k / 10)]
        for k in range(1, 8)
    ]
    told = _told(GENES, rows)
    imputed = {gene: np.arange(7) % 3 > 0 for gene in GENES}
    calls = HLACalls(
        {gene: _of_gene(told, gene) for gene in GENES}, imputed=imputed, haplotypes=(told,)
    )
    reading = MHCReading.of([rs.load_model("t1d-grs1")], reference_panel(), "EUR")
    whole = haplotype_pairs(reading, calls, range(7))
    for name in ("_PEOPLE", "_UNSURE"):
        monkeypatch.setattr(f"riskscore.scoring.mhc.pairs.{name}", 2)
    parts = haplotype_pairs(reading, calls, range(7))
    assert sorted(set(whole.sample.tolist())) == list(range(7))
    for name in ("sample", "probability", "missing"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    for one, other in ((parts.first, whole.first), (parts.second, whole.second)):
        assert one[parts.pair].tolist() == other[whole.pair].tolist()


def test_who_is_told_by_snps() -> None:
    """Some genes are from SNPs, the others typed; of the third person the file tells nothing."""
    told = _told(GENES, [[("04:01~03:01~03:02", "03:01~05:01~02:01", 1.0)]] * 2)
    genes = {gene: _of_gene(told, gene) for gene in GENES}
    every = dict.fromkeys(GENES, np.array([True, True, True]))
    prior = HaplotypePrior.of(reference_panel().haplotypes, "EUR", GENES)
    some = every | {"DQA1": np.array([False, True, True])}
    records = genes | {"DQA1": replace(genes["DQA1"], imputed=True)}
    for of_genes, imputed, haplotypes, wanted in (
        (genes, every, (told,), [True, True, False]),
        (genes, some, (told,), [True, True, False]),  # the first is typed for one gene
        (records, some, (told,), [False, True, False]),  # which is imputed in HLA records
        (genes, every, (), [False, False, False]),
        (genes, {}, (told,), [False, False, False]),  # all typed
    ):
        calls = HLACalls(of_genes, imputed=imputed, haplotypes=haplotypes)
        assert told_by_snps(prior, calls, range(3)).tolist() == wanted
        assert told_by_snps(prior, calls, range(1, 3)).tolist() == wanted[1:]
    none = HaplotypePrior.of(reference_panel().haplotypes, "EUR", ())
    assert not told_by_snps(none, HLACalls(genes, imputed=every), range(3)).any()
