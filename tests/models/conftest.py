"""Scoring files written by hand."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

HEADER = {
    "format_version": "2.0",
    "pgs_id": "PGS999001",
    "trait_reported": "A trait",
    "genome_build": "GRCh38",
    "weight_type": "beta",
}
SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
ScoringFile = Callable[..., Path]


@pytest.fixture
def scoring_file(tmp_path: Path) -> ScoringFile:
    """`scoring_file(columns, rows, name=..., **header)` writes a file and returns its path.

    ``columns`` and ``rows`` are words with spaces between; ``_`` alone is an empty cell.
    """

    def write(
        columns: str, rows: Sequence[str], *, name: str = "PGS999001.txt", **header: str
    ) -> Path:
        keys = {**HEADER, **header}
        lines = ["###PGS CATALOG SCORING FILE - see the catalog for additional information"]
        lines += [f"#{key}={value}" for key, value in keys.items() if value]
        lines += ["\t".join(columns.split())]
        lines += ["\t".join("" if c == "_" else c for c in row.split(" ")) for row in rows]
        text = ("\n".join(lines) + "\n").encode()
        path = tmp_path / name
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return write
