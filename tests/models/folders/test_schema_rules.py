"""What parts of a model file must agree in, each rule with what meets it and what just does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec import Struct, ValidationError, convert

from riskscore.models.folders import schema

FOUND = {"source": "a paper", "status": "found"}
EXPOSURE = {"id": "x", "label": "x", "frequency_source": "a paper", "frequency_status": "found"}
DOSE = {**EXPOSURE, **FOUND, "kind": "dose", "unit": "g", "range": [0, 9], "mean": 4, "sd": 2}
LEVELS = [{"value": str(k), "frequency": share} for k, share in enumerate((0.5, 0.25, 0.25))]
TWO = [{"value": "no", "frequency": 0.75}, {"value": "yes", "frequency": 0.25}]
ORDINAL = {**EXPOSURE, **FOUND, "kind": "ordinal", "levels": LEVELS}
BINARY = {**EXPOSURE, **FOUND, "kind": "binary", "levels": TWO}
RISK = {**FOUND, "sex": "female", "value": 0.02}
RATES = {"table": "T", "mortality": "M", "to_age": 70, "from_age": 20}
PART = {"exposure": "x", "level": "yes"}


def without(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != key}


@pytest.mark.parametrize(
    ("kind", "given", "good"),
    [
        (schema.Effect, {"odds_ratio": 2, "ci": [2, 3]}, True),
        (schema.Effect, {"odds_ratio": 3, "ci": [2, 3]}, True),
        (schema.Effect, {"odds_ratio": 1.9, "ci": [2, 3]}, False),
        (schema.Effect, {"odds_ratio": 3.1, "ci": [2, 3]}, False),
        (schema.Effect, {"odds_ratio": 0}, False),
        (schema.ExposureSchema, DOSE, True),
        *((schema.ExposureSchema, without(DOSE, key), False) for key in ("unit", "range", "sd")),
        (schema.ExposureSchema, {**DOSE, "levels": TWO}, False),
        (schema.ExposureSchema, ORDINAL, True),
        (schema.ExposureSchema, {**ORDINAL, "levels": TWO}, True),
        (schema.ExposureSchema, {**ORDINAL, "levels": [{**TWO[0], "frequency": 1}]}, False),
        (schema.ExposureSchema, {**ORDINAL, "levels": []}, False),
        (schema.ExposureSchema, {**ORDINAL, "levels": LEVELS[:2]}, False),
        (schema.ExposureSchema, BINARY, True),
        (schema.ExposureSchema, {**BINARY, "levels": LEVELS}, False),
        (schema.PartSchema, PART, True),
        (schema.PartSchema, {}, False),
        (schema.PartSchema, {**PART, "hla": "A*02:01", "coding": "additive"}, False),
        (schema.PartSchema, {"hla": "A*02:01", "coding": "additive"}, True),
        (schema.PartSchema, {"hla": "A*02:01", "coding": "twice"}, False),
        (schema.PartSchema, {"group": "g", "copies": 0}, True),
        (schema.PartSchema, {"group": "g", "copies": 2}, True),
        (schema.PartSchema, {"group": "g", "copies": 3}, False),
        (schema.PartSchema, {"group": "g"}, False),
        *(
            (schema.InteractionSchema, {"id": "i", "parts": [PART] * n, **FOUND}, n in (2, 3, 4))
            for n in range(6)
        ),
        (schema.InteractionSchema, {"id": "i", "parts": [PART], "only_known": "x", **FOUND}, True),
        (schema.PrevalenceSchema, RISK, True),
        (schema.PrevalenceSchema, {**RISK, "ci": [0.02, 0.03]}, True),
        (schema.PrevalenceSchema, {**RISK, "ci": [0.01, 0.02]}, True),
        (schema.PrevalenceSchema, {**RISK, "ci": [0.021, 0.03]}, False),
        (schema.PrevalenceSchema, {**RISK, "ci": [0.01, 0.019]}, False),
        (schema.PrevalenceSchema, {**RISK, "ci": [0, 0.03]}, False),
        (schema.PrevalenceSchema, {**RISK, "ci": [0.01, 1]}, False),
        *((schema.PrevalenceSchema, {**RISK, "value": value}, False) for value in (0, 1)),
        (schema.IncidenceSchema, RATES, True),
        (schema.IncidenceSchema, {**RATES, "from_age": 70}, False),
        (schema.IncidenceSchema, {**RATES, "to_age": 120}, True),
        (schema.IncidenceSchema, {**RATES, "to_age": 121}, False),
        (schema.IncidenceSchema, {**RATES, "factor": 2}, False),
        (schema.IncidenceSchema, {**RATES, "factor": 2, "source": "a paper"}, True),
        (schema.HeritabilitySchema, {"value": 1, **FOUND}, True),
        (schema.HeritabilitySchema, {"value": 1.5, **FOUND}, False),
        (schema.GivenSchema, {"variants": {"rs1": 2}, "from_age": 0, "to_age": 120}, True),
        (schema.GivenSchema, {"variants": {"rs1": 2.5}}, False),
        (schema.GivenSchema, {"from_age": -1}, False),
        (schema.GivenSchema, {"to_age": 121}, False),
        (schema.GivenSchema, {"to_ages": 20}, False),
    ],
)  # fmt: skip
def test_rules(kind: type[Struct], given: dict[str, Any], good: bool) -> None:
    if good:
        convert(given, kind, strict=False)
    else:
        with pytest.raises(ValidationError):
            convert(given, kind, strict=False)


@pytest.mark.parametrize(
    ("value", "good"), [("x", True), ("x" * 200, True), ("x" * 201, False), ("", False)]
)
def test_how_long_a_name_may_be(value: str, good: bool) -> None:
    given = {"measure": value, "value": "0.7", **FOUND}
    if good:
        convert(given, schema.PerformanceSchema)
    else:
        with pytest.raises(ValidationError):
            convert(given, schema.PerformanceSchema)


def test_a_weight_and_its_error_from_an_interval() -> None:
    """ln(2), and the width of 1.25 to 5 on the log scale over twice 1.959964."""
    effect = convert({"odds_ratio": 2, "ci": [1.25, 5]}, schema.Effect, strict=False)
    assert effect.weight == pytest.approx(0.6931471805599453)
    assert effect.standard_error == pytest.approx(math.log(4) / 3.919927969080108)
    assert convert({"odds_ratio": 2}, schema.Effect, strict=False).standard_error is None
    assert schema.Effect().weight == 0
