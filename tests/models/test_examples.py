"""Every example of every shipped model, worked by hand in its model.yaml."""

import pytest

import riskscore as rs
from riskscore.errors import ModelFormatError
from riskscore.scoring.examples import check_examples


@pytest.mark.parametrize("name", rs.list_models())
def test_examples_agree(name: str) -> None:
    model = rs.load_model(name)
    assert check_examples(model) == len(model.examples) >= 1


def test_a_wrong_example_is_caught() -> None:
    from dataclasses import replace

    model = rs.load_model("ms")
    example = model.examples[0]
    wrong = replace(example, expect={**example.expect, "sum": 99.0})
    with pytest.raises(ModelFormatError, match="should be 99"):
        check_examples(replace(model, examples=(wrong,)))
