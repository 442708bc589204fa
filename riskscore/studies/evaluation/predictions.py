"""The predictions to evaluate: scores of people, and the risks that belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from riskscore.arrays import Array
from riskscore.errors import StudyTableError, UsageError
from riskscore.scoring.score import Scores
from riskscore.studies.evaluation.calibration import logits
from riskscore.studies.people import aligned

Scale = Literal["probability", "log_odds"]


@dataclass(frozen=True)
class Prediction:
    """One model's ``score`` (any scale, higher is riskier) and ``risk`` (a probability, or None).

    Both have shape (samples,), nan where there is none.
    """

    name: str
    score: Array
    risk: Array | None


def read_predictions(source: Any, scale: Scale) -> tuple[Sequence[Any], tuple[Prediction, ...]]:
    """Samples and predictions of scores, a frame with a column by model, a mapping or a Series.

    A frame may also be a table of scores as ``score`` writes it. ``scale`` says what numbers are.
    Scores of riskscore are judged by the risk they report, which has the baseline of a person's
    sex in it, and by their log odds where they have no risk or ``scale`` asks for them. Raises
    UsageError for probabilities outside 0 to 1, StudyTableError for an empty table.
    """
    if scale not in ("probability", "log_odds"):
        raise UsageError(f"no scale {scale!r}", fix="use probability or log_odds")
    if isinstance(source, Scores):
        return source.cohort.samples, tuple(
            _of_scores(table.model.id, table.numbers, scale) for table in source.tables
        )
    if hasattr(source, "columns") and {"sample", "model", "log_odds"} <= set(source.columns):
        return _of_table(source, scale)
    if hasattr(source, "columns"):
        samples, columns = list(source.index), {str(name): source[name] for name in source.columns}
    elif isinstance(source, Mapping):
        columns = {str(name): values for name, values in source.items()}
        samples = _samples_of(next(iter(columns.values()), ()))
    else:
        columns = {"model": source}
        samples = _samples_of(source)
    if not columns or not len(samples):
        raise StudyTableError("there are no predictions to evaluate")
    found = [
        (name, np.array([_number(v) for v in aligned(values, samples, name)]))
        for name, values in columns.items()
    ]
    return samples, tuple(_prediction(name, values, scale) for name, values in found)


def _of_scores(name: str, numbers: Mapping[str, Array], scale: Scale) -> Prediction:
    """The risk of a table of scores, on the scale of log odds; without a risk its log odds."""
    risk = numbers.get("probability")
    if scale == "log_odds" or risk is None or np.isnan(risk).all():
        return Prediction(name, numbers["log_odds"], None)
    return Prediction(name, logits(risk), risk)


def _of_table(frame: Any, scale: Scale) -> tuple[Sequence[Any], tuple[Prediction, ...]]:
    """Scores as a table with one row for each sample and model, as ``score`` writes them."""
    samples = list(dict.fromkeys(frame["sample"]))
    found = []
    for name in dict.fromkeys(frame["model"]):
        own = frame[frame["model"] == name].set_index("sample")
        numbers = {
            column: np.array([_number(v) for v in aligned(own[column], samples, str(name))])
            for column in ("log_odds", "probability")
            if column in own.columns
        }
        found.append(_of_scores(str(name), numbers, scale))
    return samples, tuple(found)


def _samples_of(values: Any) -> list[Any]:
    """The index of a Series, or the places of a list."""
    index = getattr(values, "index", None)
    return list(range(len(values)) if index is None or callable(index) else index)


def _number(value: Any) -> float:
    try:
        return float("nan") if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise StudyTableError(f"a prediction is {str(value)!r}, not a number") from error


def _prediction(name: str, values: Array, scale: Scale) -> Prediction:
    if scale == "log_odds":
        return Prediction(name, values, None)
    known = values[~np.isnan(values)]
    if known.size and (known.min() < 0 or known.max() > 1):
        raise UsageError(
            f"{name} has values outside 0 to 1, which are no probabilities",
            fix="say scale='log_odds' for scores without a baseline",
        )
    return Prediction(name, values, values)
