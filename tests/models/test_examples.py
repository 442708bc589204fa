"""Every example of every shipped model, worked by hand in its model.yaml."""

import math

import numpy as np
import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.scoring.examples import check_examples
from tests.models.naive_risk import quarters_of, risk_between, root


@pytest.mark.parametrize("name", rs.list_models())
def test_examples_agree(name: str) -> None:
    model = rs.load_model(name)
    assert check_examples(model) == len(model.examples) >= 1


def test_a_wrong_example_is_caught() -> None:
    from dataclasses import replace

    model = rs.load_model("ms")
    example = model.examples[0]
    wrong = replace(example, expect={**example.expect, "sum": 99.0})
    with pytest.raises(ModelFormatError, match="should be 99"):
        check_examples(replace(model, examples=(wrong,)))


@pytest.mark.parametrize("name", rs.list_models())
def test_average_risks_by_age_follow_from_the_tables(name: str) -> None:
    model = rs.load_model(name)
    with_ages = [e for e in model.examples if e.given["from_age"] is not None]
    assert with_ages
    for example in with_ages:
        start, end = example.given["from_age"], example.given["to_age"]
        assert isinstance(start, float)
        assert isinstance(end, float)
        rates = quarters_of(model, str(example.given["sex"]))
        average = rates.risk(rates.disease, start, end)
        assert example.expect["average_risk"] == pytest.approx(average, abs=1e-8)


def test_a_persons_risk_by_age_is_worked_out_cell_by_cell() -> None:
    """Six cells of genes and smoking, their hazards scaled to the table, quarter by quarter."""
    model = rs.load_model("ra-smoking-epitope")
    # Kallberg 2011, Table 3: cases and controls by copies of the epitope, never and ever smokers
    never, ever = ((38, 154), (107, 150), (62, 43)), ((73, 259), (275, 223), (180, 42))
    smokers = 0.6016  # 524 of 871 controls, as the model rounds it
    person = rs.score(rs.person([model], hla={"DRB1": "03:01 07:01"}))
    mean = person.explain("person").set_index("term")["mean"]
    carriers = 1 - math.sqrt(mean["never_x_se0"] / (1 - smokers))  # of the reference population
    assert abs(carriers - 263 / 1006) < 0.002  # as counted in haplotypes.tsv, EUR
    copies = ((1 - carriers) ** 2, 2 * carriers * (1 - carriers), carriers**2)
    cells = [
        (share * habit, math.log(cases / controls * 154 / 38))
        for table, habit in ((never, 1 - smokers), (ever, smokers))
        for share, (cases, controls) in zip(copies, table, strict=True)
    ]
    population = (np.array([share for share, _ in cells]), np.array([lp for _, lp in cells]))
    worked = [e for e in model.examples if e.expect["probability"] is not None]
    assert len(worked) == 2
    for example in worked:
        person = (np.ones(1), np.array([example.expect["sum"]]))
        risk = risk_between(model, "female", population, person, (35, 60))
        assert example.expect["probability"] == pytest.approx(risk, abs=1e-8)


def test_the_risk_of_t1d_africa_is_worked_out_genotype_by_genotype() -> None:
    """All 3^7 genotypes in Hardy-Weinberg proportions; their mean risk is the prevalence, 0.4%."""
    snps = (  # Onengut-Gumuscu 2019: weight and frequency in African ancestry
        (1.079, 0.216), (0.839, 0.345), (1.801, 0.095), (1.367, 0.076), (1.702, 0.131),
        (0.403, 0.265), (0.295, 0.459),
    )  # fmt: skip
    people = [(1.0, 0.0)]
    for weight, f in snps:
        copies = ((1 - f) ** 2, 2 * f * (1 - f), f**2)
        people = [(p * copies[x], lp + x * weight) for p, lp in people for x in range(3)]
    assert len(people) == 3**7
    alpha = root(lambda a: sum(p / (1 + math.exp(-a - lp)) for p, lp in people) - 0.004)
    (example,) = [e for e in rs.load_model("t1d-africa").examples if "with the risk" in e.name]
    risk = 1 / (1 + math.exp(-alpha - example.expect["sum"]))
    assert example.expect["probability"] == pytest.approx(risk, abs=1e-8)


def test_every_model_has_a_table_of_rates() -> None:
    assert all(rs.load_model(name).rates for name in rs.list_models())
