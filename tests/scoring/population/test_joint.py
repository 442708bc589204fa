"""Genes and exposures together, against the published tables of both diseases."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

import riskscore as rs
from riskscore.models.reference.panel import reference_panel
from riskscore.scoring.population.joint import JointCell, joint_tables

PUBLISHED = Path(__file__).parents[2] / "published"
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


@pytest.fixture(scope="module")
def epitope() -> dict[tuple[str, str], JointCell]:
    cells = joint_tables(rs.load_model("ra-smoking-epitope"), reference_panel())
    return {(cell.level, cell.genotype.rpartition(": ")[2]): cell for cell in cells}


def test_the_published_table_comes_out(epitope: dict[tuple[str, str], JointCell]) -> None:
    """Odds ratios and intervals as published beside the counts, to the decimals printed."""
    with (PUBLISHED / "ra" / "ra_gxe.tsv").open() as stream:
        rows = [r for r in csv.DictReader(stream, delimiter="\t") if r["outcome"] == "ACPA+"]
    cells = [row for row in rows if row["n_cases"] and row["ci_low"]]
    assert len(cells) == 5
    for row in cells:
        cell = epitope[row["exposure"].split()[0], COPIES[row["se_copies"]]]
        assert cell.odds_ratio == pytest.approx(float(row["or_value"]), abs=0.0051)
        assert cell.odds_ratio_low == pytest.approx(float(row["ci_low"]), abs=0.0051)
        assert cell.odds_ratio_high == pytest.approx(float(row["ci_high"]), abs=0.0051)
    shares = [row for row in rows if row["exposure"] == "AP ever x SE"]
    assert len(shares) == 2
    for row in shares:
        cell = epitope["ever", COPIES[row["se_copies"]]]
        excess = row["note"].partition("RERI=")[2].partition(";")[0]
        assert cell.ap == pytest.approx(float(row["or_value"]), abs=0.0051)
        assert cell.reri == pytest.approx(float(excess), abs=0.0051)


def test_the_published_table_has_the_intervals_of_its_counts(
    epitope: dict[tuple[str, str], JointCell], counts: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """The delta method by hand, from four independent log odds of variance 1/cases + 1/controls."""
    variance = {key: 1 / a + 1 / b for key, (a, b) in counts.items()}
    base = counts["never", "no copy"]
    ratio = {key: a * base[1] / (b * base[0]) for key, (a, b) in counts.items()}
    corners = [("never", "no copy"), ("ever", "no copy")]
    for copies in ("one copy", "two copies"):
        keys = [*corners, ("never", copies), ("ever", copies)]
        _, r10, r01, r11 = (ratio[key] for key in keys)
        slopes = (r10 + r01 - r11, -r10, -r01, r11)
        error = math.sqrt(sum(s * s * variance[k] for s, k in zip(slopes, keys, strict=True)))
        reri = r11 - r10 - r01 + 1
        cell = epitope["ever", copies]
        assert cell.odds_ratio == pytest.approx(r11, rel=1e-7)
        assert (cell.reri, cell.ap) == pytest.approx((reri, reri / r11), rel=1e-6)
        assert (cell.reri_low, cell.reri_high) == pytest.approx(
            (reri - 1.959964 * error, reri + 1.959964 * error), rel=1e-4
        )
        assert cell.synergy == pytest.approx((r11 - 1) / (r10 + r01 - 2), rel=1e-6)
        own = (r11 / (r11 - 1), r10 / (r10 + r01 - 2), r01 / (r10 + r01 - 2))
        slopes = (own[1] + own[2] - own[0], -own[1], -own[2], own[0])
        error = math.sqrt(sum(s * s * variance[k] for s, k in zip(slopes, keys, strict=True)))
        reach = math.exp(1.959964 * error)
        assert (cell.synergy_low, cell.synergy_high) == pytest.approx(
            (cell.synergy / reach, cell.synergy * reach), rel=1e-4
        )


def test_the_reference_is_at_lowest_risk_among_the_unexposed() -> None:
    """Also where the exposed of another genotype have a lower one; cells from weights by hand."""
    shipped = rs.load_model("ra-smoking-epitope")
    smoking = {"smoking_x_se0": 0.9, "smoking_x_se1": 0.5, "smoking_x_se2": -1.5}
    terms = [replace(t, weight=smoking.get(t.id, t.weight)) for t in shipped.terms]
    cells = joint_tables(replace(shipped, terms=tuple(terms)), reference_panel())
    genes, smokers = (0.0, 1.06155998, 1.76530071), tuple(smoking.values())
    assert [c.genotype.rpartition(": ")[2] for c in cells] == [*COPIES.values()] * 2
    assert [c.level for c in cells] == ["never"] * 3 + ["ever"] * 3
    wanted = [*genes, *(gene + own for gene, own in zip(genes, smokers, strict=True))]
    assert [c.odds_ratio for c in cells] == pytest.approx([math.exp(x) for x in wanted])


def test_ra_joint_odds_ratios_are_near_the_published(
    ra: dict[tuple[str, str], JointCell], counts: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """Residue weights of other people, less the smoking they hold, agree with the study's cells."""
    a, b = counts["never", "no copy"]
    for key, cell in ra.items():
        cases, controls = counts[key]
        published = cases * b / (controls * a)
        reach = math.exp(1.959964 * math.sqrt(1 / a + 1 / b + 1 / cases + 1 / controls))
        assert published / reach < cell.odds_ratio < published * reach
        assert cell.odds_ratio == pytest.approx(published, rel=0.22)


