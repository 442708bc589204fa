"""Scores from a design matrix alone: a column a term, nan where a number is not known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskscore.models.terms import Part
from riskscore.scoring.components import enumerated
from riskscore.scoring.link import Array
from riskscore.scoring.reference import Reference
from riskscore.scoring.spectrum import Spectrum, after_certain, certain, of_normal, of_states

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


@dataclass(frozen=True)
class NumberScorer:
    """Scores the rows of a design matrix, people of unknown sex, against a reference."""

    reference: Reference

    def score(self, numbers: Array) -> ScoredPeople:
        """Score ``numbers``, shape (people, the model's first terms).

        What is not known, and the terms beyond the last column, are integrated over the reference
        population: exactly where nothing of a component is known, else as normal.
        """
        terms, own = self.reference.model.terms, self.reference.by_sex[None]
        full = np.full((len(numbers), len(terms)), np.nan)
        full[:, : numbers.shape[1]] = numbers
        known = ~np.isnan(full)
        centred = np.where(known, full - self.reference.centre, 0.0)
        kinds = np.array([term.part for term in terms])
        parts = np.column_stack(
            [centred @ np.where(kinds == part, self.reference.weights, 0.0) for part in Part]
        )
        if own.alpha is None:
            return ScoredPeople(parts, np.full(len(numbers), np.nan))
        risk = self._unknown(known).mean_risk(own.alpha + parts.sum(axis=1))
        return ScoredPeople(parts, log_odds_of_risk(risk))

    @cached_property
    def _components(self) -> list[tuple[list[int], Spectrum]]:
        """The terms of each component, and its spectrum when known and when not."""
        reference, terms = self.reference, self.reference.model.terms
        found = []
        for component in reference.components:
            columns = [j for j in component.terms if reference.by_sex[None].counted[j]]
            if columns:
                members = [terms[j] for j in columns]
                states = enumerated(component.kinds, members, reference.kinds).states
                lost = of_states(states.values[:, 0], states.probability)
                found.append(
                    (columns, after_certain(Spectrum(lost.real[:, None], lost.imaginary[:, None])))
                )
        return found

    def _unknown(self, known: NDArray[np.bool_]) -> Spectrum:
        """The spectrum of what is not known, by person."""
        total, normal = certain(len(known)), np.zeros(len(known))
        for columns, spectrum in self._components:
            gone = ~known[:, columns].any(axis=1)
            if gone.any():
                total = total.times(spectrum.take(np.asarray(gone, dtype=np.int64)))
            for j in columns:
                square = self.reference.weights[j] ** 2 * self.reference.variance[j]
                normal += np.where(~gone & ~known[:, j], square, 0.0)
        return total.times(of_normal(normal)) if normal.any() else total
