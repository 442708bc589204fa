"""Every number of a model with its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from riskscore.models.model import RiskModel
from riskscore.models.scoring_files.weights import BY_DOSAGE
from riskscore.models.terms import Term, VariantFactor

SOURCE_COLUMNS = ("kind", "name", "quantity", "value", "standard_error", "status", "source")

Row = tuple[Any, ...]


def source_rows(model: RiskModel) -> list[dict[str, Any]]:
    """Weights, frequencies, positions, haplotype ranks, exposures, baseline risks and performance.

    One row for each number.
    """
    return [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in _rows(model)]


def _rows(model: RiskModel) -> Iterator[Row]:
    for term in model.terms:
        yield from _of_term(term)
    yield from _of_plain(model)
    yield from _of_haplotypes(model)
    yield from _of_exposures(model)
    for risk in model.baseline:
        name = f"baseline, {risk.sex.value}"
        parts = (risk.horizon or model.horizon, risk.population)
        quantity = ", ".join(part for part in parts if part)
        yield "baseline", name, quantity, risk.value, None, risk.status.value, risk.source
        for label, limit in zip(("low", "high"), risk.ci or (), strict=False):
            limits = f"{quantity}, 95% {label}"
            yield "baseline", name, limits, limit, None, risk.status.value, risk.source
    for number in model.card.performance:
        yield (
            "performance",
            number["measure"],
            "as published",
            number["value"],
            None,
            str(number["status"]),
            number["source"],
        )


def _of_term(term: Term) -> Iterator[Row]:
    origin = (term.status.value, term.source)
    yield (
        f"{term.part.value} weight",
        term.id,
        "log odds ratio",
        term.weight,
        term.standard_error,
        *origin,
    )
    for factor in term.factors:
        if isinstance(factor, VariantFactor):
            variant = factor.variant
            for build, place in variant.places.items():
                where = f"position on chromosome {variant.chromosome}, {build}"
                yield "position", variant.name, where, place, None, *origin
            for population, share in factor.frequency.items():
                quantity = f"frequency of {variant.effect_allele} in {population}"
                yield "frequency", term.id, quantity, share, None, *origin
        if factor.coding.name == BY_DOSAGE:
            for copies, value in enumerate(factor.coding.values):
                yield "weight by dosage", term.id, f"{copies} copies", value, None, *origin


def _of_plain(model: RiskModel) -> Iterator[Row]:
    if model.plain is not None:
        yield (
            "genetic weights",
            f"{len(model.plain)} plain variants",
            "log odds ratios",
            None,
            None,
            "found",
            model.plain.source,
        )


def _of_haplotypes(model: RiskModel) -> Iterator[Row]:
    """Frequencies, ranks and tags; without sources of their own they have those of their terms."""
    if model.scheme is None:
        return
    origins = {t.id: (t.status.value, t.source) for t in model.terms}
    for haplotype in model.scheme.haplotypes:
        row = origins.get(haplotype.name, ("", ""))
        own = (haplotype.status or row[0], haplotype.source or row[1])
        kind = "haplotype"
        yield kind, haplotype.name, "rank", haplotype.rank, None, *own
        for population, share in haplotype.frequency.items():
            yield kind, haplotype.name, f"frequency in {population}", share, None, *row
        if haplotype.tag:
            for build, place in haplotype.tag.places.items():
                where = f"position of {haplotype.tag.name}, {build}"
                yield kind, haplotype.name, where, place, None, *own


def _of_exposures(model: RiskModel) -> Iterator[Row]:
    for exposure in model.exposures:
        kind = "exposure frequency"
        origin = (exposure.frequency_status.value, exposure.frequency_source)
        effect = (exposure.status.value, exposure.source)
        for level in exposure.levels:
            yield kind, exposure.id, level.value, level.frequency, None, *origin
        if exposure.is_dose:
            for quantity, value in (("mean", exposure.mean), ("sd", exposure.sd)):
                yield kind, exposure.id, f"{quantity}, {exposure.unit}", value, None, *origin
            for quantity, value in zip(("least", "most"), exposure.range, strict=True):
                name = f"{quantity} plausible, {exposure.unit}"
                yield "exposure range", exposure.id, name, value, None, "", "of this model"
            per = f"{exposure.unit} a step of the weight"
            yield "exposure step", exposure.id, per, exposure.per, None, *effect
        for unit, factor in exposure.other_units.items():
            quantity = f"{exposure.unit} in a {unit}"
            yield "unit", exposure.id, quantity, factor, None, *origin
