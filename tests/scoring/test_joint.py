"""Genes and exposures together, against the published tables of both diseases."""

import csv
import math
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.models.panel import reference_panel
from riskscore.scoring.joint import JointCell, joint_tables

PUBLISHED = Path(__file__).parents[1] / "published"
COPIES = {"0": "no copy", "1": "one copy", "2": "two copies"}


@pytest.fixture(scope="module")
def ra() -> dict[tuple[str, str], JointCell]:
    cells = joint_tables(rs.load_model("ra"), reference_panel())
    return {(cell.level, cell.genotype.rpartition(": ")[2]): cell for cell in cells}


@pytest.fixture(scope="module")
def counts() -> dict[tuple[str, str], tuple[float, float]]:
    """Cases and controls of ACPA-positive disease by smoking and copies (Kallberg 2011, EIRA)."""
    with (PUBLISHED / "ra" / "ra_gxe.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return {
        (row["exposure"].split()[0], COPIES[row["se_copies"]]): (
            float(row["n_cases"]),
            float(row["n_controls"]),
        )
        for row in rows
        if row["outcome"] == "ACPA+" and row["n_cases"]
    }


def test_ra_smoking_by_epitope_table(
    ra: dict[tuple[str, str], JointCell], counts: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """Two by three: smoking within each number of copies, from the published counts."""
    assert set(ra) == set(counts)
    for copies in COPIES.values():
        (a, b), (c, d) = counts["ever", copies], counts["never", copies]
        published = (a * d) / (b * c)
        model = ra["ever", copies].odds_ratio / ra["never", copies].odds_ratio
        assert model == pytest.approx(published, rel=0.003)  # the model has two decimals
        # Smoking is as common in controls of every stratum as the model says.
        share = ra["ever", copies].share / (ra["ever", copies].share + ra["never", copies].share)
        assert share == pytest.approx(0.6016, abs=1e-9)


def test_ra_attributable_proportion(
    ra: dict[tuple[str, str], JointCell], counts: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """AP from the counts: 0.39 and 0.66; the model's own epitope effects are larger, AP is not.

    The model counts 16 DRB1 haplotypes and not copies, so its never-smokers differ more by epitope
    (3.8 and 14 against 2.9 and 5.8); the share of the joint effect due to interaction agrees.
    """

    def odds(cell: tuple[str, str]) -> float:
        (a, b), (c, d) = counts[cell], counts["never", "no copy"]
        return (a * d) / (b * c)

    smoking = odds(("ever", "no copy"))
    for copies, published in (("one copy", 0.39), ("two copies", 0.66)):
        both, gene = odds(("ever", copies)), odds(("never", copies))
        assert (both - smoking - gene + 1) / both == pytest.approx(published, abs=0.006)
        cell = ra["ever", copies]
        assert cell.ap == pytest.approx(published, abs=0.02)
        assert cell.ap_low < published < cell.ap_high
        own = [
            ra[key].odds_ratio for key in (("ever", copies), ("ever", "no copy"), ("never", copies))
        ]
        assert cell.reri == pytest.approx(own[0] - own[1] - own[2] + 1)
        assert cell.synergy == pytest.approx((own[0] - 1) / (own[1] + own[2] - 2))


@pytest.fixture(scope="module")
def ms() -> dict[tuple[str, str, str], JointCell]:
    cells = joint_tables(rs.load_model("ms"), reference_panel())
    return {(cell.exposure, cell.level, cell.genotype): cell for cell in cells}


BOTH = "with HLA-DRB1*15:01, without HLA-A*02:01"
NEITHER = "without HLA-DRB1*15:01, with HLA-A*02:01"


def test_ms_smoking_with_drb1_15_and_no_a_02(ms: dict[tuple[str, str, str], JointCell]) -> None:
    """Published 12.7 (10.8 to 14.9) against never-smokers with neither risk (Hedstrom 2017).

    The model claims 12.7 / 5.0 of it for smoking in that stratum, and has its own HLA weights. In
    never-smokers passive smoking, which the reference group of the paper had too, is averaged.
    """
    cell = ms["smoking", "ever", BOTH]
    assert ms["smoking", "never", NEITHER].odds_ratio == 1
    assert cell.odds_ratio_low < 12.7 < cell.odds_ratio_high
    passive = 0.6 + 0.4 * 1.3  # the average never-smoker: four in ten exposed, odds ratio 1.3
    stratum = cell.odds_ratio / ms["smoking", "never", BOTH].odds_ratio * passive
    assert stratum == pytest.approx(12.7 / 5.0, rel=1e-3)
    assert ms["smoking", "ever", NEITHER].odds_ratio * passive == pytest.approx(1.48, rel=1e-9)
    assert cell.ap > 0


def test_ms_mononucleosis_with_drb1_15(ms: dict[tuple[str, str, str], JointCell]) -> None:
    """Published 10.0 (6.0 to 17.9) against neither (Nielsen 2009), where DRB1*15 had 2.4.

    The model's DRB1*15:01 weighs more, homozygotes included; the same 10.0 / 2.4 is kept for
    mononucleosis in carriers.
    """
    carrier, other = "with HLA-DRB1*15:01", "without HLA-DRB1*15:01"
    cell = ms["mononucleosis", "had", carrier]
    assert cell.odds_ratio_low < 10.0 < cell.odds_ratio_high
    within = cell.odds_ratio / ms["mononucleosis", "never", carrier].odds_ratio
    assert within == pytest.approx(10.0 / 2.4, rel=1e-4)
    assert ms["mononucleosis", "had", other].odds_ratio == pytest.approx(2.17, rel=1e-9)


def test_interval_of_a_plain_odds_ratio_is_the_published_one(
    ms: dict[tuple[str, str, str], JointCell],
) -> None:
    """Mononucleosis without DRB1*15:01 is one weight: 2.17 (1.97 to 2.39), Handel 2010."""
    cell = ms["mononucleosis", "had", "without HLA-DRB1*15:01"]
    assert cell.odds_ratio_low == pytest.approx(1.97, rel=0.002)
    assert cell.odds_ratio_high == pytest.approx(2.39, rel=0.002)
    assert math.isnan(cell.reri)
