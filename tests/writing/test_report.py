"""The report and the explorer as a browser shows them, with the network out of reach."""

import json
import math
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import riskscore as rs
from riskscore.genetics.sex import Sex
from riskscore.models.reference.panel import reference_panel
from riskscore.samples.question import Question
from riskscore.scoring.population.build import build_reference
from riskscore.writing.explorer.equations import equations
from riskscore.writing.report.cohort import flag_counts

DATA = Path(__file__).parents[1] / "data"
VCF = DATA / "t1d_b38_clean.vcf.gz"
Oracle = Callable[[str], str]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --enable-logging=stderr --v=0 "
    "--virtual-time-budget=20000"
).split()


class Page:
    """A page opened in headless Chromium: its elements as text, and what the console said."""

    def __init__(self, chromium: str, page: Path, *flags: str) -> None:
        self.command = [
            chromium, *FLAGS, *flags, f"--user-data-dir={page.parent / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ]  # fmt: skip
        done = subprocess.run(
            [*self.command, "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        self.html = done.stdout
        self.console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def with_script(path: Path, script: str) -> Path:
    """The page with a script of the test's own, and without the policy that would refuse it."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text())
    body, end, rest = page.rpartition("</body>")
    path.write_text(f"{body}{script}{end}{rest}")
    return path


@pytest.fixture(scope="module")
def scores() -> rs.Scores:
    return rs.score(VCF, ["t1d", "ra"])


def test_the_cohort_report_opens_without_network_or_violations(
    scores: rs.Scores, tmp_path: Path, oracle: Oracle
) -> None:
    path = rs.write_report(scores, tmp_path / "report.html", groups=dict.fromkeys(["S001"], "one"))
    assert path.stat().st_size < 1_500_000
    page = Page(oracle("chromium"), path)
    assert page.console == []
    assert '<html lang="en" data-ready="true">' in page.html
    charts = set(re.findall(r'data-chart="([^"]+)"', page.html))
    assert charts == {
        "chart-coverage",
        *(f"chart-{k}-{m}" for k in ("odds", "risk") for m in ("t1d", "ra")),
    }
    assert page.html.count('class="marks"') == len(charts)
    assert "default-src 'none'" in page.html
    assert "unsafe" not in page.html.split("</head>")[0]
    # A cohort's report names nobody.
    assert "S001" not in path.read_text()


def test_one_persons_report(scores: rs.Scores, tmp_path: Path, oracle: Oracle) -> None:
    path = rs.write_report(scores, tmp_path / "person.html", individual="S018")
    page = Page(oracle("chromium"), path)
    assert page.console == []
    assert 'data-ready="true"' in page.html
    assert "DR3-DQ2.5 + other" in page.html
    ledger = scores.explain("S018", "t1d")
    assert page.html.count("<tr>") >= len(ledger)
    # the risk stands beside the average of the same sex, in crowds of one size
    assert page.html.count('viewBox="0 0 400 250"') == 2 * len(scores.tables)
    assert "times the average of" in page.html or "about the average of" in page.html
    assert "0 x " not in page.html
    assert "Illustrative, not diagnostic" in page.html


def test_a_prevalence_is_told_where_one_was_given(tmp_path: Path) -> None:
    said = "Prevalence, as given for this run: "
    for prevalence in (0.02, None):
        scores = rs.score(VCF, "t1d", prevalence=prevalence)
        path = rs.write_report(scores, tmp_path / "person.html", individual="S018")
        text = unescape(path.read_text())
        assert (f"{said}0.02" in text) == (prevalence is not None)
        assert said in text or prevalence is None
        assert ": None" not in text


def test_printing_keeps_every_chart(scores: rs.Scores, tmp_path: Path, oracle: Oracle) -> None:
    path = rs.write_report(scores, tmp_path / "report.html")
    pdf = tmp_path / "report.pdf"
    page = Page(oracle("chromium"), path)
    subprocess.run(
        [*page.command, f"--print-to-pdf={pdf}", path.as_uri()], check=True, capture_output=True
    )
    assert pdf.read_bytes().startswith(b"%PDF")
    assert pdf.stat().st_size > 30_000


def test_model_cards_are_printed_whole(scores: rs.Scores, tmp_path: Path, oracle: Oracle) -> None:
    """As many pages as with the cards opened by hand."""
    path = rs.write_report(scores, tmp_path / "closed.html")
    opened = tmp_path / "open.html"
    opened.write_text(
        path.read_text().replace('<details class="card">', '<details open class="card">')
    )
    page, pages = Page(oracle("chromium"), path), []
    for one in (path, opened):
        pdf = one.with_suffix(".pdf")
        command = [*page.command, f"--print-to-pdf={pdf}", one.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        pages.append(len(re.findall(rb"/Type /Page\b", pdf.read_bytes())))
    assert pages[0] == pages[1] > 8


def test_hostile_sample_names_are_escaped(
    make_vcf: Callable[..., Path], tmp_path: Path, oracle: Oracle
) -> None:
    name = "</script><img src=x onerror=document.title='taken'>"
    rows = [("6", 33081408, "rs2567287", "G", "A", "GT", ["0/1", "0/0"])]
    scores = rs.score(make_vcf([name, "B"], rows), "t1d")
    path = rs.write_report(scores, tmp_path / "hostile.html", individual=name)
    assert "<img src=x" not in path.read_text()
    page = Page(oracle("chromium"), path)
    assert page.console == []
    assert "<title>riskscore: one person</title>" in page.html


# What a reader would see of a page that is too wide for the screen, or of a chart's labels that
# are cut at its edge or touch each other.
MEASURE = """
const wait = setInterval(() => {
  if (document.documentElement.dataset.ready !== "true") return;
  clearInterval(wait);
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  for (const svg of document.querySelectorAll("[data-chart] svg, svg.interval")) {
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;
    if (frame.right > root.clientWidth + 1) faults.push("a chart is wider than the page");
    for (const group of [...svg.querySelectorAll(".role-axis-label"), svg]) {
      const texts = [...group.querySelectorAll(":scope > text, :scope > g > text")]
        .filter((text) => text.textContent && getComputedStyle(text).opacity !== "0");
      const boxes = texts.map((text) => text.getBoundingClientRect());
      boxes.forEach((box, i) => {
        if (box.left < frame.left - 1 || box.right > frame.right + 1)
          faults.push(`cut: ${texts[i].textContent}`);
        for (let j = 0; j < i; j += 1) {
          const other = boxes[j];
          if (box.left < other.right && other.left < box.right && box.top < other.bottom &&
              other.top < box.bottom)
            faults.push(`touching: ${texts[j].textContent} ${texts[i].textContent}`);
        }
      });
    }
    const words = ".role-title-text text, .role-axis-title text, .role-legend-label text";
    for (const title of svg.querySelectorAll(words)) {
      const box = title.getBoundingClientRect();
      if (box.right > frame.right + 1) faults.push(`cut: ${title.textContent}`);
    }
  }
  parent.postMessage(JSON.stringify([innerWidth, faults]), "*");
}, 50);
"""
# A frame of the width of a screen, since a window of the browser has a least width; it shows what
# the page in it has found.
FRAME = """<!doctype html><title>frame</title>
<iframe src="{name}" width="{width}" height="1200"></iframe>
<script>
addEventListener("message", (message) => {{
  const out = document.createElement("pre");
  out.id = "faults";
  out.textContent = message.data;
  document.body.append(out);
}});
</script>
"""


@pytest.mark.parametrize("width", [390, 1000, 1600])
def test_pages_fit_the_screen(
    scores: rs.Scores, tmp_path: Path, oracle: Oracle, width: int
) -> None:
    groups = {name: "first" if i % 2 else "second" for i, name in enumerate(scores.cohort.samples)}
    paths = [
        rs.write_report(scores, tmp_path / "cohort.html", groups=groups),
        rs.write_report(scores, tmp_path / "person.html", individual="S018"),
        rs.write_explorer(rs.load_model("ms"), tmp_path / "explorer.html"),
    ]
    for path in paths:
        with_script(path, f"<script>{MEASURE}</script>")
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME.format(name=path.name, width=width))
        html = Page(oracle("chromium"), frame, f"--window-size={width + 100},1300").html
        found = re.search(r'<pre id="faults">(.*?)</pre>', html, re.DOTALL)
        assert found, path.name
        assert json.loads(unescape(found[1])) == [width, []], path.name


def test_axe_finds_nothing_serious(scores: rs.Scores, tmp_path: Path, oracle: Oracle) -> None:
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    run = (
        "const wait = setInterval(() => { if (!document.documentElement.dataset.ready) return; "
        "clearInterval(wait); axe.run().then((found) => { const out = "
        "document.createElement('pre'); out.id = 'axe'; out.textContent = JSON.stringify("
        "found.violations.map((v) => [v.impact, v.id, v.nodes.length, v.nodes[0].html]));"
        "document.body.append(out); }); }, 50);"
    )
    paths = [
        rs.write_report(scores, tmp_path / "cohort.html"),
        rs.write_report(scores, tmp_path / "person.html", individual="S018"),
        rs.write_explorer(rs.load_model("t1d"), tmp_path / "explorer.html"),
    ]
    for path in paths:
        with_script(path, f"<script>{axe}</script><script>{run}</script>")
        html = Page(oracle("chromium"), path).html
        found = re.search(r'<pre id="axe">(.*?)</pre>', html, re.DOTALL)
        assert found, path.name
        violations = json.loads(unescape(found[1]))
        serious = [v for v in violations if v[0] in {"serious", "critical"}]
        assert serious == []


def test_the_explorer_computes_what_scoring_computes(tmp_path: Path, oracle: Oracle) -> None:
    """A grid of choices through the page's own arithmetic, against people scored in Python."""
    model = rs.load_model("ms")
    grid = [
        {
            "sex": sex,
            "load": 0,
            "hla": {"A": a, "B": "07:02 44:02", "DRB1": drb1, "DQA1": dqa1, "DQB1": dqb1},
            "exposures": {"smoking": smoking, "vitamin_d": dose, "mononucleosis": "had"},
        }
        for sex, a, (drb1, dqa1, dqb1), smoking, dose in product(
            ("female", "male"),
            ("02:01 02:01", "01:01 03:01"),
            (
                ("15:01 15:01", "01:02 01:02", "06:02 06:02"),
                ("15:01 01:01", "01:02 01:01", "06:02 05:01"),
                ("04:01 11:01", "03:01 05:01", "03:02 03:01"),
            ),
            ("never", "ever"),
            (40.0, 75.0),
        )
    ]
    exported = equations(model, reference_panel())
    first = {e["id"]: e["levels"][0] if e["levels"] else e["mean"] for e in exported["exposures"]}
    choices = []
    for point in grid:
        genes = {
            gene: [
                exported["genes"][gene].index(f"{gene}*{name}")
                if f"{gene}*{name}" in exported["genes"][gene]
                else -1
                for name in pair.split()
            ]
            for gene, pair in point["hla"].items()
        }
        base = exported["baseline"][point["sex"]]
        stop = base["prevalence"].index(base["own"])
        exposures = first | point["exposures"]
        choices.append(
            {**point, "genes": genes, "haplotypes": [], "stop": stop, "exposures": exposures}
        )
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.map((choice) => { "
        "const r = window.riskscore.compute(window.riskscore.equations, choice); "
        "return [r.logOdds, r.oddsRatio, r.risk, r.ledger.length]; })); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    html = Page(oracle("chromium"), page).html
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', html, re.DOTALL)[1])  # type: ignore[index]
    assert len(found) == len(grid) == 48
    reference = build_reference(model, reference_panel(), "EUR")
    snps = {v.name: 2 * model.frequencies[v]["EUR"] for v in model.variants}
    for point, choice, (log_odds, odds, risk, terms) in zip(grid, choices, found, strict=True):
        given = {k: str(v) for k, v in choice["exposures"].items()}
        cohort = rs.person(
            [model], hla=point["hla"], variants=snps, exposures=given, sex=point["sex"]
        )
        ledger = rs.score(cohort).explain("person")
        # The load of single variants is the explorer's own; all other terms must be the same.
        same = ~ledger["term"].isin(snps)
        assert log_odds == pytest.approx(ledger.loc[same, "contribution"].sum(), abs=1e-9)
        assert odds == pytest.approx(math.exp(log_odds), rel=1e-12)
        alpha = reference.by_sex[Sex(point["sex"])].alpha
        assert alpha is not None
        assert risk == pytest.approx(1 / (1 + math.exp(-(alpha + log_odds))), abs=1e-9)
        assert terms > 25


def test_the_explorer_averages_over_what_is_unknown(tmp_path: Path, oracle: Oracle) -> None:
    """With exposures unknown, the page's risk is the one that scoring gives, to 1e-9."""
    model = rs.load_model("ms")
    exported = equations(model, reference_panel())
    hla = {"A": "02:01 01:01", "B": "07:02 44:02", "DRB1": "15:01 03:01", "DQA1": "01:02 05:01",
           "DQB1": "06:02 02:01"}  # fmt: skip
    genes = {
        gene: [
            exported["genes"][gene].index(name) if name in exported["genes"][gene] else -1
            for name in (f"{gene}*{allele}" for allele in pair.split())
        ]
        for gene, pair in hla.items()
    }
    snps = {v.name: round(2 * model.frequencies[v]["EUR"]) for v in model.variants}
    grid = [
        {"sex": sex, "given": given}
        for sex in ("female", "male")
        for given in (
            {},
            {"smoking": "ever"},
            {"smoking": "never", "vitamin_d": "40"},
            {"anti_ebna1": "elevated"},
            {"mononucleosis": "had", "anti_ebna1": "elevated"},
            {"mononucleosis": "had", "adolescent_obesity": "obese"},
        )
    ]
    expected, choices = [], []
    for point in grid:
        cohort = rs.person([model], hla=hla, variants=snps, exposures=point["given"],
                           sex=point["sex"])  # fmt: skip
        scores = rs.score(cohort)
        ledger = scores.explain("person")
        load = ledger.loc[ledger["term"].isin(snps), "contribution"].sum()
        numbers = scores.of("ms").numbers
        # the page shows the place among people of whom everything is known
        whole = scores.of("ms").reference.by_sex[Sex(point["sex"])].distribution
        place = float(whole.percentile(numbers["log_odds"])[0])
        expected.append([*(float(numbers[n][0]) for n in ("log_odds", "probability")), place])
        base = exported["baseline"][point["sex"]]
        exposures = {
            e["id"]: (
                None
                if e["id"] not in point["given"]
                else point["given"][e["id"]]
                if e["levels"]
                else float(point["given"][e["id"]])
            )
            for e in exported["exposures"]
        }
        choices.append(
            {"sex": point["sex"], "stop": base["prevalence"].index(base["own"]), "genes": genes,
             "haplotypes": [], "exposures": exposures, "load": load / exported["load"]["sd"]}
        )  # fmt: skip
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.map((choice) => { "
        "const r = window.riskscore.compute(window.riskscore.equations, choice); "
        "return [r.logOdds, r.risk, r.percentile]; })); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    html = Page(oracle("chromium"), page).html
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', html, re.DOTALL)[1])  # type: ignore[index]
    assert len(found) == len(grid) == 12
    for (log_odds, risk, place), (truth, chance, percentile) in zip(found, expected, strict=True):
        assert log_odds == pytest.approx(truth, abs=1e-9)
        assert risk == pytest.approx(chance, abs=1e-9)
        assert place == pytest.approx(percentile, abs=0.5)


def test_the_explorers_controls_move_the_numbers(tmp_path: Path, oracle: Oracle) -> None:
    page = rs.write_explorer(rs.load_model("t1d"), tmp_path / "explorer.html")
    before = Page(oracle("chromium"), page)
    assert before.console == []
    assert 'data-ready="true"' in before.html
    script = (
        "const boxes = document.querySelectorAll('#controls select'); "
        "boxes[0].value = 'DR3-DQ2.5'; boxes[0].dispatchEvent(new Event('change')); "
        "boxes[1].value = 'DR4-DQ8.1'; boxes[1].dispatchEvent(new Event('change'));"
    )
    with_script(page, f'<script type="module">{script}</script>')
    after = Page(oracle("chromium"), page)
    odds = [
        float(re.search(r'<strong id="logodds">([^<]+)<', html)[1])  # type: ignore[index]
        for html in (before.html, after.html)
    ]
    # From two unnamed haplotypes (weight 0) to the pair that weighs 3.632269419.
    assert odds[1] - odds[0] == pytest.approx(3.632269419, abs=2e-3)


def test_a_report_from_the_folder_of_a_run(
    riskscore: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert riskscore("score", VCF, "-m", "t1d", "--out", "results").returncode == 0
    done = riskscore("report", "results", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    assert "200 people" in (tmp_path / "report.html").read_text()
    alone = riskscore("report", "results", "-o", "one.html", "--individual", "S018")
    assert alone.returncode == 2
    assert "S018" not in alone.stderr
    done = riskscore("report", "results", "-o", "one.html", "--individual", "S018", "--vcf", VCF)
    assert done.returncode == 0, done.stderr
    assert "S018" in (tmp_path / "one.html").read_text()


def test_a_folder_without_results(
    riskscore: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = riskscore("report", "empty", "-o", "report.html")
    assert done.returncode == 11
    assert not (tmp_path / "report.html").exists()


def test_a_report_of_a_batch_puts_its_sample_sets_together(
    riskscore: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    for name in ("north", "south"):
        for ending in ("", ".tbi"):
            copy = tmp_path / "files" / f"{name}.vcf.gz{ending}"
            copy.write_bytes(VCF.with_name(f"{VCF.name}{ending}").read_bytes())
    assert riskscore("batch", "files", "-m", "t1d", "--out", "batch").returncode == 0
    done = riskscore("report", "batch", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    assert "400 people" in text
    assert "north (n = 200)" in text
    assert "south (n = 200)" in text


def test_flags_that_equally_many_people_have_are_in_order_of_their_names() -> None:
    """Whatever the order of a set, which the hash seed decides."""
    rows = [{"flags": "tag=2;absent=HLA(1)"}, {"flags": "absent=HLA(2);tag=1;strand=3"}]
    assert flag_counts(rows) == [("absent", 2), ("tag", 2), ("strand", 1)]


def _typed(exported: dict[str, Any], hla: dict[str, str]) -> dict[str, list[int]]:
    """The places of alleles in the page's lists; -1 for another allele."""
    return {
        gene: [
            names.index(name) if (name := f"{gene}*{allele}") in names else -1
            for allele in hla[gene].split()
        ]
        for gene, names in exported["genes"].items()
    }


@pytest.mark.parametrize("name", ["ms", "ra"])
def test_the_explorers_risks_by_age_are_those_of_scoring(
    name: str, tmp_path: Path, oracle: Oracle
) -> None:
    """A grid of sexes, ages, genotypes and exposures, known and unknown, to 1e-9."""
    model = rs.load_model(name)
    exported = equations(model, reference_panel())
    stops = exported["ages"]["stops"]
    types = [
        {"A": "02:01 01:01", "B": "07:02 44:02", "DRB1": "15:01 03:01", "DQA1": "01:02 05:01",
         "DQB1": "06:02 02:01", "DPB1": "04:01 01:01"},
        {"A": "02:01 02:01", "B": "08:01 44:02", "DRB1": "04:01 01:01", "DQA1": "03:01 01:01",
         "DQB1": "03:02 05:01", "DPB1": "03:01 01:01"},
    ]  # fmt: skip
    places = (0, 4, len(stops) - 2)
    expected: list[list[float]] = []
    choices = []
    for sex, hla, given in product(("female", "male"), types, ({}, {"smoking": "ever"})):
        used = {gene: hla[gene] for gene in exported["genes"]}
        snps = {v.name: round(2 * model.frequencies[v]["EUR"]) for v in model.variants}
        cohort = rs.person([model], hla=used, variants=snps, exposures=given, sex=sex)
        ledger = rs.score(cohort).explain("person")
        load = ledger.loc[ledger["term"].isin(snps), "contribution"].sum()
        base = exported["baseline"][sex]
        choices.append(
            {"sex": sex, "stop": base["prevalence"].index(base["own"]), "haplotypes": [],
             "genes": _typed(exported, used), "load": load / exported["load"]["sd"],
             "exposures": {e["id"]: given.get(e["id"]) for e in exported["exposures"]}}
        )  # fmt: skip
        for place in places:
            for end in stops[place + 1 :: 5]:
                question = Question.of(model, horizon=(stops[place], end))
                numbers = rs.score(replace(cohort, question=question)).of(name).numbers
                expected.append([float(numbers[n][0]) for n in ("probability", "average_risk")])
    page = rs.write_explorer(model, tmp_path / "explorer.html")
    script = (
        f"const choices = {json.dumps(choices)}; const out = document.createElement('pre'); "
        "out.id = 'grid'; out.textContent = JSON.stringify(choices.flatMap((choice) => "
        f"{list(places)}.flatMap((place) => window.riskscore.ageCurve("
        "window.riskscore.equations, choice, place).filter((_, i) => i % 5 === 0)"
        ".map((row) => [row.risk, row.average])))); document.body.append(out);"
    )
    with_script(page, f'<script type="module">{script}</script>')
    shown = Page(oracle("chromium"), page)
    assert shown.console == []
    found = json.loads(re.search(r'<pre id="grid">(.*?)</pre>', shown.html, re.DOTALL)[1])  # type: ignore[index]
    assert len(found) == len(expected) > 40
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert 'class="own"' in shown.html