def test_the_cards_say_by_how_much_they_differ(
    ra: dict[tuple[str, str], JointCell], ms: dict[tuple[str, str, str], JointCell]
) -> None:
    said = " ".join(" ".join(rs.load_model("ra").card.limits).split())
    one, two = ((ra["never", n], ra["ever", n]) for n in ("one copy", "two copies"))
    assert (
        f"one copy {one[0].odds_ratio:.1f}, two {two[0].odds_ratio:.1f}, smoking "
        f"{ra['ever', 'no copy'].odds_ratio:.2f}, smoking with one copy "
        f"{one[1].odds_ratio:.1f}, with two {two[1].odds_ratio:.0f}"
    ) in said
    said = " ".join(" ".join(rs.load_model("ms").card.limits).split())
    ill = ms["mononucleosis", "had", "with HLA-DRB1*15:01"]
    assert f"has {ms['smoking', 'never', BOTH].odds_ratio:.1f} (published 5.0)" in said
    assert f"both {ms['smoking', 'ever', BOTH].odds_ratio:.1f} (published 12.7" in said
    assert f"have {ill.odds_ratio:.1f} (published 10.0" in said


def test_ra_attributable_proportion(
    ra: dict[tuple[str, str], JointCell], counts: dict[tuple[str, str], tuple[float, float]]
) -> None:
    """AP from the counts: 0.39 and 0.66. It hardly depends on the epitope's own weight."""

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

    The model is fitted to the cells of both genes, 5.0 and 12.7. In never-smokers passive smoking,
    which the reference group of the paper had too, is averaged; so smoking alone is the 1.55 of
    Zhang 2016 against all never-smokers.
    """
    cell = ms["smoking", "ever", BOTH]
    assert ms["smoking", "never", NEITHER].odds_ratio == 1
    assert cell.odds_ratio == pytest.approx(12.7, rel=1e-3)
    assert cell.odds_ratio_low < 12.7 < cell.odds_ratio_high
    assert ms["smoking", "never", BOTH].odds_ratio == pytest.approx(5.0, rel=1e-3)
    assert ms["smoking", "ever", NEITHER].odds_ratio == pytest.approx(1.55, rel=1e-9)
    assert cell.ap > 0


def test_ms_published_cells_come_out() -> None:
    """The four joint odds ratios that were published; 12.7 has its interval, the others none."""
    with (PUBLISHED / "ms" / "ms_gxe.tsv").open() as stream:
        rows = [r for r in csv.DictReader(stream, delimiter="\t") if r["status"] == "found"]
    published = {r["stratum"]: r for r in rows if r["gene"] == "DRB1*15 x no A*02"}
    cells = {
        (c.level, c.genotype): c
        for c in joint_tables(rs.load_model("ms-smoking-hla"), reference_panel())
    }
    neither, both = (text.replace(":01", "") for text in (NEITHER, BOTH))
    corners = {
        ("never", neither): "never smoker, DRB1*15-, A*02+ (reference)",
        ("ever", neither): "smoker, no genetic risk",
        ("never", both): "non-smoker, both genetic risks",
        ("ever", both): "smoker, DRB1*15+, A*02-",
    }
    assert len(cells) == 8
    for key, stratum in corners.items():
        odds_ratio = float(published[stratum]["odds_ratio"])
        assert cells[key].odds_ratio == pytest.approx(odds_ratio, rel=1e-7)
    joint = cells["ever", both]
    row = published["smoker, DRB1*15+, A*02-"]
    assert joint.odds_ratio_low == pytest.approx(float(row["ci_low"]), rel=0.002)
    assert joint.odds_ratio_high == pytest.approx(float(row["ci_high"]), rel=0.002)
    assert joint.reri == pytest.approx(12.7 - 1.5 - 5.0 + 1)
    assert joint.ap == pytest.approx(7.2 / 12.7)
    assert joint.synergy == pytest.approx(11.7 / 4.5)
    assert math.isnan(cells["never", both].odds_ratio_low)  # no error known is not certainty


def test_ms_mononucleosis_with_drb1_15(ms: dict[tuple[str, str, str], JointCell]) -> None:
    """Published 10.0 (6.0 to 17.9) against neither (Nielsen 2009), where DRB1*15 had 2.4.

    The model's DRB1*15:01 weighs more, homozygotes included; the same 10.0 / 2.4 is kept for
    mononucleosis in carriers, and its average is taken out of the allele once.
    """
    carrier, other = "with HLA-DRB1*15:01", "without HLA-DRB1*15:01"
    cell = ms["mononucleosis", "had", carrier]
    assert cell.odds_ratio_low < 10.0 < cell.odds_ratio_high
    assert 6.0 < cell.odds_ratio < 17.9
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
