"""What can be tested in a frame of numbers: its columns, whose names say what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import HLAFormatError, UsageError
from riskscore.models.model import Exposure, Level, RiskModel
from riskscore.models.scoring_files.factors import parse_alleles, parse_residues
from riskscore.models.terms import ADDITIVE, ExposureFactor, HLAFactor, Status, Term
from riskscore.studies.association.candidates import (
    NO_CARD,
    Candidate,
    Candidates,
    candidate_of,
    codings_of,
)
from riskscore.studies.people import numeric, refuse_odd_cells

if TYPE_CHECKING:
    import pandas


_SOURCE = "this study"


def frame_candidates(frame: pandas.DataFrame, names: Sequence[str], coding: str) -> Candidates:
    """Columns of a frame. Those named as HLA alleles (HLA-DRB1*15:01), residues (HLA-DRB1:11V) or
    SNPs (rs2476601) are copies, 0 to 2; the others are exposures, text one column for each level.

    Raises UsageError for copies outside 0 to 2.
    """
    codings = codings_of(coding)
    columns: list[Candidate] = []
    values: list[Array] = []
    exposures: list[Exposure] = []
    for name in names:
        factor = named_factor(name)
        if factor is None and not name.lower().startswith("rs"):
            numbers = numeric(frame[name], name)
            exposures.append(_exposure(frame[name], name, numbers))
            columns += [_exposure_candidate(label, name, exposures[-1]) for label in numbers]
            values += list(numbers.values())
            continue
        refuse_odd_cells(frame[name], name)
        copies = frame[name].to_numpy(dtype=float, na_value=np.nan)
        if np.nanmin(copies, initial=0) < 0 or np.nanmax(copies, initial=0) > 2:
            raise UsageError(f"{name} has copies below 0 or above 2")
        for each in codings:
            if factor is None:
                label = name if each is ADDITIVE else f"{name} ({each.name})"
                columns.append(Candidate(label, "snp", name, coding=each.name))
            else:
                columns.append(candidate_of(factor, each))
            values.append(np.interp(copies, (0.0, 1.0, 2.0), each.values))
    table = np.column_stack(values) if values else np.empty((len(frame), 0))
    model = RiskModel(
        id="study", name="study", version="0.0.0", edition="study", terms=(), card=NO_CARD,
        exposures=tuple(exposures),
    )  # fmt: skip
    return Candidates(tuple(frame.index), tuple(columns), table, model)


def _exposure_candidate(label: str, name: str, exposure: Exposure) -> Candidate:
    """The candidate of an exposure's column: one of its levels, or its dose."""
    level = label.removeprefix(name).removeprefix("=")
    if not exposure.is_dose and label == name:
        level = exposure.levels[1].value
    factor = ExposureFactor(name, level)
    term = Term(str(factor), (factor,), 0.0, "Exposures", _SOURCE, Status.DERIVED)
    return Candidate(label, "exposure", name, term)


def _exposure(column: pandas.Series[Any], name: str, numbers: Mapping[str, Array]) -> Exposure:
    """A column of a frame as a model's exposure: levels with their shares, or a dose.

    A column of 0 and 1 has these as its levels.
    """
    own = Exposure(
        name, name, unit="unit", range=(0.0, 1.0), sd=1.0, source=_SOURCE,
        status=Status.DERIVED, frequency_source=_SOURCE, frequency_status=Status.DERIVED,
    )  # fmt: skip
    if name not in numbers:
        text = column.dropna().astype(str)
        above = [label.removeprefix(f"{name}=") for label in numbers]
        order = [level for level in sorted(set(text)) if level not in above] + above
        return replace(own, levels=tuple(Level(v, (), float((text == v).mean())) for v in order))
    x = numbers[name][~np.isnan(numbers[name])]
    if set(np.unique(x)) == {0.0, 1.0}:
        share = float(x.mean())
        no, yes = ("no", "never", "false"), ("yes", "ever", "true")
        return replace(own, levels=(Level("0", no, 1 - share), Level("1", yes, share)))
    if not x.size:
        return own
    span = (float(x.min()), float(x.max()))
    return replace(own, range=span, mean=float(x.mean()), sd=float(x.std()) or 1.0)


def named_factor(name: str) -> HLAFactor | None:
    """The HLA factor a column's name stands for, or None.

    Raises UsageError for a name that is nearly that of an HLA allele or residue.
    """
    if not name.startswith("HLA-") and "*" not in name:
        return None
    try:
        if "*" in name:
            return parse_alleles(name, ADDITIVE)
        return parse_residues(name, ADDITIVE)
    except HLAFormatError as error:
        raise UsageError(f"the column {name!r} is not an HLA allele or residue") from error
