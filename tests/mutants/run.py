"""Whether the tests notice a changed meaning: mutants of genetics, models and scoring.

    make mutants ROOMS="riskscore/genetics riskscore/models" SAMPLE=100

Tests are collected once, and each is run once in a fork that notes which lines of the rooms it
runs. A mutant is one change of one statement. It is put into a fork of the process that has
everything imported, which runs the tests of those lines, the quickest first, until one fails; a
mutant that an import runs (a constant, a default) is put into a process that imports the code
anew. A mutant that no test notices survives, and is listed: it shows a missing test, or changes
nothing that can be seen. A test that then does not end has noticed it.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import importlib
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path

os.environ["CI"] = "1"  # Hypothesis draws the same each time
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy  # noqa: F401  (what each process would import anew)
import pandas  # noqa: F401
import pysam  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

from tests.mutants.children import in_children, limit
from tests.mutants.covered import ROOT, Covered, first_failure, fitting, functions_of_files, put
from tests.mutants.operators import mutant_of, places

ROOMS = ("riskscore/genetics", "riskscore/models", "riskscore/scoring")
_CACHED = type(cache(len))  # what functools makes of a function
FLAGS = ["-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:faulthandler"]


@dataclass(frozen=True)
class Site:
    """A mutant by its file and its number there, and whether it is inside a function."""

    file: str
    place: int
    in_function: bool


class Mutants:
    """A plugin of pytest: instead of running the tests once, run them on each mutant."""

    def __init__(self, sites: list[Site], options: argparse.Namespace) -> None:
        self.sites, self.options = sites, options
        self.found: dict[Site, object] = {}
        self.imported: dict[Site, list[str]] = {}

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings  # pytest rewrites its asserts at its first import

        # a failing example need not be made small
        quick = settings(settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])
        settings.register_profile("mutants", quick)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for file in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            importlib.import_module(name.removesuffix(".__init__"))
        self.functions = functions_of_files()
        asked = "-".join(sorted({room.split("/")[1] for room in self.options.rooms}))
        if asked == "scoring":
            read_tables()
        else:
            forget_tables()
        gc.collect()
        gc.freeze()
        self.covered = Covered(session.items, ROOMS, ROOT / f".cache/mutants/{asked}.json")
        self.covered.trace(self.options.workers, self.options.seconds)
        inside = []
        for site in self.sites:
            if site.in_function:
                inside.append(site)
            else:
                tests = self.covered.tests(site.file, None)
                self.imported[site] = [name for _, name in fitting(tests, self.options.seconds)]
        for site, said in in_children(inside, self._verdict, self.options.workers):
            self.found[site] = said
            tell(site, said)
            if len(self.found) % 25 == 0:
                sys.stderr.write(f"{len(self.found)} of {len(inside)}\n")
        return True

    def _verdict(self, site: Site) -> str:
        path = ROOT / site.file
        mutant = mutant_of(path.read_text(), site.place)
        changed = compile(mutant.tree, str(path), "exec", dont_inherit=True)
        if not put(changed, self.functions[str(path)]):
            return "not put"
        tests = self.covered.tests(site.file, mutant.statement)
        killer = first_failure(self.covered.items, tests, self.options.seconds)
        return "killed" if killer else "survived"


def read_tables() -> None:
    """Have the tables and imports that scoring uses in memory, as no mutant of it changes them."""
    import riskscore

    for name in riskscore.list_models():
        riskscore.score(riskscore.person([riskscore.load_model(name)], hla={"A": "02:01 01:01"}))


def forget_tables() -> None:
    """Empty the caches of riskscore, so that the code that fills them is run by tests again."""
    for thing in gc.get_objects():
        if type(thing) is _CACHED and thing.__module__.startswith("riskscore"):
            thing.cache_clear()


class Only:
    """A plugin of pytest that runs some tests alone, in this order."""

    def __init__(self, tests: Iterable[str]) -> None:
        self.order = {name: place for place, name in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.order]
        items.sort(key=lambda item: self.order[item.nodeid])


def imported_anew(job: tuple[Site, list[str]]) -> str:
    """What becomes of tests in a process that imports a file of which a constant is changed."""
    site, tests = job
    path = ROOT / site.file
    tree = mutant_of(path.read_text(), site.place).tree
    sound = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> object:
        if Path(self.path) == path:
            return compile(tree, str(path), "exec", dont_inherit=True)
        return sound(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    limit(300, 600)
    # not its examples: for these pytest loads the file itself, past get_code
    files = dict.fromkeys(name.partition("::")[0] for name in tests if name.startswith("tests/"))
    code = pytest.main([*FLAGS, "-x", *files], plugins=[Only(tests)]) if files else 0
    assert code in {0, 1, 2}, "the tests were not run"  # 2: a file of tests cannot be imported
    return "survived" if code == 0 else "killed"


def tell(site: Site, said: object) -> None:
    """Write the line of a mutant that was not killed; one whose tests did not end was."""
    if said in {"survived", "not put"}:
        lines = (ROOT / site.file).read_text().splitlines()
        mutant = mutant_of("\n".join(lines), site.place)
        code = lines[mutant.line - 1].strip()
        sys.stderr.write(f"{said}\t{site.file}:{mutant.line}\t{mutant.change}\t{code}\n")
        sys.stderr.flush()


def sites_of(room: str, sample: int | None, seed: int) -> list[Site]:
    """The mutants of a folder or file: all, or a sample of so many.

    The sample is those with the smallest hashes of the seed, the file and the code that is
    changed: it stays what it was where the code does.
    """
    drawn: list[tuple[str, Site]] = []
    for path in [ROOT / room, *sorted((ROOT / room).rglob("*.py"))]:
        if path.suffix != ".py":
            continue
        file, seen = path.relative_to(ROOT).as_posix(), Counter[str]()
        for place, (in_function, code) in enumerate(places(path.read_text())):
            seen[code] += 1
            key = f"{seed} {file} {code} {seen[code]}"
            draw = hashlib.sha256(key.encode()).hexdigest()
            drawn.append((draw, Site(file, place, in_function)))
    return [site for _, site in sorted(drawn, key=lambda pair: pair[0])[:sample]]


def mirrors(rooms: Iterable[str]) -> list[str]:
    """The examples in the rooms of folders or files, and their tests."""
    names = dict.fromkeys(Path(room).parts[1] for room in rooms)
    return [f"{folder}/{name}" for name in names for folder in ("riskscore", "tests")]


def main() -> None:
    """Draw mutants, run them, list those that survive, and count."""
    parser = argparse.ArgumentParser(description="Run the tests on changed code.")
    parser.add_argument("rooms", nargs="*", default=ROOMS)
    parser.add_argument("--sample", type=int, help="how many mutants of each room, or else all")
    parser.add_argument("--seconds", type=float, default=30, help="of tests for a mutant")
    parser.add_argument("--tests", nargs="*", default=[], help="besides those of the rooms")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sites = [s for room in options.rooms for s in sites_of(room, options.sample, options.seed)]
    plugin = Mutants(sites, options)

    def in_one_process(_: int) -> dict[str, object]:
        os.dup2(3, 2)
        pytest.main([*FLAGS, *mirrors(options.rooms), *options.tests], plugins=[plugin])
        found = [(site.file, site.place, True, said) for site, said in plugin.found.items()]
        late = [(site.file, site.place, False, tests) for site, tests in plugin.imported.items()]
        return {"found": found, "late": late}

    os.dup2(2, 3, inheritable=True)
    # This process must not import riskscore: those that import it anew are forks of it.
    ((_, answer),) = in_children([0], in_one_process, 1)
    assert isinstance(answer, dict), "the tests could not be collected"
    verdicts = {Site(*site): said for *site, said in answer["found"]}
    late = [(Site(*site), tests) for *site, tests in answer["late"]]
    for (site, _), said in in_children(late, imported_anew, options.workers):
        verdicts[site] = said
        tell(site, said)
    for room in options.rooms:
        counts = Counter(
            str(said or "did not end")
            for site, said in verdicts.items()
            if site.file.startswith(room)
        )
        sys.stdout.write(f"{room}: {sum(counts.values())} mutants, {dict(counts)}\n")


if __name__ == "__main__":
    main()
