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
        """A dosage as copies: a whole number, or the two around it with the dosage as their mean,
        the least uncertain genotypes with that mean.
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
        reading = FactorStates(self.factors, self._states(copies))
        return KindEvidence(self, (reading,), np.tile(missing[:, None], len(self.factors)))

    def _states(self, copies: Array) -> States:
        """The states by dosage, which people of the same dosage share."""
        distinct, of = _distinct(copies)
        kept = ~np.isnan(distinct)
        of = np.where(kept, np.arange(len(distinct)), NOBODY)[of]
        low = np.minimum(np.floor(distinct[kept]), 1)
        share = distinct[kept] - low
        state = np.column_stack([low, low + 1]).ravel()
        probability = np.column_stack([1 - share, share]).ravel()
        possible = probability > 0
        numbers = [coded(factor, state[possible]) for factor in self._counted]
        block = np.repeat(np.arange(len(share)), 2)[possible]
        return States(np.column_stack(numbers), probability[possible], block, of)

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


def _distinct(copies: Array) -> tuple[Array, Places]:
    """The different dosages in order, nan last, and which is of each person."""
    gap = np.isnan(copies)
    place = np.where(gap, len(_GENOTYPES) - 1, copies).astype(np.int64)
    if not (gap | (place == copies)).all():
        distinct, of = np.unique(copies, return_inverse=True)
        return distinct, of.ravel().astype(np.int64)
    held = np.bincount(place, minlength=len(_GENOTYPES)) > 0
    return _GENOTYPES[held], (np.cumsum(held) - 1)[place]


def copies_alone(term: Term) -> VariantFactor | None:
    """The variant whose copies are all that a term counts, in everybody; None of other terms."""
    factor = term.factors[0]
    if len(term.factors) > 1 or term.fallback_for or not isinstance(factor, VariantFactor):
        return None
    return factor if factor.coding == ADDITIVE and not factor.variant.members else None


def put_copies(
    copies: NDArray[np.float32],
    mean: float,
    spread: float,
    columns: tuple[Array, Array, Reasons],
) -> None:
    """Write a dosage as expected number, variance and reason into columns, each (people,).

    Of d copies, the whole numbers around d with d as their mean have the variance t (1 - t), t
    being the distance of d from 1. Without a call the population's ``mean`` and ``spread`` stand.
    The reasons are all 0 before.
    """
    expected, variance, missing = columns
    expected[:] = copies
    apart = np.subtract(expected, 1, out=variance)
    np.abs(apart, out=apart)
    np.multiply(apart, 1 - apart, out=variance)
    if np.isnan(variance.sum()):
        gap = np.isnan(expected)
        expected[gap], variance[gap], missing[gap] = mean, spread, Missing.NO_CALL
