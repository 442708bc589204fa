"""Fit: codings, positions, conditioning and stepwise, what is left out and why."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import riskscore as rs
from riskscore.errors import (
    FewPeopleError,
    NothingMatchedError,
    NoVariationError,
    OutcomeError,
    SeparationError,
    StudyTableError,
    UsageError,
)
from riskscore.files.inputs import reference_root
from riskscore.samples.cohort import Cohort
from riskscore.studies.regression import logistic


def row(fit: Any, term: str) -> Any:
    return fit.to_frame().set_index("term").loc[term]


@pytest.fixture(scope="module")
def real() -> Cohort:
    """The HLA class II types of 2,504 real people (1000 Genomes Project), at three genes."""
    vcf = reference_root() / "examples" / "1000G_MHC_HLA.GRCh38.vcf.gz"
    if not vcf.is_file():
        pytest.skip("the example VCF is in a checkout only")
    return rs.read_cohort(vcf, (), genes=["DRB1", "DQA1", "DQB1"])


@pytest.fixture(scope="module")
def copies(real: Cohort) -> np.ndarray:
    """Copies of DRB1*04:01 of the real people, counted from their best calls."""
    calls = real.hla.genes["DRB1"]
    pairs = [calls.best(i) for i in range(len(real.samples))]
    return np.array([sum(str(a) == "DRB1*04:01" for a in p[:2]) if p else 0 for p in pairs])


@pytest.fixture(scope="module")
def outcome(real: Cohort, copies: np.ndarray) -> pd.Series:
    """An outcome that DRB1*04:01 raises, and nothing else."""
    rng = np.random.default_rng(4)
    risk = 1 / (1 + np.exp(1.5 - 1.6 * copies))
    return pd.Series((rng.random(len(risk)) < risk).astype(int), index=list(real.samples))


def test_the_covariate_frame_and_r(birthwt: pd.DataFrame, r: dict[str, Any]) -> None:
    names = ["age", "lwt", "smoke", "ht", "ui"]
    found = rs.fit(birthwt, "low", terms=["smoke"], covariates=["age", "lwt", "ht", "ui"])
    place = 1 + names.index("smoke")
    smoke = row(found, "smoke")
    assert smoke["beta"] == pytest.approx(r["glm"]["beta"][place], abs=1e-8)
    assert smoke["se"] == pytest.approx(r["glm"]["se"][place], abs=1e-8)
    assert smoke["p"] == pytest.approx(r["glm"]["p"][place], abs=1e-8)
    robust = rs.fit(birthwt, "low", terms=names, joint=True, errors="robust")
    np.testing.assert_allclose(robust.to_frame()["se"], r["glm"]["hc0"][1:], atol=1e-8)
    assert robust.intercept() == pytest.approx(r["glm"]["beta"][0], abs=1e-8)


def test_case_control_intercept_by_hand(birthwt: pd.DataFrame) -> None:
    found = rs.fit(birthwt, "low", terms=["smoke"], joint=True)
    moved = np.log((59 / 130) * (0.99 / 0.01))  # 59 cases, 130 controls, prevalence 1%
    assert found.intercept(0.01) == pytest.approx(found.intercept() - moved)
    with pytest.raises(UsageError, match="not between 0 and 1"):
        found.intercept(1.0)
    with pytest.raises(UsageError, match="joint=True"):
        rs.fit(birthwt, "low", terms=["smoke"]).intercept()


@pytest.mark.parametrize(
    ("coding", "values"),
    [("additive", (0, 1, 2)), ("dominant", (0, 1, 1)), ("recessive", (0, 0, 1))],
)
def test_codings_by_hand(coding: str, values: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    copies = rng.choice(3, 400, p=[0.5, 0.35, 0.15])
    y = (rng.random(400) < 0.2 + 0.15 * copies).astype(int)
    frame = pd.DataFrame({"DRB1*15:01": copies, "case": y})
    found = rs.fit(frame, "case", coding=coding).effects[0]
    by_hand = logistic(y.astype(float), np.array(values)[copies][:, None], ["x"])
    assert found.beta == pytest.approx(by_hand.beta[1], abs=1e-10)
    assert found.coding == coding
    assert found.carriers == int((np.array(values)[copies] >= 0.5).sum())


def test_the_general_coding_is_two_steps_tested_together() -> None:
    rng = np.random.default_rng(2)
    copies = rng.choice(3, 600, p=[0.4, 0.4, 0.2])
    y = (rng.random(600) < np.array([0.2, 0.5, 0.4])[copies]).astype(int)
    found = rs.fit(pd.DataFrame({"DRB1*15:01": copies, "case": y}), "case", coding="general")
    odds = [y[copies == k].mean() / (1 - y[copies == k].mean()) for k in range(3)]
    one, second = found.to_frame()["odds_ratio"]
    assert one == pytest.approx(odds[1] / odds[0])
    assert second == pytest.approx(odds[2] / odds[1])
    (test,) = found.omnibus
    # The likelihood ratio of a saturated model, written out.
    n, k = [(copies == c).sum() for c in range(3)], [y[copies == c].sum() for c in range(3)]
    full = sum(b * np.log(b / a) + (a - b) * np.log(1 - b / a) for a, b in zip(n, k, strict=True))
    p = y.mean()
    null = 600 * (p * np.log(p) + (1 - p) * np.log(1 - p))
    assert (test.df, test.chi2) == (2, pytest.approx(2 * (full - null)))


def test_columns_of_the_same_numbers_have_the_estimates_that_each_has_alone() -> None:
    rng = np.random.default_rng(9)
    frame = pd.DataFrame({"HLA-DQB1:57D": rng.binomial(2, 0.4, 300)})
    frame["HLA-DQA1:52R"] = frame["HLA-DQB1:57D"]
    frame["HLA-DQB1:57A"] = 2 - frame["HLA-DQB1:57D"]
    frame["case"] = (rng.random(300) < 0.2 + 0.2 * frame["HLA-DQB1:57D"]).astype(int)
    terms = [name for name in frame if name != "case"]
    together = rs.fit(frame, "case", terms=terms).to_frame().set_index("term")
    for term in terms:
        alone = rs.fit(frame, "case", terms=[term]).to_frame().set_index("term").loc[term]
        same = [name for name in alone.index if not name.startswith("p_")]
        pd.testing.assert_series_equal(together.loc[term, same], alone[same])
    assert together.loc["HLA-DQA1:52R", "position"] == 52


def test_the_causal_allele_is_found_among_real_haplotypes(
    real: Cohort, copies: np.ndarray, outcome: pd.Series
) -> None:
    found = rs.fit(real, outcome, terms=["allele", "residue", "haplotype"])
    frame = found.to_frame()
    best = frame.loc[frame["p"].idxmin()]
    assert best["term"] == "HLA-DRB1*04:01"
    assert best["low"] < np.exp(1.6) < best["high"]
    assert best["frequency"] == pytest.approx(copies.mean() / 2)
    y = outcome.to_numpy()
    assert best["frequency_cases"] == pytest.approx(copies[y == 1].mean() / 2)
    assert (best["carriers"], best["n"], best["cases"]) == ((copies > 0).sum(), 2504, y.sum())
    tested = frame["p"].notna()
    assert frame.loc[tested, "p_bonferroni"].max() == 1
    assert best["p_bonferroni"] == pytest.approx(best["p"] * tested.sum())
    rare = frame[frame["effective_count"] < 10]
    assert rare["p"].isna().all()
    assert rare["note"].str.startswith("not tested: ").all()


def test_a_position_is_tested_as_a_whole(real: Cohort, outcome: pd.Series) -> None:
    found = rs.fit(real, outcome, terms=["residue"], minimum_count=0)
    position = found.omnibus_frame().set_index("group").loc["HLA-DRB1:13"]
    own = [e for e in found.effects if e.gene == "DRB1" and e.position == 13 and e.p == e.p]
    assert position["df"] == len(own) - 1
    assert position["reference"] in {e.term for e in own}
    again = rs.fit(real, outcome, terms=["residue"], minimum_count=0).omnibus_frame()
    pd.testing.assert_frame_equal(found.omnibus_frame(), again)


def test_conditioning_and_stepwise_leave_only_the_cause(real: Cohort, outcome: pd.Series) -> None:
    both: dict[str, Any] = {"terms": ["allele", "residue"], "minimum_count": 90}
    alone = rs.fit(real, outcome, **both)
    given = rs.fit(real, outcome, **both, condition_on=["HLA-DRB1*04:01"])
    assert row(alone, "HLA-DRB1:13H")["p"] < 1e-4
    assert row(given, "HLA-DRB1:13H")["p"] > 0.01
    assert "HLA-DRB1*04:01" not in set(given.to_frame()["term"])
    steps = rs.fit(real, outcome, **both, threshold=1e-5)
    assert [step.term for step in steps.steps] == ["HLA-DRB1*04:01"]
    assert [e.term for e in steps.effects] == ["HLA-DRB1*04:01"]
    assert steps.regression is not None
    none = rs.fit(real, outcome, terms=["haplotype"], threshold=1e-200)
    assert none.regression is None
    assert "no term reached p = 1e-200" in none.notes


def test_stepwise_by_position_is_the_likelihood_ratio_of_its_residues() -> None:
    """Two causal positions of four, of which a third says the same as the first."""
    rng = np.random.default_rng(6)
    residues = {11: "LVS", 13: "FRH", 71: "KRA", 86: "GV"}
    drawn = {position: rng.integers(0, len(a), (900, 2)) for position, a in residues.items()}
    drawn[13] = drawn[11]  # always together: F with L, R with V, H with S
    frame = pd.DataFrame(
        {
            f"HLA-DRB1:{position}{letter}": (drawn[position] == i).sum(axis=1)
            for position, letters in residues.items()
            for i, letter in enumerate(letters)
        }
    )
    lp = frame[["HLA-DRB1:11V", "HLA-DRB1:71K"]] @ [1.2, 0.7] - 1.5
    y = (rng.random(900) < 1 / (1 + np.exp(-lp))).astype(float)
    found = rs.fit(frame, y, threshold=1e-4, by_position=True)
    assert [test.group for test in found.omnibus] in (
        [["HLA-DRB1:11", "HLA-DRB1:71"], ["HLA-DRB1:13", "HLA-DRB1:71"]]
    )
    # The same by statsmodels: a position's residues but one, beside those chosen before.
    held = np.ones((900, 1))
    for test in found.omnibus:
        own = frame[list(test.terms)].to_numpy(float)
        assert (test.df, own.shape[1]) == (2, 2)
        smaller = sm.Logit(y, held).fit(disp=0).llf
        held = np.column_stack([held, own])
        assert test.chi2 == pytest.approx(2 * (sm.Logit(y, held).fit(disp=0).llf - smaller))
    assert found.regression is not None
    assert found.regression.loglik == pytest.approx(sm.Logit(y, held).fit(disp=0).llf)
    none = rs.fit(frame, y, threshold=1e-90, by_position=True)
    assert "no position reached p = 1e-90" in none.notes
    with pytest.raises(UsageError, match="give a threshold"):
        rs.fit(frame, y, by_position=True)


def test_imputed_copies_count_less() -> None:
    rng = np.random.default_rng(3)
    true = rng.binomial(2, 0.1, 2000).astype(float)
    blurred = 0.2 + 0.5 * (true - 0.2)  # variance a quarter: imputation R2 of about 0.25
    frame = pd.DataFrame({"A*01:01": true, "B*08:01": blurred, "case": rng.integers(0, 2, 2000)})
    typed, imputed = rs.fit(frame, "case").effects
    assert typed.effective_count == pytest.approx(true.sum(), rel=0.1)
    assert imputed.effective_count == pytest.approx(typed.effective_count / 4, rel=0.1)


def test_a_term_with_weights_by_dosage_is_fitted_beside_the_others() -> None:
    """Its numbers are no copies of an allele, of which it could have too few."""
    made = rs.simulate("ra", cases=1500, controls=1500, seed=8)
    outcome = pd.Series(made.outcome["ra"].astype(int), index=made.samples)
    women = pd.DataFrame({"female": [float(str(x) == "female") for x in made.sex]})
    covariates = women.set_axis(list(made.samples))
    found = rs.fit(made.cohort(), outcome, terms=["model"], joint=True, covariates=covariates)
    rows = found.to_frame().set_index("term")
    assert np.isnan(rows.loc["shared_epitope (by dosage)", "effective_count"])
    truth = {term.id: term.weight for term in rs.load_model("ra").terms}
    for term in ("shared_epitope (by dosage)", "VKA", "LRA"):
        beta, se = rows.loc[term, ["beta", "se"]]
        assert abs(beta - truth[term]) < 3.5 * se, term


def test_a_models_dominant_term_counts_carriers() -> None:
    made = rs.simulate("sle", 400, seed=2)
    found = rs.fit(made.cohort(), [0, 1] * 200, terms=["model"], minimum_count=0).to_frame()
    dominant = found[found["coding"] == "dominant"]
    assert len(dominant)
    np.testing.assert_allclose(dominant["frequency"], dominant["carriers"] / dominant["n"])


def people(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    x = rng.integers(0, 3, n)
    return pd.DataFrame(
        {"DRB1*15:01": x, "age": rng.normal(50, 8, n), "case": rng.integers(0, 2, n)},
        index=[f"P{i}" for i in range(n)],
    )


def test_separation_is_firths_and_says_so() -> None:
    frame = people().assign(case=lambda f: (f["DRB1*15:01"] > 0).astype(int))
    effect = rs.fit(frame, "case", terms=["DRB1*15:01"]).effects[0]
    assert effect.method == "firth"
    assert effect.note == "cases and controls are separated: Firth's method"
    assert np.isfinite([effect.beta, effect.se, effect.p]).all()
    alone = rs.fit(frame, "case", terms=["DRB1*15:01"], method="maximum_likelihood").effects[0]
    assert np.isnan(alone.beta)
    assert "would be infinite" in alone.note
    with pytest.raises(SeparationError, match="would be infinite"):
        rs.fit(frame, "case", terms=["DRB1*15:01"], method="maximum_likelihood", joint=True)


def test_constant_and_unseen_columns_say_so() -> None:
    frame = people().assign(**{"A*01:01": 0, "B*08:01": np.nan})
    notes = rs.fit(frame, "case", covariates=["age"], minimum_count=0).to_frame()
    notes = notes.set_index("term")["note"]
    assert notes["HLA-A*01:01"] == "not tested: the same in everyone"
    assert notes["HLA-B*08:01"] == "not tested: not observed"
    with pytest.raises(NoVariationError, match="the covariate age is the same in everyone"):
        rs.fit(frame.assign(age=40), "case", terms=["DRB1*15:01"], covariates=["age"])
    with pytest.raises(NoVariationError, match="none of the terms can be tested"):
        rs.fit(frame, "case", terms=["A*01:01"], joint=True)
    doubled = people().assign(**{"DQB1*06:02": lambda f: f["DRB1*15:01"]})
    with pytest.raises(NoVariationError, match=r"DQB1\*06:02 can be written as a sum"):
        rs.fit(doubled, "case", terms=["DRB1*15:01", "DQB1*06:02"], joint=True, minimum_count=0)


def test_outcomes_that_cannot_be_used() -> None:
    frame = people()
    with pytest.raises(OutcomeError, match="is a control"):
        rs.fit(frame.assign(case=0), "case")
    with pytest.raises(OutcomeError, match="outcome of everyone is missing"):
        rs.fit(frame.assign(case=None), "case")
    with pytest.raises(OutcomeError, match="and 2 in others"):
        rs.fit(frame.assign(case=frame["case"] * 2), "case")
    with pytest.raises(FewPeopleError, match="only 3 people"):
        rs.fit(frame[:3].assign(case=[0, 1, 0]), "case")
    with pytest.raises(StudyTableError, match="has no column 'ill'"):
        rs.fit(frame, "ill")
    with pytest.raises(StudyTableError, match="names none of the samples"):
        rs.fit(frame[["DRB1*15:01"]], {"someone": 1})
    with pytest.raises(StudyTableError, match="names a sample twice"):
        rs.fit(frame[["DRB1*15:01"]], pd.concat([frame["case"], frame["case"][:1]]))


def test_missing_people_are_counted_not_guessed() -> None:
    frame = people().astype({"case": float, "DRB1*15:01": float})
    frame.loc["P0", "case"], frame.loc["P1", "age"] = np.nan, np.nan
    frame.loc["P2", "DRB1*15:01"] = np.nan
    found = rs.fit(frame, "case", terms=["DRB1*15:01"], covariates=["age"], minimum_count=0)
    assert found.effects[0].n == 57
    assert found.notes == (
        "1 of 60 people have no outcome and are left out",
        "1 people lack a covariate and are left out",
    )
    joint = rs.fit(frame, "case", terms=["DRB1*15:01"], covariates=["age"], minimum_count=0,
                   joint=True)  # fmt: skip
    assert "1 people lack one of the terms and are left out" in joint.notes
    frame["A*01:01"] = np.tile([0.0, 1.0], 30)
    two = rs.fit(frame, "case", terms=["DRB1*15:01", "A*01:01"], minimum_count=0, joint=True)
    assert two.regression is not None
    assert {e.n for e in two.effects} == {two.regression.n} == {58}


def test_the_outcome_is_joined_by_sample_not_by_order() -> None:
    frame = people()
    shuffled = frame["case"].sample(frac=1, random_state=3)
    one, two = (rs.fit(frame[["DRB1*15:01"]], y) for y in (frame["case"], shuffled))
    assert one.effects == two.effects


def test_text_covariates_become_levels() -> None:
    frame = people().assign(site=["a", "b", "c"] * 20)
    found = rs.fit(frame, "case", terms=["DRB1*15:01"], covariates=["site"], minimum_count=0)
    assert found.study.covariate_names == ("site=b", "site=c")


def test_what_cannot_be_meant_is_refused(real: Cohort, outcome: pd.Series) -> None:
    frame = people()
    with pytest.raises(UsageError, match="no coding 'overdominant'"):
        rs.fit(frame, "case", coding="overdominant")
    with pytest.raises(UsageError, match="copies below 0 or above 2"):
        rs.fit(frame.assign(**{"A*01:01": 3}), "case")
    with pytest.raises(UsageError, match="is not an HLA allele or residue"):
        rs.fit(frame.assign(**{"HLA-nonsense": 1}), "case")
    with pytest.raises(UsageError, match="exclude each other"):
        rs.fit(frame, "case", joint=True, threshold=0.05)
    with pytest.raises(UsageError, match="no term 'x' to condition on"):
        rs.fit(frame, "case", condition_on=["x"])
    with pytest.raises(UsageError, match="no kind of term 'gene'"):
        rs.fit(real, outcome, terms=["gene"])
    with pytest.raises(NothingMatchedError, match="nothing of the kind exposure"):
        rs.fit(real, outcome, terms=["exposure"])
