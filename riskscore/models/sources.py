"""Every number of a model with the place it was published."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from riskscore.models.model import RiskModel
from riskscore.models.terms import VariantFactor

SOURCE_COLUMNS = ("kind", "name", "quantity", "value", "standard_error", "status", "source")


def source_rows(model: RiskModel) -> list[dict[str, Any]]:
    """Weights, exposure frequencies and baseline risks, a row each."""
    return [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in _rows(model)]


def _rows(model: RiskModel) -> Iterator[tuple[Any, ...]]:
    for term in model.terms:
        kind = f"{term.part.value} weight"
        yield (
            kind,
            term.id,
            "log odds ratio",
            term.weight,
            term.standard_error,
            term.status.value,
            term.source,
        )
        for factor in term.factors:
            if isinstance(factor, VariantFactor):
                for population, share in factor.frequency.items():
                    quantity = f"frequency of {factor.variant.effect_allele} in {population}"
                    yield (
                        "frequency",
                        term.id,
                        quantity,
                        share,
                        None,
                        term.status.value,
                        term.source,
                    )
    for exposure in model.exposures:
        kind, status = "exposure frequency", exposure.frequency_status.value
        for level in exposure.levels:
            yield (
                kind,
                exposure.id,
                level.value,
                level.frequency,
                None,
                status,
                exposure.frequency_source,
            )
        if exposure.is_dose:
            for quantity, value in (("mean", exposure.mean), ("sd", exposure.sd)):
                name = f"{quantity}, {exposure.unit}"
                yield kind, exposure.id, name, value, None, status, exposure.frequency_source
    for risk in model.baseline:
        name = f"baseline, {risk.sex.value}"
        yield "baseline", name, model.horizon, risk.value, None, risk.status.value, risk.source
