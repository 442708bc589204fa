"""Truth put into simulated people is found again."""

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.genetics.hla import HLAAllele
from riskscore.models.terms import Part
from riskscore.studies.regression import logistic

REPLICATES = 200


def test_weights_lie_in_their_intervals_at_the_nominal_rate() -> None:
    rng = np.random.default_rng(21)
    truth = np.array([-1.5, 0.7, -0.4, 0.5, 0.3])
    names = ["allele", "protective", "smoking", "allele x smoking"]
    covered = np.zeros((2, 4))
    reject = 0
    for _ in range(REPLICATES):
        allele, protective = rng.binomial(2, 0.2, 700), rng.binomial(2, 0.3, 700)
        smoking = rng.binomial(1, 0.4, 700)
        x = np.column_stack([allele, protective, smoking, allele * smoking]).astype(float)
        y = (rng.random(700) < 1 / (1 + np.exp(-truth[0] - x @ truth[1:]))).astype(float)
        for row, errors in enumerate(("model", "robust")):
            fit = logistic(y, x, names, errors=errors)  # type: ignore[arg-type]
            covered[row] += (fit.low[1:] < truth[1:]) & (truth[1:] < fit.high[1:])
        null = rng.binomial(2, 0.2, 700).astype(float)
        reject += logistic(y, null[:, None], ["nothing"]).p[1] < 0.05
    # 99.9% of binomial draws of 200 at 95% lie within 0.895 to 0.99.
    assert (covered / REPLICATES > 0.895).all(), covered / REPLICATES
    assert (covered / REPLICATES < 0.995).all(), covered / REPLICATES
    assert 0.005 < reject / REPLICATES < 0.105


def test_auc_lies_in_delongs_interval_at_the_nominal_rate() -> None:
    from scipy.stats import norm

    from riskscore.studies.evaluation.discrimination import delong

    rng, truth = np.random.default_rng(3), float(norm.cdf(1 / np.sqrt(2)))
    inside = 0
    for _ in range(REPLICATES):
        score = np.concatenate([rng.normal(1, 1, 80), rng.normal(0, 1, 120)])
        low, high = delong(score, np.repeat([1.0, 0.0], [80, 120])).interval()
        inside += low < truth < high
    assert 0.895 < inside / REPLICATES < 0.995


@pytest.fixture(scope="module")
def study() -> tuple[rs.Cohort, pd.Series]:
    """Cases and controls of rheumatoid arthritis, ill as the model says."""
    people = rs.simulate("ra", cases=2500, controls=2500, seed=5)
    return people.cohort(), pd.Series(people.outcome["ra"].astype(int), index=people.samples)


def test_drb1_haplotypes_and_the_smoking_interaction_are_found_again(
    study: tuple[rs.Cohort, pd.Series],
) -> None:
    cohort, outcome = study
    model = cohort.models[0]
    found = rs.fit(cohort, outcome, terms=["model"], joint=True, minimum_count=30)
    assert found.regression is not None
    truth = {term.id: term for term in model.terms}
    parts: dict[Part, list[bool]] = {part: [] for part in Part}
    for effect in found.effects:
        if not np.isnan(effect.beta) and effect.method == "maximum likelihood":
            term = truth[effect.term]
            inside = abs(effect.beta - term.weight) < 1.959964 * effect.se
            parts[term.part].append(bool(inside))
    assert len(parts[Part.GENETIC]) > 45
    assert np.mean(parts[Part.GENETIC]) > 0.85
    assert len(parts[Part.INTERACTION]) == 3  # smoking at 0, 1 and 2 copies of the epitope
    assert all(parts[Part.INTERACTION])
    haplotypes = {e.term: e for e in found.effects if e.term in ("VKA", "VRA", "LRA", "SEA")}
    # Those with the epitope stand beside its own term, which few alleles tell from their sum: they
    # are compared with one another.
    assert haplotypes["SEA"].p < 1e-3
    assert haplotypes["VKA"].beta > haplotypes["LRA"].beta > haplotypes["SEA"].beta


def test_smoking_and_the_epitope_interact_additively(
    study: tuple[rs.Cohort, pd.Series],
) -> None:
    cohort, outcome = study
    se = next(
        f for t in cohort.models[0].terms for f in t.factors if getattr(f, "name", "") and
        getattr(f, "name", "") == "shared_epitope"
    )  # fmt: skip
    calls = cohort.hla.genes["DRB1"]
    copies = []
    for place in range(len(cohort.samples)):
        best = calls.best(place)
        assert best is not None
        pair = [a for a in best[:2] if isinstance(a, HLAAllele)]
        copies.append(sum(any(p.covers(a) for p in se.alleles) for a in pair))  # type: ignore[union-attr]
    frame = pd.DataFrame(
        {"smoking": cohort.exposures.columns["smoking"], "epitope": np.minimum(copies, 1),
         "case": outcome.to_numpy()}
    )  # fmt: skip
    found = rs.interaction(frame, outcome="case", exposures=["smoking", "epitope"])
    measures = {m.measure: m for m in found.measures}
    # The model: smoking 1.14 without the epitope, 1.73 or 2.97 with it.
    assert measures["product"].estimate == pytest.approx(1.9 / 1.14, rel=0.35)
    assert measures["product"].low > 1
    assert measures["RERI"].low > 0
    assert 0 < measures["AP"].estimate < 1
    within = found.joint_frame().query("smoking == 'ever' and epitope == '0'")
    assert within["within_low"].iloc[0] < 1.14 < within["within_high"].iloc[0]


def test_risks_are_right_in_the_models_own_people() -> None:
    people = rs.simulate("ra", 30_000, seed=9)
    scores = rs.score(people.cohort())
    found = rs.evaluate(scores, dict(zip(people.samples, people.outcome["ra"], strict=True)),
                        bootstrap=0)  # fmt: skip
    rows = found.measures.set_index("measure")
    for measure, truth in (("calibration_slope", 1.0), ("calibration_intercept", 0.0)):
        assert rows.loc[measure, "low"] < truth < rows.loc[measure, "high"]


def test_a_new_model_scores_as_the_old_one(
    study: tuple[rs.Cohort, pd.Series], tmp_path: object
) -> None:
    cohort, outcome = study
    fitted = rs.fit(cohort, outcome, terms=["model"], joint=True, minimum_count=30)
    new = rs.model_of(
        fitted, id="ra-new", name="RA, fitted anew", source="a simulated study",
        prevalence=0.018, like=cohort.models[0],
    )  # fmt: skip
    fresh = rs.simulate("ra", 4000, seed=77)
    old_scores = rs.score(fresh.cohort()).of("ra").numbers["log_odds"]
    from dataclasses import replace

    again = replace(fresh.cohort(), models=(new,))
    table = rs.score(again).of("ra-new")
    assert np.corrcoef(old_scores, table.numbers["log_odds"])[0, 1] > 0.93
    # The mean risk of the population is the prevalence, whatever the share of cases was.
    assert table.numbers["probability"].mean() == pytest.approx(0.018, rel=0.15)
