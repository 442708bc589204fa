"""A variant: copies of one of its alleles, from the dosages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array, Places, Reasons
from riskscore.errors import PopulationError
from riskscore.genetics.missing import Missing
from riskscore.models.model import RiskModel
from riskscore.models.terms import ADDITIVE, Factor, Term, VariantFactor
from riskscore.samples.cohort import Cohort
from riskscore.samples.loci.snp_haplotypes import why_unknown
from riskscore.scoring.kinds.counting import coded
from riskscore.scoring.kinds.kind import Answer, FactorStates, Kind, KindEvidence, no_reading
from riskscore.scoring.kinds.states import NOBODY, States

_GENOTYPES = np.array([0.0, 1.0, 2.0, np.nan])


class VariantKind(Kind):
    """The two alleles of a person at one variant."""

    def __init__(
        self,
        name: str,
        factors: Sequence[VariantFactor],
        model: RiskModel,
        population: str,
        frequency: float | None = None,
    ) -> None:
        self.variant, self._counted = factors[0].variant, tuple(factors)
        p = model.frequency_in(self.variant, population) if frequency is None else frequency
        if p is None:
            raise PopulationError(
                f"the model does not say the frequency of {factors[0]} in {population}",
                fix="take a model with frequencies, or add allelefrequency_effect_" + population,
            )
        shares = np.array([(1 - p) ** 2, 2 * p * (1 - p), p**2])
        numbers = np.array([factor.coding.values for factor in factors]).T
        super().__init__(name, factors, States.one(numbers, shares))
        stands_in = self.variant in model.stand_ins(population)
        self._note = f"frequency of {model.stand_in_population}" if stands_in else ""

    def measured(self, cohort: Cohort) -> bool:
        """Whether a cohort's files have anything of the variant, in whomever."""
        return not cohort.dosages.match(self.variant).missing

    def by_copies(self, cohort: Cohort) -> bool:
        return self.measured(cohort)

    def evidence(self, cohort: Cohort, people: slice) -> KindEvidence:
        """A dosage as the genotypes that have it as their mean, and the variance that the file
        tells; else the least uncertain ones: a whole number, or the two around it.
        """
        count = len(cohort.samples[people])
        lost = cohort.dosages.match(self.variant).missing
        if lost:
            return no_reading(self, count, lost)
        copies = cohort.dosages.of(self.variant)[people].astype(np.float64)
        missing = np.where(np.isnan(copies), np.uint8(Missing.NO_CALL), np.uint8(0))
        if self.variant.members:
            missing = why_unknown(cohort.dosages, self.variant)[people].astype(np.uint8)
            copies[missing != Missing.NOT_MISSING] = np.nan
        variance = least_variance(copies)
        told = cohort.dosages.variance_of(self.variant, people)
        if told is not None:
            variance = np.where(np.isnan(told), variance, told)
        reading = FactorStates(self.factors, self._states(copies, variance))
        return KindEvidence(self, (reading,), np.tile(missing[:, None], len(self.factors)))

    def _states(self, copies: Array, variance: Array) -> States:
        """The states by dosage and variance, which people of the same ones share."""
        distinct, of = _distinct(copies, variance)
        mean, spread = distinct.T
        kept = ~np.isnan(mean)
        of = np.where(kept, np.arange(len(mean)), NOBODY)[of]
        genotypes = genotype_probabilities(mean[kept], spread[kept])
        block, state = np.nonzero(genotypes > 0)
        numbers = [coded(factor, state.astype(np.float64)) for factor in self._counted]
        return States(np.column_stack(numbers), genotypes[block, state], block, of)

    def words(self, factor: Factor, cohort: Cohort, place: int) -> str:
        match = cohort.dosages.match(self.variant)
        return match.record if not match.missing else "no record used"

    def thing(self, factor: Factor) -> tuple[str, str]:
        return "variant", self.variant.name

    def answer(self, factor: Factor, cohort: Cohort) -> Answer:
        match = cohort.dosages.match(self.variant)
        seen = f"has {match.how}" if match.missing and match.how else ""
        return Answer(
            match.missing.name.lower() if match.missing else match.how,
            match.record,
            match.frequency,
            note="; ".join(part for part in (seen, match.note, self._note) if part),
        )


def least_variance(copies: Array) -> Array:
    """The least variance of genotypes with these mean copies: of d it is t (1 - t), t = |d - 1|.

    >>> least_variance(np.array([0.0, 0.25, 1.0, 1.5])).tolist()
    [0.0, 0.1875, 0.0, 0.25]
    """
    apart = np.abs(copies - 1)
    return np.asarray(apart * (1 - apart))


def genotype_probabilities(mean: Array, variance: Array) -> Array:
    """The probabilities of 0, 1 and 2 copies with a mean and a variance, shape (n, 3).

    A variance that no genotypes of that mean have counts as the nearest that some have.

    >>> genotype_probabilities(np.array([1.0, 1.0]), np.array([0.0, 0.5])).tolist()
    [[0.0, 1.0, 0.0], [0.25, 0.5, 0.25]]
    """
    two = np.clip((variance + mean**2 - mean) / 2, np.maximum(mean - 1, 0), mean / 2)
    one = mean - 2 * two
    return np.column_stack([1 - one - two, one, two])


def _distinct(copies: Array, variance: Array) -> tuple[Array, Places]:
    """The different dosages and variances in order, nan last, and which are of each person."""
    gap = np.isnan(copies)
    place = np.where(gap, len(_GENOTYPES) - 1, copies).astype(np.int64)
    if not (gap | ((place == copies) & (variance == 0))).all():
        distinct, of = np.unique(copies + 1j * variance, return_inverse=True)
        return np.column_stack([distinct.real, distinct.imag]), of.ravel().astype(np.int64)
    held = np.bincount(place, minlength=len(_GENOTYPES)) > 0
    both = np.column_stack([_GENOTYPES[held], np.zeros(int(held.sum()))])
    return both, (np.cumsum(held) - 1)[place]


def copies_alone(term: Term) -> VariantFactor | None:
    """The variant whose copies are all that a term counts, in everybody; None of other terms."""
    factor = term.factors[0]
    if len(term.factors) > 1 or term.fallback_for or not isinstance(factor, VariantFactor):
        return None
    return factor if factor.coding == ADDITIVE and not factor.variant.members else None


def put_copies(
    copies: NDArray[np.float32],
    told: Array | None,
    mean: float,
    spread: float,
    columns: tuple[Array, Array, Reasons],
) -> None:
    """Write a dosage as expected number, variance and reason into columns, each (people,).

    The variance is what the file has ``told``; where that is nothing, the :func:`least_variance`.
    Without a call the population's ``mean`` and ``spread`` stand. The reasons are all 0 before.
    """
    expected, variance, missing = columns
    expected[:] = copies
    variance[:] = least_variance(expected)
    if told is not None:
        np.copyto(variance, told, where=~(np.isnan(told) | np.isnan(expected)))
    if np.isnan(variance.sum()):
        gap = np.isnan(expected)
        expected[gap], variance[gap], missing[gap] = mean, spread, Missing.NO_CALL
