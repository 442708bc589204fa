"""Runs that are killed at any instant: old or new results, never a part, and the next run mends.

A round starts a command anew, ends it by SIGKILL or SIGTERM after a random time or just as it
begins to write, looks at what is there, and runs it again. `make torture` has 300 rounds.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.forked import Forked

Results = Callable[[Path], dict[str, bytes]]
LEFT = re.compile(r"\.results(\.\w+)?\.\w+\.unfinished")  # what outputs.py calls what it makes
OLD = b"of an earlier run\n"


@dataclass(frozen=True)
class Command:
    """What is killed: its words, the path of its results, and whether these may replace others."""

    words: list[str]
    results: str
    replaces: bool = False


@pytest.fixture(scope="module")
def place(forked: Forked, cohorts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands read."""
    place = tmp_path_factory.mktemp("place")
    shutil.copytree(cohorts, place / "in")
    score = ["score", "in/c000.vcf.gz", "-m", "t1d", "-q", "--out"]
    for words in (
        [*score, "bundle"], [*score, "part1", "--shard", "1/2"],
        [*score, "part2", "--shard", "2/2"],
    ):  # fmt: skip
        assert forked.run(words, place).returncode == 0
    return place


def commands() -> dict[str, Command]:
    score = ["score", "in/c000.vcf.gz", "-m", "t1d", "-q"]
    batch = ["batch", "in", "-m", "t1d", "--tsv", "--shards", "2", "--jobs", "1"]
    return {
        "score to a table": Command([*score, "-o", "results.tsv"], "results.tsv", replaces=True),
        "score to a folder": Command([*score, "--out", "results"], "results"),
        "merge": Command(["merge", "part1", "part2", "--out", "results"], "results"),
        "report": Command(
            ["report", "bundle", "-o", "results.html"], "results.html", replaces=True
        ),
        "batch": Command([*batch, "--out", "results"], "results"),
    }


class Killer:
    """Ends processes at moments that a seed chooses."""

    def __init__(self, seed: str, place: Path, took: float) -> None:
        self.dice, self.place, self.took = random.Random(seed), place, took
        self.signal = signal.SIGKILL
        self.whole_group = False

    def __call__(self, process: int) -> None:
        self.signal = self.dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        self.whole_group = self.dice.random() < 1 / 2
        if self.dice.random() < 1 / 2:
            time.sleep(self.dice.random() * self.took)
        else:
            self._wait_for_writing(process)
            time.sleep(self.dice.random() * self.took / 20)
        with contextlib.suppress(ProcessLookupError):  # it was over before
            (os.killpg if self.whole_group else os.kill)(process, self.signal)

    def _wait_for_writing(self, process: int) -> None:
        while Path(f"/proc/{process}").exists():
            if list(self.place.glob(".*.unfinished")):
                return
            time.sleep(0.0002)


@pytest.mark.parametrize("name", commands())
def test_killed_and_run_again(
    name: str,
    forked: Forked,
    place: Path,
    many: Callable[[int, int], int],
    results_in: Results,
) -> None:
    command, rounds = commands()[name], many(3, 60)
    path = place / command.results
    began = time.monotonic()
    done = forked.run(command.words, place)
    assert done.returncode == 0, done.stderr
    killer = Killer(name, place, time.monotonic() - began)
    expected = contents(path, results_in)
    killed = left = 0
    for number in count():
        if killed == rounds:
            break
        assert number < 20 * rounds, "the command ends before it is killed"
        remove(path)
        before = {}
        if command.replaces and number % 2:
            path.write_bytes(OLD)
            before = {path.name: OLD}
        stopped = forked.meet(command.words, place, killer)
        killed += stopped.returncode in (-signal.SIGKILL, 128 + signal.SIGTERM)
        beside = leftovers(place)
        left += len(beside)
        assert "Traceback" not in stopped.stderr
        if name == "batch":
            assert not (path / "provenance.json").exists() or contents(path, results_in) == expected
        else:
            assert contents(path, results_in) in (before, expected)
        if killer.signal == signal.SIGTERM and not killer.whole_group:
            assert beside == []
        again = forked.run(command.words, place)
        refused = path.is_dir() and name != "batch" and "not empty" in again.stderr
        assert again.returncode == 0 or refused, again.stderr
        assert contents(path, results_in) == expected
        assert leftovers(place) == []
    if rounds > 3 and name != "batch":
        assert left, "never killed while it wrote"
    sys.stdout.write(f"{name}: {killed} killed, {left} unfinished\n")  # shown by pytest -rP
    remove(path)


def contents(path: Path, results_in: Results) -> dict[str, bytes]:
    """What a command wrote: the files of a folder, or the one."""
    if path.is_dir():
        return results_in(path)
    return {path.name: path.read_bytes()} if path.exists() else {}


def leftovers(place: Path) -> list[str]:
    """What is in the folder that neither was there nor is the result; each is named after it."""
    known = {"in", "bundle", "part1", "part2"}
    names = {path.name for path in place.iterdir()} - known
    beside = [name for name in names if not name.startswith("results")]
    for name in beside:
        assert LEFT.fullmatch(name), name
    return beside


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
