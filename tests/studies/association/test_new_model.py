"""A fit written as a model folder, and a model recalibrated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import OutputError, UsageError
from riskscore.models.terms import DOMINANT, RECESSIVE
from riskscore.studies.association.penalised import CrossValidated

DISEASE = {"name": "a disease", "mondo": "MONDO:0000001"}
CARD = {"disease": DISEASE, "outcome": "a disease", "ancestry": "EUR", "source": "our study"}


def people(n: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"HLA-DRB1*15:01": rng.binomial(2, 0.15, n), "HLA-DRB1:71K": rng.binomial(2, 0.3, n),
         "smoking": rng.choice(["never", "former", "current"], n), "bmi": rng.normal(26, 4, n),
         "obese": rng.integers(0, 2, n), "age": rng.normal(50, 9, n)}
    )  # fmt: skip
    lp = -1 + 0.9 * (frame["HLA-DRB1*15:01"] > 0) + 0.5 * (frame["smoking"] == "current")
    frame["case"] = (rng.random(n) < 1 / (1 + np.exp(-lp - 0.05 * (frame["bmi"] - 26)))).astype(int)
    frame["smoking"] = pd.Categorical(frame["smoking"], ["never", "former", "current"])
    return frame


def test_a_frames_fit_reads_back_as_a_model(tmp_path: Path) -> None:
    found = rs.fit(people(), "case", covariates=["age"], joint=True)
    folder = rs.write_model(
        rs.model_of(found, id="mine", name="Mine", prevalence=0.01, **CARD), tmp_path / "mine"
    )
    model = rs.load_model(folder)
    assert found.regression is not None
    for column in found.candidates.columns:
        assert column.term is not None
        term = next(t for t in model.terms if t.id == column.term.id)
        j = found.regression.at(column.name)
        assert term.weight == pytest.approx(found.regression.beta[j], abs=1e-12)
        assert term.standard_error == pytest.approx(found.regression.se[j], rel=1e-9)
        assert (term.source, str(term.status)) == ("our study", "derived")
    assert [level.value for level in model.exposure("smoking").levels] == [
        "never", "former", "current"
    ]  # fmt: skip
    assert model.exposure("bmi").mean == pytest.approx(people()["bmi"].mean())
    assert {b.value for b in model.baseline} == {0.01}
    assert any("Adjusted for age" in limit for limit in model.card.limits)
    assert any("corrected to a prevalence of 0.01" in limit for limit in model.card.limits)
    # By hand: a carrier against a non-carrier, all else equal, differs by the weight.
    scores = [
        rs.score(rs.person([model], hla={"DRB1": hla})).of("mine").numbers["log_odds"][0]
        for hla in ("15:01 08:01", "08:01 08:01")
    ]
    residue = next(t for t in model.terms if t.id == "HLA-DRB1:71K").weight
    own = next(t for t in model.terms if t.id == "HLA-DRB1*15:01").weight
    assert scores[0] - scores[1] == pytest.approx(own + residue * 0)


def test_a_general_coding_is_two_rows(tmp_path: Path) -> None:
    found = rs.fit(people(), "case", terms=["HLA-DRB1*15:01"], coding="general", joint=True)
    folder = rs.write_model(rs.model_of(found, id="g", name="G", **CARD), tmp_path / "g")
    terms = rs.load_model(folder).terms
    assert [t.factors[0].coding for t in terms] == [DOMINANT, RECESSIVE]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["t1d", "ra", "ms", "sle"])
def test_every_shipped_model_is_written_and_read_alike(name: str, tmp_path: Path) -> None:
    from riskscore.studies.association.model_files import write_model

    model = rs.load_model(name)
    back = rs.load_model(write_model(model, tmp_path / name))
    key = [(t.id, t.factors, t.component, t.fallback_for, t.status) for t in model.terms]
    assert [(t.id, t.factors, t.component, t.fallback_for, t.status) for t in back.terms] == key
    for one, other in zip(model.terms, back.terms, strict=True):
        assert other.weight == pytest.approx(one.weight, abs=1e-12)
        assert (other.standard_error or 0) == pytest.approx(one.standard_error or 0, rel=1e-6)
        assert (other.standard_error is None) == (one.standard_error is None)
    assert back.baseline == model.baseline  # other horizons and populations too
    assert [e.id for e in back.exposures] == [e.id for e in model.exposures]


def test_what_makes_no_model(tmp_path: Path) -> None:
    frame = people().assign(rs2476601=1)
    frame.loc[:500, "rs2476601"] = 0
    with pytest.raises(UsageError, match="joint=True"):
        rs.model_of(rs.fit(frame, "case"), id="x", name="X", **CARD)
    joint = rs.fit(frame, "case", terms=["rs2476601"], joint=True)
    with pytest.raises(UsageError, match="where in the genome"):
        rs.model_of(joint, id="x", name="X", **CARD)
    smoking = rs.fit(frame, "case", terms=["smoking"], joint=True)
    with pytest.raises(UsageError, match="needs a genetic term"):
        rs.write_model(rs.model_of(smoking, id="x", name="X", **CARD), tmp_path / "x")
    with pytest.raises(UsageError, match="a disease, an outcome and an ancestry"):
        rs.model_of(smoking, id="x", name="X", source="y")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    allele = rs.fit(frame, "case", terms=["HLA-DRB1*15:01"], joint=True)
    with pytest.raises(OutputError, match="not empty"):
        rs.write_model(rs.model_of(allele, id="x", name="X", **CARD), tmp_path / "full")


# alleles that the genes have
DRB1 = ("01:01 03:01 04:01 04:04 07:01 08:01 09:01 10:01 11:01 12:01 13:01 13:02 14:01 15:01 16:01"
        ).split()  # fmt: skip
A = "01:01 02:01 03:01 11:01 23:01 24:02 25:01 26:01 29:02 30:01 31:01 32:01".split()


@pytest.fixture(scope="module")
def drifted() -> tuple[rs.Cohort, pd.Series]:
    """People whose disease follows logit(risk) -> 1 + 0.6 logit(risk), by the RA model's risks."""
    simulated = rs.simulate("ra", 20_000, seed=3, prevalence=0.2)
    cohort = simulated.cohort()
    risk = rs.score(cohort, prevalence=0.2).of("ra").numbers["probability"]
    lp = 1 + 0.6 * np.log(risk / (1 - risk))
    y = np.random.default_rng(1).random(len(lp)) < 1 / (1 + np.exp(-lp))
    return cohort, pd.Series(y.astype(int), index=simulated.samples)


