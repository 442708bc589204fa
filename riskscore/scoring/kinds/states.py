"""What people may be: possible values with their probabilities, ragged by person.

A person of whom something is known for certain has one state, a person with a posterior several.
People who are alike share theirs, so that work is done once for each kind of person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Mask, Places, mixed, spread
from riskscore.scoring.mhc.ragged import distinct

NOBODY = -1  # in place of a block: nothing is known
_MANY = 1000  # rows that are worth a hash
_MOST = 2**62  # kinds that one number tells apart


def alike(rows: NDArray[Any]) -> tuple[Places, Places]:
    """Of equal rows of a table: the place of the first of each kind, and every row's kind.

    >>> first, kind = alike(np.array([[1.0, 2.0], [0.0, 1.0], [1.0, 2.0]]))
    >>> first[kind].tolist()
    [0, 1, 0]
    """
    if not rows.shape[1]:
        return np.zeros(min(1, len(rows)), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    rows = np.ascontiguousarray(rows)
    if rows.shape[1] == 1:
        return _sorted(rows.ravel())
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    found = _hashed(rows) if len(rows) > _MANY else None
    if found is None:
        return _by_column(rows) or _sorted(whole)
    head, of = found
    first, kind = _sorted(whole[head])
    return head[first], kind[of]


def _sorted(rows: NDArray[Any]) -> tuple[Places, Places]:
    """The kinds in the order of their values."""
    _, first, kind = np.unique(rows, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.ravel().astype(np.int64)


def _by_column(rows: NDArray[Any]) -> tuple[Places, Places] | None:
    """The kinds in the order of their bytes, where the columns have few different numbers each."""
    if rows.dtype.itemsize != np.dtype(np.uint64).itemsize or len(rows) <= _MANY:
        return None
    key, size = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.view(np.uint64).byteswap().T:
        held = np.unique(column)
        size *= len(held)
        if size > _MOST:
            return None
        key = key * len(held) + np.searchsorted(held, column)
    held, kind = distinct(key, size)
    return _first(kind, len(held)), kind


def _first(kind: Places, kinds: int) -> Places:
    """The first row of each kind."""
    first = np.empty(kinds, dtype=np.int64)
    first[kind[::-1]] = np.arange(len(kind))[::-1]  # of several the last that is put
    return first


def _hashed(rows: NDArray[Any]) -> tuple[Places, Places] | None:
    """The kinds in any order, from a hash of each row; None where it does not serve.

    To sort numbers takes a tenth of the time that rows of bytes take.
    """
    letters = rows.view(np.uint8)
    if letters.shape[1] % 8:
        letters = np.pad(letters, ((0, 0), (0, -letters.shape[1] % 8)))
    words = letters.view(np.uint64)
    key = np.zeros(len(rows), dtype=np.uint64)
    for column in words.T:
        key = mixed(key ^ column)
    held = np.sort(key)
    held = held[np.append(True, held[1:] != held[:-1])]
    if len(held) > len(rows) // 2:
        return None
    kind = np.searchsorted(held, key)
    first = _first(kind, len(held))
    return (first, kind) if (words == words[first[kind]]).all() else None


@dataclass(frozen=True)
class States:
    """Possible values of some people, in blocks of rows.

    ``values`` has shape (rows, columns), ``probability`` and ``block`` (rows,); the rows of a block
    stand together and their probabilities sum to 1. ``of`` has each person's block, NOBODY where
    nothing is known.

    >>> coin = States.of_rows(np.array([0, 0, 1]), np.array([[0.0], [1.0], [1.0]]),
    ...                       np.array([0.5, 0.5, 1.0]), 3)
    >>> coin.expected(coin.values[:, 0]).tolist()
    [0.5, 1.0, nan]
    """

    values: Array
    probability: Array
    block: Places
    of: Places

    @classmethod
    def of_rows(cls, sample: Places, values: Array, probability: Array, people: int) -> Self:
        """Rows in order of ``sample``, their owner among ``people``: a block a person."""
        starts = np.flatnonzero(np.append(True, sample[1:] != sample[:-1])[: len(sample)])
        block = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(sample))))
        of = np.full(people, NOBODY, dtype=np.int64)
        of[sample[starts]] = np.arange(len(starts))
        return cls(values, probability, block, of)

    @classmethod
    def certain(cls, values: Array) -> Self:
        """One state a person, which people alike share; nan in its first value where unknown."""
        known = np.flatnonzero(~np.isnan(values[:, 0]))
        return cls.of_rows(known, values[known], np.ones(len(known)), len(values)).shared()

    @classmethod
    def one(cls, values: Array, probability: Array) -> Self:
        """A single block, of one person: the states of a population, for example."""
        rows = len(probability)
        return cls(values, probability, np.zeros(rows, dtype=np.int64), np.zeros(1, dtype=np.int64))

    @cached_property
    def count(self) -> Places:
        """The number of rows of each block."""
        return np.bincount(self.block).astype(np.int64)

    @cached_property
    def start(self) -> Places:
        """The first row of each block."""
        return np.asarray(np.cumsum(self.count) - self.count)

    @property
    def known(self) -> Mask:
        """Of whom anything is known, shape (people,)."""
        return np.asarray(self.of != NOBODY)

    def take(self, people: Places | slice) -> Self:
        """The states of some people, without those of others."""
        of = self.of[people]
        used = np.zeros(len(self.count) + 1, dtype=bool)
        used[of] = True
        used[NOBODY] = False
        kept = used[self.block]
        place = np.where(used, np.cumsum(used) - 1, NOBODY)
        return replace(
            self,
            values=self.values[kept],
            probability=self.probability[kept],
            block=place[self.block[kept]],
            of=place[of],
        )

    def only(self, people: Mask) -> Self:
        """The same people, of the others nothing known."""
        return replace(self, of=np.where(people, self.of, NOBODY))

    def sums(self, numbers: Array) -> Array:
        """Expectations by block of a number a row, summed in the order of the rows."""
        return np.asarray(
            np.bincount(self.block, self.probability * numbers, len(self.count)), dtype=np.float64
        )

    def expected(self, numbers: Array) -> Array:
        """Expectations by person of a number a row; nan where nothing is known."""
        return np.append(self.sums(numbers), np.nan)[self.of]

    def moments(self, numbers: Array) -> tuple[Array, Array]:
        """E[x] and E[x^2] by person of a number a row; nan where nothing is known.

        Taken from the first row of a block, so that a number that all its rows share stays exact.
        """
        first, square = numbers[self.start], numbers[self.start] ** 2
        first = first + self.sums(numbers - first[self.block])
        square = square + self.sums(numbers**2 - square[self.block])
        return np.append(first, np.nan)[self.of], np.append(square, np.nan)[self.of]

    def columns(self, places: Sequence[int], width: int) -> Self:
        """The values spread over ``width`` columns, theirs at ``places``, 0 in the others."""
        wide = np.zeros((len(self.values), width))
        wide[:, list(places)] = self.values
        return replace(self, values=wide)

    def merged(self) -> Self:
        """Equal values of a block as one, with the sum of their probabilities."""
        _, kind = alike(self.values + 0.0)
        kinds = int(kind.max(initial=0)) + 1
        key = self.block * kinds + kind
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
        probability = np.bincount(place.ravel(), self.probability, len(first)).astype(np.float64)
        block = self.block[first]
        probability[np.bincount(block, minlength=len(self.count))[block] == 1] = 1.0
        return replace(self, values=self.values[first], probability=probability, block=block)

    def shared(self) -> Self:
        """Blocks with the same rows as one."""
        count, start = self.count, self.start
        first = np.arange(len(count))
        rows = np.column_stack([self.values, self.probability]) + 0.0
        for size in np.unique(count).tolist():
            blocks = np.flatnonzero(count == size)
            table = rows[(start[blocks][:, None] + np.arange(size)).ravel()]
            head, kind = alike(table.reshape(len(blocks), -1))
            first[blocks] = blocks[head][kind]
        kept = np.flatnonzero(first == np.arange(len(count)))
        if len(kept) == len(count):
            return self
        place = np.searchsorted(kept, first)
        held = np.repeat(first == np.arange(len(count)), count)
        return replace(
            self,
            values=self.values[held],
            probability=self.probability[held],
            block=place[self.block[held]],
            of=np.where(self.of == NOBODY, NOBODY, place[self.of]),
        )

    def given(self, rows: Mask) -> Self:
        """Conditional on some of the rows; of people without any of them nothing is known."""
        probability = np.where(rows, self.probability, 0.0)
        total = np.bincount(self.block, probability, len(self.count))
        left = total > 0
        place = np.where(left, np.cumsum(left) - 1, NOBODY)
        kept = rows & left[self.block]
        return replace(
            self,
            values=self.values[kept],
            probability=probability[kept] / total[self.block[kept]],
            block=place[self.block[kept]],
            of=np.append(place, NOBODY)[self.of],
        )

    def filled(self, other: States) -> States:
        """With the states of ``other``, of the same people, where nothing is known here."""
        place = np.where(other.known, other.of + len(self.count), NOBODY)
        return States(
            np.concatenate([self.values, other.values]),
            np.concatenate([self.probability, other.probability]),
            np.concatenate([self.block, other.block + len(self.count)]),
            np.where(self.known, self.of, place),
        )

    def rows_of(self, people: Places) -> tuple[Places, Places]:
        """The rows of some people, one person after the other, and whose each is, by its place."""
        blocks = self.of[people]
        owner, row = spread(np.append(self.start, 0)[blocks], np.append(self.count, 0)[blocks])
        return row, owner


def outer(parts: Sequence[States], people: Places) -> tuple[States, Places]:
    """Of the sum of independent variables in some people: every combination of their states.

    Everything is known of these people. With the sums, a block a person, comes the row of each
    part that is in a combination, shape (rows, parts). A column that one part alone fills keeps
    that part's values.

    >>> coin = States.one(np.array([[0.0], [1.0]]), np.array([0.5, 0.5]))
    >>> both, _ = outer([coin, coin], np.array([0]))
    >>> both.merged().probability.tolist()
    [0.25, 0.5, 0.25]
    """
    owner = np.arange(len(people))
    values, probability = np.zeros((len(people), parts[0].values.shape[1])), np.ones(len(people))
    chosen = np.zeros((len(people), 0), dtype=np.int64)
    for part in parts:
        row, before = part.rows_of(people[owner])
        owner, probability = owner[before], probability[before] * part.probability[row]
        values = values[before] + part.values[row]
        chosen = np.column_stack([chosen[before], row])
    return States(values, probability, owner, np.arange(len(people))), chosen
