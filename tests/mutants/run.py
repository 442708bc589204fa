"""Whether the tests notice a changed meaning: mutants of genetics, models and scoring.

    make mutants ROOMS="riskscore/genetics riskscore/models" SAMPLE=100 MINUTES=30

Each mutant is one change of one file in a copy of the checkout, on which the tests of the file's
own folder run, with its examples, and then those of its room, until one fails. A mutant that no
test notices survives, and is listed: it shows a missing test, or changes nothing that can be seen.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy  # noqa: F401  (what each process would import anew)
import pandas  # noqa: F401
import pysam  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

from tests.mutants.operators import Mutant, count_mutants, mutant_of

ROOT = Path(__file__).parents[2]
ROOMS = ("riskscore/genetics", "riskscore/models", "riskscore/scoring")
COPIED = ("riskscore", "tests", "reference", "pyproject.toml", "README.md", "docs", "notebooks")


@dataclass(frozen=True)
class Site:
    """A mutant and the file, by its path in the checkout, that it is of."""

    file: str
    mutant: Mutant


def suites(file: str) -> list[list[str]]:
    """The tests for a file, the nearest first: its examples and its folder's, then its room's."""
    parts = Path(file).parts[1:-1]  # behind riskscore/
    own = Path("tests", *parts)
    while not (ROOT / own).is_dir():
        own = own.parent
    room = Path("tests", parts[0])
    return [[file, str(own)]] + ([[str(room)]] if own != room else [])


def outcome(copy: Path, tests: list[str], seconds: int) -> str:
    """What becomes of tests in the copy: passed, failed or too slow."""
    child = os.fork()
    if child == 0:
        os.setsid()
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.chdir(copy)
        for name in [name for name in sys.modules if name.split(".")[0] in {"riskscore", "tests"}]:
            del sys.modules[name]
        sys.path[:] = [str(copy), *(path for path in sys.path if path not in {"", str(ROOT)})]
        os.environ["PYTHONPATH"] = str(copy)
        os._exit(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "passed" if os.waitstatus_to_exitcode(status) == 0 else "failed"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too slow"


def verdict(copy: Path, site: Site, seconds: int) -> str:
    """Whether a mutant is killed, survives, or makes its tests too slow."""
    path = copy / site.file
    sound = path.read_text()
    path.write_text(site.mutant.text)
    try:
        for tests in suites(site.file):
            found = outcome(copy, tests, seconds)
            if found != "passed":
                return "killed" if found == "failed" else found
        return "survived"
    finally:
        path.write_text(sound)


def main() -> None:
    """Draw mutants, run them, and list those that survive."""
    parser = argparse.ArgumentParser(description="Run the tests on changed code.")
    parser.add_argument("rooms", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seconds", type=int, default=300, help="for the tests of a mutant")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    files = sorted({p for room in options.rooms for p in (ROOT / room).rglob("*.py")})
    sites = [(path, place) for path in files for place in range(count_mutants(path.read_text()))]
    drawn = random.Random(options.seed).sample(sites, min(options.sample, len(sites)))
    end, counts = time.monotonic() + 60 * options.minutes, Counter[str]()
    with tempfile.TemporaryDirectory(prefix="riskscore-mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
        sound: dict[str, bool] = {}
        for path, place in drawn:
            site = Site(str(path.relative_to(ROOT)), mutant_of(path.read_text(), place))
            if time.monotonic() > end:
                break
            for tests in suites(site.file):
                key = " ".join(tests)
                if key not in sound:
                    sound[key] = outcome(copy, tests, options.seconds) == "passed"
                if not sound[key]:
                    sys.exit(f"without any change these tests do not pass: {key}")
            found = verdict(copy, site, options.seconds)
            counts[found] += 1
            if found != "killed":
                sys.stdout.write(f"{found}\t{site.file}:{site.mutant.line}\t{site.mutant.change}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{len(sites)} mutants, of which {sum(counts.values())} ran: {dict(counts)}\n")


if __name__ == "__main__":
    main()
