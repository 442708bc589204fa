"""The reference population: mean risk is the prevalence, by a sum written out here.

The distribution is multiplied out by Fourier transforms on a fine grid; for T1D its mean and
variance are also worked out from the rows of weights.tsv in plain loops.
"""

import csv
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele, covered
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import AminoAcidFactor, HLAAlleleFactor, Term, VariantFactor
from riskscore.scoring.population.build import build_reference
from tests.scoring.panels import alleles, scheme_shares

ROOT = Path(__file__).parents[3]


WIDTH = 1 / 8192


def _on_a_grid(values: np.ndarray, probabilities: np.ndarray) -> tuple[int, np.ndarray]:
    """Probabilities on a fine grid, split between neighbours so that means are kept."""
    low = np.floor(values / WIDTH).astype(int)
    share = values / WIDTH - low
    bins = np.bincount(low - low.min(), probabilities * (1 - share), np.ptp(low) + 2)
    bins += np.bincount(low - low.min() + 1, probabilities * share, np.ptp(low) + 2)
    return int(low.min()), bins


@pytest.mark.parametrize("name", ["t1d", "ra", "ms"])
def test_mean_risk_is_the_prevalence(name: str) -> None:
    """The score's distribution multiplied out by Fourier transforms on a grid, then summed over."""
    reference = build_reference(rs.load_model(name), reference_panel(), "EUR")
    for sex in (*Sex, None):
        own = reference.by_sex[sex]
        assert own.alpha is not None
        assert own.distribution.sd == 0  # nothing is taken as normal in models of this size
        parts = [_on_a_grid(part.values[:, 0], part.probability) for part in own.distribution.parts]
        variants = own.distribution.variants
        rows = zip(variants.values.reshape(-1, 3), variants.probability.reshape(-1, 3), strict=True)
        parts += [_on_a_grid(values, probabilities) for values, probabilities in rows]
        size = 2 ** math.ceil(math.log2(sum(len(bins) for _, bins in parts)))
        transform = np.prod([np.fft.rfft(bins, size) for _, bins in parts], axis=0)
        density = np.fft.irfft(transform, size)
        x = (sum(low for low, _ in parts) + np.arange(size)) * WIDTH
        assert float(density @ x) == pytest.approx(0, abs=1e-9)
        mean = float(density @ (1 / (1 + np.exp(-(own.alpha + x)))))
        assert mean == pytest.approx(own.prevalence, rel=1e-6)


def test_t1d_genetic_mean_and_variance_multiplied_out() -> None:
    """T1D from the rows of weights.tsv, in loops, without the package's systems."""
    with (ROOT / "reference" / "models" / "t1d" / "weights.tsv").open() as stream:
        lines = [line for line in stream if not line.startswith("#")]
    rows = list(csv.DictReader(lines, delimiter="\t"))
    single = {
        r["locus_name"]: (float(r["effect_weight"]), float(r["allelefrequency_effect_EUR"]))
        for r in rows
        if r["is_haplotype"]
    }
    pair = {
        frozenset(r["effect_allele"].split("+")): float(r["effect_weight"])
        for r in rows
        if r["is_diplotype"]
    }
    model = rs.load_model("t1d")
    assert model.scheme is not None
    typed = scheme_shares(model.scheme)  # the file's own frequencies are those of the tags
    shares = dict(zip((*model.scheme.names, "other"), typed, strict=True))
    hla = {}
    for (one, p), (two, q) in product(shares.items(), repeat=2):
        value = pair.get(frozenset((one, two)))
        if value is None:
            value = sum(single[name][0] for name in (one, two) if name in single)
        hla[one, two] = (value, p * q)
    mean = sum(value * p for value, p in hla.values())
    variance = sum((value - mean) ** 2 * p for value, p in hla.values())
    snps = [
        (float(r["effect_weight"]), float(r["allelefrequency_effect_EUR"]))
        for r in rows
        if r["rsID"].startswith("rs")
    ]
    variance += sum(2 * f * (1 - f) * w**2 for w, f in snps)
    mean += sum(2 * f * w for w, f in snps)
    reference = build_reference(model, reference_panel(), "EUR")
    genetic = np.array([t.part == "genetic" for t in model.terms])
    assert float(reference.weights[genetic] @ reference.mean[genetic]) == pytest.approx(mean)
    distribution = reference.by_sex[None].distribution
    exposures = distribution.variance - variance
    assert 0 < exposures < 0.1  # what is left is the exposures' part
    # The published distribution in UK Biobank: mean 10.10, SD 2.34.
    assert math.sqrt(variance) == pytest.approx(2.34, abs=0.05)
    assert mean == pytest.approx(10.10, abs=0.3)


