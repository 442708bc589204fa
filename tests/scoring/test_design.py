"""Which people a term concerns, and what a stand-in leaves of a gene's variance."""

from __future__ import annotations

import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import Measurements, people_by_sex
from riskscore.scoring.population.build import build_reference


def test_people_by_sex() -> None:
    female, male = Sex.FEMALE, Sex.MALE
    found = people_by_sex([female, None, male, female])
    assert {sex: people.tolist() for sex, people in found.items()} == {
        female: [0, 3], None: [1], male: [2],
    }  # fmt: skip
    assert {s: p.tolist() for s, p in people_by_sex([male, female]).items()} == {
        male: [0], female: [1],
    }  # fmt: skip
    assert {s: p.tolist() for s, p in people_by_sex([None, None]).items()} == {None: [0, 1]}


def test_a_stand_in_explains_its_own_gene_where_that_is_not_typed() -> None:
    model = rs.load_model("ra")
    reference = build_reference(model, reference_panel(), "EUR")
    stand_in = next(t for t in model.terms if t.fallback_for == "DRB1")
    gene = next(t for t in model.terms if {f.gene for f in t.factors} == {"DRB1"})
    other = next(t for t in model.terms if t.factors[0].gene not in {"", "DRB1"})
    left = reference.unexplained["DRB1"]
    assert 0 < left < 1
    snp = str(stand_in.factors[0])
    people = pd.DataFrame({snp: [1.0, 1.0, None], "DRB1": ["", "01:01+03:01", ""]})
    measured = Measurements(read_frame(people, [model]), reference, range(3))
    assert measured.unexplained(gene.factors).tolist() == pytest.approx([left, 1, 1])
    assert measured.unexplained(other.factors).tolist() == [1, 1, 1]
