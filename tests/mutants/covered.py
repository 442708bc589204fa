"""Which tests run which lines of the rooms, how long each takes, and which one a change fails."""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.children import in_children, limit

ROOT = Path(__file__).parents[2]
Lines = dict[str, list[int]]  # by file


def passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test passes, now."""
    reports = runtestprotocol(item, log=False, nextitem=following)
    return len(reports) == 3 and all(report.passed for report in reports)


def traced(
    item: pytest.Item, folders: tuple[str, ...], longest: float
) -> tuple[float, Lines] | None:
    """The seconds that a test takes, and the lines it runs in the folders; None if it fails.

    What takes longer than ``longest`` ends this process.
    """
    seen: dict[str, set[int]] = defaultdict(set)

    def line(frame: FrameType, event: str, _: object) -> Any:
        seen[frame.f_code.co_filename].add(frame.f_lineno)
        return line

    def call(frame: FrameType, event: str, _: object) -> Any:
        return line(frame, event, _) if frame.f_code.co_filename.startswith(folders) else None

    limit(longest, 60 + 20 * longest)
    threading.settrace(call)
    sys.settrace(call)
    start = time.process_time()
    passed = passes(item, None)
    seconds = time.process_time() - start
    sys.settrace(None)
    if not passed:
        return None
    return seconds, {Path(k).relative_to(ROOT).as_posix(): sorted(v) for k, v in seen.items()}


class Covered:
    """The tests of each line, the quickest first; what was found before is in a file."""

    def __init__(self, items: Iterable[pytest.Item], rooms: Iterable[str], path: Path) -> None:
        self.items = {item.nodeid: item for item in items}
        self._rooms = tuple(f"{ROOT / room}" for room in rooms)
        self._path = path
        self._of: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def trace(self, workers: int, longest: float) -> None:
        """Run every test that is new, or of which a file that it runs has changed.

        A test that takes longer than ``longest`` seconds is left to the whole suite.
        """
        stale = [item for name, item in self.items.items() if self._is_stale(name, item)]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        done = in_children(stale, lambda item: traced(item, self._rooms, longest), workers)
        for number, (item, found) in enumerate(done, 1):
            files = [_file(item), *(found[1] if isinstance(found, list) else {})]
            stamps = {file: _stamp(file) for file in files}
            self._of[item.nodeid] = {"stamps": stamps, "found": found}
            if number % 50 == 0 or number == len(stale):
                self._path.write_text(json.dumps(self._of))
                sys.stderr.write(f"lines of {number} of {len(stale)} tests\n")

    def tests(self, file: str, lines: Iterable[int] | None) -> list[tuple[float, str]]:
        """Seconds and names of tests that run one of the lines; without lines, those of the file.

        Tests of a file run some of it, or are in the file that has its name. First are the quick
        ones that run little else, and of those that differ in a parameter one, before the others.
        """
        wanted = None if lines is None else set(lines)
        own = f"test_{Path(file).name}"
        costs: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        for name, item in self.items.items():
            if found := self._of[name]["found"]:
                seconds, run = found
                at = run.get(file, ())
                if (at or item.path.name == own) if wanted is None else wanted.intersection(at):
                    cost = seconds * sum(map(len, run.values()))
                    costs[name.partition("[")[0]].append((cost, seconds, name))
        ranked = [
            (cost * rank, seconds, name)
            for several in costs.values()
            for rank, (cost, seconds, name) in enumerate(sorted(several), 1)
        ]
        return [(seconds, name) for _, seconds, name in sorted(ranked)]

    def _is_stale(self, name: str, item: pytest.Item) -> bool:
        stamps: Mapping[str, str] = self._of.get(name, {}).get("stamps", {})
        return not stamps or any(_stamp(file) != stamp for file, stamp in stamps.items())


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).as_posix()


def _stamp(file: str) -> str:
    path = ROOT / file
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def functions_of_files() -> dict[str, list[FunctionType]]:
    """Every function there is, by the file it was written in."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            found[thing.__code__.co_filename].append(thing)
    return found


def put(changed: CodeType, functions: list[FunctionType]) -> bool:
    """Give functions of a file the code of its changed text; whether one differs."""
    codes = {(code.co_qualname, code.co_firstlineno): code for code in _codes(changed)}
    differs = False
    for function in functions:
        code = function.__code__
        new = codes.get((code.co_qualname, code.co_firstlineno))
        if new is not None and new != code:
            function.__code__ = new
            differs = True
    return differs


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def fitting(tests: Iterable[tuple[float, str]], seconds: float) -> list[tuple[float, str]]:
    """The tests, in their order, that fit into some seconds; what is too long is passed over."""
    chosen = []
    for usual, name in tests:
        if usual <= seconds:
            chosen.append((usual, name))
            seconds -= usual
    return chosen


def first_failure(
    items: Mapping[str, pytest.Item], tests: list[tuple[float, str]], seconds: float
) -> str | None:
    """The name of the first test that fails, of those that fit into some seconds."""
    chosen = fitting(tests, seconds)
    start = time.process_time()
    for k, (usual, name) in enumerate(chosen):
        if time.process_time() - start + usual > seconds:
            break
        limit(5 * usual + 5, 60 + 20 * usual)
        following = items[chosen[k + 1][1]] if k + 1 < len(chosen) else None
        if not passes(items[name], following):
            return name
    return None
