"""Readers of reference/ and of the published tables it was made from: plain text, no riskscore."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Row = dict[str, str]
ROOT = Path(__file__).resolve().parents[2]


def read_table(path: Path) -> list[Row]:
    """Rows of a TSV file, every cell as text; lines that start with # are skipped."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = (line for line in stream if not line.startswith("#"))
        return list(csv.DictReader(lines, delimiter="\t", strict=True))


@pytest.fixture(scope="session")
def published() -> Callable[[str], list[Row]]:
    """A published table by its path without the ending, such as ``ms/ms_snps``."""
    return lambda name: read_table(ROOT / "tests" / "published" / f"{name}.tsv")


@pytest.fixture(scope="session")
def reference() -> Callable[[str], list[Row]]:
    """A table of reference/ by its path without the ending, such as ``hla/tags``."""
    return lambda name: read_table(ROOT / "reference" / f"{name}.tsv")


@pytest.fixture(scope="session")
def weights(reference: Callable[[str], list[Row]]) -> Callable[[str], list[Row]]:
    """The rows of a model's weights.tsv."""
    return lambda model: reference(f"models/{model}/weights")


@pytest.fixture(scope="session")
def model() -> Callable[[str], dict[str, Any]]:
    """A model.yaml, every scalar as the text that stands there."""

    def load(name: str) -> dict[str, Any]:
        text = (ROOT / "reference" / "models" / name / "model.yaml").read_text(encoding="utf-8")
        loaded: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
        return loaded

    return load


@pytest.fixture(scope="session")
def published_text() -> Callable[[str], str]:
    """All published tables of a model, and the corrections, as one text."""

    def load(name: str) -> str:
        published = ROOT / "tests" / "published"
        paths = [*sorted((published / name).glob("*.tsv")), published / "corrections.tsv"]
        return "\n".join(path.read_text(encoding="utf-8") for path in paths)

    return load
