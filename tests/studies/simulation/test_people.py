"""Simulated people against the tables they are drawn from, read here without riskscore."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.studies.simulation.people import COPIES, Drawer
from riskscore.studies.simulation.simulate import Simulation

HLA = Path(__file__).parents[3] / "reference" / "hla"
N = 40_000


def table(name: str, population: str) -> list[dict[str, str]]:
    with (HLA / name).open() as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return [row for row in rows if row["population"] == population]


def z(count: float, draws: int, share: float) -> float:
    """How many standard errors a count lies from what a share makes expected."""
    return (count - draws * share) / math.sqrt(draws * share * (1 - share))


def scattered(values: list[float]) -> bool:
    """Whether z values look like draws of a standard normal: none far out, their square near 1."""
    square = float(np.mean(np.square(values)))
    return max(map(abs, values)) < 4.5 and abs(square - 1) < 5 * math.sqrt(2 / len(values))


def r2(none: float, tag: float, allele: float, both: float) -> float:
    """Of two markers, from counts of haplotypes."""
    d = float(none) * both - float(tag) * allele
    return d**2 / (float(none + tag) * (allele + both) * float(none + allele) * (tag + both))


@pytest.fixture(scope="module")
def people() -> Simulation:
    return rs.simulate(["t1d", "ra", "ms"], N, seed=11)


def haplotypes(population: str) -> tuple[list[dict[str, str]], np.ndarray]:
    """The rows of the panel, and the frequency of each in a population."""
    with (HLA / "haplotypes.tsv").open() as stream:
        lines = [line for line in stream if not line.startswith("#")]
    rows = list(csv.DictReader(lines, delimiter="\t"))
    counts = np.array([float(row[population]) for row in rows])
    return rows, counts / counts.sum()


def carries(people: Simulation, gene: str, allele: str) -> np.ndarray:
    """Whether each drawn chromosome carries an allele."""
    names = np.array([str(a) for a in people.drawer.pool.alleles[gene]])
    return (names == f"{gene}*{allele}")[people.people.hla[gene]].ravel().astype(float)


LINKED = [
    ("A", "01:01", "B", "08:01"),
    ("C", "07:01", "B", "08:01"),
    ("B", "08:01", "DRB1", "03:01"),
    ("B", "07:02", "DRB1", "15:01"),
    ("DRB1", "15:01", "DQB1", "06:02"),
    ("DRB1", "04:01", "DQB1", "03:02"),
    ("DRB1", "03:01", "DPB1", "01:01"),
]


@pytest.mark.parametrize("pair", LINKED, ids="~".join)
def test_alleles_are_linked_as_in_the_panel(
    people: Simulation, pair: tuple[str, str, str, str]
) -> None:
    """Their r is within its error in the panel's 1,006 chromosomes.

    Smoothing takes a twentieth of it at each border between blocks, and about a hundredth else.
    """
    rows, frequency = haplotypes("EUR")
    gene, allele, other, name = pair
    one, two = (
        np.array([float(row[g] == a) for row in rows]) for g, a in ((gene, allele), (other, name))
    )
    p, q = frequency @ one, frequency @ two
    expected = (frequency @ (one * two) - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))
    found = float(np.corrcoef(carries(people, gene, allele), carries(people, other, name))[0, 1])
    assert expected > 0.1
    assert abs(found - expected) < 2 * (1 - expected**2) / math.sqrt(1006) + 0.02
    borders = {"A": 0, "C": 1, "B": 1, "DRB1": 2, "DQB1": 2, "DPB1": 3}
    kept = 0.95 ** (borders[other] - borders[gene])
    assert found == pytest.approx(expected * kept, abs=0.02)


@pytest.mark.parametrize("gene", ["A", "B", "C", "DRB1", "DQA1", "DQB1", "DPB1"])
def test_alleles_at_their_frequencies(people: Simulation, gene: str) -> None:
    """Of blocks that stand alone, a hundredth are drawn from all populations."""
    rows, own = haplotypes("EUR")
    populations = ("AFR", "AMR", "EAS", "EUR", "SAS")
    counts = np.array([sum(float(row[p]) for p in populations) for row in rows])
    alone = 0.05 if gene in ("A", "DPB1") else 0.05**2  # a border on one side, or on both
    share = (1 - 0.01 * alone) * own + 0.01 * alone * counts / counts.sum()
    found = []
    for allele in sorted({row[gene] for row in rows}):
        expected = float(share @ np.array([float(row[gene] == allele) for row in rows]))
        if 2 * N * expected > 5:
            found.append(z(carries(people, gene, allele).sum(), 2 * N, expected))
    assert scattered(found)


def test_a_gene_without_haplotypes_is_drawn_by_its_alleles(people: Simulation) -> None:
    names = [str(a) for a in people.drawer.pool.alleles["DPA1"]]
    counts = np.bincount(people.people.hla["DPA1"].ravel(), minlength=len(names))
    rows = [row for row in table("allele_frequencies.tsv", "EUR") if row["gene"] == "DPA1"]
    total = sum(float(row["frequency"]) for row in rows)
    assert scattered(
        [
            z(counts[names.index(row["allele"])], 2 * N, float(row["frequency"]) / total)
            for row in rows
        ]
    )


def test_snps_at_the_models_frequencies_and_in_hardy_weinberg_proportions(
    people: Simulation,
) -> None:
    frequencies: dict[str, float] = {}
    effect: dict[str, str] = {}
    for model in people.settings.models:
        for variant, by_population in model.frequencies.items():
            if variant.name not in frequencies:  # the first model's, where several have it
                frequencies[variant.name] = by_population["EUR"]
                effect[variant.name] = variant.effect_allele
    off, excess = [], []
    for row, locus in enumerate(people.drawer.loci):
        copies = COPIES[people.people.codes[row]].astype(float)
        p = copies.mean() / 2
        heterozygous = float((copies == 1).mean())
        excess.append((1 - heterozygous / (2 * p * (1 - p))) * math.sqrt(N))
        if locus.kind == "SNP":
            assert locus.variant.effect_allele == effect[locus.variant.name]
            off.append(z(copies.sum(), 2 * N, frequencies[locus.variant.name]))
    assert len(off) > 200
    assert scattered(off)
    assert scattered([x for x in excess if math.isfinite(x)])


def test_tag_snps_have_the_r2_and_frequency_of_their_table(people: Simulation) -> None:
    rows = table("tags.tsv", "EUR")
    compared = 0
    for number, locus in enumerate(people.drawer.loci):
        if locus.kind != "HLA tag":
            continue
        allele = str(locus.tag["EUR"].allele)
        row = next(r for r in rows if r["tag_rsid"] == locus.variant.name and r["hla"] == allele)
        gene = allele.partition("*")[0]
        names = np.array([str(a) for a in people.drawer.pool.alleles[gene]])
        carried = (names == allele)[people.people.hla[gene]].astype(int).ravel()
        codes = people.people.codes[number]
        tag = np.stack([codes >> 1, codes & 1], axis=1).ravel()
        # The four kinds of haplotype, and how r2 scatters when as many are drawn again.
        cells = np.array([np.sum((carried == i) & (tag == j)) for i in (0, 1) for j in (0, 1)])
        again = np.random.default_rng(1).multinomial(2 * N, cells / cells.sum(), 400)
        error = float(np.std([r2(*counts) for counts in again]))
        # The table's r2 is of typed genotypes, and haplotypes are by EM: p differs a little.
        assert cells[0] * cells[3] > cells[1] * cells[2]
        assert abs(r2(*cells) - float(row["r2"])) < 4.5 * error + 0.005, locus.variant.name
        share = float(row["tag_frequency"])
        assert abs(z(tag.sum(), 2 * N, share)) < 4.5
        compared += 1
    assert compared > 20


def test_haplotype_tags_follow_their_class(people: Simulation) -> None:
    # By the paper's definitions, on the names of the haplotypes alone.
    rules = {
        "DR3-DQ2.5": lambda a, b, c: (a, b, c) == ("DRB1*03:01", "DQA1*05:01", "DQB1*02:01"),
        "DR4-DQ8.1": lambda a, b, c: (
            a.startswith("DRB1*04") and b.startswith("DQA1*03") and c == "DQB1*03:02"
        ),
        "DR15-DQ6.2": lambda a, b, c: (a, b, c) == ("DRB1*15:01", "DQA1*01:02", "DQB1*06:02"),
    }
    genes = ("DRB1", "DQA1", "DQB1")
    names = [
        np.array([str(a) for a in people.drawer.pool.alleles[gene]])[people.people.hla[gene]]
        for gene in genes
    ]
    found = 0
    for row, locus in enumerate(people.drawer.loci):
        rule = rules.get(locus.haplotype.name) if locus.haplotype else None
        if rule:
            chromosomes = zip(*(name.ravel().tolist() for name in names), strict=True)
            is_class = np.array([rule(*name) for name in chromosomes]).reshape(-1, 2)
            copies = is_class.sum(axis=1)
            assert (COPIES[people.people.codes[row]] == copies).all()
            found += 1
    assert found == len(rules)


def test_other_genes_and_snps_are_independent(people: Simulation) -> None:
    """What is said of linkage: none but the HLA's own and that of the tags."""
    snps = [row for row, locus in enumerate(people.drawer.loci) if locus.kind == "SNP"][:60]
    copies = COPIES[people.people.codes[snps]].astype(float)
    r = np.corrcoef(copies)[np.triu_indices(len(snps), 1)]
    assert scattered((r * math.sqrt(N)).tolist())