def test_recalibration_finds_intercept_and_slope(drifted: tuple[rs.Cohort, pd.Series]) -> None:
    cohort, outcome = drifted
    table = rs.score(cohort, prevalence=0.2).of("ra")
    found = rs.recalibrate(table, outcome, cohort.samples)
    assert found.intercept_ci[0] < 1 < found.intercept_ci[1]
    assert found.slope_ci[0] < 0.6 < found.slope_ci[1]
    # A case-control sample of the same people says the same, once told the prevalence.
    y = outcome.to_numpy()
    kept = np.concatenate([np.flatnonzero(y == 1)[:3000], np.flatnonzero(y == 0)[:6000]])
    part = outcome.iloc[kept]
    again = rs.recalibrate(table, part, cohort.samples, prevalence=float(y.mean()))
    assert again.intercept_ci[0] < 1 < again.intercept_ci[1]
    assert again.slope_ci[0] < 0.6 < again.slope_ci[1]


def test_a_recalibrated_model_is_calibrated(drifted: tuple[rs.Cohort, pd.Series]) -> None:
    cohort, outcome = drifted
    scores = rs.score(cohort, prevalence=0.2)
    found = rs.recalibrate(scores.of("ra"), outcome, cohort.samples)
    model = found.apply(scores.of("ra"))
    table = rs.score(replace(cohort, models=(model,))).of("ra")
    again = rs.recalibrate(table, outcome, cohort.samples)
    assert again.slope == pytest.approx(1, abs=0.02)
    assert again.intercept_only == pytest.approx(0, abs=0.05)
    assert model.version != cohort.models[0].version
    assert any("Recalibrated in 20000 people" in limit for limit in model.card.limits)
    level = found.apply(scores.of("ra"), slope=False)
    assert [term.weight for term in level.terms] == [t.weight for t in cohort.models[0].terms]
    moved = rs.score(replace(cohort, models=(level,))).of("ra")
    assert rs.recalibrate(moved, outcome, cohort.samples).intercept_only == pytest.approx(
        0, abs=0.05
    )


