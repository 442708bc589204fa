"""The most similar superpopulation: 2,504 real people, drawn people, and one worked by hand."""

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.models.reference.panel import ReferencePanel, reference_panel
from riskscore.samples.cohort import Cohort
from riskscore.samples.frame import read_frame
from riskscore.scoring.population.likeness import Likeness, likeness

EXAMPLES = Path(__file__).parents[3] / "reference" / "examples"


@pytest.fixture(scope="module")
def real() -> tuple[Cohort, np.ndarray]:
    """The people of the 1000 Genomes Project by HLA alone, and their superpopulations."""
    models = [rs.load_model(name) for name in ("ra", "ms")]
    cohort = rs.read_cohort(EXAMPLES / "1000G_MHC_HLA.GRCh38.vcf.gz", models)
    with (EXAMPLES / "1000G_samples.tsv").open() as stream:
        label = {r["sample"]: r["superpopulation"] for r in csv.DictReader(stream, delimiter="\t")}
    return cohort, np.array([label[sample] for sample in cohort.samples])


def test_real_people_by_four_hla_genes(real: tuple[Cohort, np.ndarray]) -> None:
    """The panel's frequencies are of these same people, so that this flatters: 88%."""
    cohort, truth = real
    found = likeness(cohort, reference_panel())
    assert found.genes == ("A", "B", "DRB1", "DPB1")
    assert set(found.loci.tolist()) == {4}
    right = np.array(found.most_similar()) == truth
    assert 0.86 < right.mean() < 0.92
    posterior = found.posterior.max(axis=1)
    assert right[posterior > 0.95].mean() > 0.96  # sure where it may be
    assert right[posterior < 0.8].mean() < 0.7


def test_real_people_by_frequencies_of_other_people(real: tuple[Cohort, np.ndarray]) -> None:
    """Half of the people give the frequencies, the other half are told apart: 85%."""
    cohort, truth = real
    panel = reference_panel()
    half = np.random.default_rng(1).random(len(truth)) < 0.5
    right = []
    for known in (half, ~half):
        shares = {}
        for gene in ("A", "B", "DRB1", "DPB1"):
            calls = cohort.hla.genes[gene]
            counts = {population: Counter() for population in panel.populations}
            rows = zip(calls.sample, calls.first, calls.second, calls.probability, strict=True)
            for sample, i, j, p in rows:
                if known[sample]:
                    for place in (i, j):
                        counts[truth[sample]][calls.alleles[place]] += p
            for population, count in counts.items():
                total = count.total()
                shares[population, gene] = {a: n / total for a, n in count.items()}
        others = ReferencePanel(shares, panel.drdq, panel.residues, ())
        right.append((np.array(likeness(cohort, others).most_similar()) == truth)[~known])
    assert 0.82 < np.concatenate(right).mean() < 0.89


def test_drawn_people_by_the_variants_of_ms() -> None:
    """156 independent variants tell nearly everybody apart."""
    model = rs.load_model("ms")
    rng = np.random.default_rng(5)
    truth = np.repeat(["AFR", "AMR", "EAS", "EUR", "SAS"], 60)
    columns = {
        variant.name: rng.binomial(2, [frequency[population] for population in truth])
        for variant, frequency in model.frequencies.items()
    }
    found = likeness(read_frame(pd.DataFrame(columns), [model]), reference_panel())
    assert len(found.variants) == 156
    assert (np.array(found.most_similar()) == truth).mean() > 0.95
    assert found.posterior.sum(axis=1) == pytest.approx(1)


def test_likelihood_by_hand() -> None:
    """One variant; half a count is added to each allele among 1,000 chromosomes.

    A dosage between two numbers of copies is so near to each of them.
    """
    model = rs.load_model("ms")
    variant, frequency = next(iter(model.frequencies.items()))
    frame = pd.DataFrame({variant.name: [1.0, np.nan, 0.0, 2.0, 0.25, 1.5]})
    found = likeness(read_frame(frame, [model]), reference_panel())
    for place, population in enumerate(found.populations):
        p = (1000 * frequency[population] + 0.5) / 1001
        none, one, two = (1 - p) * (1 - p), 2 * p * (1 - p), p * p
        by_hand = [one, 1.0, none, two, 0.75 * none + 0.25 * one, (one + two) / 2]
        assert np.exp(found.log_likelihood[:, place]) == pytest.approx(by_hand)
    assert found.loci.tolist() == [1, 0, 1, 1, 1, 1]
    assert found.most_similar()[1] == ""
    told, untold, *_ = found.rows("abcdef")
    assert math.isnan(untold["posterior"])
    assert math.isnan(untold["P_EUR"])
    assert untold["loci"] == 0
    likelihood = np.exp(found.log_likelihood[0])
    assert told["posterior"] == pytest.approx(likelihood.max() / likelihood.sum())
    assert told["most_similar"] == found.populations[int(likelihood.argmax())]


