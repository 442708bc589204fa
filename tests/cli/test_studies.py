"""The verbs fit, evaluate and interaction, end to end on simulated people."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import riskscore as rs
from riskscore.cli import command_line
from riskscore.errors import RiskscoreError, StudyTableError, UsageError
from riskscore.models.terms import HLAAlleleFactor

PREVALENCE = "0.02"


def run(*arguments: object) -> str:
    """Standard output of a verb; its error is raised."""
    result = CliRunner().invoke(command_line(), [str(a) for a in arguments])
    if isinstance(result.exception, RiskscoreError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated case-control study, and the table of its people."""
    folder = tmp_path_factory.mktemp("study")
    rs.simulate("ra", cases=350, controls=350, seed=2, out=folder / "sim")
    outcome = pd.read_csv(folder / "sim" / "outcome.tsv", sep="\t")
    sex = pd.read_csv(folder / "sim" / "exposures.tsv", sep="\t")[["sample", "sex", "smoking"]]
    people = outcome.merge(sex).rename(columns={"ra": "case"})
    people.sample(frac=1, random_state=1).to_csv(folder / "people.tsv", sep="\t", index=False)
    return folder


def test_fit_a_vcf_and_make_a_model(study: Path, tmp_path: Path) -> None:
    common = ("--outcome", study / "people.tsv", "-m", "ra",
              "--exposures", study / "sim" / "exposures.tsv")  # fmt: skip
    vcf = study / "sim" / "cohort.vcf.gz"
    run("fit", vcf, *common, "-t", "residue", "--covariate", "sex", "-o", tmp_path / "fit.tsv",
        "--minimum-count", 150, "--omnibus", tmp_path / "omnibus.tsv",
        "--plot", tmp_path / "hla.html")  # fmt: skip
    table = pd.read_csv(tmp_path / "fit.tsv", sep="\t")
    assert table.loc[table["p"].idxmin(), "gene"] == "DRB1"
    assert "HLA-DRB1:11" in (tmp_path / "omnibus.tsv").read_text()
    assert "HLA association" in (tmp_path / "hla.html").read_text()
    run("fit", vcf, *common, "-t", "model", "--model-out", tmp_path / "mine", "--prevalence",
        PREVALENCE, "-o", tmp_path / "joint.tsv")  # fmt: skip
    model = rs.load_model(tmp_path / "mine")
    joint = pd.read_csv(tmp_path / "joint.tsv", sep="\t").set_index("term")
    published = {term.id: term for term in rs.load_model("ra").terms}
    for term in model.terms:
        beta = joint.loc[term.id, "beta"]
        if joint.loc[term.id, "coding"] != "by dosage":
            assert term.weight == pytest.approx(beta)
            continue
        own, theirs = term.factors[0], published[term.id].factors[0]
        assert isinstance(own, HLAAlleleFactor)
        assert isinstance(theirs, HLAAlleleFactor)
        added = term.weight * np.array(own.coding.values)
        np.testing.assert_allclose(added, beta * np.array(theirs.coding.values), rtol=1e-6)
    assert {b.value for b in model.baseline} == {float(PREVALENCE)}


def test_fit_a_table_without_a_vcf(study: Path) -> None:
    out = run("fit", "--outcome", study / "people.tsv", "-t", "smoking", "--covariate", "sex")
    header, line = (text.split("\t") for text in out.splitlines())
    row = dict(zip(header, line, strict=True))
    assert row["term"] == "smoking=never"
    assert float(row["odds_ratio"]) < 1
    people = pd.read_csv(study / "people.tsv", sep="\t")
    assert int(row["n"]) == people["smoking"].notna().sum()


def test_evaluate_scores(study: Path, tmp_path: Path) -> None:
    run("score", study / "sim" / "cohort.vcf.gz", "-m", "ra", "--exposures",
        study / "sim" / "exposures.tsv", "--out", tmp_path / "scores")  # fmt: skip
    run("evaluate", tmp_path / "scores", "--outcome", study / "people.tsv", "--prevalence",
        PREVALENCE, "--group", "sex", "--bootstrap", 20, "--out", tmp_path / "found",
        "--threshold", 0.05)  # fmt: skip
    found = pd.read_csv(tmp_path / "found" / "measures.tsv", sep="\t")
    auc = found[found["measure"] == "auc"].set_index("group")["estimate"]
    assert set(auc.index) == {"everyone", "sex=female", "sex=male"}
    assert auc["everyone"] > 0.7
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert {"roc.html", "calibration.html", "decision.html", "deciles.html", "thresholds.tsv",
            "comparison.tsv"} <= names  # fmt: skip
    with pytest.raises(UsageError, match="not a table of scores"):
        run("evaluate", study / "people.tsv", "--outcome", study / "people.tsv")
    with pytest.raises(StudyTableError, match="has no column 'ill'"):
        run("evaluate", tmp_path / "scores", "--outcome", study / "people.tsv",
            "--outcome-column", "ill")  # fmt: skip


def test_interaction_of_people_and_of_a_table(study: Path, tmp_path: Path) -> None:
    out = run("interaction", study / "people.tsv", "-e", "smoking", "-e", "sex", "--outcome",
              "case", "--reference", "sex=male", "--joint", tmp_path / "joint.tsv")  # fmt: skip
    assert [line.split("\t")[2] for line in out.splitlines()[1:]] == ["product", "RERI", "AP", "S"]
    joint = pd.read_csv(tmp_path / "joint.tsv", sep="\t")
    people = pd.read_csv(study / "people.tsv", sep="\t").dropna(subset=["smoking"])
    assert joint["cases"].sum() + joint["controls"].sum() == len(people)
    oral = pd.DataFrame({"smoking": [0, 0, 1, 1], "alcohol": [0, 1, 0, 1],
                         "cases": [3, 6, 8, 225], "controls": [20, 12, 18, 166]})  # fmt: skip
    oral.to_csv(tmp_path / "oral.csv", index=False)
    out = run("interaction", tmp_path / "oral.csv", "-e", "smoking", "-e", "alcohol", "--cases",
              "cases", "--controls", "controls", "--plot", tmp_path / "joint.svg")  # fmt: skip
    assert "\tRERI\t3.7398" in out
    with pytest.raises(StudyTableError, match="which level of sex is the reference"):
        run("interaction", study / "people.tsv", "-e", "smoking", "-e", "sex", "--outcome", "case")
    with pytest.raises(UsageError, match="exposure=level"):
        run("interaction", study / "people.tsv", "-e", "smoking", "-e", "sex", "--outcome", "case",
            "--reference", "male")  # fmt: skip
