"""Rows of tables, as tests of the published ones compare them."""

import math
from collections.abc import Iterable, Sequence

Row = dict[str, str]

Z95 = 1.959963984540054
SNP = "rsID chr_name chr_position position_grch37 effect_allele other_allele effect_weight".split()


def picked(rows: Iterable[Row], columns: Sequence[str]) -> list[tuple[str, ...]]:
    return sorted(tuple(row[column] for column in columns) for row in rows)


def snps(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["rsID"] != "."]


def six_digits(value: float) -> str:
    return f"{value:.6g}"


def interval_error(low: str, high: str) -> float:
    """The standard error on the log scale that a 95% interval stands for."""
    return math.log(float(high) / float(low)) / (2 * Z95)
