"""The models that are published tables of genes and smoking, and what `ra` takes from one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

Row = dict[str, str]
Read = Callable[[str], list[Row]]
Load = Callable[[str], dict[str, Any]]
Cells = dict[tuple[str, str], tuple[float, float]]

Z95 = 1.959963984540054


@pytest.fixture(scope="module")
def counts(published: Read) -> Cells:
    """Cases and controls by smoking and copies of the epitope (Kallberg 2011, ACPA-positive)."""
    return {
        (row["exposure"].split()[0], row["se_copies"]): (
            float(row["n_cases"]),
            float(row["n_controls"]),
        )
        for row in published("ra/ra_gxe")
        if row["outcome"] == "ACPA+" and row["n_cases"]
    }


def dosage_weights(row: Row) -> list[float]:
    return [float(row[f"dosage_{copies}_weight"]) for copies in range(3)]


def alleles(row: Row) -> list[str]:
    return [name.removeprefix("HLA-") for name in row["effect_allele"].split("/")]


def test_epitope_alone_is_that_of_never_smokers(weights: Read, model: Load, counts: Cells) -> None:
    (row,) = weights("ra-smoking-epitope")
    cases, controls = counts["never", "0"]
    for copies, weight in enumerate(dosage_weights(row)):
        a, b = counts["never", str(copies)]
        assert weight == pytest.approx(math.log(a * controls / (b * cases)), abs=1e-8)
    for number in (
        count for (smoking, _), c in counts.items() for count in c if smoking == "never"
    ):
        assert f"{number:.0f}" in row["source"]
    (group,), (parent,) = model("ra-smoking-epitope")["groups"], model("ra")["groups"]
    assert group == parent  # itself compared with IPD-IMGT/HLA's list
    assert alleles(row) == group["alleles"]


def test_each_cell_has_the_error_of_its_counts(model: Load, counts: Cells) -> None:
    """Floating standard errors: sqrt(1/cases + 1/controls) of the cell itself (Easton 1991)."""
    entries = {
        (part[0]["level"], part[1]["copies"]): entry
        for entry in model("ra-smoking-epitope")["interactions"]
        for part in [entry["parts"]]
    }
    assert set(entries) == set(counts)
    for (smoking, copies), (a, b) in counts.items():
        entry, (c, d) = entries[smoking, copies], counts["never", copies]
        ratio = (a * d) / (b * c)
        assert float(entry["odds_ratio"]) == pytest.approx(ratio, rel=1e-8)
        reach = math.exp(Z95 * math.sqrt(1 / a + 1 / b))
        low, high = map(float, entry["ci"])
        assert (low, high) == pytest.approx((ratio / reach, ratio * reach), rel=1e-5)
        assert f"counts {a:.0f}/{b:.0f} {smoking}" in entry["source"]
        assert entry["status"] == "derived"


def test_exposure_and_baseline_are_the_parents(model: Load) -> None:
    for name, parent in (("ra-smoking-epitope", "ra"), ("ms-smoking-hla", "ms")):
        ours, theirs = model(name), model(parent)
        # a published table is no score beside which a family history could be read
        same = {key: value for key, value in theirs["baseline"].items() if key != "heritability"}
        assert ours["baseline"] == same
        assert ours["disease"] == theirs["disease"]
        shares = [
            [level["frequency"] for level in e["levels"]]
            for e in (*ours["exposures"], *theirs["exposures"])
            if e["id"] == "smoking"
        ]
        assert len(shares) == 2
        assert shares[0] == shares[1]


def test_ms_main_effects_and_product(weights: Read, model: Load, published: Read) -> None:
    rows = [r for r in published("ms/ms_gxe") if r["gene"] == "DRB1*15 x no A*02"]
    stratum = {r["stratum"]: r for r in rows if r["status"] == "found" and r["odds_ratio"]}
    (carrier,) = [r for r in published("ms/ms_hla") if r["model"] == "Brynedal2007"]
    assert (carrier["allele"], carrier["status"]) == ("A*02", "found")
    a_02 = float(carrier["or"])
    both = float(stratum["non-smoker, both genetic risks"]["odds_ratio"])
    alone = float(stratum["smoker, no genetic risk"]["odds_ratio"])
    joint = stratum["smoker, DRB1*15+, A*02-"]
    drb1, hla_a = weights("ms-smoking-hla")
    assert (drb1["effect_allele"], drb1["is_dominant"]) == ("HLA-DRB1*15", "True")
    assert float(drb1["effect_weight"]) == pytest.approx(math.log(both * a_02), abs=1e-8)
    assert hla_a["effect_allele"] == "HLA-A*02"
    assert dosage_weights(hla_a) == pytest.approx([-math.log(a_02), 0, 0], abs=1e-8)
    (smoking,) = model("ms-smoking-hla")["exposures"]
    assert float(smoking["levels"][1]["odds_ratio"]) == alone
    (product,) = model("ms-smoking-hla")["interactions"]
    expected = [float(joint[c]) / (both * alone) for c in ("odds_ratio", "ci_low", "ci_high")]
    found = [product["odds_ratio"], *product["ci"]]
    assert list(map(float, found)) == pytest.approx(expected, rel=1e-8)


def test_ra_takes_the_average_of_smoking_out_of_the_haplotypes(
    weights: Read, model: Load, counts: Cells
) -> None:
    """Haplotype weights of people of every habit are odds averaged over smoking; see the card."""
    (row,) = [r for r in weights("ra") if r["locus_name"] == "shared_epitope"]
    assert alleles(row) == model("ra")["groups"][0]["alleles"]
    controls = {key: number for key, (_, number) in counts.items()}
    ever = sum(n for (smoking, _), n in controls.items() if smoking == "ever")
    share = round(ever / sum(controls.values()), 4)
    average = [
        1 - share + share * float(entry["odds_ratio"]) for entry in model("ra")["interactions"]
    ]
    expected = [math.log(average[0] / own) for own in average]
    assert dosage_weights(row) == pytest.approx(expected, abs=5e-7)
    assert (row["status"], row["component"]) == ("derived", "HLA")
