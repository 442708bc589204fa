"""One person, written down by hand."""

import pytest

import riskscore as rs
from riskscore.errors import ModelNotFoundError


def test_models_by_id_as_everywhere_else() -> None:
    hla = {"DRB1": "15:01 03:01"}
    one, same = (rs.person(m, hla=hla) for m in ("ms", [rs.load_model("ms")]))
    assert one.models == same.models
    assert rs.score(one).to_frame().log_odds[0] == rs.score(same).to_frame().log_odds[0]
    assert [model.id for model in rs.person(["ms", "ra"], hla=hla).models] == ["ms", "ra"]
    with pytest.raises(ModelNotFoundError):
        rs.person("msx", hla=hla)
