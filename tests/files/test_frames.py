"""Frames of other libraries give what the same pandas frame gives."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import riskscore as rs
from riskscore.errors import UsageError
from riskscore.files.frames import as_pandas


class Hidden:
    """A frame of which nothing is to be had but the interchange protocol."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._table = pa.Table.from_pandas(frame, preserve_index=False)

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        return self._table.__dataframe__(nan_as_null, allow_copy)


class Exported(Hidden):
    """The same with the interface of Arrow beside it, as polars has."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 90
    frame = pd.DataFrame({"sample": [f"{i:03}" for i in range(n)]})
    frame["DRB1*15:01"] = rng.choice(3, n)
    frame["smoking"] = rng.choice(["ever", "never", None], n)
    frame["age"] = rng.normal(50, 8, n)
    frame["case"] = (rng.random(n) < 0.3 + 0.15 * frame["DRB1*15:01"]).astype(int)
    frame["risk"] = rng.random(n)
    return frame


@pytest.mark.parametrize("kind", [Hidden, Exported])
def test_studies_of_a_foreign_frame(people: pd.DataFrame, kind: Any) -> None:
    own, theirs = people.set_index("sample"), kind(people)
    pd.testing.assert_index_equal(as_pandas(theirs).index, own.index, exact=False)
    terms = ["DRB1*15:01", "smoking", "age"]
    pd.testing.assert_frame_equal(
        rs.fit(theirs, "case", terms=terms).to_frame(), rs.fit(own, "case", terms=terms).to_frame()
    )
    pair: dict[str, Any] = {"exposures": ["DRB1*15:01", "smoking"], "outcome": "case"}
    pd.testing.assert_frame_equal(
        rs.interaction(theirs, **pair).to_frame(), rs.interaction(own, **pair).to_frame()
    )
    adjusted = rs.evaluate(kind(people[["sample", "risk"]]), own["case"], bootstrap=0,
                           covariates=kind(people[["sample", "age"]]))  # fmt: skip
    expected = rs.evaluate(own[["risk"]], own["case"], bootstrap=0, covariates=own[["age"]])
    pd.testing.assert_frame_equal(adjusted.measures, expected.measures)


def test_scores_of_a_foreign_frame() -> None:
    people = pd.DataFrame(
        {"sample": ["a", "b"], "DRB1": ["15:01+03:01", "04:01+07:01"], "smoking": ["ever", None]}
    )
    scores = [rs.score(frame, "ra", prevalence=0.02).to_frame()
              for frame in (Hidden(people), people.set_index("sample"))]  # fmt: skip
    pd.testing.assert_frame_equal(*scores)
    assert list(scores[0]["sample"]) == ["a", "b"]
    for frame in (people.set_index("sample"), Exported(people)):
        read = rs.score(rs.read_frame(frame, "ra"), prevalence=0.02).to_frame()
        pd.testing.assert_frame_equal(scores[0], read)
    with pytest.raises(UsageError, match="exposures bears on how"):
        rs.score(people, "ra", exposures="exposures.tsv")
    scorer = rs.RiskScorer("ra").fit(Hidden(people))
    assert list(scorer.feature_names_in_) == ["DRB1", "smoking"]
    np.testing.assert_array_equal(
        scorer.predict_proba(Exported(people)), scorer.predict_proba(people.set_index("sample"))
    )
