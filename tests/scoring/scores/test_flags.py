"""What flags say of people, as the docstring of flags_of has it, by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.missing import Missing
from riskscore.models.model import RiskModel
from riskscore.models.terms import HaplotypeFactor, VariantFactor
from riskscore.samples.frame import read_frame
from riskscore.scoring.design import design_matrix

MS, T1D = rs.load_model("ms"), rs.load_model("t1d")


def small(ids: tuple[str, ...], loci: int) -> RiskModel:
    """Some terms of ms by id, and its first variants."""
    single = [t for t in MS.terms if len(t.factors) == 1 and type(t.factors[0]) is VariantFactor]
    named = [t for t in MS.terms if t.id in ids]
    return replace(MS, terms=(*named, *single[:loci]))


def flags(model: RiskModel, frame: pd.DataFrame) -> list[list[str]]:
    told = rs.score(read_frame(frame, [model])).of(model.id).flags
    return [text.split(";") if text else [] for text in told]


@pytest.mark.parametrize("lost", range(6))
def test_three_terms_are_named_and_more_are_counted(lost: int) -> None:
    model = small((), 5)
    names = [str(term.factors[0]) for term in model.terms]
    frame = pd.DataFrame([[1.0] * 5, [None] * lost + [1.0] * (5 - lost)], columns=names)
    named = f"no_call={','.join(names[:lost])}" if lost <= 3 else f"no_call=Non_HLA({lost})"
    told = [named] if lost else []
    assert flags(model, frame) == [[], ["not_scored", *told] if lost == 5 else told]


def test_reasons_stand_in_their_order_beside_doubts() -> None:
    """A typed gene whose number has a variance above 0.01 is ambiguous; a variant never is."""
    model = small(("HLA-DRB1*15:01", "HLA-A*02:01"), 2)
    one, two = (str(term.factors[0]) for term in model.terms[2:])
    frame = pd.DataFrame(
        {
            "DRB1*15:01": [0.5, 0.005, 1.0, 0.02],
            "DRB1*03:01": [1.5, 1.995, 1.0, 1.98],
            one: [0.5, 0.5, None, 1.0],
            two: [1.5, 0.0, 1.0, None],
        }
    )
    lost, unsure = "absent=HLA-A*02:01", "ambiguous=HLA-DRB1*15:01"
    assert [sorted(own) for own in flags(model, frame)] == [
        [lost, unsure], [lost], [lost, f"no_call={one}"], [lost, unsure, f"no_call={two}"],
    ]  # fmt: skip
    everybody = flags(model, frame)
    assert everybody[0][-1] == unsure  # in the order of the reasons: doubts are last
    assert everybody[3][-1] == unsure


def test_a_doubt_where_nothing_is_lost() -> None:
    model = small(("HLA-DRB1*15:01",), 1)
    snp = str(model.terms[1].factors[0])
    frame = pd.DataFrame({"DRB1*15:01": [0.5, 1.0], "DRB1*03:01": [1.5, 1.0], snp: [0.5, 1.0]})
    assert flags(model, frame) == [["ambiguous=HLA-DRB1*15:01"], []]


TAGS = {h.name: h.tag.name for h in T1D.scheme.haplotypes if h.tag} if T1D.scheme else {}


@pytest.mark.parametrize("known", [1, 2, 13, 14])
def test_tags_of_a_scheme_that_the_file_lacks(known: int) -> None:
    """They are named where others speak; with all of them there, nothing is."""
    assert len(TAGS) == 14
    names = list(TAGS)
    frame = pd.DataFrame({TAGS[name]: [0.0, 1.0] for name in names[:known]})
    told = [f"haplotype_tags_missing={','.join(names[known:])}"] if known < 14 else []
    for own in flags(T1D, frame):
        assert [flag for flag in own if flag.startswith("haplotype_tags")] == told


def test_no_tag_is_missed_where_none_or_typing_speaks() -> None:
    snp = next(t for t in T1D.terms if type(t.factors[0]) is VariantFactor)
    (none,) = flags(T1D, pd.DataFrame({str(snp.factors[0]): [1.0]}))
    assert not any(flag.startswith("haplotype_tags") for flag in none)
    typed = {"DRB1": ["03:01+04:01"], "DQA1": ["05:01+03:01"], "DQB1": ["02:01+03:02"]}
    (own,) = flags(T1D, pd.DataFrame({TAGS["DR3-DQ2.5"]: [1.0], **typed}))
    assert not any(flag.startswith("haplotype_tags") for flag in own)


def test_more_than_two_haplotypes() -> None:
    """Where that is more likely than not; the doubt that it leaves has no flag besides."""
    one, two, three = (TAGS[name] for name in ("DR15-DQ6.2", "DR3-DQ2.5", "DR7-DQ2.2"))
    whole = dict.fromkeys(TAGS.values(), 0.0)
    people = [{one: 1.0, two: 1.0}, {one: 1.0, two: 1.0, three: 1.0}, {one: 1.0, two: 2.0}]
    people += [{one: 1.0, two: 1.0, three: 0.4}, {one: 1.0, two: 1.0, three: 0.6}]
    told = flags(T1D, pd.DataFrame([whole | own for own in people]))
    several = ["more_than_two_haplotypes" in own for own in told]
    assert several == [False, True, True, False, True]
    doubts = [any(f.startswith("ambiguous=") and "DRDQ" in f for f in own) for own in told]
    assert doubts == [False, False, False, True, False]


def test_what_a_file_lacks_is_counted_by_component() -> None:
    model = small(("HLA-DRB1*15:01", "HLA-A*02:01", "HLA-B*44:02", "HLA-B*38:01"), 5)
    names = [str(term.factors[0]) for term in model.terms[4:]]
    (told,) = flags(model, pd.DataFrame({names[0]: [1.0]}))
    counts = Counter(term.component for term in model.terms)
    (others,) = {term.component for term in model.terms[4:]}
    (genes,) = {term.component for term in model.terms[:4]}
    counts[others] -= 1
    assert told == [f"absent={genes}({counts[genes]}),{others}({counts[others]})"]


def test_what_stands_in_or_acts_together_is_not_counted_as_lost() -> None:
    """Of two people without any HLA the SNP that stands in for DRB1 is called in the second."""
    ra = rs.load_model("ra")
    (snp,) = [term for term in ra.terms if term.fallback_for]
    frame = pd.DataFrame({str(snp.factors[0]): [None, 1.0], "smoking": ["never", ""]})
    lost = Counter(
        term.component for term in ra.terms if term.part == "genetic" and not term.fallback_for
    )
    told = "absent=" + ",".join(f"{name}({count})" for name, count in lost.items())
    stands_in = f"stand_in={snp.id} for HLA-DRB1"
    assert flags(ra, frame) == [["not_scored", told], [told, stands_in]]


def test_haplotypes_of_the_typed_beside_those_by_tags() -> None:
    """One is typed, one has every tag, and one lacks both: only the last has a reason."""
    tags = {tag: [None, 0.0, None] for tag in TAGS.values()}
    tags[TAGS["DR3-DQ2.5"]] = [None, 1.0, None]
    snp = next(t for t in T1D.terms if type(t.factors[0]) is VariantFactor)
    typed = {
        "DRB1": ["03:01+04:01", "", ""], "DQA1": ["05:01+03:01", "", ""],
        "DQB1": ["02:01+03:02", "", ""], str(snp.factors[0]): [1.0, 1.0, 1.0],
    }  # fmt: skip
    cohort = read_frame(pd.DataFrame({**typed, **tags}), [T1D])
    design = design_matrix(cohort, rs.score(cohort).of("t1d").reference)
    named = [j for j, term in enumerate(T1D.terms) if type(term.factors[0]) is HaplotypeFactor]
    assert (design.missing[:2, named] == Missing.NOT_MISSING).all()
    assert (design.missing[2, named] == Missing.NO_CALL).all()
    (place,) = [j for j in named if T1D.terms[j].factors[0].name == "DR3-DQ2.5"]
    assert design.expected[1, place] == pytest.approx(1, abs=1e-6)


def test_each_person_is_told_which_genes_were_imputed_from_snps() -> None:
    """Three kinds of people, one of them twice and not beside one another."""
    model = small(("HLA-DRB1*15:01", "HLA-A*02:01"), 2)
    names = [str(term.factors[0]) for term in model.terms[2:]]
    frame = pd.DataFrame({name: [1.0, 1.0, 1.0, 1.0] for name in names})
    frame["DRB1*15:01"] = frame["A*02:01"] = 1.0
    frame["DRB1*03:01"] = frame["A*01:01"] = 1.0
    cohort = read_frame(frame, [model])
    imputed = {"A": np.array([1, 0, 1, 1], dtype=bool), "DRB1": np.array([1, 0, 0, 1], dtype=bool)}
    told = rs.score(replace(cohort, hla=replace(cohort.hla, imputed=imputed))).of(model.id).flags
    assert [text.split(";") if text else [] for text in told] == [
        ["imputed_hla=A,DRB1"], [], ["imputed_hla=A"], ["imputed_hla=A,DRB1"],
    ]  # fmt: skip
