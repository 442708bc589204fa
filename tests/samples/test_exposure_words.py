"""Words of an exposures table that could mean a level or that nothing is known."""

import pytest

import riskscore as rs
from riskscore.samples.exposures import Exposures


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("none", "none"),
        ("None", "none"),
        ("0", "none"),
        ("", None),
        ("NA", None),
        ("unknown", None),
    ],
)
def test_a_level_called_none_is_a_level(cell: str, level: str | None) -> None:
    alcohol = rs.load_model("ra").exposure("alcohol")
    places = Exposures(columns={"alcohol": (cell,)}).levels(alcohol, 1)
    found = alcohol.levels[places[0]].value if places[0] >= 0 else None
    assert found == level
