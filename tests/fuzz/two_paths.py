"""Files with changed bytes, read by their blocks and by pysam: both must say the same.

    make fuzz MINUTES=60          # or, from one seed on:
    python -m tests.fuzz.two_paths --minutes 60 --seed 12345

A case is all in its seed. What fails is shown with the seed and with the folder that keeps its
file; a case that does not end ends the run, and its folder is the last one there.
`tests/fuzz/test_two_paths.py` runs some cases in every `make test`.
"""

import argparse
import faulthandler
import gzip
import itertools
import logging
import random
import shutil
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pysam

from riskscore.errors import RiskscoreError
from riskscore.genetics.build import Build
from riskscore.genetics.variant import Variant
from riskscore.models.plain import PlainVariants
from riskscore.samples.files.opening import open_source
from riskscore.samples.files.reading import Reading
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region, Source
from riskscore.samples.genome_wide.sums import read_plain
from riskscore.samples.loci.loci import read_dosages
from tests.fuzz.mutations import WORDS, mutate, mutate_lines, mutate_records
from tests.samples.files.blocks import test_bcf, test_vcf
from tests.samples.files.blocks.bgzf_files import END, write_bgzf, write_vcf

LOG = logging.getLogger(__name__)
REGIONS = 12
SLOWEST = 60  # seconds for a case, more than which is a fault
FIELDS = ("DS", "HDS", "GP", "GQ")


