"""Exposures and genes of a cohort, by name, as columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from riskscore.errors import UsageError
from riskscore.models.model import Exposure
from riskscore.models.terms import ADDITIVE, HLAFactor, VariantFactor
from riskscore.samples.cohort import Cohort
from riskscore.studies.association.candidates import carried
from riskscore.studies.association.frame_candidates import named_factor

if TYPE_CHECKING:
    import pandas


def cohort_columns(cohort: Cohort, names: Sequence[str]) -> pandas.DataFrame:
    """A frame with a column for each name, indexed by sample.

    A name may be

    - an HLA allele (``HLA-DRB1*15:01``), a residue (``HLA-DRB1:11V``) or a SNP of the cohort: 1 for
      carriers, 0 for others, between them where it was imputed;
    - an exposure that was given: the name of its level, in the order of the model, or its dose;
    - ``sex``.

    Raises UsageError for a name that the cohort does not know.

    >>> from riskscore.models.catalog import load_model
    >>> from riskscore.samples.person import person
    >>> one = person([load_model("ms")], hla={"DRB1": "15:01 03:01"}, exposures={"smoking": "ever"})
    >>> cohort_columns(one, ["HLA-DRB1*15:01", "smoking"]).to_dict("list")
    {'HLA-DRB1*15:01': [1.0], 'smoking': ['ever']}
    """
    import pandas as pd

    exposures = {e.id: e for model in cohort.models for e in model.exposures}
    factors = {name: f for name in names if (f := _factor(cohort, name)) is not None}
    copies = dict(zip(factors, carried(cohort, list(factors.values())).T, strict=True))
    frame = pd.DataFrame(index=list(cohort.samples))
    for name in names:
        if name in copies:
            frame[name] = copies[name]
        elif name in cohort.exposures.columns and name in exposures:
            frame[name] = _exposure(cohort, exposures[name])
        elif name == "sex":
            frame[name] = [None if sex is None else str(sex) for sex in cohort.sex]
        else:
            raise UsageError(
                f"the cohort has no {name!r}",
                fix="name an HLA allele (HLA-DRB1*15:01), a residue (HLA-DRB1:11V), a SNP that was "
                f"read, sex, or an exposure: {', '.join(cohort.exposures.columns) or 'none given'}",
            )
    return frame


def _factor(cohort: Cohort, name: str) -> HLAFactor | VariantFactor | None:
    """The genetic factor of a name, if the cohort has it; else None."""
    factor = named_factor(name)
    if factor is not None:
        return factor if factor.gene in cohort.hla.genes else None
    for match in cohort.dosages.matches:
        if match.variant.name == name and not match.missing:
            return VariantFactor(match.variant, ADDITIVE, {})
    return None


def _exposure(cohort: Cohort, exposure: Exposure) -> Any:
    import pandas as pd

    samples = len(cohort.samples)
    if exposure.is_dose:
        return cohort.exposures.doses(exposure, samples)
    levels = pd.Index([level.value for level in exposure.levels])
    return pd.Categorical.from_codes(cohort.exposures.levels(exposure, samples), categories=levels)