def test_sex_and_exposures_by_prevalence(people: Simulation) -> None:
    female = people.people.female
    assert abs(z(female.sum(), N, 0.5)) < 4.5
    seen, off = set(), []
    for exposure in people.exposures.exposures:
        cells = np.array(people.exposures.cells(exposure))
        who = np.ones(N, dtype=bool)
        if exposure.sex:
            who &= female == (exposure.sex == "female")
        if exposure.only_if:
            other = next(e for e in people.exposures.exposures if e.id == exposure.only_if[0])
            who &= np.array(people.exposures.cells(other)) == exposure.only_if[1]
            seen.add("only_if")
        assert (cells[~who] == "").all()
        assert (cells[who] != "").all()
        if exposure.is_dose:
            doses = cells[who].astype(float)
            off.append((doses.mean() - exposure.mean) / exposure.sd * math.sqrt(len(doses)))
            assert doses.min() >= exposure.range[0]
            assert abs(doses.std() / exposure.sd - 1) < 0.03
        else:
            for level in exposure.levels:
                off.append(z((cells[who] == level.value).sum(), int(who.sum()), level.frequency))
        if exposure.sex:
            seen.add("sex")
    assert seen == {"only_if", "sex"}
    assert max(map(abs, off)) < 4.5


def test_admixture_mixes_the_frequencies_chromosome_by_chromosome() -> None:
    shares = {"EUR": 0.7, "AFR": 0.3}
    people = rs.simulate("ms", 12_000, seed=5, admixture=shares)
    assert np.allclose(people.people.ancestry.mean(axis=0), [0.7, 0.3], atol=0.01)
    assert np.allclose(people.people.ancestry.sum(axis=1), 1, atol=1e-6)
    off = []
    for row, locus in enumerate(people.drawer.loci):
        if locus.kind == "SNP":
            expected = sum(share * locus.frequency[name] for name, share in shares.items())
            off.append(z(COPIES[people.people.codes[row]].sum(), 24_000, expected))
    assert scattered(off)
    # Two loci of one chromosome share their ancestry: D is near m(1-m)(pE-pA)(qE-qA).
    differing = [
        (row, locus.frequency["EUR"] - locus.frequency["AFR"], locus.variant.chromosome)
        for row, locus in enumerate(people.drawer.loci)
        if locus.kind == "SNP"
    ]
    differing.sort(key=lambda item: -abs(item[1]))
    first = differing[0]
    second = next(item for item in differing[1:] if item[2] == first[2])
    apart = next(item for item in differing[1:] if item[2] != first[2])
    for other, expected in ((second, 0.21 * first[1] * second[1]), (apart, 0.0)):
        a, b = (
            np.stack([people.people.codes[i] >> 1, people.people.codes[i] & 1], 1).ravel()
            for i in (first[0], other[0])
        )
        d = float(np.cov(a.astype(float), b.astype(float))[0, 1])
        assert abs(d - expected) < 5 * 0.25 / math.sqrt(24_000)


