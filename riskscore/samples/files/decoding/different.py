"""The different texts among a record's cells: of a rare allele most people have the same one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Positions

_WORDS = {2: "<u2", 4: "<u4"}  # numbers of so many bytes: a genotype and the tab behind it


def different_cells(body: bytes, samples: int) -> tuple[list[bytes], Positions]:
    r"""Each text of tab-separated cells once, in the order they first come in, and whose is which.

    >>> cells, which = different_cells(b"0|0\t1|0\t0|0", 3)
    >>> cells, which.tolist()
    ([b'0|0', b'1|0'], [0, 1, 0])
    """
    first, tab, _ = body.partition(b"\t")
    width = len(first) + 1
    alike = tab and width * samples == len(body) + 1
    if not alike or body[width - 1 :: width].count(b"\t") != samples - 1:
        return _texts(body.split(b"\t"))
    if width in _WORDS:
        return _words(np.frombuffer(body + b"\t", dtype=_WORDS[width]))
    texts = np.frombuffer(body + b"\t", dtype=f"S{width}")
    which = np.zeros(samples, dtype=np.int32)
    rows = np.flatnonzero(texts != texts[0])
    others, which_of_rows = _texts(texts[rows].tolist())
    which[rows] = which_of_rows + 1
    return [first, *(text[:-1] for text in others)], which


def _texts(cells: list[bytes]) -> tuple[list[bytes], Positions]:
    place = {text: number for number, text in enumerate(dict.fromkeys(cells))}
    return list(place), np.array(list(map(place.__getitem__, cells)), dtype=np.int32)


def _words(words: NDArray[Any]) -> tuple[list[bytes], Positions]:
    """As :func:`different_cells`, of cells as numbers; a genotype has few values."""
    which, kinds = np.zeros(len(words), dtype=np.int32), []
    left = np.arange(len(words))
    while len(left):
        kinds.append(words[left[0]].tobytes()[:-1])
        left = left[words[left] != words[left[0]]]
        which[left] += 1
    return kinds, which
