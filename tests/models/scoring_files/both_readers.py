"""Both readers of scoring files, row by row and column by column, asked for the same plain rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from riskscore.errors import ModelFormatError
from riskscore.models.plain import PLAIN_CODINGS
from riskscore.models.scoring_files.origin import catalog_origin
from riskscore.models.scoring_files.plain_reader import parse_plain
from riskscore.models.scoring_files.rows import parse_table
from riskscore.models.scoring_files.weight_type import WeightType
from riskscore.models.scoring_files.weights import read_terms
from riskscore.models.terms import VariantFactor

SNP = "rsID chr_name chr_position effect_allele other_allele effect_weight"
READERS = ["columns", "rows"]


def text_of(columns: str, rows: Sequence[str], **header: str) -> str:
    """A file; a cell that is ``_`` alone is empty."""
    header = {"genome_build": "GRCh38", "weight_type": "beta"} | header
    lines = [f"#{key}={value}" for key, value in header.items() if value]
    lines.append("\t".join(columns.split()))
    lines += ["\t".join("" if c == "_" else c for c in row.split(" ")) for row in rows]
    return "\n".join(lines) + "\n"


def read(
    reader: str, text: str, asked: WeightType | None = None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """What a reader makes of the plain rows of a file, and its notes."""
    if reader == "columns":
        plain, _, origin = parse_plain(text, "f.txt", asked)
        found = [
            {
                "name": plain.name[i], "chromosome": plain.chromosome[i],
                "places": (int(plain.position_grch37[i]), int(plain.position_grch38[i])),
                "letters": (plain.effect_allele[i], plain.other_allele[i]),
                "weight": float(plain.weight[i]), "coding": PLAIN_CODINGS[plain.coding[i]],
                "frequency": {k: v[i] for k, v in plain.frequency.items() if not math.isnan(v[i])},
                "line": int(plain.line[i]),
            }
            for i in range(len(plain))
        ]  # fmt: skip
        return found, (*origin.notes, *plain.notes)
    table = parse_table(text, "f.txt", allow_empty_columns=True)
    weights = read_terms(table.rows, catalog_origin(table, asked))
    found = []
    for term in weights.terms:
        factor = term.factors[0]
        assert isinstance(factor, VariantFactor)
        one = factor.variant
        found.append({
            "name": one.name, "chromosome": one.chromosome,
            "places": (one.position_grch37 or 0, one.position_grch38 or 0),
            "letters": (one.effect_allele, one.other_allele), "weight": term.weight,
            "coding": factor.coding.name, "frequency": factor.frequency,
            "line": int(term.source.rpartition(" ")[2]),
        })  # fmt: skip
    return found, weights.notes


def refused(reader: str, text: str, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        read(reader, text)
