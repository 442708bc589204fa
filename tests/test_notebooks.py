"""Every lesson runs from top to bottom, and is stored with outputs that may be shown to anyone."""

import re
import socket
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


def test_there_are_lessons() -> None:
    numbers = [path.name[:3] for path in LESSONS]
    assert numbers == [f"{n:02d}_" for n in range(len(LESSONS))]
    assert len(LESSONS) > 10


@lesson
def test_lesson_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of its own, in memory: the stored file is not touched."""
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
