"""The unusual cells of a record, against splitting its text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskscore.samples.files.decoding.different import unusual_cells

_MIXED = [b"0|0", b"0|1", b"1|1", b".|.", b"0", b"", b"0|0:1.00", b"0|0:0.25", b"0|0:1.000"]
_LONG = [b"0|0:0.00:1.0000,0.0000", b"0|0:0.01:0.9900,0.0100", b"1|0:0.99:0.0100,0.9900"]


@pytest.mark.parametrize("drawn", [_MIXED, _LONG, [b"0|0", b"0|1", b"1|0"], [b"0", b"1", b"."]])
@given(data=st.data())
def test_cells_are_those_of_the_text(drawn: list[bytes], data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.sampled_from(drawn), min_size=1, max_size=90))
    found = unusual_cells(b"\t".join(cells), len(cells))
    read = [found.usual] * len(cells)
    for row, which in zip(found.rows.tolist(), found.which.tolist(), strict=True):
        read[row] = found.texts[which]
    assert read == cells
    assert found.usual not in found.texts
    assert len(set(found.texts)) == len(found.texts)
    if len(cells) <= 63:  # then all are counted
        assert cells.count(found.usual) == max(map(cells.count, cells))


def test_a_tab_where_cells_of_one_width_would_end_is_not_the_only_one() -> None:
    """Five cells whose text is as long as that of four cells of one width would be."""
    assert unusual_cells(b"0|0\t0\t1\t0|0\t0|1", 5).usual == b"0|0"
    cells = [b"0|0", b"0|0", b"1", b"0", b"0|0"]
    found = unusual_cells(b"\t".join(cells), 5)
    assert dict(zip(found.rows.tolist(), found.which.tolist(), strict=True)) == {2: 0, 3: 1}
    assert found.texts == [b"1", b"0"]


def test_cells_of_three_letters_that_are_no_genotypes_are_told_apart() -> None:
    cells = [b"%03d" % (number % 150) for number in range(400)]
    found = unusual_cells(b"\t".join(cells), len(cells))
    read = [found.usual] * len(cells)
    for row, which in zip(found.rows.tolist(), found.which.tolist(), strict=True):
        read[row] = found.texts[which]
    assert read == cells