def test_admixture_gives_hla_and_its_neighbours_one_ancestry() -> None:
    """In a mixture D(SNP, allele) is m(1-m) times the differences between the populations."""
    people = rs.simulate("ms", 20_000, seed=6, admixture={"EUR": 0.5, "AFR": 0.5})
    pool = people.drawer.pool
    apart = pool.allele_shares("EUR", "DRB1") - pool.allele_shares("AFR", "DRB1")
    allele = int(np.argmax(np.abs(apart)))
    carried = (people.people.hla["DRB1"] == allele).ravel().astype(float)
    loci = [
        (abs(x.frequency["EUR"] - x.frequency["AFR"]), row)
        for row, x in enumerate(people.drawer.loci)
        if x.kind == "SNP" and x.variant.chromosome == "6"
    ]
    _, row = max(loci)
    frequency = people.drawer.loci[row].frequency
    codes = people.people.codes[row]
    snp = np.stack([codes >> 1, codes & 1], 1).ravel().astype(float)
    expected = 0.25 * apart[allele] * (frequency["EUR"] - frequency["AFR"])
    error = snp.std() * carried.std() / math.sqrt(len(snp))
    assert abs(expected) > 8 * error
    assert abs(float(np.cov(snp, carried)[0, 1]) - expected) < 4.5 * error


