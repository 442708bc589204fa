"""Which baseline risk holds: the model's own, or a prevalence that the user gives."""

from __future__ import annotations

from collections.abc import Mapping

from riskscore.errors import UsageError
from riskscore.genetics.sex import Sex
from riskscore.models.model import BaselineRisk, RiskModel
from riskscore.models.terms import Status


def baseline_of(
    model: RiskModel,
    sex: Sex | None,
    population: str,
    prevalence: float | Mapping[Sex | None, float] | None,
    horizon: str | None = None,
) -> tuple[BaselineRisk, ...]:
    """The baseline risks of a sex, those of both where it is unknown; none if there is none.

    A ``prevalence`` for all (one number, or that of None) is the mean of the sexes: each has its
    own by the ratio that the model has. Raises UsageError where that leaves a risk above 1.

    >>> from riskscore.models.catalog import load_model
    >>> women, men = (baseline_of(load_model("ra"), sex, "EUR", 0.02)[0].value for sex in Sex)
    >>> round((women + men) / 2, 12)
    0.02
    """
    if not prevalence:
        return model.baseline_risks(sex, population, horizon)
    given: dict[Sex | None, float] = {}
    given |= prevalence if isinstance(prevalence, Mapping) else {None: prevalence}
    sexes = tuple(Sex) if sex is None else (sex,)
    if None not in given:
        return tuple(_given(one, given[one]) for one in sexes)
    values = {one: given[None] * _share(model, one, population, horizon) for one in sexes}
    for value in values.values():
        if value >= 1:
            raise UsageError(
                f"a prevalence of {given[None]:g} with the ratio of the sexes that {model.id} has "
                f"is {value:g} in one of them",
                fix="give both: female=...,male=...",
            )
    return tuple(_given(one, value) for one, value in values.items())


def _share(model: RiskModel, sex: Sex, population: str, horizon: str | None) -> float:
    """The model's risk of one sex over the mean of both; 1 where it has not both."""
    own = {risk.sex: risk.value for risk in model.baseline_risks(None, population, horizon)}
    return 2 * own[sex] / sum(own.values()) if len(own) == len(Sex) else 1.0


def _given(sex: Sex, value: float) -> BaselineRisk:
    return BaselineRisk(sex, value, "given by the user", Status.FOUND)
