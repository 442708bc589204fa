"""The public surface, name by name: a change here is a change for users."""

import riskscore as rs

SURFACE = {
    "Build", "Cohort", "HLAAllele", "Missing", "Question", "Reading", "RiskModel", "RiskScorer",
    "RiskscoreError", "Scores", "Term", "Variant", "compare_groups", "evaluate", "fit",
    "interaction", "list_models", "load_model", "model_of", "penalised", "person", "read_cohort",
    "read_hla", "recalibrate", "save_chart", "score", "simulate", "stacked", "write_bundle",
    "write_explorer", "write_model", "write_report",
}  # fmt: skip


def test_the_surface_is_what_it_was() -> None:
    assert set(rs.__all__) == SURFACE
    assert rs.__all__ == sorted(rs.__all__)


def test_every_name_is_there_and_documented() -> None:
    for name in rs.__all__:
        assert getattr(rs, name).__doc__, name


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert rs.__version__ == version("riskscore")