def test_children_carry_what_their_parents_have() -> None:
    trios = rs.simulate("t1d", 3000, seed=2, trios=True)
    assert len(trios) == 9000
    codes = trios.people.codes
    father, mother, child = codes[:, 0::3], codes[:, 1::3], codes[:, 2::3]
    for parent, bit in ((father, child >> 1), (mother, child & 1)):
        assert ((bit == parent >> 1) | (bit == (parent & 1))).all()
    assert (trios.people.family[2::3, 1] == 2).all()
    assert not trios.people.female[0::3].any()
    assert trios.people.female[1::3].all()
    # HLA haplotypes, class I included, are handed down whole.
    genes = ["A", "B", "C", "DPB1", "DRB1", "DQA1", "DQB1"]
    hla = np.stack([trios.people.hla[g] for g in genes], axis=2)
    for side, parent in ((0, hla[0::3]), (1, hla[1::3])):
        given = hla[2::3, side]
        whole = (parent == given[:, None, :]).all(axis=2).any(axis=1)
        assert whole.all()
    # Each parent hands down either chromosome half of the time.
    heterozygous = (father == 1) | (father == 2)
    first = (child >> 1) == (father >> 1)
    assert abs(z(first[heterozygous].sum(), int(heterozygous.sum()), 0.5)) < 6


def test_crossing_over_follows_haldane_and_spares_the_mhc() -> None:
    trios = rs.simulate("ms", 10, seed=2, trios=True)
    drawer = Drawer(trios.settings, trios.drawer.pool, trios.drawer.loci, reference_panel())
    second, at_mhc = drawer._transmitted(40_000, np.random.default_rng(1))
    places = [(x.variant.chromosome, x.variant.position_grch38) for x in drawer.loci]
    inside = [i for i, (c, p) in enumerate(places) if c == "6" and 28e6 <= p <= 34.5e6]
    assert inside
    assert (second[inside] == at_mhc).all()
    off = []
    for i, j in zip(range(len(places)), range(1, len(places)), strict=False):
        (c, p), (d, q) = places[i], places[j]
        if c == d and c != "6" and q > p + 1000:
            expected = (1 - math.exp(-2 * (q - p) / 1e8)) / 2
            off.append(z((second[i] != second[j]).sum(), 40_000, expected))
        elif c != d:
            off.append(z((second[i] != second[j]).sum(), 40_000, 0.5))
    assert len(off) > 100
    assert max(map(abs, off)) < 4.5


def test_anti_ebna1_is_as_frequent_after_mononucleosis_as_the_effects_imply() -> None:
    """Mononucleosis has 2.17 in all and 1.7 beside anti-EBNA-1 (2.8), 10% and 50% have them.

    (1 + 1.8 q1) / (1 + 1.8 q0) = 2.17 / 1.7, and 0.1 q1 + 0.9 q0 = 0.5: two equations, solved.
    """
    ratio = 2.17 / 1.7
    without = 1 + 1.8 * 0.5
    never = without / (0.9 + 0.1 * ratio)
    expected = {"never": (never - 1) / 1.8, "had": (ratio * never - 1) / 1.8}
    drawn = rs.simulate("ms", 40_000, seed=11).exposures
    cells = {e.id: np.array(drawn.cells(e)) for e in drawn.exposures}
    for level, share in expected.items():
        who = cells["mononucleosis"] == level
        elevated = int((cells["anti_ebna1"][who] == "elevated").sum())
        assert abs(z(elevated, int(who.sum()), share)) < 4.5
        assert abs(share - 0.5) > 0.02  # not as in everybody
