"""The values that a table of exposures may have, and an empty table to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskscore.models.model import Exposure, RiskModel

EXPOSURE_COLUMNS = (
    "column", "label", "levels", "unit", "other_units", "least", "most", "when_unknown", "only_if",
    "sex", "status",
)  # fmt: skip


def exposure_rows(model: RiskModel) -> Iterator[dict[str, Any]]:
    """Each exposure by EXPOSURE_COLUMNS: its column, what a cell may say, and its unit and range.

    ``when_unknown`` is used for people without a value: the shares of the levels in the population,
    or its mean and standard deviation, in the unit.
    """
    for exposure in model.exposures:
        yield {
            "column": exposure.id,
            "label": exposure.label,
            "levels": "; ".join(_level_words(exposure)),
            "unit": exposure.unit,
            "other_units": ", ".join(exposure.other_units),
            "least": exposure.range[0] if exposure.is_dose else None,
            "most": exposure.range[1] if exposure.is_dose else None,
            "when_unknown": _when_unknown(exposure),
            "only_if": " is ".join(exposure.only_if or ()),
            "sex": str(exposure.sex or ""),
            "status": str(exposure.frequency_status),
        }


def _level_words(exposure: Exposure) -> Iterator[str]:
    for level in exposure.levels:
        others = f" (also {', '.join(level.aliases)})" if level.aliases else ""
        yield f"{level.value}{others}"


def _when_unknown(exposure: Exposure) -> str:
    if exposure.is_dose:
        return f"mean {exposure.mean:g}, SD {exposure.sd:g} {exposure.unit}".rstrip()
    return ", ".join(f"{level.value} {level.frequency:.0%}" for level in exposure.levels)


def template(
    models: Sequence[RiskModel], samples: Sequence[str]
) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Rows and columns of an empty table of exposures, with a row for each sample."""
    named: dict[str, str] = {}
    for model in models:
        for exposure in model.exposures:
            unit = f" [{exposure.unit}]" if exposure.unit else ""
            named.setdefault(exposure.id, f"{exposure.id}{unit}")
    columns = ("sample", "sex", *named.values())
    return [dict.fromkeys(columns, "") | {"sample": sample} for sample in samples], columns