@pytest.mark.parametrize(("pair", "copies"), [("A*02:01+A*01:01", 2), ("A*02:01+A*02:01", 1)])
def test_likelihood_of_a_typed_gene_by_hand(pair: str, copies: int) -> None:
    """Hardy-Weinberg: 2pq of two alleles, p squared of one."""
    panel = reference_panel()
    first, second = pair.split("+")
    cohort = read_frame(pd.DataFrame({"A": [pair, None]}), [rs.load_model("ms")])
    found = likeness(cohort, panel)
    assert found.genes == ("A",)
    assert found.loci.tolist() == [1, 0]
    for place, population in enumerate(found.populations):
        shares = {str(name): share for name, share in panel.alleles[population, "A"].items()}
        p, q = ((1000 * shares[name] + 0.5) / 1001 for name in (first, second))
        assert math.exp(found.log_likelihood[0, place]) == pytest.approx(copies * p * q)


def test_posterior_of_very_unlikely_genotypes() -> None:
    """exp(-1000) is no number: only the differences of the logarithms count."""
    logs = [[-1000.0, -1001.0, -1003.0], [-2.0, -1.0, -1.5], [0.0, 0.0, 0.0]]
    found = Likeness(("X", "Y", "Z"), np.array(logs), np.array([9, 2, 0]), ("A",), ())
    for i, own in enumerate(logs):
        weights = [math.exp(x - own[0]) for x in own]
        by_hand = [w / sum(weights) for w in weights]
        assert found.posterior[i].tolist() == pytest.approx(by_hand)
    assert found.most_similar() == ["X", "Y", ""]
    rows = found.rows(["a", "b", "c"])
    assert [row["loci"] for row in rows] == [9, 2, 0]
    assert rows[1]["P_Z"] == pytest.approx(found.posterior[1, 2])
    assert rows[1]["posterior"] == pytest.approx(found.posterior[1, 1])


def test_one_gene_of_each_part_of_the_mhc() -> None:
    """B before C, and of class II the first that is typed: what goes together counts once."""
    frame = pd.DataFrame({"C": ["07:01+07:02"], "DQB1": ["03:02+06:02"], "A": ["02:01+01:01"]})
    models = [rs.load_model("ms"), rs.load_model("t1d-grs2-sharp21")]
    for columns in (("C", "DQB1"), ("A", "C", "DQB1"), ("A",)):
        found = likeness(read_frame(frame[list(columns)], models), reference_panel())
        assert found.genes == columns
        assert found.loci.tolist() == [len(columns)]
    both = frame.assign(DRB1="04:01+15:01", B="07:02+08:01")
    assert likeness(read_frame(both, models), reference_panel()).genes == ("A", "B", "DRB1")


def test_likelihood_of_genotypes_that_are_not_sure() -> None:
    """The mean over the posterior of pairs: a homozygote or not, by the file's dosages."""
    panel = reference_panel()
    frame = pd.DataFrame({"A*02:01": [1.4, 0.7], "A*01:01": [0.6, 1.3]})
    cohort = read_frame(frame, [rs.load_model("ms")])
    found = likeness(cohort, panel)
    for person in (0, 1):
        rows = cohort.hla.genes["A"].pairs(person)
        assert len(rows) > 1
        for place, population in enumerate(found.populations):
            shares = {str(name): share for name, share in panel.alleles[population, "A"].items()}
            likelihood = 0.0
            for one, other, probability in rows:
                p, q = ((1000 * shares[str(name)] + 0.5) / 1001 for name in (one, other))
                likelihood += probability * p * q * (1 if one == other else 2)
            assert math.exp(found.log_likelihood[person, place]) == pytest.approx(likelihood)
