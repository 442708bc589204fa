"""The model ms cut down to a few of its SNPs, with weights and frequencies of a test's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import riskscore as rs
from riskscore.models.model import RiskModel
from riskscore.models.terms import VariantFactor, counted_alone


def ms_of_snps(
    weights: Sequence[float], frequencies: Sequence[float], **fields: Sequence[Any]
) -> RiskModel:
    """The first SNPs of ms, as many as weights; ``fields`` are other fields of their terms.

    The frequencies are in EUR.
    """
    ms = rs.load_model("ms")
    single = list(counted_alone(ms.terms, VariantFactor))[: len(weights)]
    terms = [
        replace(
            term,
            weight=weights[i],
            factors=(replace(factor, frequency={"EUR": frequencies[i]}),),
            **{name: values[i] for name, values in fields.items()},
        )
        for i, (term, factor) in enumerate(single)
    ]
    return replace(ms, terms=tuple(terms))
