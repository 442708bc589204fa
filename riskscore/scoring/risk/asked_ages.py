"""The ages that are asked about: each person's first and last, and why there may be no risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskscore.arrays import Array
from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import RiskModel
from riskscore.models.reference.incidence import RateTable, incidence_table, mortality_table
from riskscore.samples.cohort import Cohort
from riskscore.scoring.population.reference import Reference
from riskscore.scoring.population.spectrum import Spectrum
from riskscore.scoring.risk.absolute import Rates
from riskscore.scoring.risk.by_age import RiskByAge, risk_by_age

_MORTALITY = "US_SSA_2017"  # with a table of the user's for a model that names none
_REASONS = ("", "age=unknown", "age=outside_table", "age=beyond_horizon")


@dataclass(frozen=True)
class AskedAges:
    """Of one model, each person's ages, and the risks by age.

    ``start`` and ``end`` have shape (samples,). ``reason`` is the place in _REASONS of why there is
    no risk, 0 where there is. ``by_sex`` has the risks of each sex, None where it is unknown.
    """

    start: Array
    end: Array
    reason: NDArray[np.int64]
    by_sex: Mapping[Sex | None, RiskByAge]

    def fill(
        self,
        numbers: Mapping[str, Array],
        rows: range,
        sex: Sex | None,
        people: NDArray[np.int64],
        unknown: Spectrum,
        limits: tuple[Array, Array],
    ) -> None:
        """Write the risks of ``people`` of one sex, places within ``rows``, into ``numbers``.

        ``unknown`` is of all rows, and so are ``limits``, of their log odds less the mean.
        """
        log_odds = numbers["log_odds"]
        risks = self.by_sex[sex]
        for start, end, own in self._groups(rows, people):
            lp, rest = log_odds[own], unknown.take(own)
            numbers["probability"][own] = risks.mean(lp, rest, start, end)
            numbers["probability_low"][own] = risks.of(lp + limits[0][own], start, end)
            numbers["probability_high"][own] = risks.of(lp + limits[1][own], start, end)
            numbers["average_risk"][own] = risks.average(start, end)

    def _groups(
        self, rows: range, people: NDArray[np.int64]
    ) -> Iterator[tuple[float, float, NDArray[np.int64]]]:
        """The people of the same ages, with those."""
        place = people + rows.start
        people = people[self.reason[place] == 0]
        ages = np.column_stack([self.start[people + rows.start], self.end[people + rows.start]])
        kinds, which = np.unique(ages, axis=0, return_inverse=True)
        for k, (start, end) in enumerate(kinds.tolist()):
            yield start, end, people[which.ravel() == k]

    def flagged(self, flags: Sequence[str], rows: range) -> list[str]:
        """The flags of some rows with the reason added why there is no risk by age."""
        return [
            ";".join(filter(None, (flag, _REASONS[reason])))
            for flag, reason in zip(flags, self.reason[rows.start : rows.stop], strict=True)
        ]


def asked_ages(cohort: Cohort, reference: Reference) -> AskedAges | None:
    """The ages that the cohort's question asks about, for one model; None if it asks about none.

    Raises UsageError where no table of incidence is known, or nobody's age.
    """
    question, model = cohort.question, reference.model
    if not question.by_age:
        return None
    tables = rates_by_sex(cohort, model)
    first, last = _both_hold(tables)
    end = horizon_of(model, tables)[1] if question.to_age is None else question.to_age
    start = starting_ages(cohort)
    reason = np.zeros(len(start), dtype=np.int64)
    reason[start >= end] = 3
    reason[(start < first) | (start > last) | (end > last)] = 2
    reason[np.isnan(start)] = 1
    by_sex = {sex: risks_of(reference, tables, sex) for sex in dict.fromkeys(cohort.sex)}
    return AskedAges(start, np.full(len(start), end), reason, by_sex)


def risks_of(reference: Reference, tables: Mapping[Sex, Rates], sex: Sex | None) -> RiskByAge:
    """The risks by age of people of one sex, or of unknown sex, with the rates of ``tables``."""
    rates = (tables[sex],) if sex else tuple(tables.values())
    return risk_by_age(reference.by_sex[sex], rates, horizon_of(reference.model, tables))


def horizon_of(model: RiskModel, tables: Mapping[Sex, Rates]) -> tuple[float, float]:
    """The ages of the model's own horizon within those of the tables; all if it has none."""
    first, last = _both_hold(tables)
    if model.rates is None:
        return first, last
    return max(model.rates.from_age, first), min(model.rates.to_age, last)


def _both_hold(tables: Mapping[Sex, Rates]) -> tuple[float, float]:
    """The first and the last age of which the tables of both sexes say something."""
    return (
        float(max(rates.ages[0] for rates in tables.values())),
        float(min(rates.ages[-1] for rates in tables.values())),
    )


def rates_by_sex(cohort: Cohort, model: RiskModel) -> dict[Sex, Rates]:
    """The rates that hold for a model: of the table the question gives, else of the model's own.

    Raises UsageError where there is none.
    """
    own = cohort.question.incidence_table()
    return {sex: rates_of(model, own, sex) for sex in Sex}


def starting_ages(cohort: Cohort) -> Array:
    """The age of each sample at which the risk that is asked begins, nan where unknown.

    Raises UsageError where nobody's is known.
    """
    question = cohort.question
    if question.from_age is not None:
        return np.full(len(cohort.samples), question.from_age)
    if not cohort.exposures.age:
        raise UsageError(
            f"nobody's age is known: {question.age_column!r} is a column of the exposures",
            fix="give --exposures with that column",
        )
    return np.array(cohort.exposures.age)


def rates_of(model: RiskModel, own: RateTable | None, sex: Sex) -> Rates:
    """The rates of one sex: of the user's table ``own``, else of the one that the model names.

    Raises UsageError where neither is there, or the table has no rates of that sex.
    """
    named = model.rates
    if own is None and named is None:
        raise UsageError(
            f"model {model.id} names no table of incidence by age", fix="give one with --incidence"
        )
    table = own or incidence_table(named.table if named else "")
    if sex not in table.by_sex:
        raise UsageError(f"{table.id} has no rates of {sex} people", fix="add them to the table")
    mortality = mortality_table(named.mortality if named else _MORTALITY)
    factor = 1.0 if own or named is None else named.factor
    return Rates.on_grid(table.by_sex[sex], mortality.by_sex[sex], factor)
