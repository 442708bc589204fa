"""What the torture tests share: a small batch, its command line, and how often to hurt it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def many() -> Callable[[int, int], int]:
    """`many(few, all)` is how often: the first in `make test`, the second in `make torture`."""
    return lambda few, every: every if os.environ.get("RISKSCORE_TORTURE") else few


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory, make_cohorts: Callable[..., Path]) -> Path:
    """Six cohorts in a folder."""
    return make_cohorts(tmp_path_factory.mktemp("cohorts") / "in", 6)


@pytest.fixture(scope="module")
def start(cohorts: Path) -> Start:
    """`start(out)` begins a batch of the cohorts, in a process group of its own."""
    command = [str(Path(sys.executable).parent / "riskscore"), "batch", str(cohorts), "-m", "t1d"]

    def begin(out: Path, **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, "--tsv", "--shards", "2", "--jobs", "1", "--out", str(out)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,  # type: ignore[call-overload]
        )

    return begin
