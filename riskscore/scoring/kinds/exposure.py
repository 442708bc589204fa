"""An exposure: the level or the dose that a person reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from riskscore.arrays import Array, Mask
from riskscore.genetics.missing import Missing
from riskscore.models.model import Exposure
from riskscore.models.terms import ExposureFactor, Factor
from riskscore.samples.cohort import Cohort
from riskscore.scoring.kinds.kind import Answer, FactorStates, Kind, KindEvidence
from riskscore.scoring.kinds.states import States

_DOSE_NODES, _DOSE_WEIGHTS = hermegauss(21)


class ExposureKind(Kind):
    """One exposure, in the people it applies to."""

    def __init__(self, name: str, factors: Sequence[ExposureFactor], exposure: Exposure) -> None:
        self.exposure, self._read = exposure, tuple(factors)
        if exposure.is_dose:
            doses, probability = dose_states(exposure)
            numbers = np.tile(doses[:, None] / exposure.per, len(factors))
            population = States.one(numbers, probability)
        else:
            levels = exposure.levels
            numbers = np.column_stack(
                [[float(level.value == f.level) for level in levels] for f in factors]
            )
            population = States.one(numbers, np.array([level.frequency for level in levels]))
        super().__init__(name, factors, population)

    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        known = reported(self.exposure, cohort, people)
        missing = np.where(known, np.uint8(0), np.uint8(Missing.NOT_GIVEN))
        reading = FactorStates(self.factors, self._states(cohort, people))
        return KindEvidence(self, (reading,), np.tile(missing[:, None], len(self.factors)))

    def _states(self, cohort: Cohort, people: slice) -> States:
        """One state a person, which people of one level share."""
        samples = len(cohort.samples)
        if self.exposure.is_dose:
            doses = cohort.exposures.doses(self.exposure, samples, people)
            numbers = np.tile(doses[:, None] / self.exposure.per, len(self._read))
            return States.certain(numbers)
        names = [level.value for level in self.exposure.levels]
        read = np.array([names.index(f.level) if f.level else 0 for f in self._read])
        table = (np.arange(len(names))[:, None] == read).astype(np.float64)
        of = cohort.exposures.levels(self.exposure, samples, people)
        every = States(table, np.ones(len(names)), np.arange(len(names)), of)
        return every.take(slice(None)).shared()

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        return f"{self.exposure.id} = {reported_cell(self.exposure, cohort, place) or 'unknown'}"

    def thing(self, factor: Factor) -> tuple[str, str]:
        return "exposure", self.exposure.id

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        return Answer("given" if self.exposure.id in cohort.exposures.columns else "not_given")


def dose_states(exposure: Exposure) -> tuple[Array, Array]:
    """Doses of the population, in the exposure's unit, and their probabilities.

    The nodes and weights of a Gauss-Hermite rule: the moments are those of the normal distribution.
    """
    doses = exposure.mean + exposure.sd * _DOSE_NODES
    return np.asarray(doses), np.asarray(_DOSE_WEIGHTS / _DOSE_WEIGHTS.sum())


def reported_cell(exposure: Exposure, cohort: Cohort, place: int) -> str:
    """What the table of exposures holds for one person, a dose with its unit; "" if nothing."""
    given, name = cohort.exposures, exposure.id
    cell = given.columns[name][place] if name in given.columns else ""
    bare = exposure.is_dose and cell[-1:].isdigit()
    unit = f" {given.units.get(name, exposure.unit)}" if bare else ""
    return f"{cell}{unit}".rstrip()


def reported(exposure: Exposure, cohort: Cohort, people: slice) -> Mask:
    """Of whom an exposure is known, shape (people,)."""
    samples = len(cohort.samples)
    if exposure.is_dose:
        return ~np.isnan(cohort.exposures.doses(exposure, samples, people))
    return np.asarray(cohort.exposures.levels(exposure, samples, people) >= 0)
