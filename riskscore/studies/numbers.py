"""Scores from a design matrix alone: a column a term, nan where a number is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.models.terms import Part
from riskscore.scoring.components import components, enumerated
from riskscore.scoring.link import Array
from riskscore.scoring.reference import Reference
from riskscore.scoring.spectrum import Spectrum, certain, of_normal, of_states

_SMALLEST = 1e-15  # risks are kept this far from 0 and 1 where their log odds are taken


@dataclass(frozen=True)
class ScoredPeople:
    """``parts`` of the score (people, 3), one a Part; ``log_odds`` of the risk (people,)."""

    parts: Array
    log_odds: Array


def log_odds_of_risk(risk: Array) -> Array:
    """logit(risk), finite.

    >>> log_odds_of_risk(np.array([0.5])).tolist()
    [0.0]
    """
    kept = np.clip(risk, _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(kept / (1 - kept)))


def score_numbers(numbers: Array, reference: Reference) -> ScoredPeople:
    """Score the rows of a design matrix, shape (people, the model's first terms), of unknown sex.

    What is not known, and the terms beyond the last column, are integrated over the reference
    population: exactly where nothing of a component is known, else as normal.
    """
    model = reference.model
    full = np.full((len(numbers), len(model.terms)), np.nan)
    full[:, : numbers.shape[1]] = numbers
    known = ~np.isnan(full)
    centred = np.where(known, full - reference.centre, 0.0)
    kinds = np.array([term.part for term in model.terms])
    parts = np.column_stack(
        [centred @ np.where(kinds == part, reference.weights, 0.0) for part in Part]
    )
    own = reference.by_sex[None]
    if own.alpha is None:
        return ScoredPeople(parts, np.full(len(numbers), np.nan))
    risk = _unknown(known, reference).mean_risk(own.alpha + parts.sum(axis=1))
    return ScoredPeople(parts, log_odds_of_risk(risk))


def _unknown(known: NDArray[np.bool_], reference: Reference) -> Spectrum:
    """The spectrum of what is not known, by person."""
    terms, own = reference.model.terms, reference.by_sex[None]
    total, normal = certain(len(known)), np.zeros(len(known))
    for component in components(terms, reference.joint):
        columns = [j for j in component.terms if own.counted[j]]
        gone = np.logical_not(known[:, columns].any(axis=1)) & bool(columns)
        if gone.any():
            members = [terms[j] for j in columns]
            states = enumerated(component.systems, members, reference.systems, reference.joint)
            lost = of_states(states.states.values, states.states.probabilities)
            both = Spectrum(
                np.column_stack([certain(1).real, lost.real]),
                np.column_stack([certain(1).imaginary, lost.imaginary]),
            )
            total = total.times(both.take(gone.astype(np.int64)))
        for j in columns:
            partly = ~gone & ~known[:, j]
            normal += np.where(partly, reference.weights[j] ** 2 * reference.variance[j], 0.0)
    return total.times(of_normal(normal))
