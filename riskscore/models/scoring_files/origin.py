"""What holds for all rows of a scoring file: builds, scale of the weights, source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskscore.errors import ModelFormatError
from riskscore.genetics.build import Build, parse_build
from riskscore.models.scoring_files.rows import ScoringTable
from riskscore.models.scoring_files.weight_type import WeightType
from riskscore.models.terms import Status

_RATIOS = frozenset(["or", "hr", "or/hr", "odds ratio", "hazard ratio", "odds ratio/hazard ratio"])
_NOT_SAID = frozenset(["", "nr"])
_LOGS = _NOT_SAID | frozenset(["beta", "log(or)", "log(hr)", "log(or/hr)", "log(or)/log(hr)"])
_LEAST_RATIO = 0.5  # weights that are called ratios and all exceed this are ratios
_USUAL_RATIO = 0.7  # logarithms that are all positive rarely have a higher median


@dataclass(frozen=True)
class Origin:
    """What all rows of a file have in common.

    ``strict`` marks a model folder, whose rows each name their source and status and whose variants
    each have a place. ``build`` is that of chr_position, ``harmonised`` that of hm_pos. ``ratios``
    says that effect_weight holds odds or hazard ratios, whose natural logarithm is the weight.
    """

    strict: bool
    build: Build | None
    harmonised: Build | None = None
    ratios: bool = False
    source: str = ""
    status: Status = Status.FOUND
    notes: tuple[str, ...] = ()


def folder_origin(table: ScoringTable) -> Origin:
    """The origin of a model folder's weights file; GRCh38 unless its header says otherwise."""
    return Origin(True, parse_build(table.header.get("genome_build", "")) or Build.GRCh38)


def catalog_origin(table: ScoringTable, asked: WeightType | None = None) -> Origin:
    """The origin of a PGS Catalog file, whose weights are as ``asked`` if that is given.

    Raises ModelFormatError when the scale of its weights is not clear.
    """
    rows = [row for row in table.rows if row["effect_weight"]]
    weights = [row.number("effect_weight") or 0.0 for row in rows]
    reported = [row.number("OR" if row["OR"] else "HR") for row in rows]
    pairs = [(w, r) for w, r in zip(weights, reported, strict=True) if r is not None]
    repeats = bool(pairs) and all(w == r > 0 for w, r in pairs)
    named = weight_type(table)
    return origin_of(table.header, table.name, named, weights, repeats, bool(pairs), asked)


def origin_of(
    header: Mapping[str, str],
    name: str,
    named: str,
    weights: Sequence[float],
    repeats: bool,
    reported: bool,
    asked: WeightType | None,
) -> Origin:
    """The origin of a file, from its header and its weights.

    ``named`` is what it calls its weights; ``reported`` says that it has ratios beside them, and
    ``repeats`` that they are the same numbers; ``asked`` is the user's word for the weights.
    """
    if asked is not None:
        ratios, note = asked is not WeightType.BETA, f"weight_type was said to be {asked}"
    else:
        ratios, note = _scale(name, named, weights, repeats, reported)
    title, citation = header.get("pgs_id") or name, header.get("citation", "")
    return Origin(
        strict=False,
        build=parse_build(header.get("genome_build", "")),
        harmonised=parse_build(header.get("hmpos_build", "")),
        ratios=ratios,
        source=f"{title}, {citation}" if citation else title,
        notes=(note,) if note else (),
    )


def weight_type(table: ScoringTable) -> str:
    """What the file calls its weights: in its header, or in the column of format 1.0."""
    in_rows = {row["weight_type"] for row in table.rows} if "weight_type" in table.columns else {""}
    return table.header.get("weight_type", "") or (in_rows.pop() if len(in_rows) == 1 else "")


def _scale(
    name: str, named: str, weights: Sequence[float], repeats: bool, reported: bool
) -> tuple[bool, str]:
    """Whether effect_weight holds ratios, and a note for the reader."""
    if repeats:
        return True, "effect_weight repeats the ratios; their natural logarithm is used"
    if named.lower() in _LOGS:
        if named.lower() in _NOT_SAID and not reported and _like_ratios(weights):
            raise ModelFormatError(
                "no weight_type says whether the weights are ratios or logarithms, and all are "
                "positive, as ratios are",
                where=name,
                fix="say --weight-type beta, OR or HR, or write #weight_type= in the header",
            )
        return False, ""
    if named.lower() not in _RATIOS:
        return False, f"weight_type is {named!r}; the weights are used as they stand"
    if not len(weights) or reported:
        return False, ""
    if min(weights) <= 0 or max(weights) < _LEAST_RATIO:
        return False, f"weight_type is {named}, but the weights are logarithms; used as they stand"
    if min(weights) >= _LEAST_RATIO:
        return True, f"weight_type is {named}; the natural logarithm of the weights is used"
    raise ModelFormatError(
        f"weight_type is {named}, and the weights could be ratios or logarithms",
        where=name,
        fix="write #weight_type=log(OR) in the header, or add the column OR",
    )


def _like_ratios(weights: Sequence[float]) -> bool:
    """Whether weights could be ratios: all positive, and about 1 or above."""
    if not len(weights) or min(weights) <= 0:
        return False
    return min(weights) >= _LEAST_RATIO or float(np.median(weights)) >= _USUAL_RATIO
