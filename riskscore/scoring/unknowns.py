"""What is unknown of the people of a chunk, component by component, as joint states.

The terms of a component share measurements, so what is unknown of them is not independent from
term to term. The states of its measurements are combined, and give the component's value in each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.models.terms import Factor, Term
from riskscore.scoring.design import Measurements
from riskscore.scoring.in_use import unexplained
from riskscore.scoring.link import Array
from riskscore.scoring.slot_blocks import Places, Slot
from riskscore.scoring.slots import KINDS, slots_of

_ROWS = 200_000  # rows of joint states worked on at a time


@dataclass(frozen=True)
class JointStates:
    """Joint states of a component, one block for each pattern of people who are alike.

    ``pattern`` has each person's block. By row: the block it belongs to, the component's value
    less its mean in the block, its probability, each term's part of the value (``terms``), and
    the state of each slot (``slots``, shape (rows, slots)); ``source`` is by block and slot.
    """

    pattern: Places
    owner: Places
    deviation: Array
    probability: Array
    terms: Array
    slots: Places
    source: NDArray[np.int8]

    @property
    def patterns(self) -> int:
        return len(self.source)

    @property
    def variance(self) -> Array:
        """The variance of the component's value, by pattern."""
        return self._sums(self.deviation**2)

    @property
    def third(self) -> Array:
        """Its third central moment, by pattern."""
        return self._sums(self.deviation**3)

    @property
    def by_term(self) -> Array:
        """Each term's covariance with the whole value, shape (patterns, terms).

        They sum to the variance.
        """
        columns = [self._sums(part * self.deviation) for part in self.terms.T]
        return np.column_stack(columns)

    @property
    def by_source(self) -> Array:
        """The variance by kind of source, shape (patterns, len(KINDS)).

        A slot has the variance of the value's mean given the slot's state; what is left, of slots
        that act together, is shared equally among the uncertain ones.
        """
        total = self.variance
        alone = np.zeros((self.patterns, self.slots.shape[1]))
        uncertain = np.zeros(alone.shape, dtype=bool)
        for k, state in enumerate(self.slots.T):
            keys, key = np.unique(self.owner * (state.max() + 1) + state, return_inverse=True)
            owner = keys // (state.max() + 1)
            weight = np.bincount(key, self.probability, len(keys))
            mean = np.bincount(key, self.probability * self.deviation, len(keys))
            held = weight > 0
            square = np.where(held, mean**2 / np.where(held, weight, 1.0), 0.0)
            alone[:, k] = np.bincount(owner, square, self.patterns)
            uncertain[:, k] = np.bincount(owner, minlength=self.patterns) > 1
        alone = np.where(uncertain, alone, 0.0)
        together = (total - _across(alone)) / np.maximum(1, uncertain.sum(axis=1))
        alone += np.where(uncertain, together[:, None], 0.0)
        return np.column_stack(
            [_across(np.where(self.source == kind, alone, 0.0)) for kind in range(len(KINDS))]
        )

    def _sums(self, values: Array) -> Array:
        """Expectations by pattern, summed in the order of the rows."""
        return np.asarray(np.bincount(self.owner, self.probability * values, self.patterns))


def _across(slots: Array) -> Array:
    """Sums over slots one after the other: one that says nothing of a person changes no bit."""
    total = np.zeros(len(slots))
    for column in slots.T:
        total += column
    return total


def joint_states(
    measured: Measurements, terms: Sequence[Term], unused: NDArray[np.bool_], people: Places
) -> Iterator[tuple[Places, JointStates]]:
    """The joint states of a component's terms in ``people``; a batch of people at a time.

    ``unused`` marks the terms that do not concern a person, shape (people, terms).
    """
    factors = list(dict.fromkeys(factor for term in terms for factor in term.factors))
    slots = slots_of(measured, factors, people)
    scale = np.sqrt(unexplained(measured, factors)[people])
    codes = np.column_stack(
        [*(slot.start for slot in slots), unused.astype(np.int64), scale.view(np.int64)]
    )
    _, first, pattern = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    pattern = pattern.ravel()
    size = np.prod([slot.count[first] for slot in slots], axis=0)
    batch = (np.cumsum(size) - size) // _ROWS
    for number in np.unique(batch).tolist():
        chosen = np.flatnonzero(batch == number)
        members = np.flatnonzero(np.isin(pattern, chosen))
        block = np.searchsorted(chosen, pattern[members])
        people_of = first[chosen]
        used = np.where(unused[people_of], 0.0, scale[people_of, None])
        yield members, _joined(slots, factors, terms, used, people_of, block)


def _joined(
    slots: Sequence[Slot],
    factors: Sequence[Factor],
    terms: Sequence[Term],
    scale: Array,
    people: Places,
    pattern: Places,
) -> JointStates:
    """Every combination of the slots' states, for one person of each pattern.

    ``scale`` multiplies each term's weight, shape (people, terms).
    """
    owner = np.arange(len(people))
    probability = np.ones(len(people))
    numbers = np.zeros((len(people), len(factors)))
    states: list[Places] = []
    for slot in slots:
        count = slot.count[people][owner]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        row = np.repeat(slot.start[people][owner], count) + within
        owner = np.repeat(owner, count)
        states = [np.repeat(state, count) for state in states] + [row]
        probability = np.repeat(probability, count) * slot.probability[row]
        numbers = np.repeat(numbers, count, axis=0) + slot.numbers[row]
    place = {factor: i for i, factor in enumerate(factors)}
    parts = np.empty((len(owner), len(terms)))
    value = np.zeros(len(owner))
    for j, term in enumerate(terms):
        part = (term.weight * scale[:, j])[owner]
        for factor in term.factors:
            part = part * numbers[:, place[factor]]
        parts[:, j] = part
        value = value + part
    mean = np.bincount(owner, probability * value, len(people))
    return JointStates(
        pattern,
        owner,
        value - mean[owner],
        probability,
        parts,
        np.column_stack(states),
        np.column_stack([slot.source[people] for slot in slots]),
    )
