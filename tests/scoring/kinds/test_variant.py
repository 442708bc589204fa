"""One variant's copies: a dosage between two numbers of copies is these two, by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.missing import Missing
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import ADDITIVE, DOMINANT, RECESSIVE, Coding, VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import design_matrix
from riskscore.scoring.kinds.variant import copies_alone
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
