"""What is not known is integrated: risk averaged over what was seen is always the prevalence.

People are listed here one by one, each with the probability of what is seen of them, from the
frequencies in reference/; everything else about them is unknown.
"""

import csv
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.samples.frame import read_frame

ROOT = Path(__file__).parents[2]


def _table(name: str) -> list[dict[str, str]]:
    with (ROOT / "reference" / "hla" / name).open() as stream:
        lines = [line for line in stream if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def _pairs(shares: list[float]) -> Iterator[tuple[int, int, float]]:
    for i, j in combinations_with_replacement(range(len(shares)), 2):
        yield i, j, shares[i] * shares[j] * (1 if i == j else 2)


def _mean_risk(
    model: str, columns: dict[str, list[object]], weights: list[float], sex: str
) -> float:
    frame = pd.DataFrame(columns | {"sex": sex})
    numbers = rs.score(read_frame(frame, [rs.load_model(model)])).of(model).numbers
    share = np.array(weights) / sum(weights)
    assert float(share @ numbers["log_odds"]) == pytest.approx(0, abs=1e-6)
    return float(share @ numbers["probability"])


@pytest.mark.parametrize(("sex", "risk"), [("female", 0.0091), ("male", 0.004), ("", 0.00655)])
def test_ms_where_only_the_drdq_haplotypes_are_known(sex: str, risk: float) -> None:
    rows = [row for row in _table("drdq_haplotypes.tsv") if row["population"] == "EUR"]
    columns: dict[str, list[object]] = {gene: [] for gene in ("DRB1", "DQA1", "DQB1")}
    weights = []
    for i, j, p in _pairs([float(row["frequency"]) for row in rows]):
        weights.append(p)
        for gene, cells in columns.items():
            cells.append(f"{rows[i][gene]}+{rows[j][gene]}")
    assert _mean_risk("ms", columns, weights, sex) == pytest.approx(risk, rel=1e-6)


@pytest.mark.parametrize(("sex", "risk"), [("female", 0.024), ("male", 0.011)])
def test_ra_where_only_drb1_and_a_smoking_history_are_known(sex: str, risk: float) -> None:
    known = {row["allele"] for row in _table("residues.tsv") if row["gene"] == "DRB1"}
    rows = [
        row
        for row in _table("allele_frequencies.tsv")
        if row["population"] == "EUR" and row["gene"] == "DRB1" and row["allele"] in known
    ]
    columns: dict[str, list[object]] = {"DRB1": [], "smoking": []}
    weights = []
    for i, j, p in _pairs([float(row["frequency"]) for row in rows]):
        for smoking, share in (("never", 0.3984), ("ever", 0.6016)):
            weights.append(p * share)
            columns["DRB1"].append(f"{rows[i]['allele']}+{rows[j]['allele']}")
            columns["smoking"].append(smoking)
    assert _mean_risk("ra", columns, weights, sex) == pytest.approx(risk, rel=1e-6)


def test_ms_where_only_one_variant_and_smoking_are_known() -> None:
    """All of HLA, 155 other variants and the other exposures are unknown in these six people."""
    variant = next(v for v in rs.load_model("ms").variants if v.name == "rs10801908")
    frequency = rs.load_model("ms").frequencies[variant]["EUR"]
    columns: dict[str, list[object]] = {variant.name: [], "smoking": []}
    weights = []
    for copies, p in enumerate(
        ((1 - frequency) ** 2, 2 * frequency * (1 - frequency), frequency**2)
    ):
        for smoking, share in (("never", 0.55), ("ever", 0.45)):
            weights.append(p * share)
            columns[variant.name].append(copies)
            columns["smoking"].append(smoking)
    assert _mean_risk("ms", columns, weights, "female") == pytest.approx(0.0091, rel=1e-6)


def test_t1d_where_only_the_haplotype_tags_are_known() -> None:
    scheme = rs.load_model("t1d").scheme
    assert scheme is not None
    shares = [haplotype.frequency["EUR"] for haplotype in scheme.haplotypes]
    names = [haplotype.tag.name for haplotype in scheme.haplotypes]
    columns: dict[str, list[object]] = {name: [] for name in names}
    weights = []
    for i, j, p in _pairs([*shares, 1 - sum(shares)]):
        weights.append(p)
        for place, cells in enumerate(columns.values()):
            cells.append((i == place) + (j == place))
    assert _mean_risk("t1d", columns, weights, "male") == pytest.approx(0.00771386, rel=1e-6)
