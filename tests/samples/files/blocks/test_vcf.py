"""Records found by their blocks are the records pysam finds, in files cut into blocks anywhere."""

import gzip
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from riskscore.errors import VCFFormatError
from riskscore.samples.files.blocks.bgzf import Blocks, Fallback
from riskscore.samples.files.blocks.vcf_blocks import VCFBlocks
from riskscore.samples.files.record import Record
from riskscore.samples.files.source import Region
from riskscore.samples.files.sources.vcf import VCFFile, header_of
from tests.samples.files.blocks.bgzf_files import write_vcf

FILES = 60
REGIONS = 60


def lines_of(rng: random.Random, samples: int, blocks: bool) -> list[str]:
    """Sorted records on two chromosomes: variants, duplicates, indels, gVCF blocks, HLA names."""
    lines = []
    for chrom in ("chr1", "chr6"):
        position = rng.choice([1, 100, 16_380, 28_000_000])
        for _ in range(rng.randint(0, 60)):
            position += rng.choice([0, 1, 3, 50, 1000, 20_000, 300_000])
            ref = rng.choice(["A", "AC", "ACGTACGTAC" * rng.choice([1, 300])])
            alt = rng.choice(["G", "T", "G,T", "*", "."] if len(ref) == 1 else ["A", "G,T"])
            name, info = rng.choice([".", f"rs{position}", "HLA_A*01:01"]), "R2=0.9"
            if blocks and rng.random() < 0.4:
                ref, alt, info = "A", "<NON_REF>", f"END={position + rng.randint(0, 90_000)}"
            cell = rng.choice(["0|1", "0/0", "1|1", "./."])
            cells = [
                f"{cell}:{rng.randint(0, 2000) / 1000:g}" if rng.random() < 0.9 else "0|0"
                for _ in range(samples)
            ]
            fixed = [chrom, str(position), name, ref, alt, ".", "PASS", info, "GT:DS"]
            lines.append("\t".join([*fixed, *cells]) + "\n")
    return lines


def shown(records: Iterator[Record]) -> list[tuple[object, ...]]:
    return [
        (r.chromosome, r.position, r.id, r.ref, r.alts, r.filter, r.info, r.format, r.body)
        for r in records
    ]


def regions_of(rng: random.Random, lines: list[str]) -> Iterator[Region]:
    """Places with a record, places beside one, stretches, and HLA records by name."""
    positions = [int(line.split("\t", 2)[1]) for line in lines] or [1]
    for _ in range(REGIONS):
        chrom = rng.choice(["1", "6", "6", "7"])
        start = max(1, rng.choice(positions) + rng.choice([0, 0, 0, -1, 1, 30, 10_000]))
        reach = rng.choice([0, 0, 0, 60, 100_000])
        prefixes = ("HLA_",) if rng.random() < 0.2 else ()
        yield Region(chrom, start, start + reach, prefixes)


