"""Every lesson runs from top to bottom, and is stored with outputs that may be shown to anyone."""

import html
import math
import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 1_000_000  # bytes; of a much larger one a code host shows nothing

# A folder at the root of a disk, the head of a path that holds on one machine alone.
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.:/])/(?:home|root|tmp|var|usr|opt|mnt|Users|private)/|\b[A-Z]:\\\w"
)

# A number that stands alone: no part of rs2476601, DRB1*15:01 or version 1.2.0.
NUMBER = re.compile(
    r"(?<![\w*:.])[-\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w*]|[:.]\d)"
)

lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _texts(notebook: Any) -> list[str]:
    """What a reader sees of the outputs, without the pictures."""
    found = []
    for cell in _code(notebook):
        for output in cell.outputs:
            found.append(output.get("text", ""))
            found += [str(v) for k, v in output.get("data", {}).items() if k.startswith("text/")]
    return found


def _shown(cell: Any) -> list[tuple[str, str]]:
    """Kind and text of each output of a cell; of a picture the kind alone.

    Writes to one stream count as one, however the kernel parted them. Where a table is
    there as HTML, its plain twin is left out: pandas breaks that at the width of a line.
    """
    shown: list[tuple[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            before = shown.pop()[1] if shown and shown[-1][0] == output.name else ""
            shown.append((output.name, before + output.text))
            continue
        table = "text/html" in output.data
        for kind, value in sorted(output.data.items()):
            if kind == "text/html":
                bare = re.sub(r"<style.*?</style>", "", value, flags=re.DOTALL)
                shown.append((kind, html.unescape(re.sub(r"<[^>]+>", " | ", bare))))
            else:
                shown.append((kind, value if kind == "text/plain" and not table else ""))
    return shown


def _parts(text: str) -> tuple[str, list[float]]:
    """The text with # for each number, and the numbers."""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    text = re.sub(r"dtype: (?:object|str)\b", "dtype: text", text)  # pandas 2.2 and 3
    numbers = [
        float(found.replace(",", "").replace("\u2212", "-")) for found in NUMBER.findall(text)
    ]
    return " ".join(NUMBER.sub("#", text).split()), numbers


def _same(one: str, other: str) -> bool:
    """Whether two texts agree, numbers in three significant digits."""
    (words, numbers), (other_words, other_numbers) = _parts(one), _parts(other)
    return words == other_words and all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-12)
        for a, b in zip(numbers, other_numbers, strict=True)
    )


def _stale(stored: Any, executed: Any) -> list[str]:
    """What the cells of an executed lesson show otherwise than the stored ones."""
    found = []
    for cell, again in zip(_code(stored), _code(executed), strict=True):
        old, new = _shown(cell), _shown(again)
        if [kind for kind, _ in old] != [kind for kind, _ in new]:
            found.append(f"cell [{cell.execution_count}]: stored {old}, now {new}")
            continue
        for (kind, before), (_, now) in zip(old, new, strict=True):
            if not _same(before, now):
                found.append(f"cell [{cell.execution_count}], {kind}: stored\n{before}\nnow\n{now}")
    return found


def test_there_are_lessons() -> None:
    numbers = [path.name[:3] for path in LESSONS]
    assert numbers == [f"{n:02d}_" for n in range(len(LESSONS))]
    assert len(LESSONS) > 10


@lesson
def test_lesson_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of its own, in memory: the stored file is not touched, and shows the same."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))  # no kernel or setting of the user's
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = _read(path)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    last = _code(notebook)[-1]
    assert [output.output_type for output in last.outputs] == ["stream"], last.outputs
    stale = _stale(_read(path), notebook)
    assert not stale, "execute the lesson again and save it:\n" + "\n".join(stale)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AUC 0.70021 | n = 1,500", "AUC  0.70018 |\nn = 1,500"),
        ("mean -0.00", "mean 0.0"),
        ("p 1.3e-9", "p 1.3002e-9"),
        ("<Axes at 0x7f01ab>", "<Axes at 0x7fe2cd>"),
        ("Name: 0, dtype: object", "Name: 0, dtype: str"),
    ],
)
def test_outputs_that_are_the_same(one: str, other: str) -> None:
    assert _same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("35 of 10,000", "33 of 10,000"),
        ("10,000", "10,100"),
        ("0.714", "0.715"),
        ("0.7", "-0.7"),
        ("0.7", "\u22120.7"),
        ("1 2", "1 2 3"),
        ("NaN", "1.0"),
        ("p 1e-9", "p 2e-9"),
        ("rs2476601", "rs2476602"),
        ("DRB1*15:01", "DRB1*15:02"),
        ("version 1.2.0", "version 1.2.1"),
        ("raised", "lowered"),
    ],
)
def test_outputs_that_differ(one: str, other: str) -> None:
    assert not _same(one, other)


def test_a_stale_output_of_each_kind_is_found() -> None:
    def notebook(*outputs: Any) -> Any:
        cell = nbformat.v4.new_code_cell("x", execution_count=1, outputs=list(outputs))
        return nbformat.v4.new_notebook(cells=[cell])

    def stream(text: str) -> Any:
        return nbformat.v4.new_output("stream", name="stdout", text=text)

    def result(**data: str) -> Any:
        named = {kind.replace("_", "/"): value for kind, value in data.items()}
        return nbformat.v4.new_output("execute_result", data=named, execution_count=1)

    def cells(text: str, style: str = "") -> Any:
        return result(text_html=f"{style}<td>{text}</td>", text_plain=text)

    same = [
        (notebook(stream("a 1\n"), stream("b\n")), notebook(stream("a 1\nb\n"))),
        (notebook(cells("a &lt; 2")), notebook(cells("a &lt; 2", "<style>td {top: 1}</style>"))),
        (notebook(result(image_png="AAAA")), notebook(result(image_png="BBBB"))),
    ]
    assert [_stale(*pair) for pair in same] == [[], [], []]
    for stored, executed in [
        (stream("a 1"), stream("a 2")),
        (result(text_plain="1"), result(text_plain="2")),
        (cells("a 1"), cells("a 2")),
        (result(image_png="AAAA", text_plain="x"), result(text_plain="x")),
    ]:
        assert len(_stale(notebook(stored), notebook(executed))) == 1
    assert len(_stale(notebook(stream("a")), notebook())) == 1


