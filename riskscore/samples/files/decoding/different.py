"""The different texts among a record's cells: of a rare allele most people have the same one."""

from __future__ import annotations

import numpy as np

from riskscore.arrays import Positions


def different_cells(body: bytes, samples: int) -> tuple[list[bytes], Positions]:
    r"""Each text of tab-separated cells once, in the order they first come in, and whose is which.

    >>> cells, which = different_cells(b"0|0\t1|0\t0|0", 3)
    >>> cells, which.tolist()
    ([b'0|0', b'1|0'], [0, 1, 0])
    """
    first, tab, _ = body.partition(b"\t")
    width = len(first) + 1
    place: dict[bytes, int] = {first: 0}
    which = np.zeros(samples, dtype=np.int32)
    if (
        tab
        and width * samples == len(body) + 1
        and body[width - 1 :: width].count(b"\t") == samples - 1
    ):
        cells = np.frombuffer(body + b"\t", dtype=f"S{width}")
        rows = np.flatnonzero(cells != cells[0])
        texts = [text[:-1] for text in cells[rows].tolist()]
        which[rows] = [place.setdefault(text, len(place)) for text in texts]
    else:
        which[:] = [place.setdefault(text, len(place)) for text in body.split(b"\t")]
    return list(place), which
