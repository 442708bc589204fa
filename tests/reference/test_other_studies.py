"""Other studies beside a model's own: t1d-africa, ms-hla-ukb, cross-checks that cards hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]
Z95 = 1.959963984540054


def test_african_ancestry(weights: Read, published: Read) -> None:
    theirs = {r["rsid"]: r for r in published("t1d/t1d_africa") if r["rsid"].startswith("rs")}
    ours = {row["rsID"]: row for row in weights("t1d-africa")}
    assert ours.keys() == theirs.keys()
    for name, row in ours.items():
        table = theirs[name]
        assert row["effect_weight"] == table["beta"]
        assert (row["chr_name"], row["effect_allele"], row["other_allele"], row["status"]) == (
            table["chrom"], table["effect_allele"], table["other_allele"], table["status"],
        )  # fmt: skip
        assert row["allelefrequency_effect_AFR"] == table["effect_allele_freq"]
        assert row["standard_error"] == table["se_approx"]
        # The table rounds positions to six digits.
        assert float(row["position_grch37"]) == pytest.approx(float(table["pos_grch37"]), rel=2e-6)


def test_positions_agree_with_other_scores(weights: Read) -> None:
    """Of those that another model reads too."""
    ours = {row["rsID"]: row for row in weights("t1d-africa")}
    other = {row["rsID"]: row for row in weights("t1d-grs1")}
    for name in ours.keys() & other.keys():
        for column in ("chr_position", "position_grch37"):
            assert ours[name][column] == other[name][column]
    assert "rs689" in ours.keys() & other.keys()


def test_hla_of_multiple_sclerosis_in_uk_biobank(weights: Read, published: Read) -> None:
    names = ("effect_allele", "is_dominant", "is_recessive", "interaction_coding")
    published_terms = [r for r in weights("ms") if r["component"] == "HLA" and r["OR"]]
    ours = weights("ms-hla-ukb")
    assert [[r[n] for n in names] for r in ours] == [[r[n] for n in names] for r in published_terms]
    rows = [r for r in published("corrections") if r["item"].startswith("HLA effect")]
    # The order of the corrections is that of the paper, and of the rows of ms.
    assert len(rows) == len(ours) == 14
    for row, table in zip(ours, rows, strict=True):
        last = row["effect_allele"].replace("HLA-", "").split("_x_")[-1]
        assert table["item"].startswith(f"HLA effect {last} ")
        assert row["OR"] == table["new_value"]
        assert float(row["effect_weight"]) == pytest.approx(
            math.log(float(table["new_value"])), abs=1e-5
        )
        spread = math.log(float(table["upper"]) / float(table["lower"])) / (2 * Z95)
        assert float(row["standard_error"]) == pytest.approx(spread, rel=1e-5)
        assert row["status"] == table["status"] == "found"


def test_haplotypes_of_ra_agree_with_those_of_black_south_africans(
    weights: Read, published: Read, model: Load
) -> None:
    """266 cases and 362 controls of another ancestry: direction, and size within their interval."""
    rows = {
        r["item"].split(" (")[0]: r for r in published("corrections") if "30385709" in r["source"]
    }
    ours = {
        "haplotype " + "-".join(part[-1] for part in r["effect_allele"].split(";")): float(
            r["effect_weight"]
        )
        for r in weights("ra")
        if r["effect_allele"].count("HLA-DRB1:") == 3
    }
    card = " ".join(" ".join(model("ra")["limits"]).split())
    for item in ("haplotype V-K-A", "haplotype S-K-R"):
        row, odds_ratio = rows[item], math.exp(ours[item])
        assert float(row["lower"]) < odds_ratio < float(row["upper"])
        assert (odds_ratio > 1) == (float(row["new_value"]) > 1)
        words = f"{row['new_value']} ({row['lower']}-{row['upper']}; here {odds_ratio:.2f})"
        assert words in card
    # Valine at 11 goes with risk in every haplotype that has it, as in theirs.
    assert float(rows["Val11"]["lower"]) > 1
    assert min(weight for name, weight in ours.items() if name.startswith("haplotype V")) > 0


def test_smoking_in_ms_by_other_meta_analyses(published: Read, model: Load) -> None:
    card = " ".join(" ".join(model("ms")["limits"]).split())
    others = [
        r
        for r in published("corrections")
        if r["item"] == "smoking, ever v. never" and r["recommendation"].startswith("sensitivity")
    ]
    assert len(others) == 2
    for row in others:
        assert f"{row['new_value']} ({row['lower']}-{row['upper']}" in card.replace("1.40 ", "1.4 ")
    lowest = min(float(row["new_value"]) for row in others)
    assert f"With {lowest:.2f} a smoker's odds would be {lowest / 1.55:.2f} of those" in card
