"""The reference population: mean risk is the prevalence, by a sum written out here.

The mean risk is integrated anew by another quadrature; the distribution it is taken over is itself
multiplied out for T1D from the rows of weights.tsv in plain loops.
"""

import csv
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import riskscore as rs
from riskscore.models.model import Sex
from riskscore.models.panel import reference_panel
from riskscore.scoring.reference import build_reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", rs.list_models())
@pytest.mark.parametrize("sex", [*Sex, None])
def test_mean_risk_is_the_prevalence(name: str, sex: Sex | None) -> None:
    model = rs.load_model(name)
    own = build_reference(model, reference_panel(), "EUR").by_sex[sex]
    if own.alpha is None:
        pytest.skip("the model has no baseline")
    assert own.distribution.mean == pytest.approx(0, abs=1e-9)
    # Another quadrature than the package's: a fine trapezoid over the normal part.
    z = np.linspace(-9, 9, 4001)
    density = np.exp(-(z**2) / 2)
    density /= density.sum()
    mean = sum(
        p * float(density @ (1 / (1 + np.exp(-(own.alpha + v + own.distribution.sd * z)))))
        for v, p in zip(own.distribution.values, own.distribution.probabilities, strict=True)
    )
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
    shares = {name: share for name, (_, share) in single.items()}
    shares["other"] = 1 - sum(shares.values())
    model = rs.load_model("t1d")
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
    # The published distribution in UK Biobank: mean 10.10, SD 2.34. The mean differs by what the
    # tags' frequencies leave of linkage disequilibrium; the spread must be the same.
    assert math.sqrt(variance) == pytest.approx(2.34, abs=0.05)
    assert mean == pytest.approx(10.10, abs=0.3)