@pytest.mark.parametrize("seed", range(FILES))
def test_every_region_holds_what_pysam_finds(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    samples = rng.choice([1, 3, 40])
    lines = lines_of(rng, samples, blocks=seed % 3 == 0)
    if not lines:
        pytest.skip("a file without records is refused before")
    longest = rng.choice([40, 700, 65_280])
    path = write_vcf(
        tmp_path / "a.vcf.gz", samples, lines, rng, longest, csi=seed % 2 == 0, end=seed % 3 == 0
    )
    header, _ = header_of(path)
    with VCFFile(path, header) as file, VCFFile(path, header, fast=False) as by_pysam:
        assert file._blocks is not None
        for region in regions_of(rng, lines):
            assert shown(file.fetch(region)) == shown(by_pysam.fetch(region))
            name = file.contigs.get(region.chromosome)
            if name:  # and not by falling back
                list(file._blocks.fetch(name, region))


def test_it_inflates_a_few_blocks_of_many(tmp_path: Path) -> None:
    rng = random.Random(1)
    fixed = "rs\tA\tG\t.\tPASS\t.\tDS"
    lines = [
        f"chr6\t{position}\t{fixed}\t" + "\t".join(f"{rng.random():.5f}" for _ in range(200)) + "\n"
        for position in range(1, 12_000, 10)
    ]
    path = write_vcf(tmp_path / "a.vcf.gz", 200, lines, rng, 4000)
    quick = VCFBlocks(path, 200)
    (record,) = quick.fetch("chr6", Region("6", 11_001, 11_001))
    assert record.body.decode() == lines[1100].rstrip("\n").split("\t", 9)[9]
    records_looked_at = quick._blocks.inflated * 2000 / len(lines[0])
    assert records_looked_at < 100 < len(lines)
    quick.close()


def _skewed(rng: random.Random) -> list[int]:
    """Nearly all of a window's lines in its first quarter, where interpolation looks too early."""
    return sorted([*rng.sample(range(1, 4_000), 2_000), *rng.sample(range(4_000, 16_000), 10)])


@pytest.mark.parametrize(
    ("places", "most"),
    [(lambda rng: range(1, 16_000, 8), 15), (_skewed, 45)],
    ids=["even", "skewed"],
)
def test_it_looks_at_few_records_a_locus(
    places: Callable[[random.Random], Sequence[int]], most: int, tmp_path: Path
) -> None:
    """Records of about a block, 2,000 of them in one window of the index."""
    rng = random.Random(8)
    positions = places(rng)
    lines = [
        f"chr6\t{position}\trs\tA\tG\t.\tPASS\t.\tDS\t"
        + "\t".join(f"{rng.random():.5f}" for _ in range(60)) + "\n"
        for position in positions
    ]  # fmt: skip
    path = write_vcf(tmp_path / "a.vcf.gz", 60, lines, rng, 1000)
    quick = VCFBlocks(path, 60)
    chosen = sorted(rng.sample(range(len(lines)), 40))
    before = quick._blocks.inflated
    for i in chosen:
        region = Region("6", positions[i], positions[i])
        assert [record.position for record in quick.fetch("chr6", region)] == [positions[i]]
    # A line before the 64 bases in which a longer REF is looked for, those in them, and one behind.
    due = sum(3 + sum(positions[i] - 64 <= p < positions[i] for p in positions) for i in chosen)
    blocks = due * len(lines[0]) / 500
    assert (quick._blocks.inflated - before - blocks) / len(chosen) < most
    quick.close()


@pytest.fixture
def bgzipped(tmp_path: Path) -> Path:
    rng = random.Random(2)
    lines = lines_of(rng, 3, blocks=False)
    return write_vcf(tmp_path / "a.vcf.gz", 3, lines, rng, 500)


def test_blocks_are_what_zlib_inflates(bgzipped: Path) -> None:
    blocks, offset = Blocks(bgzipped), 0
    while offset < blocks.size:
        assert blocks.block(offset) == gzip.decompress(blocks.packed(offset))
        offset = blocks.after(offset)


def test_a_damaged_block_is_noticed(bgzipped: Path) -> None:
    second = Blocks(bgzipped).after(0)
    data = bytearray(bgzipped.read_bytes())
    data[second - 8] ^= 1  # the first byte of the first block's checksum
    bgzipped.write_bytes(data)
    with pytest.raises(Fallback):
        Blocks(bgzipped).block(0)


def test_a_damaged_record_is_an_error_of_the_file(
    bgzipped: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The quick path hands over, and pysam's error is ours; htslib writes no line beside it."""
    header = header_of(bgzipped)[0]
    blocks = Blocks(bgzipped)
    offsets = [0]
    while blocks.after(offsets[-1]) < blocks.size:
        offsets.append(blocks.after(offsets[-1]))
    data = bytearray(bgzipped.read_bytes())
    for offset in offsets[-4:-1]:
        data[offset + 20] ^= 0xFF
    bgzipped.write_bytes(data)
    with VCFFile(bgzipped, header) as file:
        regions = [Region(chromosome, 1, 200_000_000) for chromosome in ("1", "6")]
        with pytest.raises(VCFFormatError, match="cannot be read"):
            [list(file.fetch(region)) for region in regions]
    assert capfd.readouterr().err == ""
