"""The benchmarks: riskscore and others side by side, whole processes, as a Markdown table.

``python -m tests.benchmarks.measure`` makes the files once (in .cache/benchmarks), runs every
tool several times in turn, and prints medians of wall time, CPU time (user and system, of all
processes of a command) and peak memory (of the largest process), and their ratios to riskscore's.
Every tool's scores are compared with riskscore's first. A tool that is not installed is left out.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".cache" / "benchmarks"
RISKSCORE = "riskscore"


@dataclass(frozen=True)
class Case:
    """A size of cohort: the kind of file, its samples and records, and how many are scored."""

    name: str
    kind: str
    samples: int
    records: int
    scored: int


CASES = (
    Case("a1k", "loci", 1_000, 3_000, 100),
    Case("a10k", "loci", 10_000, 3_000, 100),
    Case("a100k", "loci", 100_000, 3_000, 100),
    Case("b", "genome", 2_500, 200_000, 100_000),
    Case("c", "mhc", 10_000, 50_000, 150),
)


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds on the clock, seconds of CPU, megabytes at the peak."""

    wall: float
    cpu: float
    memory: float


def make(case: Case, cache: Path) -> Path:
    """The folder of a case, made when it is not there. In a process of its own, to stay small."""
    folder = cache / f"{case.kind}-{case.samples}-{case.records}-{case.scored}"
    if not (folder / "plink2.tsv").is_file():
        sizes = (case.samples, case.records, case.scored)
        command = [sys.executable, "-m", "tests.benchmarks.made_files", case.kind]
        subprocess.run(
            [*command, *map(str, sizes), str(folder)], check=True, cwd=HERE.parent.parent
        )
    bcf = folder / "cohort.bcf"
    if shutil.which("bcftools") and not Path(f"{bcf}.csi").is_file():
        vcf = str(folder / "cohort.vcf.gz")
        subprocess.run(["bcftools", "view", "-Ob", "-o", str(bcf), vcf], check=True)
        subprocess.run(["bcftools", "index", str(bcf)], check=True)
    return folder


def commands(case: Case) -> dict[str, str]:
    """Each tool's command for a case, run in its folder."""
    model = "scoring.txt" if case.kind == "genome" else "model"
    ours = f"{shlex.quote(sys.executable)} -m tests.benchmarks.riskscore_score"
    dosage = "" if case.kind == "genome" else " dosage=DS"
    score = "--score plink2.tsv cols=scoresums --memory 4000"
    found = {
        RISKSCORE: f"{ours} cohort.vcf.gz -m {model} -o riskscore.tsv",
        "plink2 --vcf": f"plink2 --vcf cohort.vcf.gz{dosage} {score} --out plink2",
        "bcftools -R, plink2": (  # through a file: plink2 reads no BCF from a pipe
            "bcftools view -R targets.tsv -Ob -o targets.bcf cohort.vcf.gz && "
            f"plink2 --bcf targets.bcf{dosage} {score} --out picked"
        ),
        "tabix -R, to nowhere": "tabix -R targets.tsv cohort.vcf.gz > /dev/null",
        "bgzip -dc, to nowhere": "bgzip -dc cohort.vcf.gz > /dev/null",
        "riskscore, BCF": f"{ours} cohort.bcf -m {model} -o riskscore_bcf.tsv",
        "plink2 --bcf": f"plink2 --bcf cohort.bcf{dosage} {score} --out plink2_bcf",
    }
    if case.kind == "genome":
        by_place = ("bcftools -R, plink2", "tabix -R, to nowhere")
        for name in by_place:
            del found[name]
    if find_spec("cyvcf2"):
        found["cyvcf2"] = (
            f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'by_cyvcf2.py'))} {case.kind}"
        )
    return {
        name: command
        for name, command in found.items()
        if all(shutil.which(part.split()[0]) for part in command.split(" && "))
    }


def run(command: str, folder: Path) -> Run:
    """Run a shell command, and what the system counted of it and its children."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
    start = time.perf_counter()
    child = subprocess.Popen(
        ["sh", "-c", command], cwd=folder, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.stderr.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command}\n{said.decode(errors='replace')}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def disagreement(folder: Path, kind: str) -> float:
    """The largest difference of our sums from plink2's, as a share of what its rounding allows.

    plink2 keeps dosages in units of 2**-14 and prints six digits; hard calls it sums exactly.
    """
    weights = [
        float(line.split("\t")[2]) for line in (folder / "plink2.tsv").read_text().splitlines()
    ]
    rounding = 0.0 if kind == "genome" else sum(map(abs, weights)) * 2**-15
    ours = [float(row["published_score"]) for row in table(folder / "riskscore.tsv")]
    theirs = [row["SCORE1_SUM"] for row in table(folder / "plink2.sscore")]
    assert len(ours) == len(theirs) > 0
    return max(
        abs(a - float(b)) / (rounding + 10.0 ** (len_of_unit(b)) * 0.51 + 1e-9)
        for a, b in zip(ours, theirs, strict=True)
    )


def len_of_unit(text: str) -> int:
    """The power of ten of the last of six digits that plink2 prints."""
    return (int(f"{float(text):e}".partition("e")[2]) if float(text) else -6) - 5


def table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table with a header line."""
    with open(path) as stream:
        header = stream.readline().rstrip("\n").split("\t")
        for line in stream:
            yield dict(zip(header, line.rstrip("\n").split("\t"), strict=True))


def measure(case: Case, cache: Path, repeats: int) -> dict[str, Run]:
    """The medians of every tool on a case; they run in turn, so that a busy machine is fair."""
    folder = make(case, cache)
    tools = commands(case)
    runs: dict[str, list[Run]] = {name: [] for name in tools}
    for _ in range(repeats):
        for name, command in tools.items():
            runs[name].append(run(command, folder))
    by_bcf = folder / "riskscore_bcf.tsv"
    if by_bcf.is_file() and by_bcf.read_bytes() != (folder / "riskscore.tsv").read_bytes():
        raise SystemExit(f"{case.name}: {by_bcf.name} has other scores")
    if "plink2 --vcf" in tools:
        apart = disagreement(folder, case.kind)
        if apart > 1:
            raise SystemExit(
                f"{case.name}: plink2 gives other scores ({apart:.2f} times its rounding)"
            )
    return {
        name: Run(
            *(
                statistics.median(getattr(r, what) for r in several)
                for what in ("wall", "cpu", "memory")
            )
        )
        for name, several in runs.items()
    }


def report(case: Case, found: dict[str, Run]) -> str:
    """A Markdown table; ratios above 1 are in riskscore's favour."""
    ours = found[RISKSCORE]
    rows = [
        f"\n**{case.name}**: {case.samples:,} samples, {case.records:,} records, "
        f"{case.scored:,} scored\n",
        "| tool | wall, s | CPU, s | peak, MB | wall / ours | CPU / ours | peak / ours |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        ratios = (one.wall / ours.wall, one.cpu / ours.cpu, one.memory / ours.memory)
        cells = [f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.memory:.0f}"]
        rows.append("| " + " | ".join([name, *cells, *(f"{r:.2f}" for r in ratios)]) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help="which cases; all, unless named")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args()
    for case in CASES:
        if not given.cases or case.name in given.cases:
            found = measure(case, given.cache, given.repeats)
            sys.stdout.write(report(case, found) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