@lesson
def test_lesson_has_its_parts(path: Path) -> None:
    notebook = _read(path)
    opening = notebook.cells[0].source
    assert opening.startswith(f"# {int(path.name[:2])}. ")
    for part in ("**Aim.**", "**Time:**", "**You need:**", "Illustrative, not diagnostic"):
        assert part in opening
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "## Exercise" in prose
    assert prose.count("<details>") == prose.count("</details>") >= 1
    check = _code(notebook)[-1].source
    assert check.startswith("# check\n")
    assert "\nassert " in check


@lesson
def test_stored_outputs_are_whole_and_show_pictures(path: Path) -> None:
    notebook = _read(path)
    assert path.stat().st_size < LARGEST
    cells = _code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"] == []
    assert not any("Traceback" in text for text in _texts(notebook))


@lesson
def test_lesson_names_no_machine_and_uses_only_the_public_api(path: Path) -> None:
    notebook = _read(path)
    private = [str(ROOT), str(Path.home()) + "/", socket.gethostname()]
    for text in [*_texts(notebook), *(cell.source for cell in notebook.cells)]:
        assert not ABSOLUTE_PATH.search(text)
        assert [word for word in private if len(word) > 3 and word in text] == []
    sources = "\n".join(cell.source for cell in _code(notebook))
    assert not re.search(r"(?:from|import) riskscore\.|\brs\._|\.explain\(.*\)\._", sources)
    asked = set(re.findall(r"\brs\.(\w+)", sources))
    import riskscore

    assert asked <= set(riskscore.__all__)


@lesson
def test_lesson_is_a_deck_of_slides(path: Path) -> None:
    """Headings begin slides; what shows nothing, and the check, are on none."""
    cells = _read(path).cells
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    assert set(kinds) <= {"slide", "subslide", "-", "skip"}
    assert kinds[0] == "slide"
    assert kinds[-1] == "skip"
    for cell, kind in zip(cells[:-1], kinds, strict=False):
        if cell.cell_type == "markdown":
            assert kind == ("slide" if cell.source.startswith("#") else "subslide")
        elif any("image/png" in output.get("data", {}) for output in cell.outputs):
            assert kind == "subslide"  # a picture fills a slide


def test_a_deck_is_built(tmp_path: Path) -> None:
    """A lesson's slides: a section for each, its pictures, and neither code nor the check."""
    if not (ROOT / ".cache" / "docs" / ".ready").exists():
        if os.environ.get("RISKSCORE_REQUIRE_ORACLES"):
            pytest.fail("what makes slides is not installed: make docs")
        pytest.skip("what makes slides is not installed: make docs")
    lesson = ROOT / "notebooks" / "04_dr_dq_diplotypes_and_phase.ipynb"
    command = ["make", "-s", "slides", f"LESSONS={lesson}", f"SLIDES={tmp_path}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    deck = (tmp_path / f"{lesson.stem}.slides.html").read_text()
    cells = _read(lesson).cells
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in cells]
    assert deck.count("<section") >= kinds.count("slide") + kinds.count("subslide")
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    pictures = [o["data"]["image/png"].strip() for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) > 1
    assert all(picture in deck for picture in pictures)
    assert "highlight hl-ipython3" not in deck  # code


@lesson
def test_lesson_grades_answers(path: Path) -> None:
    """Each question has no answer yet, and the check grades a right one."""
    code = [cell.source for cell in _code(_read(path))]
    asked = [source for source in code if re.match(r"answer_\d = None", source)]
    assert len(asked) >= 2
    stored = [cell for cell in _code(_read(path)) if cell.source in asked]
    assert all("no answer yet" in cell.outputs[0]["data"]["text/plain"] for cell in stored)
    assert code[-1].count('"") == "right"') >= 1


def test_a_picture_has_sliders_only_where_the_package_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "notebooks"))
    from course import live, question  # a file of the lessons, in no package

    monkeypatch.setattr("course.find_spec", lambda name: None)
    assert live(lambda a, b: (a, b), a=(1, 0, 2, 1), b=(0.5, 0, 1, 0.1)) == (1, 0.5)

    class Widgets:
        """Stands in for ipywidgets: it is not among the locked packages."""

        IntSlider = staticmethod(lambda **given: ("whole", given["value"], given["max"]))
        FloatSlider = staticmethod(lambda **given: ("any", given["value"], given["max"]))
        interactive = staticmethod(lambda draw, **sliders: (draw, sliders))

    monkeypatch.setattr("course.find_spec", lambda name: True)
    monkeypatch.setattr("course.import_module", lambda name: Widgets)
    _, sliders = live(lambda a, b: (a, b), a=(1, 0, 2, 1), b=(0.5, 0, 1, 0.1))
    assert sliders == {"a": ("whole", 1, 2), "b": ("any", 0.5, 1)}
    assert question(None, bool, "") == "no answer yet"
    assert question(3, lambda n: n == 2, "count") == "not yet: count"