def test_moments_of_single_variants_are_hardy_weinbergs() -> None:
    model = rs.load_model("ms")
    reference = build_reference(model, reference_panel(), "EUR")
    assert len(reference.single_variants) > 100
    shared = [place for part in reference.shared_components for place in part.terms]
    assert sorted([*reference.single_variants, *shared]) == list(range(len(model.terms)))
    for place in reference.single_variants:
        (factor,) = model.terms[place].factors
        f = model.frequencies[factor.variant]["EUR"]
        copies = [(1 - f) * (1 - f), 2 * f * (1 - f), f * f]
        numbers = factor.coding.values
        mean = sum(p * x for p, x in zip(copies, numbers, strict=True))
        variance = sum(p * (x - mean) ** 2 for p, x in zip(copies, numbers, strict=True))
        assert reference.mean[place] == pytest.approx(mean)
        assert reference.variance[place] == pytest.approx(variance)
        expected = model.terms[place].weight ** 2 * variance
        assert reference.expected_variance(None)[place] == pytest.approx(expected)
        tilted = [
            p * math.exp(model.terms[place].weight * x)
            for p, x in zip(copies, numbers, strict=True)
        ]
        affected = sum(p * x for p, x in zip(tilted, numbers, strict=True)) / sum(tilted)
        assert reference.by_sex[None].case_means[place] == pytest.approx(affected)


def test_what_a_stand_in_leaves_of_a_genes_variance() -> None:
    """RA's SNP that stands in for DRB1, beside the variance of all pairs of its alleles."""
    model, panel = rs.load_model("ra"), reference_panel()
    own = [term for term in model.terms if {f.gene for f in term.factors} == {"DRB1"}]
    shares = {
        HLAAllele.parse(f"DRB1*{name}"): share
        for name, share in alleles("DRB1", ("DRB1",), model.genes).items()
    }

    def carries(term: Term, allele: HLAAllele) -> int:
        (factor,) = term.factors
        if isinstance(factor, AminoAcidFactor):
            return int(bool(panel.residues.carries(allele, factor.residues)))
        assert isinstance(factor, HLAAlleleFactor)
        return int(bool(covered(factor.alleles, allele)))

    carried = {allele: [carries(term, allele) for term in own] for allele in shares}
    values = []
    for (one, p), (other, q) in product(shares.items(), repeat=2):
        copies = [a + b for a, b in zip(carried[one], carried[other], strict=True)]
        value = sum(
            term.weight * term.factors[0].coding.values[k]
            for term, k in zip(own, copies, strict=True)
        )
        values.append((p * q, value))
    mean = sum(p * value for p, value in values)
    variance = sum(p * (value - mean) ** 2 for p, value in values)
    (stand_in,) = [term for term in model.terms if term.fallback_for == "DRB1"]
    (factor,) = stand_in.factors
    assert isinstance(factor, VariantFactor)
    f = model.frequencies[factor.variant]["EUR"]
    explained = stand_in.weight**2 * 2 * f * (1 - f)
    reference = build_reference(model, panel, "EUR")
    assert reference.unexplained == {"DRB1": pytest.approx(1 - explained / variance)}
