"""What a question says of one allele, by a table of residues and groups of two alleles."""

from __future__ import annotations

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele, HLAName
from riskscore.genetics.hla_residues import ResidueTable
from riskscore.models.reference.panel import ReferencePanel
from riskscore.models.terms import AminoAcidFactor, HLAAlleleFactor, VariantFactor
from riskscore.scoring.mhc.questions import (
    AlleleQuestion,
    all_questions,
    answers,
    class_questions,
    question_of,
)

A1, A19, A2 = (HLAAllele.parse(f"DQB1*{name}") for name in ("03:01", "03:19", "03:02"))
RESIDUES = [("03:01", "57", "D"), ("03:01", "26", "Y"), ("03:02", "57", "A"), ("03:02", "26", "L")]
PANEL = ReferencePanel(
    {("EUR", "DQB1"): {A1: 0.4, A2: 0.6}},
    {},
    ResidueTable.of(
        [
            {"gene": "DQB1", "allele": f"DQB1*{allele}", "position": position, "residue": residue}
            for allele, position, residue in RESIDUES
        ]
    ),
    (),
    {"EUR": {A1: ((A1, 0.9), (A19, 0.1))}},
)
NONE = float("nan")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (AlleleQuestion("DQB1", alleles=(A1,)), (1, 0, 0, NONE, 0)),
        (AlleleQuestion("DQB1", alleles=(A1, A2)), (1, 0, 1, NONE, 0)),
        # by its group an allele counts as the first of it, where that is asked
        (AlleleQuestion("DQB1", alleles=(A1,), by_group=True), (1, 1, 0, NONE, 0)),
        (AlleleQuestion("DQB1", alleles=(A2,), by_group=True), (0, 0, 1, NONE, 0)),
        (AlleleQuestion("DQB1", alleles=(A19,), by_group=True), (0, 1, 0, NONE, 0)),
        (AlleleQuestion("DQB1", residues=((57, "D"),)), (1, NONE, 0, NONE, NONE)),
        (AlleleQuestion("DQB1", residues=((57, "AD"), (26, "L"))), (0, NONE, 1, NONE, NONE)),
    ],
    ids=str,
)
def test_yes_no_and_what_nothing_can_tell(
    question: AlleleQuestion, told: tuple[float, ...]
) -> None:
    names: list[HLAName] = [
        A1,
        A19,
        A2,
        *(HLAAllele.parse(f"DQB1*{name}") for name in ("03", "06:02")),
    ]
    found = answers([question], names, PANEL, "EUR")
    assert found.shape == (5, 1)
    assert np.array_equal(found[:, 0], np.array(told, dtype=float), equal_nan=True)


def test_each_question_has_a_column_and_each_name_a_row() -> None:
    asked = [AlleleQuestion("DQB1", alleles=(allele,)) for allele in (A1, A2)]
    assert answers(asked, [A2, A1, A19], PANEL, "EUR").tolist() == [[0, 1], [1, 0], [0, 0]]
    assert answers([], [A2], PANEL, "EUR").shape == (1, 0)


def test_factors_ask_of_alleles_residues_or_nothing() -> None:
    models = [rs.load_model(name) for name in ("ra", "ms-hla-ukb")]
    factors = [factor for model in models for factor in model.factors]
    for factor in factors:
        asked = question_of(factor)
        if isinstance(factor, HLAAlleleFactor):
            assert asked == AlleleQuestion(factor.gene, alleles=factor.alleles)
        elif isinstance(factor, AminoAcidFactor):
            assert asked == AlleleQuestion(factor.gene, residues=factor.residues)
        else:
            assert asked is None
    assert any(isinstance(factor, VariantFactor) for factor in factors)


def test_questions_of_models_are_asked_once_and_in_order() -> None:
    """Those of classes are by group: they are others than those of an allele's own term."""
    model = rs.load_model("t1d-hla")
    assert model.scheme is not None
    of_classes = [question for several in class_questions(model.scheme) for question in several]
    assert len(of_classes) == len(model.scheme.haplotypes) * len(model.scheme.genes)
    assert all(question.by_group and not question.residues for question in of_classes)
    of_terms = [question for f in model.factors if (question := question_of(f)) is not None]
    assert len(of_terms) == 2
    found = all_questions([model, model])
    assert list(found) == list(dict.fromkeys([*of_terms, *of_classes]))
