"""Haplotypes of a population by what models ask of them, against the panel's own frequencies."""

from __future__ import annotations

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import covered
from riskscore.models.reference.panel import reference_panel
from riskscore.models.terms import HLAAlleleFactor, VariantFactor
from riskscore.scoring.mhc.questions import class_questions
from riskscore.scoring.mhc.reading import HaplotypeKinds, MHCReading

T1D = rs.load_model("t1d")
SCHEME = T1D.scheme
assert SCHEME is not None
FACTORS = [f for f in rs.load_model("ms-hla-ukb").factors if isinstance(f, HLAAlleleFactor)]


@pytest.fixture(scope="module")
def reading() -> MHCReading:
    return MHCReading.of([T1D], reference_panel(), "EUR")


def test_alleles_are_as_frequent_as_on_the_panels_chromosomes() -> None:
    """All but the 1% of haplotypes that are everybody's, and not the population's."""
    model, panel = rs.load_model("ms-hla-ukb"), reference_panel()
    reading = MHCReading.of([model], panel, "EUR")
    assert set(reading.genes) == {factor.gene for factor in FACTORS}
    population = reading.population
    assert population.probability.sum() == pytest.approx(1, abs=1e-12)
    assert (population.probability > 0).all()
    for factor in FACTORS:
        shares = panel.shares(factor.gene, "EUR").items()
        wanted = sum(share for allele, share in shares if covered(factor.alleles, allele))
        carried = population.carried(factor) @ population.probability
        assert carried == pytest.approx(wanted, abs=0.01), str(factor)
    assert population.carried(FACTORS[0]) @ population.probability > 0.01


def test_a_haplotype_is_of_the_first_class_all_of_whose_questions_it_answers(
    reading: MHCReading,
) -> None:
    """Every combination of yes and no, at random; 0.5, which says nothing, is not a yes."""
    rng = np.random.default_rng(5)
    count = 40
    answers = tuple(
        rng.choice([0.0, 0.5, 1.0], (count, len(reading.asked(gene))), p=[0.1, 0.1, 0.8])
        for gene in reading.genes
    )
    kinds = HaplotypeKinds(reading, answers)
    codes = rng.integers(0, count, (200, len(reading.genes)))
    seen = set()
    for row, place in zip(codes, kinds.classes(SCHEME, codes).tolist(), strict=True):
        wanted = len(SCHEME.haplotypes)
        for number, several in enumerate(class_questions(SCHEME)):
            told = []
            for question in several:
                gene = reading.genes.index(question.gene)
                column = reading.asked(question.gene).index(question)
                told.append(answers[gene][row[gene], column])
            if all(answer == 1 for answer in told):
                wanted = number
                break
        assert place == wanted
        seen.add(place)
    assert len(seen) > 3
    nothing = HaplotypeKinds(reading, tuple(0 * own for own in answers))
    assert set(nothing.classes(SCHEME, codes).tolist()) == {len(SCHEME.haplotypes)}


def test_a_variant_asks_nothing_of_an_allele(reading: MHCReading) -> None:
    variant = next(factor for factor in T1D.factors if isinstance(factor, VariantFactor))
    with pytest.raises(ValueError, match="asks nothing of an HLA allele"):
        reading.population.carried(variant)
