"""The documentation is whole: every error, every public name, every column has its place."""

import re
from pathlib import Path

import pytest

import riskscore
from riskscore import errors
from riskscore.genetics.missing import Missing
from riskscore.scoring.scores.columns import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def _classes(root: type[errors.RiskscoreError]) -> list[type[errors.RiskscoreError]]:
    return [root, *(below for child in root.__subclasses__() for below in _classes(child))]


ERRORS = [c for c in _classes(errors.RiskscoreError) if c.__module__ == errors.__name__]


def _paragraphs() -> dict[str, str]:
    text = (DOCS / "errors.md").read_text()
    pieces = re.split(r"(?m)^##+ (.+)$", text)
    return {
        name: " ".join(body.split()) for name, body in zip(pieces[1::2], pieces[2::2], strict=True)
    }


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_paragraph_with_its_exit_code(error: type[errors.RiskscoreError]) -> None:
    paragraph = _paragraphs()[error.__name__]
    assert paragraph.startswith(f"Exit code {error.exit_code}. ")
    assert len(paragraph) > 40


def test_no_paragraph_is_of_an_error_that_is_gone() -> None:
    told = {name for name in _paragraphs() if name.endswith("Error")}
    assert told == {error.__name__ for error in ERRORS}


def test_every_public_name_has_its_entry() -> None:
    told = re.findall(r"^\.\. auto\w+:: (\w+)$", (DOCS / "api.md").read_text(), flags=re.M)
    assert sorted(told) == sorted(riskscore.__all__)


def test_the_score_table_tells_every_column_and_every_reason() -> None:
    text = (DOCS / "score_table.md").read_text()
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []
    reasons = [reason.name.lower() for reason in Missing if reason is not Missing.NOT_MISSING]
    assert [reason for reason in reasons if f"| `{reason}` |" not in text] == []


def test_every_lesson_is_in_the_index_and_in_the_documentation() -> None:
    lessons = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    listed = re.findall(r"\]\((\d\d_\w+\.ipynb)\)", (ROOT / "notebooks" / "README.md").read_text())
    assert listed == lessons
    shown = re.findall(r"^notebooks/(\d\d_\w+)$", (DOCS / "index.md").read_text(), flags=re.M)
    assert [f"{name}.ipynb" for name in shown] == lessons
