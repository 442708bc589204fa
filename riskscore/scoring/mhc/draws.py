"""Draws from independent distributions that have too many combinations to list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskscore.arrays import Array, Places

_LEAST_ROUNDS = 2


def drawn(frequencies: Sequence[Array], most: int) -> tuple[list[Places], Array]:
    """About ``most`` combinations of independent draws, and their probabilities, which sum to 1.

    Every distribution is laid along the line from 0 to 1 in a random order, and a combination is a
    stretch of the line in which none changes; so it is done again, with new orders. Each
    distribution keeps its frequencies, and so means do not change. Correlations between the
    distributions, which are 0, vary about it as those of a sample would, by less the more rounds
    there are and the more outcomes each has. The orders are the same each time.

    Returns the outcome in each distribution, by combination, and the probabilities.

    >>> (first, second), probability = drawn([np.array([0.2, 0.8]), np.array([0.5, 0.5])], 100)
    >>> [round(float(probability[own == 1].sum()), 12) for own in (first, second)]
    [0.8, 0.5]
    """
    orders = np.random.RandomState(0)  # its numbers are the same in every version of numpy
    rounds = max(_LEAST_ROUNDS, most // sum(map(len, frequencies)))
    outcomes: list[list[Places]] = [[] for _ in frequencies]
    lengths = []
    for _ in range(rounds):
        order = [orders.permutation(len(own)) for own in frequencies]
        ends = [np.cumsum(own[chosen]) for own, chosen in zip(frequencies, order, strict=True)]
        ends = [end / end[-1] for end in ends]
        cuts = np.unique(np.concatenate(ends))
        length = np.diff(cuts, prepend=0.0)
        for held, end, chosen in zip(outcomes, ends, order, strict=True):
            held.append(chosen[np.searchsorted(end, cuts - length / 2)])
        lengths.append(length / rounds)
    return [np.concatenate(held) for held in outcomes], np.concatenate(lengths)
