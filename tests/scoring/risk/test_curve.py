"""A person's curve by age ends where the table of scores stands, and is asked about age by age."""

import pytest

import riskscore as rs
from riskscore.errors import UsageError

HLA = {"DRB1": "03:01 04:01", "DQA1": "05:01 03:01", "DQB1": "02:01 03:02"}


@pytest.mark.parametrize("sex", ["female", "male", ""])
def test_the_curve_is_the_risk_asked_age_by_age(sex: str) -> None:
    one = rs.person([rs.load_model("t1d")], hla=HLA, **({"sex": sex} if sex else {}))
    curve = rs.score(one).risk_by_age("person").set_index("age")
    assert curve["risk"].is_monotonic_increasing
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.index[0] == 0
    assert (curve["risk"] > 3 * curve["average_risk"]).iloc[1:].all()
    for age in (curve.index[5], curve.index[-1]):
        row = rs.score(one, from_age=0, to_age=float(age)).to_frame().iloc[0]
        assert curve.loc[age, "risk"] == pytest.approx(row["probability"], rel=1e-9)
        assert curve.loc[age, "average_risk"] == pytest.approx(row["average_risk"], rel=1e-9)


def test_the_curve_of_t1d_ends_at_the_risk_of_its_horizon() -> None:
    scores = rs.score(rs.person([rs.load_model("t1d")], hla=HLA, sex="female"))
    last = scores.risk_by_age("person").iloc[-1]
    assert last["age"] == 20
    row = scores.to_frame().iloc[0]
    assert last["risk"] == pytest.approx(row["probability"], abs=1e-9)
    assert last["average_risk"] == pytest.approx(row["average_risk"], abs=1e-9)


def test_the_curve_begins_at_the_age_that_is_asked() -> None:
    one = rs.person([rs.load_model("t1d")], hla=HLA, sex="female")
    curve = rs.score(one, from_age=8, to_age=15).risk_by_age("person").set_index("age")
    assert curve.index[0] == 8
    assert curve["risk"].iloc[0] == 0
    assert curve.index[-1] == 20
    row = rs.score(one, from_age=8, to_age=20).to_frame().iloc[0]
    assert curve["risk"].iloc[-1] == pytest.approx(row["probability"], rel=1e-9)


def test_what_has_no_curve_says_why() -> None:
    scores = rs.score(rs.person([rs.load_model("t1d")], hla=HLA, sex="female"))
    with pytest.raises(UsageError, match="no such sample"):
        scores.risk_by_age("nobody")
