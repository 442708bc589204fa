"""Cells of a block of text against the same cells as a list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from riskscore.files.coded_texts import CodedTexts, TextCells

_CELL = st.text("ab0.", max_size=40) | st.sampled_from(["", "over_12_months", "over_12_month"])


@given(st.lists(_CELL, min_size=1, max_size=30))
def test_cells_of_text_are_coded_as_those_of_a_list(cells: list[str]) -> None:
    ends = np.cumsum([len(cell) + 1 for cell in cells]) - 1
    text = "".join(f"{cell}\t" for cell in cells).encode()
    found = TextCells(text, np.append(0, ends[:-1] + 1), ends)
    assert list(found) == cells
    assert [found[place] for place in range(len(cells))] == cells
    coded = found.coded()
    assert coded is not None
    assert list(coded) == cells
    assert coded.texts == tuple(dict.fromkeys(cells))


def test_long_cells_are_left_to_be_compared_as_texts() -> None:
    text = f"{'a' * 65}\t{'a' * 64}b\t".encode()
    cells = TextCells(text, np.array([0, 66]), np.array([65, 131]))
    assert cells.coded() is None
    assert CodedTexts.of(cells).codes.tolist() == [0, 1]
