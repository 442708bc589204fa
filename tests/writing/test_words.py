"""Notes of the terminal on scores."""

import pandas as pd

import riskscore as rs
from riskscore.samples.frame import read_frame
from riskscore.writing.words import typed_alone_words


def test_a_part_without_people_has_no_note_on_typed_hla() -> None:
    """Nor a warning of numpy: of two people the first of four shards has none."""
    nobody = read_frame(pd.DataFrame(index=[]), [rs.load_model("t1d")])
    assert list(typed_alone_words(rs.score(nobody))) == []
