"""Charts: what they say, the people they name, and that they can be drawn."""

from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import UsageError
from riskscore.files.inputs import reference_root
from riskscore.samples.ancestry.sums import no_sums, sums_of
from riskscore.samples.ancestry.table import component_table
from riskscore.scoring.ancestry.ancestry import ancestry_of
from riskscore.studies.charts.ancestry import COLOURS, OPACITY


def texts(chart: Any) -> str:
    """All of a chart's specification as text."""
    return str(chart.to_dict())


def titles(chart: Any) -> list[str]:
    """The titles of every axis and legend."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("title"), str):
                found.append(part["title"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(chart.to_dict())
    return found


@pytest.fixture(scope="module")
def people() -> Any:
    """Simulated people, a quarter of them ill."""
    return rs.simulate(["ra", "ms"], 400, seed=8, prevalence=0.25)


@pytest.fixture(scope="module")
def scores(people: Any) -> rs.Scores:
    return rs.score(people.cohort(), prevalence=0.25)


@pytest.fixture(scope="module")
def outcome(people: Any) -> list[int]:
    return [int(ill) for ill in people.outcome["ra"]]


@pytest.fixture(scope="module")
def charts(scores: rs.Scores, outcome: list[int]) -> dict[str, Any]:
    fit = rs.fit(scores.cohort, outcome, terms=["allele", "residue"], minimum_count=100)
    found = rs.evaluate(scores, outcome, bootstrap=0)
    table = pd.DataFrame(
        {"smoking": [0, 0, 1, 1], "alcohol": [0, 1, 0, 1], "cases": [3, 6, 8, 225],
         "controls": [20, 12, 18, 166]}
    )  # fmt: skip
    joint = rs.interaction(table, exposures=["smoking", "alcohol"], cases="cases",
                           controls="controls")  # fmt: skip
    return {
        "forest": fit.plot.forest(), "hla": fit.plot.hla(), "roc": found.plot.roc(),
        "calibration": found.plot.calibration(), "decision": found.plot.decision(),
        "deciles": found.plot.deciles(), "joint": joint.plot.joint(),
        "waterfall": scores.plot.waterfall(scores.cohort.samples[0], "ra"),
    }  # fmt: skip


AXES = {
    "forest": "Odds ratio (95% interval, log scale)",
    "hla": "Amino-acid position",
    "roc": "Sensitivity (share of cases)",
    "calibration": "Observed risk",
    "decision": "Net benefit (true positives per person)",
    "deciles": "Tenth of the population by score",
    "joint": "Odds ratio (95% interval, log scale)",
    "waterfall": "Log odds against a person of average score (natural logarithm)",
}


@pytest.mark.parametrize("name", AXES)
def test_every_chart_says_what_it_shows_and_of_how_many(name: str, charts: dict[str, Any]) -> None:
    chart = charts[name]
    title = chart.to_dict()["title"]
    assert title["text"]
    lines = title["subtitle"]
    assert lines[-1] == "Illustrative, not diagnostic."
    people = {"joint": "n = 458 people, 242 of them cases", "waterfall": "n = "}
    assert people.get(name, "n = 400 people") in " ".join(lines)
    assert AXES[name] in titles(chart)
    assert "None" not in titles(chart)


@pytest.mark.parametrize("name", AXES)
def test_every_chart_can_be_drawn(name: str, charts: dict[str, Any], tmp_path: Path) -> None:
    rs.save_chart(charts[name], tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_chart_is_written_by_its_ending(charts: dict[str, Any], tmp_path: Path) -> None:
    for ending in ("html", "svg", "json"):
        rs.save_chart(charts["joint"], tmp_path / f"chart.{ending}")
    page = (tmp_path / "chart.html").read_text()
    assert "<script src=" not in page  # one file, no network
    assert (tmp_path / "chart.svg").read_text().startswith("<svg")
    with pytest.raises(UsageError, match=r"chart\.docx"):
        rs.save_chart(charts["joint"], tmp_path / "chart.docx")


def test_the_joint_chart_shows_what_was_expected(charts: dict[str, Any]) -> None:
    text = texts(charts["joint"])
    # OR10 + OR01 - 1 and OR10 x OR01 of the oral-cancer table.
    one, two = (8 / 18) / (3 / 20), (6 / 12) / (3 / 20)
    for value in (one + two - 1, one * two):
        assert f"{value:.6f}" in text
    assert "RERI 3.74 (-1.84 to 9.32)" in text


def test_the_waterfall_ends_at_the_score(scores: rs.Scores, charts: dict[str, Any]) -> None:
    (data,) = [
        rows
        for rows in charts["waterfall"].to_dict()["datasets"].values()
        if any(row.get("term") == "Score" for row in rows)
    ]
    bars = {row["term"]: row for row in data}
    total = scores.of("ra").numbers["log_odds"][0]
    assert bars["Score"]["end"] == pytest.approx(total)
    steps = [row for row in data if row["term"] != "Score"]
    assert sum(row["contribution"] for row in steps) == pytest.approx(total)
    for before, after in pairwise(steps):
        assert after["start"] == pytest.approx(before["end"])
    assert any("other terms" in row["term"] for row in steps)
    with pytest.raises(UsageError):
        scores.plot.waterfall("nobody", "ra")


def test_charts_of_nothing_are_refused(scores: rs.Scores, outcome: list[int]) -> None:
    with pytest.raises(UsageError, match="no residues to plot"):
        rs.fit(scores.cohort, outcome, terms=["snp"]).plot.hla()
    nothing = rs.fit(scores.cohort, outcome, terms=["allele"], minimum_count=1e9)
    with pytest.raises(UsageError, match="no estimate to plot"):
        nothing.plot.forest()


def test_an_endless_interval_does_not_squeeze_the_others() -> None:
    frame = pd.DataFrame({"A*01:01": [0, 1] * 20, "B*08:01": [0] * 20 + [1] * 20})
    frame["case"] = [0] * 20 + [1] * 20
    chart = rs.fit(frame, "case", minimum_count=0).plot.forest().to_dict()
    domain = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert np.isfinite(domain).all()


def test_superpopulations_of_real_people_are_shown_as_what_they_are() -> None:
    folder = reference_root() / "examples"
    vcf = folder / "1000G_MHC_HLA.GRCh38.vcf.gz"
    if not vcf.is_file():
        pytest.skip("the example VCF is in a checkout only")
    people = pd.read_csv(folder / "1000G_samples.tsv", sep="\t", index_col="sample")
    scores = rs.score(vcf, ["t1d", "ra", "ms"])
    found = rs.compare_groups(scores, people["superpopulation"])
    table = found.to_frame().set_index(["model", "group"])
    assert set(table.index) == {(m, g) for m in ("t1d", "ra", "ms") for g in
                                ("AFR", "AMR", "EAS", "EUR", "SAS")}  # fmt: skip
    assert table.loc["ms", "n"].sum() == 2504
    # DRB1*15:01 is rare in Africa, where DRB1*15:03 takes its place.
    assert table.loc[("ms", "AFR"), "mean"] < table.loc[("ms", "EUR"), "mean"]
    own = people["superpopulation"].loc[list(scores.cohort.samples)].to_numpy() == "SAS"
    assert table.loc[("ra", "SAS"), "mean"] == pytest.approx(
        scores.of("ra").numbers["log_odds"][own].mean()
    )
    for model in ("t1d", "ra", "ms"):
        for group in ("AFR", "AMR", "EAS", "SAS"):
            assert any(w.startswith(f"{model}: the weights come from EUR; in {group}")
                       for w in found.warnings)  # fmt: skip
        assert not any("in EUR" in w for w in found.warnings)


def test_people_stand_before_the_reference_people() -> None:
    """Three drawn people of EAS: in the chart where EAS is, behind them a third of 2,504."""
    table = component_table()
    frequency = table.expected(table.centres)[table.populations.index("EAS")]
    drawn = np.random.default_rng(1).binomial(2, frequency, (3, len(frequency))).astype(float)
    sums = sums_of(table, slice(0, len(frequency)), drawn)
    chart = ancestry_of(("a", "b", "c"), sums, table).plot.components()
    content = chart.to_dict()
    frames = sorted(content["datasets"].values(), key=len)
    assert [len(frame) for frame in frames] == [3, 835]
    assert all(abs(row["PC2"] - table.centres[2, 1]) < 0.005 for row in frames[0])
    assert "n = 3 people" in texts(chart)
    fewer = ancestry_of(("a", "b", "c"), sums_of(table, slice(0, 2400), drawn[:, :2400]), table)
    assert "2,400 of 9,559 SNPs" in texts(fewer.plot.components())
    assert {"PC1", "PC2"} <= set(titles(chart))
    with pytest.raises(UsageError, match="nobody's components"):
        ancestry_of(("a",), no_sums(1, 4), table).plot.components()


# Linear RGB as protanopes, deuteranopes and tritanopes see it: Machado and others 2009,
# IEEE Trans Vis Comput Graph 15:1291, table 1, severity 1.
VISIONS = {
    "usual": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]  # of sRGB


@pytest.mark.parametrize("vision", VISIONS)
def test_superpopulations_are_told_apart_by_every_colour_vision(vision: str) -> None:
    """By 14 units of CIE 1976 L*a*b* at the least, as they stand on white; one is just seen."""
    places = []
    for colour in COLOURS:
        solid = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        shown = OPACITY * solid + 1 - OPACITY
        linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
        seen = np.clip(np.asarray(VISIONS[vision]) @ linear, 0, 1)
        xyz = np.cbrt(TO_XYZ @ seen / [0.95047, 1, 1.08883])  # none is darker than 0.0089
        places.append([116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])])
    apart = [np.linalg.norm(np.subtract(a, b)) for a, b in combinations(places, 2)]
    assert len(apart) == 10
    assert min(apart) > 14
