"""The charts of a result: ``result.plot``, which a layer above attaches to it.

Results know of no chart: charts stand above them, and ``riskscore.studies.charts.attached`` says
which belong to which result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MAKERS: dict[str, Callable[[Any], Any]] = {}


def attach(result: str, make: Callable[[Any], Any]) -> None:
    """Have ``make``, given a result of the class of that name, make its charts."""
    _MAKERS[result] = make


class Plots:
    """The attribute ``plot`` of a class: what was attached to the class makes it when asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._result = owner.__name__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else _MAKERS[self._result](instance)
