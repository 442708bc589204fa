"""Pairs of haplotypes from tag SNPs, one a class, each counting the copies of its haplotype.

Published software rounds and ranks. Here, by default, what the tags do not settle stays open:

* an imputed tag counts 0, 1 and 2 copies with the least uncertain probabilities of its dosage;
* a tag that is missing leaves what the other tags do not count to its class, to the classes of
  other missing tags and to haplotypes of no class, in proportion to their frequencies;
* where the tags count more than two haplotypes at least one of them errs: every two of those
  counted are possible, weighed by the frequencies of the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

import numpy as np

from riskscore.arrays import Array, Places
from riskscore.models.model import Excess

_NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class TagPairs:
    """Rows of (sample, first, second, probability) in order of sample; ``excess`` by sample."""

    sample: Places
    first: Places
    second: Places
    probability: Array
    excess: Array


def tag_pairs(dosages: Array, shares: Array) -> TagPairs:
    """The posterior over pairs of classes, from dosages (classes, people), nan where missing.

    ``shares`` are the classes' frequencies and, last, that of haplotypes of no class.
    """
    other = len(dosages)
    table = np.zeros((other + 1, other + 1, dosages.shape[1]))
    excess = np.zeros(dosages.shape[1])
    unknown = np.isnan(dosages)
    patterns, which = np.unique(unknown, axis=1, return_inverse=True)
    for number, lost in enumerate(patterns.T):
        people = np.flatnonzero(which.ravel() == number)
        known = np.flatnonzero(~lost)
        states, over = _known_pairs(dosages[np.ix_(known, people)], shares[known])
        excess[people] = over
        # Places in ``states`` are of the known classes; the last is everything else.
        rest = np.append(np.flatnonzero(lost), other)
        split = shares[rest] / shares[rest].sum() if shares[rest].sum() > 0 else None
        if split is None:
            split = np.append(np.zeros(len(rest) - 1), 1.0)
        half = _spread(states, known, rest, split, other)
        table[:, :, people] = _spread(half.swapaxes(0, 1), known, rest, split, other)
    return _rows(table, excess)


def _spread(states: Array, known: Places, rest: Places, split: Array, other: int) -> Array:
    """States of the known classes and of the rest, by class: the rest is split among its classes.

    Not a matrix product: its last bits would depend on how many people there are.
    """
    spread = np.zeros((other + 1, *states.shape[1:]))
    spread[known] = states[:-1]
    for place, share in zip(rest.tolist(), split.tolist(), strict=True):
        spread[place] = share * states[-1]
    return spread


def _total(table: Array) -> Array:
    """The sum over pairs, one after the other, by person."""
    rows = table.reshape(math.prod(table.shape[:-1]), table.shape[-1])
    return np.asarray(reduce(np.add, rows))


def _known_pairs(dosages: Array, shares: Array) -> tuple[Array, Array]:
    """Ordered pairs (half of each unordered one) of the classes whose tags are known, and of none.

    Shape (classes + 1, classes + 1, people); and the probability of more than two haplotypes.
    """
    count, people = dosages.shape
    none, two = np.maximum(1 - dosages, 0), np.maximum(dosages - 1, 0)
    one = 1 - none - two
    # The product of "no copy" over all tags but one or two of them.
    before = np.cumprod(np.vstack([np.ones(people), none]), axis=0)
    after = np.cumprod(np.vstack([np.ones(people), none[::-1]]), axis=0)[::-1]
    states = np.zeros((count + 1, count + 1, people))
    states[count, count] = before[count]
    over = np.zeros((count + 1, count + 1, people))
    for i in range(count):
        states[i, i] = before[i] * two[i] * after[i + 1]
        states[i, count] = states[count, i] = before[i] * one[i] * after[i + 1] / 2
        over[i, i] = shares[i] ** 2 * two[i]
        between = before[i] * one[i]
        for j in range(i + 1, count):
            states[i, j] = states[j, i] = between * one[j] * after[j + 1] / 2
            between = between * none[j]
            either = shares[i] * shares[j] * (1 - none[i]) * (1 - none[j])
            over[i, j] = over[j, i] = either
    excess = np.maximum(1 - _total(states), 0)
    excess = np.where(excess < _NEGLIGIBLE, 0.0, excess)
    total = _total(over)
    states += np.divide(over, total, out=np.zeros_like(over), where=total > 0) * excess
    return states, excess


def published_pairs(dosages: Array, rule: Excess) -> TagPairs:
    """One pair a person: dosages rounded (a half to the even number), then ranked.

    Of more than two haplotypes the rule keeps two; a place that no tag fills is of no class.
    """
    copies = np.rint(dosages).astype(np.int64)
    other, people = copies.shape
    excess = (copies.sum(axis=0) > 2).astype(np.float64)
    if rule is Excess.HOMOZYGOTE_FIRST and other:
        twice = copies >= 2
        copies = np.where(twice.any(axis=0), copies * twice, copies)  # the first fills both places
    # The class of the first and of the second haplotype counted, in order of rank.
    counted = np.vstack([np.cumsum(copies, axis=0), np.full(people, 2)])
    first, second = (counted >= 1).argmax(axis=0), (counted >= 2).argmax(axis=0)
    return TagPairs(np.arange(people), first, second, np.ones(people), excess)


def _rows(table: Array, excess: Array) -> TagPairs:
    """The unordered pairs of a table of ordered ones, (classes + 1, classes + 1, people)."""
    first, second = np.triu_indices(len(table))
    probability = table[first, second] + np.where(
        (first == second)[:, None], 0.0, table[second, first]
    )
    kept = probability > _NEGLIGIBLE
    probability = probability / _total(np.where(kept, probability, 0))
    sample, state = np.nonzero(kept.T)
    return TagPairs(sample, first[state], second[state], probability.T[kept.T], excess)
