"""The scale of the weights of a scoring file."""

from __future__ import annotations

from enum import StrEnum

from riskscore.errors import UsageError


class WeightType(StrEnum):
    """The scale of effect_weight: log odds (or hazard) ratios, or the ratios themselves."""

    BETA = "beta"
    OR = "OR"
    HR = "HR"


def as_weight_type(name: WeightType | str | None) -> WeightType | None:
    """A weight type by its name; raises UsageError for another."""
    try:
        return WeightType(name) if name else None
    except ValueError as error:
        raise UsageError(f"weights are not {name!r}", fix="say beta, OR or HR") from error
