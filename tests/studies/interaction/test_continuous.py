"""Interaction of continuous exposures, and of what a cohort holds."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import riskscore as rs
from riskscore.errors import StudyTableError, UsageError
from riskscore.samples.cohort import Cohort
from riskscore.samples.frame import read_frame


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 800
    frame = pd.DataFrame({"bmi": rng.normal(26, 4, n), "age": rng.normal(45, 9, n)})
    frame["DRB1"] = rng.choice(["15:01+03:01", "15:01+15:01", "04:01+03:01", "01:01+07:01"], n)
    frame["smoking"] = rng.choice(["ever", "never"], n)
    carrier, ever = frame["DRB1"].str.contains("15:01"), frame["smoking"] == "ever"
    lp = 0.06 * (frame["bmi"] - 26) + 0.8 * carrier + 0.4 * ever + 0.5 * (carrier & ever) - 1.2
    frame["case"] = (rng.random(n) < 1 / (1 + np.exp(-lp))).astype(int)
    frame.loc[3, "bmi"] = np.nan
    return frame.set_index(np.array([f"p{i:03}" for i in range(n)]))


@pytest.fixture(scope="module")
def cohort(people: pd.DataFrame) -> Cohort:
    return read_frame(people[["DRB1", "smoking"]], [rs.load_model("ms")])


def reri(beta: np.ndarray) -> float:
    one, two, both = beta[1], beta[2], beta[3]
    return float(np.exp(one + two + both) - np.exp(one) - np.exp(two) + 1)


def test_a_step_of_a_continuous_exposure(people: pd.DataFrame) -> None:
    """RERI of five units above 22 beside smoking: from statsmodels, by the delta method."""
    found = rs.interaction(people, exposures=["bmi", "smoking"], outcome="case", covariates=["age"],
                           reference={"bmi": "22"}, per={"bmi": 5})  # fmt: skip
    known = people.dropna()
    x, z = (known["bmi"] - 22) / 5, (known["smoking"] == "ever").astype(float)
    design = np.column_stack([np.ones(len(known)), x, z, x * z, known["age"]])
    fit = sm.Logit(known["case"], design).fit(disp=0, tol=1e-12)
    beta, step = fit.params.to_numpy(), 1e-6
    slope = np.array([(reri(beta + d) - reri(beta - d)) / (2 * step) for d in step * np.eye(5)])
    se = float(slope @ fit.cov_params().to_numpy() @ slope) ** 0.5
    (row,) = (m for m in found.measures if m.measure == "RERI")
    assert row.estimate == pytest.approx(reri(beta))
    assert (row.low, row.high) == pytest.approx(
        (reri(beta) - 1.959964 * se, reri(beta) + 1.959964 * se), abs=1e-5
    )
    assert (row.first, row.second) == ("27", "ever")
    effect = next(e for e in found.joint if (e.first, e.second) == ("27", "never"))
    assert effect.odds_ratio == pytest.approx(np.exp(beta[1]))
    assert effect.cases is None
    assert found.plot.joint().to_dict()["title"]["subtitle"][0] == (
        f"n = 799 people, {known['case'].sum()} of them cases"
    )
    assert "1 people have no bmi" in found.notes


def test_carriers_and_exposures_of_a_cohort(people: pd.DataFrame, cohort: Cohort) -> None:
    named = ["HLA-DRB1*15:01", "smoking"]
    found = rs.interaction(cohort, exposures=named, outcome=people["case"],
                           covariates=people[["age"]])  # fmt: skip
    by_hand = people.assign(**{named[0]: people["DRB1"].str.contains("15:01").astype(int)})
    theirs = rs.interaction(by_hand, exposures=named, outcome="case", covariates=["age"])
    pd.testing.assert_frame_equal(found.to_frame(), theirs.to_frame())
    assert sum(effect.cases or 0 for effect in found.joint) == people["case"].sum()


def test_imputed_carriers_enter_by_their_probability(people: pd.DataFrame) -> None:
    copies = people["DRB1"].str.count("15:01").clip(upper=1)
    share = np.where(copies == 1, 0.9, 0.1)
    typed = people[["smoking"]].assign(**{"DRB1*15:01": share, "DRB1*03:01": 2 - share})
    cohort = read_frame(typed, [rs.load_model("ms")])
    found = rs.interaction(cohort, exposures=["DRB1*15:01", "smoking"], outcome=people["case"])
    by_hand = people.assign(**{"DRB1*15:01": share})
    theirs = rs.interaction(
        by_hand, exposures=["DRB1*15:01", "smoking"], outcome="case",
        reference={"DRB1*15:01": "0"}, per={"DRB1*15:01": 1},
    )  # fmt: skip
    pd.testing.assert_frame_equal(found.to_frame(), theirs.to_frame(), rtol=1e-4)


def test_what_cannot_be_compared_says_why(people: pd.DataFrame, cohort: Cohort) -> None:
    pair: dict[str, Any] = {"exposures": ["bmi", "smoking"], "outcome": "case"}
    with pytest.raises(StudyTableError, match=r"bmi has \d+ levels") as caught:
        rs.interaction(people, **pair)
    assert "per={'bmi': 10}" in str(caught.value)
    for per, reference, words in (
        ({"age": 10}, {}, "is not one of the two"), ({"bmi": 5, "smoking": 1}, {}, "not a number"),
        ({"bmi": 0}, {}, "compares nothing"), ({"bmi": 5}, {"bmi": "thin"}, "no number"),
    ):  # fmt: skip
        with pytest.raises(StudyTableError, match=words):
            rs.interaction(people, **pair, per=per, reference=reference)
    for name in ("HLA-A*02:01", "rs1", "vitamin_d"):
        with pytest.raises(UsageError, match="the cohort has no"):
            rs.interaction(cohort, exposures=[name, "smoking"], outcome=people["case"])


def test_the_command_line(people: pd.DataFrame, make_vcf: Any, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from riskscore.cli import command_line

    table = people.rename_axis("sample").reset_index()
    table.to_csv(tmp_path / "people.tsv", sep="\t", index=False)
    snp = next(v for v in rs.load_model("ms").variants if v.name == "rs10801908")
    cells = [("0/0", "0/1", "1/1")[i % 3] for i in range(len(people))]
    place = (snp.chromosome, snp.position_grch38, snp.name, snp.other_allele, snp.effect_allele)
    vcf = make_vcf(list(people.index), [(*place, "GT", cells)],
                   header=["##contig=<ID=1>", "##reference=GRCh38"])  # fmt: skip
    common = ["interaction", tmp_path / "people.tsv", "--outcome", "case", "-e", "bmi",
              "-e", "smoking", "--per", "bmi=5"]  # fmt: skip

    def run(*arguments: object) -> Any:
        return CliRunner().invoke(command_line(), [str(a) for a in arguments])

    out = run(*common)
    assert out.exit_code == 0, out.output
    assert "RERI" in out.stdout
    assert isinstance(run(*common[:-1], "bmi=wide").exception, UsageError)
    out = run("interaction", tmp_path / "people.tsv", "--vcf", vcf, "-m", "ms", "--exposures",
              tmp_path / "people.tsv", "-e", snp.name, "-e", "smoking", "--outcome", "case",
              "--covariate", "age")  # fmt: skip
    assert out.exit_code == 0, out.output
    by_hand = people.assign(**{snp.name: [int(c != "0/0") for c in cells]})
    theirs = rs.interaction(by_hand, exposures=[snp.name, "smoking"], outcome="case",
                            covariates=["age"]).to_frame()  # fmt: skip
    own = pd.read_csv(io.StringIO(out.stdout), sep="\t")
    np.testing.assert_allclose(own["estimate"], theirs["estimate"], rtol=1e-4)
