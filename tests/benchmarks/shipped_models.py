"""What the shipped models cost: simulated people with typed and with imputed genotypes.

``python -m tests.benchmarks.shipped_models`` simulates the people once (in .cache/benchmarks) and
scores them with t1d, with t1d, ra and ms together, and with each shipped model that people can be
simulated of: whole processes of the command. A model's cost per person is what a run takes longer
than the same run on a hundred people, so that start-up is not in it.
"""

from __future__ import annotations

import argparse
import shlex
import statistics
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import riskscore as rs
from riskscore.errors import RiskscoreError
from riskscore.models.catalog import list_models
from tests.benchmarks.measure import CACHE, Run, run

TOGETHER = ("t1d", "ra", "ms")
FEW = 100


@dataclass(frozen=True)
class Case:
    """So many people, their genotypes imputed with an R2, or called where it is None."""

    name: str
    people: int
    r2: float | None = None


CASES = (Case("typed", 50_000), Case("imputed", 10_000, 0.9))


def make(case: Case, models: Sequence[str], people: int, cache: Path) -> Path:
    """The folder of people simulated for some models."""
    folder = cache / "-".join([case.name, str(people), *models])
    if not (folder / "simulation.json").is_file():
        cache.mkdir(parents=True, exist_ok=True)
        quality = f"--r2 {case.r2}" if case.r2 else ""
        run(
            f"{_riskscore()} simulate {_named(models)} -n {people} --seed 1 {quality} "
            f"--out {folder.name}",
            cache,
        )
    return folder


def _riskscore() -> str:
    return f"{shlex.quote(sys.executable)} -c 'from riskscore.cli import main; main()'"


@cache
def simulated() -> list[str]:
    """The shipped models of whose loci European people can be drawn."""
    found = []
    for model in list_models():
        with suppress(RiskscoreError):
            rs.simulate([model], n=2, seed=1)
            found.append(model)
    return found


def _named(models: Sequence[str]) -> str:
    return " ".join(f"-m {model}" for model in models)


def score(folder: Path, models: tuple[str, ...], repeats: int) -> Run:
    """The medians of scoring a folder's people, exposures and all."""
    command = (
        f"{_riskscore()} score cohort.vcf.gz {_named(models)} --exposures exposures.tsv "
        "-o scores.tsv"
    )
    runs = [run(command, folder) for _ in range(repeats)]
    return Run(
        *(statistics.median(getattr(r, what) for r in runs) for what in ("wall", "cpu", "memory"))
    )


def report(case: Case, cache: Path, repeats: int) -> str:
    """Markdown: the runs of one and of three models, then the cost of each model by itself."""
    rows = [
        f"\n**{case.name}**: {case.people:,} simulated people\n",
        "| models | wall, s | CPU, s | peak, MB | CPU a person, µs |",
        "|---|---:|---:|---:|---:|",
    ]
    alone = [(model,) for model in simulated() if model != TOGETHER[0]]
    for models in ((TOGETHER[0],), TOGETHER, *alone):
        drawn = TOGETHER if models[0] in TOGETHER else models
        whole, start = (
            score(make(case, drawn, people, cache), models, repeats)
            for people in (case.people, FEW)
        )
        each = (whole.cpu - start.cpu) / (case.people - FEW) * 1e6
        cells = f"{whole.wall:.2f} | {whole.cpu:.2f} | {whole.memory:.0f} | {each:.0f}"
        rows.append(f"| {', '.join(models)} | {cells} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args()
    for case in CASES:
        sys.stdout.write(report(case, given.cache, given.repeats) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
