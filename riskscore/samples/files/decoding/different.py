"""The cells of a record that are not its usual one: of a rare allele most people have the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Letters, Offsets, Positions, Words64

_LOOKED_AT = 32  # cells, or up to twice as many, among which the most frequent is looked for
_TAB = ord("\t")
_WORD, _ALL = 8, np.uint64((1 << 64) - 1)  # bytes; every bit of them
_GENOTYPE = len("0|0\t")
_FEW = 32  # different genotypes that are looked for one by one


@dataclass(frozen=True)
class UnusualCells:
    """A record's cells: ``usual`` is the text of every sample that ``rows`` does not list.

    ``texts`` are the different texts of the others, ``which`` (rows,) is whose is which.
    """

    usual: bytes
    rows: Positions
    texts: list[bytes]
    which: Positions


def unusual_cells(body: bytes, samples: int) -> UnusualCells | None:
    r"""The tab-separated cells of a record that differ from one that many samples have.

    None where there are more or fewer cells than samples.

    >>> found = unusual_cells(b"0|0\t1|0\t0|0", 3)
    >>> found.usual, found.rows.tolist(), found.texts, found.which.tolist()
    (b'0|0', [1], [b'1|0'], [0])
    """
    text = np.frombuffer(b"".join((body, b"\t", bytes(_WORD))), dtype=np.uint8)
    width, more = divmod(len(body) + 1, samples)
    if not more and width:
        if width == _GENOTYPE:
            found = _genotypes(text, samples)
        else:
            found = _of_one_width(body, text, samples, width)
        if found is not None:
            return found
    ends = np.flatnonzero(text == _TAB)
    if len(ends) != samples:
        return None
    starts = np.concatenate([[0], ends[:-1] + 1])
    usual = _frequent(body, starts, ends)
    every: Words64 = np.ndarray((len(body) + 1,), "<u8", text.data, 0, (1,))
    differs = np.zeros(len(starts), dtype=bool)
    for k, word, mask in _words(usual):
        differs |= every.take(starts + k, mode="clip") & mask != word
    rows = np.flatnonzero(differs)
    return _apart(usual, rows, _texts_of(body, starts[rows], ends[rows]))


def _of_one_width(body: bytes, text: Letters, samples: int, width: int) -> UnusualCells | None:
    """The unusual ones of cells that are so many letters with their tab; None where some are not.

    The usual one has no tab inside; the others are looked at.
    """
    starts = np.arange(0, samples * width, width)
    if not (text[width - 1 : samples * width : width] == _TAB).all():
        return None
    usual = _frequent(body, starts, starts + (width - 1))
    if b"\t" in usual:
        return None
    differs = np.zeros(samples, dtype=bool)
    for k, word, mask in _words(usual):
        own: Words64 = np.ndarray((samples,), "<u8", text.data, k, (width,))
        differs |= own != word if mask == _ALL else own & mask != word
    rows = np.flatnonzero(differs)
    cells = np.ndarray((samples,), f"V{width - 1}", text.data, 0, (width,))
    found = _apart(usual, rows, cells[rows].tolist())
    return None if b"\t" in b"".join(found.texts) else found


def _genotypes(text: Letters, samples: int) -> UnusualCells | None:
    """The same of cells that are a genotype alone, each a number of four bytes with its tab."""
    words = np.ndarray((samples,), "<u4", text.data)
    some = words[:: max(1, samples // _LOOKED_AT)].tolist()
    usual = np.uint32(Counter(some).most_common(1)[0][0])
    rows = np.flatnonzero(words != usual)
    different, which = _different(words[rows])
    cells = [word.tobytes() for word in (usual, *different)]
    if any(cell.find(b"\t") != _GENOTYPE - 1 for cell in cells):
        return None
    texts = [cell[:-1] for cell in cells]
    return UnusualCells(texts[0], _positions(rows), texts[1:], which)


def _different(words: NDArray[np.uint32]) -> tuple[list[np.uint32], Positions]:
    """The different ones of a few, and which of them each is."""
    found: list[np.uint32] = []
    which, left = np.zeros(len(words), dtype=np.int32), np.arange(len(words))
    while len(left):
        if len(found) == _FEW:  # as many are no genotypes
            values, which[left] = np.unique(words[left], return_inverse=True)
            which[left] += _FEW
            return [*found, *values], which
        same = words[left] == words[left[0]]
        which[left[same]] = len(found)
        found.append(words[left[0]])
        left = left[~same]
    return found, which


def _frequent(body: bytes, starts: Offsets, ends: Offsets) -> bytes:
    """The most frequent text of some cells, spread over all."""
    some = slice(None, None, max(1, len(starts) // _LOOKED_AT))
    return Counter(_texts_of(body, starts[some], ends[some])).most_common(1)[0][0]


def _texts_of(body: bytes, starts: Offsets, ends: Offsets) -> list[bytes]:
    return [body[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _words(cell: bytes) -> Iterator[tuple[int, np.uint64, np.uint64]]:
    """Eight letters of a cell at a time: where they begin, as a number, and which bits are theirs.

    A tab follows the last letter, so that a longer cell is another one.
    """
    ended = cell + b"\t"
    for k in range(0, len(ended), _WORD):
        letters = ended[k : k + _WORD]
        mask = np.uint64((1 << (8 * len(letters))) - 1)
        yield k, np.uint64(int.from_bytes(letters, "little")), mask


def _apart(usual: bytes, rows: Offsets, cells: list[bytes]) -> UnusualCells:
    place = {text: number for number, text in enumerate(dict.fromkeys(cells))}
    which = np.fromiter(map(place.__getitem__, cells), dtype=np.int32, count=len(cells))
    return UnusualCells(usual, _positions(rows), list(place), which)


def _positions(numbers: Offsets) -> Positions:
    return numbers.astype(np.int32)
