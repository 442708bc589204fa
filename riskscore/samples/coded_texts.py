"""Columns of text in which the same texts come again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer[Any]]
Told = TypeVar("Told")


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
