"""What a model may be called: its id names files, and so holds nothing that a path could read."""

import pytest

from riskscore.models.model import is_model_id


@pytest.mark.parametrize("name", ["t1d", "PGS000021", "a", "A_b.c-1", "x" * 80, "1000G"])
def test_names(name: str) -> None:
    assert is_model_id(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 81,
        ".",
        "..",
        ".hidden",
        "-x",
        "_x",
        "a/b",
        "a\\b",
        "a b",
        "a\n",
        "\u00e4",
        "a\x00",
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert not is_model_id(name)
