"""What the shipped models cost: simulated people with typed and with imputed genotypes.

``python -m tests.benchmarks.shipped_models`` simulates the people once (in .cache/benchmarks) and
scores them with t1d, with t1d, ra and ms together, and with each shipped model that people can be
simulated of: whole processes of the command. A model's cost per person is what a run takes longer
than the same run on a hundred people, so that start-up is not in it. Then the three models on a
biobank's people in one run, and by shards. With ``--prsedm COMMAND`` the T1D tool PRSedm 1.0.3
(in an environment of its own, with pandas 2: with pandas 3 it leaves out haplotypes) scores the
typed people too, once its totals are found to be ours.
"""

from __future__ import annotations

import argparse
import csv
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
from tests.benchmarks.measure import CACHE, Run, run, table

TOGETHER = ("t1d", "ra", "ms")
FEW = 100


@dataclass(frozen=True)
class Case:
    """So many people, their genotypes imputed with an R2, or called where it is None."""

    name: str
    people: int
    r2: float | None = None


TYPED = Case("typed", 50_000)
CASES = (TYPED, Case("imputed", 10_000, 0.9))
BIOBANK, SHARDS = Case("imputed", 100_000, 0.9), ("", "--shard 1/10")
PRSEDM = "t1dgrs2-luckett25"  # the edition of GRS2 that t1d is
_AS_GOOD_AS_EQUAL = 1e-6


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


def score(folder: Path, models: tuple[str, ...], repeats: int, options: str = "") -> Run:
    """The medians of scoring a folder's people, exposures and all."""
    command = (
        f"{_riskscore()} score cohort.vcf.gz {_named(models)} --exposures exposures.tsv "
        f"-o scores.tsv {options}"
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


def biobank(case: Case, cache: Path) -> str:
    """Markdown: the models together on many people, all at once and some of them."""
    folder = make(case, TOGETHER, case.people, cache)
    rows = [
        f"\n**{case.name}**: {', '.join(TOGETHER)} on {case.people:,} simulated people\n",
        "| | wall, s | CPU, s | peak, MB |",
        "|---|---:|---:|---:|",
    ]
    for options in SHARDS:
        one = score(folder, TOGETHER, 1, options)
        cells = f"{one.wall:.1f} | {one.cpu:.1f} | {one.memory:.0f}"
        rows.append(f"| {options or 'in one run'} | {cells} |")
    return "\n".join(rows)


def beside_prsedm(case: Case, cache: Path, command: str) -> str:
    """How many times longer PRSedm takes for the totals that ``t1d`` gives in ``published_score``.

    Exits where any total is another one.
    """
    folder = make(case, TOGETHER, case.people, cache)
    ours = score(folder, (TOGETHER[0],), 1)
    theirs = run(
        f"{command} --vcf cohort.vcf.gz --build hg38 --col GT --scores {PRSEDM} --output peer.csv",
        folder,
    )
    with open(folder / "peer.csv") as stream:
        totals = [float(row[f"{PRSEDM}_total"]) for row in csv.DictReader(stream)]
    published = [float(row["published_score"]) for row in table(folder / "scores.tsv")]
    apart = max(abs(a - b) for a, b in zip(totals, published, strict=True))
    if not apart <= _AS_GOOD_AS_EQUAL:
        raise SystemExit(f"PRSedm gives other totals, by up to {apart:g}")
    return (
        f"\nPRSedm, {case.people:,} people: wall {theirs.wall:.1f} s, "
        f"{theirs.wall / ours.wall:.0f} times ours; CPU {theirs.cpu:.1f} s, "
        f"{theirs.cpu / ours.cpu:.0f} times; totals equal to {apart:.1g}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--prsedm", help="how PRSedm is called, if it is to be measured")
    given = parser.parse_args()
    for case in CASES:
        sys.stdout.write(report(case, given.cache, given.repeats) + "\n")
        sys.stdout.flush()
    sys.stdout.write(biobank(BIOBANK, given.cache) + "\n")
    if given.prsedm:
        sys.stdout.write(beside_prsedm(TYPED, given.cache, given.prsedm) + "\n")


if __name__ == "__main__":
    main()