def make(seed: int, folder: Path) -> tuple[Path, list[str]] | None:
    """A changed file and the lines it had; None when it can no longer be indexed."""
    rng = random.Random(seed)
    binary, packed = rng.random() < 0.5, rng.random() < 0.25
    samples, longest = rng.choice((1, 3, 9)), rng.choice((40, 700, 65_280))
    blocks = not binary and rng.random() < 0.2
    if binary or rng.random() < 0.7:
        lines = test_bcf.lines_of(rng, samples)
    else:
        lines = test_vcf.lines_of(rng, samples, blocks) or [
            "chr6\t1\t.\tA\tG\t.\t.\t.\tGT" + "\t0/1" * samples + "\n"
        ]
    path = write_vcf(folder / "a.vcf.gz", samples, lines, rng, longest, end=blocks)
    if binary:
        path = test_bcf.write_bcf(folder, path, rng)
    if packed:
        data = path.read_bytes()
        path.write_bytes(mutate(data[: -len(END)], rng, WORDS, longer=False) + END)
        return path, lines
    whole = gzip.decompress(path.read_bytes())
    begin = 9 + int.from_bytes(whole[5:9], "little") if binary else whole.index(b"\nchr") + 1
    body = (mutate_records if binary else mutate_lines)(whole[begin:], rng)
    write_bgzf(path, whole[:begin] + body, rng, longest)
    for ending in (".tbi", ".csi"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    try:
        if binary:
            pysam.tabix_index(str(path), preset="bcf", csi=True, force=True)
        else:
            pysam.tabix_index(str(path), preset="vcf", csi=rng.random() < 0.5, force=True)
    except (OSError, ValueError):
        return None
    return path, lines


def answer(question: Callable[[], object]) -> object:
    """What comes of a question, an error of riskscore's own included; any other is a fault."""
    try:
        return question()
    except RiskscoreError as error:
        return Refused(type(error).__name__)


class Refused(str):
    """The name of an error."""


def shown(record: Record) -> tuple[object, ...]:
    """All that is read of a record, arrays as their bytes."""

    def genotypes() -> object:
        found = record.genotypes()
        return None if found is None else found.tolist()

    def numbers(name: str) -> object:
        found = record.numbers(name)
        if found is None:
            return None
        return (
            found.values.shape,
            np.nan_to_num(found.values, nan=-1).tobytes(),
            found.counts.tolist(),
        )

    return (
        record.chromosome, record.position, record.id, record.ref, record.alts, record.filter,
        record.format, record.end, record.is_block, record.body,
        *(record.info_value(key) for key in ("R2", "AF", "IMP")),
        answer(genotypes), answer(lambda: record.phased().tolist()),
        *(answer(lambda name=name: numbers(name)) for name in FIELDS),
    )  # fmt: skip


def answers(path: Path, lines: list[str], seed: int, *, fast: bool) -> list[object]:
    """All that is asked of a file: the records of regions, single variants, a genome-wide sum."""
    rng = random.Random(seed)
    places = [line.split("\t", 5)[:5] for line in lines]
    chosen = [rng.choice(places) for _ in range(REGIONS)]
    variants = [
        Variant(f"v{i}", chrom[3:], int(pos), int(pos), alt.split(",")[0], ref)
        for i, (chrom, pos, _, ref, alt) in enumerate(chosen)
        if set(ref + alt) <= set("ACGT,") and ref != alt.split(",")[0]
    ]
    regions = list(test_vcf.regions_of(rng, lines))[:REGIONS]
    whole = [Region(name, 1, 1 << 30) for name in ("1", "6")]

    def fetch(source: Source, region: Region) -> list[tuple[object, ...]]:
        return [shown(record) for record in source.fetch(region)]

    def dosages(source: Source, variant: Variant) -> tuple[object, ...]:
        found = read_dosages(source, [variant], Build.GRCh38, {})
        told = found.variances
        spread = None if told is None else told.tobytes()
        return repr(found.matches), found.values.tobytes(), spread

    def everything() -> list[object]:
        with open_source([path], fast=fast) as source:
            source.prepare(whole)
            return [
                *(answer(lambda r=region: fetch(source, r)) for region in regions),
                *(answer(lambda v=variant: dosages(source, v)) for variant in variants),
                answer(lambda: swept(source, variants)),
            ]

    found = answer(everything)
    return found if isinstance(found, list) else [found] * (len(regions) + len(variants) + 1)


def swept(source: Source, variants: list[Variant]) -> list[bytes]:
    """The sums of the variants as a genome-wide score."""
    count = len(variants)
    positions = np.array([v.position_grch38 for v in variants], dtype=np.int32)
    words = [
        np.array([getattr(v, name) for v in variants], dtype=object)
        for name in ("name", "chromosome", "effect_allele", "other_allele")
    ]
    plain = PlainVariants(
        words[0], words[1], positions, positions, words[2], words[3], np.linspace(0.1, 1, count),
        np.zeros(count, dtype=np.uint8), {}, np.arange(count), "made",
    )  # fmt: skip
    sums = read_plain(source, plain, Build.GRCh38, Reading())
    return [np.asarray(getattr(sums, one.name)).tobytes() for one in fields(sums)]


def is_sound(path: Path) -> bool:
    """Whether every line of a VCF can be read, without an index: its columns are all there."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(shutil.copy(path, folder))

        def lines() -> int:
            with open_source([alone]) as source:
                source.prepare([Region(name, 1, 1 << 30) for name in ("1", "6")])
                return sum(1 for name in ("1", "6") for _ in source.fetch(Region(name, 1, 1 << 30)))

        return not isinstance(answer(lines), Refused)


def is_whole(path: Path) -> bool:
    """Whether the lines of a VCF can all be unpacked, and have as many columns."""
    try:
        with gzip.open(path) as stream:
            return len({line.count(b"\t") for line in stream if not line.startswith(b"##")}) == 1
    except (OSError, EOFError, zlib.error):
        return False


def agrees(one: object, other: object) -> bool:
    """Whether two answers are the same, but for parts that pysam refuses."""
    if isinstance(other, Refused):
        return True
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return all(agrees(a, b) for a, b in zip(one, other, strict=True))
    return one == other


def difference(one: object, other: object) -> str:
    """The first part in which two answers differ."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        return next(difference(a, b) for a, b in zip(one, other, strict=True) if a != b)
    return f"{one!r} by blocks, {other!r} by pysam"


def check(seed: int, folder: Path) -> Counter[str]:
    """One case: what became of its answers; raises AssertionError when the two ways differ."""
    verbosity = pysam.set_verbosity(0)
    try:
        made = make(seed, folder)
        if made is None:
            return Counter(["no index"])
        path, lines = made
        quick, complete = (answers(path, lines, seed, fast=fast) for fast in (True, False))
    finally:
        pysam.set_verbosity(verbosity)
    for i, (one, other) in enumerate(zip(quick, complete, strict=True)):
        # pysam passes over a broken line that its index places elsewhere; that may be refused.
        broken = isinstance(one, Refused) and path.suffix == ".gz" and not is_sound(path)
        # A line that lost its end hides the next from whoever reads on, but not from an index.
        broken |= i == len(quick) - 1 and path.suffix == ".gz" and not is_whole(path)
        if not broken:
            assert agrees(one, other), f"seed {seed}, answer {i}: {difference(one, other)}"
    return Counter(
        "refused"
        if isinstance(one, Refused)
        else "by blocks alone"
        if isinstance(other, Refused)
        else "equal"
        for one, other in zip(quick, complete, strict=True)
    )


def main() -> None:
    """Run cases for some minutes, and end with 1 when any failed."""
    parser = argparse.ArgumentParser(description="Compare both ways of reading on changed files.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="the first; else one from the clock")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    end, first = time.monotonic() + 60 * options.minutes, options.seed
    first = int(time.time()) * 1000 if first is None else first
    counts: Counter[str] = Counter()
    kept = Path(tempfile.mkdtemp(prefix="riskscore-fuzz-"))
    for seed in itertools.count(first):
        if time.monotonic() > end:
            break
        folder = kept / str(seed)
        folder.mkdir()
        faulthandler.dump_traceback_later(SLOWEST, exit=True)  # the last seed shown is at fault
        try:
            counts += check(seed, folder)
            shutil.rmtree(folder)
        except Exception:
            counts["faults"] += 1
            LOG.exception("seed %d, file kept in %s", seed, folder)
        if (seed - first) % 500 == 0:
            LOG.info("seed %d: %s", seed, dict(counts))
    faulthandler.cancel_dump_traceback_later()
    LOG.info("seeds %d to %d: %s", first, seed - 1, dict(counts))
    sys.exit(1 if counts["faults"] else 0)


if __name__ == "__main__":
    main()
