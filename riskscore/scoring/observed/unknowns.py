"""What is unknown of the people of a chunk, component by component, as joint states.

The terms of a component share measurements, so what is unknown of them is not independent from
term to term. The states of its measurements are combined, and give the component's value in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskscore.arrays import Array, Mask, Places
from riskscore.models.terms import Factor, FactorKind
from riskscore.scoring.design import Measurements
from riskscore.scoring.kinds.states import States, alike, outer
from riskscore.scoring.observed.uncertainty import UNKNOWN, VarianceSource
from riskscore.scoring.population.components import Component

_ROWS = 200_000  # rows of joint states worked on at a time


@dataclass(frozen=True)
class JointStates:
    """Joint states of a component in some people, those alike in one block.

    ``states`` has a column a term, its part of the component's value. ``slots`` names the state of
    each independent measurement in each row, shape (rows, measurements), and ``sources`` what kind
    of uncertainty each measurement brings.
    """

    states: States
    slots: Places
    sources: tuple[VarianceSource, ...]

    @cached_property
    def deviation(self) -> Array:
        """The component's value in each row, less its mean in the block."""
        value = _across(self.states.values)
        return np.asarray(value - self.states.sums(value)[self.states.block])

    @property
    def variance(self) -> Array:
        """The variance of the component's value, by block."""
        return self.states.sums(self.deviation**2)

    @property
    def third(self) -> Array:
        """Its third central moment, by block."""
        return self.states.sums(self.deviation**3)

    @property
    def by_term(self) -> Array:
        """Each term's covariance with the whole value, shape (blocks, terms).

        They sum to the variance.
        """
        columns = [self.states.sums(part * self.deviation) for part in self.states.values.T]
        return np.column_stack(columns)

    @property
    def by_source(self) -> Array:
        """The variance by source, shape (blocks, len(UNKNOWN)).

        A measurement has the variance of the value's mean given its state; what is left, of
        measurements that act together, is shared equally among the uncertain ones.
        """
        total, block = self.variance, self.states.block
        alone = np.zeros((len(total), self.slots.shape[1]))
        uncertain = np.zeros(alone.shape, dtype=bool)
        for k, state in enumerate(self.slots.T):
            width = int(state.max(initial=0)) + 1
            keys, key = np.unique(block * width + state, return_inverse=True)
            owner, key = keys // width, key.ravel()
            weight = np.bincount(key, self.states.probability, len(keys))
            mean = np.bincount(key, self.states.probability * self.deviation, len(keys))
            held = weight > 0
            square = np.where(held, mean**2 / np.where(held, weight, 1.0), 0.0)
            alone[:, k] = np.bincount(owner, square, len(total))
            uncertain[:, k] = np.bincount(owner, minlength=len(total)) > 1
        alone = np.where(uncertain, alone, 0.0)
        together = (total - _across(alone)) / np.maximum(1, uncertain.sum(axis=1))
        alone += np.where(uncertain, together[:, None], 0.0)
        return np.column_stack(
            [_across(alone[:, [source is own for own in self.sources]]) for source in UNKNOWN]
        )


def _across(columns: Array) -> Array:
    """Sums over columns one after the other: one of nothing but zeros changes no bit."""
    total = np.zeros(len(columns))
    for column in columns.T:
        total += column
    return total


def joint_states(
    measured: Measurements, component: Component, unused: Mask, people: Places
) -> Iterator[tuple[Places, JointStates]]:
    """The joint states of a component in ``people``; places among them, a batch at a time.

    ``unused`` marks the terms that do not concern a person, shape (people, terms).
    """
    kinds = [measured.kinds[name] for name in component.kinds]
    factors = [factor for kind in kinds for factor in kind.factors]
    slots = [(states.take(people), source) for states, source in _slots(measured, component)]
    scale = np.sqrt(measured.unexplained(factors)[people])
    of = [states.of for states, _ in slots]
    first, pattern = alike(np.column_stack([*of, unused.astype(np.int64), scale.view(np.int64)]))
    size = np.prod([states.count[states.of[first]] for states, _ in slots], axis=0)
    batch = (np.cumsum(size) - size) // _ROWS
    for number in np.unique(batch).tolist():
        chosen = np.flatnonzero(batch == number)
        members = np.flatnonzero(np.isin(pattern, chosen))
        joint, rows = outer([states for states, _ in slots], first[chosen])
        weights = np.where(unused[first[chosen]], 0.0, scale[first[chosen], None])
        weights = weights * [measured.model.terms[j].weight for j in component.terms]
        values = weights[joint.block]
        for column, j in enumerate(component.terms):
            for factor in measured.model.terms[j].factors:
                values[:, column] *= joint.values[:, factors.index(factor)]
        states = States(
            values,
            joint.probability,
            joint.block,
            np.searchsorted(chosen, pattern[members]),
        )
        yield members, JointStates(states, rows, tuple(source for _, source in slots))


def _slots(measured: Measurements, component: Component) -> Iterator[tuple[States, VarianceSource]]:
    """The independent measurements of a component's kinds, and what is drawn for the gaps.

    A column a factor of all the kinds; nothing is unknown: where a measurement has nothing to say
    of a person, it has one state of zeros.
    """
    width = sum(len(measured.kinds[name].factors) for name in component.kinds)
    left = 0
    for name in component.kinds:
        evidence = measured.evidence(name)
        factors: tuple[Factor, ...] = evidence.kind.factors
        exposed = factors[0].kind is FactorKind.EXPOSURE
        gap = VarianceSource.EXPOSURES if exposed else VarianceSource.MISSING
        found = [(r.states, r.factors, VarianceSource.GENOTYPES) for r in evidence.readings]
        for states, own, source in [*found, (evidence.gaps, factors, gap)]:
            if states.known.any():
                places = [left + factors.index(factor) for factor in own]
                yield _whole(states.columns(places, width)), source
        left += len(factors)


def _whole(states: States) -> States:
    """With one state of zeros for people of whom nothing is known."""
    if states.known.all():
        return states
    zeros = np.zeros((1, states.values.shape[1]))
    return states.filled(
        States(zeros, np.ones(1), np.zeros(1, np.int64), np.zeros(len(states.of), np.int64))
    )
