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


def compared_t1d_snps(ours: list[Row], theirs: list[Row]) -> list[tuple[Row, Row]]:
    """Our rows with those of the published table; they must agree in all columns and the source."""
    extra = ["reference_allele", "locus_name", "component", "allelefrequency_effect_EUR"]
    assert picked(ours, [*SNP, *extra]) == picked(
        theirs,
        "rsid chrom pos_grch38 pos_grch37 effect_allele other_allele beta "
        "ref locus component eaf_eur_best".split(),
    )
    by_id = {row["rsid"]: row for row in theirs}
    pairs = [(row, by_id[row["rsID"]]) for row in ours]
    for row, table in pairs:
        assert table["source"] in row["source"]
        assert row["source"].endswith(f"frequency: {table['eaf_source']}")
    return pairs
