"""One variant's copies: a dosage between two numbers of copies is these two, by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

import riskscore as rs
from riskscore.genetics.build import Build
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import ADDITIVE, DOMINANT, RECESSIVE, Coding, VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.samples.loci.dosages import NOT_TOLD, spreads_of
from riskscore.scoring.design import design_matrix
from riskscore.scoring.kinds.variant import copies_alone, genotype_probabilities
from riskscore.scoring.population.build import build_reference

FREQUENCY = 0.3
CODINGS = (ADDITIVE, DOMINANT, RECESSIVE, Coding("by dosage", (0.5, -1.0, 2.0)))
DOSAGES = (0.0, 1.0, 2.0, 0.25, 1.0, 1.75, math.nan, 0.25, 2.0)


@pytest.mark.parametrize("dosages", [DOSAGES, (0.0, 2.0, math.nan, 2.0)], ids=["imputed", "called"])
def test_numbers_of_dosages(dosages: tuple[float, ...]) -> None:
    """Four terms that count one variant in four ways; without a call the population's mean."""
    ms = rs.load_model("ms")
    first = next(t for t in ms.terms if type(t.factors[0]) is VariantFactor)
    factor = replace(first.factors[0], frequency={"EUR": FREQUENCY})
    terms = [
        replace(first, id=coding.name, factors=(replace(factor, coding=coding),))
        for coding in CODINGS
    ]
    model = replace(ms, terms=tuple(terms))
    cohort = read_frame(pd.DataFrame({str(factor): dosages}), [model])
    reference = build_reference(model, reference_panel(), "EUR")
    design = design_matrix(cohort, reference)
    hardy = [(1 - FREQUENCY) ** 2, 2 * FREQUENCY * (1 - FREQUENCY), FREQUENCY**2]
    for j, coding in enumerate(CODINGS):
        for i, dosage in enumerate(dosages):
            if math.isnan(dosage):
                shares = dict(enumerate(hardy))
            else:
                low = math.floor(dosage)
                shares = {low: 1 - dosage % 1}
                if dosage % 1:
                    shares[low + 1] = dosage % 1
            mean = sum(p * coding.values[k] for k, p in shares.items())
            variance = sum(p * (coding.values[k] - mean) ** 2 for k, p in shares.items())
            assert design.expected[i, j] == pytest.approx(mean), (coding.name, dosage)
            assert design.variance[i, j] == pytest.approx(variance, abs=1e-12)
            reason = Missing.NO_CALL if math.isnan(dosage) else Missing.NOT_MISSING
            assert design.missing[i, j] == reason
        whole = sum(p * v for p, v in zip(hardy, coding.values, strict=True))
        assert reference.mean[j] == pytest.approx(whole)
        square = sum(p * v * v for p, v in zip(hardy, coding.values, strict=True))
        assert reference.variance[j] == pytest.approx(square - whole**2)
    assert [copies_alone(term) is not None for term in model.terms] == [True, False, False, False]


def test_an_absent_variant_is_the_population() -> None:
    """No column of it: the reason is absence, and nothing of it was measured in anybody."""
    model = rs.load_model("ms")
    names = [str(t.factors[0]) for t in model.terms if type(t.factors[0]) is VariantFactor][:2]
    cohort = read_frame(pd.DataFrame({names[0]: [1.0, 2.0]}), [model])
    reference = build_reference(model, reference_panel(), "EUR")
    design = design_matrix(cohort, reference)
    place = [str(t.factors[0]) for t in model.terms].index(names[1])
    assert (design.missing[:, place] == Missing.ABSENT).all()
    assert np.allclose(design.expected[:, place], reference.mean[place])
    kind = reference.kinds.of(model.terms[place].factors[0])
    assert kind.answer(model.terms[place].factors[0], cohort).code == "absent"
    assert kind.words(model.terms[place].factors[0], cohort, 0) == "no record used"
    present = next(t.factors[0] for t in model.terms if str(t.factors[0]) == names[0])
    told = reference.kinds.of(present).answer(present, cohort)
    assert (told.code, told.note) == ("given", "")  # a note is of what is odd
    assert reference.kinds.of(present).words(present, cohort, 0) == told.record


def test_two_variants_that_multiply() -> None:
    """Independent of each other: the mean of the product, and its variance; a known 0 settles."""
    ms = rs.load_model("ms")
    single = [t for t in ms.terms if type(t.factors[0]) is VariantFactor][:2]
    shares = (0.3, 0.4)
    factors = tuple(
        replace(term.factors[0], frequency={"EUR": f})
        for term, f in zip(single, shares, strict=True)
    )
    model = replace(ms, terms=(replace(single[0], id="both", factors=factors),))
    assert copies_alone(model.terms[0]) is None
    people = [(2.0, 1.0), (0.5, 1.25), (math.nan, 2.0), (0.0, math.nan), (math.nan, math.nan)]
    frame = pd.DataFrame(people, columns=[str(factor) for factor in factors])
    reference = build_reference(model, reference_panel(), "EUR")
    design = design_matrix(read_frame(frame, [model]), reference)
    for i, person in enumerate(people):
        first = second = 1.0
        for dosage, f in zip(person, shares, strict=True):
            if math.isnan(dosage):
                states = {0: (1 - f) ** 2, 1: 2 * f * (1 - f), 2: f * f}
            else:
                states = {math.floor(dosage): 1 - dosage % 1, math.floor(dosage) + 1: dosage % 1}
            first *= sum(p * k for k, p in states.items())
            second *= sum(p * k * k for k, p in states.items())
        assert design.expected[i, 0] == pytest.approx(first)
        assert design.variance[i, 0] == pytest.approx(second - first**2)
        told = not math.isnan(sum(person)) or 0 in person
        assert design.missing[i, 0] == (Missing.NOT_MISSING if told else Missing.NO_CALL)


