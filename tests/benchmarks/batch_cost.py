"""What a batch costs: CPU time and memory against files, people and loci, with straight lines.

``python -m tests.benchmarks.batch_cost pipelines/cost`` makes people (in .cache/benchmarks), scores
them, and writes cost.tsv and cost.png. CPU time is counted, of every process, and not time on the
clock: it holds on a machine that others use too, though not to the last tenth.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".cache" / "benchmarks"
COMMAND = str(Path(sys.executable).parent / "riskscore")
MODELS = ("-m", "t1d", "-m", "ra", "-m", "ms")
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h: workers left by a batch are then ours to count


@dataclass(frozen=True)
class Cost:
    """One run: ``size`` of what was varied, seconds of CPU, megabytes of the largest process."""

    varied: str
    size: int
    cpu: float
    memory: float


def run(*arguments: object) -> tuple[float, float]:
    """CPU seconds of riskscore with these arguments and all its processes, and peak megabytes."""
    program = (
        "import ctypes, os, resource, subprocess, sys\n"
        f"ctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1)\n"
        "subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)\n"
        "try:\n"
        "    while True: os.wait()\n"
        "except ChildProcessError: pass\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    command = [sys.executable, "-c", program, COMMAND, *map(str, arguments)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cpu, memory = told.split()[-2:]
    return float(cpu), float(memory)


def people(count: int, *options: str) -> Path:
    """Simulated people for three models, made once."""
    folder = CACHE / f"people-{count}{''.join(options)}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [COMMAND, "simulate", *MODELS, "-n", str(count), *options, "--out", str(folder)],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    return folder / "cohort.vcf.gz"


def files(sizes: tuple[int, ...]) -> Iterator[Cost]:
    """A batch of so many files of 100 people each, in one process."""
    vcf = people(100)
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            source = Path(place) / "in"
            source.mkdir()
            for number in range(size):
                shutil.copy(vcf, source / f"c{number:04}.vcf.gz")
                shutil.copy(f"{vcf}.tbi", source / f"c{number:04}.vcf.gz.tbi")
            cost = run("batch", source, *MODELS, "-j", 1, "--out", Path(place) / "out")
            yield Cost("files of 100 people", size, *cost)


def samples(sizes: tuple[int, ...], name: str, *options: str) -> Iterator[Cost]:
    """One file of so many people, as one shard."""
    for size in sizes:
        vcf = people(size, *options)
        with tempfile.TemporaryDirectory() as place:
            shard = ("--shard", "1/1", "--out", Path(place) / "out")
            yield Cost(name, size, *run("score", vcf, *MODELS, *shard))


def part_of_file(
    sizes: tuple[int, ...], name: str, parts: Callable[[int], int], *options: str
) -> Iterator[Cost]:
    """The first of so many parts of one file: of 100 people, what reading alone costs."""
    for size in sizes:
        vcf = people(size, *options)
        with tempfile.TemporaryDirectory() as place:
            shard = ("--shard", f"1/{parts(size)}", "--out", Path(place) / "out")
            yield Cost(name, size, *run("score", vcf, *MODELS, *shard))


def loci(sizes: tuple[int, ...], name: str) -> Iterator[Cost]:
    """A scoring file of so many variants, of 2,000 people."""
    import pysam

    for size in sizes:
        dice = random.Random(size)
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            places = [(1 + i * 22 // size, 1_000_000 + 500 * i) for i in range(size)]
            score = [
                "###PGS CATALOG SCORING FILE", "#format_version=2.0", "#pgs_id=PGS999999",
                "#pgs_name=made", "#trait_mapped=made", "#genome_build=GRCh38",
                "#weight_type=beta",
                "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight",
            ]  # fmt: skip
            score += [f"rs{i}\t{c}\t{p}\tA\tG\t0.01" for i, (c, p) in enumerate(places)]
            (folder / "score.txt").write_text("\n".join(score) + "\n")
            head = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
            lines = [
                "##fileformat=VCFv4.2", "##reference=GRCh38",
                *(f"##contig=<ID={c}>" for c in range(1, 23)),
                '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
                "\t".join([*head, *(f"P{i}" for i in range(2000))]),
            ]  # fmt: skip
            calls = ["0/0", "0/1", "1/1"]
            for i, (c, p) in enumerate(places):
                cells = "\t".join(dice.choices(calls, (0.49, 0.42, 0.09), k=2000))
                lines.append(f"{c}\t{p}\trs{i}\tG\tA\t.\tPASS\t.\tGT\t{cells}")
            plain = folder / "made.vcf"
            plain.write_text("\n".join(lines) + "\n")
            pysam.tabix_compress(str(plain), f"{plain}.gz")
            pysam.tabix_index(f"{plain}.gz", preset="vcf")
            shard = ("-m", folder / "score.txt", "--shard", "1/1", "--out", folder / "out")
            yield Cost(name, size, *run("score", f"{plain}.gz", *shard))


def line(costs: list[Cost], of: str) -> tuple[float, float]:
    """Intercept and slope by least squares."""
    import numpy as np

    slope, intercept = np.polyfit([c.size for c in costs], [getattr(c, of) for c in costs], 1)
    return float(intercept), float(slope)


def plot(costs: list[Cost], path: Path) -> None:
    """CPU time against each size, with its line."""
    import altair as alt
    import pandas as pd

    charts = []
    for varied in dict.fromkeys(cost.varied for cost in costs):
        part = [cost for cost in costs if cost.varied == varied]
        base, slope = line(part, "cpu")
        frame = pd.DataFrame([asdict(cost) | {"line": base + slope * cost.size} for cost in part])
        x = alt.X("size:Q", title=varied)
        points = alt.Chart(frame).mark_point(filled=True, size=50)
        straight = alt.Chart(frame).mark_line(opacity=0.5)
        charts.append(
            alt.layer(
                straight.encode(x=x, y=alt.Y("line:Q", title="CPU seconds")),
                points.encode(x=x, y="cpu:Q"),
            ).properties(width=200, height=150, title=f"{1000 * slope:.3g} ms each")
        )
    grid = alt.concat(*charts, columns=3).resolve_scale(x="independent", y="independent")
    grid.save(str(path), scale_factor=1.2)


def main(stem: str) -> None:
    costs = [
        *files((1, 25, 50, 100, 200)),
        *samples((1_000, 5_000, 20_000, 50_000), "people, typed"),
        *samples((1_000, 4_000, 16_000), "people, imputed", "--r2", "0.9"),
        *part_of_file(
            (10_000, 50_000, 100_000),
            "people of the file, 100 scored",
            lambda size: size // 100,
            *("--r2", "0.9"),
        ),
        *part_of_file(
            (10_000, 50_000, 100_000, 500_000), "people of the file, a tenth scored", lambda _: 10
        ),
        *loci((100, 700, 1_400), "loci one by one, 2,000 people"),
        *loci((2_000, 8_000, 16_000), "loci in one pass, 2,000 people"),
    ]
    rows = ["varied\tsize\tcpu_seconds\tpeak_megabytes"]
    rows += [f"{c.varied}\t{c.size}\t{c.cpu:.2f}\t{c.memory:.0f}" for c in costs]
    Path(f"{stem}.tsv").write_text("\n".join(rows) + "\n")
    plot(costs, Path(f"{stem}.png"))
    for varied in dict.fromkeys(cost.varied for cost in costs):
        part = [cost for cost in costs if cost.varied == varied]
        cpu, memory = line(part, "cpu"), line(part, "memory")
        print(  # noqa: T201
            f"{varied}: {cpu[0]:.2f} s + {1000 * cpu[1]:.3g} ms each; "
            f"{memory[0]:.0f} MB + {1000 * memory[1]:.3g} kB each"
        )


if __name__ == "__main__":
    main(sys.argv[1])
