"""The report as a browser shows it, with the network out of reach."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

import riskscore as rs
from riskscore.errors import InputError
from riskscore.writing.folders.bundle import write_bundle
from riskscore.writing.report.again import score_again
from riskscore.writing.report.cohort import flag_counts, model_context
from riskscore.writing.report.sources import results_of_folder, results_of_scores
from tests.writing.browser import Oracle, Page, with_script

DATA = Path(__file__).parents[1] / "data"
VCF = DATA / "t1d_b38_clean.vcf.gz"


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
        *(f"chart-{k}-{m}" for k in ("groups", "risk") for m in ("t1d", "ra")),
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


def test_a_place_above_the_middle_with_a_risk_below_the_average_is_explained(
    tmp_path: Path,
) -> None:
    scores = rs.score(VCF, "t1d")
    table = scores.to_frame().set_index("sample")
    below = table.probability < table.average_risk
    for people, told in ((table[below & (table.percentile > 50)], True), (table[~below], False)):
        path = rs.write_report(scores, tmp_path / "person.html", individual=people.index[0])
        assert ("most people's is below the average" in unescape(path.read_text())) == told


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


def test_a_report_from_the_folder_of_a_run(
    riskscore: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert riskscore("score", VCF, "-m", "t1d", "--out", "results").returncode == 0
    done = riskscore("report", "results", "-o", "report.html")
    assert done.returncode == 0, done.stderr
    cohort = (tmp_path / "report.html").read_text()
    assert "200 people" in cohort
    assert "<td>HLA-DR and DQ</td>" in cohort
    assert "HLA DRDQ" not in cohort
    alone = riskscore("report", "results", "-o", "one.html", "--individual", "S018")
    assert alone.returncode == 2
    assert "S018" not in alone.stderr
    done = riskscore("report", "results", "-o", "one.html", "--individual", "S018", "--vcf", VCF)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "one.html").read_text()
    assert "S018" in text
    assert f"Files: {VCF.name}." in text
    assert "<li>Average risk, t1d: 7.22 in 1,000, mean of women and men.</li>" in text


def test_one_persons_report_asks_what_the_run_asked(tmp_path: Path) -> None:
    """Ages and relatives count again, though the report's command has no option for them."""
    family = tmp_path / "family.tsv"
    family.write_text("sample\trelation\taffected\tage\nS018\tmother\tyes\t50\n")
    rates = tmp_path / "rates.tsv"
    rates.write_text("sex\tage_from\tage_to\trate_per_100000\nfemale\t0\t60\t20\nmale\t0\t60\t30\n")
    for options in ({"family": family}, {"from_age": 5, "to_age": 40, "incidence": rates}):
        scores = rs.score(VCF, "t1d", **options)
        folder = tmp_path / f"results-{len(options)}"
        rs.write_bundle(scores, folder, inputs={"vcf": VCF})
        again, files = score_again(folder, {"vcf": [VCF]})
        assert files == [VCF]
        pd.testing.assert_frame_equal(again.to_frame(), scores.to_frame())
    path = rs.write_report(again, tmp_path / "one.html", individual="S018")
    assert (
        "Type 1 diabetes mellitus from age 5 to 40, in those free of it at 5." in path.read_text()
    )
    cohort = rs.write_report(folder, tmp_path / "cohort.html").read_text()
    assert "mellitus from age 5 to 40" in cohort
    assert "t1d: risk, between the ages asked" in cohort


def test_averages_are_those_that_people_were_compared_with() -> None:
    """Those of the card (Scotland 2012-2019), a prevalence that was given, or none."""
    own = rs.score(VCF, "t1d")
    context = model_context(results_of_scores(own), own.tables[0].model, {})
    assert context["averages"] == [("all", "7.22 in 1,000")]  # of unknown sex: between both
    frame = own.to_frame()
    ends = (frame[f"probability_{end}"] / frame["probability"] for end in ("low", "high"))
    assert context["reach"] == tuple(f"{end.median():.2g}" for end in ends)
    given = rs.score(VCF, "t1d", prevalence=0.01)
    told = model_context(results_of_scores(given), given.tables[0].model, {})["averages"]
    assert told == [("all", "10 in 1,000")]


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


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, scores: rs.Scores) -> Path:
    """The folder that ``score --out`` leaves."""
    folder = tmp_path_factory.mktemp("results") / "results"
    write_bundle(scores, folder)
    return folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("provenance.json", b""),
        ("provenance.json", b"[]"),
        ("provenance.json", b"{}"),
        ("provenance.json", b'{"models": NaN}'),
        ("provenance.json", b"[" * 100_000),
        ("scores.tsv", b"sample\tmodel\n"),
        ("match_report.tsv", b"model\n"),
        ("coverage.tsv", b"x" * 100),
    ],
)
def test_no_report_of_a_folder_that_was_changed(
    results: Path, name: str, content: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(results, folder)
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is not the file that was written .changed"):
        results_of_folder(folder, None, [])
