"""Columns of text with few different values, each text stored once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Offsets, Words64

Codes = NDArray[np.integer[Any]]
Told = TypeVar("Told")
_WORD = 8  # letters of a cell that are compared at once, as one number
_MOST_WORDS = 8  # of a cell; those of columns with longer ones are compared as texts


class CodedTexts(Sequence[str]):
    """The cells of a column: ``texts``, and by cell the place of its own among them.

    >>> cells = CodedTexts.of(["never", "", "never"])
    >>> cells[2], cells.count("never"), cells == ("never", "", "never")
    ('never', 2, True)
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, texts: tuple[str, ...], codes: Codes) -> None:
        self.texts, self.codes = texts, codes

    @classmethod
    def of(cls, cells: Sequence[str]) -> CodedTexts:
        """The cells of a column, which may be coded already."""
        if isinstance(cells, CodedTexts):
            return cells
        coded = cells.coded() if isinstance(cells, TextCells) else None
        if coded is not None:
            return coded
        places = numbered_texts()
        codes = codes_of(cells, places)
        return cls(tuple(places), codes)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> CodedTexts: ...
    def __getitem__(self, place: int | slice) -> str | CodedTexts:
        if isinstance(place, slice):
            return CodedTexts(self.texts, self.codes[place])
        return self.texts[int(self.codes[place])]

    def __iter__(self) -> Iterator[str]:
        return map(self.texts.__getitem__, self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))

    def count(self, text: str) -> int:
        """How many cells have this text."""
        counts = np.bincount(self.codes, minlength=len(self.texts)).tolist()
        return sum(n for own, n in zip(self.texts, counts, strict=True) if own == text)

    @property
    def held(self) -> list[str]:
        """The texts that any cell has."""
        return [self.texts[code] for code in np.unique(self.codes).tolist()]

    def each(self, decode: Callable[[str], Told]) -> list[Told]:
        """What each cell's text is decoded to; every text is decoded once."""
        told = [decode(text) for text in self.texts]
        return [told[code] for code in self.codes.tolist()]


class TextCells(Sequence[str]):
    r"""The cells of a column within ASCII text, by where they begin and end there.

    >>> cells = TextCells(b"1,never\n2,ever\n", np.array([2, 10]), np.array([7, 14]))
    >>> list(cells), cells.coded().texts
    (['never', 'ever'], ('never', 'ever'))
    """

    def __init__(self, text: bytes, starts: Offsets, ends: Offsets) -> None:
        self.text, self.starts, self.ends = text, starts, ends
        # The eight letters from each place on, as a number, and none behind the text's last.
        padded = text + bytes(_WORD)
        self._words: Words64 = np.ndarray((len(text) + 1,), "<u8", padded, 0, (1,))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> TextCells: ...
    def __getitem__(self, place: int | slice) -> str | TextCells:
        if isinstance(place, slice):
            some = copy(self)
            some.starts, some.ends = self.starts[place], self.ends[place]
            return some
        return self.text[self.starts[place] : self.ends[place]].decode("ascii")

    def __iter__(self) -> Iterator[str]:
        letters = self.text.decode("ascii")
        places = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return iter([letters[start:end] for start, end in places])

    def coded(self) -> CodedTexts | None:
        """Each text once, in the order in which they stand; None if some are very long.

        The cells are compared as numbers of eight letters; no letter of them is zero.
        """
        words = -(-int((self.ends - self.starts).max(initial=1)) // _WORD)
        if words > _MOST_WORDS:
            return None
        _, first, code = np.unique(self._word(0), return_index=True, return_inverse=True)
        for k in range(1, words):
            different, own = np.unique(self._word(k), return_inverse=True)
            both = code * len(different) + own
            _, first, code = np.unique(both, return_index=True, return_inverse=True)
        order = np.argsort(first)
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return CodedTexts(tuple(self[int(row)] for row in first[order]), place[code])

    def _word(self, k: int) -> Words64:
        """The k-th eight letters of each cell, and zeros behind its last."""
        begin = np.minimum(self.starts + k * _WORD, len(self.text))
        letters = np.clip(self.ends - self.starts - k * _WORD, 0, _WORD)
        return np.asarray(self._words[begin] & _MASKS[letters])


# Which bits of a number of eight letters are those of its first 0 to 8.
_MASKS = np.array([(1 << (8 * letters)) - 1 for letters in range(_WORD + 1)], dtype=np.uint64)


def numbered_texts() -> defaultdict[str, int]:
    """A dictionary that gives each text that it is asked for the next number.

    >>> places = numbered_texts()
    >>> places["b"], places["a"], places["b"]
    (0, 1, 0)
    """
    places: defaultdict[str, int] = defaultdict()
    places.default_factory = places.__len__
    return places


def codes_of(cells: Sequence[str], places: defaultdict[str, int]) -> Codes:
    """The numbers of texts."""
    return np.fromiter(map(places.__getitem__, cells), np.int32, len(cells))
