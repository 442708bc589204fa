"""Models by name, and what a name that is no model's may have meant."""

from __future__ import annotations

import pytest

import riskscore as rs
from riskscore.errors import ModelNotFoundError, UsageError
from riskscore.models.catalog import as_models, load_model


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
        ("zzz", "choose one of hashimoto, ms"),
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
