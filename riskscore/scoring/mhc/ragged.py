"""Lists of different length, one for each owner, as flat arrays; rows of numbers as one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.arrays import Array, Places, spread
from riskscore.scoring.mhc.draws import drawn

_DIGIT_BITS = 16
_DIGIT = 2**_DIGIT_BITS - 1
_MOST_CHOICES = 100_000  # of one owner that are listed; shipped models have 4,000 at most
_DRAWN = 10_000  # choices that stand for more
_SLOTS = 4  # a table of so many places for each number is quicker than to sort them


@dataclass(frozen=True)
class Weighted:
    """For each owner some codes with weights; ``start`` and ``count`` say which rows are whose."""

    start: Places
    count: Places
    code: Places
    weight: Array

    @classmethod
    def merged(cls, owner: Places, code: Places, weight: Array, owners: int) -> Weighted:
        """Rows of any order; equal codes of one owner are added up, in the order of the rows.

        >>> lists = Weighted.merged(np.array([1, 0, 1]), np.array([7, 3, 7]),
        ...                         np.array([0.25, 1.0, 0.5]), 2)
        >>> lists.code.tolist(), lists.weight.tolist(), lists.count.tolist()
        ([3, 7], [1.0, 0.75], [1, 1])
        """
        key = _one_key(owner, code)
        if (key[1:] < key[:-1]).any():
            order = ascending(key)
            owner, code, weight, key = owner[order], code[order], weight[order], key[order]
        new = np.append(True, key[1:] != key[:-1])[: len(key)]
        if not new.all():
            place = np.cumsum(new) - 1
            weight = np.bincount(place, weight, int(new.sum())).astype(np.float64)
            owner, code = owner[new], code[new]
        count = np.bincount(owner, minlength=owners).astype(np.int64)
        return cls(np.cumsum(count) - count, count, code, weight)

    @property
    def owner(self) -> Places:
        return np.repeat(np.arange(len(self.count)), self.count)

    @property
    def total(self) -> Array:
        """The sum of each owner's weights."""
        return np.bincount(self.owner, self.weight, len(self.count)).astype(np.float64)

    def of(self, owners: Places) -> Weighted:
        """The lists of some owners, who may come more than once."""
        _, row = spread(self.start[owners], self.count[owners])
        count = self.count[owners]
        return Weighted(np.cumsum(count) - count, count, self.code[row], self.weight[row])

    def above(self, share: float) -> Weighted:
        """Without rows of less than this share of their owner's total."""
        owner = self.owner
        kept = self.weight >= share * self.total[owner]
        if kept.all():
            return self
        return Weighted.merged(owner[kept], self.code[kept], self.weight[kept], len(self.count))


def together(lists: Sequence[Weighted]) -> tuple[Places, Places, Array]:
    """Every choice of one row from each of some lists of the same owners.

    Of an owner with more choices than can be listed some are drawn (see :func:`draws.drawn`).
    Returns the owner, the sum of the codes and the product of the weights.
    """
    choices = np.prod([own.count.astype(np.float64) for own in lists], axis=0)
    if (choices <= _MOST_CHOICES).all():
        return _every_choice(lists)
    few = np.flatnonzero(choices <= _MOST_CHOICES)
    owner, code, weight = _every_choice([own.of(few) for own in lists])
    parts = [(few[owner], code, weight)]
    for one in np.flatnonzero(choices > _MOST_CHOICES).tolist():
        code, weight = _some_choices([own.of(np.array([one])) for own in lists])
        parts.append((np.full(len(code), one), code, weight))
    owner, code, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    return owner[order], code[order], weight[order]


def _every_choice(lists: Sequence[Weighted]) -> tuple[Places, Places, Array]:
    head = lists[0]
    owner, code, weight = head.owner, head.code, head.weight
    for other in lists[1:]:
        source, row = spread(other.start[owner], other.count[owner])
        owner, code = owner[source], code[source] + other.code[row]
        weight = weight[source] * other.weight[row]
    return owner, code, weight


def _some_choices(lists: Sequence[Weighted]) -> tuple[Places, Array]:
    """The codes and weights of choices drawn for one owner, whose weights have the sum of all."""
    rows, probability = drawn([own.weight for own in lists], _DRAWN)
    code = np.zeros(len(probability), dtype=np.int64)
    for own, chosen in zip(lists, rows, strict=True):
        code += own.code[chosen]
    return code, probability * math.prod(float(own.weight.sum()) for own in lists)


def ascending(numbers: Places) -> Places:
    """The order that puts whole numbers from 0 on in order, equal ones as they stand.

    Digit by digit of 16 bits, the last one first: numpy sorts these without comparing any two.

    >>> ascending(np.array([3, 70000, 3, 0])).tolist()
    [3, 0, 2, 1]
    """
    order = np.argsort((numbers & _DIGIT).astype(np.uint16), kind="stable")
    most = int(numbers.max(initial=0))
    for shift in range(_DIGIT_BITS, most.bit_length(), _DIGIT_BITS):
        digit = (numbers[order] >> shift) & _DIGIT
        order = order[np.argsort(digit.astype(np.uint16), kind="stable")]
    return order


def distinct(numbers: Places, size: int) -> tuple[Places, Places]:
    """The different ones of whole numbers below ``size``, in order, and which of them each is.

    >>> held, which = distinct(np.array([7, 2, 7]), 8)
    >>> held.tolist(), which.tolist()
    ([2, 7], [1, 0, 1])
    """
    if size <= _SLOTS * len(numbers):
        seen = np.zeros(size, dtype=bool)
        seen[numbers] = True
        return np.flatnonzero(seen), (np.cumsum(seen) - 1)[numbers]
    order = ascending(numbers)
    put = numbers[order]
    new = np.append(True, put[1:] != put[:-1])[: len(put)]
    which = np.empty(len(put), dtype=np.int64)
    which[order] = np.cumsum(new) - 1
    return put[new], which


def distinct_rows(rows: Places) -> tuple[Places, Places]:
    """The different rows of small numbers, in order, and which of them each row is."""
    sizes = [int(column.max(initial=0)) + 1 for column in rows.T]
    if math.prod(sizes) > 2**62:
        table, which = np.unique(rows, axis=0, return_inverse=True)
        return table, which.ravel()
    keys, which = distinct(packed(rows, sizes), math.prod(sizes))
    return unpacked(keys, sizes), which


def packed(rows: Places, sizes: Sequence[int]) -> Places:
    """Rows of small numbers, each below its size, as one number each, in the same order."""
    key = np.zeros(len(rows), dtype=np.int64)
    for column, size in zip(rows.T, sizes, strict=True):
        key = key * size + column
    return key


def unpacked(keys: Places, sizes: Sequence[int]) -> Places:
    """The rows that :func:`packed` made numbers of.

    >>> rows = np.array([[1, 0, 2], [0, 3, 1]])
    >>> unpacked(packed(rows, [2, 4, 3]), [2, 4, 3]).tolist() == rows.tolist()
    True
    """
    rows = np.empty((len(keys), len(sizes)), dtype=np.int64)
    for column, size in reversed(list(enumerate(sizes))):
        keys, rows[:, column] = np.divmod(keys, size)
    return rows


def _one_key(owner: Places, code: Places) -> Places:
    """Owners and codes as one number each, in the same order."""
    size = int(code.max(initial=0)) + 1
    if (int(owner.max(initial=0)) + 1) * size > 2**62:
        held, code = np.unique(code, return_inverse=True)
        size = len(held)
    return np.asarray(owner * size + code)