def test_probabilities_of_genotypes_have_the_mean_and_the_variance() -> None:
    mean = np.array([0.0, 0.3, 1.0, 1.0, 1.4, 2.0])
    variance = np.array([0.0, 0.25, 0.0, 1.0, 0.5, 0.0])
    found = genotype_probabilities(mean, variance)
    assert found.sum(axis=1) == pytest.approx(np.ones(6))
    assert found @ np.arange(3) == pytest.approx(mean)
    assert found @ np.arange(3) ** 2 - mean**2 == pytest.approx(variance)
    assert found[:, 0] == pytest.approx([1, 0.72, 0, 0.5, 0.13, 0], abs=0.01)


def test_a_variance_that_no_genotypes_have_is_the_nearest() -> None:
    """Of a mean of 0.4 it is 0.24, of 0 and 1 copies, to 0.64, of 0 and 2."""
    found = genotype_probabilities(np.array([0.4, 0.4]), np.array([0.1, 0.9]))
    assert found == pytest.approx(np.array([[0.6, 0.4, 0.0], [0.8, 0.0, 0.2]]))


def test_a_product_takes_the_variance_that_the_file_tells() -> None:
    """One copy of each of two variants, of which one is certain and one 0 or 2 copies at times."""
    ms = rs.load_model("ms")
    single = [t for t in ms.terms if type(t.factors[0]) is VariantFactor][:2]
    factors = tuple(term.factors[0] for term in single)
    model = replace(ms, terms=(replace(single[0], id="both", factors=factors),))
    frame = pd.DataFrame([(1.0, 2.0), (1.0, 2.0)], columns=[str(factor) for factor in factors])
    cohort = read_frame(frame, [model])
    rows = [cohort.dosages._rows[factor.variant] for factor in factors]
    variances = np.full(cohort.dosages.values.shape, NOT_TOLD, dtype=np.uint8)
    variances[rows[0]] = spreads_of(np.array([0.0, 0.25]))
    told = replace(cohort, dosages=replace(cohort.dosages, variances=variances))
    design = design_matrix(told, build_reference(model, reference_panel(), "EUR"))
    assert design.expected[:, 0] == pytest.approx([2, 2])
    assert design.variance[:, 0] == pytest.approx([0, 4 * 0.25])


@pytest.mark.parametrize("weight", [0.4, 1.6, -1.6])
def test_risk_is_the_mean_over_genotypes_as_probable_as_the_file_says(
    weight: float, tmp_path: Path
) -> None:
    """Three people of one copy on average: E[expit(a + w g)] over their genotypes, term by term.

    A small weight's genotype is taken as normal, a large one's as it is.
    """
    ms = rs.load_model("ms")
    term = next(t for t in ms.terms if type(t.factors[0]) is VariantFactor)
    model = replace(ms, terms=(replace(term, weight=weight),))
    variant = term.factors[0].variant
    place = variant.position(Build.GRCh38)
    cells = {"sure": "0,1,0", "unsure": "0.5,0,0.5", "surer": "0.125,0.75,0.125"}
    path = tmp_path / "gp.vcf"
    path.write_text(
        "##fileformat=VCFv4.2\n"
        f"##contig=<ID=chr{variant.chromosome},length=248956422,assembly=GRCh38>\n"
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(cells) + "\n"
        f"chr{variant.chromosome}\t{place}\t.\t{variant.other_allele}\t{variant.effect_allele}"
        "\t.\tPASS\t.\tGT:DS:GP" + "".join(f"\t0/1:1:{cell}" for cell in cells.values()) + "\n"
    )
    numbers = rs.score(rs.read_cohort(path, model, build="GRCh38")).of(model.id).numbers
    risk, log_odds = numbers["probability"], numbers["log_odds"]
    alpha = logit(risk[0]) - log_odds[0]
    assert log_odds == pytest.approx(np.full(3, log_odds[0]))
    for person, cell in enumerate(cells.values()):
        genotypes = [float(p) for p in cell.split(",")]
        exact = sum(
            p * expit(alpha + log_odds[0] + weight * (g - 1)) for g, p in enumerate(genotypes)
        )
        assert risk[person] == pytest.approx(exact, rel=3e-3 if abs(weight) < 1 else 1e-9)
    assert risk[1] > 1.03 * risk[0]
