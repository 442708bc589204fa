"""What to tell of an exposures table: unread columns, and doses in what may be another unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

import numpy as np

from riskscore.models.model import Exposure, RiskModel
from riskscore.samples.exposures import Exposures

_SHOWN = 10
_ALIKE = 0.8  # of difflib: one or two letters of a word of eight
_FEWEST = 3  # doses; of fewer a median says nothing


def unused_columns(
    names: Sequence[str], models: Sequence[RiskModel] = (), used: Collection[str] = ()
) -> list[str]:
    """What to say of columns that no model uses: ten by name, and how many more.

    A name nearly that of an exposure that is not among the ``used`` columns is followed by it.

    >>> from riskscore.models.catalog import load_model
    >>> unused_columns(["note", "smokin"], [load_model("ms")])
    ['columns of the exposures no model uses: note, smokin (did you mean smoking?)']
    """
    if not names:
        return []
    free = {e.id.lower(): e.id for m in models for e in m.exposures if e.id not in used}
    shown = []
    for name in names[:_SHOWN]:
        meant = get_close_matches(name.lower(), free, n=1, cutoff=_ALIKE)
        shown.append(f"{name} (did you mean {free[meant[0]]}?)" if meant else name)
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"columns of the exposures no model uses: {', '.join(shown)}{more}"]


def unit_doubts(exposures: Exposures, models: Sequence[RiskModel]) -> list[str]:
    """A warning for each column of doses without a unit that would be usual in another unit.

    The median is more than one standard deviation from the population's mean as it was read, and
    less than half as far from it in one of the other units that the model knows.
    """
    doubts = {}
    for exposure in {e.id: e for model in models for e in model.exposures}.values():
        name = exposure.id
        if not exposure.is_dose or name in exposures.units or name not in exposures.columns:
            continue
        cells = exposures.coded(name)
        bare = np.array(cells.each(lambda cell: not cell.rstrip()[-1:].isalpha()), dtype=bool)
        doses = exposures.doses(exposure, len(cells))[bare]
        doses = doses[~np.isnan(doses)]
        if len(doses) >= _FEWEST:
            median = float(np.median(doses))
            doubts[exposure.id] = _doubt(exposure, median)
    return [doubt for doubt in doubts.values() if doubt]


def _doubt(exposure: Exposure, median: float) -> str:
    away = abs(median - exposure.mean)
    for unit, factor in exposure.other_units.items():
        if away > exposure.sd and abs(factor * median - exposure.mean) < away / 2:
            return (
                f"{exposure.label} ({exposure.id}) was read in {exposure.unit}, and a median of "
                f"{median:g} looks like {unit}: if so, name the column '{exposure.id} [{unit}]'"
            )
    return ""
