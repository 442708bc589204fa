"""The public surface, name by name: a change here is a change for users."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import UsageError

SURFACE = {
    "Build", "Cohort", "HLAAllele", "Missing", "Question", "Reading", "RiskModel", "RiskScorer",
    "RiskscoreError", "Scores", "Term", "Variant", "ancestry", "batch", "compare_groups",
    "evaluate", "fit", "interaction", "list_models", "load_model", "model_of", "penalised",
    "person", "read_cohort", "read_frame", "read_hla", "recalibrate", "save_chart", "score",
    "simulate", "stacked", "write_bundle", "write_explorer", "write_model", "write_report",
}  # fmt: skip


def test_the_surface_is_what_it_was() -> None:
    assert set(rs.__all__) == SURFACE
    assert rs.__all__ == sorted(rs.__all__)


def test_every_name_is_there_and_documented() -> None:
    for name in rs.__all__:
        assert getattr(rs, name).__doc__, name


def test_every_name_has_an_example_that_runs() -> None:
    """Its doctest; the tree of errors is drawn at the top of its file instead."""
    bare = [name for name in rs.__all__ if ">>>" not in (getattr(rs, name).__doc__ or "")]
    assert bare == []


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert rs.__version__ == version("riskscore-hla")


VCF = Path(__file__).parents[1] / "reference/examples/1000G_MHC_HLA.GRCh38.vcf.gz"


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """What a user may type at a prompt, each of many people."""
    scores = rs.score(VCF, ["t1d", "ra", "ms"])
    drawn = rs.simulate("ms", 300, seed=3)
    outcome = pd.Series([i % 3 == 0 for i in range(300)], index=drawn.samples).astype(int)
    frame = pd.DataFrame({"a": [0, 1] * 150, "b": [0, 0, 1] * 100, "case": outcome.to_numpy()})
    return {
        "scores": scores, "cohort": scores.cohort, "model": scores.tables[0].model,
        "table": scores.tables[0], "reference": scores.tables[0].reference,
        "panel": scores.panel, "question": scores.cohort.question, "simulation": drawn,
        "dosages": scores.cohort.dosages, "hla": scores.cohort.hla,
        "exposures": drawn.cohort().exposures,
        "fit": rs.fit(drawn.cohort(), outcome, terms=["snp"]),
        "evaluation": rs.evaluate(rs.score(drawn.cohort()), outcome),
        "interaction": rs.interaction(frame, exposures=["a", "b"], outcome="case"),
    }  # fmt: skip


def test_what_is_typed_fits_a_screen(shown: dict[str, Any]) -> None:
    for name, value in shown.items():
        lines = repr(value).splitlines()
        assert len(lines) <= 24, name
        assert all(len(line) <= 200 for line in lines), name


@pytest.mark.parametrize("name", ["scores", "fit", "evaluation", "interaction"])
def test_notebooks_show_a_table(shown: dict[str, Any], name: str) -> None:
    written = shown[name]._repr_html_()
    assert "<table" in written
    assert len(written) < 50_000


def test_scores_as_typed_name_each_model_and_its_people(shown: dict[str, Any]) -> None:
    first, *rest = repr(shown["scores"]).splitlines()
    assert first == "Scores of 2,504 people (GRCh38, reference population EUR)"
    assert [line.split()[0] for line in rest] == ["t1d", "ra", "ms"]
    assert shown["scores"]._repr_html_().count("HG01879") == 3  # the first in the file


def test_matches_and_coverage_are_what_a_run_writes(shown: dict[str, Any], tmp_path: Path) -> None:
    scores = shown["scores"]
    rs.write_bundle(scores, tmp_path / "out")
    for name, frame in (("match_report", scores.matches()), ("coverage", scores.coverage())):
        empty = {column: [""] for column in frame.select_dtypes("number")}
        path = tmp_path / "out" / f"{name}.tsv"
        written = pd.read_csv(path, sep="\t", keep_default_na=False, na_values=empty)
        pd.testing.assert_frame_equal(frame, written, check_dtype=False, atol=1e-11)


def test_batch_takes_files_and_says_what_failed(tmp_path: Path) -> None:
    rs.simulate("ms", 3, out=tmp_path / "people")
    (tmp_path / "in").mkdir()
    for name in ("cohort.vcf.gz", "cohort.vcf.gz.tbi"):
        shutil.copy(tmp_path / "people" / name, tmp_path / "in" / name)
    (tmp_path / "in" / "broken.vcf.gz").write_bytes(b"no VCF")
    outcome = rs.batch(tmp_path / "in", "ms", tmp_path / "out", population="AMR")
    assert [failure.sample_set for failure in outcome.failures] == ["broken"]
    assert outcome.progress.people == 3
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert told["parameters"]["population"] == "AMR"
    with pytest.raises(UsageError, match="are a file"):
        rs.batch(tmp_path / "in", "ms", tmp_path / "more", exposures=pd.DataFrame({"sample": []}))