@pytest.fixture(scope="module")
def lasso() -> CrossValidated:
    rng = np.random.default_rng(12)
    n = 800
    frame = pd.DataFrame({f"DRB1*{name}": rng.binomial(2, 0.25, n) for name in DRB1})
    lp = -1 + 1.2 * frame["DRB1*04:01"] - 0.9 * frame["DRB1*15:01"]
    frame["case"] = (rng.random(n) < 1 / (1 + np.exp(-lp))).astype(float)
    frame.loc[0, "DRB1*01:01"] = np.nan
    return rs.penalised(frame, "case", l1_ratio=1.0, folds=4, seed=2)


def test_the_lasso_finds_the_causes_out_of_fold(lasso: CrossValidated) -> None:
    weights = lasso.weights.set_index("term")["weight"]
    assert set(weights.abs().nlargest(2).index) == {"HLA-DRB1*04:01", "HLA-DRB1*15:01"}
    assert weights["HLA-DRB1*04:01"] == pytest.approx(1.2, abs=0.35)
    judged = lasso.evaluate(bootstrap=0).measures.set_index("measure")["estimate"]
    assert 0.65 < judged["auc"] < 0.85
    assert judged["calibration_slope"] == pytest.approx(1, abs=0.35)
    assert "1 missing values took the mean" in lasso.notes
    assert lasso.chosen["fold"].tolist() == ["1", "2", "3", "4", "all"]


def test_a_penalised_fit_becomes_a_model(lasso: CrossValidated, tmp_path: Path) -> None:
    assert lasso.fit is not None
    model = rs.model_of(lasso.fit, id="lasso", name="Lasso", prevalence=0.05, **CARD)
    back = rs.load_model(rs.write_model(model, tmp_path / "lasso"))
    weights = lasso.weights.set_index("term")["weight"]
    assert {t.id for t in back.terms} == set(weights[weights != 0].index)
    assert all(t.standard_error is None for t in back.terms)


def test_folds_say_nothing_where_there_is_nothing() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.binomial(2, 0.3, (300, 12)), columns=[f"A*{a}" for a in A])
    found = rs.penalised(frame, rng.integers(0, 2, 300), l1_ratio=0.0, folds=4)
    assert found.evaluate(bootstrap=0).measures["estimate"].iloc[0] < 0.6


def test_stacking_weighs_the_model_that_knows() -> None:
    simulated = rs.simulate(["ra", "ms"], 700, seed=4, prevalence=0.3)
    cohort = simulated.cohort()
    genes = {g: cohort.hla.genes[g] for g in ("DRB1", "B", "DPB1", "A")}
    frame = pd.DataFrame(
        {g: ["+".join(str(a) for a in (calls.best(i) or ())[:2]) for i in range(700)]
         for g, calls in genes.items()},
        index=simulated.samples,
    )  # fmt: skip
    found = rs.stacked(["ra", "ms"], frame, simulated.outcome["ra"].astype(int), folds=3)
    weights = found.weights.set_index("term")["weight"]
    assert weights["ra"] > 3 * abs(weights["ms"])
    assert weights["ra"] == pytest.approx(1, abs=0.5)
    assert found.evaluate(bootstrap=0).measures["estimate"].iloc[0] > 0.6
    with pytest.raises(UsageError, match="two models"):
        rs.stacked(["ra"], frame, simulated.outcome["ra"].astype(int))
