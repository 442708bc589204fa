"""A risk drawn: as people in a crowd of 1,000, and as an interval beside the average."""

from __future__ import annotations

import math
from typing import Any

CROWD = 1_000  # of every disease on a page, so that they can be compared by eye
COLUMNS = 40
_ENLARGED = 100  # so many small dots are one of the crowd
_WIDTH = 600.0  # of the interval's drawing, in its own units


def icon_array(risk: float) -> dict[str, Any]:
    """A crowd of 1,000 in which the risk is a count of people.

    ``places`` are the columns and rows of those hit. Where fewer than one would be, ``enlarged``
    is how many of 100 small dots, into which one of the crowd is divided, stand for the risk.

    >>> icons = icon_array(0.0031)
    >>> icons["hit"], icons["places"], icons["enlarged"]
    (3, [(0, 0), (1, 0), (2, 0)], None)
    >>> icon_array(0.0003)["enlarged"]
    30
    """
    hit = round(risk * CROWD)
    return {
        "crowd": CROWD,
        "hit": hit,
        "columns": COLUMNS,
        "rows": CROWD // COLUMNS,
        "places": [(n % COLUMNS, n // COLUMNS) for n in range(hit)],
        "enlarged": round(risk * CROWD * _ENLARGED) if risk * CROWD < 1 else None,
    }


def interval_bar(risk: float, low: float, high: float, average: float) -> dict[str, Any]:
    """The positions of a risk, its interval and the average on one axis that begins at 0.

    >>> bar = interval_bar(0.008, 0.002, 0.025, 0.005)
    >>> [round(bar[name]) for name in ("low", "risk", "high", "average")], bar["ticks"][-1]
    ([46, 185, 577, 115], {'x': 576.9, 'label': '25'})
    """
    top = 1.04 * max(high, average)
    step = _step(1000 * top)
    count = int(1000 * top / step + 1e-9)

    def place(value: float) -> float:
        return round(_WIDTH * value / top, 1)

    ticks = [{"x": place(n * step / 1000), "label": f"{n * step:.6g}"} for n in range(count + 1)]
    return {
        "width": _WIDTH,
        "low": place(low),
        "risk": place(risk),
        "high": place(high),
        "average": place(average),
        "ticks": ticks,
    }


def _step(top: float) -> float:
    """The distance of ticks: 1, 2 or 5 times a power of ten, for at most about six of them."""
    power = 10.0 ** math.floor(math.log10(top / 6))
    return next(power * n for n in (1, 2, 5, 10) if top / (power * n) <= 6)
