"""The different cells of a record, against splitting its text."""

from hypothesis import given
from hypothesis import strategies as st

from riskscore.samples.files.decoding.different import different_cells

_CELLS = st.sampled_from([b"0|0", b"0|1", b"1|1", b".|.", b"0", b"", b"0|0:1.00", b"0|0:0.25"])


@given(st.lists(_CELLS, min_size=1, max_size=20))
def test_cells_are_those_of_the_text(cells: list[bytes]) -> None:
    kinds, which = different_cells(b"\t".join(cells), len(cells))
    assert [kinds[place] for place in which.tolist()] == cells
    assert kinds == list(dict.fromkeys(cells))


@given(st.lists(st.sampled_from([b"0|0", b"0|1", b"1|0"]), min_size=1, max_size=20))
def test_cells_of_one_width_are(cells: list[bytes]) -> None:
    kinds, which = different_cells(b"\t".join(cells), len(cells))
    assert [kinds[place] for place in which.tolist()] == cells
