"""Models by name, and what a name that is no model's may have meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.errors import ModelNotFoundError, UsageError
from riskscore.files.inputs import reference_root
from riskscore.models.catalog import as_models, list_models, load_model, shipped_models


def test_names_in_capitals() -> None:
    assert load_model("T1D").id == "t1d"
    assert [model.id for model in as_models(["MS", "ra"])] == ["ms", "ra"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lupus", "did you mean sle "),  # within the name of the disease
        ("hashimotos", "did you mean hashimoto "),
        ("multiple sclerosys", r"did you mean ms \(multiple sclerosis\)"),
        ("Rheumatoid", r"did you mean ra \(rheumatoid arthritis"),
        ("t1d-grs2-sharp20", r"did you mean t1d-grs2-sharp21 \(type 1 diabetes mellitus\)\?"),
        ("arth", "did you mean ra "),  # four letters within a name; three are too few
        ("art", "no model 'art'. To fix it: choose one of"),
        ("zzz", r"choose one of hashimoto \(Hashimoto's thyroiditis\), ms, ms-2013"),
        ("coeliac disease", r"\(type 1 diabetes mellitus\); no other disease has a model here"),
        ("t1d-autoantibodies", "riskscore progression"),
    ],
)
def test_what_was_meant(name: str, told: str) -> None:
    with pytest.raises(ModelNotFoundError, match=told):
        load_model(name)


def test_models_once_each() -> None:
    ms = rs.load_model("ms")
    assert as_models(ms) == (ms,)
    with pytest.raises(UsageError, match="'ms' is named twice"):
        as_models([ms, "ms"])
    with pytest.raises(UsageError, match="no model was named"):
        as_models([])


@pytest.mark.parametrize("name", ["t1d", "ms"])
def test_markers_are_of_their_variants(name: str) -> None:
    model = rs.load_model(name)
    marked = {marker.variant: marker for marker in model.markers}
    assert bool(marked) == (name == "t1d")
    for variant in model.variants:
        assert model.marker(variant) == marked.get(variant.name)


def test_models_by_path(made_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder, or the model.yaml in it; a shipped model's name goes before a folder's."""
    folder = made_folder()
    for path in (folder, str(folder), folder / "model.yaml", str(folder / "model.yaml")):
        assert load_model(path).id == "small"
        assert [model.id for model in as_models(path)] == ["small"]
    monkeypatch.chdir(folder.parent)
    folder.rename("ms")
    assert load_model("ms").id == "ms"
    assert load_model("./ms").id == "small"  # so written it is a path
    with pytest.raises(ModelNotFoundError, match="no model 'weights'"):
        load_model(folder.parent / "ms" / "weights")


def test_models_of_a_disease() -> None:
    assert {model.id for model in shipped_models("MONDO:0005301")} == {
        "ms", "ms-2013", "ms-hla-ukb", "ms-smoking-hla",
    }  # fmt: skip
    folders = {path.parent.name for path in (reference_root() / "models").glob("*/weights.tsv")}
    assert set(list_models()) == {model.id for model in shipped_models("")} == folders
    assert list(list_models()) == sorted(folders)
    assert shipped_models("MONDO:0000000") == ()
